//! A workspace of its own for each test, the program run in it, and what it leaves on disk.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value as Json;
use tempfile::TempDir;

/// How long anything may take, on the slowest machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Waits until `condition` holds.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < DEADLINE, "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A program of `stories/program`.
pub fn program(name: &str) -> PathBuf {
    PathBuf::from(match name {
        "story" => env!("CARGO_BIN_EXE_story"),
        "story_same_id" => env!("CARGO_BIN_EXE_story_same_id"),
        _ => panic!("there is no program {name}"),
    })
}

pub fn is_root() -> bool {
    // The owner of what this process makes.
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A test's folder: the workspace, and the folder where it meets the tasks.
pub struct Story {
    folder: TempDir,
    pub workdir: PathBuf,
    pub control: PathBuf,
    runs: Cell<usize>,
}

impl Story {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("xpm-story-").tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let control = path.join("control");
        fs::create_dir(&control).unwrap();
        Self { workdir: path.join("work"), control, folder, runs: Cell::new(0) }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub fn command(&self, scenario: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(program("story"));
        command.arg(scenario).arg(&self.workdir).arg(&self.control).args(args);
        command
    }

    pub fn start<A: AsRef<OsStr>>(&self, scenario: &str, args: impl IntoIterator<Item = A>) -> Running {
        self.start_command(self.command(scenario, args))
    }

    /// Starts a command; what it says goes to files, so that no child of a child can hold a pipe open.
    pub fn start_command(&self, mut command: Command) -> Running {
        let number = self.runs.get();
        self.runs.set(number + 1);
        let file = |name: &str| self.folder.path().join(format!("{name}.{number}"));
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        command.stdin(Stdio::null()).env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        let mut child = command.spawn();
        // A program that the test has just written: a child that another test is starting has its file open for a moment.
        wait_until("the program is no longer written", || {
            if child.as_ref().is_err_and(|error| error.kind() == ErrorKind::ExecutableFileBusy) {
                child = command.spawn();
                return false;
            }
            true
        });
        Running { child: child.unwrap(), stdout, stderr }
    }

    /// Runs a scenario to its end.
    pub fn run<A: AsRef<OsStr>>(&self, scenario: &str, args: impl IntoIterator<Item = A>) -> Outcome {
        self.start(scenario, args).end()
    }

    /// Runs a scenario that is to end well.
    #[track_caller]
    pub fn ok<A: AsRef<OsStr>>(&self, scenario: &str, args: impl IntoIterator<Item = A>) -> Outcome {
        let outcome = self.run(scenario, args);
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        outcome
    }

    /// Runs a scenario that is to return an error from `main`.
    #[track_caller]
    pub fn fails<A: AsRef<OsStr>>(&self, scenario: &str, args: impl IntoIterator<Item = A>) -> Outcome {
        let outcome = self.run(scenario, args);
        assert_eq!(outcome.code(), Some(1), "{outcome:?}");
        outcome
    }

    /// What the tasks have logged, in order.
    pub fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.control.join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The lines that callbacks have written, sorted, since nothing says which thread is first.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.control.join("calls")).unwrap_or_default();
        let mut calls: Vec<_> = text.lines().map(str::to_owned).collect();
        calls.sort();
        calls
    }

    pub fn mark(&self, name: &str) {
        fs::write(self.control.join(name), "").unwrap();
    }

    pub fn unmark(&self, name: &str) {
        fs::remove_file(self.control.join(name)).unwrap();
    }

    pub fn wait_for(&self, name: &str) {
        wait_until(name, || self.control.join(name).exists());
    }

    /// The folders of a task's jobs.
    pub fn jobs(&self, task: &str) -> Vec<JobDir> {
        let folder = self.workdir.join("jobs").join(task);
        let mut jobs: Vec<_> =
            fs::read_dir(folder).into_iter().flatten().map(|entry| JobDir(entry.unwrap().path())).collect();
        jobs.sort_by(|a, b| a.0.cmp(&b.0));
        jobs
    }

    /// The folder of the only job of a task.
    #[track_caller]
    pub fn job(&self, task: &str) -> JobDir {
        let mut jobs = self.jobs(task);
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        jobs.remove(0)
    }

    /// The folder of the step `name`, if it was ever started.
    pub fn find_step(&self, name: &str) -> Option<JobDir> {
        let named = |job: &JobDir| {
            let params: Json = serde_json::from_slice(&fs::read(job.file("params.json")).ok()?).ok()?;
            (params["configs"].as_array()?.last()?["args"]["name"] == name).then_some(())
        };
        self.jobs("story.step").into_iter().find(|job| named(job).is_some())
    }

    #[track_caller]
    pub fn step(&self, name: &str) -> JobDir {
        self.find_step(name).unwrap_or_else(|| panic!("the step {name} has no folder"))
    }

    /// The folders of the runs of the experiment `story`, oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.workdir.join("experiments/story")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        // One that is just being made is hidden.
        let hidden = |path: &Path| path.file_name().unwrap().to_str().unwrap().starts_with('.');
        let mut runs: Vec<_> = paths.filter(|path| path.is_dir() && !path.is_symlink() && !hidden(path)).collect();
        runs.sort_by_key(|run| {
            let name = run.file_name().unwrap().to_str().unwrap().to_owned();
            let (time, number) = name.split_once('.').map_or((name.as_str(), "0"), |(time, number)| (time, number));
            (time.to_owned(), number.parse::<u32>().unwrap())
        });
        runs
    }

    #[track_caller]
    pub fn last_run(&self) -> Json {
        let run = self.runs().pop().unwrap();
        serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap()
    }
}

/// A job's folder.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDir(pub PathBuf);

impl JobDir {
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    #[track_caller]
    pub fn status(&self) -> Json {
        json(&self.file("status.json"))
    }

    #[track_caller]
    pub fn is_done(&self) -> bool {
        self.status()["outcome"] == "done"
    }

    /// The numbers of the attempts that were put aside.
    pub fn attempts(&self) -> Vec<String> {
        names(&self.file(".xpm/attempts"))
    }

    /// The bytes of the record and when it was written.
    pub fn stamp(&self) -> (Vec<u8>, SystemTime) {
        let path = self.file("status.json");
        (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap())
    }

    /// Whether no process has the job's lock.
    pub fn is_free(&self) -> bool {
        File::open(self.file(".xpm/lock")).unwrap().try_lock().is_ok()
    }

    /// The process that runs it, once there is one.
    pub fn pid(&self) -> u32 {
        let path = self.file(".xpm/lock");
        let mut pid = None;
        wait_until("the job's process says who it is", || {
            let owner = serde_json::from_slice::<Json>(&fs::read(&path).unwrap_or_default());
            pid = owner.ok().and_then(|owner| owner["pid"].as_u64());
            pid.is_some()
        });
        u32::try_from(pid.unwrap()).unwrap()
    }
}

/// Dates a file as if the clock had been set back by some years since it was written.
#[track_caller]
pub fn date_in_the_future(path: &Path) {
    let later = SystemTime::now() + Duration::from_secs(10 * 365 * 24 * 3600);
    File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[track_caller]
pub fn json(path: &Path) -> Json {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}: {text}", path.display()))
}

/// A program that runs. It is killed when the test ends before it does.
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has said this on standard error.
    #[track_caller]
    pub fn wait_to_say(&self, text: &str) {
        wait_until(text, || read(&self.stderr).contains(text));
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn kill(mut self) -> Outcome {
        self.child.kill().unwrap();
        self.end()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn end(mut self) -> Outcome {
        let mut status = None;
        let begin = Instant::now();
        while status.is_none() {
            status = self.child.try_wait().unwrap();
            if status.is_none() && begin.elapsed() > DEADLINE {
                let _ = self.child.kill();
                panic!("the program hangs: {}", read(&self.stderr));
            }
            if status.is_none() {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        Outcome { status: status.unwrap(), stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}

/// How a program ended.
#[derive(Debug)]
pub struct Outcome {
    status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Every text of `expected` is on standard error.
    #[track_caller]
    pub fn says(&self, expected: &[&str]) -> &Self {
        for text in expected {
            assert!(self.stderr.contains(text), "`{text}` is not said:\n{}", self.stderr);
        }
        self
    }

    #[track_caller]
    pub fn does_not_say(&self, text: &str) -> &Self {
        assert!(!self.stderr.contains(text), "`{text}` is said:\n{}", self.stderr);
        self
    }
}

/// Sends a signal.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

pub const NO_ARGS: [&str; 0] = [];
