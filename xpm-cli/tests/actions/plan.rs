//! The plan that these tests run: steps that a test holds and lets fail.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xpm::prelude::*;

/// Waits while `CONTROL/hold.NAME` exists, then fails if `CONTROL/fail.NAME` does.
#[task(id = "act.step")]
pub struct Step {
    pub name: String,
    pub control: PathBuf,
    pub after: Vec<Step>,
}

impl Task for Step {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        println!("{} began", self.name);
        eprintln!("{} warns", self.name);
        std::fs::write(self.control.join(format!("started.{}", self.name)), "")?;
        let begin = Instant::now();
        while self.control.join(format!("hold.{}", self.name)).exists() && begin.elapsed() < Duration::from_secs(100) {
            std::thread::sleep(Duration::from_millis(2));
        }
        println!("{} ends", self.name);
        if self.control.join(format!("fail.{}", self.name)).exists() {
            return Err(xpm::Error::msg("the disk is on fire"));
        }
        Ok(self.name.clone())
    }
}

/// Submits steps; `b:a` comes after `a`. The first holds a token.
pub fn make(workdir: &Path, control: &Path, steps: &[String]) -> xpm::Result<()> {
    xpm::experiment(workdir, "acts").run(|xp| {
        let token = xp.token("slots", 2)?;
        let mut jobs: Vec<(String, Job<Step>)> = Vec::new();
        for step in steps {
            let (name, after) = step.split_once(':').unwrap_or((step, ""));
            let after: Vec<_> = jobs.iter().filter(|(known, _)| known == after).map(|(_, job)| job.clone()).collect();
            let job = Step::config()
                .name(tag(name))
                .control(control)
                .after(after)
                .add_dependency(token.dependency(1))
                .submit(xp)?;
            jobs.push((name.to_owned(), job));
        }
        Ok(())
    })
}
