//! Plans at the edge: two threads that submit the same job, names and times without end, a run that could not begin.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use xpm::prelude::*;
use xpm::report::{Event, Reporter};

use crate::Call;
use crate::steps::{Control, Step};

/// An id as long as those of types deep in a crate.
#[task(id = "story.of_a_task_that_lies_deep_in_a_crate.below_many_modules.with_names.that_say_what_is_in_them")]
pub struct Deep {
    pub number: u32,
}

impl Task for Deep {
    type Output = u32;

    fn execute(&self, _job: &JobContext) -> TaskResult<u32> {
        Ok(self.number)
    }
}

#[task(id = "story.hurried", time = "1s")]
pub struct Hurried {
    pub control: Control,
}

impl Task for Hurried {
    type Output = bool;

    fn execute(&self, job: &JobContext) -> TaskResult<bool> {
        Ok(job.remaining_time().is_none())
    }
}

/// Is slow to take in that a job was submitted, until another thread has gone on or some time has passed.
struct Slow {
    entered: Sender<()>,
    went_on: Mutex<Receiver<()>>,
}

impl Reporter for Slow {
    fn report(&self, event: &Event) {
        if let Event::JobSubmitted(_) = event
            && self.entered.send(()).is_ok()
        {
            let _ = self.went_on.lock().map(|went_on| went_on.recv_timeout(Duration::from_millis(300)));
        }
    }
}

struct Panics;

impl Reporter for Panics {
    fn report(&self, event: &Event) {
        if let Event::JobSubmitted(_) | Event::JobStarted(_) | Event::JobDone(_) = event {
            panic!("nobody is told of {event:?}");
        }
    }
}

pub fn limits(call: &Call) -> xpm::Result<()> {
    let step = |name: &str| Step::config().name(name).control(call.control()).build();
    match call.texts()[0] {
        "two-threads" => {
            let ((entered, is_entered), (goes_on, went_on)) = (channel(), channel());
            let reporter = Slow { entered, went_on: Mutex::new(went_on) };
            let experiment = xpm::experiment(&call.workdir, "story").cpus(NonZeroU32::new(2).expect("two"));
            experiment.reporter(reporter).run(|xp| {
                thread::scope(|scope| {
                    let step = &step;
                    let other = scope.spawn(move || {
                        is_entered.recv()?;
                        let first = step("first").submit(xp)?;
                        let second = step("second").add_dependency(&first).submit(xp);
                        goes_on.send(())?;
                        second
                    });
                    step("first").submit(xp)?;
                    let second = other.join().expect("it does not panic")?;
                    Control { folder: call.control.clone() }
                        .wait_until("one runs", |control| control.exists("started.first"))?;
                    println!("{:?}", second.state());
                    std::fs::remove_file(call.control.join("hold.first"))?;
                    xp.wait()
                })
            })
        }
        "long-names" => call.run(1, |xp| {
            for number in 0..2 {
                let deep = Deep::config().number(number).tag("why", "long".repeat(100));
                println!("{}", deep.submit(xp)?.output()?);
            }
            Ok(())
        }),
        "no-end" => call.run(1, |xp| {
            let hurried = Hurried::config().control(call.control());
            let forever = hurried.resources(Resources::new().time(Duration::MAX)).submit(xp)?;
            println!("{}", forever.output()?);
            Ok(())
        }),
        "begins-again" => {
            let first = call.run(1, |_| Ok(()));
            println!("{:#}", first.expect_err("it cannot begin"));
            call.run(1, |xp| step("first").submit(xp)?.output().map(drop))
        }
        "reporter-panics" => {
            let experiment = xpm::experiment(&call.workdir, "story").reporter(Panics);
            experiment.run(|xp| step("first").submit(xp)?.output().map(|output| println!("{output}")))
        }
        other => Err(xpm::Error::msg(format!("there is no {other}"))),
    }
}
