//! What a program reads of experiments that are past, typed: arguments, outputs, metrics, tags, runs.

use xpm::{Workspace, prelude::*};

use crate::Call;
use crate::live::{Checkpoint, Emits};
use crate::steps::{Control, Step};

/// Measures what it is given.
#[task(id = "story.measured")]
pub struct Measured {
    pub step: Step,
    pub rate: f64,
    #[param(default = vec![1, 2])]
    pub sizes: Vec<u32>,
    pub control: Control,
}

impl Task for Measured {
    type Output = (String, f64);

    fn execute(&self, job: &JobContext) -> TaskResult<(String, f64)> {
        for step in 0..3 {
            job.metric("loss", step, self.rate / f64::from(step + 1));
        }
        Ok((self.step.name.clone(), self.rate * 2.0))
    }
}

/// Runs what is read afterwards.
pub fn measured(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let step = Step::config().name("a").control(call.control()).submit(xp)?;
        let measured = Measured::config().step(&step).rate(tag(0.5)).control(call.control());
        measured.submit(xp)?.output()?;
        // One that fails, if the test says so.
        Step::config().name("b").control(call.control()).submit(xp)?.wait()?;
        Ok(())
    })
}

/// Reads it, without an experiment.
pub fn reads(call: &Call) -> xpm::Result<()> {
    let workspace = Workspace::open(&call.workdir)?;
    let snapshot = workspace.snapshot();
    for job in snapshot.jobs_of("story.step") {
        let step = job.config::<Step>()?;
        println!("{} after {}: {:?}", step.name, step.after.len(), job.output::<String>().map_err(without_id));
        println!("runs: {}", job.runs().len());
    }
    for job in snapshot.jobs_of("story.emits") {
        println!("{} steps: {}", job.config::<Emits>()?.steps, job.output::<u32>()?);
    }
    for job in snapshot.jobs_of("story.measured") {
        let Measured { step, rate, sizes, control } = job.config::<Measured>()?;
        assert_eq!(control.folder, call.control);
        println!("{} {rate} {sizes:?}: {:?}", step.name, job.output::<<Measured as Task>::Output>()?);
        println!("{:?} {:?}", job.tags(), job.metrics());
        println!("{}", without_id(job.config::<Step>().map(drop).expect_err("it is no step")));
        println!("{}", without_id(job.output::<u8>().expect_err("it is no number")));
    }
    Ok(())
}

/// Reads what jobs have emitted, however they ended.
pub fn emitted(call: &Call) -> xpm::Result<()> {
    for job in Workspace::open(&call.workdir)?.snapshot().jobs_of("story.emits") {
        let checkpoints = job.emitted_as::<Checkpoint>("checkpoint")?;
        println!("{}: {:?}", job.state_name(), checkpoints.iter().map(|at| at.step).collect::<Vec<_>>());
        for (name, emitted) in job.emitted_summaries()? {
            println!("{name}: {} of {}", emitted.last, emitted.count);
        }
        let values = job.emitted().take(3).map(|value| value.map(|value| format!("{value:?}")));
        println!("{:?}", values.map(|value| value.map(without_id)).collect::<Result<Vec<_>, _>>()?);
        let other = job.emitted_as::<Vec<u8>>("even").expect_err("it is no list");
        println!("{}", without_id(other));
    }
    Ok(())
}

/// What an error says, without the digits of the job's identity.
fn without_id(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let is_id =
        |word: &str| word.rsplit_once('/').is_some_and(|(_, id)| id.chars().all(|c| c.is_ascii_hexdigit() || c == ':'));
    let words = text.split(' ').map(|word| match is_id(word) {
        true => word.split('/').next().unwrap_or_default(),
        false => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
