//! What those who watch a job see: how far it is, what it wrote, what it used.

use std::fs;

use serde_json::{Value as Json, json};

use crate::harness::{Story, signal, wait_until};

fn level(description: &str, done: u64, total: impl Into<Option<u64>>) -> Json {
    match total.into() {
        Some(total) => json!({"description": description, "done": done, "total": total}),
        None => json!({"description": description, "done": done}),
    }
}

#[test]
fn what_was_said_last_is_seen_while_the_task_goes_on_without_a_word() {
    for (how, expected) in [
        ("whole", json!([level("", 500, 1000)])),
        ("nested", json!([level("", 500, 1000), level("epochs", 1, 3), level("batches", 2, 7)])),
        ("inner-over", json!([level("epochs", 0, 3)])),
        ("zipped", json!([level("queries", 2, 3), level("files", 2, None)])),
        ("threads", json!([level("ours", 1, 3)])),
    ] {
        let story = Story::new();
        story.mark("hold");
        let run = story.start("counts", [how]);
        let progress = || {
            let job = story.jobs("story.counts").pop()?;
            serde_json::from_slice::<Json>(&fs::read(job.file(".xpm/progress.json")).ok()?).ok()
        };
        wait_until(how, || progress().as_ref() == Some(&expected));
        story.unmark("hold");
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    }
}

#[test]
fn a_job_that_used_the_memory_it_asked_for_and_was_killed_is_out_of_memory() {
    for (kind, how, mebibytes, asked, task, otherwise) in [
        ("task", "killed", "200", "200MiB", "story.burns", "signaled"),
        ("program", "burns-and-is-killed", "-", "100MB", "story.program.how", "program"),
    ] {
        for (memory, reason, says) in
            [(asked, "out_of_memory", "killed for want of memory"), ("2GiB", otherwise, "killed by signal 9")]
        {
            let story = Story::new();
            story.fails("burns", [kind, how, mebibytes, memory]).says(&[says]);
            assert_eq!(story.job(task).status()["failure"]["reason"], reason, "{kind} with {memory}");
        }
    }
}

#[test]
fn what_a_job_used_is_on_record_however_it_ended() {
    for (kind, how, mebibytes, task, outcome) in [
        ("task", "well", "100", "story.burns", "done"),
        ("task", "fails", "100", "story.burns", "failed"),
        ("task", "killed", "100", "story.burns", "failed"),
        ("program", "burns", "-", "story.program.how", "done"),
        ("program", "burns-and-is-killed", "-", "story.program.how", "failed"),
    ] {
        let story = Story::new();
        story.run("burns", [kind, how, mebibytes, "1GiB"]);
        let status = story.job(task).status();
        assert_eq!(status["outcome"], outcome, "{status}");
        let seconds = status["cpu_seconds"].as_f64().unwrap();
        let peak = status["peak_memory_bytes"].as_u64().unwrap();
        // The shell's time depends on the machine, and so does by how much it makes room.
        let least = if kind == "task" { 0.3 } else { 0.01 };
        assert!((least..60.0).contains(&seconds), "{kind} {how}: {seconds} s");
        assert!((95_000_000..900_000_000).contains(&peak), "{kind} {how}: {peak} bytes");
    }
}

/// The values of the metric `loss` of the only job, as xpm reads them.
fn losses(story: &Story) -> Vec<(i64, f64)> {
    let jobs = xpm::Workspace::open(&story.workdir).unwrap().jobs();
    assert_eq!(jobs.len(), 1);
    jobs[0].metrics().remove("loss").unwrap_or_default()
}

#[test]
fn a_million_values_and_steps_take_no_memory() {
    let story = Story::new();
    let outcome = story.ok("writes", ["1000000"]);
    let memory: Vec<u64> = outcome.stdout.split_whitespace().map(|kib| kib.parse().unwrap()).collect();
    assert!(memory[1] - memory[0] < 16 << 10, "from {} to {} KiB", memory[0], memory[1]);
    let job = story.job("story.writes");
    let metrics = fs::read(job.file(".xpm/metrics.jsonl")).unwrap();
    assert_eq!(metrics.iter().filter(|byte| **byte == b'\n').count(), 1_000_000);
    assert_eq!(losses(&story).last(), Some(&(999_999, 1_999_998.0)));
    let progress: Json = serde_json::from_slice(&fs::read(job.file(".xpm/progress.json")).unwrap()).unwrap();
    assert_eq!(progress, json!([level("steps", 1_000_000, 1_000_000)]));
}

#[test]
fn of_a_job_that_is_killed_the_values_up_to_some_are_there() {
    let story = Story::new();
    // Without end.
    let running = story.start("writes", [u64::MAX.to_string()]);
    wait_until("much is written", || {
        let files = story.jobs("story.writes").into_iter().map(|job| job.file(".xpm/metrics.jsonl"));
        files.filter_map(|file| fs::metadata(file).ok()).any(|file| file.len() > 1 << 20)
    });
    signal(story.job("story.writes").pid(), "KILL");
    running.end().says(&["killed by signal 9"]);
    let losses = losses(&story);
    assert!(losses.len() > 10_000, "{}", losses.len());
    let gap = losses.iter().zip(0..).find(|(loss, step)| **loss != (*step, 2.0 * *step as f64));
    assert_eq!(gap, None);
}

#[test]
fn a_job_has_its_own_seed_and_sees_its_time_run_out() {
    let story = Story::new();
    story.mark("fail");
    story.fails("seeded", ["a"]);
    story.unmark("fail");
    story.ok("seeded", ["a"]);
    story.ok("seeded", ["b", "1h"]);
    let log = story.log();
    assert_eq!(log.len(), 4, "{log:?}");
    assert_eq!(log[0], log[1]);
    let seed = |line: &str| line.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    assert_ne!(seed(&log[1]), seed(&log[2]));
    assert_eq!(log[3], "less is left");
}
