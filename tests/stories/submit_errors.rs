//! What `submit` refuses: the message names the argument, where it was set, and what to give instead.

use crate::harness::Story;

const PROGRAM: &str = "tests/stories/program/submit_errors.rs:";

#[test]
fn what_cannot_be_an_argument_is_refused_by_name_and_place() {
    for (which, said) in [
        (
            "path",
            &[
                "argument `file`",
                "is a path into the folder of a job",
                "give `job.file(\"sub/out.txt\")` instead",
                PROGRAM,
            ][..],
        ),
        ("paths", &["argument `files[1]`", "give `job.file(\"out.txt\")` instead", PROGRAM]),
        ("folder", &["argument `file`", "give `job.file(\".\")` instead", PROGRAM]),
        ("validate", &["argument `optimiser.rate`", "`story.rate` is not valid: the rate -1 is not positive", PROGRAM]),
        (
            "validate-plain",
            &["argument `optimiser.rate`", "`story.rate` is not valid: the rate -2 is not positive", PROGRAM],
        ),
        ("large", &["argument `number`", "340282366920938463463374607431768211455", PROGRAM]),
        (
            "file-above",
            &["argument `file`", "`file(\"../x\")` leaves the folder of story.step/", "give a path inside it", PROGRAM],
        ),
        ("file-absolute", &["argument `file`", "`file(\"/etc/passwd\")` leaves the folder of story.step/", PROGRAM]),
        ("file-bytes", &["argument `file`", "is not UTF-8", PROGRAM]),
        ("other-experiment", &["story.picky depends on story.step/", "which was not submitted to this experiment"]),
        ("other-experiment-dependency", &["story.picky depends on story.step/", "submit it here too"]),
    ] {
        refused(which, said);
    }
}

#[test]
fn something_that_json_writes_as_null_is_refused() {
    for (which, argument) in [("some-none", "json"), ("some-unit", "unit")] {
        refused(which, &[&format!("argument `{argument}`"), "cannot be told from `None`", PROGRAM]);
    }
    refused("nan", &["argument `float`", "it holds NaN, for which JSON has no number", PROGRAM]);
}

#[track_caller]
fn refused(which: &str, said: &[&str]) {
    let story = Story::new();
    let outcome = story.fails("refused", [which]);
    outcome.says(&["Error: story.picky"]).says(said);
    assert!(story.jobs("story.picky").is_empty(), "{which}");
    // What was submitted before has run.
    assert_eq!(story.log(), ["good"], "{which}");
    outcome.says(&["story: 1 run in"]);
    assert_eq!(story.last_run()["status"], "failed");
}
