//! What is drawn: points with their spread, by series.

use std::cmp::Ordering;

use clap::ValueEnum;
use xpm_core::state::table::{Cell, Statistic};

/// What a point stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Centre {
    Mean,
    Median,
    Min,
    Max,
}

/// What the bars or bands show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spread {
    /// The standard deviation
    Std,
    /// The standard error of the mean
    Sem,
    /// From the least to the largest
    Range,
    /// Nothing
    None,
}

/// Where a point is on the horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Position {
    Number(f64),
    Category(String),
}

/// A point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: Position,
    pub(crate) y: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// How many numbers it is made of.
    pub(crate) n: usize,
}

/// Points that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

/// A position and the numbers that fall on it.
type Spot = (Cell, Vec<f64>);

/// Numbers by series and position: what a point is made of.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    series: Vec<(Vec<Cell>, Vec<Spot>)>,
}

fn same(a: &Cell, b: &Cell) -> bool {
    a.order(b) == Ordering::Equal
}

/// Puts each number where it belongs: the cells that tell its series, its position, itself. Sorted by both.
pub(crate) fn gather(numbers: impl Iterator<Item = (Vec<Cell>, Cell, f64)>) -> Gathered {
    let mut all: Vec<(Vec<Cell>, Cell, f64)> = numbers.collect();
    let keys = |a: &[Cell], b: &[Cell]| {
        a.iter().zip(b).map(|(a, b)| a.order(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    all.sort_by(|a, b| keys(&a.0, &b.0).then_with(|| a.1.order(&b.1)));
    let mut gathered = Gathered::default();
    for (key, x, y) in all {
        if gathered.series.last().is_none_or(|(last, _)| keys(last, &key).is_ne()) {
            gathered.series.push((key, Vec::new()));
        }
        if let Some((_, points)) = gathered.series.last_mut() {
            match points.last_mut() {
                Some((last, numbers)) if same(last, &x) => numbers.push(y),
                _ => points.push((x, vec![y])),
            }
        }
    }
    gathered
}

/// The series of what was gathered; `names` are those of the columns that tell them apart.
pub(crate) fn series_of(
    gathered: &Gathered,
    names: &[String],
    centre: Centre,
    spread: Spread,
    categories: bool,
) -> Vec<Series> {
    let name = |key: &[Cell]| match (names, key) {
        // One column's values need no name where they are names themselves.
        ([_], [Cell::Text(text)]) => text.to_string(),
        _ => {
            let parts = names.iter().zip(key).map(|(name, cell)| format!("{name} = {}", shown(cell)));
            parts.collect::<Vec<_>>().join(", ")
        }
    };
    let point = |(x, numbers): &Spot| {
        let of = |statistic: Statistic| statistic.of(numbers);
        let y = of(match centre {
            Centre::Mean => Statistic::Mean,
            Centre::Median => Statistic::Median,
            Centre::Min => Statistic::Min,
            Centre::Max => Statistic::Max,
        })?;
        let around = |half: Option<f64>| half.map_or((y, y), |half| (y - half, y + half));
        let (low, high) = match spread {
            Spread::Std => around(of(Statistic::Std)),
            Spread::Sem => around(of(Statistic::Sem)),
            Spread::Range => (of(Statistic::Min)?, of(Statistic::Max)?),
            Spread::None => (y, y),
        };
        let x = match x.number() {
            Some(x) if !categories => Position::Number(x),
            _ => Position::Category(shown(x)),
        };
        Some(Point { x, y, low, high, n: numbers.len() })
    };
    let series = gathered
        .series
        .iter()
        .map(|(key, points)| Series { name: name(key), points: points.iter().filter_map(point).collect() });
    series.collect()
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => "none".to_owned(),
        Cell::Float(x) => x.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_points_in_order() {
        let of = |b: f64, k1: i64, y: f64| (vec![Cell::Float(b)], Cell::Int(k1), y);
        let gathered = gather([of(0.4, 2, 1.0), of(0.3, 1, 5.0), of(0.4, 1, 3.0), of(0.4, 2, 3.0)].into_iter());
        let series = series_of(&gathered, &["b".to_owned()], Centre::Mean, Spread::Range, false);
        assert_eq!(series.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["b = 0.3", "b = 0.4"]);
        let point = |x: f64, y, low, high, n| Point { x: Position::Number(x), y, low, high, n };
        assert_eq!(series[1].points, [point(1.0, 3.0, 3.0, 3.0, 1), point(2.0, 2.0, 1.0, 3.0, 2)]);
    }
}
