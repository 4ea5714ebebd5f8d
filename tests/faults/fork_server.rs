//! Jobs are copies of a fork server: what happens when it goes away, and without it.

use std::fs;
use std::time::{Duration, Instant};

use crate::harness::{Arena, json, kill, wait_until};

/// The child of the driver that serves.
fn server(driver: u32) -> Option<u32> {
    let children = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent: u32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        (parent == driver).then_some(pid)
    });
    let serves = |pid: &u32| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split('\0').nth(2) == Some("serve")
    };
    children.into_iter().find(serves)
}

#[test]
fn jobs_outlive_the_fork_server_and_the_next_ones_start_without() {
    let arena = Arena::new();
    arena.mark("hold.first");
    let run = arena.start(arena.command("graph", &["third"]));
    wait_until("the first job executes", || arena.has_started("first"));
    let server = server(run.pid()).expect("there is no fork server");
    assert!(kill(&server.to_string(), "KILL"));
    arena.unmark("hold.first");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
    assert_eq!(arena.lines("executions").len(), 3, "{outcome}");
}

#[test]
fn the_fork_server_is_gone_with_its_driver() {
    let arena = Arena::new();
    arena.mark("hold.first");
    let mut run = arena.start(arena.command("graph", &["first"]));
    wait_until("the job executes", || arena.has_started("first"));
    let server = server(run.pid()).expect("there is no fork server");
    run.kill();
    wait_until("the server is gone", || !crate::harness::lives(server));
    assert_eq!(arena.job_processes().len(), 1, "the job goes on");
    arena.unmark("hold.first");
    wait_until("the job is done", || arena.job_processes().is_empty());
    arena.ok("graph", &["first"]).says(&["1 done before"]);
}

#[test]
fn a_workspace_can_do_without() {
    let arena = Arena::new();
    fs::create_dir_all(&arena.workdir).unwrap();
    fs::write(arena.workdir.join("xpm.toml"), "format = 1\n[local]\nfork = false\n").unwrap();
    arena.mark("hold.first");
    let run = arena.start(arena.command("graph", &["third"]));
    wait_until("the first job executes", || arena.has_started("first"));
    assert_eq!(server(run.pid()), None);
    let job = arena.job_processes()[0];
    let stat = fs::read_to_string(format!("/proc/{job}/stat")).unwrap();
    assert_eq!(stat.rsplit_once(") ").unwrap().1.split(' ').nth(3), Some(&*job.to_string()), "it has its own session");
    arena.unmark("hold.first");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
}

#[test]
fn a_job_over_which_the_fork_server_was_killed_keeps_what_it_holds() {
    let arena = Arena::new();
    arena.mark("hold.a1");
    let mut command = arena.command("graph", &["a1"]);
    command.env("XPM_FAULT", "server 1 kill answer");
    let first = arena.start(command);
    wait_until("its driver waits for it", || first.said().contains("is run by another process"));
    wait_until("the job executes", || arena.has_started("a1"));
    assert_eq!(json(&arena.workdir.join("tokens/a.json"))["holders"].as_array().unwrap().len(), 1);
    let mut command = arena.command("graph", &["a2", "first"]);
    command.env("FAULTS_EXPERIMENT", "others");
    let second = arena.start(command);
    wait_until("what needs no token is done", || arena.lines("executions").len() == 1);
    assert!(!arena.has_started("a2"), "the token is held");
    arena.unmark("hold.a1");
    for run in [first, second] {
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(0), "{outcome}");
    }
    assert_eq!(arena.lines("executions").len(), 3);
    assert_eq!(arena.lines("violations"), Vec::<String>::new());
}

#[test]
fn a_job_over_which_the_fork_server_was_killed_is_stopped_by_its_driver() {
    loop {
        let arena = Arena::new();
        arena.mark("hold.first");
        let mut command = arena.command("graph", &["third"]);
        command.env("XPM_FAULT", "server 1 kill answer");
        let run = arena.start(command);
        wait_until("its driver waits for it", || run.said().contains("is run by another process"));
        wait_until("the job executes", || arena.has_started("first"));
        let jobs = arena.job_processes();
        let begin = Instant::now();
        for heard in ["is run by another process", "interrupted; 1 running job"] {
            wait_until(heard, || run.said().contains(heard));
            assert!(kill(&run.pid().to_string(), "INT"));
        }
        // On a machine with much else to do the second one may come more than two seconds after the first: that stops nothing.
        let in_time = begin.elapsed() < Duration::from_secs(2);
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(1), "{outcome}");
        if in_time {
            return wait_until("the job is gone", || !jobs.iter().any(|pid| crate::harness::lives(*pid)));
        }
        arena.unmark("hold.first");
        wait_until("the job has ended", || !jobs.iter().any(|pid| crate::harness::lives(*pid)));
    }
}
