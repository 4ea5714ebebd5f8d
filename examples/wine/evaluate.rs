//! Measuring models: on a fold or on the wines held out, and over all folds.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

use crate::data::{Prepare, mean_sd, read, standardise};
use crate::models::Model;

/// Which wines a model learns from, and which it is measured on.
#[config(id = "wine.split")]
pub(crate) enum Split {
    /// Measured on one part of the development wines, learnt from the others
    CrossValidation {
        /// Which part, from 0
        fold: usize,
        /// How many parts there are
        folds: usize,
    },
    /// Measured on the wines held out, learnt from all others
    HeldOut,
}

/// Lets a model learn from some wines and measures it on others.
#[task(id = "wine.evaluate")]
pub(crate) struct Evaluate {
    /// The wines
    data: Prepare,
    /// What learns
    model: Box<dyn Model>,
    /// Who learns from what
    split: Split,
    /// Quality and predicted quality, a line for each wine it is measured on
    #[param(path = "predictions.csv")]
    predictions: PathBuf,
}

/// How near the predictions come.
#[derive(Serialize, Deserialize)]
pub(crate) struct Score {
    /// The root of the mean squared error.
    pub(crate) rmse: f64,
    /// The share of wines whose rounded prediction is the quality.
    pub(crate) exact: f64,
}

impl Task for Evaluate {
    type Output = Score;

    fn execute(&self, _job: &JobContext) -> TaskResult<Score> {
        let development = read(&self.data.development)?;
        let (mut train, mut test) = match self.split {
            Split::HeldOut => (development, read(&self.data.held_out)?),
            Split::CrossValidation { fold, folds } => {
                let (mut others, mut part) = (Vec::new(), Vec::new());
                for (i, wine) in development.into_iter().enumerate() {
                    if i % folds == fold { &mut part } else { &mut others }.push(wine);
                }
                (others, part)
            }
        };
        standardise(&mut train, &mut test);
        let predict = self.model.fit(&train)?;
        let mut file = BufWriter::new(File::create(&self.predictions)?);
        writeln!(file, "quality,predicted")?;
        let (mut squares, mut exact) = (0.0, 0.0);
        for wine in &test {
            let predicted = predict(&wine.chemistry);
            writeln!(file, "{},{predicted}", wine.quality)?;
            squares += (predicted - wine.quality).powi(2);
            exact += f64::from(predicted.round() == wine.quality);
        }
        file.flush()?;
        let n = test.len() as f64;
        Ok(Score { rmse: (squares / n).sqrt(), exact: exact / n })
    }
}

/// Sums up what the folds measured.
#[task(id = "wine.average")]
pub(crate) struct Average {
    /// What was measured
    model: Box<dyn Model>,
    /// What each fold measured
    #[param(json)]
    scores: Vec<Score>,
}

/// The scores over the folds, mean and standard deviation.
#[derive(Serialize, Deserialize)]
pub(crate) struct Estimate {
    pub(crate) rmse: (f64, f64),
    pub(crate) exact: (f64, f64),
}

impl Task for Average {
    type Output = Estimate;

    fn execute(&self, _job: &JobContext) -> TaskResult<Estimate> {
        let over = |of: fn(&Score) -> f64| mean_sd(self.scores.iter().map(of));
        Ok(Estimate { rmse: over(|score| score.rmse), exact: over(|score| score.exact) })
    }
}
