//! CPUs and memory: the jobs of all drivers of a workspace, the living and the killed, never have more than there is.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::harness::{Arena, DEADLINE, Running, kill, lives, wait_for, wait_until};
use crate::random::Random;

fn settings(arena: &Arena, local: &str) {
    fs::create_dir_all(&arena.workdir).unwrap();
    fs::write(arena.workdir.join("xpm.toml"), format!("format = 1\n[local]\n{local}\n")).unwrap();
}

fn command(arena: &Arena, id: &str, args: &[&str]) -> Command {
    let mut command = arena.command("machine", args);
    command.env("FAULTS_EXPERIMENT", id);
    command
}

fn start(arena: &Arena, id: &str, args: &[&str]) -> Running {
    arena.start(command(arena, id, args))
}

#[track_caller]
fn ends_well(driver: Running) -> String {
    let outcome = driver.end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
    outcome.stdout
}

/// Asks a driver again and again what its jobs wait for, until it says this.
#[track_caller]
fn waits(arena: &Arena, id: &str, driver: &Running, expected: &[&str]) {
    let (begin, ask) = (Instant::now(), format!("ask.{id}"));
    loop {
        arena.mark(&ask);
        wait_until("it has been asked", || !arena.control.join(&ask).exists());
        let said = driver.printed();
        let lines: Vec<_> = said.lines().collect();
        if lines.ends_with(expected) {
            return;
        }
        assert!(begin.elapsed() < DEADLINE, "{said}");
    }
}

/// Whether a range that starts there is locked in the machine's file.
fn is_locked_at(arena: &Arena, start: u64) -> bool {
    use std::os::unix::fs::MetadataExt;
    let files = crate::harness::entries(&arena.workdir);
    let file = files.iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with(".machine@"));
    let Some(inode) = file.map(|path| fs::metadata(path).unwrap().ino()) else { return false };
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let place = format!(":{inode} {start} ");
    locks.lines().any(|line| line.contains("OFDLCK") && line.contains(&place))
}

/// Where the byte lies that says that it is somebody's turn.
const TURN: u64 = 1 << 33;

#[test]
fn jobs_of_other_drivers_count_living_or_killed() {
    for (how, local) in [("copies", "memory_bytes = 3221225472"), ("loads", "memory_bytes = 3221225472\nfork = false")]
    {
        for killed in [true, false] {
            let arena = Arena::new();
            settings(&arena, local);
            arena.mark("hold.a");
            let mut first = start(&arena, "first", &["2", "2", "3", "a:1:2"]);
            wait_until("a has started", || arena.has_started("a"));
            if killed {
                first.kill();
            }
            let second = start(&arena, "second", &["2", "2", "3", "b:2:1", "c:1:2", "d:1:1"]);
            wait_until("what fits has ended", || arena.lines("executions").len() == 1);
            let expected = [
                "b: waits for 2 CPUs, 1 of 2 are free, jobs of other runs have 1",
                "c: waits for 2.0 GiB of memory, 1.0 GiB of 3.0 GiB is free, jobs of other runs have 2.0 GiB",
                "d: nothing",
            ];
            waits(&arena, "second", &second, &expected);
            assert!(!arena.has_started("b") && !arena.has_started("c"), "{how}");
            arena.unmark("hold.a");
            wait_until("a has ended", || arena.lines("executions").len() > 1);
            let begin = Instant::now();
            wait_until("another one has started", || arena.has_started("b") || arena.has_started("c"));
            println!("{how}: {:?} after the release", begin.elapsed());
            ends_well(second);
            if !killed {
                ends_well(first);
            }
            assert_eq!(arena.lines("violations"), Vec::<String>::new(), "{how}");
            assert_eq!(arena.lines("executions").len(), 4, "{how}");
        }
    }
}

#[test]
fn a_job_whose_driver_was_killed_is_found_though_another_one_wants_its_cpus_first() {
    let arena = Arena::new();
    arena.mark("hold.b");
    let mut first = start(&arena, "first", &["2", "2", "0", "b:2"]);
    wait_until("b has started", || arena.has_started("b"));
    first.kill();
    let driver = start(&arena, "second", &["2", "2", "0", "a:2", "b:2"]);
    let ask = || {
        arena.mark("ask.second");
        wait_until("it has been asked", || !arena.control.join("ask.second").exists());
        driver.printed()
    };
    wait_until("both are waited for as they stand", || {
        let said = ask();
        said.contains(
            "a: waits for 2 CPUs, 0 of 2 are free, jobs of other runs have 2\nb: is run by another driver's process ",
        )
    });
    arena.unmark("hold.b");
    ends_well(driver);
    assert_eq!((arena.lines("executions").len(), arena.lines("violations").len()), (2, 0));
}

#[test]
fn what_a_job_frees_is_seen_soon() {
    let arena = Arena::new();
    let mut sum = Duration::ZERO;
    const ROUNDS: u32 = 10;
    for round in 0..ROUNDS {
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        arena.mark(&format!("hold.{a}"));
        let first = start(&arena, "first", &["1", "1", "0", &format!("{a}:1")]);
        wait_until("a has started", || arena.has_started(&a));
        let second = start(&arena, "second", &["1", "1", "0", &format!("{b}:1")]);
        wait_until("b is refused", || fs::read_to_string(journal(&arena)).is_ok_and(|text| text.contains(".cpus")));
        arena.unmark(&format!("hold.{a}"));
        let ended = |name: &String| arena.lines("executions").iter().any(|line| line.starts_with(&format!("{name} ")));
        wait_until("a has ended", || ended(&a));
        let begin = Instant::now();
        wait_until("b has started", || arena.has_started(&b));
        sum += begin.elapsed();
        ends_well(first);
        ends_well(second);
    }
    // The starts of processes are in it, on a machine that does other things too.
    println!("{:?} on average", sum / ROUNDS);
    assert!(sum / ROUNDS < Duration::from_millis(500), "{:?}", sum / ROUNDS);
}

fn journal(arena: &Arena) -> std::path::PathBuf {
    arena.workdir.join("experiments/second/latest/journal.jsonl")
}

#[test]
fn a_driver_with_a_smaller_limit_has_its_part_of_what_others_leave() {
    let arena = Arena::new();
    for name in ["a", "b", "c", "d"] {
        arena.mark(&format!("hold.{name}"));
    }
    let large = start(&arena, "large", &["4", "4", "0", "a:1", "b:2"]);
    wait_until("three CPUs are taken", || arena.has_started("a") && arena.has_started("b"));
    let small = start(&arena, "small", &["1", "4", "0", "c:1"]);
    wait_until("the fourth is", || arena.has_started("c"));
    let third = start(&arena, "third", &["1", "4", "0", "d:1"]);
    waits(&arena, "third", &third, &["d: waits for 1 CPUs, 0 of 1 are free, jobs of other runs have 1"]);
    assert!(!arena.has_started("d"));
    for name in ["a", "b", "c", "d"] {
        arena.unmark(&format!("hold.{name}"));
    }
    for driver in [large, small, third] {
        ends_well(driver);
    }
    assert_eq!(arena.lines("violations"), Vec::<String>::new());
}

#[test]
fn a_large_job_is_not_starved_by_the_small_ones_of_another_driver() {
    let arena = Arena::new();
    let small = arena.start(arena.command("stream", &["2"]));
    wait_until("the small ones run", || arena.lines("executions").len() > 10);
    let before = arena.lines("executions").len();
    ends_well(start(&arena, "large", &["2", "2", "0", "large:2"]));
    let between = arena.lines("executions").len() - before;
    arena.mark("enough");
    ends_well(small);
    println!("{between} small ones meanwhile");
    assert_eq!(arena.lines("violations"), Vec::<String>::new());
}

#[test]
fn the_turn_of_a_driver_that_is_stopped_or_killed_holds_up_nobody() {
    for signal in ["STOP", "KILL", "INT"] {
        let arena = Arena::new();
        arena.mark("hold.a");
        let first = start(&arena, "first", &["2", "2", "0", "a:1"]);
        wait_until("a has started", || arena.has_started("a"));
        let large = start(&arena, "large", &["2", "2", "0", "large:2"]);
        wait_until("it is the turn of the large job", || is_locked_at(&arena, TURN));
        let second = start(&arena, "second", &["2", "2", "0", "b:1"]);
        wait_until("b is refused", || fs::read_to_string(journal(&arena)).is_ok_and(|text| text.contains(".cpus")));
        assert!(!arena.has_started("b"));
        kill(&large.pid().to_string(), signal);
        wait_until("b has started", || arena.has_started("b"));
        ends_well(second);
        arena.unmark("hold.a");
        ends_well(first);
        if signal == "STOP" {
            assert!(lives(large.pid()));
            kill(&large.pid().to_string(), "CONT");
            ends_well(large);
        }
        assert_eq!(arena.lines("violations"), Vec::<String>::new());
    }
}

#[test]
fn where_ranges_cannot_be_locked_each_driver_counts_for_itself_and_says_so_once() {
    let arena = Arena::new();
    arena.run("machine", &["1", "1", "0"]);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let mut command = command(&arena, "first", &["1", "1", "0", "a:1", "b:1", "c:1"]);
    command.env("XPM_FAULT", format!("driver 1 {} lock .machine@{}", 95, host.trim()));
    let outcome = arena.start(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
    let said = "this run counts CPUs and memory for itself, and takes no notice of other runs";
    assert_eq!(outcome.stderr.matches(said).count(), 1, "{outcome}");
    assert_eq!((arena.lines("violations").len(), arena.lines("executions").len()), (0, 3));
}

/// `XPM_STORM_SEED` gives the same kills again, but for what the machine's load does.
#[test]
fn drivers_that_are_killed_never_have_more_than_there_is_together() {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = std::env::var("XPM_STORM_SEED").map_or_else(|_| clock(), |seed| seed.parse().unwrap());
    println!("XPM_STORM_SEED={seed}");
    let mut random = Random::new(seed);
    for round in 0..6 {
        let arena = Arena::new();
        let (cpus, memory) = (2 + random.below(2) as u32, 3 + random.below(2) as u32);
        let fork = if round % 3 == 2 { "fork = false" } else { "" };
        settings(&arena, &format!("memory_bytes = {}\n{fork}", u64::from(memory) << 30));
        let there = [cpus.to_string(), cpus.to_string(), memory.to_string()];
        // The first driver may take less than there is. Half of their jobs are the same.
        let own = [1 + random.below(cpus.into()), cpus.into()];
        let mut plan = |which: usize, shared: &[String]| {
            let mut jobs: Vec<String> = there.to_vec();
            jobs[0] = own[which].to_string();
            jobs.extend_from_slice(shared);
            jobs.extend((0..10).map(|n| {
                let (cpus, memory) = (1 + random.below(own[which]), random.below(3));
                format!("own{which}.{n}:{cpus}:{memory}:{}", random.below(20))
            }));
            jobs
        };
        let shared: Vec<_> = (0..10).map(|n| format!("shared{n}:1:{}:{}", n % 3, n * 2)).collect();
        let plans = [plan(0, &shared), plan(1, &shared)];
        let start = |which: usize| {
            let args: Vec<&str> = plans[which].iter().map(String::as_str).collect();
            start(&arena, ["first", "second"][which], &args)
        };
        let mut drivers = [start(0), start(1)];
        for _ in 0..4 {
            wait_for(Duration::from_millis(20 + random.below(150)), || false);
            let which = random.below(2) as usize;
            drivers[which].kill();
            drivers[which] = start(which);
        }
        for driver in drivers {
            ends_well(driver);
        }
        let mut executions = arena.lines("executions");
        executions.sort();
        executions.dedup_by_key(|line| line.split(' ').next().unwrap().to_owned());
        assert_eq!(executions.len(), arena.lines("executions").len(), "some ran twice");
        assert_eq!((executions.len(), arena.lines("violations")), (30, Vec::new()), "round {round}");
        wait_until("nothing is locked", || !is_locked_at(&arena, 0) && !is_locked_at(&arena, TURN));
    }
}
