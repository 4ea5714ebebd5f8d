//! The two programs, and what lies in the workspace between their runs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub const BEFORE: &str = env!("CARGO_BIN_EXE_migrate_before");
pub const AFTER: &str = env!("CARGO_BIN_EXE_migrate_after");

/// What a program said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.out.contains(part) || self.err.contains(part), "`{part}` in\n{}\n{}", self.out, self.err);
        }
        self
    }
}

/// A workspace.
pub struct Work {
    _folder: TempDir,
    pub path: PathBuf,
}

impl Work {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("xpm-migrate-").tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("work");
        Self { _folder: folder, path }
    }

    pub fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env("CI", "1").current_dir(self.path.parent().unwrap());
        command
    }

    pub fn run(&self, program: &str, what: &[&str]) -> Said {
        let work = self.path.to_str().unwrap();
        said(self.command(program, &[&[work], what].concat()))
    }

    pub fn migrate(&self, args: &[&str]) -> Said {
        said(self.command(AFTER, &[&["xpm", "migrate", "--workdir", "work"], args].concat()))
    }

    pub fn jobs(&self, task: &str) -> Vec<PathBuf> {
        entries(&self.path.join("jobs").join(task))
    }

    /// Every file of every job, and which one it is: whatever is run or written again is another one.
    pub fn files(&self) -> BTreeMap<PathBuf, (u64, i64, u64)> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.path.join("jobs")];
        while let Some(folder) = open.pop() {
            for path in entries(&folder) {
                let metadata = fs::symlink_metadata(&path).unwrap();
                // Locks are taken, and made where there are none; nothing hangs on what they hold.
                if metadata.is_dir() {
                    open.push(path);
                } else if path.file_name().is_some_and(|name| name != "lock") {
                    found.insert(path, (metadata.ino(), metadata.mtime_nsec(), metadata.len()));
                }
            }
        }
        found
    }
}

pub fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[track_caller]
pub fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
