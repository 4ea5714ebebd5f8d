//! Every fault point in turn: the process is killed there, or the step fails. `XPM_WALK=all` walks every occurrence that
//! the brief walk leaves out, with every error.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::checks::{all, check_end, check_run, executions, run_again, run_until_success};
use crate::graph::{self, Spec};
use crate::harness::{Arena, Outcome, wait_until};

/// What has happened in the workspace before the run with the fault.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Nothing,
    /// Half of the jobs are done.
    HalfDone,
    /// Every job that was started has failed.
    Failed,
    /// The driver was killed while two jobs ran, one of them with a token, which go on; what needs neither has ended.
    Orphans,
}

const BEFORE: [Before; 4] = [Before::Nothing, Before::HalfDone, Before::Failed, Before::Orphans];

/// A fault at the `nth` time that a process of `role` reaches `point`.
#[derive(Debug)]
struct Case {
    before: Before,
    role: String,
    point: String,
    nth: usize,
    action: &'static str,
}

const ERRORS: [(&str, &str); 3] =
    [("28", "No space left on device"), ("13", "Permission denied"), ("24", "Too many open files")];

impl Case {
    /// Runs the graph with the fault, in what came before; gives how it ended, and which executions may be repeated.
    fn run(&self, arena: &Arena) -> (Outcome, HashSet<String>) {
        prepare(arena, self.before);
        let before = executions(arena).len();
        let mut command = arena.command("graph", &all());
        command.env("XPM_FAULT_LOG", arena.control.join("points"));
        command.env("XPM_FAULT", format!("{} {} {} {}", self.role, self.nth, self.action, self.point));
        let outcome = with_orphans(arena, self.before, command);
        check_run(arena, &all(), &outcome);
        let unrecorded = ["create", "write", "sync", "rename"].map(|step| format!("{step} status.json"));
        let excused = if self.role == "job" && unrecorded.contains(&self.point) {
            executions(arena).drain(before..).map(|(_, by)| by).collect()
        } else {
            HashSet::new()
        };
        (outcome, excused)
    }

    fn was_reached(&self, arena: &Arena) -> bool {
        let line = format!("{} {}", self.role, self.point);
        arena.lines("points").iter().filter(|reached| **reached == line).count() >= self.nth
    }
}

fn prepare(arena: &Arena, before: Before) {
    match before {
        Before::Nothing => {}
        Before::HalfDone => {
            arena.run("graph", &["second", "a1", "part1", "b1", "flaky"]);
        }
        Before::Failed => {
            let mut command = arena.command("graph", &all());
            command.env("XPM_FAULT", "job 1 kill execute JOB");
            assert_eq!(arena.start(command).end().code(), Some(1));
        }
        Before::Orphans => {
            for name in HELD {
                arena.mark(&format!("hold.{name}"));
            }
            let mut driver = arena.start(arena.command("graph", &all()));
            // Nothing more happens until it is killed: what the next run finds is the same each time.
            let ended = format!("[{}/", graph::GRAPH.iter().filter(|spec| !waits_for_held(spec)).count());
            let started = || HELD.iter().all(|name| arena.has_started(name));
            wait_until("what is held has started and the rest has ended", || {
                started() && driver.said().contains(&ended)
            });
            driver.kill();
            driver.end();
        }
    }
}

const HELD: [&str; 2] = ["first", "a1"];

/// Whether this job cannot end while the others are held: it needs one of them, or some of a token of which they have all.
fn waits_for_held(spec: &Spec) -> bool {
    let shares =
        |held: &&str| graph::spec(held).tokens.iter().any(|(token, _)| spec.tokens.iter().any(|t| t.0 == *token));
    let mut needs = spec.inputs.iter().chain(spec.files).chain(spec.after);
    HELD.contains(&spec.name) || HELD.iter().any(shares) || needs.any(|name| waits_for_held(graph::spec(name)))
}

/// Runs a command; orphans are let go when it waits for them.
fn with_orphans(arena: &Arena, before: Before, command: std::process::Command) -> Outcome {
    let mut run = arena.start(command);
    if before == Before::Orphans {
        // Where a token is held, only its holder is waited for once the driver has seen that; and a job that cannot be
        // looked at has failed instead.
        let waits = |said: &str| said.contains("is run by another process") || said.contains("FAILED");
        wait_until("the run waits or is over", || !run.is_alive() || waits(&run.said()));
        for name in HELD {
            arena.unmark(&format!("hold.{name}"));
        }
    }
    run.end()
}

/// What can be walked: how often each point is reached.
fn cases(actions: &[&'static str]) -> Vec<Case> {
    let everything = std::env::var("XPM_WALK").is_ok_and(|value| value == "all");
    let (mut cases, mut turn) = (Vec::new(), 0);
    for before in BEFORE {
        let arena = Arena::new();
        prepare(&arena, before);
        let log = arena.control.join("points");
        let mut command = arena.command("graph", &all());
        command.env("XPM_FAULT_LOG", &log);
        let outcome = with_orphans(&arena, before, command);
        check_run(&arena, &all(), &outcome);
        let mut reached: BTreeMap<String, usize> = BTreeMap::new();
        for line in fs::read_to_string(log).unwrap().lines() {
            *reached.entry(line.to_owned()).or_default() += 1;
        }
        let jobs = reached["job enter JOB"];
        for (line, count) in reached {
            let (role, point) = line.split_once(' ').unwrap();
            // The points of jobs are counted in each process.
            let last = if role == "job" { count.div_ceil(jobs) } else { count };
            let mut nths = match (before, everything) {
                (Before::Nothing, _) | (_, true) => vec![1, last.div_ceil(2), last],
                _ => vec![1, last],
            };
            nths.dedup();
            for nth in nths {
                turn += 1;
                for (number, action) in actions.iter().enumerate() {
                    // Briefly, the errors take turns.
                    if everything || turn % actions.len() == number {
                        let (role, point) = (role.to_owned(), point.to_owned());
                        cases.push(Case { before, role, point, nth, action });
                    }
                }
            }
        }
    }
    cases
}

/// Tries every case out, several at a time; what fails is told at the end.
fn walk(cases: &[Case], try_out: impl Fn(&Case) -> String + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match catch_unwind(AssertUnwindSafe(|| try_out(case))) {
                        Ok(what) => told.lock().unwrap().push(what),
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
                            failed.lock().unwrap().push(format!("{case:?}: {text}"));
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} failed:\n\n{}", failed.len(), cases.len(), failed.join("\n\n"));
    told.into_inner().unwrap()
}

fn points(cases: &[Case]) -> usize {
    cases.iter().map(|case| (&case.role, &case.point)).collect::<HashSet<_>>().len()
}

#[test]
fn walk_kill() {
    let cases = cases(&["kill"]);
    let reached = AtomicUsize::new(0);
    walk(&cases, |case| {
        let arena = Arena::new();
        let (outcome, excused) = case.run(&arena);
        if case.was_reached(&arena) {
            reached.fetch_add(1, Ordering::Relaxed);
            match case.role.as_str() {
                "driver" => assert_eq!(outcome.signal(), Some(9), "{outcome}"),
                _ => assert_eq!(outcome.code(), Some(1), "{outcome}"),
            }
        } else {
            assert!(case.nth > 1, "it is never reached:\n{outcome}");
        }
        let last = run_until_success(&arena, &all());
        check_end(&arena, &all(), &last, &excused);
        String::new()
    });
    println!("killed at {} points, {} cases, {reached:?} reached", points(&cases), cases.len());
}

#[test]
fn walk_errors() {
    let actions = ERRORS.map(|(number, _)| number);
    let cases = cases(&actions);
    let told = walk(&cases, |case| {
        let arena = Arena::new();
        // Only the fault makes it fail.
        fs::write(arena.control.join("attempts.flaky_leaf"), "one more\n").unwrap();
        let (outcome, excused) = case.run(&arena);
        let reason = ERRORS.iter().find(|(number, _)| *number == case.action).unwrap().1;
        let reached = case.was_reached(&arena);
        assert!(reached || case.nth > 1, "it is never reached:\n{outcome}");
        let mut told = format!("{} {}: ", case.role, case.point);
        if outcome.code() != Some(0) {
            let paragraph = outcome.stderr.split("Error: ").last().unwrap_or_default();
            let line = outcome.stderr.lines().find(|line| line.contains(reason)).unwrap_or_default();
            let line = if paragraph.contains(reason) { paragraph } else { line };
            assert!(!line.is_empty(), "the reason is not said:\n{outcome}");
            let (step, what) = (case.point.split(' ').next().unwrap(), case.point.rsplit(' ').next().unwrap());
            let names = line.contains('/') || line.contains(what) || line.contains(step);
            assert!(names, "what failed is not said: {line}\n{outcome}");
            told += &line.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        let last = run_again(&arena, &all());
        assert_eq!(last.code(), Some(0), "it does not go on when the fault is gone:\n{outcome}\n{last}");
        check_end(&arena, &all(), &last, &excused);
        if reached { told } else { String::new() }
    });
    let mut told: Vec<String> = told.into_iter().filter(|line| !line.is_empty()).collect();
    told.sort();
    println!("{}", told.join("\n"));
    println!("errors at {} points, {} cases", points(&cases), cases.len());
}
