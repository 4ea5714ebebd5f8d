//! Jobs that take CPUs and memory, and notice when there is more taken than there is.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use xpm::prelude::*;

use crate::marker::{self, Marker};
use crate::{Call, wait_while};

/// Takes a marker for each CPU and each GiB that it has asked for.
#[task(id = "faults.uses")]
pub struct Uses {
    pub name: String,
    pub control: PathBuf,
    #[param(ignored)]
    pub cpus: u32,
    #[param(ignored)]
    pub memory: u32,
    /// How many of each there are.
    #[param(ignored)]
    pub there: (u32, u32),
    #[param(ignored)]
    pub milliseconds: u64,
}

impl Task for Uses {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        let marker = Marker::take(&self.control, &self.name)?;
        let mut held = vec![marker];
        for (what, amount, there) in [("cpu", self.cpus, self.there.0), ("memory", self.memory, self.there.1)] {
            for _ in 0..amount {
                held.push(Marker::take_one_of(&self.control, what, there.into())?);
            }
        }
        let line = format!("{} {}", self.name, marker::nonce()?);
        marker::append(&self.control.join("started"), &line)?;
        wait_while(&self.control.join(format!("hold.{}", self.name)))?;
        std::thread::sleep(Duration::from_millis(self.milliseconds));
        for marker in held {
            marker.give_back()?;
        }
        marker::append(&self.control.join("executions"), &line)
    }
}

const GIB: u64 = 1 << 30;

fn uses(call: &Call, text: &str, there: (u32, u32)) -> xpm::Result<UsesConfig> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let mut number = || parts.next().map_or(Ok(0), str::parse::<u32>);
    let (cpus, memory, milliseconds) = (number()?, number()?, u64::from(number()?));
    let resources = Resources::new().cpus(cpus);
    let resources = if memory > 0 { resources.memory(u64::from(memory) * GIB) } else { resources };
    let job = Uses::config().name(name).control(&*call.control).cpus(cpus).memory(memory).there(there);
    Ok(job.milliseconds(milliseconds).resources(resources).build())
}

/// `machine LIMIT CPUS MEMORY NAME:CPUS:MEMORY:MILLISECONDS…`: the limit is that of this driver, CPUS and MEMORY are what there is for
/// all. When there is a file `ask.EXPERIMENT` in CONTROL, it says what each job waits for.
pub fn machine(call: &Call) -> xpm::Result<()> {
    let there = (u32::try_from(call.number(1)?)?, u32::try_from(call.number(2)?)?);
    call.run(u32::try_from(call.number(0)?)?, |xp| {
        let mut jobs = Vec::new();
        for text in &call.rest[3..] {
            let name = text.split(':').next().unwrap_or_default();
            jobs.push((name, uses(call, text, there)?.max_retries(3).retry_delay(Duration::ZERO).submit(xp)?));
        }
        let ask = call.control.join(format!("ask.{}", xp.id()));
        while jobs.iter().any(|(_, job)| !job.state().is_final()) {
            if ask.exists() {
                for (name, job) in &jobs {
                    println!("{name}: {}", job.why().map_or_else(|| "nothing".to_owned(), |why| why.to_string()));
                }
                std::fs::remove_file(&ask)?;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    })
}

/// `stream LIMIT`: jobs of one CPU, a few milliseconds each, as long as there is no file `enough` in CONTROL.
pub fn stream(call: &Call) -> xpm::Result<()> {
    let limit = u32::try_from(call.number(0)?)?;
    call.run(limit, |xp| {
        let (enough, begin) = (call.control.join("enough"), Instant::now());
        let mut running = std::collections::VecDeque::new();
        for number in 0.. {
            if enough.exists() || begin.elapsed() > Duration::from_secs(50) {
                break;
            }
            running.push_back(uses(call, &format!("s{number}:1:0:5"), (limit, 0))?.submit(xp)?);
            if running.len() > 4 {
                running.pop_front().map_or(Ok(()), |job| job.output())?;
            }
        }
        Ok(())
    })
}
