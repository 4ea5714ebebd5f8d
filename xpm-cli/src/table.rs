//! Text tables: columns aligned, the last one cut where the terminal ends.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use xpm_core::printable::escaped;
use xpm_core::report::width;

use crate::context::Context;
use crate::output::{BOLD, paint};
use crate::parallel;

/// A cell: its text, and the colour it is shown in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    color: Option<&'static str>,
    right: bool,
}

impl Cell {
    /// A number: aligned at its end.
    #[expect(clippy::needless_pass_by_value, reason = "a number, or a text made for it")]
    pub(crate) fn number(value: impl ToString) -> Self {
        Self { text: value.to_string(), color: None, right: true }
    }

    /// A text in a colour.
    pub(crate) fn colored(text: impl Into<String>, color: &'static str) -> Self {
        Self { text: text.into(), color: Some(color), right: false }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), color: None, right: false }
    }
}

/// Rows below a line of titles.
#[derive(Debug, Default)]
pub(crate) struct Table {
    titles: Vec<String>,
    parts: Vec<Rows>,
}

/// Some rows: their cells' texts one behind the other, since there may be millions.
#[derive(Debug)]
pub(crate) struct Rows {
    columns: usize,
    text: String,
    /// Where the text of each row begins.
    begins: Vec<usize>,
    cells: Vec<Placed>,
    /// The few colours that there are.
    colors: Vec<&'static str>,
    /// The widest cell of each column.
    widths: Vec<usize>,
}

/// A cell: where its text ends, counted from the beginning of the row, and how it is shown. There may be millions.
#[derive(Clone, Copy, Debug)]
struct Placed {
    end: u32,
    width: u32,
    /// The place of its colour among those of the rows.
    color: u8,
    right: bool,
}

/// No colour.
const PLAIN: u8 = u8::MAX;

impl Rows {
    fn new(columns: usize) -> Self {
        let columns = columns.max(1);
        Self {
            columns,
            text: String::new(),
            begins: Vec::new(),
            cells: Vec::new(),
            colors: Vec::new(),
            widths: vec![0; columns],
        }
    }

    /// Adds the next cell of a row. All rows have as many cells as there are titles.
    pub(crate) fn add(&mut self, text: impl Display) {
        self.place(text, None, false);
    }

    /// Adds a number.
    pub(crate) fn add_number(&mut self, number: impl Display) {
        self.place(number, None, true);
    }

    /// Adds a text in a colour.
    pub(crate) fn add_colored(&mut self, text: impl Display, color: &'static str) {
        self.place(text, Some(color), false);
    }

    fn place(&mut self, text: impl Display, color: Option<&'static str>, right: bool) {
        let begin = self.text.len();
        // Writing to a text does not fail.
        let _ = write!(self.text, "{text}");
        let added = &self.text[begin..];
        let plain = added.bytes().all(|byte| (b' '..0x7f).contains(&byte));
        if !plain && let Cow::Owned(shown) = escaped(added) {
            self.text.truncate(begin);
            self.text.push_str(&shown);
        }
        let width = if plain { self.text.len() - begin } else { width(&self.text[begin..]) };
        let column = self.cells.len() % self.columns;
        self.widths[column] = self.widths[column].max(width);
        if column == 0 {
            self.begins.push(begin);
        }
        let color = color.map_or(PLAIN, |color| {
            let known = self.colors.iter().position(|known| *known == color);
            let place = known.unwrap_or_else(|| {
                self.colors.push(color);
                self.colors.len() - 1
            });
            u8::try_from(place).unwrap_or(PLAIN)
        });
        // A row of more than 4 GB is nothing that a terminal shows.
        let end = self.text.len() - self.begins[self.begins.len() - 1];
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.cells.push(Placed { end: short(end), width: short(width), color, right });
    }

    fn len(&self) -> usize {
        self.cells.len() / self.columns
    }

    /// A cell, as it is shown.
    fn cell(&self, row: usize, column: usize) -> Shown<'_> {
        let number = row * self.columns + column;
        let Placed { end, width, color, right } = self.cells[number];
        let begin = if column == 0 { 0 } else { self.cells[number - 1].end };
        let text = self.text.get(self.begins[row]..).and_then(|row| row.get(begin as usize..end as usize));
        let color = self.colors.get(usize::from(color)).copied();
        Shown { text: text.unwrap_or_default(), width: width as usize, color, right }
    }
}

/// A cell, as it is shown.
struct Shown<'t> {
    text: &'t str,
    width: usize,
    color: Option<&'static str>,
    right: bool,
}

impl Table {
    pub(crate) fn new<T: Into<String>>(titles: impl IntoIterator<Item = T>) -> Self {
        Self { titles: titles.into_iter().map(Into::into).collect(), parts: Vec::new() }
    }

    /// Adds a row; what it has too few is empty.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        let columns = self.titles.len();
        if self.parts.is_empty() {
            self.parts.push(Rows::new(columns));
        }
        let Some(rows) = self.parts.last_mut() else { return };
        let empty = std::iter::repeat_with(Cell::default);
        for cell in row.into_iter().chain(empty).take(columns) {
            rows.place(&cell.text, cell.color, cell.right);
        }
    }

    /// Adds `count` rows, made on all CPUs: `row` adds each cell of the row of this number.
    pub(crate) fn fill(&mut self, count: usize, row: impl Fn(&mut Rows, usize) + Sync) {
        let columns = self.titles.len();
        self.parts.extend(parallel::in_parts(count, |range| {
            let mut rows = Rows::new(columns);
            range.for_each(|number| row(&mut rows, number));
            rows
        }));
    }

    /// The table as text; a column that is empty everywhere is left out.
    pub(crate) fn render(&self, context: &Context) -> String {
        self.pieces(context).concat()
    }

    /// The same in pieces: to put those of 100,000 rows together takes as long as to write them.
    pub(crate) fn pieces(&self, context: &Context) -> Vec<String> {
        let widest = |column: usize| self.parts.iter().map(|rows| rows.widths[column]).max().unwrap_or(0);
        let columns: Vec<usize> = (0..self.titles.len()).filter(|column| widest(*column) > 0).collect();
        let widths: Vec<usize> =
            columns.iter().map(|column| widest(*column).max(width(&self.titles[*column]))).collect();
        let mut head = Rows::new(columns.len().max(1));
        for column in &columns {
            let first = self.parts.iter().find(|rows| rows.len() > 0);
            let right = first.is_some_and(|rows| rows.cell(0, *column).right);
            head.place(&self.titles[*column], Some(BOLD), right);
        }
        let screen = Screen { width: context.width(), color: context.color };
        let mut titles = String::new();
        screen.line(&mut titles, columns.iter().enumerate().map(|(place, _)| head.cell(0, place)), &widths);
        let lines = parallel::each(&self.parts, |rows| {
            let mut text = String::with_capacity(rows.text.len() + rows.len() * (widths.len() * 2 + 1));
            for row in 0..rows.len() {
                screen.line(&mut text, columns.iter().map(|column| rows.cell(row, *column)), &widths);
            }
            text
        });
        std::iter::once(titles).chain(lines).collect()
    }
}

/// Where lines are shown.
#[derive(Clone, Copy)]
struct Screen {
    width: Option<usize>,
    color: bool,
}

impl Screen {
    fn line<'t>(self, text: &mut String, cells: impl Iterator<Item = Shown<'t>>, widths: &[usize]) {
        let begin = text.len();
        let mut left = self.width.unwrap_or(usize::MAX);
        for (place, (cell, column)) in cells.zip(widths).enumerate() {
            let last = place + 1 == widths.len();
            let fits = cell.width <= left;
            let cut = if fits { String::new() } else { cut(cell.text, left) };
            let (shown, taken) = if fits { (cell.text, cell.width) } else { (cut.as_str(), width(&cut)) };
            // What is left of the line, for a column that reaches beyond its end.
            let padding = (*column).min(left).saturating_sub(taken);
            if cell.right {
                pad(text, padding);
            }
            match cell.color {
                Some(color) if self.color => text.push_str(&paint(true, color, shown)),
                _ => text.push_str(shown),
            }
            if !cell.right && !last {
                pad(text, padding);
            }
            left = left.saturating_sub(column + 2);
            if last || left == 0 {
                break;
            }
            text.push_str("  ");
        }
        while text.len() > begin && text.ends_with(' ') {
            text.pop();
        }
        text.push('\n');
    }
}

fn pad(text: &mut String, columns: usize) {
    const SPACES: &str = "                                ";
    let mut left = columns;
    while left > 0 {
        let now = left.min(SPACES.len());
        text.push_str(&SPACES[..now]);
        left -= now;
    }
}

/// The first characters that fit, with `…` where something was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    xpm_core::report::cut(text, columns, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_reaches_beyond_the_edge() {
        let mut rows = Rows::new(3);
        rows.add("検索エンジン");
        rows.add_number(7);
        rows.add("the end");
        for (columns, expected) in [(40, "検索エンジン      7  the end"), (16, "検索エンジン   7"), (9, "検索エン…")]
        {
            let mut text = String::new();
            let screen = Screen { width: Some(columns), color: false };
            screen.line(&mut text, (0..3).map(|column| rows.cell(0, column)), &[12, 5, 7]);
            assert_eq!(text, format!("{expected}\n"));
            assert!(width(text.trim_end()) <= columns);
        }
    }
}
