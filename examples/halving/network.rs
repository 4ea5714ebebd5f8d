//! A network with one hidden layer, trained by gradient descent: the same numbers on every machine.

use serde::{Deserialize, Serialize};

/// A wine: its measurements, standardised, and the tasters' grade, from the mean.
pub(crate) type Wine = (Vec<f64>, f64);

/// The wines to learn from, and those to measure the error on: every fourth.
pub(crate) fn wines() -> (Vec<Wine>, Vec<Wine>) {
    let set = linfa_datasets::winequality();
    let mut columns: Vec<Vec<f64>> = set.records().columns().into_iter().map(|column| column.to_vec()).collect();
    columns.iter_mut().for_each(|column| standardise(column));
    let mut grades: Vec<f64> = set.targets().iter().map(|grade| *grade as f64).collect();
    let mean = grades.iter().sum::<f64>() / grades.len() as f64;
    grades.iter_mut().for_each(|grade| *grade -= mean);
    let wines = (0..grades.len()).map(|i| (columns.iter().map(|column| column[i]).collect(), grades[i]));
    let (held, rest): (Vec<_>, Vec<_>) = wines.enumerate().partition(|(i, _)| i % 4 == 0);
    let strip = |wines: Vec<(usize, Wine)>| wines.into_iter().map(|(_, wine)| wine).collect();
    (strip(rest), strip(held))
}

fn standardise(column: &mut [f64]) {
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    let sd = (column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    column.iter_mut().for_each(|x| *x = (*x - mean) / sd);
}

/// Weights, and how long they were trained.
#[derive(Serialize, Deserialize)]
pub(crate) struct Network {
    /// Of each hidden unit: a weight for each measurement, and one more.
    hidden: Vec<Vec<f64>>,
    /// A weight for each hidden unit, and one more.
    output: Vec<f64>,
    pub(crate) epochs: usize,
}

impl Network {
    pub(crate) fn new(width: usize, seed: u64) -> Self {
        // The generator SplitMix64 (Steele, Lea and Flood, 2014), as numbers from -0.5 to 0.5.
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        let hidden = (0..width).map(|_| (0..12).map(|_| random()).collect()).collect();
        Self { hidden, output: (0..=width).map(|_| random()).collect(), epochs: 0 }
    }

    fn predict(&self, x: &[f64]) -> (Vec<f64>, f64) {
        let units: Vec<f64> = self.hidden.iter().map(|weights| sum(weights, x).tanh()).collect();
        let grade = sum(&self.output, &units);
        (units, grade)
    }

    /// Looks at each wine once.
    pub(crate) fn epoch(&mut self, wines: &[Wine], rate: f64) {
        let rate = rate / 10.0;
        for (x, grade) in wines {
            let (units, predicted) = self.predict(x);
            // Clipped, so that a rate that is too large gives bad weights and not infinite ones.
            let error = (predicted - grade).clamp(-3.0, 3.0);
            for (j, unit) in units.iter().enumerate() {
                let slope = error * self.output[j] * (1.0 - unit * unit);
                step(&mut self.hidden[j], x, rate * slope);
            }
            step(&mut self.output, &units, rate * error);
        }
        self.epochs += 1;
    }

    /// The root of the mean squared error.
    pub(crate) fn rmse(&self, wines: &[Wine]) -> f64 {
        let squares: f64 = wines.iter().map(|(x, grade)| (self.predict(x).1 - grade).powi(2)).sum();
        (squares / wines.len() as f64).sqrt()
    }
}

/// The weighted sum, with the last weight by itself.
fn sum(weights: &[f64], x: &[f64]) -> f64 {
    weights.iter().zip(x.iter().chain(&[1.0])).map(|(w, x)| w * x).sum()
}

fn step(weights: &mut [f64], x: &[f64], by: f64) {
    weights.iter_mut().zip(x.iter().chain(&[1.0])).for_each(|(w, x)| *w -= by * x);
}
