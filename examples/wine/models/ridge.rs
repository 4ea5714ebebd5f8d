//! Ridge regression.

use xpm::prelude::*;

use super::{Model, Predictor, mean_quality};
use crate::data::Wine;

/// Linear regression with a penalty on the squared weights.
#[config(id = "wine.ridge")]
pub(crate) struct Ridge {
    /// How much a squared weight costs, in squared errors of quality
    #[param(default = 1.0)]
    penalty: f64,
}

/// Sweeps over the weights: far more than 11 of them need.
const SWEEPS: usize = 1000;

#[config]
impl Model for Ridge {
    /// Solves (XᵀX + penalty · I) w = Xᵀy by Gauss–Seidel. Standardised measurements make the intercept the mean.
    fn fit(&self, wines: &[Wine]) -> TaskResult<Predictor> {
        let intercept = mean_quality(wines);
        let n = wines.first().map_or(0, |wine| wine.chemistry.len());
        let sum = |of: &dyn Fn(&Wine) -> f64| wines.iter().map(of).sum::<f64>();
        let column = |j: usize| -> Vec<f64> { (0..n).map(|i| sum(&|w| w.chemistry[i] * w.chemistry[j])).collect() };
        let gram: Vec<Vec<f64>> = (0..n).map(column).collect();
        let target: Vec<f64> = (0..n).map(|i| sum(&|w| w.chemistry[i] * (w.quality - intercept))).collect();
        let mut weights = vec![0.0; n];
        for _ in 0..SWEEPS {
            for i in 0..n {
                let rest = target[i] - dot(&gram[i], &weights) + gram[i][i] * weights[i];
                weights[i] = rest / (gram[i][i] + self.penalty);
            }
        }
        Ok(Box::new(move |x| intercept + dot(&weights, x)))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
