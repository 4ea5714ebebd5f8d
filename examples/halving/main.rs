//! Successive halving: many learning rates and widths for a small neural network are trained for a few epochs, the better
//! half of them for twice as many, and so on until one is left (Jamieson and Talwalkar, 2016).
//!
//! Each rung goes on from the weights of the one below, so no epoch is computed twice, and a search with more rungs or
//! more candidates computes only what is new. The wines are those of the example `wine`.
//!
//! ```text
//! cargo run --release --example halving             # 16 candidates, 31 trainings
//! cargo run --release --example halving -- DIR 32   # twice as many candidates: what was trained is kept
//! ```

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod network;

use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

use network::{Network, wines};

/// A network's hidden layer and how it learns.
#[config(id = "halving.candidate")]
struct Candidate {
    /// Units of the hidden layer
    width: usize,
    /// Step size of gradient descent
    rate: f64,
}

/// Trains a network for some epochs, from the start or from where another training ended.
#[task(id = "halving.train")]
struct Train {
    candidate: Candidate,
    /// How many times each wine is looked at
    epochs: usize,
    /// The training that this one goes on from
    from: Option<Box<Self>>,
    #[param(path = "weights.json")]
    weights: PathBuf,
}

/// What a training came to: the error on wines that it did not see.
#[derive(Serialize, Deserialize, Clone, Copy)]
struct Trained {
    epochs: usize,
    rmse: f64,
}

impl Task for Train {
    type Output = Trained;

    fn execute(&self, job: &JobContext) -> TaskResult<Trained> {
        let (train, validation) = wines();
        let mut network = match &self.from {
            Some(before) => serde_json::from_slice(&std::fs::read(&before.weights)?)?,
            // Not the job's own seed: it is the candidates that are compared.
            None => Network::new(self.candidate.width, 1),
        };
        for _ in job.progress("epochs", 0..self.epochs) {
            network.epoch(&train, self.candidate.rate);
            job.metric("rmse", network.epochs, network.rmse(&validation));
        }
        std::fs::File::create(&self.weights)?.write_all(&serde_json::to_vec(&network)?)?;
        Ok(Trained { epochs: network.epochs, rmse: network.rmse(&validation) })
    }
}

#[xpm::main]
fn main() -> xpm::Result<()> {
    let mut args = std::env::args().skip(1);
    let workdir = args.next().unwrap_or_else(|| "workspaces/halving".to_owned());
    let candidates: usize = args.next().map_or(Ok(16), |n| n.parse())?;
    xpm::experiment(workdir, "halving").run_async(async |xp| {
        let mut rung = Vec::new();
        for i in 0..candidates {
            // Widths and rates that lie close together for every number of candidates.
            let (width, rate) = ([4, 8, 16, 32][i % 4], 0.3 * 0.6_f64.powi(i32::try_from(i / 4)?));
            let candidate = Candidate::config().width(tag(width)).rate(tag(rate));
            rung.push(Train::config().candidate(candidate).epochs(2).submit(xp)?);
        }
        for epochs in std::iter::successors(Some(2), |epochs| Some(epochs * 2)) {
            let mut ranked = Vec::new();
            for job in rung {
                ranked.push(((&job).await?, job));
            }
            ranked.sort_by(|(a, _), (b, _)| a.rmse.total_cmp(&b.rmse));
            let (best, job) = &ranked[0];
            println!(
                "{:3} trained for {:3} epochs; best: {:.3}  {}",
                ranked.len(),
                best.epochs,
                best.rmse,
                tagspath(job)
            );
            if ranked.len() == 1 {
                break;
            }
            ranked.truncate(ranked.len().div_ceil(2));
            let on = |(_, job): (Trained, Job<Train>)| {
                Train::config().candidate(job.config().candidate).epochs(epochs).from(&job).submit(xp)
            };
            rung = ranked.into_iter().map(on).collect::<xpm::Result<_>>()?;
        }
        Ok(())
    })
}
