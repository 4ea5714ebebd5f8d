//! What runs leave: saved values, history, the executables of their jobs.

use std::num::NonZeroU32;

use xpm::prelude::*;

use crate::Call;
use crate::steps::{Control, Step};

/// Fails the first time; then returns the program that runs it.
#[task(id = "story.second_time")]
pub struct SecondTime {
    pub control: Control,
}

impl Task for SecondTime {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        let Self { control } = self;
        control.mark("started.second_time")?;
        control.wait_until("it is not held", |control| !control.exists("hold.second_time"))?;
        if !control.exists("tried") {
            control.mark("tried")?;
            return Err(xpm::Error::msg("not the first time"));
        }
        Ok(std::env::current_exe()?.display().to_string())
    }
}

/// Runs a job that needs a second attempt, and a step after it.
pub fn second_time(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        let job = SecondTime::config().control(call.control()).max_retries(1).submit(xp)?;
        let step = Step::config().name("after").control(call.control()).add_dependency(&job).submit(xp)?;
        println!("{}", job.output()?);
        step.output()?;
        Ok(())
    })
}

/// `keep DONE FAILED fail?`: runs nothing, and keeps so many runs.
pub fn keep(call: &Call) -> xpm::Result<()> {
    let mut experiment = xpm::experiment(&call.workdir, "story").cpus(NonZeroU32::MIN);
    if call.texts()[0] != "-" {
        experiment = experiment.keep_runs(call.number(0), call.number(1));
    }
    experiment.run(|xp| match call.texts().get(2) {
        Some(&"fail") => Err(xpm::Error::msg("as asked")),
        Some(&"results") => Ok(std::fs::write(xp.results_path().join("table"), "1")?),
        Some(&"save") => xp.save("best", &(1, "two")),
        _ => Ok(()),
    })
}

/// Loads what `keep … save` has saved.
pub fn load(call: &Call) -> xpm::Result<()> {
    let (one, two): (u8, String) = xpm::load(&call.workdir, "story", call.texts()[0])?;
    println!("{one} {two}");
    Ok(())
}

/// `mode MODE`: two steps, of which the second needs the first, a token, a saved value, callbacks.
pub fn mode(call: &Call) -> xpm::Result<()> {
    let mode = call.texts()[0].parse()?;
    xpm::experiment(&call.workdir, "story").run_mode(mode).run(|xp| {
        println!("{}", xp.run_mode());
        let token = xp.token("some", 2)?;
        let first = Step::config().name("first").control(call.control()).submit(xp)?;
        first.on_completed(|_, first| {
            println!("first gave {:?}", first.output()?);
            Ok(())
        });
        first.on_failed(|_, _| Err(xpm::Error::msg("it has not failed")));
        let second = Step::config().name("second").control(call.control()).after(vec![&first]);
        let second = second.add_dependency(token.dependency(1)).submit(xp)?;
        xp.wait()?;
        xp.save("value", &1)?;
        println!("{:?} {:?} {}", first.state(), second.wait()?, second.log_path().ends_with("stderr.log"));
        println!("{}", first.output()?);
        println!("{}", second.output()?);
        Ok(())
    })
}

/// Says how far it is, in both ways, and waits.
#[task(id = "story.fraction")]
pub struct Fraction {
    pub control: Control,
}

impl Task for Fraction {
    type Output = ();

    fn execute(&self, job: &JobContext) -> TaskResult<()> {
        for step in job.progress("steps", 0..4_u8) {
            job.set_progress(f64::from(step) / 4.0);
        }
        job.set_progress(f64::NAN);
        job.set_progress(7.0);
        Ok(())
    }
}

/// Runs a job that says how far it is.
pub fn fraction(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| Fraction::config().control(call.control()).submit(xp)?.output())
}

/// Asks for a web monitor.
pub fn port(call: &Call) -> xpm::Result<()> {
    xpm::experiment(&call.workdir, "story").port(12346).run(|_| Ok(()))
}
