//! Plans that react to how their jobs end.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};

use futures_util::FutureExt;
use futures_util::future::try_join;
use xpm::{JobState, RunError, prelude::*};

use crate::Call;
use crate::steps::{Control, Step, StepConfig};

/// Where callbacks write that they were called.
#[derive(Clone)]
pub struct Calls(PathBuf);

impl Calls {
    pub fn add(&self, line: &str) -> xpm::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0)?;
        Ok(file.write_all(format!("{line}\n").as_bytes())?)
    }
}

impl Call {
    pub fn calls(&self) -> Calls {
        Calls(self.control.join("calls"))
    }

    pub fn step(&self, name: &str) -> StepConfig {
        Step::config().name(name).control(self.control()).build()
    }
}

pub fn react(call: &Call) -> xpm::Result<()> {
    match call.texts()[0] {
        "counts" => counts(call),
        "failed" => failed(call),
        "errors" => errors(call),
        "waits" => waits(call),
        "storm" => storm(call),
        "plan-error" => plan_error(call),
        "plan-panic" => plan_panic(call),
        "results-panic" => results_panic(call),
        "interrupted" => interrupted(call),
        "waits-twice" => waits_twice(call),
        "submits-late" => submits_late(call),
        "late" => late(call),
        other => Err(xpm::Error::msg(format!("no case {other}"))),
    }
}

/// Every way to register: on two handles, before and after the end, from callbacks, on a job that a callback submits.
fn counts(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    let next = call.step("b");
    call.run(2, |xp| {
        let first = call.step("a").submit(xp)?;
        let second = call.step("a").submit(xp)?;
        for (handle, name) in [(&first, "first"), (&second, "second")] {
            let calls = calls.clone();
            handle.on_completed(move |_, job| calls.add(&format!("{name}: {}", job.output()?)));
            handle.on_failed(|_, _| panic!("it has not failed"));
        }
        let (theirs, next) = (calls.clone(), next.clone());
        first.on_completed(move |xp, job| {
            #[expect(clippy::needless_borrows_for_generic_args, reason = "users write what they write elsewhere")]
            let b = next.add_dependency(&job).submit(xp)?;
            let (more, other) = (theirs.clone(), theirs.clone());
            b.on_completed(move |_, job| more.add(&format!("of b: {}", job.output()?)));
            job.on_completed(move |_, job| other.add(&format!("nested: {:?}", job.state())));
            theirs.add(&format!("submitted b after {}", job.output()?))
        });
        xp.wait()?;
        calls.add("waited")?;
        second.on_completed(move |_, job| calls.add(&format!("late: {:?}", job.state())));
        Ok(())
    })
}

/// `a` fails, what depends on it is not started, `ok` is done.
fn failed(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    call.run(2, |xp| {
        let a = call.step("a").submit(xp)?;
        let b = Step::config().name("b").control(call.control()).after([&a]).submit(xp)?;
        let fine = call.step("ok").submit(xp)?;
        for job in [a, b, fine] {
            let calls = calls.clone();
            job.on_completed({
                let calls = calls.clone();
                move |_, job| calls.add(&format!("{} completed", job.output()?))
            });
            job.on_failed(move |xp, job| {
                let JobState::Failed(failure) = job.state() else { panic!("{:?}", job.state()) };
                assert_eq!(xp.id(), "story");
                let (name, why) = (job.config().name.to_string(), failure.to_string());
                let why = why.split(':').next().unwrap_or_default();
                calls.add(&format!("{}: {why}", name.trim_matches('"')))
            });
        }
        Ok(())
    })
}

fn errors(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    let error = call.run(2, |xp| {
        let job = call.step("a").tag("rate", 2).submit(xp)?;
        job.on_completed(|_, _| Err(xpm::Error::msg("no such table").context("the plot cannot be made")));
        job.on_completed(|_, job| panic!("{} is too much", job.tags().len()));
        job.on_completed(move |_, _| calls.add("the third"));
        job.wait()?;
        call.step("b").submit(xp)?;
        Ok(())
    });
    let error = error.expect_err("callbacks failed");
    let inner = error.downcast_ref::<RunError>().expect("a `RunError`");
    println!("{} jobs and {} callbacks failed", inner.failed.len(), inner.callbacks.len());
    Err(error)
}

/// Many callbacks wait, for jobs, for everything and for each other; the last of them makes it all end.
fn waits(call: &Call) -> xpm::Result<()> {
    let count = call.number(1);
    let calls = call.calls();
    call.run(2, |xp| {
        let done = call.step("done").submit(xp)?;
        let held = call.step("held").submit(xp)?;
        done.wait()?;
        // Those that meet here block in a way that nobody knows of.
        let meeting = Arc::new(Barrier::new(count / 3 + 1));
        for i in 0..count {
            let (calls, held, meeting) = (calls.clone(), held.clone(), meeting.clone());
            done.on_completed(move |xp, _| {
                match i % 3 {
                    0 => xp.wait()?,
                    1 => drop(held.output()?),
                    _ => drop(meeting.wait()),
                }
                calls.add(&format!("{i}"))
            });
        }
        let hold = call.control.join("hold.held");
        done.on_completed(move |_, _| {
            meeting.wait();
            Ok(std::fs::remove_file(hold)?)
        });
        xp.wait()?;
        calls.add("waited")
    })
}

/// While a callback is busy, another one waits for everything in two places at once, and a third leaves the plan a wait that it has
/// begun and does not wait for itself.
fn waits_twice(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    call.run(2, |xp| {
        let job = call.step("a").submit(xp)?;
        job.wait()?;
        let (go, busy) = channel::<()>();
        let theirs = calls.clone();
        job.on_completed(move |_, _| {
            busy.recv()?;
            theirs.add("busy")
        });
        let theirs = calls.clone();
        let (looked, looks) = channel();
        job.on_completed(move |xp, _| {
            let (mut one, mut two) = (xp.wait_async(), xp.wait_async());
            looked.send([(&mut one).now_or_never().is_none(), (&mut two).now_or_never().is_none()])?;
            tokio::runtime::Builder::new_current_thread().build()?.block_on(try_join(one, two))?;
            theirs.add("waited for both")?;
            std::thread::scope(|scope| {
                let waits = [scope.spawn(|| xp.wait()), scope.spawn(|| xp.wait())];
                waits.into_iter().try_for_each(|wait| wait.join().expect("it does not panic"))
            })?;
            theirs.add("waited in two threads")
        });
        println!("{:?}", looks.recv()?);
        let (left, leaves) = channel();
        job.on_completed(move |xp, _| {
            let mut wait = xp.wait_async();
            assert!((&mut wait).now_or_never().is_none(), "a callback is busy");
            Ok(left.send(wait)?)
        });
        let mut left = leaves.recv()?;
        println!("{}", (&mut left).now_or_never().is_none());
        go.send(())?;
        tokio::runtime::Builder::new_current_thread().build()?.block_on(left)?;
        xp.wait()?;
        calls.add("over")
    })
}

/// Callbacks that submit and register more: `storm JOBS REGISTRATIONS`.
fn storm(call: &Call) -> xpm::Result<()> {
    let (jobs, registrations) = (call.number(1), call.number(2));
    let calls = call.calls();
    call.run(2, |xp| {
        for i in 0..jobs {
            let job = call.step(&format!("{i}")).submit(xp)?;
            for n in 0..registrations {
                let (calls, next) = (calls.clone(), call.step(&format!("next {i}")));
                job.on_completed(move |xp, job| {
                    // All but the first of these find it submitted.
                    let next = next.submit(xp)?;
                    let inner = calls.clone();
                    next.on_completed(move |_, _| inner.add(&format!("next {i} {n}")));
                    let again = calls.clone();
                    job.on_completed(move |_, _| again.add(&format!("again {i} {n}")));
                    calls.add(&format!("first {i} {n}"))
                });
            }
        }
        Ok(())
    })
}

fn plan_error(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    call.run(2, |xp| {
        let job = call.step("a").submit(xp)?;
        let next = call.step("b");
        job.on_completed(move |xp, _| {
            let b = next.submit(xp)?.output()?;
            calls.add(&b)
        });
        Err(xpm::Error::msg("the plan has had enough"))
    })
}

fn plan_panic(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    let held = call.step("held");
    call.run(2, |xp| {
        let job = call.step("a").submit(xp)?;
        let (sender, receiver) = channel();
        job.on_completed(move |xp, _| {
            let held = held.submit(xp)?;
            sender.send(())?;
            let ended = held.output();
            calls.add(if ended.is_err() { "told" } else { "not told" })
        });
        receiver.recv()?;
        panic!("the plan has had enough")
    })
}

/// The plan has written results, and a callback registered.
fn results_panic(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let job = call.step("a").submit(xp)?;
        println!("{}", xp.results_path().display());
        job.on_completed(|_, _| Ok(()));
        panic!("the plan has had enough")
    })
}

/// One callback waits for a held job when the run is interrupted, another has not been called yet.
fn interrupted(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    call.run(2, |xp| {
        let job = call.step("a").submit(xp)?;
        let held = call.step("held").submit(xp)?;
        let (theirs, waited_for) = (calls.clone(), held.clone());
        job.on_completed(move |_, _| {
            theirs.add("waits")?;
            let ended = waited_for.output();
            theirs.add(if ended.is_err() { "told" } else { "output" })?;
            ended.map(drop)
        });
        held.on_completed(move |_, _| calls.add("held has ended"));
        xp.wait()
    })
}

/// The error of a plan's own function.
#[derive(Debug)]
struct NotEvaluated(xpm::Error);

impl std::fmt::Display for NotEvaluated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it cannot be evaluated")
    }
}

impl std::error::Error for NotEvaluated {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// Callbacks that submit when the run was interrupted, and hand the error on, each in another way.
fn submits_late(call: &Call) -> xpm::Result<()> {
    let calls = call.calls();
    let error = call.run(2, |xp| {
        let job = call.step("a").submit(xp)?;
        for how in ["plain", "context", "own"] {
            let (calls, next) = (calls.clone(), call.step("next"));
            let control = Control { folder: call.control.clone() };
            job.on_completed(move |xp, _| {
                calls.add(how)?;
                control.wait_until("it goes on", |control| control.exists("go"))?;
                let submitted = next.submit(xp).map(drop);
                submitted.map_err(|error| match how {
                    "plain" => error,
                    "context" => error.context("the next step"),
                    _ => NotEvaluated(error).into(),
                })
            });
        }
        xp.wait()
    });
    let error = error.expect_err("it is interrupted");
    let inner = error.downcast_ref::<RunError>().expect("a `RunError`");
    println!("{:?} {}", inner.cut_off, inner.callbacks.len());
    Err(error)
}

/// A callback that is registered when the run is over.
fn late(call: &Call) -> xpm::Result<()> {
    let mut kept = None;
    call.run(2, |xp| {
        kept = Some(call.step("a").submit(xp)?);
        Ok(())
    })?;
    let calls = call.calls();
    kept.expect("a handle").on_completed(move |_, _| calls.add("after the end"));
    Ok(())
}
