//! Tasks that external programs do, and plans of these.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use xpm::prelude::*;

use crate::Call;
use crate::steps::Step;

/// A network.
#[config(id = "story.program.net")]
pub struct Net {
    pub layers: u32,
    #[param(default = 0.5)]
    pub dropout: f32,
    #[param(path = "net.txt")]
    pub file: PathBuf,
}

#[config(id = "story.program.loss")]
pub enum Loss {
    Mse,
    HuberLoss { delta: f64 },
}

#[config]
pub trait Scorer: Send + Sync {}

#[config(id = "story.program.bm25")]
pub struct Bm25 {
    pub k1: f64,
}

#[config]
impl Scorer for Bm25 {}

/// Every kind of argument.
#[task(id = "story.program.arguments", program = ["sh", "stories/scripts/arguments.sh"])]
pub struct Arguments {
    pub lr: f64,
    pub model: Net,
    pub nets: Vec<Net>,
    pub name: String,
    pub xs: Vec<i32>,
    pub set: BTreeSet<u32>,
    pub pair: (u8, String),
    pub map: BTreeMap<String, f64>,
    pub verbose: bool,
    pub quiet: bool,
    #[param(default = true)]
    pub shuffle: bool,
    pub limit: Option<usize>,
    pub sure: Option<bool>,
    pub loss: Loss,
    pub other_loss: Loss,
    pub scorer: Box<dyn Scorer>,
    pub patience: Duration,
    pub warmup: Duration,
    pub huge: u128,
    pub bound: f64,
    pub data: PathBuf,
    pub file: PathBuf,
    pub step: Step,
    pub produced: Net,
    #[param(json)]
    pub settings: serde_json::Value,
    pub text: String,
    #[param(ignored, default = 4)]
    pub threads: usize,
    #[param(path = "weights/all.pt")]
    pub weights: PathBuf,
}

/// Gets the path of the file only.
#[task(id = "story.program.json", program = ["sh", "./stories/scripts/arguments.sh"], arguments = json)]
pub struct ByFile {
    pub lr: f64,
}

/// Gets nothing on the command line.
#[task(id = "story.program.none", program = ["sh", "stories/scripts/arguments.sh", "-x"], arguments = none)]
pub struct Silent {
    pub lr: f64,
    #[param(default = String::new())]
    pub long: String,
}

/// Is too long for a command line.
#[task(id = "story.program.long", program = ["sh", "stories/scripts/arguments.sh"])]
pub struct Long {
    pub long: String,
}

macro_rules! how {
    ($($task:ident $id:tt [$($options:tt)*];)*) => {$(
        /// Ends as `how` says.
        #[task(id = $id, program = ["sh", "stories/scripts/how.sh"], $($options)*)]
        pub struct $task {
            pub how: String,
            #[param(ignored)]
            pub control: String,
        }
    )*};
}
how! {
    How "story.program.how" [];
    HowNumber "story.program.number" [output = f64];
    HowUnit "story.program.unit" [output = ()];
    HowResumed "story.program.resumed" [resumable];
}

macro_rules! cannot_start {
    ($($task:ident $id:tt $program:tt;)*) => {$(
        #[task(id = $id, program = $program)]
        pub struct $task {}
    )*};
}
cannot_start! {
    NotThere "story.program.not_there" ["no-such-program-anywhere"];
    NoFile "story.program.no_file" ["./stories/scripts/nothing.sh"];
    NotExecutable "story.program.not_executable" ["stories/scripts/not_executable.sh"];
    NoInterpreter "story.program.no_interpreter" ["stories/scripts/no_interpreter.sh"];
    NoFirstLine "story.program.no_first_line" ["stories/scripts/no_first_line.sh"];
}

/// Runs a program with every kind of argument.
pub fn arguments(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let step = Step::config().name("first").control(call.control()).submit(xp)?;
        let net = Net::config().layers(3).build();
        let job = Arguments::config()
            .lr(0.1)
            .model(&net)
            .nets(vec![Net::config().layers(1), Net::config().layers(2).dropout(0.1)])
            .name("a b")
            .xs(vec![1, -2])
            .set(BTreeSet::from([10, 9]))
            .pair((7, "seven".to_owned()))
            .map(BTreeMap::from([("k".to_owned(), 1.5), ("l".to_owned(), 2.0)]))
            .verbose(true)
            .quiet(false)
            .shuffle(false)
            .sure(false)
            .loss(Loss::HuberLoss { delta: 2.0 })
            .other_loss(Loss::Mse)
            .scorer(Bm25::config().k1(0.9))
            .patience(Duration::from_secs(90))
            .warmup(Duration::from_millis(1500))
            .huge(u128::from(u64::MAX) + 1)
            .bound(f64::INFINITY)
            .data("/data/robust04")
            .file(step.file("out.txt"))
            .step(&step)
            .produced(step.produces(Net::config().layers(9)))
            .settings(serde_json::json!({"a": [1, "b"]}))
            .text(step.promise())
            .submit(xp)?;
        println!("{}", job.output()?);
        println!("{}", step.path().display());
        ByFile::config().lr(0.5).submit(xp)?;
        Silent::config().lr(0.5).submit(xp)?;
        Ok(())
    })
}

/// Runs a program that ends as the test says, and prints what it gives.
pub fn how(call: &Call) -> xpm::Result<()> {
    let texts = call.texts();
    let control = call.control.to_str().expect("a text").to_owned();
    call.run(2, |xp| {
        let resources = texts.get(2).map_or_else(Resources::new, |time| Resources::new().time(*time));
        match texts[0] {
            "number" => {
                let job = HowNumber::config().how(texts[1]).control(control).submit(xp)?;
                println!("{:?}", job.output()?);
            }
            "unit" => {
                let job = HowUnit::config().how(texts[1]).control(control).submit(xp)?;
                println!("{:?}", job.output()?);
            }
            "resumed" => {
                let job = HowResumed::config().how(texts[1]).control(control).resources(resources).submit(xp)?;
                println!("{}", job.output()?);
            }
            _ => {
                let job = How::config().how(texts[1]).control(control).resources(resources).submit(xp)?;
                println!("{}", job.output()?);
            }
        }
        Ok(())
    })
}

/// Runs a program that emits, and writes down what is told of it: `program-tells KIND HOW`.
pub fn tells(call: &Call) -> xpm::Result<()> {
    fn listen<T: Task>(call: &Call, job: &Job<T>) {
        let (calls, completed) = (call.calls(), call.calls());
        job.on_output("step", move |_, step: u32| calls.add(&format!("step {step}")));
        job.on_completed(move |_, _| completed.add("done"));
    }
    let control = call.control.to_str().expect("a text").to_owned();
    call.run(2, |xp| {
        let (kind, how) = (call.texts()[0], call.texts()[1]);
        match kind {
            "resumed" => {
                let job = HowResumed::config().how(how).control(control);
                listen(call, &job.max_retries(6).retry_delay(Duration::ZERO).submit(xp)?);
            }
            _ => listen(call, &How::config().how(how).control(control).submit(xp)?),
        }
        Ok(())
    })
}

/// Programs that cannot be started.
pub fn cannot_start(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        NotThere::config().submit(xp)?;
        NoFile::config().submit(xp)?;
        NotExecutable::config().submit(xp)?;
        NoInterpreter::config().submit(xp)?;
        NoFirstLine::config().submit(xp)?;
        Long::config().long("x".repeat(1 << 20)).submit(xp)?;
        let kept = Silent::config().lr(0.5).long("x".repeat(1 << 20)).submit(xp)?;
        println!("{}", kept.output()?);
        Ok(())
    })
}
