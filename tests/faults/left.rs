//! What a job leaves behind when it ends: copies of its process that have its lock's open file, children that do not stop.

use std::fs;
use std::process::Command;

use crate::harness::{Arena, json, kill, lives, pid_in, wait_until};

/// A workspace in which jobs have a second to stop.
fn hurried() -> Arena {
    let arena = Arena::new();
    fs::create_dir(&arena.workdir).unwrap();
    fs::write(arena.workdir.join("xpm.toml"), "format = 1\n[local]\ngrace_seconds = 1\n").unwrap();
    arena
}

/// Whether a process has been sent SIGKILL and executes nothing more, though the kernel has not yet put it away.
fn is_being_killed(pid: u32) -> bool {
    const EXITING: u64 = 0x4;
    const SIGKILL: u64 = 1 << 8;
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let stat = read("stat");
    let flags = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(6)?.parse::<u64>().ok());
    let status = read("status");
    let pending = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    let mut pending = pending.filter_map(|signals| u64::from_str_radix(signals.trim(), 16).ok());
    flags.is_none_or(|flags| flags & EXITING != 0) || pending.any(|signals| signals & SIGKILL != 0)
}

#[test]
fn a_failed_job_that_leaves_a_copy_of_itself_behind_is_tried_again() {
    for how in ["error", "exit", "abort"] {
        let arena = Arena::new();
        let mut command = arena.command("left", &[how]);
        command.env("FAULTS_RETRIES", "1");
        let outcome = arena.start(command).end();
        assert_eq!(outcome.stdout, format!("{how} has ended well\n"), "{outcome}");
        assert!(!outcome.stderr.contains("is run by another process"), "{outcome}");
        let daemon = pid_in(&arena, "child");
        assert!(lives(daemon), "{how}");
        kill(&daemon.to_string(), "KILL");
    }
}

#[test]
fn a_failed_job_that_leaves_a_copy_of_itself_behind_is_run_again_by_the_next_run() {
    for how in ["error", "exit", "abort"] {
        let arena = Arena::new();
        let outcome = arena.run("left", &[how]);
        assert_eq!(outcome.code(), Some(1), "{outcome}");
        let daemon = pid_in(&arena, "child");
        assert!(lives(daemon), "{how}");
        let outcome = arena.ok("left", &[how]);
        assert!(!outcome.stderr.contains("is run by another process"), "{outcome}");
        assert_eq!(json(&arena.job("faults.left").join("status.json"))["attempt"], 2);
        kill(&daemon.to_string(), "KILL");
    }
}

#[test]
fn a_copy_of_a_jobs_process_that_returns_from_its_task_records_nothing() {
    let arena = Arena::new();
    arena.mark("hold.copy");
    let outcome = arena.run("left", &["return"]);
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["the first attempt fails"]);
    let copy = pid_in(&arena, "child");
    arena.ok("left", &["return"]);
    let record = fs::read(arena.job("faults.left").join("status.json")).unwrap();
    assert!(lives(copy));
    arena.unmark("hold.copy");
    wait_until("the copy is gone", || !lives(copy));
    assert_eq!(fs::read(arena.job("faults.left").join("status.json")).unwrap(), record);
    let log = arena.job("faults.left").join(".xpm/attempts/1/stderr.log");
    assert!(fs::read_to_string(log).unwrap().contains("this is a copy of the job's process"));
}

#[test]
fn what_a_job_had_started_is_killed_with_it_before_the_next_attempt() {
    let arena = Arena::new();
    arena.mark("hold.stubborn");
    let mut command = arena.command("left", &["stubborn"]);
    command.env("FAULTS_RETRIES", "1");
    let run = arena.start(command);
    let (job, child) = (pid_in(&arena, "started"), pid_in(&arena, "child"));
    assert!(kill(&job.to_string(), "KILL"));
    wait_until("it is tried again", || arena.lines("started").len() == 2);
    assert!(!lives(child) || is_being_killed(child));
    arena.unmark("hold.stubborn");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
}

#[test]
fn what_a_job_whose_driver_is_gone_had_started_is_killed_when_it_is_stopped() {
    let arena = hurried();
    arena.mark("hold.stubborn");
    let mut first = arena.start(arena.command("left", &["stubborn", "3000"]));
    let (job, child) = (pid_in(&arena, "started"), pid_in(&arena, "child"));
    first.kill();
    // SIGTERM ends the job at once, and not its child.
    let outcome = arena.run("left", &["stubborn", "3000"]);
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["is run by another process", "ran out of time (limit 3s)"]);
    wait_until("both are gone", || !lives(job) && !lives(child));
}

#[test]
fn a_driver_that_was_started_with_sigchld_ignored_sees_its_jobs_end() {
    let arena = Arena::new();
    let plain = arena.command("graph", &["third", "flaky"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' CHLD; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
    let outcome = arena.start(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
    assert_eq!(arena.lines("executions").len(), 4, "{outcome}");
}

#[test]
fn a_signal_of_the_terminal_does_not_reach_a_job_that_is_being_loaded() {
    let arena = Arena::new();
    fs::create_dir(&arena.workdir).unwrap();
    fs::write(arena.workdir.join("xpm.toml"), "format = 1\n[local]\nfork = false\n").unwrap();
    for name in ["hold.load", "hold.first"] {
        arena.mark(name);
    }
    let mut command = arena.command("graph", &["first"]);
    command.env("FAULTS_SLOW", &arena.control);
    let run = arena.start(command);
    let job = pid_in(&arena, "loading");
    assert!(kill(&format!("-{}", run.pid()), "INT"));
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    assert!(lives(job), "{outcome}");
    arena.unmark("hold.load");
    wait_until("it executes", || arena.has_started("first"));
    arena.unmark("hold.first");
    wait_until("it is done", || arena.job_processes().is_empty());
    arena.ok("graph", &["first"]).says(&["1 done before"]);
}

#[test]
fn a_signal_goes_to_every_run_of_a_process() {
    let status = |arena: &Arena, experiment: &str| {
        json(&arena.workdir.join(format!("experiments/{experiment}/latest/run.json")))["status"].clone()
    };
    for ended in [None, Some("two"), Some("one")] {
        let arena = Arena::new();
        for name in ["one", "two"] {
            arena.mark(&format!("hold.{name}"));
        }
        let run = arena.start(arena.command("two", &[]));
        wait_until("both have started", || arena.lines("started").len() == 2);
        if let Some(ended) = ended {
            arena.unmark(&format!("hold.{ended}"));
            wait_until("one is over", || status(&arena, ended) == "done");
        }
        assert!(kill(&run.pid().to_string(), "INT"));
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(1), "{ended:?}: {outcome}");
        for name in ["one", "two"] {
            let expected = if ended == Some(name) { "done" } else { "interrupted" };
            assert_eq!(status(&arena, name), expected, "{ended:?} {name}: {outcome}");
        }
    }
}
