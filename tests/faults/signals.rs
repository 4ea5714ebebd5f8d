//! Ctrl-C and SIGTERM while jobs run.

use std::time::{Duration, Instant};

use crate::harness::{Arena, Running, kill, lives, wait_for, wait_until};

/// A run of jobs that are held, and one that waits for them.
fn held(arena: &Arena) -> Running {
    for name in ["first", "a1"] {
        arena.mark(&format!("hold.{name}"));
    }
    let run = arena.start(arena.command("graph", &["third", "a1", "a2"]));
    wait_until("two have started", || arena.has_started("first") && arena.has_started("a1"));
    run
}

#[test]
fn the_first_signal_ends_the_driver_and_leaves_the_jobs() {
    for signal in ["INT", "TERM"] {
        let arena = Arena::new();
        let run = held(&arena);
        let jobs = arena.job_processes();
        assert_eq!(jobs.len(), 2);
        let begin = Instant::now();
        // As a terminal does: to everybody in the group.
        assert!(kill(&format!("-{}", run.pid()), signal));
        let outcome = run.end();
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}\n{outcome}", begin.elapsed());
        assert_eq!(outcome.code(), Some(1), "{outcome}");
        outcome.says(&["interrupted; 2 running jobs go on by themselves"]);
        let record = arena.last_run();
        assert_eq!(record["status"], "interrupted", "{record}");
        assert_eq!(arena.job_processes(), jobs, "the jobs live");
        let next = arena.start(arena.command("graph", &["third", "a1", "a2"]));
        wait_until("the next run has attached", || next.said().contains("is run by another process"));
        for name in ["first", "a1"] {
            arena.unmark(&format!("hold.{name}"));
        }
        let outcome = next.end();
        assert_eq!(outcome.code(), Some(0), "{outcome}");
        assert_eq!(arena.lines("executions").len(), 5);
        assert_eq!(arena.last_run()["status"], "done");
    }
}

#[test]
fn a_second_signal_stops_the_jobs() {
    for signal in ["INT", "TERM"] {
        let arena = Arena::new();
        let run = held(&arena);
        let jobs = arena.job_processes();
        assert!(kill(&format!("-{}", run.pid()), signal));
        wait_until("the first is heard", || run.said().contains("interrupted"));
        assert!(kill(&format!("-{}", run.pid()), signal));
        let begin = Instant::now();
        let outcome = run.end();
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}\n{outcome}", begin.elapsed());
        assert_eq!(outcome.code(), Some(1), "{outcome}");
        assert!(wait_for(Duration::from_secs(5), || !jobs.iter().any(|pid| lives(*pid))), "a job lives on: {outcome}");
        assert_eq!(arena.last_run()["status"], "interrupted");
        for name in ["first", "a1"] {
            arena.unmark(&format!("hold.{name}"));
        }
        let outcome = arena.ok("graph", &["third", "a1", "a2"]);
        assert!(!outcome.stderr.contains("is run by another process"), "{outcome}");
        assert_eq!(arena.lines("executions").len(), 5);
    }
}

/// A run of one job that is held, of an experiment of this name. A job that holds tokens would not do: another run may wait for
/// these instead of for the job.
fn held_alone(arena: &Arena, experiment: &str, so_far: &str) -> Running {
    arena.mark("hold.first");
    let mut command = arena.command("graph", &["third"]);
    command.env("FAULTS_EXPERIMENT", experiment);
    let run = arena.start(command);
    wait_until("the job runs", || arena.has_started("first") && run.said().contains(so_far));
    run
}

fn interrupt_twice(run: Running) {
    assert!(kill(&run.pid().to_string(), "INT"));
    wait_until("the first is heard", || run.said().contains("interrupted; 1 running job"));
    assert!(kill(&run.pid().to_string(), "INT"));
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome}");
}

#[test]
fn a_second_signal_stops_the_jobs_of_a_driver_that_is_gone() {
    let arena = Arena::new();
    held_alone(&arena, "faults", "").kill();
    let jobs = arena.job_processes();
    assert_eq!(jobs.len(), 1);
    interrupt_twice(held_alone(&arena, "faults", "is run by another process"));
    assert!(wait_for(Duration::from_secs(5), || !jobs.iter().any(|pid| lives(*pid))), "the job lives on");
    arena.unmark("hold.first");
    arena.ok("graph", &["third"]);
    assert_eq!(arena.lines("executions").len(), 3);
}

#[test]
fn a_second_signal_leaves_the_jobs_of_a_driver_that_lives_to_it() {
    let arena = Arena::new();
    let first = held_alone(&arena, "faults", "");
    let jobs = arena.job_processes();
    interrupt_twice(held_alone(&arena, "others", "is run by another process"));
    assert_eq!(arena.job_processes(), jobs);
    arena.unmark("hold.first");
    let outcome = first.end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
    assert_eq!(arena.lines("executions").len(), 3);
}

#[test]
fn what_another_driver_was_told_to_stop_is_run_by_the_one_that_waits_for_it() {
    let arena = Arena::new();
    let first = held_alone(&arena, "faults", "");
    let second = held_alone(&arena, "others", "is run by another process");
    let starts = || arena.lines("started").iter().filter(|line| line.starts_with("first ")).count();
    assert_eq!(starts(), 1);
    interrupt_twice(first);
    wait_until("it runs again", || starts() == 2);
    arena.unmark("hold.first");
    let outcome = second.end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
    outcome.says(&["others: 3 run in "]);
    assert_eq!(arena.lines("executions").len(), 3);
}

#[test]
fn a_second_signal_stops_a_job_whose_process_is_about_to_be_started() {
    let arena = Arena::new();
    let (log, go) = (arena.control.join("points"), arena.control.join("go"));
    let mut command = arena.command("graph", &["third"]);
    command.env("XPM_FAULT_LOG", &log);
    command.env("XPM_FAULT", format!("driver 1 wait:{} start process of JOB", go.display()));
    let run = arena.start(command);
    wait_until("it is about to be started", || {
        arena.lines("points").iter().any(|line| line.contains("start process of"))
    });
    assert!(kill(&run.pid().to_string(), "INT"));
    wait_until("the first is heard", || run.said().contains("interrupted; 1 running job"));
    assert!(kill(&run.pid().to_string(), "INT"));
    // Nothing tells when the second has been heard; whether the process is stopped or not started at all, it does not execute.
    arena.mark("hold.first");
    arena.mark("go");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    assert!(wait_for(Duration::from_secs(5), || arena.job_processes().is_empty()), "the job lives on: {outcome}");
    arena.unmark("hold.first");
    arena.ok("graph", &["third"]);
}

#[test]
fn a_signal_at_any_time_loses_nothing() {
    // From before the run begins to after its end.
    for step in 0..24u64 {
        let arena = Arena::new();
        let run = arena.start(arena.command("graph", &["third", "a1", "a2", "both", "b1", "flaky"]));
        let begin = Instant::now();
        wait_for(Duration::from_millis(step * 8), || false);
        kill(&format!("-{}", run.pid()), if step % 2 == 0 { "INT" } else { "TERM" });
        let outcome = run.end();
        assert!(begin.elapsed() < Duration::from_secs(10), "{outcome}");
        let interrupted = outcome.signal().is_some() || outcome.stderr.contains("interrupted");
        assert!(interrupted || outcome.code() == Some(0), "{outcome}");
        let outcome = arena.ok("graph", &["third", "a1", "a2", "both", "b1", "flaky"]);
        let mut executed: Vec<String> =
            arena.lines("executions").iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        executed.sort();
        let count = executed.len();
        executed.dedup();
        assert_eq!((executed.len(), count), (8, 8), "{executed:?}\n{outcome}");
    }
}
