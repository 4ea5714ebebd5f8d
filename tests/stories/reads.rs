//! Past experiments, read by a program that knows their tasks.

use crate::harness::{NO_ARGS, Story};

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
