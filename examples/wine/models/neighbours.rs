//! The k nearest neighbours.

use anyhow::ensure;
use xpm::prelude::*;

use super::{Model, Predictor, mean_quality};
use crate::data::Wine;

/// The mean quality of the wines whose chemistry is nearest.
#[config(id = "wine.neighbours", validate = Neighbours::ask_somebody)]
pub(crate) struct Neighbours {
    /// How many wines are asked
    k: usize,
    /// What near means
    #[param(default = Distance::Euclidean)]
    distance: Distance,
}

/// A distance between two wines: a closed family, so an enum.
#[config(id = "wine.distance")]
#[derive(Clone, Copy)]
pub(crate) enum Distance {
    /// The sum of the differences
    Manhattan,
    /// The root of the sum of the squared differences
    Euclidean,
}

impl Neighbours {
    /// Checked when a job is submitted.
    fn ask_somebody(&self) -> xpm::Result<()> {
        ensure!(self.k > 0, "k is 0, and a mean is over one wine at least");
        Ok(())
    }
}

impl Distance {
    fn between(self, a: &[f64], b: &[f64]) -> f64 {
        let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
        match self {
            Distance::Manhattan => differences.sum(),
            Distance::Euclidean => differences.map(|d| d * d).sum::<f64>().sqrt(),
        }
    }
}

#[config]
impl Model for Neighbours {
    fn fit(&self, wines: &[Wine]) -> TaskResult<Predictor> {
        let (k, distance, wines) = (self.k, self.distance, wines.to_vec());
        Ok(Box::new(move |x| {
            let mut near: Vec<_> = wines.iter().map(|wine| (distance.between(&wine.chemistry, x), wine)).collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0));
            mean_quality(near.iter().take(k).map(|(_, wine)| *wine))
        }))
    }
}
