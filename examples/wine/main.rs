//! How well can a red wine's quality be told from its chemistry, and by which kind of model?
//!
//! Three kinds of models over a grid of arguments, each measured by cross-validation on 1,599 Portuguese wines (Cortez
//! et al., 2009), less those held out; the best then learns from all but the latter, and is judged by them.
//!
//! ```text
//! cargo run --release --example wine                                 # runs 141 jobs, prints a table, draws a plot
//! cargo run --release --example wine                                 # again: the same table, and nothing runs
//! cargo run --release --example wine -- --neighbours 1,3,10,30,50    # 50 instead of 100: 12 jobs run
//! ```

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod data;
mod evaluate;
mod models;
mod random;
mod report;

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use xpm::prelude::*;
use xpm::{Arg, Result};

use data::Prepare;
use evaluate::{Average, Evaluate, Split};
use models::{Distance, Forest, Mean, Model, Neighbours, Ridge, Tree};
use report::Row;

const FOLDS: usize = 5;

#[xpm::main]
fn main() -> Result<()> {
    let cli = Cli::parse()?;
    xpm::experiment(&cli.workdir, "wine").run(|xp| {
        let data = Prepare::config().submit(xp)?;
        let mut jobs = Vec::new();
        for model in grid(&cli) {
            jobs.push(cross_validate(xp, &data, &model)?);
        }
        let mut rows = Vec::new();
        for job in jobs {
            rows.push(Row { tags: job.tags(), estimate: job.output()?, job });
        }
        // The baseline stays first.
        rows[1..].sort_by(|a, b| a.estimate.rmse.0.total_cmp(&b.estimate.rmse.0));

        let sizes = data.output()?;
        println!("{} wines to choose a model by, in {FOLDS} folds:\n", sizes.development);
        report::print(&rows);

        // Only now, with the choice made, are the wines held out looked at.
        println!("\nThe best and the baseline on the {} wines held out:\n", sizes.held_out);
        let tests = [&rows[1], &rows[0]].map(|row| {
            let model = row.job.config().model;
            (row, Evaluate::config().data(&data).model(model).split(Split::HeldOut).submit(xp))
        });
        for (row, test) in tests {
            let score = test?.output()?;
            println!("{:<38}{:.3}           {:4.1} %", row.name(), score.rmse, score.exact * 100.0);
        }

        let results = xp.results_path();
        report::write_csv(&rows, &results.join("scores.csv"))?;
        report::plot(&rows, &results.join("scores.svg"))?;
        for row in &rows {
            symlink(row.job.path(), results.join(tagspath(&row.job)))?;
        }
        println!("\nTable, plot and links to the jobs are in {}", results.display());
        Ok(())
    })
}

/// The models to compare, the baseline first. Tags name what varies.
fn grid(cli: &Cli) -> Vec<Arg<Box<dyn Model>>> {
    let mut models = vec![Mean::config().tag("model", "mean").into_arg()];
    for penalty in [1.0, 10.0, 100.0, 1000.0] {
        models.push(Ridge::config().penalty(tag(penalty)).tag("model", "ridge").into_arg());
    }
    for &k in &cli.neighbours {
        for distance in [Distance::Manhattan, Distance::Euclidean] {
            models.push(Neighbours::config().k(tag(k)).distance(tag(distance)).tag("model", "neighbours").into_arg());
        }
    }
    for depth in [2, 4, 8, 16] {
        for leaf in [1, 20] {
            let tree = Tree::config().depth(tag(depth)).leaf(tag(leaf));
            models.push(Forest::config().tree(tree).tag("model", "forest").into_arg());
        }
    }
    models
}

/// One job a fold, and one that sums them up.
fn cross_validate(xp: &Experiment, data: &Job<Prepare>, model: &Arg<Box<dyn Model>>) -> Result<Job<Average>> {
    let mut scores = Vec::new();
    for fold in 0..FOLDS {
        let split = Split::config().cross_validation().fold(tag(fold)).folds(FOLDS);
        scores.push(Evaluate::config().data(data).model(model).split(split).submit(xp)?.promise());
    }
    // The folds' tags stay with them: the sum has those of the model.
    Average::config().model(model).scores(stop_tags(scores)).submit(xp)
}

/// `[WORKDIR] [--neighbours K,K,…]`
struct Cli {
    workdir: PathBuf,
    neighbours: BTreeSet<usize>,
}

impl Cli {
    fn parse() -> Result<Self> {
        let mut cli = Self { workdir: "workspaces/wine".into(), neighbours: [1, 3, 10, 30, 100].into() };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--neighbours" => {
                    let list = args.next().context("--neighbours needs numbers: --neighbours 1,3,10")?;
                    cli.neighbours = list.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                option if option.starts_with('-') => bail!("{option} is unknown; there is --neighbours K,K,…"),
                workdir => cli.workdir = workdir.into(),
            }
        }
        Ok(cli)
    }
}
