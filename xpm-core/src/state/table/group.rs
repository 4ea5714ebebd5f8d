//! Groups of rows and statistics over them: over seeds, mostly.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use super::{Cell, Cells, Column, Number, Source, Table};
use crate::near::did_you_mean;

/// What is made of the numbers of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The arithmetic mean.
    Mean,
    /// The standard deviation of the sample (n − 1); nothing for fewer than two numbers.
    Std,
    /// The standard error of the mean, `std / √n`; nothing for fewer than two numbers.
    Sem,
    /// The least.
    Min,
    /// The largest.
    Max,
    /// The median; of an even count, the mean of the two in the middle.
    Median,
    /// The sum.
    Sum,
    /// How many numbers there are.
    Count,
}

impl Statistic {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Mean, Self::Std, Self::Sem, Self::Min, Self::Max, Self::Median, Self::Sum, Self::Count];

    /// Its name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Std => "std",
            Self::Sem => "sem",
            Self::Min => "min",
            Self::Max => "max",
            Self::Median => "median",
            Self::Sum => "sum",
            Self::Count => "count",
        }
    }

    /// Of these numbers; `None` where they are too few. A NaN among them makes NaN of everything but the count: a run that
    /// went astray does not pass for one that went well.
    pub fn of(self, numbers: &[f64]) -> Option<f64> {
        let n = numbers.len() as f64;
        if self == Self::Count {
            return Some(n);
        }
        if numbers.is_empty() {
            return None;
        }
        if numbers.iter().any(|x| x.is_nan()) {
            return Some(f64::NAN);
        }
        // In order of value, so that it does not depend on that of the rows.
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let mean = || {
            // Infinities of one sign are their mean, those of both have none.
            if let infinite @ [_, ..] = &*sorted.iter().copied().filter(|x| x.is_infinite()).collect::<Vec<_>>() {
                return infinite.iter().sum();
            }
            let mut mean = 0.0;
            for (i, x) in sorted.iter().enumerate() {
                mean += (x - mean) / (i as f64 + 1.0);
            }
            mean
        };
        // In two passes, which loses nothing to large means.
        let std = || {
            let mean = mean();
            let squares: f64 = sorted.iter().map(|x| (x - mean).powi(2)).sum();
            (numbers.len() > 1).then(|| (squares / (n - 1.0)).sqrt())
        };
        Some(match self {
            Self::Mean => mean(),
            Self::Std => std()?,
            Self::Sem => std()? / n.sqrt(),
            Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Sum => sorted.iter().sum(),
            Self::Median => {
                let middle = sorted.len() / 2;
                if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
            }
            Self::Count => n,
        })
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Statistic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name);
        Self::ALL.into_iter().find(|statistic| statistic.name() == text).ok_or_else(|| {
            let meant = did_you_mean(text, names);
            let meant = if meant.is_empty() { format!("; there are {}", names.join(", ")) } else { meant };
            format!("`{text}` is no statistic{meant}")
        })
    }
}

impl Table {
    /// The rows that agree in the columns `by` made one row each: those columns, `n` for how many rows there are, and for
    /// each of the columns `values` its statistics. Groups come in order of their cells.
    pub fn group(&self, by: &[usize], values: &[usize], statistics: &[Statistic]) -> Self {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<Box<[u8]>, usize> = HashMap::new();
        let mut key: Vec<u8> = Vec::new();
        for row in 0..self.rows {
            key.clear();
            for column in by {
                // 1 and 1.0 are one value to whoever reads the table.
                match &self.columns[*column].cells[row] {
                    Cell::Text(text) => {
                        key.push(1);
                        key.extend_from_slice(&text.len().to_le_bytes());
                        key.extend_from_slice(text.as_bytes());
                    }
                    cell => match (cell.exact(), cell.number()) {
                        // What no float is, is told apart as an integer.
                        (Some(Number::Int(i)), Some(x)) if x as i128 != i => {
                            key.push(4);
                            key.extend_from_slice(&i.to_le_bytes());
                        }
                        (_, Some(x)) => {
                            key.push(2);
                            // 0 is also −0.
                            let x = if x.is_nan() { f64::NAN } else { x + 0.0 };
                            key.extend_from_slice(&x.to_bits().to_le_bytes());
                        }
                        (_, None) => key.push(3),
                    },
                }
            }
            let group = match known.get(&key[..]) {
                Some(group) => *group,
                None => {
                    known.insert(key.as_slice().into(), groups.len());
                    groups.push(Vec::new());
                    groups.len() - 1
                }
            };
            groups[group].push(row);
        }
        groups.sort_by(|a, b| {
            let order = |column: &usize| self.columns[*column].cells[a[0]].order(&self.columns[*column].cells[b[0]]);
            by.iter().map(order).find(|order| order.is_ne()).unwrap_or(a[0].cmp(&b[0]))
        });
        let mut columns: Vec<Column> = by
            .iter()
            .map(|place| {
                let column = &self.columns[*place];
                let cells = groups.iter().map(|rows| column.cells[rows[0]].clone()).collect();
                Column { cells, shown: true, ..column.clone() }
            })
            .collect();
        let mut taken: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
        let mut statistic = |mut name: String, cells: Cells| {
            // A tag may be called `n`.
            while !taken.insert(name.clone()) {
                name.insert_str(0, "group.");
            }
            Column { path: name.clone(), name, source: Source::Statistic, varies: true, shown: true, cells }
        };
        let counts = groups.iter().map(|rows| Cell::Int(i64::try_from(rows.len()).unwrap_or(i64::MAX)));
        columns.push(statistic("n".to_owned(), counts.collect()));
        for place in values {
            let column = &self.columns[*place];
            let numbers: Vec<Vec<f64>> =
                groups.iter().map(|rows| rows.iter().filter_map(|row| column.cells[*row].number()).collect()).collect();
            for which in statistics {
                let cell = |numbers: &Vec<f64>| match (which, which.of(numbers)) {
                    (Statistic::Count, Some(count)) => Cell::Int(count as i64),
                    (_, Some(x)) => Cell::Float(x),
                    (_, None) => Cell::Nothing,
                };
                columns.push(statistic(format!("{}.{which}", column.name), numbers.iter().map(cell).collect()));
            }
        }
        Self { columns, jobs: Vec::new(), rows: groups.len() }
    }

    /// Whether a column has numbers and nothing else but gaps.
    pub fn is_numeric(&self, column: usize) -> bool {
        let cells = &self.columns[column].cells;
        cells.kinds().any(|cell| cell.number().is_some()) && !cells.kinds().any(|cell| matches!(cell, Cell::Text(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_few_and_of_many_numbers() {
        let of = |numbers: &[f64]| Statistic::ALL.map(|statistic| statistic.of(numbers));
        assert_eq!(of(&[]), [None, None, None, None, None, None, None, Some(0.0)]);
        assert_eq!(of(&[2.0]), [Some(2.0), None, None, Some(2.0), Some(2.0), Some(2.0), Some(2.0), Some(1.0)]);
        let four = of(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(four[0], Some(3.0));
        assert!((four[1].unwrap() - (14.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((four[2].unwrap() - (14.0f64 / 3.0).sqrt() / 2.0).abs() < 1e-12);
        assert_eq!(four[3..], [Some(1.0), Some(6.0), Some(2.5), Some(12.0), Some(4.0)]);
        // Far from zero nothing is lost.
        let std = Statistic::Std.of(&[1e9, 1e9 + 1.0, 1e9 + 2.0]).unwrap();
        assert!((std - 1.0).abs() < 1e-9, "{std}");
        assert!(Statistic::Mean.of(&[1.0, f64::NAN]).unwrap().is_nan());
        assert_eq!(Statistic::Median.of(&[f64::INFINITY, 0.0, 1.0]), Some(1.0));
        for numbers in [[f64::INFINITY, 1.0], [1.0, f64::INFINITY]] {
            assert_eq!(Statistic::Mean.of(&numbers), Some(f64::INFINITY));
        }
        assert!(Statistic::Mean.of(&[f64::INFINITY, 1.0, f64::NEG_INFINITY]).unwrap().is_nan());
        let numbers = [0.1, 0.2, 0.3, 1e16, -1e16];
        let mut backwards = numbers;
        backwards.reverse();
        for which in Statistic::ALL {
            assert_eq!(which.of(&numbers), which.of(&backwards), "{which}");
        }
    }

    fn column(name: &str, cells: impl IntoIterator<Item = Cell>) -> Column {
        let (name, path) = (name.to_owned(), name.to_owned());
        Column { name, source: Source::Tag, path, varies: true, shown: true, cells: cells.into_iter().collect() }
    }

    #[test]
    fn a_column_that_is_called_like_the_count_keeps_its_name() {
        let columns = vec![column("n", [1, 1, 2].map(Cell::Int)), column("map", [0.5, 1.5, 2.5].map(Cell::Float))];
        let table = Table { columns, jobs: Vec::new(), rows: 3 }.group(&[0], &[1], &[Statistic::Mean]);
        let shown = |column: &Column| {
            let cells: Vec<String> = column.cells.iter().map(ToString::to_string).collect();
            format!("{} {}", column.name, cells.join(" "))
        };
        let columns: Vec<String> = table.columns.iter().map(shown).collect();
        assert_eq!(columns, ["n 1 2", "group.n 2 1", "map.mean 1.0 2.5"]);
    }

    #[test]
    fn the_mean_of_booleans_is_the_share_of_those_that_are_true() {
        let columns = vec![column("k", [1, 1, 2].map(Cell::Int)), column("won", [true, false, true].map(Cell::Bool))];
        let table = Table { columns, jobs: Vec::new(), rows: 3 };
        assert!(table.is_numeric(1));
        let means = &table.group(&[0], &[1], &[Statistic::Mean]).columns[2];
        assert_eq!(means.cells.iter().cloned().collect::<Vec<_>>(), [Cell::Float(0.5), Cell::Float(1.0)]);
    }

    #[test]
    fn integers_that_no_float_tells_apart_are_groups_of_their_own() {
        let seeds =
            [Cell::Large(1 << 63), Cell::Large((1 << 63) + 1), Cell::Float(9_223_372_036_854_775_808.0), Cell::Int(1)];
        let table = Table { columns: vec![column("seed", seeds)], jobs: Vec::new(), rows: 4 }.group(&[0], &[], &[]);
        let cells: Vec<String> =
            table.columns.iter().flat_map(|column| column.cells.iter().map(ToString::to_string)).collect();
        assert_eq!(cells, ["1", "9223372036854775808", "9223372036854775809", "1", "2", "1"]);
    }

    #[test]
    fn a_name_that_is_none_is_said_with_those_there_are() {
        assert_eq!("std".parse::<Statistic>(), Ok(Statistic::Std));
        assert_eq!("meam".parse::<Statistic>().unwrap_err(), "`meam` is no statistic: did you mean `mean`?");
        assert!("variance".parse::<Statistic>().unwrap_err().contains("mean, std, sem"));
    }
}
