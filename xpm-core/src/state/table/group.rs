//! Groups of rows and statistics over them: over seeds, mostly.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use super::{Cell, Cells, Column, Source, Table};
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
        let mean = || {
            let mut mean = 0.0;
            for (i, x) in numbers.iter().enumerate() {
                mean += (x - mean) / (i as f64 + 1.0);
            }
            mean
        };
        // In two passes, which loses nothing to large means.
        let std = || {
            let mean = mean();
            let squares: f64 = numbers.iter().map(|x| (x - mean).powi(2)).sum();
            (numbers.len() > 1).then(|| (squares / (n - 1.0)).sqrt())
        };
        Some(match self {
            Self::Mean => mean(),
            Self::Std => std()?,
            Self::Sem => std()? / n.sqrt(),
            Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Sum => numbers.iter().sum(),
            Self::Median => {
                let mut sorted = numbers.to_vec();
                sorted.sort_by(f64::total_cmp);
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
                    cell => match cell.number() {
                        Some(x) => {
                            key.push(2);
                            key.extend_from_slice(&if x.is_nan() { f64::NAN } else { x }.to_bits().to_le_bytes());
                        }
                        None => key.push(3),
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
        let statistic = |name: String, cells: Cells| Column {
            path: name.clone(),
            name,
            source: Source::Statistic,
            varies: true,
            shown: true,
            cells,
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
    }

    #[test]
    fn a_name_that_is_none_is_said_with_those_there_are() {
        assert_eq!("std".parse::<Statistic>(), Ok(Statistic::Std));
        assert_eq!("meam".parse::<Statistic>().unwrap_err(), "`meam` is no statistic: did you mean `mean`?");
        assert!("variance".parse::<Statistic>().unwrap_err().contains("mean, std, sem"));
    }
}
