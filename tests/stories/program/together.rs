//! Plans in which everything that reacts comes together: callbacks, outputs, jobs that come back, transient ones, programs.

use std::fs;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use xpm::{JobState, prelude::*};

use crate::Call;
use crate::external::{How, HowResumed};
use crate::live::{Checkpoint, Emits};
use crate::react::Calls;
use crate::repeats::Flaky;
use crate::transient::{Prepare, Use};

pub fn together(call: &Call) -> xpm::Result<()> {
    match call.texts()[0] {
        "storm" => storm(call),
        "again" => again(call),
        "mends" => mends(call),
        "program" => program(call),
        "skipped" => skipped(call),
        "polled" => polled(call),
        "waits" => waits(call),
        other => Err(xpm::Error::msg(format!("no case {other}"))),
    }
}

/// The calls of one run.
#[derive(Clone)]
struct OfRun {
    calls: Calls,
    run: String,
}

impl OfRun {
    fn add(&self, line: &str) -> xpm::Result<()> {
        self.calls.add(&format!("{} {line}", self.run))
    }
}

/// `storm EXPERIMENT JOBS REGISTRATIONS`: prints what the lines of its callbacks begin with.
fn storm(call: &Call) -> xpm::Result<()> {
    let (jobs, registrations) = (call.number(2), call.number(3));
    let cpus = NonZeroU32::new(2).expect("some");
    xpm::experiment(&call.workdir, call.texts()[1]).cpus(cpus).run(|xp| {
        let of_run = OfRun { calls: call.calls(), run: format!("{}/{}", xp.id(), xp.run_id()) };
        println!("{}", of_run.run);
        for i in 0..jobs {
            let job = call.step(&format!("{i}")).submit(xp)?;
            for n in 0..registrations {
                let (all, next) = (of_run.clone(), call.step(&format!("next {i}")));
                job.on_completed(move |xp, job| {
                    let next = next.submit(xp)?;
                    let inner = all.clone();
                    next.on_completed(move |_, _| inner.add(&format!("next {i} {n}")));
                    let again = all.clone();
                    job.on_completed(move |_, _| again.add(&format!("again {i} {n}")));
                    all.add(&format!("first {i} {n}"))
                });
            }
            let emits = Emits::config().steps(u32::try_from(i)? + 1).control(call.control()).submit(xp)?;
            let (output, end) = (of_run.clone(), of_run.clone());
            emits.on_output("checkpoint", move |_, Checkpoint { step, .. }| output.add(&format!("output {i} {step}")));
            emits.on_completed(move |_, _| end.add(&format!("emitted {i}")));
            let flaky = Flaky::config().name(format!("flaky {i}")).control(call.control()).submit(xp)?;
            let end = of_run.clone();
            flaky.on_completed(move |_, job| end.add(&format!("flaky {i} {}", job.output()?)));
            insist(&flaky);
            let prepared = Prepare::config().name(format!("prepared {i}")).control(call.control()).submit(xp)?;
            let end = of_run.clone();
            prepared.on_completed(move |_, _| end.add(&format!("prepared {i}")));
            let (user, used) = (
                Use::config().name(format!("use {i}")).control(call.control()).prepared(&prepared).build(),
                of_run.clone(),
            );
            job.on_completed(move |xp, _| {
                user.submit(xp)?.on_completed(move |_, _| used.add(&format!("used {i}")));
                Ok(())
            });
        }
        Ok(())
    })
}

/// Submits it again as often as it fails.
fn insist(job: &Job<Flaky>) {
    job.on_failed(|xp, job| {
        insist(&job.config().submit(xp)?);
        Ok(())
    });
}

/// A failed job that the plan submits again.
fn again(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    let fail = call.control.join("fail.a");
    fs::write(&fail, "")?;
    xpm::experiment(&call.workdir, "story").run_async(async |xp| {
        let mut job = call.step("a").submit(xp)?;
        let (failed, completed, later) = (calls.clone(), calls.clone(), calls.clone());
        job.on_failed(move |_, _| failed.add("failed"));
        job.on_completed(move |_, job| completed.add(&format!("completed: {}", job.output()?)));
        println!("{}", (&job).await.is_err());
        println!("{}", matches!(job.state(), JobState::Failed(_)));
        fs::remove_file(&fail)?;
        let second = call.step("a").submit(xp)?;
        second.on_failed(move |_, _| later.add("failed again"));
        // The same handle, whose future has ended once.
        println!("{} {}", (&mut job).await?, second.await?);
        Ok(())
    })
}

/// A failed job that its own callback submits again, while futures wait for everything.
fn mends(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    let fail = call.control.join("fail.a");
    fs::write(&fail, "")?;
    xpm::experiment(&call.workdir, "story").run_async(async |xp| {
        let job = call.step("a").submit(xp)?;
        let (failed, completed) = (calls.clone(), calls.clone());
        job.on_failed(move |xp, job| {
            failed.add("failed")?;
            fs::remove_file(&fail)?;
            let output = job.config().submit(xp)?.output()?;
            failed.add(&format!("mended: {output}"))
        });
        job.on_completed(move |_, _| completed.add("completed"));
        xp.wait_async().await?;
        println!("{:?}", job.state());
        Ok(())
    })
}

/// A program that emits and dies in between: `program resumed` or `program retried`.
fn program(call: &Call) -> xpm::Result<()> {
    fn listen<T: Task>(call: &Call, job: &Job<T>) {
        let (calls, ended) = (call.calls(), call.calls());
        job.on_output("step", move |_, step: u32| calls.add(&format!("step {step}")));
        job.on_completed(move |_, _| ended.add("done"));
    }
    let control = call.control.to_str().expect("a text").to_owned();
    call.run(2, |xp| {
        match call.texts()[1] {
            "resumed" => {
                let job = HowResumed::config().how("emits").control(control);
                listen(call, &job.retry_delay(Duration::ZERO).submit(xp)?);
            }
            _ => {
                let job = How::config().how("emits").control(control);
                listen(call, &job.max_retries(1).retry_delay(Duration::ZERO).submit(xp)?);
            }
        }
        Ok(())
    })
}

/// Registrations for a transient job that nothing needs, and what becomes of who waits after the run.
fn skipped(call: &Call) -> xpm::Result<()> {
    let mut kept = None;
    call.run(2, |xp| {
        let job = Prepare::config().name("p").control(call.control()).submit(xp)?;
        let (completed, failed, output) = (call.calls(), call.calls(), call.calls());
        job.on_completed(move |_, _| completed.add("completed"));
        job.on_failed(move |_, _| failed.add("failed"));
        job.on_output("x", move |_, _: u32| output.add("output"));
        xp.wait()?;
        println!("{:?}", job.state());
        kept = Some(job);
        Ok(())
    })?;
    let job = kept.expect("a handle");
    println!("{}", job.wait().expect_err("it was not run"));
    println!("{}", job.output().is_err());
    Ok(())
}

/// A transient job whose future is dropped: it was needed, and the run covers it.
fn polled(call: &Call) -> xpm::Result<()> {
    xpm::experiment(&call.workdir, "story").run_async(async |xp| {
        let mut job = Prepare::config().name("p").control(call.control()).submit(xp)?;
        let calls = call.calls();
        job.on_completed(move |_, job| calls.add(&job.output()?));
        poll_fn(|context| {
            let _ = Future::poll(Pin::new(&mut job), context);
            Poll::Ready(())
        })
        .await;
        Ok(())
    })
}

/// Callbacks that wait for everything, twice: the second time for one that has waited with them before, and goes on.
fn waits(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    let (b, c) = (call.step("b"), call.step("c"));
    call.run(2, |xp| {
        let a = call.step("a").submit(xp)?;
        let twice = calls.clone();
        a.on_completed(move |xp, _| {
            xp.wait()?;
            xp.wait()?;
            twice.add("waited twice")
        });
        let once = calls.clone();
        a.on_completed(move |xp, _| {
            b.submit(xp)?.on_completed(move |xp, _| {
                xp.wait()?;
                let output = c.submit(xp)?.output()?;
                once.add(&output)
            });
            Ok(())
        });
        xp.wait()?;
        calls.add("everything")
    })
}
