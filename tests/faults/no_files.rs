//! A FIFO, a socket or a folder in the place of a file: it is said, and nothing waits for it.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Arena, entries};

const KINDS: [&str; 3] = ["a FIFO", "a socket", "Is a directory"];

/// Puts something else in the place of a file.
fn replace(arena: &Arena, path: &Path, kind: &str) {
    let _ = fs::remove_file(path);
    match kind {
        "a FIFO" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "a socket" => {
            // Its path may be too long for a socket.
            let short = arena.control.join("socket");
            UnixListener::bind(&short).unwrap();
            fs::rename(short, path).unwrap();
        }
        _ => fs::create_dir(path).unwrap(),
    }
}

/// The only file in a folder whose name begins like this.
fn one_of(folder: &Path, begin: &str) -> PathBuf {
    let like = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(begin);
    entries(folder).into_iter().find(like).unwrap()
}

/// A workspace in which a job with a token has ended.
fn ended() -> Arena {
    let arena = Arena::new();
    arena.ok("graph", &["a1"]);
    arena
}

#[test]
fn a_run_that_needs_the_file_fails_and_goes_on_when_it_is_moved_away() {
    for file in [
        "xpm.toml",
        ".drivers",
        ".machine@",
        "tokens/a.json",
        "tokens/a.lock",
        "experiments/faults/lock",
        "JOB/status.json",
        "JOB/.xpm/lock",
    ] {
        for kind in KINDS {
            let arena = ended();
            let job = arena.job("faults.work");
            let path = match file.strip_prefix("JOB/") {
                Some(file) => job.join(file),
                None if file == ".machine@" => one_of(&arena.workdir, file),
                None => arena.workdir.join(file),
            };
            if file != "JOB/status.json" {
                fs::remove_file(job.join("status.json")).unwrap();
            }
            replace(&arena, &path, kind);
            let outcome = arena.run("graph", &["a1"]);
            assert_eq!(outcome.code(), Some(1), "{kind} {file}: {outcome}");
            outcome.says(&[&format!("{} is no file ({kind}): move it away", path.display())]);
            fs::rename(&path, arena.control.join("moved")).unwrap();
            arena.ok("graph", &["a1"]);
        }
    }
}

#[test]
fn what_a_run_can_do_without_stops_nothing() {
    for file in
        ["bin/lock", "bin/known.json", ".turns", "experiments/faults/RUN/run.json", "JOB/params.json", "JOB/stderr.log"]
    {
        for kind in KINDS {
            let arena = ended();
            let run = arena.workdir.join("experiments/faults/latest").canonicalize().unwrap();
            let path = match (file.strip_prefix("JOB/"), file.strip_prefix("experiments/faults/RUN/")) {
                (Some(file), _) => arena.job("faults.work").join(file),
                (_, Some(file)) => run.join(file),
                _ => arena.workdir.join(file),
            };
            replace(&arena, &path, kind);
            arena.run("graph", &["a1", "first"]);
            let outcome = arena.ok("graph", &["a1", "first"]);
            assert!(!outcome.stderr.contains("panicked"), "{kind} {file}: {outcome}");
        }
    }
}

#[test]
fn a_look_at_the_workspace_does_not_wait_for_what_is_no_file() {
    for kind in KINDS {
        let arena = ended();
        let run = arena.workdir.join("experiments/faults/latest").canonicalize().unwrap();
        let job = arena.job("faults.work");
        let files =
            [run.join("run.json"), run.join("journal.jsonl"), run.join("environment.json"), job.join("params.json")];
        for path in files.into_iter().chain([job.join("stderr.log"), job.join("status.json"), job.join(".xpm/lock")]) {
            replace(&arena, &path, kind);
            let workspace = xpm_core::state::Workspace::open(&arena.workdir).unwrap();
            let jobs = workspace.snapshot().jobs().len();
            assert_eq!(jobs, 1, "{kind} in the place of {}", path.display());
        }
    }
}
