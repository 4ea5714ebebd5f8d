//! What tasks declare that they need, what submissions say instead, and what there is.

use std::collections::VecDeque;
use std::fs;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use xpm::{JobState, prelude::*};

use crate::Call;
use crate::steps::{Control, Step};

/// Needs two CPUs, and holds them while `hold.wide` exists.
#[task(id = "story.wide", cpus = 2)]
pub struct Wide {
    pub name: String,
    pub control: Control,
}

impl Task for Wide {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        self.control.mark(&format!("started.{}", self.name))?;
        self.control.wait_until("it is not held", |control| !control.exists("hold.wide"))?;
        self.control.log(&self.name)
    }
}

/// Has a second, and takes longer.
#[task(id = "story.short", time = "1s", memory = "1MiB")]
pub struct Short {
    pub name: String,
    pub control: Control,
}

impl Task for Short {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        self.control.wait_until("its time is over", |_| false)
    }
}

/// Says which GPUs it sees.
#[task(id = "story.sees_gpus", gpus = 1)]
pub struct SeesGpus {
    pub control: Control,
}

impl Task for SeesGpus {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        Ok(std::env::var("CUDA_VISIBLE_DEVICES")?)
    }
}

/// `token EXPERIMENT CAPACITY NAME=AMOUNT…`: steps that hold some of a token. What the last one waits for is in `why.NAME`.
pub fn token(call: &Call) -> xpm::Result<()> {
    let texts = call.texts();
    xpm::experiment(&call.workdir, texts[0]).cpus(NonZeroU32::new(8).expect("eight are some")).run(|xp| {
        let token = xp.token("shared", texts[1].parse()?)?;
        let mut last = None;
        for text in &texts[2..] {
            let (name, amount) = text.split_once('=').expect("NAME=AMOUNT");
            let step = Step::config().name(name).control(call.control());
            let job = step.add_dependency(token.dependency(amount.parse()?)).submit(xp)?;
            last = Some((call.control.join(format!("why.{name}")), job));
        }
        let mut said = None;
        while let Some((file, job)) = &last
            && !job.state().is_final()
        {
            let why = job.why().map(|why| why.to_string());
            if why.is_some() && why != said {
                fs::write(file, why.as_deref().unwrap_or_default())?;
                said = why;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        xp.wait()
    })
}

/// Ends when the next one has started, so that one of them always executes; or after a while, if that one cannot.
#[task(id = "story.relay")]
pub struct Relay {
    pub number: u32,
    pub control: Control,
}

impl Task for Relay {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        self.control.mark(&format!("relay.{}", self.number))?;
        let next = format!("relay.{}", self.number + 1);
        let begin = Instant::now();
        self.control.wait_until("the next one has started", |control| {
            control.exists(&next) || begin.elapsed() > Duration::from_secs(2)
        })
    }
}

/// `token-relay EXPERIMENT CAPACITY`: jobs that hold one of a token each, of which always one does, until there is `enough`.
pub fn token_relay(call: &Call) -> xpm::Result<()> {
    let texts = call.texts();
    let control = Control { folder: call.control.clone() };
    xpm::experiment(&call.workdir, texts[0]).cpus(NonZeroU32::new(8).expect("eight are some")).run(|xp| {
        let token = xp.token("shared", texts[1].parse()?)?;
        let mut jobs = VecDeque::new();
        for number in 0.. {
            let job = Relay::config().number(number).control(call.control());
            jobs.push_back(job.add_dependency(token.dependency(1)).submit(xp)?);
            if jobs.len() > 6 {
                jobs.pop_front().expect("there are more than six").wait()?;
            }
            if control.exists("enough") {
                break;
            }
        }
        xp.wait()
    })
}

pub fn needs(call: &Call) -> xpm::Result<()> {
    let control = call.control();
    let asked = Control { folder: call.control.clone() };
    let step = |name: &str| Step::config().name(name).control(&control);
    let texts = call.texts();
    let two = NonZeroU32::new(2).expect("two are some");
    let experiment = xpm::experiment(&call.workdir, "story");
    match texts[0] {
        "declared-cpus" => experiment.cpus(two).run(|xp| {
            fs::write(call.control.join("hold.wide"), "")?;
            let [first, second] =
                ["first", "second"].map(|name| Wide::config().name(name).control(&control).submit(xp));
            let (first, second) = (first?, second?);
            asked.wait_until("one runs", |_| first.state() == JobState::Running)?;
            println!("{}", second.why().expect("it waits"));
            // What needs one where its task needs two does not fit beside it either.
            let third =
                Wide::config().name("third").control(&control).resources(Resources::new().cpus(1)).submit(xp)?;
            println!("{}", third.why().expect("it waits"));
            fs::remove_file(call.control.join("hold.wide"))?;
            xp.wait()
        }),
        "declared-time" => experiment.cpus(two).run(|xp| {
            let short = |name: &str| Short::config().name(name).control(&control);
            let as_declared = short("as declared").submit(xp)?;
            let with_cpus = short("with cpus").resources(Resources::new().cpus(2)).submit(xp)?;
            println!("{:?} {:?}", as_declared.wait()?, with_cpus.wait()?);
            Ok(())
        }),
        "three-at-once" => experiment.run(|xp| {
            let names = ["a", "b", "c", "d"];
            for name in names {
                fs::write(call.control.join(format!("hold.{name}")), "")?;
            }
            let jobs = names.map(|name| step(name).submit(xp));
            asked.wait_until("three run", |asked| {
                ["a", "b", "c"].iter().all(|n| asked.exists(&format!("started.{n}")))
            })?;
            let [.., last] = jobs;
            println!("{}", last?.why().expect("it waits"));
            for name in names {
                fs::remove_file(call.control.join(format!("hold.{name}")))?;
            }
            xp.wait()
        }),
        "gpus" => experiment.run(|xp| {
            let job =
                SeesGpus::config().control(&control).resources(Resources::new().gpus(texts[1].parse()?)).submit(xp)?;
            println!("{}", job.output()?);
            Ok(())
        }),
        "declared-gpus" => experiment.run(|xp| {
            println!("{}", SeesGpus::config().control(&control).submit(xp)?.output()?);
            Ok(())
        }),
        "declared-memory" => experiment.run(|xp| Short::config().name("m").control(&control).submit(xp).map(drop)),
        "three-cpus" => experiment.cpus(two).run(|xp| {
            step("a").resources(Resources::new().cpus(3)).submit(xp)?;
            Ok(())
        }),
        "memory" => experiment.run(|xp| {
            step("a").resources(Resources::new().memory("2GiB")).submit(xp)?;
            Ok(())
        }),
        other => Err(xpm::Error::msg(format!("no needs {other}"))),
    }
}
