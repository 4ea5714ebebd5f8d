//! Tasks that say how far they are, to those who watch.

use xpm::prelude::*;

use crate::Call;
use crate::steps::Control;

/// Counts as `how` says, and waits within a step until `hold` is gone.
#[task(id = "story.counts")]
pub struct Counts {
    pub how: String,
    pub control: Control,
}

impl Task for Counts {
    type Output = ();

    fn execute(&self, job: &JobContext) -> TaskResult<()> {
        match &*self.how {
            "whole" => {
                job.set_progress(0.0);
                job.set_progress(0.5);
                self.hold()
            }
            "nested" => {
                job.set_progress(0.0);
                job.set_progress(0.5);
                for epoch in job.progress("epochs", 0..3) {
                    for batch in job.progress("batches", 0..7) {
                        if (epoch, batch) == (1, 2) {
                            self.hold()?;
                        }
                    }
                }
                Ok(())
            }
            // What was counted inside a step is over, and the step goes on.
            "inner-over" => {
                for _ in job.progress("epochs", 0..3) {
                    job.progress("batches", 0..7).for_each(drop);
                    self.hold()?;
                }
                Ok(())
            }
            "zipped" => {
                for (query, _) in job.progress("queries", 0..3).zip(job.progress("files", (0..9).filter(|_| true))) {
                    if query == 2 {
                        self.hold()?;
                    }
                }
                Ok(())
            }
            "threads" => {
                let mut ours = job.progress("ours", 0..3);
                std::thread::scope(|scope| {
                    let theirs = || job.progress("theirs", 0..5).take(4).for_each(drop);
                    ours.next();
                    scope.spawn(theirs).join().expect("it does not panic");
                    // Theirs is over, ours is not.
                    ours.next();
                });
                self.hold()
            }
            other => Err(xpm::Error::msg(format!("counts not {other}"))),
        }
    }
}

impl Counts {
    fn hold(&self) -> TaskResult<()> {
        self.control.wait_until("it is not held", |control| !control.exists("hold"))
    }
}

/// `counts HOW`: one job that counts.
pub fn counts(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        Counts::config().how(call.texts()[0]).control(call.control()).submit(xp)?;
        Ok(())
    })
}
