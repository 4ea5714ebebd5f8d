//! Callbacks: exactly once for each registration, whoever ran the job, and no run ends before they have.

use crate::harness::{NO_ARGS, Story, signal, wait_until};

const COUNTED: [&str; 7] = [
    "first: output of a",
    "late: Done",
    "nested: Done",
    "of b: output of b",
    "second: output of a",
    "submitted b after output of a",
    "waited",
];

#[test]
fn each_registration_is_called_once_whether_the_job_is_run_or_was_done_before() {
    let story = Story::new();
    for said in ["2 run in", "2 done before in"] {
        story.ok("react", ["counts"]).says(&[said]);
        assert_eq!(story.calls(), COUNTED);
        story.unmark("calls");
    }
}

#[test]
fn callbacks_are_called_for_a_job_that_another_driver_runs_or_that_is_found_again() {
    let story = Story::new();
    story.mark("hold.a");
    let first = story.start("steps", ["a"]);
    story.wait_for("started.a");
    first.kill();
    let second = story.start("react", ["counts"]);
    second.wait_to_say("is run by another process");
    story.unmark("hold.a");
    let outcome = second.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(story.calls(), COUNTED);
    assert_eq!(story.log(), ["a", "b"]);
}

#[test]
fn on_failed_is_called_for_what_fails_and_for_what_is_not_started_because_of_it() {
    let story = Story::new();
    story.mark("fail.a");
    story.fails("react", ["failed"]).says(&["1 of 3 jobs failed", "and 1 could not be started"]);
    assert_eq!(story.calls(), ["a: a cannot be done", "b: not started", "output of ok completed"]);
}

#[test]
fn an_error_or_a_panic_of_a_callback_fails_the_run_and_stops_nothing_else() {
    let story = Story::new();
    let outcome = story.fails("react", ["errors"]);
    assert_eq!(outcome.stdout, "0 jobs and 2 callbacks failed\n");
    outcome.says(&[
        "2 callbacks failed:",
        "on_completed of story.step/",
        " rate=2: the plot cannot be made: no such table",
        "rate=2: it panicked: 1 is too much",
        "FAILED: the plot cannot be made: no such table",
    ]);
    assert_eq!(story.calls(), ["the third"]);
    assert_eq!(story.log(), ["a", "b"]);
    let run = story.last_run();
    assert_eq!((&run["status"], &run["failed"]), (&"failed".into(), &0.into()));
    assert!(run["error"].as_str().unwrap().contains("the plot cannot be made"), "{run}");
}

#[test]
fn callbacks_that_wait_do_not_hold_up_others() {
    let story = Story::new();
    story.mark("hold.held");
    story.ok("react", ["waits", "120"]);
    let calls = story.calls();
    assert_eq!(calls.len(), 121);
    assert_eq!(calls.last().unwrap(), "waited");
}

#[test]
fn a_callback_that_waits_for_everything_in_several_places_at_once_counts_once() {
    let story = Story::new();
    let outcome = story.ok("react", ["waits-twice"]);
    assert_eq!(outcome.stdout, "[true, true]\ntrue\n", "nothing is over while a callback is busy");
    assert_eq!(story.calls(), ["busy", "over", "waited for both", "waited in two threads"]);
}

#[test]
fn thousands_of_callbacks_that_submit_and_register_more_are_called_once_each() {
    let story = Story::new();
    let mut expected = Vec::new();
    for what in ["first", "again", "next"] {
        for i in 0..20 {
            expected.extend((0..50).map(|n| format!("{what} {i} {n}")));
        }
    }
    expected.sort();
    for said in ["40 run in", "40 done before in"] {
        story.ok("react", ["storm", "20", "50"]).says(&[said]);
        assert_eq!(story.calls(), expected);
        story.unmark("calls");
    }
    assert_eq!(story.log().len(), 40);
}

#[test]
fn callbacks_are_called_though_the_plan_returns_an_error() {
    let story = Story::new();
    story.fails("react", ["plan-error"]).says(&["the plan has had enough"]);
    assert_eq!(story.calls(), ["output of b"]);
}

#[test]
fn a_plan_that_panics_ends_though_a_callback_waits() {
    let story = Story::new();
    story.mark("hold.held");
    let outcome = story.run("react", ["plan-panic"]);
    assert_eq!(outcome.code(), Some(101), "{outcome:?}");
    assert_eq!(story.calls(), ["told"]);
    assert_eq!(story.last_run()["status"], "failed");
    story.unmark("hold.held");
}

#[test]
fn an_interruption_ends_callbacks_that_wait_and_the_next_run_calls_all() {
    let story = Story::new();
    story.mark("hold.held");
    let run = story.start("react", ["interrupted"]);
    story.wait_for("started.held");
    story.wait_for("calls");
    signal(run.pid(), "INT");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    assert_eq!(story.calls(), ["told", "waits"]);
    outcome.does_not_say("on_completed of");
    assert_eq!(story.last_run()["status"], "interrupted");
    story.unmark("hold.held");
    story.unmark("calls");
    story.ok("react", ["interrupted"]);
    assert_eq!(story.calls(), ["held has ended", "output", "waits"]);
}

#[test]
fn a_callback_that_submits_when_the_run_was_interrupted_has_not_failed() {
    let story = Story::new();
    let run = story.start("react", ["submits-late"]);
    wait_until("all are called", || story.calls().len() == 3);
    signal(run.pid(), "INT");
    run.wait_to_say("xpm: interrupted");
    story.mark("go");
    let outcome = run.end();
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(1), "Some(Interrupted) 0\n"), "{outcome:?}");
    outcome.says(&["\nError: interrupted: nothing more is started; "]).does_not_say("on_completed of");
    outcome.does_not_say("FAILED");
    assert_eq!(story.last_run()["status"], "interrupted");
    assert_eq!(story.log(), ["a"]);
}

#[test]
fn a_callback_registered_after_the_end_of_the_run_is_said_not_to_be_called() {
    let story = Story::new();
    story.ok("react", ["late"]).says(&["was registered after the end of the run, and is not called"]);
    assert_eq!(story.calls(), NO_ARGS);
}
