//! Frozen executables: programs that are built again, deleted or cannot be kept while their jobs wait.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Running, Story, json, names, program};

/// A copy of the story's program, as a build leaves it.
fn build(story: &Story, more: &[u8]) -> PathBuf {
    let folder = story.path().join("target");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("story");
    // As cargo does: the file of a program that runs is replaced, not written to.
    let _ = fs::remove_file(&path);
    fs::copy(program("story"), &path).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(more).unwrap();
    path
}

fn start(story: &Story, program: &Path, scenario: &str, args: &[&str]) -> Running {
    let mut command = Command::new(program);
    command.arg(scenario).arg(&story.workdir).arg(&story.control).args(args);
    story.start_command(command)
}

/// The executables in `bin`.
fn kept(story: &Story) -> Vec<String> {
    names(&story.workdir.join("bin")).into_iter().filter(|name| name.len() == 64).collect()
}

#[test]
fn jobs_run_what_was_submitted_though_the_program_is_built_again() {
    let story = Story::new();
    let program = build(&story, b"first");
    story.mark("hold.a");
    let run = start(&story, &program, "steps", &["cpus=1", "a", "b"]);
    story.wait_for("started.a");
    fs::remove_file(&program).unwrap();
    fs::write(&program, "#!/bin/sh\nexit 7\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let owner = json(&story.step("a").file(".xpm/lock"));
    story.unmark("hold.a");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let [digest] = &kept(&story)[..] else { panic!("{:?}", kept(&story)) };
    let frozen = story.workdir.join("bin").join(digest);
    assert_eq!(fs::metadata(&frozen).unwrap().permissions().mode() & 0o777, 0o555);
    assert!(fs::read(&frozen).unwrap().ends_with(b"first"));
    assert_eq!(owner["executable"], **digest);
    for step in ["a", "b"] {
        assert_eq!(story.step(step).status()["executable"], **digest);
    }
    assert_eq!(json(&story.runs()[0].join("environment.json"))["executable"], **digest);

    // The same program again: the same executable, which is not written again. Another one: another.
    let program = build(&story, b"first");
    let before = fs::metadata(&frozen).unwrap().modified().unwrap();
    assert_eq!(start(&story, &program, "steps", &["c"]).end().code(), Some(0));
    let after = fs::metadata(&frozen).unwrap().modified().unwrap();
    assert_eq!(start(&story, &program, "steps", &["d"]).end().code(), Some(0));
    assert_eq!(fs::metadata(&frozen).unwrap().modified().unwrap(), after, "it was known");
    assert!(before <= after);
    assert_eq!(kept(&story), [&**digest]);
    let program = build(&story, b"second");
    assert_eq!(start(&story, &program, "steps", &["e"]).end().code(), Some(0));
    assert_eq!(kept(&story).len(), 2);
    assert_ne!(story.step("e").status()["executable"], **digest);
}

#[test]
fn a_program_that_is_deleted_is_run_on_and_tried_again() {
    let story = Story::new();
    let program = build(&story, b"");
    story.mark("hold.second_time");
    let run = start(&story, &program, "second-time", &[]);
    story.wait_for("started.second_time");
    fs::remove_dir_all(story.path().join("target")).unwrap();
    story.unmark("hold.second_time");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let [digest] = &kept(&story)[..] else { panic!("{:?}", kept(&story)) };
    assert_eq!(outcome.stdout.trim_end(), story.workdir.join("bin").join(digest).to_str().unwrap());
    assert_eq!(story.job("story.second_time").status()["attempt"], 2);
    assert_eq!(story.log(), ["after"]);
}

#[test]
fn an_executable_that_was_damaged_is_copied_again() {
    let story = Story::new();
    let program = build(&story, b"whole");
    assert_eq!(start(&story, &program, "steps", &["a"]).end().code(), Some(0));
    let [digest] = &kept(&story)[..] else { panic!("{:?}", kept(&story)) };
    let frozen = story.workdir.join("bin").join(digest);
    fs::remove_file(&frozen).unwrap();
    fs::write(&frozen, "damaged").unwrap();
    assert_eq!(start(&story, &program, "steps", &["b"]).end().code(), Some(0));
    assert!(fs::read(&frozen).unwrap().ends_with(b"whole"));
    // What is remembered is not needed.
    fs::write(story.workdir.join("bin/known.json"), "damaged").unwrap();
    assert_eq!(start(&story, &program, "steps", &["c"]).end().code(), Some(0));
    assert_eq!(kept(&story), [&**digest]);
}

#[test]
fn jobs_run_though_the_program_cannot_be_kept() {
    let story = Story::new();
    fs::create_dir(&story.workdir).unwrap();
    fs::write(story.workdir.join("bin"), "no folder").unwrap();
    let program = build(&story, b"");
    story.mark("hold.a");
    let run = start(&story, &program, "steps", &["cpus=1", "a", "b"]);
    story.wait_for("started.a");
    fs::remove_file(&program).unwrap();
    story.unmark("hold.a");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let bin = story.workdir.join("bin");
    outcome.says(&[
        &format!("warning: the program cannot be kept in {}: ", bin.display()),
        "jobs run the program of this",
    ]);
    assert!(story.step("b").status()["executable"].is_null());
}
