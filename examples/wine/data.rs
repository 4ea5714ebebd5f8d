//! The wines: where they come from, and which of them are held out.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

use crate::random::Random;

/// A wine: what was measured, and what tasters thought of it.
#[derive(Serialize, Deserialize, Clone, PartialEq)]
pub(crate) struct Wine {
    /// Acidity, sugar, alcohol and so on: 11 numbers.
    pub(crate) chemistry: Vec<f64>,
    /// The median grade of three tasters or more, between 0 and 10.
    pub(crate) quality: f64,
}

/// Reads the wines, leaves out repeated ones, shuffles them, and holds some of them out.
#[task(id = "wine.prepare")]
pub(crate) struct Prepare {
    /// Share of the wines that is held out
    #[param(default = 0.25)]
    share: f64,
    /// Seed of the shuffle
    #[param(default = 1)]
    seed: u64,
    /// The wines to choose a model by
    #[param(path = "development.json")]
    pub(crate) development: PathBuf,
    /// The wines to judge it by
    #[param(path = "held-out.json")]
    pub(crate) held_out: PathBuf,
}

/// How many wines there are.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sizes {
    pub(crate) development: usize,
    pub(crate) held_out: usize,
}

impl Task for Prepare {
    type Output = Sizes;

    fn execute(&self, _job: &JobContext) -> TaskResult<Sizes> {
        let set = linfa_datasets::winequality();
        let mut wines: Vec<Wine> = Vec::new();
        for (chemistry, quality) in set.records().outer_iter().zip(set.targets()) {
            let wine = Wine { chemistry: chemistry.to_vec(), quality: *quality as f64 };
            // 240 rows repeat another one: a model would have seen wines that it is measured on.
            if !wines.contains(&wine) {
                wines.push(wine);
            }
        }
        Random(self.seed).shuffle(&mut wines);
        let (held_out, development) = wines.split_at((self.share * wines.len() as f64).round() as usize);
        write(&self.development, development)?;
        write(&self.held_out, held_out)?;
        Ok(Sizes { development: development.len(), held_out: held_out.len() })
    }
}

fn write(path: &Path, wines: &[Wine]) -> TaskResult<()> {
    Ok(File::create(path)?.write_all(&serde_json::to_vec(wines)?)?)
}

/// Reads what [`Prepare`] wrote.
pub(crate) fn read(path: &Path) -> TaskResult<Vec<Wine>> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// Brings each measurement to mean 0 and standard deviation 1 over `train`; what `test` holds is not looked at.
pub(crate) fn standardise(train: &mut [Wine], test: &mut [Wine]) {
    for column in 0..train.first().map_or(0, |wine| wine.chemistry.len()) {
        let (mean, sd) = mean_sd(train.iter().map(|wine| wine.chemistry[column]));
        for wine in train.iter_mut().chain(test.iter_mut()) {
            wine.chemistry[column] = (wine.chemistry[column] - mean) / sd;
        }
    }
}

/// Mean and sample standard deviation.
pub(crate) fn mean_sd(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let squares: f64 = values.map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}
