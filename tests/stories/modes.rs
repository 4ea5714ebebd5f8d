//! Run modes: dry runs write nothing at all, and runs that only generate start nothing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::harness::{NO_ARGS, Outcome, Story, json, names};

/// Everything below a folder: what it is, when it changed, what is in it.
fn tree(folder: &Path) -> BTreeMap<PathBuf, (i64, i64, Vec<u8>)> {
    let mut tree = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let found = fs::symlink_metadata(&path).unwrap();
        let content = if found.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        if found.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        tree.insert(path, (found.mtime(), found.mtime_nsec(), content));
    }
    tree
}

fn in_mode(story: &Story, mode: &str, scenario: &str, args: &[&str]) -> Outcome {
    let mut command = story.command(scenario, args);
    command.env("XPM_RUN_MODE", mode);
    story.start_command(command).end()
}

#[test]
fn a_dry_run_says_what_would_be_run_and_writes_nothing() {
    let story = Story::new();
    let outcome = story.ok("mode", ["dry-run"]);
    assert!(!story.workdir.exists());
    assert_eq!(outcome.stdout, "dry-run\nPlanned Planned true\n");
    outcome.says(&[
        "xpm: would run story.step/",
        " after story.step/",
        "the plan goes on from the output of story.step/",
        "story: 2 would run, 0 done before; nothing was started or written",
    ]);
    outcome.does_not_say("warning").does_not_say("Error");

    story.mark("fail.second");
    story.fails("mode", ["normal"]);
    story.unmark("fail.second");
    let before = tree(&story.workdir);
    let outcome = story.ok("mode", ["dry-run"]);
    assert_eq!(outcome.stdout.lines().next(), Some("dry-run"));
    for line in ["first gave \"output of first\"", "Done Planned true", "output of first"] {
        assert!(outcome.stdout.lines().any(|said| said == line), "{outcome:?}");
    }
    outcome.says(&["xpm: is done story.step/", "story: 1 would run, 1 done before; "]);
    let outcome = in_mode(&story, "dry-run", "steps", &["other", "last:other"]);
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "other Planned\nlast Planned\n"), "{outcome:?}");
    assert_eq!(tree(&story.workdir), before);
    assert_eq!(story.log(), ["first"]);
}

#[test]
fn a_plan_that_writes_results_is_dry_run_to_its_end() {
    let story = Story::new();
    story.ok("keep", ["-", "-", "results"]);
    let before = tree(&story.workdir);
    let temporary = story.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let mut command = story.command("keep", ["-", "-", "results"]);
    command.env("XPM_RUN_MODE", "dry-run").env("TMPDIR", &temporary);
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(tree(&story.workdir), before);
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

/// Plans whose jobs use more of the workspace than their folders.
const PLANS: [(&str, &[&str]); 5] = [
    ("gpus", &["story", "a=1"]),
    ("partial", &["1 2", "program 1"]),
    ("transient", &["scratch s", "prepare p", "use u"]),
    ("program", &["unit", "well"]),
    ("live", &["both", "2"]),
];

#[test]
fn a_dry_run_makes_and_changes_nothing_whatever_its_jobs_share() {
    for (scenario, args) in PLANS {
        let story = Story::new();
        let run = |mode: &str| {
            let mut command = story.command(scenario, args);
            command.env("XPM_RUN_MODE", mode).env("CUDA_VISIBLE_DEVICES", "4");
            let outcome = story.start_command(command).end();
            assert_eq!(outcome.code(), Some(0), "{scenario}: {outcome:?}");
            outcome
        };
        run("dry-run").says(&["nothing was started or written"]);
        assert!(!story.workdir.exists(), "{scenario}");
        run("normal");
        let before = tree(&story.workdir);
        run("dry-run").says(&["story: 0 would run, "]);
        assert_eq!(tree(&story.workdir), before, "{scenario}");
    }
}

#[test]
fn callbacks_are_not_told_what_a_job_emitted_before_it_failed_in_a_run_that_would_run_it_again() {
    let story = Story::new();
    story.mark("kill.1");
    story.fails("live", ["both", "2"]);
    assert_eq!(story.calls(), ["even 0", "failed", "step 0: 1"]);
    story.unmark("calls");
    for mode in ["dry-run", "generate-only"] {
        let outcome = in_mode(&story, mode, "live", &["both", "2"]);
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        outcome.says(&["story: 1 would run, "]);
        assert_eq!(story.calls(), NO_ARGS, "{mode}");
    }
    story.ok("live", ["both", "2"]);
    assert_eq!(story.calls(), ["done 2", "even 0", "step 0: 1", "step 1: 0.5"]);
}

#[test]
fn a_dry_run_whose_plan_panics_leaves_no_temporary_folder() {
    let story = Story::new();
    let temporary = story.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let mut command = story.command("react", ["results-panic"]);
    command.env("XPM_RUN_MODE", "dry-run").env("TMPDIR", &temporary);
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(101), "{outcome:?}");
    assert!(outcome.stdout.starts_with(temporary.to_str().unwrap()), "{outcome:?}");
    assert_eq!(names(&temporary), NO_ARGS);
}

#[test]
fn a_run_that_only_generates_declares_no_gpus() {
    let story = Story::new();
    let mut command = story.command("gpus", ["story", "a=1"]);
    command.env("XPM_RUN_MODE", "generate-only").env("CUDA_VISIBLE_DEVICES", "4");
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(names(&story.workdir.join("tokens")), NO_ARGS);
    assert!(story.job("story.on_gpus").file("params.json").exists());
}

#[test]
fn a_dry_run_tells_which_transient_jobs_nothing_needs() {
    let story = Story::new();
    let outcome = in_mode(&story, "dry-run", "transient", &["scratch s", "prepare p", "chain q", "states"]);
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "Some(Skipped) Some(Skipped)\n"), "{outcome:?}");
    outcome
        .says(&["is not needed story.transient.kept/", "story: 0 would run, 0 done before, 3 not needed; "])
        .does_not_say("would run story");

    // What needs one stands behind it, and so does what that one needs.
    let plan = ["scratch s", "prepare p", "chain q", "use u", "prepare other"];
    let outcome = in_mode(&story, "dry-run", "transient", &plan);
    let lines: Vec<&str> = outcome.stderr.lines().filter_map(|line| line.strip_prefix("xpm: ")).collect();
    let begins = |line: &str, begin: &str| assert!(line.starts_with(begin), "{line}: {outcome:?}");
    begins(lines[0], "would run story.transient.removed/");
    begins(lines[1], "would run story.transient.kept/");
    begins(lines[2], "would run story.transient.kept/");
    assert!(lines[2].contains(" after story.transient.kept/"), "{outcome:?}");
    begins(lines[3], "would run story.transient.use/");
    begins(lines[4], "is not needed story.transient.kept/");
    begins(lines[5], "story: 4 would run, 0 done before, 1 not needed; ");

    let outcome = in_mode(&story, "dry-run", "transient", &["prepare p", "chain q", "output"]);
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    outcome.says(&["the plan goes on from the output of story.transient.kept/", "story: 2 would run, 0 done before; "]);
    assert!(!story.workdir.exists());

    // What is done needs nothing.
    story.ok("transient", ["scratch s", "use u"]);
    let outcome = in_mode(&story, "dry-run", "transient", &["scratch s", "use u"]);
    outcome.says(&["story: 0 would run, 1 done before, 1 not needed; "]);
    let outcome = in_mode(&story, "generate-only", "transient", &["scratch s", "prepare p", "use v"]);
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    outcome.says(&["story: 3 would run, 0 done before; "]);
}

#[test]
fn the_mode_that_does_less_counts() {
    let story = Story::new();
    for (outside, inside, counts) in [
        ("dry-run", "normal", "dry-run\n"),
        ("normal", "dry-run", "dry-run\n"),
        ("generate-only", "dry-run", "dry-run\n"),
        ("", "dry-run", "dry-run\n"),
        ("generate-only", "normal", "generate-only\n"),
    ] {
        let outcome = in_mode(&story, outside, "mode", &[inside]);
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        assert!(outcome.stdout.starts_with(counts), "{outcome:?}");
    }
    let outcome = in_mode(&story, "dry_run", "mode", &["normal"]);
    assert_eq!(outcome.code(), Some(1));
    outcome.says(&["XPM_RUN_MODE: `dry_run` is no run mode; write `normal`, `dry-run` or `generate-only`"]);
}

#[test]
fn a_run_that_only_generates_starts_nothing_and_the_next_one_runs_it() {
    let story = Story::new();
    let outcome = story.ok("mode", ["generate-only"]);
    outcome
        .says(&["story: 2 would run, 0 done before; nothing was started, and the folders of these jobs are written"]);
    assert_eq!(story.log(), NO_ARGS);
    assert_eq!(story.last_run()["status"], "generated");
    let jobs = story.jobs("story.step");
    assert_eq!(jobs.len(), 2);
    for job in &jobs {
        assert_eq!(json(&job.file("params.json"))["task"], "story.step");
        assert!(!job.file("status.json").exists() && job.is_free());
    }
    assert!(!story.workdir.join("bin").exists());
    story.ok("mode", ["normal"]);
    assert_eq!(story.log(), ["first", "second"]);
    for job in &jobs {
        assert_eq!((job.is_done(), &job.status()["attempt"]), (true, &1.into()));
    }
    let before = jobs.iter().map(|job| tree(&job.0)).collect::<Vec<_>>();
    let outcome = story.ok("mode", ["generate-only"]);
    outcome.says(&["story: 0 would run, 2 done before; "]);
    assert_eq!(jobs.iter().map(|job| tree(&job.0)).collect::<Vec<_>>(), before);
}

#[test]
fn a_task_says_how_far_the_whole_is() {
    let story = Story::new();
    story.ok("fraction", NO_ARGS);
    let progress = json(&story.job("story.fraction").file(".xpm/progress.json"));
    assert_eq!((&progress[0]["done"], &progress[0]["total"]), (&1000.into(), &1000.into()), "{progress}");
    assert_eq!(progress.as_array().map(Vec::len), Some(1), "{progress}");
}

#[test]
fn a_plan_that_asks_for_a_web_monitor_runs_and_is_told_that_there_is_none() {
    let story = Story::new();
    let said = "warning: port 12346 is not served: there is no web monitor in this version";
    story.ok("port", NO_ARGS).says(&[said]);
    let mut command = story.command("port", NO_ARGS);
    command.env("XPM_RUN_MODE", "dry-run");
    let outcome = story.start_command(command).end();
    assert!(outcome.code() == Some(0) && !outcome.stderr.contains("12346"), "{outcome:?}");
}
