//! Which failures are followed by another attempt, and how a long computation goes on from one time limit to the next.

use std::fs;

use crate::harness::{JobDir, Story, json};

/// The job with this `how`.
fn job(story: &Story, task: &str, how: &str) -> JobDir {
    let is_it = |job: &JobDir| {
        let params = json(&job.file("params.json"));
        params["configs"].as_array().unwrap().last().unwrap()["args"]["how"] == how
    };
    story.jobs(task).into_iter().find(is_it).unwrap()
}

#[test]
fn what_may_go_better_is_tried_again_and_what_cannot_is_not() {
    let story = Story::new();
    let ways = [
        ("fails", "error", 3),
        ("panics", "panicked", 3),
        ("exits", "exited", 3),
        ("aborts", "signaled", 3),
        ("sleeps", "timed_out", 1),
        ("cannot-be-read", "arguments", 1),
    ];
    story.fails("retried", ["ends"].into_iter().chain(ways.map(|(how, ..)| how))).says(&["6 of 6 jobs failed:"]);
    for (how, reason, attempts) in ways {
        let status = job(&story, "story.ends", how).status();
        assert_eq!(status["failure"]["reason"], reason, "{how}: {status}");
        assert_eq!(status["attempt"], attempts, "{how}: {status}");
        let executed = story.log().iter().filter(|line| *line == how).count();
        assert_eq!(executed, if reason == "arguments" { 0 } else { attempts }, "{how}");
    }
}

/// The ways in which a resumable task takes that its time is over.
const LONG: [&str; 4] = ["asks", "counts", "ignores", "dies"];

fn long(enough: u32) -> (Story, crate::harness::Outcome) {
    let story = Story::new();
    fs::create_dir(&story.workdir).unwrap();
    // One that does not listen is killed soon.
    fs::write(story.workdir.join("xpm.toml"), "format = 1\n[local]\ngrace_seconds = 1\n").unwrap();
    let enough = enough.to_string();
    let outcome = story.run("retried", ["long", &enough].into_iter().chain(LONG));
    (story, outcome)
}

#[test]
fn a_long_task_goes_on_from_its_checkpoint_until_it_is_done() {
    let (story, outcome) = long(3);
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "Some(3)\n".repeat(4).as_str()), "{outcome:?}");
    outcome.says(&["is tried again: ran out of time (limit 2s)"]);
    for how in LONG {
        let job = job(&story, "story.long", how);
        let earlier = job.attempts().into_iter().map(|attempt| {
            json(&job.file(&format!(".xpm/attempts/{attempt}/status.json")))["failure"]["reason"].clone()
        });
        assert_eq!(earlier.collect::<Vec<_>>(), ["timed_out", "timed_out"], "{how}");
        assert!(job.is_done(), "{how}");
    }
}

#[test]
fn a_long_task_whose_retries_are_used_up_has_run_out_of_time_and_keeps_its_checkpoint() {
    let (story, outcome) = long(9);
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(1), "None\n".repeat(4).as_str()), "{outcome:?}");
    outcome.says(&["4 of 4 jobs failed:", "FAILED: ran out of time (limit 2s)"]);
    for how in LONG {
        let job = job(&story, "story.long", how);
        let status = job.status();
        assert_eq!((&status["failure"]["reason"], status["attempt"].as_u64()), (&"timed_out".into(), Some(3)), "{how}");
        assert_eq!(fs::read_to_string(job.file("checkpoint")).unwrap(), "3", "{how}");
    }
}
