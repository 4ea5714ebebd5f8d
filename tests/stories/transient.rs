//! Tasks that run only if something needs them (`#[task(transient)]`), and whose files are removed when nothing does.

use std::fs;

use super::harness::*;

const KEPT: &str = "story.transient.kept";
const REMOVED: &str = "story.transient.removed";

/// In any order: jobs beside each other end as they like.
fn log(story: &Story) -> Vec<String> {
    let mut log = story.log();
    log.sort();
    log
}

#[test]
fn a_transient_job_alone_is_not_run() {
    let story = Story::new();
    let outcome = story.ok("transient", ["prepare a", "chain b", "wait", "states"]);
    assert_eq!(outcome.stdout.trim(), "Some(Skipped) None");
    outcome.says(&["2 not needed in"]);
    assert!(story.log().is_empty() && story.jobs(KEPT).is_empty());
    assert_eq!(story.last_run()["status"], "done");
}

#[test]
fn it_runs_for_what_needs_it_and_only_then() {
    let story = Story::new();
    story.ok("transient", ["prepare a", "chain b", "use u", "prepare c", "wait"]).says(&["3 run, 1 not needed"]);
    assert_eq!(story.log(), ["a", "b", "u"]);
    // What needs it is done: nothing is run, and nothing is found missing.
    fs::remove_dir_all(story.workdir.join("jobs").join(KEPT)).unwrap();
    story.ok("transient", ["prepare a", "chain b", "use u"]).says(&["1 done before, 2 not needed"]);
    assert_eq!(story.log(), ["a", "b", "u"]);
    // Something else does need it.
    story.ok("transient", ["prepare a", "chain b", "wait", "use v"]).says(&["3 run in"]);
    assert_eq!(story.log(), ["a", "b", "u", "a", "b", "v"]);
    story.ok("transient", ["prepare a", "chain b", "use w"]).says(&["1 run, 2 done before"]);
}

#[test]
fn what_nothing_needs_is_not_among_those_that_a_run_waits_for() {
    let story = Story::new();
    // `never` is never needed, `late` once `v` is submitted.
    let words = ["scratch never", "scratch s", "use u", "wait", "prepare late", "wait", "use v"];
    let outcome = story.ok("transient", words);
    let told = outcome.stderr.lines().filter_map(|line| line.strip_prefix("xpm: [")?.split_once(' '));
    let told: Vec<_> = told.map(|(counts, _)| counts).collect();
    assert_eq!(told, ["1/2]", "2/2]", "3/4]", "4/4]"], "{outcome:?}");
}

#[test]
fn who_waits_for_it_needs_it() {
    let story = Story::new();
    let outcome = story.ok("transient", ["prepare a", "chain b", "output", "states"]);
    assert_eq!(outcome.stdout.trim(), "Some(\"prepared b\")\nSome(Done) None");
    assert_eq!(story.log(), ["a", "b"]);
}

#[test]
fn what_it_depends_on_fails_it_when_it_is_needed() {
    let story = Story::new();
    story.mark("fail.first");
    story.fails("transient", ["prepare-after first", "wait", "states"]).says(&["1 failed, 1 not needed"]);
    let outcome = story.fails("transient", ["prepare-after first", "use u"]);
    outcome.says(&["Error: 1 of 3 jobs failed, and 2 could not be started", "not started"]);
    story.unmark("fail.first");
    story.ok("transient", ["prepare-after first", "use u"]).says(&["3 run"]);
}

#[test]
fn its_files_are_removed_when_everything_that_needs_it_is_done() {
    let story = Story::new();
    let outcome = story.ok("transient", ["scratch s", "use u", "use v", "wait", "value", "states"]);
    assert_eq!(outcome.stdout.trim(), "Some(7)\nNone Some(Done)");
    let job = story.job(REMOVED);
    assert_eq!(names(&job.0), [".xpm", "params.json", "stderr.log", "stdout.log"]);
    assert_eq!(json(&job.file(".xpm/retired.json"))["outcome"], "done");
    // Nothing is run again while nothing needs it.
    story.ok("transient", ["scratch s", "use u"]).says(&["1 done before, 1 not needed"]);
    assert_eq!(log(&story), ["scratch s", "u", "v"]);
    // A new need makes it anew.
    story.ok("transient", ["scratch s", "use u", "use w"]).says(&["2 run, 1 done before"]);
    assert_eq!(log(&story), ["scratch s", "scratch s", "u", "v", "w"]);
    assert_eq!(json(&job.file(".xpm/retired.json"))["attempt"], 2);
    assert!(!job.file("data/large.bin").exists());
}

#[test]
fn its_files_stay_while_something_that_needs_it_has_failed() {
    let story = Story::new();
    story.mark("fail.u");
    story.fails("transient", ["scratch s", "use u", "use v"]);
    let job = story.job(REMOVED);
    assert!(job.is_done() && job.file("data/large.bin").exists());
    story.unmark("fail.u");
    story.ok("transient", ["scratch s", "use u", "use v"]).says(&["1 run, 2 done before"]);
    assert!(!job.file("status.json").exists() && !job.file("data/large.bin").exists());
    assert_eq!(story.log(), ["scratch s", "v", "u"]);
}

/// It was done for a part of the plan, which ended before the rest: that needs it still.
fn its_files_are_there_for_the_rest(story: &Story) {
    let job = story.job(REMOVED);
    assert!(job.is_done() && job.file("data/large.bin").exists());
    story.ok("transient", ["scratch s", "use u", "use v"]).says(&["1 run, 2 done before"]);
    assert_eq!(story.log(), ["scratch s", "u", "v"]);
    assert!(!job.file("status.json").exists() && !job.file("data/large.bin").exists());
}

#[test]
fn its_files_stay_when_the_plan_fails_before_its_end() {
    let story = Story::new();
    story.fails("transient", ["scratch s", "use u", "wait", "fail", "use v"]).says(&["the plan has had enough"]);
    its_files_are_there_for_the_rest(&story);
}

#[test]
fn its_files_stay_when_a_callback_has_failed() {
    let story = Story::new();
    let outcome = story.fails("transient", ["scratch s", "use u", "fail-when-done"]);
    outcome.says(&["the callback has had enough"]);
    its_files_are_there_for_the_rest(&story);
}

#[test]
fn its_files_stay_when_the_plan_is_interrupted_between_two_phases() {
    for rest in [&["use v"][..], &[]] {
        let story = Story::new();
        let words = ["scratch s", "use u", "wait", "pause p"].iter().chain(rest);
        let run = story.start("transient", words);
        story.wait_for("paused.p");
        signal(run.pid(), "INT");
        run.wait_to_say("xpm: interrupted");
        story.mark("go.p");
        assert_eq!(run.end().code(), Some(1));
        its_files_are_there_for_the_rest(&story);
    }
}

#[test]
fn its_files_stay_while_another_driver_is_at_work() {
    let story = Story::new();
    story.mark("hold.other");
    let other = story.start("transient", ["other", "use other"]);
    story.wait_for("started.other");
    story.ok("transient", ["scratch s", "use u"]);
    let job = story.job(REMOVED);
    assert!(job.is_done() && job.file("data/large.bin").exists());
    story.unmark("hold.other");
    assert_eq!(other.end().code(), Some(0));
    // The next run that has it removes it.
    story.ok("transient", ["scratch s", "use u"]);
    assert!(!job.file("data/large.bin").exists());
}

#[test]
fn its_files_stay_while_a_job_reads_them_whose_driver_is_gone() {
    let story = Story::new();
    story.mark("hold.u");
    let driver = story.start("transient", ["scratch s", "use u"]);
    story.wait_for("started.u");
    driver.kill();
    // Another experiment for which it is done.
    story.ok("transient", ["other", "scratch s", "use v"]);
    let job = story.job(REMOVED);
    assert!(job.is_done() && job.file("data/large.bin").exists());
    story.unmark("hold.u");
    story.ok("transient", ["scratch s", "use u"]);
    assert_eq!(story.log(), ["scratch s", "v", "u"]);
    assert!(!job.file("data/large.bin").exists());
}

#[test]
fn a_removal_that_was_cut_off_is_finished_by_the_next_run() {
    let story = Story::new();
    let args = ["scratch s", "use u"];
    let mut command = story.command("transient", args);
    command.env("XPM_FAULT", "driver 1 kill remove data");
    assert_eq!(story.start_command(command).end().signal(), Some(9));
    let job = story.job(REMOVED);
    assert!(!job.file("status.json").exists() && job.file("data/large.bin").exists());
    story.ok("transient", args).says(&["1 done before, 1 not needed"]);
    assert!(!job.file("data").exists());
    // Cut off before the record is gone, it is as it was.
    let mut command = story.command("transient", ["scratch s", "use v"]);
    command.env("XPM_FAULT", "driver 1 kill retire status.json");
    assert_eq!(story.start_command(command).end().signal(), Some(9));
    assert!(job.is_done() && job.file("data/large.bin").exists());
    story.ok("transient", ["scratch s", "use u", "use v"]).says(&["3 done before"]);
    assert_eq!(story.log(), ["scratch s", "u", "scratch s", "v"]);
    assert!(!job.file("data").exists());
}
