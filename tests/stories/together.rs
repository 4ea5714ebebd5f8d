//! What reacts, together: callbacks, outputs of running jobs, jobs that come back, transient ones, programs, two drivers.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::{NO_ARGS, Running, Story, wait_until};

/// The lines of callbacks, in order.
fn calls(story: &Story) -> Vec<String> {
    let text = fs::read_to_string(story.control.join("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

const REGISTRATIONS: usize = 3;

/// What the callbacks of a run of so many jobs write, but for those of transient jobs.
fn expected(jobs: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for i in 0..jobs {
        for what in ["first", "again", "next"] {
            lines.extend((0..REGISTRATIONS).map(|n| format!("{what} {i} {n}")));
        }
        lines.extend((0..=i).map(|step| format!("output {i} {step}")));
        lines.extend([format!("emitted {i}"), format!("flaky {i} {}", fails(i) + 1), format!("used {i}")]);
    }
    lines.sort();
    lines
}

fn fails(i: usize) -> usize {
    1 + i % 2
}

/// `XPM_SEED` gives the same kills again.
#[test]
fn two_drivers_of_which_one_is_killed_call_every_registration_once() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let seed = std::env::var("XPM_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut random: u64 = seed.unwrap_or(u64::try_from(now % 1_000_000_007).unwrap());
    println!("XPM_SEED={random}");
    let mut below = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % limit
    };
    let story = Story::new();
    for round in 1..=3 {
        let jobs = 3 * round;
        for i in 0..jobs {
            fs::write(story.control.join(format!("fails.flaky {i}")), fails(i).to_string()).unwrap();
        }
        let expected = expected(jobs);
        let args = [jobs.to_string(), REGISTRATIONS.to_string()];
        let start = |id: &str| story.start("together", ["storm", id, &args[0], &args[1]]);
        let (first, mut second) = (start("one"), start("two"));
        for _ in 0..2 {
            let from = calls(&story).len();
            let kill_at = from + below(expected.len());
            wait_until("it is time to kill it", || calls(&story).len() >= kill_at || !second.is_alive());
            second.kill();
            second = start("two");
        }
        for driver in [first, second] {
            ended_well(&story, driver, jobs, &expected);
        }
        let log = story.log();
        for i in 0..jobs {
            let count = |name: String| log.iter().filter(|line| **line == name).count();
            for name in [format!("{i}"), format!("next {i}"), format!("prepared {i}"), format!("use {i}")] {
                assert_eq!(count(name.clone()), 1, "{name}");
            }
            assert_eq!(count(format!("flaky {i}")), fails(i) + 1);
        }
        assert_eq!(log.iter().filter(|line| *line == "emitted").count(), jobs);
    }
}

#[track_caller]
fn ended_well(story: &Story, driver: Running, jobs: usize, expected: &[String]) {
    let outcome = driver.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let run = format!("{} ", outcome.stdout.trim());
    let lines = calls(story);
    let own: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix(&run)).map(str::to_owned).collect();
    for i in 0..jobs {
        let mut outputs = own.iter().filter(|line| line.starts_with(&format!("output {i} "))).cloned();
        assert!(outputs.by_ref().eq((0..=i).map(|step| format!("output {i} {step}"))), "in order: {own:?}");
        let last = own.iter().position(|line| *line == format!("output {i} {i}"));
        assert!(last < own.iter().position(|line| *line == format!("emitted {i}")), "outputs first: {own:?}");
    }
    let (mut prepared, mut own): (Vec<_>, Vec<_>) = own.into_iter().partition(|line| line.starts_with("prepared"));
    own.sort();
    assert_eq!(own, expected);
    // Where the other driver had done what needs it, nothing needs it here.
    let count = prepared.len();
    prepared.sort();
    prepared.dedup();
    assert_eq!(prepared.len(), count);
}

#[test]
fn a_failed_job_that_is_submitted_again_tells_each_end_once() {
    let story = Story::new();
    let outcome = story.ok("together", ["again"]);
    assert_eq!(outcome.stdout, "true\ntrue\noutput of a output of a\n");
    assert_eq!(calls(&story), ["failed", "completed: output of a"]);
    let run = story.last_run();
    assert_eq!((&run["status"], &run["failed"], &run["error"]), (&"done".into(), &0.into(), &serde_json::Value::Null));
}

#[test]
fn a_failed_job_that_its_callback_submits_again_ends_well() {
    let story = Story::new();
    assert_eq!(story.ok("together", ["mends"]).stdout, "Done\n");
    assert_eq!(story.calls(), ["completed", "failed", "mended: output of a"]);
    assert_eq!(story.last_run()["status"], "done");
}

#[test]
fn what_a_program_emits_is_told_in_order_and_before_its_end_though_it_is_killed_in_between() {
    for case in ["resumed", "retried"] {
        let story = Story::new();
        let all = ["step 1", "step 2", "step 3", "step 4", "step 5", "step 6", "done"];
        story.ok("together", ["program", case]).says(&["is tried again"]);
        assert_eq!(calls(&story), all, "{case}");
        story.unmark("calls");
        story.ok("together", ["program", case]).says(&["1 done before"]);
        assert_eq!(calls(&story), all, "{case}, done before");
    }
}

#[test]
fn registrations_do_not_make_a_transient_job_run_and_who_waits_after_the_run_is_told() {
    let story = Story::new();
    let outcome = story.ok("together", ["skipped"]);
    let lines: Vec<_> = outcome.stdout.lines().collect();
    assert_eq!((lines[0], lines[2]), ("Skipped", "true"));
    assert!(lines[1].starts_with("story.transient.kept/"), "{outcome:?}");
    assert!(lines[1].ends_with("was not needed while the run lasted, so it was not run; wait for it within the plan"));
    assert_eq!((calls(&story).len(), story.log().len()), (0, 0));
}

#[test]
fn a_transient_job_that_was_awaited_is_waited_for_by_the_run() {
    for _ in 0..5 {
        let story = Story::new();
        story.ok("together", ["polled"]).says(&["1 run in"]);
        assert_eq!(calls(&story), ["prepared p"]);
    }
    let story = Story::new();
    let mut command = story.command("together", ["polled"]);
    command.env("XPM_RUN_MODE", "dry-run");
    assert_eq!(story.start_command(command).end().code(), Some(0));
    assert_eq!(calls(&story), NO_ARGS);
    assert!(!story.workdir.exists());
}

#[test]
fn a_callback_that_waits_again_waits_for_those_that_waited_with_it() {
    for _ in 0..5 {
        let story = Story::new();
        story.ok("together", ["waits"]);
        assert_eq!(calls(&story), ["output of c", "waited twice", "everything"]);
    }
}
