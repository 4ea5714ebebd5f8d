//! A user's program, before its types are changed: `after.rs` is the same one later.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, reason = "a program, not a library")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "written as users write")]

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

#[config(id = "mig.model")]
pub struct Model {
    pub k: f64,
    #[param(default = 3)]
    pub depth: u32,
    #[param(ignored, default = 1)]
    pub threads: u32,
}

#[config(id = "mig.schedule")]
pub struct Schedule {
    pub value: u32,
}

#[derive(Serialize, Deserialize, Clone)]
pub struct Metrics {
    pub loss: f64,
}

#[task(id = "mig.train", resumable)]
pub struct Train {
    pub model: Model,
    pub seed: u64,
    #[param(path = "weights.bin")]
    pub weights: PathBuf,
}

impl Task for Train {
    type Output = Metrics;

    fn execute(&self, job: &JobContext) -> TaskResult<Metrics> {
        std::fs::write(&self.weights, format!("{} {}", self.model.k, self.seed))?;
        std::fs::create_dir("checkpoints")?;
        std::fs::write("checkpoints/1.txt", "first")?;
        std::os::unix::fs::symlink("checkpoints/1.txt", "last.txt")?;
        job.metric("loss", 1, self.model.k);
        println!("trained with {}", self.seed);
        Ok(Metrics { loss: self.model.k })
    }
}

/// Its own identity moves only since that of what it depends on does.
#[task(id = "mig.evaluate")]
pub struct Evaluate {
    pub train: Train,
    #[param(json)]
    pub baseline: Metrics,
    pub weights: PathBuf,
    pub produced: Model,
}

impl Task for Evaluate {
    type Output = String;

    fn execute(&self, _: &JobContext) -> TaskResult<String> {
        let read = std::fs::read_to_string(&self.train.weights)?;
        assert_eq!(read, std::fs::read_to_string(&self.weights)?);
        Ok(format!("{read} {}", self.baseline.loss))
    }
}

#[task(id = "mig.count.v1")]
pub struct CountV1 {
    pub train: Train,
    #[param(json)]
    pub baseline: Metrics,
    pub schedule: Schedule,
    pub n: u32,
}

impl Task for CountV1 {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.n + self.schedule.value)
    }
}

/// Gets fewer digits.
#[task(id = "mig.fine")]
pub struct Fine {
    pub x: f64,
}

impl Task for Fine {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(1)
    }
}

/// Its version is raised.
#[task(id = "mig.raised")]
pub struct Raised {
    pub x: u32,
}

impl Task for Raised {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.x)
    }
}

/// Gets an argument that nothing is said of, and what depends on it.
#[task(id = "mig.grown")]
pub struct Grown {
    pub x: u32,
}

impl Task for Grown {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.x)
    }
}

#[task(id = "mig.follows")]
pub struct Follows {
    pub grown: Grown,
}

impl Task for Follows {
    type Output = ();

    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

/// Is not there any more.
#[task(id = "mig.dropped")]
pub struct Dropped;

impl Task for Dropped {
    type Output = ();

    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

/// Stays, with an argument of another name.
#[task(id = "mig.same")]
pub struct Same {
    pub old_name: u32,
    #[param(ignored, default = 5)]
    pub going: u32,
}

impl Task for Same {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.old_name)
    }
}

/// Two of its jobs become one.
#[task(id = "mig.twin")]
pub struct Twin {
    pub x: u32,
    pub threads: u32,
}

impl Task for Twin {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.threads)
    }
}

/// What is a list today was a tuple, and what is a set was a list.
#[task(id = "mig.kinds")]
pub struct Kinds {
    pub pair: (u32, u32),
    pub names: Option<Vec<String>>,
    pub deep: Vec<Vec<u32>>,
}

impl Task for Kinds {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.pair.0)
    }
}

/// Gets another default, which nobody should do.
#[task(id = "mig.default")]
pub struct Default {
    #[param(default = 3, ignore_default)]
    pub x: u32,
}

impl Task for Default {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.x)
    }
}

/// Fails.
#[task(id = "mig.fails")]
pub struct Fails {
    pub x: u32,
}

impl Task for Fails {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Err(xpm::Error::msg("it always fails"))
    }
}

/// `before WORKDIR [all|default]`: the plan; with `all` also what does not carry over.
#[xpm::main]
fn main() -> xpm::Result<()> {
    let mut args = std::env::args().skip(1);
    let workdir = args.next().ok_or_else(|| xpm::Error::msg("usage: before WORKDIR [all]"))?;
    let what = args.next().unwrap_or_default();
    xpm::experiment(PathBuf::from(workdir), "mig").run(|xp| {
        for seed in [1, 2] {
            let train = Train::config().model(Model::config().k(0.5)).seed(seed).submit(xp)?;
            Evaluate::config()
                .train(&train)
                .baseline(train.promise())
                .weights(train.file("weights.bin"))
                .produced(train.produces(Model::config().k(9.0).depth(4)))
                .submit(xp)?;
            let schedule = Schedule::config().value(42).build();
            CountV1::config().train(&train).baseline(train.promise()).schedule(&schedule).n(7).submit(xp)?;
        }
        if what == "default" {
            [3, 5].into_iter().try_for_each(|x| Default::config().x(x).submit(xp).map(drop))?;
        }
        if what == "all" {
            Raised::config().x(1).submit(xp)?;
            [0.1, 0.123456789].into_iter().try_for_each(|x| Fine::config().x(x).submit(xp).map(drop))?;
            let grown = Grown::config().x(1).submit(xp)?;
            Follows::config().grown(&grown).submit(xp)?;
            Dropped::config().submit(xp)?;
            Same::config().old_name(1).submit(xp)?;
            let first = Twin::config().x(1).threads(1).submit(xp)?;
            first.wait()?;
            Twin::config().x(1).threads(2).add_dependency(&first).submit(xp)?;
            Kinds::config().pair((5, 6)).names(["b", "a"]).deep([vec![2, 1]]).submit(xp)?;
            Fails::config().x(1).submit(xp)?;
        }
        Ok(())
    })
}
