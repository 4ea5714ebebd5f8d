//! Plans with tasks that run only if something needs them.

use std::path::PathBuf;

use xpm::prelude::*;

use crate::Call;
use crate::steps::{Control, Step};

/// Prepares something, if it is needed.
#[task(id = "story.transient.kept", transient)]
pub struct Prepare {
    pub name: String,
    pub control: Control,
    pub after: Option<Step>,
    #[param(default = Vec::new())]
    pub of: Vec<Self>,
}

impl Task for Prepare {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        self.control.log(&self.name)?;
        Ok(format!("prepared {}", self.name))
    }
}

/// Prepares something large.
#[task(id = "story.transient.removed", transient(remove))]
pub struct Scratch {
    pub name: String,
    pub control: Control,
    #[param(path = "data/large.bin")]
    pub large: PathBuf,
}

impl Task for Scratch {
    type Output = u32;

    fn execute(&self, _job: &JobContext) -> TaskResult<u32> {
        std::fs::write(&self.large, vec![b'x'; 1000])?;
        self.control.log(&format!("scratch {}", self.name))?;
        Ok(7)
    }
}

/// Needs both.
#[task(id = "story.transient.use")]
pub struct Use {
    pub name: String,
    pub control: Control,
    pub prepared: Option<Prepare>,
    pub scratch: Option<Scratch>,
}

impl Task for Use {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        let Self { name, control, .. } = self;
        control.mark(&format!("started.{name}"))?;
        control.wait_until("it is not held", |control| !control.exists(&format!("hold.{name}")))?;
        let bytes = match &self.scratch {
            Some(scratch) => std::fs::metadata(&scratch.large)?.len(),
            None => 0,
        };
        if control.exists(&format!("fail.{name}")) {
            return Err(xpm::Error::msg("told to fail"));
        }
        control.log(name)?;
        Ok(format!("{bytes} bytes"))
    }
}

/// What the arguments say, in order: `prepare NAME`, `chain NAME`, `scratch NAME`, `use NAME`, `wait` and so on; first
/// `other` for another experiment. `fail` ends the plan with an error, `fail-when-done` lets a callback of the last job fail,
/// `pause NAME` lasts until `go.NAME` exists.
pub fn transient(call: &Call) -> xpm::Result<()> {
    let other = call.texts().first().is_some_and(|text| *text == "other");
    xpm::experiment(&call.workdir, if other { "other" } else { "story" }).run(|xp| {
        let (mut prepared, mut scratch, mut last) = (None::<Job<Prepare>>, None::<Job<Scratch>>, None::<Job<Use>>);
        for word in call.texts() {
            let (what, name) = word.split_once(' ').unwrap_or((word, ""));
            match what {
                "prepare" => {
                    prepared = Some(Prepare::config().name(name).control(call.control()).submit(xp)?);
                }
                "chain" => {
                    let of: Vec<_> = prepared.iter().collect();
                    prepared = Some(Prepare::config().name(name).control(call.control()).of(of).submit(xp)?);
                }
                "prepare-after" => {
                    let step = Step::config().name(name).control(call.control()).submit(xp)?;
                    let job = Prepare::config().name("after").control(call.control()).after(&step).submit(xp)?;
                    prepared = Some(job);
                }
                "scratch" => scratch = Some(Scratch::config().name(name).control(call.control()).submit(xp)?),
                "use" => {
                    let mut args = Use::config().name(name).control(call.control()).build();
                    if let Some(job) = &prepared {
                        args.set_prepared(job);
                    }
                    if let Some(job) = &scratch {
                        args.set_scratch(job);
                    }
                    last = Some(args.submit(xp)?);
                }
                "fail" => return Err(xpm::Error::msg("the plan has had enough")),
                "fail-when-done" => {
                    let last = last.as_ref().expect("something uses them");
                    last.on_completed(|_, _| Err(xpm::Error::msg("the callback has had enough")));
                }
                "pause" => {
                    let control = Control { folder: call.control.clone() };
                    control.mark(&format!("paused.{name}"))?;
                    control.wait_until("it may go on", |control| control.exists(&format!("go.{name}")))?;
                }
                "wait" => xp.wait()?,
                "output" => println!("{:?}", prepared.as_ref().map(Job::output).transpose()?),
                "value" => println!("{:?}", scratch.as_ref().map(Job::output).transpose()?),
                "states" => {
                    println!("{:?} {:?}", prepared.as_ref().map(Job::state), scratch.as_ref().map(Job::state));
                }
                _ => {}
            }
        }
        Ok(())
    })
}
