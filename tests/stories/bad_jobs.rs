//! Jobs that end badly, each in its own way: the record says how, the run says so, and never hangs.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::harness::{NO_ARGS, Outcome, Story, names};

/// Runs a job that is to fail, and gives the run, what it said and the reason on record.
#[track_caller]
fn fails(how: &str) -> (Story, Outcome, serde_json::Value) {
    let story = Story::new();
    let outcome = story.fails("bad", [how]);
    let status = story.job("story.bad").status();
    assert_eq!((&status["outcome"], &status["attempt"]), (&json!("failed"), &json!(1)), "{how}");
    outcome.says(&["1 of 1 jobs failed:"]);
    (story, outcome, status["failure"].clone())
}

/// Runs a job that is to end well.
#[track_caller]
fn ends_well(how: &str) -> (Story, Outcome) {
    let story = Story::new();
    let outcome = story.ok("bad", [how]);
    assert!(story.job("story.bad").is_done(), "{how}");
    outcome.says(&["1 run in"]);
    (story, outcome)
}

#[test]
fn a_panic_is_recorded_with_its_message_and_place() {
    for (how, message) in [
        ("panic", "this is the message"),
        ("panic-any", "a panic without a message"),
        ("panic-lines", "first line\nsecond line"),
        ("panic-in-thread", "it has panicked: Any { .. }"),
    ] {
        let (story, outcome, failure) = fails(how);
        assert_eq!((&failure["reason"], &failure["message"]), (&json!("panicked"), &json!(message)), "{how}");
        let place = failure["location"].as_str().unwrap();
        assert!(place.starts_with("tests/stories/program/bad_jobs.rs:"), "{how}: {place}");
        outcome.says(&[&format!("panicked at {place}: {message}")]);
        let log = fs::read_to_string(story.job("story.bad").file("stderr.log")).unwrap();
        assert!(log.contains("panicked at"), "{log}");
    }
}

#[test]
fn what_would_steer_a_terminal_is_kept_on_record_and_not_shown() {
    let (_, outcome, failure) = fails("escapes");
    let text = "\u{1b}[2J\u{1b}[31mred\u{1b}[0m\ttab\nsecond \u{7}line\u{202e}";
    assert_eq!(failure["chain"], json!([text]));
    outcome.says(&["FAILED: red tab\n    second line\n", ": red\ttab\nsecond line\n    in "]);
    let steers = |c: char| (c.is_control() && !"\n\t".contains(c)) || c == '\u{202e}';
    assert!(!outcome.stderr.contains(steers), "{outcome:?}");
}

#[test]
fn a_panic_that_a_thread_hands_on_is_recorded_with_its_message() {
    for how in ["panic-handed-on", "panic-handed-on-after-another"] {
        let (_, outcome, failure) = fails(how);
        assert_eq!(failure, json!({"reason": "panicked", "message": "from a thread", "location": null}), "{how}");
        outcome.says(&["panicked: from a thread"]);
    }
}

#[test]
fn a_panic_that_the_task_minds_not_is_no_failure() {
    let (story, _) = ends_well("panic-elsewhere");
    let log = fs::read_to_string(story.job("story.bad").file("stderr.log")).unwrap();
    assert!(log.contains("nobody minds"), "{log}");
}

#[test]
fn an_error_is_recorded_with_its_causes() {
    let (_, outcome, failure) = fails("error");
    assert_eq!(failure, json!({"reason": "error", "chain": ["outermost", "first", "second", "third"]}));
    outcome.says(&["FAILED: outermost: first: second: third"]);
}

#[test]
fn a_task_that_ends_its_process_has_failed_whatever_the_code() {
    for (how, code) in [("exit-3", 3), ("exit-0", 0), ("exit-120", 120)] {
        let (_, outcome, failure) = fails(how);
        assert_eq!(failure, json!({"reason": "exited", "code": code}), "{how}");
        outcome.says(&[&format!("the process exited with code {code} before `execute` returned")]);
    }
}

#[test]
fn a_task_that_a_signal_ends_has_failed_with_that_signal() {
    for (how, number, name) in [
        ("sigkill", 9, "SIGKILL"),
        ("sigsegv", 11, "SIGSEGV"),
        ("sigterm", 15, "SIGTERM"),
        ("abort", 6, "SIGABRT"),
        ("stack", 6, "SIGABRT"),
    ] {
        let (story, outcome, failure) = fails(how);
        assert_eq!(failure, json!({"reason": "signaled", "signal": number}), "{how}");
        outcome.says(&[&format!("killed by signal {number} ({name})")]);
        let status = story.job("story.bad").status();
        assert!(status["peak_memory_bytes"].as_u64() > Some(0) && status["cpu_seconds"].is_number(), "{status}");
        // Its process had written down when it began.
        assert!(status["start"].as_str() <= status["end"].as_str() && status["start"].is_string(), "{status}");
        if how == "stack" {
            outcome.says(&["    | ", "has overflowed its stack"]);
        }
    }
}

#[test]
fn a_gigabyte_of_output_goes_to_a_file_and_the_driver_stays_small() {
    let (story, outcome) = ends_well("print");
    let log = story.job("story.bad").file("stdout.log");
    assert_eq!(fs::metadata(&log).unwrap().len(), 1 << 30);
    fs::remove_file(log).unwrap();
    let line = outcome.stdout.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 64 << 10, "{line}");
}

#[test]
fn a_task_may_close_its_output_and_leave_its_folder() {
    for how in ["close", "chdir"] {
        let (_, outcome) = ends_well(how);
        assert!(outcome.stdout.ends_with(&format!("output: {how} has ended well\n")), "{}", outcome.stdout);
    }
}

#[test]
fn a_task_that_deletes_its_folder_has_failed_and_runs_again() {
    for how in ["delete", "delete-and-fail", "delete-and-die"] {
        let story = Story::new();
        for attempt in 1..=2 {
            let outcome = story.fails("bad", [how]);
            outcome.says(&["1 of 1 jobs failed:"]).does_not_say("could not be started");
            if how == "delete-and-die" {
                outcome.says(&["killed by signal 9"]);
            } else {
                outcome.says(&["its output cannot be kept: its folder was deleted while it ran"]);
            }
            assert!(!names(&story.workdir.join("experiments/story/latest/jobs")).is_empty());
            assert_eq!(story.runs().len(), attempt);
        }
    }
}

#[test]
fn an_output_that_json_does_not_hold_fails_the_job() {
    for (what, task, why) in [
        ("map", "story.bad_output.map", "key must be a string"),
        ("nan", "story.bad_output.nan", "it holds NaN at [1], for which JSON has no number"),
        ("infinite", "story.bad_output.infinite", "it holds inf, for which JSON has no number"),
        (
            "optional",
            "story.bad_output.optional",
            "it holds NaN at [1], for which JSON has no number: return a text or an",
        ),
        ("one-way", "story.bad_output.one_way", "missing field `hidden`"),
    ] {
        let story = Story::new();
        let outcome = story.fails("bad-output", [what]);
        let status = story.job(task).status();
        assert_eq!((&status["outcome"], &status["failure"]["reason"]), (&json!("failed"), &json!("output")), "{what}");
        let message = status["failure"]["message"].as_str().unwrap();
        assert!(message.contains(why), "{what}: {message}");
        outcome.says(&["its output cannot be kept: ", why]);
    }
    let story = Story::new();
    assert_eq!(story.ok("bad-output", ["number-keys"]).stdout, "{7: 3}\n");
}

#[test]
fn a_process_that_outlives_its_job_is_not_waited_for() {
    for (how, well) in [("child", true), ("child-and-die", false)] {
        let story = Story::new();
        // It sleeps for five minutes, longer than the harness waits.
        let outcome = story.run("bad", [how]);
        let pid = fs::read_to_string(story.control.join("child")).unwrap();
        let alive = Command::new("sh").args(["-c", &format!("kill -0 {pid}")]).status().unwrap();
        assert!(alive.success(), "the child is gone: the test has shown nothing");
        assert_eq!(outcome.code(), Some(if well { 0 } else { 1 }), "{outcome:?}");
        assert_eq!(story.job("story.bad").is_done(), well);
        // Nor does it keep the next run from running the job.
        let again = story.run("bad", [how]);
        assert_eq!(again.code(), outcome.code(), "{again:?}");
        again.does_not_say("is run by another process");
        for pid in [pid.clone(), fs::read_to_string(story.control.join("child")).unwrap()] {
            let _ = Command::new("sh").args(["-c", &format!("kill {pid}")]).status();
        }
    }
}

#[test]
fn a_task_sees_nothing_of_the_driver_s_files() {
    let (story, outcome) = ends_well("session");
    let folder = story.job("story.bad").0.display().to_string();
    let open = outcome.stdout.lines().map(|line| line.trim_start_matches("output: "));
    let mut ours: Vec<_> = open.filter(|path| path.starts_with(story.path().to_str().unwrap())).collect();
    ours.sort_unstable();
    // What it has of the machine, its lock and its logs.
    let machine = ours.remove(0);
    assert!(machine.starts_with(&format!("{}/.machine@", story.workdir.display())), "{machine}");
    let expected = [".xpm/lock", "stderr.log", "stdout.log"].map(|name| format!("{folder}/{name}"));
    assert_eq!(ours, expected);
    story.ok("bad", ["session"]).says(&["1 done before"]);
    story.ok("steps", NO_ARGS).says(&["no jobs in"]);
}
