//! Plans as users write them: every way to depend, typed outputs, handles, errors of the plan.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use xpm::{Failure, IfRunning, JobState, RunError, prelude::*};

use crate::Call;
use crate::steps::{Control, Step};

/// Something that a step makes.
#[config(id = "story.model")]
pub struct Model {
    #[param(default = 2)]
    pub layers: u32,
    #[param(path = "out.txt")]
    pub weights: PathBuf,
}

#[config(id = "story.inner")]
pub struct Inner {
    pub step: Step,
}

#[config(id = "story.outer")]
pub struct Outer {
    pub inner: Inner,
}

/// Depends on a step in one of all ways, and says what it sees of it.
#[task(id = "story.dependent")]
pub struct Dependent {
    pub control: Control,
    pub job: Option<Step>,
    pub text: Option<String>,
    #[param(json)]
    pub value: Option<String>,
    #[param(json, default = Vec::<String>::new())]
    pub values: Vec<String>,
    pub file: Option<PathBuf>,
    #[param(default = Vec::new())]
    pub list: Vec<Step>,
    #[param(default = BTreeMap::new())]
    pub map: BTreeMap<String, Step>,
    pub nested: Option<Outer>,
    pub model: Option<Model>,
    pub pair: Option<(u32, Step)>,
}

impl Task for Dependent {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        self.control.log("dependent")?;
        let mut seen = Vec::new();
        let steps = self.job.iter().chain(&self.list).chain(self.map.values());
        let steps = steps.chain(self.nested.iter().map(|outer| &outer.inner.step));
        seen.extend(steps.chain(self.pair.iter().map(|pair| &pair.1)).map(|step| format!("step {}", step.name)));
        seen.extend(self.text.iter().chain(&self.value).chain(&self.values).cloned());
        for file in self.file.iter().chain(self.model.iter().map(|model| &model.weights)) {
            seen.push(fs::read_to_string(file)?);
        }
        Ok(seen.join("; "))
    }
}

/// A held step, what depends on it, and a free step that lets the first one go when it has ended. With two CPUs the
/// free step gets its turn only if what depends on the held one has not been started.
pub fn depends(call: &Call) -> xpm::Result<()> {
    fs::write(call.control.join("hold.late"), "")?;
    call.run(2, |xp| {
        let control = call.control();
        let late = Step::config().name("late").control(&control).submit(xp)?;
        let dependent = Dependent::config().control(&control);
        let dependent = match call.texts()[0] {
            "job" => dependent.job(&late).submit(xp)?,
            "tagged" => dependent.job(tag(&late)).submit(xp)?,
            "text" => dependent.text(late.promise()).submit(xp)?,
            "promise" => dependent.value(late.promise()).submit(xp)?,
            "promises" => dependent.values(vec![late.promise(), late.promise()]).submit(xp)?,
            "file" => dependent.file(late.file("out.txt")).submit(xp)?,
            "list" => dependent.list(vec![&late]).submit(xp)?,
            "map" => dependent.map([("k", &late)]).submit(xp)?,
            "nested" => dependent.nested(Outer::config().inner(Inner::config().step(&late))).submit(xp)?,
            "produces" => dependent.model(late.produces(Model::config().layers(3))).submit(xp)?,
            "pair" => dependent.pair((1, &late)).submit(xp)?,
            "member" => {
                let mut args = dependent.build();
                args.set_job(&late);
                args.submit(xp)?
            }
            "add_dependency" => dependent.add_dependency(&late).submit(xp)?,
            "add_produced" => dependent.add_dependency(late.produces(Model::config().layers(3))).submit(xp)?,
            "add_file" => dependent.add_dependency(late.file("out.txt")).submit(xp)?,
            "add_promise" => dependent.add_dependency(late.promise()).submit(xp)?,
            "add_several" => {
                let cpu = xp.token("cpu", 2)?;
                let mut args = dependent.build();
                args = args.add_dependencies([late.dependency(), cpu.dependency(1), cpu.dependency(1)]);
                args.submit(xp)?
            }
            "add_dependencies" => dependent.add_dependencies([&late]).submit(xp)?,
            other => return Err(xpm::Error::msg(format!("no way {other}"))),
        };
        let free = Step::config().name("free").control(&control).submit(xp)?;
        free.wait()?;
        fs::remove_file(call.control.join("hold.late"))?;
        println!("{}", dependent.output()?);
        Ok(())
    })
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
pub struct Measured {
    pub name: String,
    pub exact: f64,
    pub least: f64,
    pub rows: Vec<Row>,
    pub nothing: Option<u8>,
    pub something: Option<Option<u8>>,
    pub by_name: BTreeMap<String, (i64, char)>,
    pub unit: (),
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
pub enum Row {
    Empty,
    Pair(u64, i64),
    Named { x: f32 },
}

fn measured() -> Measured {
    Measured {
        name: "é \" \\ \u{0} \u{1F377}".to_owned(),
        exact: 0.1 + 0.2,
        least: f64::MIN_POSITIVE / 2.0,
        rows: vec![Row::Empty, Row::Pair(u64::MAX, i64::MIN), Row::Named { x: 0.1 }],
        nothing: None,
        something: Some(Some(1)),
        by_name: BTreeMap::from([("a b".to_owned(), (-1, 'é'))]),
        unit: (),
    }
}

macro_rules! returns {
    ($($task:ident $id:tt $output:ty = $value:expr;)*) => {$(
        #[task(id = $id)]
        pub struct $task {}

        impl Task for $task {
            type Output = $output;

            fn execute(&self, _job: &JobContext) -> TaskResult<$output> {
                Ok($value)
            }
        }
    )*};
}
returns! {
    ReturnsUnit "story.returns_unit" () = ();
    ReturnsStruct "story.returns_struct" Measured = measured();
    ReturnsNone "story.returns_none" Option<Measured> = None;
    ReturnsSome "story.returns_some" Option<Measured> = Some(measured());
    ReturnsLarge "story.returns_large" String = "0123456789abcdef".repeat(1 << 16);
    ReturnsNothingMuch "story.returns_list" Vec<u8> = Vec::new();
}

/// Outputs come back as they were returned.
pub fn typed(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let unit = ReturnsUnit::config().submit(xp)?;
        let some = ReturnsSome::config().submit(xp)?;
        let none = ReturnsNone::config().submit(xp)?;
        let large = ReturnsLarge::config().submit(xp)?;
        let list = ReturnsNothingMuch::config().submit(xp)?;
        let measure = ReturnsStruct::config().submit(xp)?;
        unit.output()?;
        assert_eq!(some.output()?, Some(measured()));
        assert_eq!(none.output()?, None);
        assert_eq!(large.output()?.len(), 1 << 20);
        assert_eq!(large.output()?, "0123456789abcdef".repeat(1 << 16));
        assert_eq!(list.output()?, Vec::<u8>::new());
        let back = measure.output()?;
        assert_eq!(back, measured());
        assert_eq!(back.exact.to_bits(), (0.1f64 + 0.2).to_bits());
        println!("typed outputs are what was returned");
        Ok(())
    })
}

/// What a handle tells, before and after.
pub fn handles(call: &Call) -> xpm::Result<()> {
    fs::write(call.control.join("hold.first"), "")?;
    call.run(2, |xp| {
        let control = call.control();
        let args = Step::config().name(tag("first")).control(&control).tag("y", 1).build();
        let identity = args.identity();
        let job = args.clone().submit(xp)?;
        assert_eq!(job.id(), identity);
        assert_eq!(job.path(), xp.workdir().join("jobs/story.step").join(identity.to_string()));
        assert_eq!(job.config().identity(), identity);
        assert_eq!(tagspath(&job), "name=first_y=1");
        assert_eq!(job.tags(), args.tags());
        assert!(!job.state().is_final(), "{job:?}");
        let again = args.submit(xp)?;
        assert_eq!((again.id(), again.path(), again.state().is_final()), (job.id(), job.path(), false));
        let variant = Step::config().after([&job]).name("second").control(&control).submit(xp)?;
        assert_eq!(variant.tags(), job.tags(), "tags of a job count for what it is given to");
        assert_eq!(variant.state(), JobState::Waiting);
        fs::remove_file(call.control.join("hold.first"))?;
        assert_eq!(job.wait()?, JobState::Done);
        assert_eq!((job.state(), again.state()), (JobState::Done, JobState::Done));
        assert_eq!(fs::read_to_string(job.path().join("out.txt"))?, "written by first");
        assert_eq!(variant.output()?, "output of second");
        let mut derived = job.config();
        derived.set_name("third");
        let derived = derived.submit(xp)?;
        assert_ne!(derived.id(), job.id());
        xp.wait()?;
        assert_eq!(derived.state(), JobState::Done);
        assert_eq!(derived.output()?, "output of third");
        assert_eq!(xp.results_path(), xp.path().join("results"));
        assert_eq!(xp.path(), xp.workdir().join("experiments/story").join(xp.run_id()));
        assert_eq!(xp.id(), "story");
        symlink(job.path(), xp.results_path().join(tagspath(&job)))?;
        println!("{}", xp.run_id());
        Ok(())
    })
}

/// What is inside the error of a run.
pub fn run_error(call: &Call) -> xpm::Result<()> {
    let result = crate::steps::steps(call);
    if let Err(error) = &result {
        let run = error.downcast_ref::<RunError>().expect("a run with failed jobs gives a RunError");
        println!("submitted {}, plan {:?}", run.submitted, run.plan);
        for job in &run.failed {
            assert!(job.folder.ends_with(format!("jobs/story.step/{}", job.job.identity)));
            match &job.failure {
                Failure::Error { chain } => println!("failed {chain:?}"),
                Failure::DependencyFailed { job } => println!("not started because of {}", job.task),
                other => println!("otherwise {other:?}"),
            }
        }
    }
    result
}

/// The plan fails while a job runs.
pub fn plan_error(call: &Call) -> xpm::Result<()> {
    use std::io::Read;
    call.run(2, |xp| {
        for name in call.texts() {
            Step::config().name(name).control(call.control()).submit(xp)?;
        }
        let mut text = String::new();
        fs::File::open("/does/not/exist")
            .map_err(|error| xpm::Error::new(error).context("the list of topics"))?
            .read_to_string(&mut text)?;
        Ok(())
    })
}

/// The plan fails while a job runs. Before that, as the words say: `callback` and `callback-pauses` register some, `pause` lasts
/// until the test says `go`, `fails NAME` hands on how that job fails, `fails-in NAME` and in what.
pub fn plan_error_early(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let held = call.step("held").submit(xp)?;
        for word in call.texts() {
            match word.split_once(' ').unwrap_or((word, "")) {
                ("callback", _) => {
                    let (done, held) = (call.step("done").submit(xp)?, held.clone());
                    done.on_completed(|_, _| Err(xpm::Error::msg("no such table")));
                    done.on_completed(move |_, _| held.output().map(drop));
                    done.wait()?;
                }
                ("callback-pauses", _) => {
                    held.wait()?;
                    let control = Control { folder: call.control.clone() };
                    held.on_completed(move |_, _| control.wait_until("it may go on", |control| control.exists("go")));
                }
                ("pause", _) => {
                    let control = Control { folder: call.control.clone() };
                    control.wait_until("it may go on", |control| control.exists("go"))?;
                }
                ("fails", name) => drop(call.step(name).submit(xp)?.output()?),
                ("fails-in", name) => {
                    let job = call.step(name).submit(xp)?;
                    job.output().map_err(|error| error.context("fold 3"))?;
                }
                _ => {}
            }
        }
        Err(xpm::Error::msg("no such file").context("cannot read topics"))
    })
}

/// A plan that has the experiment for itself or fails.
pub fn alone(call: &Call) -> xpm::Result<()> {
    xpm::experiment(&call.workdir, "story").if_running(IfRunning::Fail).run(|xp| {
        println!("alone in {}", xp.run_id());
        Ok(())
    })
}

/// The plan panics while a job runs, unless told otherwise.
pub fn plan_panic(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let step = Step::config().name("kept").control(call.control()).submit(xp)?;
        let control = Control { folder: call.control.clone() };
        control.wait_until("it has started", |control| control.exists("started.kept"))?;
        assert!(call.rest.is_empty(), "the plan panics here");
        println!("{}", step.output()?);
        Ok(())
    })
}

/// Notes when it ran; ends when `together` of its kind have started.
#[task(id = "story.span")]
pub struct Span {
    pub number: usize,
    #[param(ignored)]
    pub together: usize,
    pub control: Control,
}

impl Task for Span {
    type Output = (u128, u128);

    fn execute(&self, _job: &JobContext) -> TaskResult<(u128, u128)> {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_nanos());
        let start = now()?;
        self.control.mark(&format!("span.{}", self.number))?;
        self.control.wait_until("enough have started", |control| {
            let entries = fs::read_dir(&control.folder).into_iter().flatten().flatten();
            entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"span.")).count() >= self.together
        })?;
        Ok((start, now()?))
    }
}

/// `cpus`, `jobs`: prints when each ran.
pub fn parallel(call: &Call) -> xpm::Result<()> {
    let (cpus, count) = (call.number(0), call.number(1));
    call.run(cpus, |xp| {
        let mut jobs = Vec::new();
        for number in 0..count {
            jobs.push(Span::config().number(number).together(cpus).control(call.control()).submit(xp)?);
        }
        for job in jobs {
            let (start, end) = job.output()?;
            println!("{start} {end}");
        }
        Ok(())
    })
}

/// Gives its path back, byte by byte.
#[task(id = "story.bytes")]
pub struct Bytes {
    pub path: PathBuf,
    #[param(default = 0)]
    pub number: u8,
}

impl Task for Bytes {
    type Output = Vec<u8>;

    fn execute(&self, _job: &JobContext) -> TaskResult<Vec<u8>> {
        fs::write("it-ran", "")?;
        Ok(self.path.clone().into_os_string().into_vec())
    }
}

pub fn bytes(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        let job = Bytes::config().path(PathBuf::from(&call.rest[0])).submit(xp)?;
        assert_eq!(job.output()?, call.rest[0].clone().into_vec());
        assert!(job.path().join("it-ran").exists() && job.path().starts_with(xp.workdir()));
        // A path inside the workspace is written relative to it.
        let inside = xp.workdir().join(&call.rest[0]);
        let job = Bytes::config().path(&*inside).number(1).submit(xp)?;
        assert_eq!(PathBuf::from(OsString::from_vec(job.output()?)), inside);
        println!("the path is the same in the job");
        Ok(())
    })
}

/// An experiment of the given id.
pub fn id(call: &Call) -> xpm::Result<()> {
    xpm::experiment(&call.workdir, call.texts()[0]).run(|xp| {
        println!("runs as {}", xp.id());
        Ok(())
    })
}
