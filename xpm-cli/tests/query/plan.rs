//! The plan that the tests look at: a grid over seeds, jobs that depend on others, one that fails.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use xpm::prelude::*;

#[config(id = "q.bm25")]
pub struct Bm25 {
    pub k1: f64,
    pub b: f64,
    #[param(ignored, default = 4)]
    pub threads: usize,
}

/// Where the documents come from.
#[task(id = "q.prepare")]
pub struct Prepare {
    pub name: String,
    #[param(default = 10)]
    pub limit: usize,
}

impl Task for Prepare {
    type Output = ();

    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
pub struct Scores {
    pub map: f64,
    pub at: At,
    pub note: String,
}

#[derive(Serialize, Deserialize)]
pub struct At {
    pub p10: f64,
}

#[task(id = "q.rank")]
pub struct Rank {
    pub data: Prepare,
    pub model: Bm25,
    pub seed: u32,
    #[param(default = 1000)]
    pub depth: usize,
    #[param(path = "run.txt")]
    pub run: PathBuf,
}

impl Task for Rank {
    type Output = Scores;

    fn execute(&self, job: &JobContext) -> TaskResult<Scores> {
        if self.seed == 99 {
            return Err(xpm::Error::msg("this seed is refused"));
        }
        for step in 0..5 {
            job.metric("loss", step, 1.0 / f64::from(step + 1) + f64::from(self.seed) / 100.0);
        }
        let map = 0.2 + self.model.k1 / 10.0 - (self.model.b - 0.4).abs() / 4.0 + f64::from(self.seed) / 100.0;
        Ok(Scores { map, at: At { p10: map / 2.0 }, note: "50% of a_b".to_owned() })
    }
}

/// Makes a workspace. `what` is a part of it, or nothing for all.
pub fn make(workdir: &Path, what: &str) {
    let plan = |xp: &Experiment| {
        let data = Prepare::config().name("robust").submit(xp)?;
        for (k1, b) in [(0.6, 0.3), (0.6, 0.4), (0.9, 0.3), (0.9, 0.4)] {
            for seed in 1..=3 {
                let model = Bm25::config().k1(tag(k1)).b(tag(b));
                Rank::config().data(&data).model(model).seed(seed).submit(xp)?;
            }
        }
        xp.wait()
    };
    if what.is_empty() || what == "grid" {
        xpm::experiment(workdir, "grid").reporter(xpm::report::Silent).run(plan).unwrap();
    }
    if what.is_empty() || what == "mixed" {
        // Another limit of the data, another depth; and one job that fails.
        let plan = |xp: &Experiment| {
            let data = Prepare::config().name("robust").limit(20).submit(xp)?;
            let model = || Bm25::config().k1(0.9).b(0.4).threads(8);
            Rank::config().data(&data).model(model()).seed(1).submit(xp)?;
            let old = Prepare::config().name("robust").submit(xp)?;
            Rank::config().data(&old).model(model()).seed(1).depth(10).submit(xp)?;
            Rank::config().data(&old).model(model()).seed(99).submit(xp)?;
            Ok(())
        };
        xpm::experiment(workdir, "mixed").reporter(xpm::report::Silent).run(plan).unwrap_err();
    }
}

/// A workspace with both experiments, made once.
pub fn workspace() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        make(&folder.path().join("work"), "");
        folder
    })
    .path()
}

/// What `xpm` says.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `xpm` in the workspace.
pub fn xpm(args: &[&str]) -> Said {
    xpm_in(&workspace().join("work"), args)
}

/// Runs `xpm` in another workspace.
pub fn xpm_in(workdir: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xpm"));
    command.arg("--workdir").arg(workdir).args(args);
    command.env_remove("XPM_WORKDIR").env_remove("RUST_BACKTRACE");
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Said {
    /// It ended well; gives what it printed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// It ended with this code and says all of this on standard error.
    #[track_caller]
    pub fn fails(self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is not said:\n{}", self.stderr);
        }
    }
}
