//! Jobs as a table: one row a job, a column for each tag, argument, field of the output and metric; and the same rows
//! grouped, with statistics over each group.

mod build;
mod cells;
mod group;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

pub use cells::Cells;
pub use group::Statistic;

use super::filter::{Number, compare};
use super::job::JobInfo;
use crate::near::did_you_mean;

/// What one cell of a table holds.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Cell {
    /// The job has no such thing, or it is `None`.
    #[default]
    Nothing,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above the largest of [`Int`](Self::Int).
    Large(u64),
    /// An integer of more than 64 bits.
    Huge(Box<i128>),
    /// A float.
    Float(f64),
    /// A text, and whatever has no other form here.
    Text(Arc<str>),
}

impl Cell {
    /// An integer, in the narrowest form that holds it.
    pub(super) fn integer(i: i128) -> Self {
        i64::try_from(i).map_or_else(|_| u64::try_from(i).map_or_else(|_| Self::Huge(i.into()), Self::Large), Self::Int)
    }

    /// The number that it is; booleans count as 0 and 1.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Int(i) => Some(*i as f64),
            Cell::Large(i) => Some(*i as f64),
            Cell::Huge(i) => Some(**i as f64),
            Cell::Float(x) => Some(*x),
            Cell::Bool(b) => Some(f64::from(u8::from(*b))),
            Cell::Nothing | Cell::Text(_) => None,
        }
    }

    /// Numbers by value, exactly, then texts, then NaN, then nothing.
    pub fn order(&self, other: &Self) -> Ordering {
        let kind = |cell: &Self| match cell {
            Cell::Text(_) => 1,
            _ if cell.last() > 0 => 1 + cell.last(),
            _ => 0,
        };
        let same = || match (self, other) {
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            _ => match (self.exact(), other.exact()) {
                (Some(a), Some(b)) => compare(a, b).unwrap_or(Ordering::Equal),
                _ => Ordering::Equal,
            },
        };
        kind(self).cmp(&kind(other)).then_with(same)
    }

    /// How far behind all others it comes, whichever way they are sorted: nothing behind NaN.
    fn last(&self) -> u8 {
        match self {
            Cell::Nothing => 2,
            Cell::Float(x) if x.is_nan() => 1,
            _ => 0,
        }
    }

    /// The number that it is, without loss.
    fn exact(&self) -> Option<Number> {
        match self {
            Cell::Int(i) => Some(Number::Int((*i).into())),
            Cell::Large(i) => Some(Number::Int((*i).into())),
            Cell::Huge(i) => Some(Number::Int(**i)),
            Cell::Bool(b) => Some(Number::Int((*b).into())),
            Cell::Float(x) => Some(Number::Float(*x)),
            Cell::Nothing | Cell::Text(_) => None,
        }
    }

    /// Whether both say the same; unlike `==`, NaN is itself.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Cell::Float(a), Cell::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (a, b) => a == b,
        }
    }
}

/// As it would be written in a file, exactly: nothing is empty, floats read back as they were.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Nothing => Ok(()),
            Cell::Bool(b) => write!(f, "{b}"),
            Cell::Int(i) => write!(f, "{i}"),
            Cell::Large(i) => write!(f, "{i}"),
            Cell::Huge(i) => write!(f, "{i}"),
            Cell::Float(x) => write!(f, "{x:?}"),
            Cell::Text(text) => f.write_str(text),
        }
    }
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The job itself: `id`, `task`, `state`, `duration` and the like.
    Job,
    /// A tag.
    Tag,
    /// An argument, by its path.
    Argument,
    /// A field of the output, by its path.
    Output,
    /// A metric.
    Metric,
    /// A statistic over the rows of a group.
    Statistic,
}

impl Source {
    /// What stands before the path where it has to be told from others.
    fn prefix(self) -> &'static str {
        match self {
            Source::Tag => "tag.",
            Source::Argument => "arg.",
            Source::Output => "output.",
            Source::Metric => "metric.",
            Source::Job | Source::Statistic => "",
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// How it is called: its path, with `tag.`, `arg.`, `output.` or `metric.` before it where others are called the same.
    pub name: String,
    /// What its cells are.
    pub source: Source,
    /// Its path without such a beginning.
    pub path: String,
    /// Whether it tells rows of one task apart, and says more than a tag of that name.
    pub varies: bool,
    /// Whether it belongs to what is shown unless columns are asked for.
    shown: bool,
    /// A cell a row.
    pub cells: Cells,
}

/// Rows of jobs, or of groups of jobs, by column.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    jobs: Vec<JobInfo>,
    rows: usize,
}

/// A column that was asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no column `{name}`{}", self.help())]
pub struct NoColumn {
    /// What was asked for.
    pub name: String,
    /// The columns that there are.
    pub known: Vec<String>,
    /// The columns that are meant, if they are several.
    pub several: Vec<String>,
}

impl NoColumn {
    fn help(&self) -> String {
        if !self.several.is_empty() {
            return format!(", but several that end so: {}", self.several.join(", "));
        }
        let meant = did_you_mean(&self.name, self.known.iter().map(String::as_str));
        if meant.is_empty() { format!("; there are: {}", self.known.join(", ")) } else { meant }
    }
}

/// The columns of [`Source::Job`].
const OWN: [&str; 10] = ["id", "task", "state", "start", "end", "duration", "attempt", "host", "cpu", "memory"];

impl Table {
    /// One row a job, in their order; a column for everything that any of them has.
    pub fn new(jobs: Vec<JobInfo>) -> Self {
        build::build(jobs)
    }

    /// Its columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The jobs of its rows; none if the rows are groups.
    pub fn jobs(&self) -> &[JobInfo] {
        &self.jobs
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The place of the column that `name` means: its name; its path behind `tag.`, `arg.`, `output.` or `metric.`; or the
    /// last part of a path, looked for among tags, arguments, outputs and metrics in this order. Where there are no rows, every
    /// name means a column.
    ///
    /// # Errors
    /// If there is none, or several arguments (or output fields) end so.
    pub fn find(&mut self, name: &str) -> Result<usize, NoColumn> {
        if let Some(place) = self.columns.iter().position(|column| column.name == name) {
            return Ok(place);
        }
        if self.rows == 0 {
            // Which columns there would be, nobody knows.
            let (name, path) = (name.to_owned(), name.to_owned());
            let cells = Cells::nothing(0);
            self.columns.push(Column { name, source: Source::Job, path, varies: false, shown: true, cells });
            return Ok(self.columns.len() - 1);
        }
        if OWN.contains(&name) && !self.jobs.is_empty() {
            self.columns.push(build::own(name, &self.jobs, &build::Tasks::of(&self.jobs)));
            return Ok(self.columns.len() - 1);
        }
        // The last value is what a metric's own name means.
        let last = name.strip_suffix(".last");
        if let Some(place) = last.and_then(|last| {
            let last = last.strip_prefix("metric.").unwrap_or(last);
            self.columns.iter().position(|column| column.source == Source::Metric && column.path == last)
        }) {
            return Ok(place);
        }
        let exact = |column: &Column| {
            let prefix = column.source.prefix();
            !prefix.is_empty() && name.strip_prefix(prefix) == Some(&column.path)
        };
        if let Some(place) = self.columns.iter().position(exact) {
            return Ok(place);
        }
        let mut several = Vec::new();
        for source in [Source::Tag, Source::Argument, Source::Output, Source::Metric, Source::Statistic] {
            let places = |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
                let columns = self.columns.iter().enumerate();
                columns.filter(|(_, c)| c.source == source && wanted(&c.path)).map(|(place, _)| place).collect()
            };
            let mut found = places(&|path| path == name);
            if found.is_empty() {
                found = places(&|path| path.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')));
            }
            match found[..] {
                [] => {}
                [place] => return Ok(place),
                _ => several.extend(found.iter().map(|place| self.columns[*place].name.clone())),
            }
        }
        let columns: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let mut known: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        if !self.jobs.is_empty() {
            known.extend(OWN.iter().filter(|name| !columns.contains(name)).map(|name| (*name).to_owned()));
        }
        Err(NoColumn { name: name.to_owned(), known, several })
    }

    /// The places of the columns that are shown unless others are asked for: what tells the rows apart, and what came out.
    pub fn shown(&self) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| column.shown).map(|(place, _)| place).collect()
    }

    /// Sorts the rows by columns, each upwards or downwards; rows that are equal keep their order. NaN and nothing come last
    /// either way.
    pub fn sort(&mut self, by: &[(usize, bool)]) {
        if by.is_empty() {
            return;
        }
        let mut order: Vec<usize> = (0..self.rows).collect();
        order.sort_by(|a, b| {
            let compare = |&(column, down): &(usize, bool)| {
                let cells = &self.columns[column].cells;
                let (a, b) = (&cells[*a], &cells[*b]);
                // Nothing is last, either way, and NaN before it.
                a.last().cmp(&b.last()).then_with(|| if down { b.order(a) } else { a.order(b) })
            };
            by.iter().map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        for column in &mut self.columns {
            let cells = std::mem::replace(&mut column.cells, Cells::nothing(0));
            column.cells = cells.reordered(&order);
        }
        if !self.jobs.is_empty() {
            self.jobs = order.iter().map(|&row| self.jobs[row].clone()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_one_order_however_numbers_are_kept() {
        let all = [
            Cell::Float(f64::NEG_INFINITY),
            Cell::integer(-(1 << 70)),
            Cell::Int(-1),
            Cell::Bool(false),
            Cell::Int(0),
            Cell::Float(-0.0),
            Cell::Float(0.5),
            Cell::Bool(true),
            Cell::Int((1 << 53) - 1),
            Cell::Int(1 << 53),
            Cell::Float((1u64 << 53) as f64),
            Cell::Int((1 << 53) + 1),
            Cell::Int(i64::MAX),
            Cell::Large(1 << 63),
            Cell::Large(u64::MAX),
            Cell::Float(u64::MAX as f64),
            Cell::integer((1 << 64) + 1),
            Cell::integer(1 << 70),
            Cell::Float(f64::INFINITY),
            Cell::Text("a".into()),
            Cell::Float(f64::NAN),
            Cell::Nothing,
        ];
        for a in &all {
            assert_eq!(a.order(a), Ordering::Equal);
            for b in &all {
                assert_eq!(a.order(b), b.order(a).reverse(), "{a:?} {b:?}");
                for c in &all {
                    if a.order(b).is_le() && b.order(c).is_le() {
                        assert!(a.order(c).is_le(), "{a:?} {b:?} {c:?}");
                    }
                }
            }
        }
        assert!(all.is_sorted_by(|a, b| a.order(b).is_le()));
        assert_eq!(Cell::Int((1 << 53) + 1).order(&Cell::Float((1u64 << 53) as f64)), Ordering::Greater);
    }

    #[test]
    fn nan_and_nothing_come_last_either_way() {
        let cells = [Cell::Float(f64::NAN), Cell::Nothing, Cell::Float(1.0), Cell::Text("x".into()), Cell::Int(2)];
        let column = |cells: Cells| Column {
            name: "map".into(),
            source: Source::Output,
            path: "map".into(),
            varies: true,
            shown: true,
            cells,
        };
        for (down, expected) in [(false, "1.0 2 x NaN "), (true, "x 2 1.0 NaN ")] {
            let mut table = Table { columns: vec![column(cells.iter().cloned().collect())], jobs: Vec::new(), rows: 5 };
            table.sort(&[(0, down)]);
            let shown: Vec<String> = table.columns[0].cells.iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(" "), expected);
        }
    }
}
