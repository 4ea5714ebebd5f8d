//! What tasks say with `tracing` goes to the log of the job, from the level on that the workspace or the environment asks for.

use std::fs;

use crate::harness::{Outcome, Story, json};

/// Runs the job and gives its log.
fn log(story: &Story, how: &str, environment: Option<&str>) -> String {
    let outcome = run(story, how, environment);
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    read(story, "stderr.log")
}

fn run(story: &Story, how: &str, environment: Option<&str>) -> Outcome {
    let mut command = story.command("logs", [how]);
    command.env_remove("XPM_LOG").envs(environment.map(|level| ("XPM_LOG", level)));
    story.start_command(command).end()
}

fn read(story: &Story, name: &str) -> String {
    fs::read_to_string(story.job("story.speaks").file(name)).unwrap()
}

fn settings(story: &Story, text: &str) {
    fs::create_dir_all(&story.workdir).unwrap();
    fs::write(story.workdir.join("xpm.toml"), format!("format = 1\n{text}\n")).unwrap();
}

/// What is said, each by a word of it.
fn said(log: &str) -> Vec<&str> {
    let all = ["an error", "a warning", "an epoch", "from a thread", "a detail", "a trace"];
    all.into_iter().filter(|text| log.contains(text)).collect()
}

#[test]
fn lines_have_time_level_target_and_fields() {
    let log = log(&Story::new(), "plain", None);
    assert_eq!(said(&log), ["an error", "a warning", "an epoch", "from a thread"], "{log}");
    assert!(log.contains("ERROR training{fold=3}: other: an error\n"), "{log}");
    assert!(log.contains(" INFO training{fold=3}: story::logs: an epoch loss=0.5 name=\"a b\"\n"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
    for line in log.lines() {
        let time = line.split(' ').next().unwrap();
        assert!(time.starts_with("20") && time.contains('T') && time.ends_with('Z'), "{line}");
    }
}

#[test]
fn the_workspace_asks_for_a_level() {
    for (level, expected) in [
        ("off", &[][..]),
        ("error", &["an error"]),
        ("debug", &["an error", "a warning", "an epoch", "from a thread", "a detail"]),
        ("error,story=warn,story::deep=trace", &["an error", "a warning", "a trace"]),
        ("info, other = off", &["a warning", "an epoch", "from a thread"]),
    ] {
        let story = Story::new();
        settings(&story, &format!("[log]\nlevel = \"{level}\""));
        assert_eq!(said(&log(&story, "plain", None)), expected, "{level}");
    }
}

#[test]
fn the_environment_goes_first_whichever_way_jobs_start() {
    for fork in ["true", "false"] {
        let story = Story::new();
        settings(&story, &format!("[local]\nfork = {fork}\n[log]\nlevel = \"trace\""));
        assert_eq!(said(&log(&story, "plain", Some("warn"))), ["an error", "a warning"], "fork = {fork}");
    }
    let story = Story::new();
    settings(&story, "[log]\nlevel = \"error\"");
    assert_eq!(said(&log(&story, "plain", Some(""))), ["an error"]);
}

#[test]
fn a_level_that_there_is_none_of_is_said_before_anything_runs() {
    let levels = "`inof` is no level of a log; write `off`, `error`, `warn`, `info`, `debug` or `trace`";
    let story = Story::new();
    let outcome = run(&story, "plain", Some("inof"));
    assert_eq!(outcome.code(), Some(1));
    outcome.says(&["XPM_LOG: ", levels]);
    assert!(!story.workdir.exists());

    settings(&story, "[log]\nlevel = \"inof\"");
    let outcome = run(&story, "plain", None);
    assert_eq!(outcome.code(), Some(1));
    outcome.says(&["xpm.toml", levels]);
    assert!(story.jobs("story.speaks").is_empty());
}

#[test]
fn a_subscriber_of_the_task_is_let_in() {
    let story = Story::new();
    let log_with = log(&story, "with", None);
    assert!(log_with.contains("an epoch") && !log_with.contains("aside"), "{log_with}");
    assert!(read(&story, "stdout.log").contains("aside"));

    let story = Story::new();
    settings(&story, "[log]\nlevel = \"off\"");
    assert_eq!(log(&story, "init", None), "");
    assert_eq!(said(&read(&story, "stdout.log")), ["an error", "a warning", "an epoch", "from a thread"]);
}

#[test]
fn a_task_fails_with_a_message() {
    let story = Story::new();
    let outcome = run(&story, "fails", None);
    assert_eq!(outcome.code(), Some(1));
    outcome.says(&["as asked"]);
    assert!(json(&story.job("story.speaks").file("status.json")).to_string().contains("as asked"));
    assert!(read(&story, "stderr.log").contains("an epoch"));
}
