//! The program that `tests/faults` kills: written like a user's, with tasks that notice when they run twice.
//!
//! `faults_program PLAN WORKDIR CONTROL [ARGUMENT…]`. CONTROL is a folder outside of the workspace where the test and the
//! tasks meet; FAULTS_EXPERIMENT names the experiment, FAULTS_RETRIES says how often a job
//! resumes.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program, not a library")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::exit, reason = "written as users write")]

#[path = "graph.rs"]
mod graph;
#[path = "left_plan.rs"]
mod left_plan;
#[path = "machine_plan.rs"]
mod machine_plan;
#[path = "marker.rs"]
mod marker;

use std::collections::HashMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

use marker::Marker;

/// What a job returns: a value that follows from its arguments, and the process that computed it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct Made {
    pub value: u64,
    pub by: String,
}

/// What every job of the graph has.
#[config(id = "faults.common")]
pub struct Common {
    pub name: String,
    pub control: PathBuf,
    #[param(json, default = Vec::<Made>::new())]
    pub inputs: Vec<Made>,
    #[param(default = Vec::new())]
    pub files: Vec<PathBuf>,
    #[param(ignored, default = 0)]
    pub fails: u32,
    #[param(ignored, default = Vec::new())]
    pub tokens: Vec<(String, u64)>,
}

#[task(id = "faults.work")]
pub struct Work {
    pub common: Common,
}

impl Task for Work {
    type Output = Made;

    fn execute(&self, _job: &JobContext) -> TaskResult<Made> {
        self.common.work(|attempt| Err(xpm::Error::msg(format!("attempt {attempt} fails"))))
    }
}

/// Runs out of time where `Work` fails, and finds its files when it goes on.
#[task(id = "faults.resumed", resumable)]
pub struct Resumed {
    pub common: Common,
}

impl Task for Resumed {
    type Output = Made;

    fn execute(&self, job: &JobContext) -> TaskResult<Made> {
        let known = self.common.control.join("checkpointed");
        if known.exists() {
            if fs::read_to_string("checkpoint").unwrap_or_default() != "here it goes on" {
                marker::append(&self.common.control.join("violations"), "the checkpoint is gone")?;
                return Err(xpm::Error::msg("the checkpoint is gone"));
            }
        } else {
            fs::write("checkpoint", "here it goes on")?;
            marker::append(&known, "")?;
        }
        self.common.work(|_| Err(job.out_of_time()))
    }
}

impl Common {
    fn work(&self, fail: impl FnOnce(u32) -> TaskResult<()>) -> TaskResult<Made> {
        let marker = Marker::take(&self.control, &self.name)?;
        // Each job takes a CPU.
        let mut held = vec![Marker::take_one_of(&self.control, "cpu", CPUS.into())?];
        for (token, amount) in &self.tokens {
            for _ in 0..*amount {
                held.push(Marker::take_one_of(&self.control, token, graph_capacity(token)?)?);
            }
        }
        marker::append(&self.control.join("started"), &format!("{} {}", self.name, marker::nonce()?))?;
        let attempts = self.control.join(format!("attempts.{}", self.name));
        marker::append(&attempts, "one more")?;
        let attempt = u32::try_from(fs::read_to_string(attempts)?.lines().count())?;
        wait_while(&self.control.join(format!("hold.{}", self.name)))?;
        if attempt <= self.fails {
            fail(attempt)?;
        }
        let mut value = graph::own_value(&self.name);
        for input in &self.inputs {
            value = value.wrapping_add(input.value);
        }
        for file in &self.files {
            value = value.wrapping_add(fs::read_to_string(file)?.trim().parse()?);
        }
        fs::write("out.txt", format!("{value}\n"))?;
        marker::append(&self.control.join("executions"), &format!("{} {}", self.name, marker::nonce()?))?;
        for marker in held {
            marker.give_back()?;
        }
        marker.give_back()?;
        Ok(Made { value, by: marker::nonce()? })
    }
}

/// What the jobs of the graph may take together.
const CPUS: u32 = 4;

fn graph_capacity(token: &str) -> TaskResult<u64> {
    let found = graph::TOKENS.iter().find(|(name, _)| *name == token);
    found.map(|(_, capacity)| *capacity).ok_or_else(|| xpm::Error::msg(format!("there is no token {token}")))
}

fn wait_while(path: &Path) -> TaskResult<()> {
    let begin = Instant::now();
    while path.exists() {
        if begin.elapsed() > Duration::from_secs(100) {
            return Err(xpm::Error::msg(format!("waited too long while there was {}", path.display())));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Does what `how` says.
#[task(id = "faults.hard")]
pub struct Hard {
    pub how: String,
    pub control: PathBuf,
}

impl Task for Hard {
    type Output = String;

    fn execute(&self, job: &JobContext) -> TaskResult<String> {
        let Self { how, control } = self;
        let say = |name: &str| marker::append(&control.join(name), &std::process::id().to_string());
        let child = |script: &str| Command::new("sh").args(["-c", script]).arg(control.join("child")).status();
        match how.as_str() {
            "daemon" => {
                child("setsid sleep 1000 > /dev/null 2>&1 < /dev/null & echo $! > \"$0\"")?;
            }
            "fork" => {
                say("started")?;
                wait_while(&control.join("hold.fork"))?;
                left_plan::fork(&control.join("child"))?;
            }
            "ignore-term" => {
                child("(trap '' TERM; exec sleep 1000) & echo $! > \"$0\"")?;
                job.stop_requested();
                say("started")?;
                wait_while(control)?;
            }
            "listen" => {
                job.stop_requested();
                say("started")?;
                while !job.stop_requested() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                say("heard")?;
                return Err(xpm::Error::msg("it was told to stop"));
            }
            "exit-0" => std::process::exit(0),
            other => {
                say("started")?;
                wait_while(&control.join(format!("hold.{other}")))?;
                fs::write("late.txt", "late")?;
            }
        }
        Ok(format!("{how} has ended well"))
    }
}

/// Nothing.
#[task(id = "faults.nothing")]
pub struct Nothing {
    pub number: usize,
}

impl Task for Nothing {
    type Output = usize;

    fn execute(&self, _job: &JobContext) -> TaskResult<usize> {
        Ok(self.number)
    }
}

/// Holds some of each token.
#[task(id = "faults.audit")]
pub struct Audit {
    pub number: u64,
}

impl Task for Audit {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

struct Call {
    workdir: PathBuf,
    control: PathBuf,
    rest: Vec<String>,
}

impl Call {
    fn run(&self, cpus: u32, plan: impl FnOnce(&Experiment) -> xpm::Result<()>) -> xpm::Result<()> {
        let cpus = NonZeroU32::new(cpus).ok_or_else(|| xpm::Error::msg("no CPUs"))?;
        let id = std::env::var("FAULTS_EXPERIMENT").unwrap_or_else(|_| "faults".to_owned());
        xpm::experiment(&self.workdir, id).cpus(cpus).run(plan)
    }

    fn number(&self, index: usize) -> xpm::Result<usize> {
        let text = self.rest.get(index).ok_or_else(|| xpm::Error::msg("a number is missing"))?;
        Ok(text.parse()?)
    }
}

#[xpm::main]
fn main() -> xpm::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or_else(|| xpm::Error::msg("usage: PLAN WORKDIR CONTROL [ARGUMENT…]"));
    let (plan, workdir, control) = (next()?, next()?.into(), next()?.into());
    let call = Call { workdir, control, rest: args.collect() };
    match plan.as_str() {
        "graph" => run_graph(&call),
        "audit" => audit(&call),
        "hard" => hard(&call),
        "many" => many(&call),
        "chain" => chain(&call),
        "machine" => machine_plan::machine(&call),
        "left" => left_plan::left(&call),
        "two" => left_plan::two(&call),
        "stream" => machine_plan::stream(&call),
        other => Err(xpm::Error::msg(format!("there is no plan {other}"))),
    }
}

/// A job of the graph, of either task.
enum Node {
    Work(Job<Work>),
    Resumed(Job<Resumed>),
}

/// Runs the jobs that are named and all that they need; says what each returned.
fn run_graph(call: &Call) -> xpm::Result<()> {
    call.run(CPUS, |xp| {
        let mut tokens = HashMap::new();
        for (name, capacity) in graph::TOKENS {
            tokens.insert(*name, xp.token(name, *capacity)?);
        }
        let names: Vec<&str> = call.rest.iter().map(String::as_str).collect();
        let names = graph::closure(&names);
        let mut jobs: HashMap<&str, Node> = HashMap::new();
        for name in &names {
            let spec = graph::spec(name);
            let promise = |name: &&str| match &jobs[name] {
                Node::Work(job) => job.promise(),
                Node::Resumed(job) => job.promise(),
            };
            let file = |name: &&str| match &jobs[name] {
                Node::Work(job) => job.file("out.txt"),
                Node::Resumed(job) => job.file("out.txt"),
            };
            let held: Vec<(String, u64)> = spec.tokens.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
            let common = Common::config()
                .name(*name)
                .control(&*call.control)
                .inputs(spec.inputs.iter().map(promise).collect::<Vec<_>>())
                .files(spec.files.iter().map(file).collect::<Vec<_>>())
                .fails(spec.fails)
                .tokens(held)
                .build();
            let after = spec.after.iter().map(|name| match &jobs[name] {
                Node::Work(job) => job.into(),
                Node::Resumed(job) => job.into(),
            });
            let mut needs: Vec<xpm::Dependency> = after.collect();
            needs.extend(spec.tokens.iter().map(|(name, amount)| tokens[name].dependency(*amount)));
            let node = match (spec.resumes, spec.retries) {
                (true, _) => {
                    let job = Resumed::config().common(common).add_dependencies(needs);
                    Node::Resumed(match std::env::var("FAULTS_RETRIES") {
                        Ok(retries) => job.max_retries(retries.parse()?).retry_delay(Duration::ZERO).submit(xp)?,
                        Err(_) => job.retry_delay(Duration::ZERO).submit(xp)?,
                    })
                }
                (false, None) => Node::Work(Work::config().common(common).add_dependencies(needs).submit(xp)?),
                (false, Some(retries)) => {
                    let work = Work::config().common(common).add_dependencies(needs);
                    Node::Work(work.max_retries(retries).retry_delay(Duration::ZERO).submit(xp)?)
                }
            };
            jobs.insert(*name, node);
        }
        xp.wait()?;
        for name in &names {
            let made = match &jobs[name] {
                Node::Work(job) => job.output()?,
                Node::Resumed(job) => job.output()?,
            };
            println!("{name} {} {}", made.value, made.by);
        }
        Ok(())
    })
}

/// Asks for all of every token at once.
fn audit(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        let mut job = Audit::config().number(u64::from(std::process::id()));
        for (name, capacity) in graph::TOKENS {
            job = job.add_dependency(xp.token(name, *capacity)?.dependency(*capacity));
        }
        job.submit(xp)?.output()
    })
}

/// Runs one hard case: `HOW [MILLISECONDS]`, the time limit.
fn hard(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let job = Hard::config().how(&*call.rest[0]).control(&*call.control);
        let job = match call.rest.get(1) {
            Some(limit) => job.resources(Resources::new().time(Duration::from_millis(limit.parse()?))).submit(xp)?,
            None => job.submit(xp)?,
        };
        println!("{}", job.output()?);
        Ok(())
    })
}

/// So many jobs, all ready, two at a time.
fn many(call: &Call) -> xpm::Result<()> {
    let count = call.number(0)?;
    call.run(2, |xp| {
        let mut jobs = Vec::with_capacity(count);
        for number in 0..count {
            jobs.push(Nothing::config().number(number).submit(xp)?);
        }
        xp.wait()?;
        let mut sum = 0;
        for job in &jobs {
            sum += job.output()?;
        }
        println!("{sum}");
        Ok(())
    })
}

/// A chain of so many jobs.
fn chain(call: &Call) -> xpm::Result<()> {
    let count = call.number(0)?;
    call.run(2, |xp| {
        let mut last: Option<Job<Nothing>> = None;
        for number in 0..count {
            let job = Nothing::config().number(number);
            last = Some(match &last {
                Some(previous) => job.add_dependency(previous).submit(xp)?,
                None => job.submit(xp)?,
            });
        }
        if let Some(last) = last {
            println!("{}", last.output()?);
        }
        Ok(())
    })
}
