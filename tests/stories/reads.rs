//! Past experiments, read by a program that knows their tasks.

use std::fs::File;
use std::io::Write;

use crate::harness::{NO_ARGS, Story, signal, wait_until};

#[test]
fn a_later_process_reads_arguments_outputs_metrics_tags_and_runs_typed() {
    let story = Story::new();
    story.mark("fail.b");
    story.fails("measured", NO_ARGS);
    story.fails("measured", NO_ARGS);
    story.ok("live", ["plain", "3"]);
    let outcome = story.ok("reads", NO_ARGS);
    let mut lines: Vec<_> = outcome.stdout.lines().collect();
    // The steps come in the order of their identities.
    lines[..4].sort_unstable();
    assert_eq!(
        lines,
        [
            "a after 0: Ok(\"output of a\")",
            "b after 0: Err(\"story.step has no output: it is failed: b cannot be done: the disk is on fire\")",
            "runs: 2",
            "runs: 2",
            "3 steps: 3",
            "a 0.5 [1, 2]: (\"a\", 1.0)",
            "{\"rate\": Float(0.5)} {\"loss\": [(0, 0.5), (1, 0.25), (2, 0.16666666666666666)]}",
            "the arguments of story.measured are not those of this type: the job is one of story.measured, not of story.step",
            "what story.measured returned is not of the type that was asked for: invalid type: sequence, expected u8 at line 1 column 0",
        ]
    );
    // It reads only.
    outcome.does_not_say("xpm: ");
    assert_eq!(story.runs().len(), 3);
}

#[test]
fn what_jobs_have_emitted_is_read_typed_and_in_order() {
    let story = Story::new();
    story.ok("measured", NO_ARGS);
    assert_eq!(story.ok("emitted", NO_ARGS).stdout, "");
    story.ok("live", ["plain", "4"]);
    assert_eq!(
        story.ok("emitted", NO_ARGS).stdout.lines().collect::<Vec<_>>(),
        [
            "done: [0, 1, 2, 3]",
            "checkpoint: {\"loss\":0.25,\"step\":3} of 4",
            "even: 2 of 2",
            "[\"EmittedValue(1 of story.emits checkpoint = {\\\"step\\\":0,\\\"loss\\\":1.0})\", \
             \"EmittedValue(2 of story.emits even = 0)\", \
             \"EmittedValue(3 of story.emits checkpoint = {\\\"step\\\":1,\\\"loss\\\":0.5})\"]",
            "what story.emits emitted as `even` (number 2) is not of the type that was asked for: invalid type: \
             integer `0`, expected a sequence at line 1 column 1",
        ]
    );
    let file = story.job("story.emits").file(".xpm/outputs.jsonl");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    story.fails("emitted", NO_ARGS).says(&["outputs.jsonl cannot be read: ", "is no file (Is a directory)"]);
}

#[test]
fn of_a_job_that_was_killed_while_it_emitted_what_is_whole_is_read() {
    let story = Story::new();
    let run = story.start("live", ["plain", "1000000"]);
    let file = || story.job("story.emits").file(".xpm/outputs.jsonl");
    wait_until("some are emitted", || {
        !story.jobs("story.emits").is_empty() && std::fs::metadata(file()).is_ok_and(|file| file.len() > 10_000)
    });
    signal(story.job("story.emits").pid(), "KILL");
    assert_eq!(run.end().code(), Some(1));
    // However the kernel has cut its last write: here, within a line.
    File::options().append(true).open(file()).unwrap().write_all(b"{\"name\":\"checkpoint\",\"att").unwrap();
    let outcome = story.ok("emitted", NO_ARGS);
    let lines: Vec<_> = outcome.stdout.lines().collect();
    let steps: Vec<usize> = serde_json::from_str(lines[0].strip_prefix("failed: ").unwrap()).unwrap();
    assert!(steps.len() > 50 && steps.iter().copied().eq(0..steps.len()), "{steps:?}");
    assert!(lines[1].ends_with(&format!("\"step\":{}}} of {}", steps.len() - 1, steps.len())), "{lines:?}");
}
