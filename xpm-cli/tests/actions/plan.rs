//! The plan that these tests run: steps that a test holds and lets fail.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xpm::prelude::*;

/// Emits twice if `CONTROL/emit.NAME` exists. Starts a child that saves its work when it is asked to stop, if `CONTROL/child.NAME` does. Waits while `CONTROL/hold.NAME` does, then fails if `CONTROL/fail.NAME` does, with what stands in that.
#[task(id = "act.step")]
pub struct Step {
    pub name: String,
    pub control: PathBuf,
    pub after: Vec<Step>,
}

impl Task for Step {
    type Output = String;

    fn execute(&self, job: &JobContext) -> TaskResult<String> {
        println!("{} began", self.name);
        if self.control.join(format!("emit.{}", self.name)).exists() {
            job.emit("saved", "first")?;
            job.emit("saved", "se\u{1b}cond")?;
        }
        eprintln!("{} warns", self.name);
        std::fs::write(self.control.join(format!("started.{}", self.name)), "")?;
        note(&self.control, &self.name)?;
        if self.control.join(format!("child.{}", self.name)).exists() {
            let script =
                "trap 'sleep 0.2; : > \"$0.saved\"; exit' TERM; : > \"$0.ready\"; while :; do sleep 0.05; done";
            let path = self.control.join(format!("child.{}", self.name));
            std::process::Command::new("sh").args(["-c", script]).arg(path).spawn()?;
        }
        let begin = Instant::now();
        while self.control.join(format!("hold.{}", self.name)).exists() && begin.elapsed() < Duration::from_secs(100) {
            std::thread::sleep(Duration::from_millis(2));
        }
        println!("{} ends", self.name);
        if let Ok(why) = std::fs::read_to_string(self.control.join(format!("fail.{}", self.name))) {
            return Err(xpm::Error::msg(if why.is_empty() { "the disk is on fire".to_owned() } else { why }));
        }
        Ok(self.name.clone())
    }
}

/// A line for each time that a step was run.
fn note(control: &Path, name: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(control.join(format!("ran.{name}")))?;
    writeln!(file, "once")
}

/// Makes a step for each attempt, and ends with the third.
#[task(id = "act.long", resumable)]
pub struct Long {
    pub name: String,
    pub control: PathBuf,
    #[param(path = "steps")]
    pub steps: PathBuf,
}

impl Task for Long {
    type Output = usize;

    fn execute(&self, job: &JobContext) -> TaskResult<usize> {
        note(&self.control, &self.name)?;
        let mut steps = std::fs::read_to_string(&self.steps).unwrap_or_default();
        steps.push_str("step\n");
        std::fs::write(&self.steps, &steps)?;
        if steps.lines().count() < 3 {
            return Err(job.out_of_time());
        }
        Ok(steps.lines().count())
    }
}

/// Done by a script that lies where the plan is started.
#[task(id = "act.script", program = ["sh", "act.sh"])]
pub struct Script {
    pub name: String,
    pub control: PathBuf,
}

/// Submits steps; `b:a` comes after `a`. Each holds a token, and has the retries of `CONTROL/retries`. `long=a` is a resumable one without retries, `later=a` one that is
/// tried again after an hour, `script=a` one that a script
/// does.
pub fn make(workdir: &Path, control: &Path, steps: &[String]) -> xpm::Result<()> {
    xpm::experiment(workdir, "acts").run(|xp| {
        let token = xp.token("slots", 2)?;
        let retries = std::fs::read_to_string(control.join("retries")).map_or(Ok(0), |text| text.parse())?;
        let mut jobs: Vec<(String, Job<Step>)> = Vec::new();
        for step in steps {
            match step.split_once('=') {
                Some(("long", name)) => {
                    let long = Long::config().name(tag(name)).control(control).max_retries(0);
                    drop(long.submit(xp)?);
                    continue;
                }
                Some(("later", name)) => {
                    let step =
                        Step::config().name(tag(name)).control(control).after(Vec::<Job<Step>>::new()).max_retries(1);
                    drop(step.retry_delay(Duration::from_secs(3600)).submit(xp)?);
                    continue;
                }
                Some((_, name)) => {
                    drop(Script::config().name(tag(name)).control(control).submit(xp)?);
                    continue;
                }
                None => {}
            }
            let (name, after) = step.split_once(':').unwrap_or((step, ""));
            let after: Vec<_> = jobs.iter().filter(|(known, _)| known == after).map(|(_, job)| job.clone()).collect();
            let job = Step::config()
                .name(tag(name))
                .control(control)
                .after(after)
                .add_dependency(token.dependency(1))
                .max_retries(retries)
                .submit(xp)?;
            let told = control.join(format!("failed.{name}"));
            job.on_failed(move |_, job| Ok(std::fs::write(&told, format!("{:?}", job.state()))?));
            jobs.push((name.to_owned(), job));
        }
        Ok(())
    })
}
