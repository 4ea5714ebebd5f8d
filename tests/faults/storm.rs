//! Two drivers with overlapping plans on one workspace, killed at random, and their jobs too. `XPM_STORM_ROUNDS` says how
//! often, `XPM_STORM_SEED` with which chance.

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::checks::{check_end, check_run};
use crate::graph;
use crate::harness::{Arena, Running, kill, wait_for};
use crate::random::Random;

#[derive(Debug, Clone, Copy)]
enum Event {
    Start(usize),
    KillDriver(usize),
    KillJob,
}

#[derive(Default, Debug)]
struct Told {
    drivers: u64,
    jobs: u64,
    late: u64,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn storm() {
    let rounds = number("XPM_STORM_ROUNDS").unwrap_or(30);
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = number("XPM_STORM_SEED").unwrap_or_else(clock);
    println!("XPM_STORM_SEED={seed}");
    let next = AtomicU64::new(0);
    let failed = Mutex::new(Vec::new());
    let sums = Mutex::new(Told::default());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let round = next.fetch_add(1, Ordering::Relaxed);
                    if round >= rounds {
                        return;
                    }
                    let seed = seed.wrapping_add(round);
                    match catch_unwind(AssertUnwindSafe(|| one_round(seed))) {
                        Ok(told) => {
                            let mut sums = sums.lock().unwrap();
                            sums.drivers += told.drivers;
                            sums.jobs += told.jobs;
                            sums.late += told.late;
                        }
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
                            failed.lock().unwrap().push(format!("XPM_STORM_ROUNDS=1 XPM_STORM_SEED={seed}: {text}"));
                        }
                    }
                }
            });
        }
    });
    println!("{rounds} rounds, killed: {:?}", sums.lock().unwrap());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {rounds} rounds failed:\n\n{}", failed.len(), failed.join("\n\n"));
}

fn one_round(seed: u64) -> Told {
    let mut random = Random::new(seed);
    let arena = Arena::new();
    if random.chance(25) {
        // Jobs start without the fork server.
        fs::create_dir(&arena.workdir).unwrap();
        fs::write(arena.workdir.join("xpm.toml"), "format = 1\n[local]\nfork = false\n").unwrap();
    }
    let mut told = Told::default();
    let mut excused = HashSet::new();
    let plans = [some_jobs(&mut random), some_jobs(&mut random)];
    // The same experiment twice: the second waits for the first.
    let ids = if random.chance(20) { ["faults", "faults"] } else { ["faults", "others"] };
    for _ in 0..1 + random.below(3) {
        let mut running: [Option<Running>; 2] = [None, None];
        for (event, time) in some_events(&mut random) {
            wait_for(time, || false);
            match event {
                Event::Start(which) => {
                    let mut command = arena.command("graph", &plans[which]);
                    command.env("FAULTS_EXPERIMENT", ids[which]).env("FAULTS_RETRIES", "1000");
                    running[which] = Some(arena.start(command));
                }
                Event::KillDriver(which) => {
                    if let Some(driver) = &mut running[which] {
                        told.drivers += u64::from(driver.is_alive());
                        driver.kill();
                    }
                }
                Event::KillJob => {
                    let mut jobs = Vec::new();
                    let there_is_one = wait_for(Duration::from_millis(50), || {
                        jobs = arena.job_processes();
                        !jobs.is_empty()
                    });
                    if there_is_one {
                        let pid = jobs[random.below(jobs.len() as u64) as usize];
                        if let Some(nonce) = nonce(pid)
                            && kill(&pid.to_string(), "KILL")
                        {
                            told.jobs += 1;
                            excused.insert(nonce);
                        }
                    }
                }
            }
        }
        for (which, driver) in running.into_iter().enumerate() {
            let Some(driver) = driver else { continue };
            let outcome = driver.end();
            check_run(&arena, &plans[which], &outcome);
        }
    }
    // Two clean runs at once, until both say success.
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.clear();
        let start = |which: usize| {
            let mut command = arena.command("graph", &graph::names(graph::GRAPH));
            command.env("FAULTS_EXPERIMENT", ["faults", "others"][which]).env("FAULTS_RETRIES", "1000");
            arena.start(command)
        };
        let running = [start(0), start(1)];
        for driver in running {
            let outcome = driver.end();
            check_run(&arena, &graph::names(graph::GRAPH), &outcome);
            outcomes.push(outcome);
        }
        if outcomes.iter().all(|outcome| outcome.code() == Some(0)) {
            break;
        }
        told.late += 1;
    }
    for outcome in &outcomes {
        assert_eq!(outcome.code(), Some(0), "no success in the end:\n{}\n{}", outcomes[0], outcomes[1]);
        check_end(&arena, &graph::names(graph::GRAPH), outcome, &excused);
    }
    told
}

fn some_jobs(random: &mut Random) -> Vec<&'static str> {
    let names = graph::names(graph::GRAPH);
    let chosen: Vec<_> = names.iter().copied().filter(|_| random.chance(70)).collect();
    graph::closure(if chosen.is_empty() { &names } else { &chosen })
}

/// What happens, and how long after the event before.
fn some_events(random: &mut Random) -> Vec<(Event, Duration)> {
    let mut events = Vec::new();
    for which in 0..2 {
        let start = random.below(60_000);
        events.push((start, Event::Start(which)));
        if random.chance(70) {
            events.push((start + random.below(300_000), Event::KillDriver(which)));
        }
    }
    for _ in 0..random.below(4) {
        events.push((random.below(400_000), Event::KillJob));
    }
    events.sort_by_key(|(time, _)| *time);
    let mut now = 0;
    let mut after = |time: u64| Duration::from_micros(time - std::mem::replace(&mut now, time));
    events.into_iter().map(|(time, event)| (event, after(time))).collect()
}

/// What the tasks call a process.
fn nonce(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let start = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?;
    Some(format!("{pid}-{start}"))
}
