//! Text tables: columns aligned, the last one cut where the terminal ends.

use crate::context::Context;
use crate::output::{BOLD, paint};

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
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new<T: Into<String>>(titles: impl IntoIterator<Item = T>) -> Self {
        Self { titles: titles.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// The table as text; a column that is empty everywhere is left out.
    pub(crate) fn render(&self, context: &Context) -> String {
        let columns: Vec<usize> = (0..self.titles.len())
            .filter(|column| self.rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.text.is_empty())))
            .collect();
        let widest = |column: &usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(*column)).map(|cell| width(&cell.text));
            cells.chain([width(&self.titles[*column])]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = columns.iter().map(widest).collect();
        let mut text = String::new();
        let titles: Vec<Cell> = columns
            .iter()
            .map(|column| Cell {
                text: self.titles[*column].clone(),
                color: Some(BOLD),
                right: self.rows.first().and_then(|row| row.get(*column)).is_some_and(|cell| cell.right),
            })
            .collect();
        line(&mut text, context, &titles.iter().collect::<Vec<_>>(), &widths);
        let empty = Cell::default();
        for row in &self.rows {
            let cells: Vec<&Cell> = columns.iter().map(|column| row.get(*column).unwrap_or(&empty)).collect();
            line(&mut text, context, &cells, &widths);
        }
        text
    }
}

fn line(text: &mut String, context: &Context, cells: &[&Cell], widths: &[usize]) {
    let mut left = context.width().unwrap_or(usize::MAX);
    for (place, (cell, column)) in cells.iter().zip(widths).enumerate() {
        let last = place + 1 == cells.len();
        let shown = cut(&one_line(&cell.text), left);
        let padding = " ".repeat(column.saturating_sub(width(&shown)));
        let painted = paint(context.color && cell.color.is_some(), cell.color.unwrap_or_default(), &shown);
        match (cell.right, last) {
            (true, _) => text.extend([padding.as_str(), &painted]),
            (false, true) => text.push_str(&painted),
            (false, false) => text.extend([painted.as_str(), &padding]),
        }
        left = left.saturating_sub(column + 2);
        if last || left == 0 {
            break;
        }
        text.push_str("  ");
    }
    while text.ends_with(' ') {
        text.pop();
    }
    text.push('\n');
}

/// What would leave the line, or steer the terminal, is shown escaped.
pub(crate) fn one_line(text: &str) -> String {
    if text.chars().any(char::is_control) {
        text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
    } else {
        text.to_owned()
    }
}

/// The first characters that fit, with `…` where something was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(columns.saturating_sub(1)).collect();
    shown.push('…');
    shown
}

/// Columns, near enough: one a character.
fn width(text: &str) -> usize {
    text.chars().count()
}
