//! Tasks that say how far they are, to those who watch.

use std::fs;
use std::process::Command;
use std::time::Duration;

use xpm::prelude::*;

use crate::Call;
use crate::external::How;
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

/// Takes memory and the time of a CPU, and ends as `how` says.
#[task(id = "story.burns")]
pub struct Burns {
    pub how: String,
    pub mebibytes: usize,
}

impl Task for Burns {
    type Output = usize;

    fn execute(&self, _job: &JobContext) -> TaskResult<usize> {
        let taken = vec![1_u8; self.mebibytes << 20];
        let mut ones = 0;
        while ticks()? < 30 {
            ones = std::hint::black_box(&taken).iter().map(|byte| usize::from(*byte)).sum();
        }
        match &*self.how {
            "fails" => Err(xpm::Error::msg("it burns")),
            "killed" => {
                Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status()?;
                Err(xpm::Error::msg("it was not killed"))
            }
            _ => Ok(ones),
        }
    }
}

/// The hundredths of a second that this process has had of CPUs.
fn ticks() -> TaskResult<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    behind_name.split_whitespace().skip(11).take(2).map(|ticks| Ok(ticks.parse::<u64>()?)).sum()
}

/// Writes so many values and counts so many steps.
#[task(id = "story.writes")]
pub struct Writes {
    pub values: u64,
}

impl Task for Writes {
    /// The most memory that the process had before and after, in KiB.
    type Output = (u64, u64);

    fn execute(&self, job: &JobContext) -> TaskResult<(u64, u64)> {
        let before = most_memory()?;
        for step in job.progress("steps", 0..self.values) {
            job.metric("loss", step, 2 * step);
        }
        Ok((before, most_memory()?))
    }
}

fn most_memory() -> TaskResult<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(most.unwrap_or_default().trim().trim_end_matches(" kB").parse()?)
}

/// `writes VALUES`: one job; prints the most memory it had before and after.
pub fn writes(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        let (before, after) = Writes::config().values(call.texts()[0].parse::<u64>()?).submit(xp)?.output()?;
        println!("{before} {after}");
        Ok(())
    })
}

/// Says its seed, and how much time is left; fails while `fail` is there.
#[task(id = "story.seeded")]
pub struct Seeded {
    pub name: String,
    pub control: Control,
}

impl Task for Seeded {
    type Output = ();

    fn execute(&self, job: &JobContext) -> TaskResult<()> {
        self.control.log(&format!("{} {}", self.name, job.seed()))?;
        if let Some(at_first) = job.remaining_time() {
            assert!(at_first <= Duration::from_secs(3600), "{at_first:?} of an hour");
            let less = |_: &Control| job.remaining_time().is_some_and(|left| left < at_first);
            self.control.wait_until("less is left", less)?;
            self.control.log("less is left")?;
        }
        if self.control.exists("fail") {
            return Err(xpm::Error::msg("as asked"));
        }
        Ok(())
    }
}

/// `seeded NAME [TIME]`: one job.
pub fn seeded(call: &Call) -> xpm::Result<()> {
    let texts = call.texts();
    let resources = texts.get(1).map_or_else(Resources::new, |time| Resources::new().time(*time));
    call.run(1, |xp| {
        Seeded::config().name(texts[0]).control(call.control()).resources(resources).submit(xp)?;
        Ok(())
    })
}

/// `burns task HOW MEBIBYTES MEMORY` or `burns program HOW - MEMORY`: one job that has asked for so much memory.
pub fn burns(call: &Call) -> xpm::Result<()> {
    let texts = call.texts();
    let resources = Resources::new().memory(texts[3]);
    call.run(1, |xp| {
        if texts[0] == "program" {
            let control = call.control.to_str().expect("a text");
            How::config().how(texts[1]).control(control).resources(resources).submit(xp)?;
        } else {
            Burns::config().how(texts[1]).mebibytes(call.number(2)).resources(resources).submit(xp)?;
        }
        Ok(())
    })
}
