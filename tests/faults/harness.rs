//! An arena: a workspace, the folder where the test and the tasks meet, and the processes that run in it.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

/// How long anything may take, on the slowest machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until `condition` holds.
#[track_caller]
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(wait_for(DEADLINE, condition), "waited too long: {what}");
}

/// Waits until `condition` holds, at most so long; says whether it does.
pub fn wait_for(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while !condition() {
        if begin.elapsed() > limit {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    true
}

/// The program, or what `XPM_FAULTS_PROGRAM` names.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("XPM_FAULTS_PROGRAM") {
        Some(path) => path.into(),
        None => env!("CARGO_BIN_EXE_faults_program").into(),
    })
}

pub struct Arena {
    folder: TempDir,
    pub workdir: PathBuf,
    pub control: PathBuf,
    runs: AtomicUsize,
}

impl Arena {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("xpm-faults-").tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let control = path.join("control");
        fs::create_dir(&control).unwrap();
        Self { workdir: path.join("work"), control, folder, runs: AtomicUsize::new(0) }
    }

    pub fn command(&self, plan: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg(plan).arg(&self.workdir).arg(&self.control).args(args).env("FAULTS_PROGRAM", program());
        command
    }

    /// Starts a command in a process group of its own; what it says goes to files.
    pub fn start(&self, mut command: Command) -> Running {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let file = |name: &str| self.folder.path().join(format!("{name}.{number}"));
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        command.stdin(Stdio::null()).env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        Running { child: command.process_group(0).spawn().unwrap(), stdout, stderr }
    }

    pub fn run(&self, plan: &str, args: &[&str]) -> Outcome {
        self.start(self.command(plan, args)).end()
    }

    #[track_caller]
    pub fn ok(&self, plan: &str, args: &[&str]) -> Outcome {
        let outcome = self.run(plan, args);
        assert_eq!(outcome.code(), Some(0), "{outcome}");
        outcome
    }

    pub fn mark(&self, name: &str) {
        fs::write(self.control.join(name), "").unwrap();
    }

    pub fn unmark(&self, name: &str) {
        fs::remove_file(self.control.join(name)).unwrap();
    }

    pub fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.control.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Whether the job of this name has begun to execute.
    pub fn has_started(&self, name: &str) -> bool {
        self.lines("started").iter().any(|line| line.split(' ').next() == Some(name))
    }

    /// The processes of jobs in this workspace.
    pub fn job_processes(&self) -> Vec<u32> {
        self.processes(|args| args.get(1) == Some(&"xpm") && args.get(2) == Some(&"job"))
    }

    fn processes(&self, like: impl Fn(&[&str]) -> bool) -> Vec<u32> {
        let workdir = self.workdir.to_str().unwrap();
        let pids =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let of_ours = |pid: &u32| {
            let Ok(line) = fs::read_to_string(format!("/proc/{pid}/cmdline")) else { return false };
            let args: Vec<&str> = line.split('\0').collect();
            args.iter().any(|arg| arg.starts_with(workdir)) && like(&args)
        };
        pids.filter(of_ours).collect()
    }

    /// The folder of the only job of a task.
    #[track_caller]
    pub fn job(&self, task: &str) -> PathBuf {
        let mut jobs = entries(&self.workdir.join("jobs").join(task));
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        jobs.remove(0)
    }

    /// `run.json` of the newest run.
    #[track_caller]
    pub fn last_run(&self) -> Json {
        json(&self.workdir.join("experiments/faults/latest/run.json"))
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // Those of a test that has failed.
        for pid in self.processes(|_| true) {
            kill(&pid.to_string(), "KILL");
        }
    }
}

/// The number that a task has left in the control folder.
#[track_caller]
pub fn pid_in(arena: &Arena, name: &str) -> u32 {
    wait_until(name, || arena.lines(name).iter().any(|line| line.parse::<u32>().is_ok()));
    arena.lines(name)[0].parse().unwrap()
}

pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[track_caller]
pub fn json(path: &Path) -> Json {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}: {text}", path.display()))
}

/// A program that runs.
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.stderr).unwrap()).into_owned()
    }

    pub fn printed(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap()
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn end(mut self) -> Outcome {
        if !wait_for(DEADLINE, || !self.is_alive()) {
            self.kill();
            panic!("the program hangs:\n{}", self.said());
        }
        let status = self.child.wait().unwrap();
        Outcome { status, stdout: fs::read_to_string(&self.stdout).unwrap(), stderr: self.said() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended.
#[derive(Debug)]
pub struct Outcome {
    status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\n{}", self.status, self.stdout, self.stderr)
    }
}

impl Outcome {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    #[track_caller]
    pub fn says(&self, expected: &[&str]) -> &Self {
        for text in expected {
            assert!(self.stderr.contains(text), "`{text}` is not said:\n{self}");
        }
        self
    }
}

/// Sends a signal to a process, or to a group with a minus in front.
pub fn kill(pid: &str, signal: &str) -> bool {
    let script = format!("kill -{signal} {pid} 2>/dev/null");
    Command::new("sh").args(["-c", &script]).status().unwrap().success()
}

/// Whether there is a process with this number that is no zombie.
pub fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}
