//! The forms in which a table leaves: for people, for spreadsheets, for programs, for papers.

mod numbers;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
mod plain;

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use clap::ValueEnum;
use serde_json::Value as Json;
use xpm_core::state::table::{Cell, Table};

use crate::context::Context;
use crate::parallel;
use crate::table as text;

use numbers::Style;

/// A form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, numbers rounded
    Table,
    /// Comma-separated values (RFC 4180), numbers exact
    Csv,
    /// One JSON array of objects
    Json,
    /// One JSON object a line
    Jsonl,
    /// A Markdown table, numbers rounded
    Markdown,
    /// A LaTeX `tabular` with booktabs rules, numbers rounded
    Latex,
    /// A Parquet file with typed columns, for --output or a pipe
    Parquet,
}

/// The columns `columns` of a table as text, in pieces; a Parquet file is none.
pub(crate) fn render(
    context: &Context,
    table: &Table,
    columns: &[usize],
    format: Format,
    digits: usize,
) -> Vec<String> {
    let style = |place: &usize| {
        let cells = table.columns()[*place].cells.kinds();
        let floats = cells.filter_map(|cell| if let Cell::Float(x) = cell { Some(*x) } else { None });
        Style::of(floats, digits)
    };
    let styles = parallel::of_columns(table.len(), columns, style);
    let sheet = Sheet { table, columns, styles };
    match format {
        Format::Table => sheet.aligned(context),
        Format::Csv => sheet.csv(),
        Format::Parquet => Vec::new(),
        Format::Json => sheet.json(),
        Format::Jsonl => sheet.jsonl(),
        Format::Markdown => vec![sheet.markdown()],
        Format::Latex => vec![sheet.latex()],
    }
}

struct Sheet<'t> {
    table: &'t Table,
    columns: &'t [usize],
    /// How the numbers of each of the columns are rounded, where they are.
    styles: Vec<Style>,
}

impl Sheet<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|place| self.table.columns()[*place].name.as_str())
    }

    fn row(&self, row: usize) -> impl Iterator<Item = &Cell> {
        self.columns.iter().map(move |place| &self.table.columns()[*place].cells[row])
    }

    /// The cells of a row for people.
    fn rounded(&self, row: usize) -> impl Iterator<Item = Rounded<'_>> {
        self.row(row).zip(&self.styles).map(|(cell, style)| Rounded { cell, style: *style })
    }

    fn aligned(&self, context: &Context) -> Vec<String> {
        let numeric = parallel::of_columns(self.table.len(), self.columns, |place| self.table.is_numeric(*place));
        let mut aligned = text::Table::new(self.names());
        aligned.fill(self.table.len(), |rows, row| {
            for (cell, numeric) in self.rounded(row).zip(&numeric) {
                if *numeric { rows.add_number(cell) } else { rows.add(cell) }
            }
        });
        aligned.pieces(context)
    }

    fn csv(&self) -> Vec<String> {
        let names: Vec<Cow<'_, str>> = self.names().map(csv_field).collect();
        let lines = parallel::pieces(self.table.len(), |out, row| {
            for (place, cell) in self.row(row).enumerate() {
                if place > 0 {
                    out.push(',');
                }
                match cell {
                    // Not the same as nothing.
                    Cell::Text(text) if text.is_empty() => out.push_str("\"\""),
                    Cell::Text(text) => out.push_str(&csv_field(text)),
                    other => add(out, other),
                }
            }
            out.push('\n');
        });
        std::iter::once(names.join(",") + "\n").chain(lines).collect()
    }

    /// Each row as a JSON object, its members in the order of the columns, between `before` and `behind`.
    fn objects(&self, before: &str, behind: &str) -> Vec<String> {
        let names: Vec<String> = self.names().map(|name| Json::from(name).to_string()).collect();
        parallel::pieces(self.table.len(), |out, row| {
            out.push_str(before);
            for (place, (name, cell)) in names.iter().zip(self.row(row)).enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                out.push_str(name);
                out.push_str(": ");
                add(out, json(cell));
            }
            out.push_str(behind);
        })
    }

    fn json(&self) -> Vec<String> {
        if self.table.is_empty() {
            return vec!["[]\n".to_owned()];
        }
        let mut pieces = vec!["[\n".to_owned()];
        pieces.extend(self.objects("  {", "},\n"));
        if let Some(last) = pieces.last_mut() {
            last.truncate(last.trim_end_matches(",\n").len());
            last.push_str("\n]\n");
        }
        pieces
    }

    fn jsonl(&self) -> Vec<String> {
        self.objects("{", "}\n")
    }

    fn markdown(&self) -> String {
        let escape = |text: &str| markdown_text(text);
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut out = line(self.names().map(escape).collect());
        let rule = |place: &usize| if self.table.is_numeric(*place) { "---:" } else { "---" }.to_owned();
        out.push_str(&line(self.columns.iter().map(rule).collect()));
        for row in 0..self.table.len() {
            out.push_str(&line(self.rounded(row).map(|cell| escape(&cell.to_string())).collect()));
        }
        out
    }

    fn latex(&self) -> String {
        let alignment: String =
            self.columns.iter().map(|place| if self.table.is_numeric(*place) { 'r' } else { 'l' }).collect();
        let mut out = format!("% \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{alignment}}}\n  \\toprule\n");
        out.push_str(&latex_line(&self.names().map(latex_text).collect::<Vec<_>>()));
        out.push_str("  \\midrule\n");
        for row in 0..self.table.len() {
            let cells = self.row(row).zip(self.rounded(row));
            let cell = |(cell, shown): (&Cell, Rounded<'_>)| match cell {
                Cell::Float(_) | Cell::Int(_) | Cell::Large(_) | Cell::Huge(_) => latex_number(&shown.to_string()),
                _ => latex_text(&shown.to_string()),
            };
            out.push_str(&latex_line(&cells.map(cell).collect::<Vec<_>>()));
        }
        out.push_str("  \\bottomrule\n\\end{tabular}\n");
        out
    }
}

/// A cell as people read it.
struct Rounded<'t> {
    cell: &'t Cell,
    style: Style,
}

impl fmt::Display for Rounded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cell {
            Cell::Float(x) => self.style.write(f, *x),
            other => other.fmt(f),
        }
    }
}

/// Adds what is shown of something.
fn add(out: &mut String, what: impl fmt::Display) {
    // Writing to a text does not fail.
    let _ = write!(out, "{what}");
}

fn csv_field(text: &str) -> Cow<'_, str> {
    let quoted = text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ');
    if quoted { format!("\"{}\"", text.replace('"', "\"\"")).into() } else { text.into() }
}

/// Floats that JSON has no form of, and integers that few programs read, are texts.
fn json(cell: &Cell) -> Json {
    match cell {
        Cell::Nothing => Json::Null,
        Cell::Bool(b) => (*b).into(),
        Cell::Int(i) => (*i).into(),
        Cell::Large(i) => (*i).into(),
        Cell::Huge(i) => i.to_string().into(),
        Cell::Float(x) if x.is_finite() => (*x).into(),
        Cell::Float(x) => x.to_string().into(),
        Cell::Text(text) => (**text).into(),
    }
}

/// A text in which nothing is taken for emphasis, code, a link, a tag or the end of a cell.
fn markdown_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (place, c) in text.char_indices() {
        match c {
            '\\' | '|' | '*' | '`' | '[' | ']' | '~' | '$' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Within a word it is itself.
            '_' => {
                let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                let inside = word(text[..place].chars().next_back()) && word(text[place + 1..].chars().next());
                out.push_str(if inside { "_" } else { "\\_" });
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A row. What stands before it, `\\` or a rule, would take a `[` or `*` for itself.
fn latex_line(cells: &[String]) -> String {
    let taken = cells.first().is_some_and(|cell| cell.starts_with(['[', '*']));
    format!("  {}{} \\\\\n", if taken { "{}" } else { "" }, cells.join(" & "))
}

fn latex_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '\\' => out.push_str("\\textbackslash{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A minus is a minus, not a hyphen, and an exponent is one.
fn latex_number(text: &str) -> String {
    match (text, text.split_once('e')) {
        ("inf", _) => "$\\infty$".to_owned(),
        ("-inf", _) => "$-\\infty$".to_owned(),
        (_, Some((mantissa, exponent))) => format!("${mantissa} \\times 10^{{{exponent}}}$"),
        _ if text.starts_with('-') => format!("${text}$"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_escapes_what_means_something_in_it() {
        assert_eq!(csv_field("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(csv_field("plain"), "plain");
        assert_eq!(
            latex_text("50% of a_b & {x}^2 \\"),
            "50\\% of a\\_b \\& \\{x\\}\\textasciicircum{}2 \\textbackslash{}"
        );
        assert_eq!(latex_number("-0.5"), "$-0.5$");
        let line = |cells: [&str; 2]| latex_line(&cells.map(str::to_owned));
        assert_eq!(line(["[1, 2]", "[3]"]), "  {}[1, 2] & [3] \\\\\n");
        assert_eq!(line(["*", "x"]) + &line(["x", "*"]), "  {}* & x \\\\\n  x & * \\\\\n");
        assert_eq!(
            markdown_text("Vec<T> a*b `c`|d\n_x_ at_10 a & b"),
            "Vec&lt;T&gt; a\\*b \\`c\\`\\|d \\_x\\_ at_10 a &amp; b"
        );
        assert_eq!((latex_number("inf"), latex_number("-inf")), ("$\\infty$".into(), "$-\\infty$".into()));
        assert_eq!(json(&Cell::Large(u64::MAX)), u64::MAX);
        assert_eq!(json(&Cell::Huge(Box::new(1 << 70))), "1180591620717411303424");
        assert_eq!(latex_number("1.5e-7"), "$1.5 \\times 10^{-7}$");
        assert_eq!(json(&Cell::Float(f64::NAN)), "NaN");
        assert_eq!(json(&Cell::Float(0.1)), 0.1);
    }
}
