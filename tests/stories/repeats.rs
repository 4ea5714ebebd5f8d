//! Jobs that come back: submitted again in one run, retried after a delay; and why jobs wait.

use crate::harness::{Story, date_in_the_future, signal, wait_until};

#[test]
fn a_failed_job_and_what_failed_with_it_run_again_when_submitted_again() {
    let story = Story::new();
    let outcome = story.ok("repeats", ["failed", "mended"]);
    let failed = "Failed:Error Failed:DependencyFailed\n";
    assert_eq!(outcome.stdout, format!("{failed}{failed}true true\nDone Done\n"));
    outcome.says(&["story: 2 run in ", "is submitted again"]).does_not_say("jobs failed");
    assert_eq!(story.log(), ["a", "b"]);
    let run = story.last_run();
    assert_eq!((run["status"].as_str(), run["failed"].as_u64()), (Some("done"), Some(0)));
    let job = story.step("a");
    assert_eq!((job.status()["attempt"].as_u64(), job.attempts()), (Some(2), vec!["1".to_owned()]));
}

#[test]
fn a_job_that_fails_again_is_one_failed_job() {
    let story = Story::new();
    let outcome = story.fails("repeats", ["failed", "again", "again"]);
    let failed = "Failed:Error Failed:DependencyFailed\n";
    assert_eq!(outcome.stdout, format!("{failed}{failed}true true\n{failed}true true\n{failed}"));
    outcome.says(&["1 of 2 jobs failed, and 1 could not be started because of these:", "story: 2 failed in "]);
    assert_eq!(story.step("a").status()["attempt"].as_u64(), Some(3));
    assert_eq!(story.last_run()["failed"].as_u64(), Some(2));
    // Mended at the second time.
    story.ok("repeats", ["failed", "again", "mended"]);
}

#[test]
fn a_failed_job_is_run_again_with_what_the_later_submission_says() {
    let story = Story::new();
    let outcome = story.ok("repeats", ["other-needs"]);
    assert_eq!(outcome.stdout, "Failed(TimedOut { limit: Some(200ms) })\nDone output of a\n");
}

#[test]
fn a_job_that_runs_or_is_done_is_only_handed_out_again() {
    let story = Story::new();
    let outcome = story.ok("repeats", ["running"]);
    assert_eq!(outcome.stdout, "output of a output of a\noutput of a\n");
    assert_eq!(story.log(), ["a"]);
}

#[test]
fn a_job_that_waits_takes_priority_and_dependencies_of_both_submissions() {
    let story = Story::new();
    let outcome = story.ok("repeats", ["waiting"]);
    assert_eq!(story.log(), ["first", "high", "low", "late", "dependent"]);
    let lines: Vec<_> = outcome.stdout.lines().collect();
    assert!(lines[0].starts_with("story.step cannot depend on story.step/"), "{outcome:?}");
    assert!(lines[0].ends_with(", which waits for it: neither would ever start"), "{outcome:?}");
    assert_eq!(lines[1], "story.step asks for 2 of token `only`, of which there are 1 in all");
}

#[test]
fn retries_are_held_off_for_longer_and_longer() {
    let story = Story::new();
    std::fs::write(story.control.join("fails.x"), "3").unwrap();
    std::fs::write(story.control.join("fails.y"), "9").unwrap();
    let outcome = story.ok("repeats", ["retries", "x", "10"]);
    assert_eq!(outcome.stdout, "Ok(4)\n");
    outcome.says(&[
        "is tried again in 10ms: attempt 1 fails",
        "is tried again in 20ms: attempt 2 fails",
        "is tried again in 40ms: attempt 3 fails",
    ]);
    let outcome = story.fails("repeats", ["retries", "y", "0"]);
    outcome.says(&["is tried again: attempt 3 fails", "FAILED: attempt 4 fails"]);
    assert_eq!(story.log().len(), 8);
}

#[test]
fn a_job_that_resumes_goes_on_without_delay() {
    let story = Story::new();
    std::fs::write(story.control.join("fails.r"), "3").unwrap();
    let outcome = story.ok("repeats", ["resumes"]);
    assert_eq!(outcome.stdout, "4\n");
    outcome.says(&["is tried again: ran out of time"]);
}

#[test]
fn a_job_that_has_had_its_retries_says_what_it_needs() {
    let story = Story::new();
    std::fs::write(story.control.join("fails.r"), "5").unwrap();
    story.fails("repeats", ["resumes"]).says(&["1 of 1 jobs failed"]);
    let outcome = story.fails("repeats", ["resumes"]);
    outcome.says(&[
        "warning: story.goes_on/",
        " is not run again: it has had its 3 retries, and its last attempt failed (ran out of time)",
        "allow it more with `.max_retries(n)`",
    ]);
    assert_eq!(story.log().len(), 4);
}

#[test]
fn attempts_that_were_stopped_or_lost_use_up_no_retries() {
    let story = Story::new();
    std::fs::write(story.control.join("fails.r"), "5").unwrap();
    story.mark("hold.r");
    for number in 1..=2 {
        let run = story.start("repeats", ["resumes", "1"]);
        story.wait_for(&format!("attempt.{number}"));
        signal(run.pid(), "INT");
        run.wait_to_say("interrupted; 1 running job");
        signal(run.pid(), "INT");
        assert_eq!(run.end().code(), Some(1));
        assert_eq!(story.job("story.goes_on").status()["failure"]["reason"], "stopped");
    }
    // A machine that goes down takes driver and job with it.
    let run = story.start("repeats", ["resumes", "1"]);
    story.wait_for("attempt.3");
    let job = story.job("story.goes_on");
    let pid = job.pid();
    run.kill();
    signal(pid, "KILL");
    wait_until("the job is gone", || job.is_free());
    // Its own process records how it ends.
    let run = story.start("repeats", ["resumes", "1"]);
    story.wait_for("attempt.4");
    run.kill();
    story.unmark("hold.r");
    wait_until("it has ended", || job.file("status.json").exists() && job.is_free());
    assert_eq!(job.status()["failure"]["reason"], "timed_out");
    let outcome = story.ok("repeats", ["resumes", "1"]);
    outcome.does_not_say("is not run again");
    assert_eq!(outcome.stdout, "6\n");
}

#[test]
fn a_clock_that_is_set_back_hides_no_end_of_a_job() {
    let story = Story::new();
    story.mark("fail.a");
    story.fails("steps", ["a"]);
    let job = story.step("a");
    date_in_the_future(&job.file("status.json"));
    // It is tried again, by a driver that does not see its end.
    story.unmark("fail.a");
    story.unmark("started.a");
    story.mark("hold.a");
    let first = story.start("steps", ["a"]);
    story.wait_for("started.a");
    first.kill();
    let second = story.start("steps", ["a"]);
    second.wait_to_say("is run by another process");
    story.unmark("hold.a");
    let outcome = second.end();
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "a Done\n"), "{outcome:?}");
    assert_eq!(job.status()["attempt"], 2);
    date_in_the_future(&job.file("status.json"));
    story.ok("steps", ["a"]).says(&["1 done before"]);
    assert_eq!(story.log(), ["a"]);
}

#[test]
fn an_interruption_does_not_wait_for_a_retry() {
    let story = Story::new();
    std::fs::write(story.control.join("fails.x"), "1").unwrap();
    let mut command = story.command("repeats", ["retries", "x", "3600000"]);
    let run = story.start_command({
        command.env("NO_COLOR", "1");
        command
    });
    wait_until("the retry is held off", || {
        std::fs::read_to_string(story.path().join("stderr.0")).unwrap().contains("is tried again in 1h")
    });
    signal(run.pid(), "INT");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["interrupted", "1 not ended"]);
    assert_eq!(story.ok("repeats", ["retries", "x", "0"]).stdout, "Ok(2)\n");
}

#[test]
fn every_job_that_waits_says_why() {
    let story = Story::new();
    let run = story.start("repeats", ["why"]);
    wait_until("all has been asked", || {
        std::fs::read_to_string(story.path().join("stdout.0")).unwrap().lines().count() == 7
    });
    signal(run.pid(), "INT");
    let outcome = run.end();
    let lines: Vec<_> = outcome.stdout.lines().collect();
    let id = lines[6];
    assert_eq!(
        lines[..6],
        [
            "runs: None",
            &format!("dependent: waits for 1 job: story.step/{id}"),
            "token: waits for 2 of token `slots`, 1 of 3 are free",
            "cpu: waits for 1 CPUs, 0 of 1 are free",
            "next: waits for 1 CPUs, 0 of 1 are free; 1 job with the same needs before it",
            "flaky: is tried again in  s; the last attempt: attempt  fails",
        ]
    );
}

#[test]
fn a_job_that_is_still_dying_when_a_driver_looks_is_run_at_once() {
    for _ in 0..5 {
        let story = Story::new();
        story.mark("hold.heavy");
        let driver = story.start("repeats", ["heavy"]);
        story.wait_for("started.heavy");
        let pid = story.job("story.heavy").pid();
        driver.kill();
        story.unmark("hold.heavy");
        signal(pid, "STOP");
        signal(pid, "KILL");
        let outcome = story.ok("repeats", ["heavy"]);
        outcome.does_not_say("left no record");
        assert_eq!(outcome.stdout, "1\n");
    }
}

/// `XPM_LARGE=1` runs as many as a large grid has.
#[test]
fn chains_and_crowds_of_jobs_end() {
    let large = std::env::var_os("XPM_LARGE").is_some();
    let (chain, crowd) = if large { (20_000, 5_000) } else { (400, 300) };
    let story = Story::new();
    let outcome = story.ok("size", ["promises".to_owned(), chain.to_string()]);
    assert_eq!(outcome.stdout.lines().next(), Some(&*chain.to_string()));
    // Two CPUs: more would be seen by the log of the tasks.
    let names = (0..crowd).map(|number| format!("n{number}")).collect::<Vec<_>>();
    let outcome = story.ok("steps", &names);
    assert_eq!((outcome.stdout.lines().count(), story.log().len()), (crowd, crowd));
}
