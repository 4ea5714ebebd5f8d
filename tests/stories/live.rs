//! Outputs of running jobs: each once in a run of the plan, in order, whoever was killed in between.

use std::fs;

use crate::harness::{NO_ARGS, Story, signal, wait_until};

/// The lines of callbacks, in order.
fn calls(story: &Story) -> Vec<String> {
    let text = fs::read_to_string(story.control.join("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn outputs_are_told_while_the_job_runs_and_again_in_the_next_run() {
    let story = Story::new();
    story.mark("hold.2");
    let run = story.start("live", ["plain", "4"]);
    wait_until("two are told", || calls(&story).len() == 2);
    assert_eq!(calls(&story), ["step 0", "step 1"]);
    story.unmark("hold.2");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let all = ["step 0", "step 1", "step 2", "step 3", "done 4"];
    assert_eq!(calls(&story), all);
    story.unmark("calls");
    story.ok("live", ["plain", "4"]).says(&["1 done before"]);
    assert_eq!(calls(&story), all);
}

#[test]
fn each_registration_sees_the_outputs_of_its_name() {
    let story = Story::new();
    story.ok("live", ["both", "3"]);
    assert_eq!(story.calls(), ["done 3", "even 0", "even 2", "step 0: 1", "step 1: 0.5", "step 2: 0.3333333333333333"]);
    assert_eq!(calls(&story).last().unwrap(), "done 3");
    story.unmark("calls");
    story.ok("live", ["late", "2"]);
    assert_eq!(story.calls(), ["done 2", "done 2", "step 0", "step 0", "step 1", "step 1"]);
}

#[test]
fn a_driver_that_is_killed_before_a_callback_is_followed_by_one_that_tells_all() {
    let story = Story::new();
    story.mark("hold.3");
    let mut command = story.command("live", ["plain", "5"]);
    command.env("XPM_FAULT", "driver 3 kill tell of outputs.jsonl");
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.signal(), Some(9), "{outcome:?}");
    assert_eq!(calls(&story), ["step 0", "step 1"]);
    story.unmark("calls");
    let run = story.start("live", ["plain", "5"]);
    wait_until("three are told", || calls(&story).len() == 3);
    story.unmark("hold.3");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(calls(&story), ["step 0", "step 1", "step 2", "step 3", "step 4", "done 5"]);
    assert_eq!(story.log(), ["emitted"]);
}

#[test]
fn a_job_that_is_killed_between_outputs_tells_each_once() {
    for case in ["resumes", "retried"] {
        let story = Story::new();
        story.mark("kill.2");
        story.ok("live", [case, "4"]).says(&["is tried again"]);
        assert_eq!(calls(&story), ["step 0", "step 1", "step 2", "step 3", "done 4"], "{case}");
        story.unmark("calls");
        story.ok("live", [case, "4"]);
        assert_eq!(calls(&story), ["step 0", "step 1", "step 2", "step 3", "done 4"], "{case}, done before");
    }
}

#[test]
fn what_the_next_attempt_emits_is_told_where_it_differs() {
    let story = Story::new();
    let run = story.start("live", ["differs", "4"]);
    wait_until("two are told", || calls(&story).len() == 2);
    signal(story.job("story.emits_otherwise").pid(), "KILL");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    outcome.says(&["is tried again"]);
    let last = ["2, again: true", "3, again: true", "done 4"];
    let expected = ["0, again: false", "the same", "0, again: true"].iter().chain(&last);
    assert!(calls(&story).iter().eq(expected), "{:?}", calls(&story));
    // The next run sees what the last attempt emitted.
    story.unmark("calls");
    story.ok("live", ["differs", "4"]).says(&["1 done before"]);
    assert!(calls(&story).iter().eq(["0, again: true", "the same"].iter().chain(&last)), "{:?}", calls(&story));
}

#[test]
fn a_job_that_is_killed_within_an_output_leaves_none() {
    for fault in ["open", "append"] {
        let story = Story::new();
        let mut command = story.command("live", ["plain", "2"]);
        command.env("XPM_FAULT", format!("job 1 kill {fault} outputs.jsonl"));
        let outcome = story.start_command(command).end();
        assert_eq!(outcome.code(), Some(1), "{outcome:?}");
        assert_eq!(calls(&story), ["failed"]);
        story.unmark("calls");
        story.ok("live", ["plain", "2"]);
        assert_eq!(calls(&story), ["step 0", "step 1", "done 2"]);
    }
}

#[test]
fn an_output_that_cannot_be_written_fails_the_job() {
    for (fault, said) in
        [("append", "output `checkpoint` cannot be written to"), ("sync", "cannot be written: No space")]
    {
        let story = Story::new();
        let mut command = story.command("live", ["plain", "2"]);
        command.env("XPM_FAULT", format!("job 1 28 {fault} outputs.jsonl"));
        let outcome = story.start_command(command).end();
        assert_eq!(outcome.code(), Some(1), "{outcome:?}");
        outcome.says(&[said, "outputs.jsonl", "No space left on device"]);
        assert_eq!(calls(&story).last().unwrap(), "failed");
    }
}

#[test]
fn an_output_of_another_type_fails_the_run_and_says_which_and_why() {
    let story = Story::new();
    let outcome = story.fails("live", ["wrong-type", "2"]);
    outcome.says(&[
        "2 callbacks failed:",
        "on_output(\"checkpoint\") of story.emits/",
        "output `checkpoint`, number 1 of the job, is no `alloc::string::String`: invalid type: map, expected a string",
        "it is {\"step\":0,\"loss\":1.0}",
    ]);
    assert_eq!(calls(&story), ["done 2"]);
}

#[test]
fn an_error_or_a_panic_for_one_output_does_not_keep_the_others_from_being_told() {
    let story = Story::new();
    let outcome = story.fails("live", ["errors", "4"]);
    outcome.says(&["2 callbacks failed:", ": not this one", ": it panicked: nor this"]);
    assert_eq!(calls(&story), ["step 0", "step 3", "done 4"]);
}

#[test]
fn a_damaged_line_is_told_and_the_others_are_read() {
    let story = Story::new();
    story.ok("live", ["plain", "3"]);
    let file = story.job("story.emits").file(".xpm/outputs.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    // Of five lines, the second is an even number, the third a checkpoint.
    fs::write(&file, text.replace("\"step\":1", "\"step\":9")).unwrap();
    story.unmark("calls");
    let outcome = story.ok("live", ["plain", "3"]);
    outcome.says(&["warning: line 3 of ", "outputs.jsonl is damaged; the output in it is lost to callbacks"]);
    assert_eq!(calls(&story), ["step 0", "step 2", "done 3"]);
    fs::write(&file, &text[..text.len() - 4]).unwrap();
    story.ok("live", ["plain", "3"]).says(&["warning: line 5 of "]);
}

#[test]
fn callbacks_of_outputs_submit_and_wait_for_what_they_submit() {
    let story = Story::new();
    for _ in 0..2 {
        story.ok("live", ["submits", "3"]);
        let told: Vec<_> =
            (0..3).map(|step| format!("output of evaluates {step}")).chain(["done 3".to_owned()]).collect();
        assert_eq!(calls(&story), told);
        story.unmark("calls");
    }
    assert_eq!(story.log().len(), 4);
    assert_eq!(calls(&story), NO_ARGS);
}
