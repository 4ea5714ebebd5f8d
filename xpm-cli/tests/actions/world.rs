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
        let mut command = Command::new(std::env::current_exe().unwrap());
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
        let folders = fs::read_dir(self.workdir.join("jobs/act.step")).unwrap().map(|entry| entry.unwrap().path());
        folders.into_iter().find(named).unwrap_or_else(|| panic!("{name} has no folder"))
    }

    #[track_caller]
    pub fn id(&self, name: &str) -> String {
        self.step(name).file_name().unwrap().to_str().unwrap()[..16].to_owned()
    }
}

fn said(output: Output) -> Said {
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
