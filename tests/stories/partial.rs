//! Jobs that share a folder, one at a time (`#[task(partial(…))]`).

use std::fs;
use std::path::PathBuf;

use super::harness::*;

const TASK: &str = "story.partial";

/// The folders of the task under this name.
fn folders(story: &Story, task: &str, name: &str) -> Vec<PathBuf> {
    let all = story.workdir.join("partials").join(task).join(name);
    names(&all).into_iter().filter(|name| !name.starts_with('.')).map(|name| all.join(name)).collect()
}

fn log(story: &Story) -> Vec<String> {
    let mut log = story.log();
    log.sort();
    log
}

/// Waits until a driver has found the folder taken by another one.
fn wait_until_deferred(story: &Story, experiment: &str) {
    let runs = story.workdir.join("experiments").join(experiment);
    wait_until("it is deferred", || {
        let journals = names(&runs).into_iter().map(|run| runs.join(run).join("journal.jsonl"));
        journals.filter_map(|path| fs::read_to_string(path).ok()).any(|text| text.contains("\"deferred\""))
    });
}

#[test]
fn jobs_that_differ_only_in_what_is_excepted_share_a_folder() {
    let story = Story::new();
    story.ok("partial", ["1 2", "2 2", "wait", "1 5", "wait", "1 3", "3 1"]);
    assert_eq!(log(&story), ["1x2 from 0", "1x3 from 5", "1x5 from 2", "2x2 from 0", "3x1 from 0"]);
    assert_eq!(folders(&story, TASK, "checkpoints").len(), 3);
    assert_eq!(story.jobs(TASK).len(), 5);
    // Whoever has it done before touches nothing.
    story.ok("partial", ["1 2", "1 5"]).says(&["2 done before"]);
    assert_eq!(story.log().len(), 5);
    assert!(names(&story.workdir.join("tokens")).is_empty(), "no token of a plan's is there");
}

#[test]
fn one_job_at_a_time_uses_it_while_others_go_on() {
    let story = Story::new();
    story.mark("hold.1x2.1");
    let running = story.start("partial", ["1 2", "1 3", "1 4", "why", "2 1"]);
    story.wait_for("at.1x2.1");
    story.wait_for("at.2x1.1");
    assert_eq!(log(&story), ["1x2 from 0", "2x1 from 0"]);
    story.unmark("hold.1x2.1");
    let outcome = running.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(log(&story), ["1x2 from 0", "1x3 from 2", "1x4 from 3", "2x1 from 0"]);
    let why = outcome.stdout.trim();
    assert!(why.contains("partials/story.partial/checkpoints/") && why.contains("which another job uses"), "{why}");
}

#[test]
fn two_drivers_never_use_it_at_once() {
    let story = Story::new();
    story.mark("hold.1x2.1");
    let first = story.start("partial", ["1 2"]);
    story.wait_for("at.1x2.1");
    let second = story.start("partial", ["other", "1 3", "1 4"]);
    wait_until_deferred(&story, "other");
    assert_eq!(story.log(), ["1x2 from 0"]);
    story.unmark("hold.1x2.1");
    for driver in [first, second] {
        let outcome = driver.end();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    }
    assert_eq!(log(&story), ["1x2 from 0", "1x3 from 2", "1x4 from 3"]);
}

#[test]
fn a_job_whose_driver_was_killed_keeps_it() {
    let story = Story::new();
    story.mark("hold.1x3.2");
    let driver = story.start("partial", ["1 3"]);
    story.wait_for("at.1x3.2");
    driver.kill();
    let next = story.start("partial", ["other", "1 4"]);
    wait_until_deferred(&story, "other");
    assert_eq!(story.log(), ["1x3 from 0"]);
    story.unmark("hold.1x3.2");
    let outcome = next.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(story.log(), ["1x3 from 0", "1x4 from 3"]);
}

#[test]
fn what_a_killed_job_has_left_is_where_the_next_one_goes_on() {
    let story = Story::new();
    story.mark("hold.1x5.3");
    let driver = story.start("partial", ["1 5"]);
    story.wait_for("at.1x5.3");
    signal(story.job(TASK).pid(), "KILL");
    assert_eq!(driver.end().code(), Some(1));
    let folder = folders(&story, TASK, "checkpoints").remove(0);
    assert_eq!(fs::read_to_string(folder.join("last")).unwrap(), "3");
    // Another job, and then another attempt of the same one.
    story.ok("partial", ["1 4"]);
    story.unmark("hold.1x5.3");
    story.ok("partial", ["1 5"]);
    assert_eq!(story.log(), ["1x5 from 0", "1x4 from 3", "1x5 from 4"]);
    assert_eq!(fs::read_to_string(folder.join("last")).unwrap(), "5");
}

#[test]
fn a_task_has_several_and_asks_for_them_by_name() {
    let story = Story::new();
    let outcome = story.ok("partial", ["both 1 x 0 first", "both 2 x 7 first", "both 2 y 0 first"]);
    let lines: Vec<Vec<_>> = outcome.stdout.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!(lines[0], lines[1]);
    assert_ne!(lines[0][0], lines[2][0]);
    assert_eq!(lines[0][1], lines[2][1]);
    assert_eq!(folders(&story, "story.partial.both", "se-cond"), [PathBuf::from(lines[0][1])]);
    // The version is in the digest: another one shares nothing with this.
    assert_eq!(folders(&story, "story.partial.both", "first").len(), 2);
    story
        .fails("partial", ["both 3 x 0 frist"])
        .says(&["task story.partial.both has no partial folder `frist`; it declares `first`, `se-cond`"]);
}

#[test]
fn a_program_finds_it_in_its_environment() {
    let story = Story::new();
    let outcome = story.ok("partial", ["program 1", "program 2"]);
    let folders = folders(&story, "story.partial.program", "se-cond");
    assert_eq!(folders.len(), 1);
    assert_eq!(outcome.stdout, format!("{0}\n{0}\n", folders[0].display()));
    assert!(folders[0].join("x").exists());
}

#[test]
fn a_folder_that_cannot_be_made_fails_the_job_and_says_which() {
    let story = Story::new();
    story.ok("partial", ["1 1"]);
    let folder = folders(&story, TASK, "checkpoints").remove(0);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    story.fails("partial", ["1 2"]).says(&["the folder", folder.to_str().unwrap(), "cannot be made"]);
    fs::remove_file(&folder).unwrap();
    story.ok("partial", ["1 2"]);
    assert_eq!(story.log(), ["1x1 from 0", "1x2 from 0"]);
}

#[test]
fn a_dry_run_writes_nothing_of_it() {
    let story = Story::new();
    let mut command = story.command("partial", ["1 2", "1 3"]);
    command.env("XPM_RUN_MODE", "dry-run");
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert!(!story.workdir.exists());
}
