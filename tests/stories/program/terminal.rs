//! A plan that is watched on a terminal.

use std::num::NonZeroU32;
use std::time::Duration;

use xpm::prelude::*;

use crate::steps::Control;
use crate::{Call, ControlConfig};

/// Counts to `until`, then waits until the file `go` is there, and fails if it is told to.
#[task(id = "story.watched")]
pub struct Watched {
    pub n: u64,
    #[param(default = String::new())]
    pub text: String,
    #[param(ignored, default = 10)]
    pub until: u64,
    #[param(default = false)]
    pub fails: bool,
    #[param(ignored, default = true)]
    pub waits: bool,
    pub control: Control,
}

impl Task for Watched {
    type Output = u64;

    fn execute(&self, job: &JobContext) -> TaskResult<u64> {
        for _ in job.progress("epochs", 0..self.until) {
            for _ in job.progress("batches", 0..self.until) {
                if self.waits {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
        eprintln!("\x1b[31mred\x1b[0m and\r 10%\r100% of {}\x1b[2J", self.n);
        if self.fails {
            return Err(xpm::Error::msg("no space left on device").context("the weights cannot be saved"));
        }
        if self.waits {
            self.control.wait_until("it is let go", |control| control.exists("go"))?;
        }
        Ok(self.n)
    }
}

/// `jobs=N`, `cpus=N`, `quick=N` (jobs that do not wait), `fail=N`, `lines=N` (printed by the plan while jobs run), `end=panic|exit`,
/// `text=TAG`, `until=N`, `quiet=1`.
pub fn terminal(call: &Call) -> xpm::Result<()> {
    let texts = call.texts();
    let option = |name: &str| texts.iter().find_map(|text| text.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str| option(name).map_or(Ok(0), str::parse::<u64>);
    let control: ControlConfig = call.control();
    let meet = Control { folder: call.control.clone() };
    let (jobs, quick, fail, lines) = (number("jobs")?, number("quick")?, number("fail")?, number("lines")?);
    let cpus = NonZeroU32::new(u32::try_from(number("cpus")?.max(1))?).expect("some CPUs");
    let until = option("until").map_or(Ok(50), str::parse)?;
    let mut experiment = xpm::experiment(&call.workdir, "story").cpus(cpus);
    if option("quiet").is_some() {
        experiment = experiment.quiet();
    }
    experiment.run(|xp| {
        let watched = |n| Watched::config().n(tag(n)).control(control.clone());
        for n in 0..quick {
            watched(n).until(1).waits(false).submit(xp)?;
        }
        for n in quick..quick + fail {
            watched(n).until(2).fails(true).submit(xp)?;
        }
        for n in quick + fail..quick + fail + jobs {
            watched(n).text(tag(option("text").unwrap_or("plain"))).until(until).submit(xp)?;
        }
        meet.mark("submitted")?;
        for n in 0..lines {
            println!("the plan prints line {n:04} {}", "=".repeat((n % 7) as usize * 10));
            print!("a line ");
            std::io::Write::flush(&mut std::io::stdout())?;
            std::thread::sleep(Duration::from_millis(3));
            println!("in two parts {n:04}");
        }
        if lines > 0 {
            meet.mark("printed")?;
        }
        match option("end") {
            Some("panic") => panic!("the plan gives up"),
            Some("exit") => std::process::exit(7),
            _ => Ok(()),
        }
    })
}
