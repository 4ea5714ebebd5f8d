//! Tasks that emit outputs while they run, and plans that react to them.

use std::fs;

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

use crate::Call;
use crate::steps::Control;

#[derive(Serialize, Deserialize, Debug)]
pub struct Checkpoint {
    pub step: u32,
    pub loss: f64,
}

/// Emits a checkpoint for each step, waits before step N while `hold.N` exists, and dies before it, once, if `kill.N` does.
#[task(id = "story.emits")]
pub struct Emits {
    pub steps: u32,
    pub control: Control,
}

/// The same, but goes on where it was.
#[task(id = "story.emits_on", resumable)]
pub struct Resumes {
    pub steps: u32,
    pub control: Control,
}

impl Task for Emits {
    type Output = u32;

    fn execute(&self, job: &JobContext) -> TaskResult<u32> {
        emit(job, &self.control, 0, self.steps)
    }
}

impl Task for Resumes {
    type Output = u32;

    fn execute(&self, job: &JobContext) -> TaskResult<u32> {
        let from = fs::read_to_string("next").map_or(Ok(0), |text| text.parse())?;
        emit(job, &self.control, from, self.steps)
    }
}

fn emit(job: &JobContext, control: &Control, from: u32, steps: u32) -> TaskResult<u32> {
    for step in from..steps {
        control.mark(&format!("started.{step}"))?;
        control.wait_until("it is not held", |control| !control.exists(&format!("hold.{step}")))?;
        let kill = control.folder.join(format!("kill.{step}"));
        if kill.exists() {
            fs::remove_file(kill)?;
            std::process::Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status()?;
        }
        job.emit("checkpoint", &Checkpoint { step, loss: 1.0 / f64::from(step + 1) })?;
        if step % 2 == 0 {
            job.emit("even", &step)?;
        }
        fs::write("next", (step + 1).to_string())?;
    }
    control.log("emitted")?;
    Ok(steps)
}

/// Emits texts that tell its attempt, and dies, once, when it has emitted two.
#[task(id = "story.emits_otherwise")]
pub struct Differs {
    pub steps: u32,
    pub control: Control,
}

impl Task for Differs {
    type Output = u32;

    fn execute(&self, job: &JobContext) -> TaskResult<u32> {
        let again = self.control.exists("again");
        for step in 0..self.steps {
            if step == 2 && !again {
                self.control.mark("again")?;
                self.control.wait_until("it is killed", |_| false)?;
            }
            let value = if step == 1 { "the same".to_owned() } else { format!("{step}, again: {again}") };
            job.emit("checkpoint", &value)?;
        }
        Ok(self.steps)
    }
}

/// `live CASE STEPS`
pub fn live(call: &Call) -> xpm::Result<()> {
    let (case, steps) = (call.texts()[0].to_owned(), u32::try_from(call.number(1))?);
    call.run(2, |xp| {
        if case == "resumes" {
            let job = Resumes::config().steps(steps).control(call.control()).submit(xp)?;
            return listen(call, &case, &job);
        }
        if case == "differs" {
            let job = Differs::config().steps(steps).control(call.control()).max_retries(1).submit(xp)?;
            return listen(call, &case, &job);
        }
        let retries = u32::from(case == "retried");
        let job = Emits::config().steps(steps).control(call.control()).max_retries(retries).submit(xp)?;
        listen(call, &case, &job)?;
        if case == "late" {
            job.wait()?;
            return listen(call, &case, &job);
        }
        Ok(())
    })
}

fn listen<T: Task<Output = u32>>(call: &Call, case: &str, job: &Job<T>) -> xpm::Result<()> {
    let calls = call.calls();
    let (ended, failed) = (calls.clone(), calls.clone());
    match case {
        "wrong-type" | "differs" => job.on_output("checkpoint", move |_, text: String| calls.add(&text)),
        "errors" => job.on_output("checkpoint", move |_, Checkpoint { step, .. }| match step {
            1 => Err(xpm::Error::msg("not this one")),
            2 => panic!("nor this"),
            _ => calls.add(&format!("step {step}")),
        }),
        "both" => {
            let even = calls.clone();
            job.on_output("even", move |_, step: u32| even.add(&format!("even {step}")));
            job.on_output("checkpoint", move |_, Checkpoint { step, loss }| calls.add(&format!("step {step}: {loss}")));
        }
        "submits" => {
            let next = call.step("next");
            job.on_output("checkpoint", move |xp, Checkpoint { step, .. }| {
                let mut next = next.clone();
                next.set_name(format!("evaluates {step}"));
                let output = next.submit(xp)?.output()?;
                // The job has ended by then, while its other callbacks wait for this one.
                if step == 2 {
                    xp.wait()?;
                }
                calls.add(&output)
            });
        }
        _ => job.on_output("checkpoint", move |_, Checkpoint { step, .. }| calls.add(&format!("step {step}"))),
    }
    // After those: of a job that is done these are called at once.
    job.on_completed(move |_, job| ended.add(&format!("done {}", job.output()?)));
    job.on_failed(move |_, _| failed.add("failed"));
    Ok(())
}
