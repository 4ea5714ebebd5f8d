//! Jobs on GPUs, in several experiments at once.

use std::env;
use std::fs::{self, OpenOptions};
use std::num::NonZeroU32;

use xpm::prelude::*;

use crate::Call;
use crate::steps::Control;

/// Fails if somebody else is on one of its GPUs.
#[task(id = "story.on_gpus", gpus = 1)]
pub struct OnGpus {
    pub name: String,
    pub control: Control,
}

impl Task for OnGpus {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        let Self { name, control } = self;
        let visible = env::var("CUDA_VISIBLE_DEVICES")?;
        let markers = visible.split(',').map(|gpu| control.folder.join(format!("gpu.{gpu}"))).collect::<Vec<_>>();
        for marker in &markers {
            OpenOptions::new().write(true).create_new(true).open(marker)?;
        }
        control.mark(&format!("started.{name}"))?;
        control.wait_until("it is not held", |control| !control.exists(&format!("hold.{name}")))?;
        for marker in markers {
            fs::remove_file(marker)?;
        }
        control.log(&format!("{name} on {visible}"))?;
        Ok(visible)
    }
}

/// `gpus EXPERIMENT NAME=GPUS…`
pub fn gpus(call: &Call) -> xpm::Result<()> {
    let texts = call.texts();
    let cpus = NonZeroU32::new(8).expect("eight are some");
    xpm::experiment(&call.workdir, texts[0]).cpus(cpus).run(|xp| {
        let mut jobs = Vec::new();
        for text in &texts[1..] {
            let (name, gpus) = text.split_once('=').expect("NAME=GPUS");
            let job = OnGpus::config().name(name).control(call.control());
            jobs.push(job.resources(Resources::new().gpus(gpus.parse()?)).submit(xp)?);
        }
        let asked = Control { folder: call.control.clone() };
        if asked.exists("ask") {
            let others = |job: &Job<OnGpus>| {
                job.why().map(|why| why.to_string()).filter(|why| why.contains("jobs of other runs"))
            };
            asked.wait_until("others have GPUs", |_| others(&jobs[0]).is_some())?;
            println!("{}", others(&jobs[0]).unwrap_or_default());
            fs::remove_file(call.control.join("ask"))?;
        }
        xp.wait()
    })
}
