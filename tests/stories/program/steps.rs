//! Tasks that the test holds, lets fail and counts, and plans of these.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use xpm::prelude::*;

use crate::Call;

/// The folder where the test and the tasks meet. A path, so it is in no identity.
#[config(id = "story.control")]
#[derive(Clone)]
pub struct Control {
    pub folder: PathBuf,
}

impl Control {
    pub fn exists(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    pub fn mark(&self, name: &str) -> TaskResult<()> {
        Ok(fs::write(self.folder.join(name), std::process::id().to_string())?)
    }

    /// Appends a line, whole, whoever else does.
    pub fn log(&self, line: &str) -> TaskResult<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join("log"))?;
        Ok(file.write_all(format!("{line}\n").as_bytes())?)
    }

    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) -> TaskResult<()> {
        let begin = Instant::now();
        while !condition(self) {
            if begin.elapsed() > Duration::from_secs(100) {
                return Err(xpm::Error::msg(format!("waited too long until {what}")));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// Says that it has started, waits while `hold.NAME` exists, fails if `fail.NAME` exists, and logs its name.
#[task(id = "story.step")]
pub struct Step {
    pub name: String,
    pub control: Control,
    #[param(default = Vec::new())]
    pub after: Vec<Self>,
}

impl Task for Step {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        let Self { name, control, .. } = self;
        fs::write("out.txt", format!("written by {name}"))?;
        control.mark(&format!("started.{name}"))?;
        control.wait_until("it is not held", |control| !control.exists(&format!("hold.{name}")))?;
        if control.exists(&format!("fail.{name}")) {
            eprintln!("{name} writes this before it fails");
            return Err(xpm::Error::msg("the disk is on fire").context(format!("{name} cannot be done")));
        }
        control.log(name)?;
        Ok(format!("output of {name}"))
    }
}

/// Runs steps: `name` or `name:after,after`; `cpus=N`. Prints how each ended.
pub fn steps(call: &Call) -> xpm::Result<()> {
    let mut cpus = 2;
    let mut specs = Vec::new();
    for text in call.texts() {
        match text.strip_prefix("cpus=") {
            Some(number) => cpus = number.parse()?,
            None => specs.push(text.split_once(':').unwrap_or((text, ""))),
        }
    }
    call.run(cpus, |xp| {
        let mut jobs: HashMap<&str, Job<Step>> = HashMap::new();
        let mut names = Vec::new();
        for (name, after) in specs {
            let after: Vec<_> = after.split(',').filter(|name| !name.is_empty()).map(|name| &jobs[name]).collect();
            let step = Step::config().name(name).control(call.control()).after(after).submit(xp)?;
            names.push(name);
            jobs.insert(name, step);
        }
        xp.wait()?;
        for name in names {
            println!("{name} {:?}", jobs[name].state());
        }
        Ok(())
    })
}

/// Must never be executed twice.
#[task(id = "story.once")]
pub struct Once {
    pub name: String,
    pub control: Control,
}

impl Task for Once {
    type Output = u32;

    fn execute(&self, _job: &JobContext) -> TaskResult<u32> {
        let Self { name, control } = self;
        let marker = control.folder.join(format!("once.{name}"));
        OpenOptions::new().write(true).create_new(true).open(marker)?.write_all(b"executed")?;
        control.log(name)?;
        control.wait_until("it is not held", |control| !control.exists(&format!("hold.{name}")))?;
        Ok(std::process::id())
    }
}

/// Runs a job for each name.
pub fn once(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let mut jobs = Vec::new();
        for name in call.texts() {
            jobs.push(Once::config().name(name).control(call.control()).submit(xp)?);
        }
        for job in &jobs {
            println!("{} {}", job.id(), job.output()?);
        }
        Ok(())
    })
}
