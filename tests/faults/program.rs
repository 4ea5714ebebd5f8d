//! The program that `tests/faults` kills: written like a user's, with tasks that notice when they run twice.
//!
//! `faults_program PLAN WORKDIR CONTROL [ARGUMENT…]`, and `faults_program as-program` as the external program of a task. CONTROL is a folder outside of the workspace where the test and the
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

/// Writes into a folder that it shares with others, and notices when it is not alone there.
#[task(id = "faults.shared", partial(store, except = [common]))]
pub struct Shared {
    pub common: Common,
}

impl Task for Shared {
    type Output = Made;

    fn execute(&self, job: &JobContext) -> TaskResult<Made> {
        let Common { control, name, .. } = &self.common;
        let alone = Marker::take(control, "store")?;
        let folder = job.partial("store")?;
        let made = self.common.work(|attempt| Err(xpm::Error::msg(format!("attempt {attempt} fails"))))?;
        let (new, file) = (folder.join("new"), folder.join(name));
        fs::write(&new, made.value.to_string())?;
        fs::rename(new, file)?;
        alone.give_back()?;
        Ok(made)
    }
}

/// What others read while it is needed.
#[task(id = "faults.transient", transient(remove))]
pub struct Transient {
    pub common: Common,
}

impl Task for Transient {
    type Output = Made;

    fn execute(&self, _job: &JobContext) -> TaskResult<Made> {
        self.common.work(|attempt| Err(xpm::Error::msg(format!("attempt {attempt} fails"))))
    }
}

/// Done by this program again, as an external one. The folder is on its command line for the tests to find it.
#[task(
    id = "faults.program",
    program = ["sh", "-c", "exec \"$FAULTS_PROGRAM\" as-program \"$XPM_JOB_DIR\""],
    arguments = none,
    output = Made,
)]
pub struct Program {
    pub common: Common,
}

/// The arguments of [`Program`], as it finds them.
#[derive(Deserialize)]
struct ProgramArguments {
    common: CommonArguments,
}

#[derive(Deserialize)]
struct CommonArguments {
    name: String,
    control: PathBuf,
    inputs: Vec<Made>,
    files: Vec<PathBuf>,
    fails: u32,
    tokens: Vec<(String, u64)>,
}

fn as_program() -> xpm::Result<()> {
    let variable = |name: &str| std::env::var(name).map_err(|error| xpm::Error::msg(format!("{name}: {error}")));
    let arguments: ProgramArguments = serde_json::from_str(&fs::read_to_string(variable("XPM_PARAMS")?)?)?;
    let CommonArguments { name, control, inputs, files, fails, tokens } = arguments.common;
    let common = Common { name, control, inputs, files, fails, tokens };
    let made = common.work(|attempt| Err(xpm::Error::msg(format!("attempt {attempt} fails"))))?;
    fs::write(variable("XPM_OUTPUT")?, serde_json::to_string(&made)?)?;
    Ok(())
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
            value = value.wrapping_add(self.read(file)?.trim().parse()?);
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

impl Common {
    /// A file of a job that is done, and so has it.
    fn read(&self, file: &Path) -> TaskResult<String> {
        fs::read_to_string(file).or_else(|error| {
            let text = format!("{} needs {}: {error}", self.name, file.display());
            marker::append(&self.control.join("violations"), &text)?;
            Err(xpm::Error::msg(text))
        })
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
            // A child that takes its time when it is asked to end. The job itself does not.
            "saves" => {
                let script = "trap 'sleep 0.3; echo saved > \"$0.saved\"; exit' TERM; echo $$ > \"$0\"; \
                              while :; do sleep 0.05; done";
                Command::new("sh").args(["-c", script]).arg(control.join("child")).spawn()?;
                say("started")?;
                wait_while(control)?;
            }
            // Children that are in no group of the job's.
            "groups" => {
                let script = "timeout 1000 sh -c 'echo $$ > \"$0.timeout\"; exec sleep 1000' \"$0\" & \
                              setsid sh -c 'echo $$ > \"$0.setsid\"; exec sleep 1000' \"$0\" & wait";
                Command::new("sh").args(["-c", script]).arg(control.join("child")).spawn()?;
                say("started")?;
                wait_while(control)?;
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
            // Its process takes long to go away.
            "linger" => {
                say("started")?;
                wait_while(&control.join("hold.linger"))?;
                left_plan::linger(control.join("hold.exit"));
            }
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
    fn experiment(&self, cpus: u32) -> xpm::Result<xpm::ExperimentBuilder> {
        let cpus = NonZeroU32::new(cpus).ok_or_else(|| xpm::Error::msg("no CPUs"))?;
        let id = std::env::var("FAULTS_EXPERIMENT").unwrap_or_else(|_| "faults".to_owned());
        Ok(xpm::experiment(&self.workdir, id).cpus(cpus))
    }

    fn run(&self, cpus: u32, plan: impl FnOnce(&Experiment) -> xpm::Result<()>) -> xpm::Result<()> {
        self.experiment(cpus)?.run(plan)
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
    let plan = next()?;
    if plan == "as-program" {
        return as_program();
    }
    let (workdir, control) = (next()?.into(), next()?.into());
    let call = Call { workdir, control, rest: args.collect() };
    match plan.as_str() {
        "graph" => call.run(CPUS, |xp| graph(&call, xp)),
        // Of these only the newest run is kept.
        "kinds" => call.experiment(CPUS)?.keep_runs(0, 0).run(|xp| graph(&call, xp)),
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

/// A job of a graph, of any task.
enum Node {
    Work(Job<Work>),
    Resumed(Job<Resumed>),
    Program(Job<Program>),
    Shared(Job<Shared>),
    Transient(Job<Transient>),
}

/// The same of a job of any task.
macro_rules! of_node {
    ($node:expr, $job:ident => $what:expr) => {
        match $node {
            Node::Work($job) => $what,
            Node::Resumed($job) => $what,
            Node::Program($job) => $what,
            Node::Shared($job) => $what,
            Node::Transient($job) => $what,
        }
    };
}

/// Runs the jobs that are named and all that they need; says what each returned, but those whose files are gone by then.
fn graph(call: &Call, xp: &Experiment) -> xpm::Result<()> {
    let mut tokens = HashMap::new();
    for (name, capacity) in graph::TOKENS {
        tokens.insert(*name, xp.token(name, *capacity)?);
    }
    let names: Vec<&str> = call.rest.iter().map(String::as_str).collect();
    let names = graph::closure(&names);
    let mut jobs: HashMap<&str, Node> = HashMap::new();
    for name in &names {
        let spec = graph::spec(name);
        let promise = |name: &&str| of_node!(&jobs[name], job => job.promise());
        let file = |name: &&str| of_node!(&jobs[name], job => job.file("out.txt"));
        let held: Vec<(String, u64)> = spec.tokens.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let common = Common::config()
            .name(*name)
            .control(&*call.control)
            .inputs(spec.inputs.iter().map(promise).collect::<Vec<_>>())
            .files(spec.files.iter().map(file).collect::<Vec<_>>())
            .fails(spec.fails)
            .tokens(held)
            .build();
        let mut needs: Vec<xpm::Dependency> =
            spec.after.iter().map(|name| of_node!(&jobs[name], job => job.into())).collect();
        needs.extend(spec.tokens.iter().map(|(name, amount)| tokens[name].dependency(*amount)));
        let retries = match (spec.kind, std::env::var("FAULTS_RETRIES")) {
            (graph::Kind::Resumed, Ok(retries)) => Some(retries.parse()?),
            _ => spec.retries,
        };
        macro_rules! submit {
            ($task:ident) => {{
                let job = $task::config().common(common).add_dependencies(needs).retry_delay(Duration::ZERO);
                Node::$task(match retries {
                    Some(retries) => job.max_retries(retries).submit(xp)?,
                    None => job.submit(xp)?,
                })
            }};
        }
        let node = match spec.kind {
            graph::Kind::Work => submit!(Work),
            graph::Kind::Resumed => submit!(Resumed),
            graph::Kind::Program => submit!(Program),
            graph::Kind::Shared => submit!(Shared),
            graph::Kind::Transient => submit!(Transient),
        };
        jobs.insert(*name, node);
    }
    xp.wait()?;
    for name in &names {
        if graph::spec(name).kind != graph::Kind::Transient {
            let made = of_node!(&jobs[name], job => job.output()?);
            println!("{name} {} {}", made.value, made.by);
        }
    }
    Ok(())
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
