//! Never run twice, never lost: drivers and jobs are killed, and drivers meet.

use crate::harness::{NO_ARGS, Running, Story, signal, wait_until};

#[test]
fn a_job_outlives_its_driver_and_the_next_one_attaches_to_it() {
    let story = Story::new();
    story.mark("hold.a");
    let driver = story.start("once", ["a"]);
    story.wait_for("once.a");
    let outcome = driver.kill();
    assert_eq!(outcome.signal(), Some(9));
    let job = story.job("story.once");
    let pid = job.pid();
    let mut next = story.start("once", ["a"]);
    wait_until("the next driver has attached", || {
        let text = std::fs::read_to_string(story.path().join("stderr.1")).unwrap();
        text.contains("is run by another process; waiting for it")
    });
    assert!(next.is_alive());
    assert!(!job.file("status.json").exists());
    story.unmark("hold.a");
    let outcome = next.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert!(outcome.stdout.ends_with(&format!(" {pid}\n")), "{}: not {pid}", outcome.stdout);
    outcome.says(&["1 done before"]);
    assert_eq!(story.log(), ["a"]);
    assert_eq!((job.status()["attempt"].as_u64(), job.attempts()), (Some(1), vec![]));
}

#[test]
fn a_job_that_ends_while_there_is_no_driver_is_found_done() {
    let story = Story::new();
    story.mark("hold.a");
    let driver = story.start("once", ["a"]);
    story.wait_for("once.a");
    driver.kill();
    story.unmark("hold.a");
    let job = story.job("story.once");
    wait_until("the job has ended by itself", || job.file("status.json").exists());
    assert!(job.is_done());
    story.ok("once", ["a"]).says(&["1 done before"]);
    assert_eq!(story.log(), ["a"]);
}

#[test]
fn a_job_that_is_killed_while_there_is_no_driver_is_run_again() {
    let story = Story::new();
    story.mark("hold.a");
    let driver = story.start("steps", ["a"]);
    story.wait_for("started.a");
    driver.kill();
    let job = story.step("a");
    signal(job.pid(), "KILL");
    wait_until("the job's process is gone", || job.is_free());
    story.unmark("hold.a");
    let outcome = story.ok("steps", ["a"]);
    assert_eq!(outcome.stdout, "a Done\n");
    assert_eq!(story.log(), ["a"]);
    assert_eq!((job.status()["attempt"].as_u64(), job.attempts()), (Some(2), vec!["1".to_owned()]));
}

#[test]
fn a_job_that_is_killed_while_another_driver_waits_for_it_has_failed() {
    let story = Story::new();
    story.mark("hold.a");
    let driver = story.start("steps", ["a"]);
    story.wait_for("started.a");
    driver.kill();
    let next = story.start("steps", ["a"]);
    wait_until("the next driver has attached", || {
        let text = std::fs::read_to_string(story.path().join("stderr.1")).unwrap();
        text.contains("is run by another process; waiting for it")
    });
    let job = story.step("a");
    signal(job.pid(), "KILL");
    let outcome = next.end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["its process is gone and left no record"]);
    assert_eq!((job.status()["attempt"].as_u64(), &job.status()["failure"]["reason"]), (Some(1), &"lost".into()));
    story.unmark("hold.a");
    story.ok("steps", ["a"]);
    assert_eq!((job.status()["attempt"].as_u64(), story.log()), (Some(2), vec!["a".to_owned()]));
}

#[test]
fn a_job_that_is_killed_has_failed_and_the_next_run_runs_it_again() {
    let story = Story::new();
    story.mark("hold.a");
    let driver = story.start("steps", ["a", "b:a", "c"]);
    story.wait_for("started.a");
    let job = story.step("a");
    signal(job.pid(), "KILL");
    let outcome = driver.end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["killed by signal 9 (SIGKILL)", "1 of 3 jobs failed, and 1 could not be started because of these:"]);
    assert_eq!(job.status()["failure"], serde_json::json!({"reason": "signaled", "signal": 9}));
    assert_eq!(story.log(), ["c"]);
    story.unmark("hold.a");
    story.ok("steps", ["a", "b:a", "c"]).says(&["2 run, 1 done before"]);
    assert_eq!(story.log(), ["c", "a", "b"]);
    assert_eq!((job.status()["attempt"].as_u64(), job.attempts()), (Some(2), vec!["1".to_owned()]));
}

#[test]
fn two_drivers_at_once_run_each_job_once() {
    let story = Story::new();
    let names: Vec<String> = (0..12).map(|n| format!("n{n}")).collect();
    let drivers: Vec<_> = (0..3).map(|_| story.start("once", &names)).collect();
    let outcomes: Vec<_> = drivers.into_iter().map(Running::end).collect();
    for outcome in &outcomes {
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        assert_eq!(outcome.stdout, outcomes[0].stdout, "every driver sees the same outputs");
        outcome.does_not_say("FAILED");
    }
    let mut log = story.log();
    log.sort();
    let mut names = names;
    names.sort();
    assert_eq!(log, names);
    assert_eq!(story.runs().len(), 3);
    for job in story.jobs("story.once") {
        assert_eq!((job.status()["attempt"].as_u64(), job.attempts()), (Some(1), vec![]));
    }
}

#[test]
fn drivers_that_are_killed_again_and_again_lose_nothing() {
    let story = Story::new();
    let names: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    for name in &names {
        story.mark(&format!("hold.{name}"));
    }
    for name in &names {
        let driver = story.start("once", &names);
        story.wait_for(&format!("once.{name}"));
        driver.kill();
        story.unmark(&format!("hold.{name}"));
    }
    story.ok("once", &names);
    let mut log = story.log();
    log.sort();
    assert_eq!(log, names);
}

#[test]
fn a_driver_whose_listener_is_gone_goes_on() {
    let story = Story::new();
    story.mark("hold.a");
    let mut command = story.command("steps", ["a", "b:a", "c:b"]);
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    story.wait_for("started.a");
    story.unmark("hold.a");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(story.log(), ["a", "b", "c"]);
    assert_eq!(story.last_run()["status"], "done");
    story.ok("steps", NO_ARGS);
}

/// Runs the step `a`, held, and starts a second driver of the same experiment, which waits for the first.
fn second_driver(story: &Story) -> (Running, Running) {
    story.mark("hold.a");
    let first = story.start("steps", ["a"]);
    story.wait_for("started.a");
    let second = story.start("steps", ["a", "b"]);
    second.wait_to_say(&format!("xpm: experiment `story` is run by {}, since ", owner(story, &first)));
    second.wait_to_say("; waiting for it to end\n");
    assert_eq!(story.runs().len(), 1, "the second run begins when the first has ended");
    assert!(story.find_step("b").is_none());
    (first, second)
}

/// As who runs an experiment is called.
fn owner(story: &Story, driver: &Running) -> String {
    format!("process {} on {}", driver.pid(), story.last_run()["host"].as_str().unwrap())
}

#[test]
fn a_driver_waits_for_another_one_of_the_same_experiment_and_says_whose_it_is() {
    let story = Story::new();
    let (first, second) = second_driver(&story);
    story.unmark("hold.a");
    let (first, second) = (first.end(), second.end());
    assert_eq!((first.code(), second.code()), (Some(0), Some(0)), "{first:?} {second:?}");
    second.says(&["1 run, 1 done before"]);
    assert_eq!((story.log(), story.runs().len()), (vec!["a".to_owned(), "b".to_owned()], 2));
}

#[test]
fn a_driver_goes_on_when_another_one_of_the_same_experiment_is_killed() {
    let story = Story::new();
    let (first, second) = second_driver(&story);
    assert_eq!(first.kill().signal(), Some(9));
    wait_until("the second run has begun", || story.runs().len() == 2);
    second.wait_to_say("is run by another process; waiting for it");
    story.unmark("hold.a");
    let outcome = second.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    let mut log = story.log();
    log.sort();
    assert_eq!((log, &*outcome.stdout), (vec!["a".to_owned(), "b".to_owned()], "a Done\nb Done\n"));
    assert_eq!(story.step("a").attempts(), NO_ARGS);
}

#[test]
fn a_plan_that_asks_for_it_fails_when_its_experiment_is_run_by_somebody_else() {
    let story = Story::new();
    story.mark("hold.a");
    let first = story.start("steps", ["a"]);
    story.wait_for("started.a");
    let error = format!("Error: experiment `story` is run by {}, since ", owner(&story, &first));
    let outcome = story.fails("alone", NO_ARGS);
    assert!(outcome.stdout.is_empty() && outcome.stderr.starts_with(&error), "{outcome:?}");
    assert_eq!(story.runs().len(), 1);
    first.kill();
    story.unmark("hold.a");
    let outcome = story.ok("alone", NO_ARGS);
    assert!(outcome.stdout.starts_with("alone in "), "{outcome:?}");
}
