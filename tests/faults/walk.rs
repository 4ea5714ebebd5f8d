//! Every fault point in turn: the process is killed there, or the step fails. `XPM_WALK=all` walks every occurrence that
//! the brief walk leaves out, with every error.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::checks::{check_end, check_run, executions, run_again, run_until_success};
use crate::graph::{self, GRAPH, KINDS, Kind, Spec};
use crate::harness::{Arena, Outcome, wait_until};

/// What has happened in the workspace before the run with the fault.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Nothing,
    /// Some of the jobs are done.
    HalfDone,
    /// Every job that was started has failed.
    Failed,
    /// The driver was killed while some jobs ran, one of them with a token, which go on; what needs none of them has ended.
    Orphans,
}

const BEFORE: [Before; 4] = [Before::Nothing, Before::HalfDone, Before::Failed, Before::Orphans];

/// A graph that is walked.
#[derive(Clone, Copy)]
struct Ground {
    jobs: &'static [Spec],
    /// What is done where some of it is.
    half: &'static [&'static str],
    /// The jobs that outlive their driver.
    held: &'static [&'static str],
    /// Briefly, the points that the drivers of this one reach are left out.
    after: Option<&'static Ground>,
}

const TOKENS: Ground =
    Ground { jobs: GRAPH, half: &["second", "a1", "part1", "b1", "flaky"], held: &["first", "a1"], after: None };

const OF_ALL_KINDS: Ground = Ground {
    jobs: KINDS,
    // What it depends on has to be made anew for others.
    half: &["use", "shared1", "program1"],
    held: &["use", "shared1", "program1"],
    after: Some(&TOKENS),
};

impl Ground {
    fn names(&self) -> Vec<&'static str> {
        graph::names(self.jobs)
    }

    fn command(&self, arena: &Arena, names: &[&str]) -> Command {
        arena.command(graph::plan(names), names)
    }

    /// Whether this job cannot end while others are held: it needs one of them, or some of a token of which they have all,
    /// or the folder that one of them has.
    fn waits_for_held(&self, spec: &Spec) -> bool {
        let shares = |held: &&str| {
            let held = graph::spec(held);
            let token = |token: &&str| held.tokens.iter().any(|(other, _)| other == token);
            (held.kind == Kind::Shared && spec.kind == Kind::Shared) || spec.tokens.iter().any(|(name, _)| token(name))
        };
        let mut needs = spec.inputs.iter().chain(spec.files).chain(spec.after);
        let needs_one = needs.any(|name| self.waits_for_held(graph::spec(name)));
        self.held.contains(&spec.name) || self.held.iter().any(shares) || needs_one
    }
}

/// A fault at the `nth` time that a process of `role` reaches `point`.
struct Case {
    ground: Ground,
    before: Before,
    role: String,
    point: String,
    nth: usize,
    action: &'static str,
}

const ERRORS: [(&str, &str); 3] =
    [("28", "No space left on device"), ("13", "Permission denied"), ("24", "Too many open files")];

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, role, point, nth, action, .. } = self;
        write!(f, "after {before:?}, XPM_FAULT=\"{role} {nth} {action} {point}\"")
    }
}

impl Case {
    /// Runs the graph with the fault, in what came before; gives how it ended, and which executions may be repeated.
    fn run(&self, arena: &Arena) -> (Outcome, HashSet<String>) {
        let Self { ground, before, .. } = self;
        prepare(arena, ground, *before);
        let done_before = executions(arena);
        let mut command = ground.command(arena, &ground.names());
        command.env("XPM_FAULT_LOG", arena.control.join("points"));
        command.env("XPM_FAULT", format!("{} {} {} {}", self.role, self.nth, self.action, self.point));
        let outcome = with_orphans(arena, ground, *before, command);
        check_run(arena, &ground.names(), &outcome);
        let unrecorded = ["create status.json", "write status.json", "sync status.json", "rename status.json"];
        let excused = |at: usize, name: &str| match self.role.as_str() {
            "job" if at >= done_before.len() => {
                unrecorded.contains(&&*self.point)
                    // Between the end of the program and that of its job.
                    || graph::spec(name).kind == Kind::Program && self.point == "read output.json"
            }
            // What nothing needed any more is made anew when something does.
            _ => *before == Before::HalfDone && graph::spec(name).kind == Kind::Transient,
        };
        let executions = executions(arena).into_iter().enumerate();
        let excused = executions.filter(|(at, (name, _))| excused(*at, name)).map(|(_, (_, by))| by).collect();
        (outcome, excused)
    }

    fn was_reached(&self, arena: &Arena) -> bool {
        let line = format!("{} {}", self.role, self.point);
        arena.lines("points").iter().filter(|reached| **reached == line).count() >= self.nth
    }
}

fn prepare(arena: &Arena, ground: &Ground, before: Before) {
    match before {
        Before::Nothing => {}
        Before::HalfDone => {
            arena.start(ground.command(arena, ground.half)).end();
        }
        Before::Failed => {
            let mut command = ground.command(arena, &ground.names());
            command.env("XPM_FAULT", "job 1 kill execute JOB");
            assert_eq!(arena.start(command).end().code(), Some(1));
        }
        Before::Orphans => {
            for name in ground.held {
                arena.mark(&format!("hold.{name}"));
            }
            let mut driver = arena.start(ground.command(arena, &ground.names()));
            // Nothing more happens until it is killed: what the next run finds is the same each time.
            let ended = format!("[{}/", ground.jobs.iter().filter(|spec| !ground.waits_for_held(spec)).count());
            let started = || ground.held.iter().all(|name| arena.has_started(name));
            wait_until("the held have started and the rest has ended", || started() && driver.said().contains(&ended));
            driver.kill();
            driver.end();
        }
    }
}

/// Runs a command; orphans are let go when it waits for them.
fn with_orphans(arena: &Arena, ground: &Ground, before: Before, command: Command) -> Outcome {
    let mut run = arena.start(command);
    if before == Before::Orphans {
        // A job that cannot be looked at has failed instead.
        let waits = |said: &str| said.contains("is run by another process") || said.contains("FAILED");
        wait_until("the run waits or is over", || !run.is_alive() || waits(&run.said()));
        for name in ground.held {
            arena.unmark(&format!("hold.{name}"));
        }
    }
    run.end()
}

/// How often each point is reached.
fn reached_in(ground: &Ground, before: Before) -> BTreeMap<String, usize> {
    let arena = Arena::new();
    prepare(&arena, ground, before);
    let mut command = ground.command(&arena, &ground.names());
    command.env("XPM_FAULT_LOG", arena.control.join("points"));
    let outcome = with_orphans(&arena, ground, before, command);
    check_run(&arena, &ground.names(), &outcome);
    let mut reached = BTreeMap::new();
    for line in arena.lines("points") {
        *reached.entry(line).or_default() += 1;
    }
    reached
}

/// What can be walked.
fn cases(ground: Ground, actions: &[&'static str]) -> Vec<Case> {
    let everything = std::env::var("XPM_WALK").is_ok_and(|value| value == "all");
    let (mut cases, mut turn) = (Vec::new(), 0);
    for before in BEFORE {
        let reached = reached_in(&ground, before);
        let walked = match ground.after {
            Some(other) if !everything => reached_in(other, before),
            _ => BTreeMap::new(),
        };
        let jobs = reached["job enter JOB"];
        for (line, count) in reached {
            let (role, point) = line.split_once(' ').unwrap();
            if role == "driver" && walked.contains_key(&line) {
                continue;
            }
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
                        cases.push(Case { ground, before, role, point, nth, action });
                    }
                }
            }
        }
    }
    cases
}

/// How often a point that has been reached must be missed until it is not reached any more: which steps are needed can depend
/// on who is faster.
const TRIES: usize = 5;

/// Tries every case out, several at a time; what fails is told at the end. What is tried out says nothing where the fault was
/// not reached.
fn walk(cases: &[Case], try_out: impl Fn(&Case) -> Option<String> + Sync) -> Vec<String> {
    let until_reached = |case: &Case| {
        // Not each reading of the points reaches a point as often.
        let tries = if case.nth == 1 { TRIES } else { 1 };
        let told = (0..tries).find_map(|_| try_out(case));
        assert!(told.is_some() || case.nth > 1, "it is never reached");
        told
    };
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match catch_unwind(AssertUnwindSafe(|| until_reached(case))) {
                        Ok(what) => told.lock().unwrap().extend(what),
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

fn kill_everywhere(ground: Ground) {
    let cases = cases(ground, &["kill"]);
    let reached = walk(&cases, |case| {
        let arena = Arena::new();
        let (outcome, excused) = case.run(&arena);
        let reached = case.was_reached(&arena);
        match case.role.as_str() {
            _ if !reached => {}
            "driver" => assert_eq!(outcome.signal(), Some(9), "{outcome}"),
            _ => assert_eq!(outcome.code(), Some(1), "{outcome}"),
        }
        let last = run_until_success(&arena, &ground.names());
        check_end(&arena, &ground.names(), &last, &excused);
        reached.then(String::new)
    });
    println!("killed at {} points, {} cases, {} reached", points(&cases), cases.len(), reached.len());
}

fn fail_everywhere(ground: Ground) {
    let actions = ERRORS.map(|(number, _)| number);
    let cases = cases(ground, &actions);
    let mut told = walk(&cases, |case| {
        let arena = Arena::new();
        // Only the fault makes it fail.
        for leaf in
            ground.jobs.iter().filter(|spec| spec.fails > 0 && spec.kind != Kind::Resumed && spec.retries.is_none())
        {
            fs::write(arena.control.join(format!("attempts.{}", leaf.name)), "one more\n").unwrap();
        }
        let (outcome, excused) = case.run(&arena);
        let reason = ERRORS.iter().find(|(number, _)| *number == case.action).unwrap().1;
        let reached = case.was_reached(&arena);
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
        let last = run_again(&arena, &ground.names());
        assert_eq!(last.code(), Some(0), "it does not go on when the fault is gone:\n{outcome}\n{last}");
        check_end(&arena, &ground.names(), &last, &excused);
        reached.then_some(told)
    });
    told.sort();
    println!("{}", told.join("\n"));
    println!("errors at {} points, {} cases", points(&cases), cases.len());
}

#[test]
fn walk_kill() {
    kill_everywhere(TOKENS);
}

#[test]
fn walk_kill_of_all_kinds() {
    kill_everywhere(OF_ALL_KINDS);
}

#[test]
fn walk_errors() {
    fail_everywhere(TOKENS);
}

#[test]
fn walk_errors_of_all_kinds() {
    fail_everywhere(OF_ALL_KINDS);
}
