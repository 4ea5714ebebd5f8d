//! The cells of a column. Most columns of a large table say the same in every row: these take no room.

use std::ops::Index;

use super::Cell;

/// The cells of a column, one a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells(Form);

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Same(Cell, usize),
    Each(Vec<Cell>),
}

impl Default for Cells {
    fn default() -> Self {
        Self::nothing(0)
    }
}

impl Cells {
    /// As many cells of nothing.
    pub(super) fn nothing(rows: usize) -> Self {
        Self(Form::Same(Cell::Nothing, rows))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Same(_, rows) => *rows,
            Form::Each(cells) => cells.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Cell> + Clone {
        (0..self.len()).map(|row| &self[row])
    }

    /// The cells that tell what kinds there are: one, if all are the same.
    pub fn kinds(&self) -> impl Iterator<Item = &Cell> + Clone {
        (0..if self.same().is_some() { 1 } else { self.len() }).map(|row| &self[row])
    }

    /// The cell that all are, if they are kept as one.
    pub(super) fn same(&self) -> Option<&Cell> {
        match &self.0 {
            Form::Same(cell, rows) if *rows > 0 => Some(cell),
            _ => None,
        }
    }

    /// Adds a cell; `rows` is how many there may come to be.
    pub(super) fn push(&mut self, cell: Cell, rows: usize) {
        match &mut self.0 {
            Form::Same(same, count) if *count == 0 || is_copy(same, &cell) => {
                *same = cell;
                *count += 1;
            }
            Form::Same(..) => self.each(rows).push(cell),
            Form::Each(cells) => cells.push(cell),
        }
    }

    /// Makes it as long as this: adds nothing, or leaves out the last.
    pub(super) fn resize(&mut self, length: usize, rows: usize) {
        match &mut self.0 {
            Form::Same(_, count) if length <= *count => *count = length,
            Form::Same(Cell::Nothing, count) => *count = length,
            Form::Same(_, 0) => *self = Self::nothing(length),
            Form::Same(..) => self.each(rows).resize(length, Cell::Nothing),
            Form::Each(cells) => cells.resize(length, Cell::Nothing),
        }
    }

    /// Adds those of another part of the column.
    pub(super) fn append(&mut self, other: Self, rows: usize) {
        match (&mut self.0, other.0) {
            (Form::Same(_, 0), other) => self.0 = other,
            (_, Form::Same(_, 0)) => {}
            (Form::Same(a, count), Form::Same(b, more)) if is_copy(a, &b) => *count += more,
            (_, Form::Same(cell, more)) => {
                let cells = self.each(rows);
                cells.resize(cells.len() + more, cell);
            }
            (_, Form::Each(more)) => self.each(rows).extend(more),
        }
    }

    fn each(&mut self, rows: usize) -> &mut Vec<Cell> {
        if let Form::Same(cell, count) = &self.0 {
            let mut cells = Vec::with_capacity(rows.max(*count));
            cells.resize(*count, cell.clone());
            self.0 = Form::Each(cells);
        }
        match &mut self.0 {
            Form::Each(cells) => cells,
            Form::Same(..) => unreachable!("it was made one by one just now"),
        }
    }

    /// The cells as this makes others of them, if it does so of every cell.
    pub(super) fn try_map(&self, mut other: impl FnMut(&Cell) -> Option<Cell>) -> Option<Self> {
        Some(Self(match &self.0 {
            Form::Same(cell, rows) => Form::Same(other(cell)?, *rows),
            Form::Each(cells) => Form::Each(cells.iter().map(other).collect::<Option<_>>()?),
        }))
    }

    /// The cells in another order.
    pub(super) fn reordered(self, order: &[usize]) -> Self {
        match self.0 {
            Form::Each(mut cells) => order.iter().map(|&row| std::mem::take(&mut cells[row])).collect(),
            same @ Form::Same(..) => Self(same),
        }
    }
}

/// Whether two cells are kept as one: unlike `==`, NaN is a copy of itself, and −0 is none of 0.
fn is_copy(a: &Cell, b: &Cell) -> bool {
    match (a, b) {
        (Cell::Float(a), Cell::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}

impl Index<usize> for Cells {
    type Output = Cell;

    fn index(&self, row: usize) -> &Cell {
        match &self.0 {
            Form::Same(cell, rows) => {
                assert!(row < *rows, "row {row} of {rows}");
                cell
            }
            Form::Each(cells) => &cells[row],
        }
    }
}

impl FromIterator<Cell> for Cells {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> Self {
        Self(Form::Each(cells.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_those_that_were_added_however_they_are_kept() {
        let text = |text: &str| Cell::Text(text.into());
        let columns = [
            vec![Cell::Int(1), Cell::Int(1), Cell::Int(1)],
            vec![Cell::Int(1), Cell::Float(1.0), Cell::Int(1)],
            vec![text("a"), text("a"), Cell::Nothing, text("a")],
            vec![Cell::Nothing, Cell::Nothing, Cell::Bool(true)],
            vec![Cell::Float(0.0), Cell::Float(-0.0)],
            vec![],
        ];
        let shown = |cells: &Cells| cells.iter().map(|cell| format!("{cell:?}")).collect::<Vec<_>>();
        for expected in &columns {
            let mut cells = Cells::nothing(0);
            expected.iter().for_each(|cell| cells.push(cell.clone(), 9));
            assert_eq!(shown(&cells), shown(&expected.iter().cloned().collect()));
            for more in &columns {
                let (mut all, mut behind) = (cells.clone(), Cells::nothing(0));
                more.iter().for_each(|cell| behind.push(cell.clone(), 9));
                all.append(behind, 9);
                let both: Cells = expected.iter().chain(more).cloned().collect();
                assert_eq!(shown(&all), shown(&both));
                for length in [0, 1, 3, 9] {
                    let (mut cut, mut plain) = (all.clone(), both.iter().cloned().collect::<Vec<_>>());
                    cut.resize(length, 9);
                    plain.resize(length, Cell::Nothing);
                    assert_eq!(shown(&cut), shown(&plain.into_iter().collect()));
                }
                let order: Vec<usize> = (0..both.len()).rev().collect();
                let reversed = order.iter().map(|row| both[*row].clone()).collect();
                assert_eq!(shown(&all.reordered(&order)), shown(&reversed));
            }
        }
    }
}
