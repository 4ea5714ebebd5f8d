//! A user's program with tasks, for the tests of the commands behind `xpm`.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, reason = "a program, not a library")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "written as users write")]

use std::collections::HashSet;
use std::path::PathBuf;

use xpm::prelude::*;

/// A document collection.
#[config(id = "roles.collection")]
pub struct Collection {
    /// Name of the collection
    pub name: String,
    pub path: PathBuf,
}

/// Which loss to minimise.
#[config(id = "roles.loss")]
pub enum Loss {
    Mse,
    Huber {
        #[param(default = 1.0)]
        delta: f64,
    },
}

/// Ranks every topic.
///
/// And measures the run.
#[task(id = "roles.rank", version = 2)]
pub struct Rank {
    pub collection: Collection,
    /// What is minimised:
    /// - mse
    /// - huber, which is
    ///   linear far from zero
    #[param(default = Loss::Mse)]
    pub loss: Loss,
    /// Documents kept per topic
    #[param(default = 1000)]
    pub depth: usize,
    #[param(default = false, ignore_default)]
    pub fast: bool,
    #[param(ignored, default = 1)]
    pub threads: u8,
    pub limit: Option<u32>,
    #[param(path = "run.txt")]
    pub run: PathBuf,
}

impl Task for Rank {
    type Output = usize;

    fn execute(&self, _: &JobContext) -> TaskResult<usize> {
        std::fs::write(&self.run, &self.collection.name)?;
        if self.collection.name == "none" {
            return Err(xpm::Error::msg("there is no such collection"));
        }
        Ok(self.depth)
    }
}

/// Looks at a run.
#[task(id = "roles.evaluate")]
pub struct Evaluate {
    pub rank: Rank,
}

impl Task for Evaluate {
    type Output = String;

    fn execute(&self, _: &JobContext) -> TaskResult<String> {
        Ok(std::fs::read_to_string(&self.rank.run)?)
    }
}

/// Runs only if something needs it.
#[task(id = "roles.prepare", transient)]
pub struct Prepare {
    #[param(default = 3)]
    pub size: u32,
}

impl Task for Prepare {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.size)
    }
}

/// Its arguments are called as flags that clap has too.
#[task(id = "roles.asks")]
pub struct Asks {
    #[param(default = 1)]
    pub help: u32,
    #[param(default = 1)]
    pub version: u32,
    #[param(default = true)]
    pub x: bool,
    #[param(default = 1)]
    pub no_x: u32,
}

impl Task for Asks {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.help + self.version + self.no_x + u32::from(self.x))
    }
}

#[config]
pub trait Shape: Send + Sync {}

#[config(id = "roles.square")]
pub struct Square {
    pub side: u32,
}

#[config]
impl Shape for Square {}

#[config(id = "roles.tuned")]
pub struct Tuned {
    pub k: u32,
    #[param(ignored, default = 1)]
    pub threads: u32,
    #[param(default = 7, ignore_default)]
    pub extra: u32,
}

/// Its variants have an argument that is called as what says in files which is chosen.
#[config(id = "roles.kind")]
pub enum Kind {
    A { r#type: String },
    B { r#type: String },
}

/// What lock files tell of.
#[config(id = "roles.holder")]
pub struct Holder {
    pub shape: Box<dyn Shape>,
    #[param(default = Tuned { k: 2, threads: 1, extra: 7 })]
    pub tuned: Tuned,
    #[param(default = Some(2), ignore_default)]
    pub least: Option<u32>,
    #[param(default = HashSet::from(["c".to_owned(), "a".to_owned(), "b".to_owned(), "d".to_owned()]))]
    pub names: HashSet<String>,
    #[param(default = Kind::B { r#type: "z".to_owned() })]
    pub kind: Kind,
    #[param(json)]
    pub notes: u32,
}

/// `roles WORKDIR`: the plan.
#[xpm::main]
fn main() -> xpm::Result<()> {
    let workdir = std::env::args_os().nth(1).ok_or_else(|| xpm::Error::msg("usage: roles WORKDIR"))?;
    xpm::experiment(PathBuf::from(workdir), "roles").run(|xp| {
        let robust = Collection::config().name("robust").path("/data").build();
        let rank = Rank::config().collection(&robust).loss(Loss::Huber { delta: 2.0 }).depth(7).submit(xp)?;
        let evaluate = Evaluate::config().rank(&rank).submit(xp)?;
        println!("{}\n{}", rank.path().display(), evaluate.path().display());
        Ok(())
    })
}
