//! `before.rs` with changed types.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, reason = "a program, not a library")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "written as users write")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

/// Another name for itself and for an argument, an argument more, and the depth of before is not in the identity any more.
#[config(id = "mig.net", renamed_from = "mig.model")]
pub struct Net {
    #[param(renamed_from = "k")]
    pub k1: f64,
    #[param(default = 3, ignore_default)]
    pub depth: u32,
    #[param(default = false, ignore_default)]
    pub delta: bool,
    #[param(ignored, default = 1)]
    pub threads: u32,
}

#[config(id = "mig.schedule", deprecated = Steps)]
pub struct Schedule {
    pub value: u32,
}

#[config(id = "mig.steps")]
pub struct Steps {
    pub values: Vec<u32>,
}

impl From<Schedule> for Steps {
    fn from(old: Schedule) -> Self {
        Self { values: vec![old.value] }
    }
}

#[derive(Serialize, Deserialize, Clone)]
pub struct Metrics {
    pub loss: f64,
}

#[task(id = "mig.fit", renamed_from = ["mig.train", "mig.teach"], resumable)]
pub struct Fit {
    #[param(renamed_from = "model")]
    pub net: Net,
    pub seed: u64,
    #[param(path = "weights.bin")]
    pub weights: PathBuf,
}

impl Task for Fit {
    type Output = Metrics;

    fn execute(&self, _: &JobContext) -> TaskResult<Metrics> {
        std::fs::write(&self.weights, format!("{} {}", self.net.k1, self.seed))?;
        std::fs::write("by_after", "")?;
        Ok(Metrics { loss: self.net.k1 })
    }
}

#[task(id = "mig.evaluate")]
pub struct Evaluate {
    pub train: Fit,
    #[param(json)]
    pub baseline: Metrics,
    pub weights: PathBuf,
    pub produced: Net,
}

impl Task for Evaluate {
    type Output = String;

    fn execute(&self, _: &JobContext) -> TaskResult<String> {
        Ok("by after".to_owned())
    }
}

#[task(id = "mig.count.v1", deprecated = Count)]
pub struct CountV1 {
    pub train: Fit,
    #[param(json)]
    pub baseline: Metrics,
    pub schedule: Steps,
    pub n: u32,
}

impl Task for CountV1 {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Err(xpm::Error::msg("deprecated"))
    }
}

#[task(id = "mig.count")]
pub struct Count {
    pub fits: Vec<Fit>,
    #[param(json)]
    pub baseline: Metrics,
    pub schedule: Steps,
    pub limits: (u32, u32),
}

impl From<CountV1> for Count {
    fn from(old: CountV1) -> Self {
        println!("a count is converted");
        Self { fits: vec![old.train], baseline: old.baseline, schedule: old.schedule, limits: (0, old.n) }
    }
}

impl Task for Count {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.limits.1)
    }
}

/// Had more digits.
#[task(id = "mig.fine")]
pub struct Fine {
    pub x: f32,
}

impl Task for Fine {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(1)
    }
}

#[task(id = "mig.raised", version = 1)]
pub struct Raised {
    pub x: u32,
}

impl Task for Raised {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.x)
    }
}

#[task(id = "mig.grown")]
pub struct Grown {
    pub x: u32,
    #[param(default = 2)]
    pub y: u32,
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

#[task(id = "mig.same")]
pub struct Same {
    #[param(id = "old_name")]
    pub name: u32,
}

impl Task for Same {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.name)
    }
}

/// New, and reads the arguments of a job that the program of before has run, under the identity that it had then.
#[task(id = "mig.reads")]
pub struct Reads {
    pub same: Same,
    pub fit: Fit,
}

impl Task for Reads {
    type Output = String;

    fn execute(&self, _: &JobContext) -> TaskResult<String> {
        Ok(format!("{} {}", self.same.name, std::fs::read_to_string(&self.fit.weights)?))
    }
}

#[task(id = "mig.twin")]
pub struct Twin {
    pub x: u32,
    #[param(ignored, default = 1)]
    pub threads: u32,
}

impl Task for Twin {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.threads)
    }
}

#[task(id = "mig.kinds")]
pub struct Kinds {
    pub pair: [u32; 2],
    pub names: Option<BTreeSet<String>>,
    pub deep: Vec<BTreeSet<u32>>,
}

impl Task for Kinds {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        // What was done before it was a list gave another number.
        Ok(0)
    }
}

/// Its default was another one.
#[task(id = "mig.default")]
pub struct Default {
    #[param(default = 5, ignore_default)]
    pub x: u32,
}

impl Task for Default {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.x)
    }
}

#[task(id = "mig.failed", renamed_from = "mig.fails")]
pub struct Fails {
    pub x: u32,
}

impl Task for Fails {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.x)
    }
}

/// `after WORKDIR [all|deprecated|killed]`: the plan, as `before` has it.
#[xpm::main]
fn main() -> xpm::Result<()> {
    let mut args = std::env::args().skip(1);
    let workdir = args.next().ok_or_else(|| xpm::Error::msg("usage: after WORKDIR [WHAT]"))?;
    let what = args.next().unwrap_or_default();
    xpm::experiment(PathBuf::from(workdir), "mig").run(|xp| {
        for seed in [1, 2] {
            let fit = Fit::config().net(Net::config().k1(0.5)).seed(seed).submit(xp)?;
            Evaluate::config()
                .train(&fit)
                .baseline(fit.promise())
                .weights(fit.file("weights.bin"))
                .produced(fit.produces(Net::config().k1(9.0).depth(4)))
                .submit(xp)?;
            let count = Count::config().fits([&fit]).baseline(fit.promise()).limits((0, 7));
            count.schedule(Steps::config().values([42])).submit(xp)?;
            if what == "all" {
                let same = Same::config().name(1).submit(xp)?;
                let reads = Reads::config().same(&same).fit(&fit).submit(xp)?;
                println!("{}", reads.output()?);
                let kinds = Kinds::config().pair([5, 6]).names(["a", "b"]).deep([BTreeSet::from([1, 2])]).submit(xp)?;
                println!("{}", kinds.output()?);
                println!("{}", Twin::config().x(1).submit(xp)?.output()?);
            }
        }
        if what == "deprecated" {
            #[expect(deprecated, reason = "what the compiler says to plans is tested by this line")]
            let old = Schedule::config().value(1).build();
            println!("{}", old.identity() == Schedule { value: 1 }.into_identity());
        }
        Ok(())
    })
}

impl Schedule {
    fn into_identity(self) -> xpm::Identity {
        Steps::from(self).into_id()
    }
}

impl Steps {
    fn into_id(self) -> xpm::Identity {
        Steps::config().values(self.values).identity()
    }
}
