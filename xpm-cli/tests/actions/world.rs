//! A workspace of its own for each test, and the `xpm` command on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

pub struct World {
    folder: TempDir,
    pub workdir: PathBuf,
    pub control: PathBuf,
}

/// What a command has said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("xpm-acts-").tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("control")).unwrap();
        Self { workdir: root.join("work"), control: root.join("control"), folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub fn start(&self, steps: &[&str]) -> Child {
        self.start_from(&std::env::current_exe().unwrap(), steps)
    }

    /// Runs the plan of another copy of this program.
    pub fn start_from(&self, program: &Path, steps: &[&str]) -> Child {
        let mut command = Command::new(program);
        command.current_dir(self.path());
        command.arg("make").arg(&self.workdir).arg(&self.control).args(steps);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs the plan to its end.
    pub fn make(&self, steps: &[&str]) {
        self.start(steps).wait().unwrap();
    }

    pub fn mark(&self, name: &str) {
        fs::write(self.control.join(name), "").unwrap();
    }

    pub fn unmark(&self, name: &str) {
        fs::remove_file(self.control.join(name)).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xpm"));
        command.env_remove("XPM_WORKDIR").args(args).current_dir(self.path());
        command
    }

    pub fn raw(&self, args: &[&str]) -> Said {
        said(self.command(args).output().unwrap())
    }

    /// `xpm --workdir … ARGS`.
    pub fn xpm(&self, args: &[&str]) -> Said {
        said(self.command(args).env("XPM_WORKDIR", &self.workdir).output().unwrap())
    }

    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Json {
        let said = self.xpm(&[args, &["--json"]].concat());
        serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    /// The folder of the step of this name.
    #[track_caller]
    pub fn step(&self, name: &str) -> PathBuf {
        let named = |folder: &PathBuf| {
            fs::read_to_string(folder.join("params.json"))
                .is_ok_and(|text| text.contains(&format!("\"name\": \"{name}\"")))
        };
        let tasks = names(&self.workdir.join("jobs")).into_iter().map(|task| self.workdir.join("jobs").join(task));
        let folders = tasks.flat_map(|task| names(&task).into_iter().map(move |job| task.join(job)));
        folders.into_iter().find(named).unwrap_or_else(|| panic!("{name} has no folder"))
    }

    /// How often the step of this name was run.
    pub fn runs(&self, name: &str) -> usize {
        fs::read_to_string(self.control.join(format!("ran.{name}"))).map_or(0, |text| text.lines().count())
    }

    /// `xpm retry ARGS --yes`, going on by itself.
    pub fn retry(&self, args: &[&str]) -> Child {
        let mut command = self.command(&[&["retry", "--yes"], args].concat());
        command.env("XPM_WORKDIR", &self.workdir).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    #[track_caller]
    pub fn state(&self, name: &str) -> String {
        self.json(&["show", &self.id(name)])["state"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn id(&self, name: &str) -> String {
        self.step(name).file_name().unwrap().to_str().unwrap()[..16].to_owned()
    }
}

pub fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(100), "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
