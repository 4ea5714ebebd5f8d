//! The family of models, open: a new one is a struct with `#[config]` and an `#[config] impl Model`, nothing else.

mod forest;
mod neighbours;
mod ridge;

use xpm::prelude::*;

pub(crate) use forest::{Forest, Tree};
pub(crate) use neighbours::{Distance, Neighbours};
pub(crate) use ridge::Ridge;

use crate::data::Wine;

/// What a model has learnt: a quality for the chemistry of a wine.
pub(crate) type Predictor = Box<dyn Fn(&[f64]) -> f64>;

/// Anything that learns to tell the quality of wines.
#[config]
pub(crate) trait Model: Send + Sync {
    /// Learns from `wines`, whose measurements are standardised.
    fn fit(&self, wines: &[Wine]) -> TaskResult<Predictor>;
}

/// The mean quality for every wine: what a model has to beat.
#[config(id = "wine.mean")]
pub(crate) struct Mean;

#[config]
impl Model for Mean {
    fn fit(&self, wines: &[Wine]) -> TaskResult<Predictor> {
        let mean = mean_quality(wines);
        Ok(Box::new(move |_| mean))
    }
}

fn mean_quality<'a>(wines: impl IntoIterator<Item = &'a Wine>) -> f64 {
    let (sum, n) = wines.into_iter().fold((0.0, 0.0), |(sum, n), wine| (sum + wine.quality, n + 1.0));
    sum / n
}
