//! Async plans, on any executor.

use std::time::Instant;

use crate::harness::{NO_ARGS, Story, signal};

#[test]
fn jobs_are_futures_for_every_combinator() {
    let story = Story::new();
    story.mark("hold.held");
    let outcome = story.ok("async", ["own"]);
    assert_eq!(
        outcome.stdout,
        "output of a\noutput of a\n[\"output of a\", \"output of b\", \"output of c\"]\noutput of free, then output of held\n"
    );
    assert_eq!(story.calls(), ["output of b", "waited"]);
}

#[test]
fn ten_thousand_futures_are_awaited_at_once_in_linear_time() {
    let mut times = Vec::new();
    for count in ["10000", "40000"] {
        let story = Story::new();
        story.mark("hold.held");
        let begin = Instant::now();
        assert_eq!(story.ok("async", ["many", count]).stdout, format!("{count}\n"));
        times.push(begin.elapsed());
    }
    println!("10,000 and 40,000 futures: {times:?}");
    // Squared it would be 16 times.
    assert!(times[1] < times[0] * 10, "{times:?}");
}

#[test]
fn a_runtime_drives_what_needs_one_outside_or_inside_of_the_plan() {
    for case in ["tokio", "in-tokio"] {
        let story = Story::new();
        story.mark("hold.held");
        assert_eq!(story.ok("async", [case]).stdout, "true\noutput of held\n", "{case}");
    }
}

#[test]
fn a_job_that_fails_is_an_error_where_it_is_awaited() {
    let story = Story::new();
    story.mark("fail.a");
    let outcome = story.fails("async", ["fails"]);
    assert_eq!(outcome.stdout, "true\n");
    outcome.says(&["1 of 1 jobs failed"]).does_not_say("the plan failed");
    assert_eq!(story.calls(), NO_ARGS);
}

#[test]
fn an_interruption_ends_what_is_awaited() {
    let story = Story::new();
    story.mark("hold.held");
    let run = story.start("async", ["interrupted"]);
    story.wait_for("started.held");
    signal(run.pid(), "INT");
    let outcome = run.end();
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(1), "true true\n"), "{outcome:?}");
    story.unmark("hold.held");
}
