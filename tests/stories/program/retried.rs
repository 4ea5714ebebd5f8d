//! Tasks that fail in ways that are worth another attempt, and in ways that are not; and long ones that go on from a checkpoint.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use xpm::prelude::*;

use crate::Call;
use crate::steps::{Control, ControlConfig};

/// Whether this is the process of the plan. Those of jobs do not come through `main`.
static IS_PLAN: AtomicBool = AtomicBool::new(false);

fn in_the_plan(_: &Fragile) -> Result<(), String> {
    if IS_PLAN.load(Ordering::Relaxed) { Ok(()) } else { Err("this is no plan".to_owned()) }
}

/// Can be submitted, and not be read back.
#[config(id = "story.fragile", validate = in_the_plan)]
pub struct Fragile {
    pub number: u8,
}

/// Never ends well.
#[task(id = "story.ends")]
pub struct Ends {
    pub how: String,
    pub control: Control,
    pub fragile: Option<Fragile>,
}

impl Task for Ends {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        self.control.log(&self.how)?;
        match self.how.as_str() {
            "panics" => panic!("as it was told"),
            "exits" => std::process::exit(7),
            "aborts" => std::process::abort(),
            "fails" => Err(xpm::Error::msg("as it was told")),
            _ => self.control.wait_until("the time is over", |_| false),
        }
    }
}

/// Counts its attempts in a checkpoint, and has enough time for nothing but that, until there are as many as `enough` says.
#[task(id = "story.long", resumable, time = "2s")]
pub struct Long {
    pub how: String,
    pub enough: u32,
    pub control: Control,
}

impl Task for Long {
    type Output = u32;

    fn execute(&self, job: &JobContext) -> TaskResult<u32> {
        let before = fs::read_to_string("checkpoint").map_or(Ok(0), |text| text.parse::<u32>())?;
        let now = before + 1;
        fs::write("checkpoint", now.to_string())?;
        self.control.log(&self.how)?;
        if now >= self.enough {
            return Ok(now);
        }
        let until = |condition: &dyn Fn() -> bool| self.control.wait_until("the time is over", |_| condition());
        match self.how.as_str() {
            "asks" => until(&|| job.stop_requested())?,
            "counts" => {
                until(&|| job.remaining_time().is_some_and(|left| left < Duration::from_secs(1)))?;
                assert!(!job.stop_requested(), "it has looked at the clock in time");
            }
            "dies" => {
                until(&|| job.stop_requested())?;
                std::process::abort();
            }
            _ => until(&|| false)?,
        }
        Err(job.out_of_time())
    }
}

/// `retried ends WAY…`, `retried long ENOUGH WAY…`: jobs that may have two retries.
pub fn retried(call: &Call) -> xpm::Result<()> {
    IS_PLAN.store(true, Ordering::Relaxed);
    let control: ControlConfig = call.control();
    let texts = call.texts();
    call.run(4, |xp| match texts[0] {
        "ends" => {
            for how in &texts[1..] {
                let mut job = Ends::config().how(*how).control(&control).build();
                if *how == "cannot-be-read" {
                    job.set_fragile(Fragile::config().number(1));
                }
                let job = job.max_retries(2).retry_delay(Duration::ZERO);
                let limit = if *how == "sleeps" { "1s" } else { "1h" };
                job.resources(Resources::new().time(limit)).submit(xp)?;
            }
            xp.wait()
        }
        _ => {
            let mut jobs = Vec::new();
            for how in &texts[2..] {
                let job = Long::config().how(*how).enough(texts[1].parse::<u32>()?).control(&control);
                jobs.push(job.max_retries(2).submit(xp)?);
            }
            for job in &jobs {
                println!("{:?}", job.output().ok());
            }
            Ok(())
        }
    })
}
