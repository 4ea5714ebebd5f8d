//! What must hold after every storm.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::path::Path;

use crate::graph;
use crate::harness::{Arena, Outcome, entries, json, wait_until};

/// How often a plan may be run until it says success: one job fails the first time, and a crash may have cost a run.
const RUNS: usize = 4;

/// Runs the graph until it says success.
#[track_caller]
pub fn run_until_success(arena: &Arena, names: &[&str]) -> Outcome {
    let mut told = String::new();
    for _ in 0..RUNS {
        let outcome = run_again(arena, names);
        if outcome.code() == Some(0) {
            return outcome;
        }
        told += &format!("{outcome}\n");
    }
    panic!("no success in {RUNS} runs:\n{told}");
}

/// Runs the graph after a storm, with more retries for what resumes: its own may be spent.
#[track_caller]
pub fn run_again(arena: &Arena, names: &[&str]) -> Outcome {
    let mut command = arena.command("graph", names);
    command.env("FAULTS_RETRIES", "1000");
    let outcome = arena.start(command).end();
    check_run(arena, names, &outcome);
    outcome
}

/// A run that says success has the right outputs of all its jobs, on record; one that does not says why.
#[track_caller]
pub fn check_run(arena: &Arena, names: &[&str], outcome: &Outcome) {
    assert_eq!(arena.lines("violations"), Vec::<String>::new(), "{outcome}");
    if outcome.signal() == Some(9) {
        return;
    }
    if outcome.code() == Some(0) {
        let returned = returned(outcome);
        for name in graph::closure(names) {
            let (value, by) = returned.get(name).unwrap_or_else(|| panic!("{name} gave nothing:\n{outcome}"));
            assert_eq!(*value, graph::value(name), "the output of {name}");
            assert!(executions(arena).contains(&(name.to_owned(), by.clone())), "{name} by {by}:\n{outcome}");
        }
        let records = records(arena);
        for name in graph::closure(names) {
            assert!(records.contains(&returned[name].1), "{name} has no record of its success:\n{outcome}");
        }
    } else {
        assert_eq!(outcome.code(), Some(1), "neither success nor an error:\n{outcome}");
        outcome.says(&["Error: "]);
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    }
}

/// Everything that must hold when the last run of all these jobs has said success. `excused` are the processes that were
/// killed, or could not write their record.
#[track_caller]
pub fn check_end(arena: &Arena, names: &[&str], last: &Outcome, excused: &HashSet<String>) {
    let returned = returned(last);
    let executions = executions(arena);
    for name in graph::closure(names) {
        let own: Vec<&String> = executions.iter().filter(|line| line.0 == name).map(|line| &line.1).collect();
        let (_, by) = &returned[name];
        assert_eq!(own.last(), Some(&by), "{name} was executed after it was done: {own:?}");
        for other in &own[..own.len() - 1] {
            assert!(*other != by && excused.contains(*other), "{name} was executed again after {other}: {own:?}");
        }
        let out: HashSet<u64> = files(arena, name).into_iter().collect();
        assert_eq!(out, HashSet::from([graph::value(name)]), "the file of {name}");
    }
    wait_until("no job process is left", || arena.job_processes().is_empty());
    for token in entries(&arena.workdir.join("tokens")) {
        if token.extension().is_some_and(|extension| extension == "json") {
            for holder in json(&token)["holders"].as_array().unwrap() {
                let job = format!(
                    "jobs/{}/{}/.xpm/lock",
                    holder["task"].as_str().unwrap(),
                    holder["identity"].as_str().unwrap()
                );
                assert!(is_free(&arena.workdir.join(job)), "{holder} holds some of {}", token.display());
            }
        }
    }
    arena.ok("audit", &[]);
}

/// What each job returned, by what the run said.
fn returned(outcome: &Outcome) -> HashMap<&str, (u64, String)> {
    let parse = |line: &'_ str| -> Option<(u64, String)> {
        let mut parts = line.split(' ').skip(1);
        Some((parts.next()?.parse().ok()?, parts.next()?.to_owned()))
    };
    outcome.stdout.lines().map(|line| (line.split(' ').next().unwrap(), parse(line).unwrap())).collect()
}

/// Job and process of every execution that was completed, in order.
pub fn executions(arena: &Arena) -> Vec<(String, String)> {
    let pair = |line: &String| line.split_once(' ').map(|(name, by)| (name.to_owned(), by.to_owned())).unwrap();
    arena.lines("executions").iter().map(pair).collect()
}

/// The processes whose success is on record.
fn records(arena: &Arena) -> HashSet<String> {
    let mut found = HashSet::new();
    for task in ["faults.work", "faults.resumed"] {
        for job in entries(&arena.workdir.join("jobs").join(task)) {
            if job.join("status.json").exists() {
                let status = json(&job.join("status.json"));
                if status["outcome"] == "done" {
                    found.insert(status["value"]["by"].as_str().unwrap().to_owned());
                }
            }
        }
    }
    found
}

/// The values in the files `out.txt` of a job, of which there is one.
fn files(arena: &Arena, name: &str) -> Vec<u64> {
    let task = if graph::spec(name).resumes { "faults.resumed" } else { "faults.work" };
    let jobs = entries(&arena.workdir.join("jobs").join(task)).into_iter();
    let named = jobs.filter(|job| {
        let params = json(&job.join("params.json"));
        params["configs"].as_array().unwrap().iter().any(|config| config["args"]["name"] == name)
    });
    named.map(|job| fs::read_to_string(job.join("out.txt")).unwrap().trim().parse().unwrap()).collect()
}

fn is_free(lock: &Path) -> bool {
    let Ok(file) = File::open(lock) else { return true };
    !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Every job of the graph.
pub fn all() -> Vec<&'static str> {
    graph::GRAPH.iter().map(|spec| spec.name).collect()
}
