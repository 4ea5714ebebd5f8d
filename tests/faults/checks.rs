//! What must hold after every storm.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::graph::{self, Kind, Spec};
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
    let mut command = arena.command(graph::plan(names), names);
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
        for name in lasting(names) {
            let (value, by) = returned.get(name).unwrap_or_else(|| panic!("{name} gave nothing:\n{outcome}"));
            assert_eq!(*value, graph::value(name), "the output of {name}");
            assert!(executions(arena).contains(&(name.to_owned(), by.clone())), "{name} by {by}:\n{outcome}");
        }
        let records = records(arena);
        for name in lasting(names) {
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
        let by = match graph::spec(name).kind {
            Kind::Transient => own.last().unwrap_or_else(|| panic!("{name} was not executed")),
            _ => &returned[name].1,
        };
        assert_eq!(own.last(), Some(&by), "{name} was executed after it was done: {own:?}");
        for other in &own[..own.len() - 1] {
            assert!(*other != by && excused.contains(*other), "{name} was executed again after {other}: {own:?}");
        }
        check_files(arena, name, last);
    }
    check_history(arena, names);
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

/// The files of a job are right, and where nothing needs it any more they are gone.
#[track_caller]
fn check_files(arena: &Arena, name: &str, last: &Outcome) {
    let spec = graph::spec(name);
    let folders = folders(arena, spec);
    if spec.kind == Kind::Transient {
        for folder in &folders {
            let left: Vec<_> = entries(folder).into_iter().map(|path| path.file_name().unwrap().to_owned()).collect();
            assert_eq!(left, [".xpm", "params.json", "stderr.log", "stdout.log"], "{name}: {last}");
            assert_eq!(json(&folder.join(".xpm/retired.json"))["outcome"], "done", "{name}");
        }
        return;
    }
    let read = |folder: &PathBuf| fs::read_to_string(folder.join("out.txt")).unwrap_or_default();
    let out: HashSet<String> = folders.iter().map(read).collect();
    assert_eq!(out, HashSet::from([format!("{}\n", graph::value(name))]), "the file of {name}");
    if spec.kind == Kind::Shared {
        let shared = entries(&arena.workdir.join("partials/faults.shared/store")).into_iter();
        let there: Vec<_> = shared.filter_map(|folder| fs::read_to_string(folder.join(name)).ok()).collect();
        assert_eq!(there, [graph::value(name).to_string()], "what {name} has left in the folder that it shares");
    }
}

/// What is recorded of the last run is what it said, and of those before as many are there as are kept.
#[track_caller]
fn check_history(arena: &Arena, names: &[&str]) {
    let experiment = arena.workdir.join("experiments/faults");
    let run = arena.last_run();
    assert_eq!((&run["status"], &run["failed"]), (&"done".into(), &0.into()), "{run}");
    let damaged = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_err();
    let journal = fs::read_to_string(experiment.join("latest/journal.jsonl")).unwrap();
    assert!(!journal.lines().any(damaged) && journal.lines().last().unwrap().contains("\"done\""), "{journal}");
    if graph::plan(names) == "kinds" {
        // A folder in which nothing lies yet is not known to be a run's.
        let left = entries(&experiment).into_iter().filter(|path| path.join("jobs").is_dir() && !path.is_symlink());
        assert_eq!(left.count(), 1, "{:?}", entries(&experiment));
    }
}

/// These jobs and all that they need, but for what is gone when nothing needs it.
fn lasting(names: &[&str]) -> impl Iterator<Item = &'static str> {
    graph::closure(names).into_iter().filter(|name| graph::spec(name).kind != Kind::Transient)
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
    for kind in Kind::ALL {
        for job in entries(&arena.workdir.join("jobs").join(kind.task())) {
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

/// The folders of the job of this name, of which there is one unless what it reads has become another job's.
fn folders(arena: &Arena, spec: &Spec) -> Vec<PathBuf> {
    let jobs = entries(&arena.workdir.join("jobs").join(spec.kind.task())).into_iter();
    let named = |config: &serde_json::Value| config["args"]["name"] == spec.name;
    jobs.filter(|job| json(&job.join("params.json"))["configs"].as_array().unwrap().iter().any(named)).collect()
}

fn is_free(lock: &Path) -> bool {
    let Ok(file) = File::open(lock) else { return true };
    !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}
