//! Plans at the edge: two threads that submit the same job, names and times without end, a run that could not begin.

use crate::harness::{Story, names};

#[test]
fn what_a_thread_submits_after_a_job_of_another_thread_waits_for_it() {
    let story = Story::new();
    story.mark("hold.first");
    let outcome = story.ok("limits", ["two-threads"]);
    assert_eq!(outcome.stdout, "Waiting\n");
    assert_eq!(story.log(), ["first", "second"]);
}

#[test]
fn a_job_with_a_long_name_and_long_tags_has_a_link() {
    let story = Story::new();
    assert_eq!(story.ok("limits", ["long-names"]).stdout, "0\n1\n");
    let links = names(&story.runs()[0].join("jobs"));
    assert_eq!(links.len(), 2, "{links:?}");
    let begin =
        "story.of_a_task_that_lies_deep_in_a_crate.below_many_modules.with_names.that_say_what_is_in_them_why=long";
    assert!(links.iter().all(|link| link.starts_with(begin)), "{links:?}");
}

#[test]
fn a_limit_without_end_is_none() {
    let story = Story::new();
    assert_eq!(story.ok("limits", ["no-end"]).stdout, "true\n");
}

#[test]
fn a_run_that_could_not_begin_is_no_obstacle_to_the_next() {
    let story = Story::new();
    let mut command = story.command("limits", ["begins-again"]);
    command.env("XPM_FAULT", "driver 1 28 create run.json");
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("No space left on device"), "{outcome:?}");
    outcome.does_not_say("waiting");
    assert_eq!(story.log(), ["first"]);
}

#[test]
fn a_reporter_that_panics_harms_nothing_but_itself() {
    let story = Story::new();
    let outcome = story.ok("limits", ["reporter-panics"]);
    assert_eq!(outcome.stdout, "output of first\n");
    outcome.says(&["nobody is told of"]);
}
