//! What else can go wrong with a job, its folder and its files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Instant;

use crate::harness::{Arena, DEADLINE, json, kill, lives, pid_in, wait_for, wait_until};

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_lock_that_nobody_holds_is_free_whoever_it_names() {
    let arena = Arena::new();
    arena.run("graph", &["flaky_leaf"]);
    let job = arena.job("faults.work");
    let lock = job.join(".xpm/lock");
    let mut owner = json(&lock);
    // A live process that is not ours, and an attempt that has left no record.
    owner["pid"] = std::process::id().into();
    owner["attempt"] = 2.into();
    fs::write(&lock, owner.to_string()).unwrap();
    let outcome = arena.ok("graph", &["flaky_leaf"]);
    assert!(!outcome.stderr.contains("is run by another process"), "{outcome}");
    let record = json(&job.join("status.json"));
    assert_eq!((&record["outcome"], &record["attempt"]), (&"done".into(), &3.into()));
}

#[test]
fn a_job_that_leaves_a_daemon_behind_is_done() {
    for how in ["daemon", "fork"] {
        let arena = Arena::new();
        let outcome = arena.ok("hard", &[how]);
        assert_eq!(outcome.stdout, format!("{how} has ended well\n"));
        let daemon = pid_in(&arena, "child");
        assert!(lives(daemon), "{how}");
        arena.ok("hard", &[how]).says(&["1 done before"]);
        kill(&daemon.to_string(), "KILL");
    }
}

#[test]
fn who_waits_for_a_job_that_leaves_a_copy_of_itself_behind_is_told_of_its_end() {
    let arena = Arena::new();
    arena.mark("hold.fork");
    let first = arena.start(arena.command("hard", &["fork"]));
    wait_until("it has started", || !arena.lines("started").is_empty());
    let mut command = arena.command("hard", &["fork"]);
    command.env("FAULTS_EXPERIMENT", "others");
    let second = arena.start(command);
    wait_until("the second waits", || second.said().contains("is run by another process"));
    arena.unmark("hold.fork");
    for run in [first, second] {
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(0), "{outcome}");
    }
    // It has the lock's open file, as all that its parent had.
    let daemon = pid_in(&arena, "child");
    assert!(lives(daemon));
    kill(&daemon.to_string(), "KILL");
}

#[test]
fn a_job_that_does_not_stop_is_killed_after_the_grace_period_with_its_children() {
    let arena = with_grace(1);
    let begin = Instant::now();
    let outcome = arena.run("hard", &["ignore-term", "2000"]);
    let took = begin.elapsed().as_millis();
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["ran out of time (limit 2s)"]);
    assert!((3000..60_000).contains(&took), "{took} ms");
    let (job, child) = (pid_in(&arena, "started"), pid_in(&arena, "child"));
    wait_until("both are gone", || !lives(job) && !lives(child));
    assert_eq!(json(&arena.job("faults.hard").join("status.json"))["failure"]["reason"], "timed_out");
}

#[test]
fn a_job_whose_driver_is_gone_is_stopped_at_its_time_limit_by_the_next_one() {
    let arena = with_grace(1);
    let mut first = arena.start(arena.command("hard", &["ignore-term", "3000"]));
    wait_until("it has started", || !arena.lines("child").is_empty());
    first.kill();
    let (job, child) = (pid_in(&arena, "started"), pid_in(&arena, "child"));
    let outcome = arena.run("hard", &["ignore-term", "3000"]);
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["is run by another process", "ran out of time (limit 3s)"]);
    wait_until("both are gone", || !lives(job) && !lives(child));
    assert_eq!(json(&arena.job("faults.hard").join("status.json"))["failure"]["reason"], "timed_out");
    assert_eq!(arena.lines("started").len(), 1);
}

/// The arena's jobs that are stopped have so many seconds to end.
fn with_grace(seconds: u32) -> Arena {
    let arena = Arena::new();
    fs::create_dir(&arena.workdir).unwrap();
    let settings = format!("format = 1\n[local]\ngrace_seconds = {seconds}\n");
    fs::write(arena.workdir.join("xpm.toml"), settings).unwrap();
    arena
}

#[test]
fn what_a_job_has_started_has_the_grace_period_as_well() {
    for orphan in [false, true] {
        let arena = with_grace(30);
        let args = ["saves", "3000"];
        let mut first = arena.start(arena.command("hard", &args));
        let child = pid_in(&arena, "child");
        wait_until("it has started", || !arena.lines("started").is_empty());
        let outcome = if orphan {
            first.kill();
            arena.run("hard", &args)
        } else {
            first.end()
        };
        assert_eq!(outcome.code(), Some(1), "{outcome}");
        outcome.says(&["ran out of time"]);
        // The attempt was not over before.
        assert_eq!(arena.lines("child.saved"), ["saved"], "orphan: {orphan}");
        assert!(!lives(child));
        assert_eq!(json(&arena.job("faults.hard").join("status.json"))["failure"]["reason"], "timed_out");
    }
}

#[test]
fn what_a_job_has_started_is_stopped_with_it_whatever_group_it_is_in() {
    for how in ["limit", "limit of an orphan", "killed"] {
        let arena = with_grace(30);
        let limit = if how == "killed" { "100000" } else { "3000" };
        let mut first = arena.start(arena.command("hard", &["groups", limit]));
        let children = ["child.timeout", "child.setsid"].map(|name| pid_in(&arena, name));
        let job = pid_in(&arena, "started");
        let outcome = match how {
            "limit" => first.end(),
            "killed" => {
                kill(&job.to_string(), "KILL");
                first.end()
            }
            _ => {
                first.kill();
                arena.run("hard", &["groups", limit])
            }
        };
        assert_eq!(outcome.code(), Some(1), "{outcome}");
        let (timeout, setsid) = (lives(children[0]), lives(children[1]));
        assert!(!timeout, "{how}");
        // What is in a session of its own is found by its parent, if that was there when it was looked for.
        assert!(!setsid || how == "killed", "{how}");
        kill(&children[1].to_string(), "KILL");
    }
}

#[test]
fn an_attempt_that_is_stopped_by_the_next_driver_has_run_out_of_time_whatever_it_says_itself() {
    let arena = Arena::new();
    let mut first = arena.start(arena.command("hard", &["listen", "3000"]));
    wait_until("it has started", || !arena.lines("started").is_empty());
    first.kill();
    let outcome = arena.run("hard", &["listen", "3000"]);
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["is run by another process", "ran out of time (limit 3s)"]);
    assert_eq!((arena.lines("started").len(), arena.lines("heard").len()), (1, 1));
    let record = json(&arena.job("faults.hard").join("status.json"));
    assert_eq!((&record["failure"]["reason"], &record["attempt"]), (&"timed_out".into(), &1.into()));
    assert!(record["cpu_seconds"].is_number(), "what it has recorded besides is kept: {record}");
}

#[test]
fn an_attempt_whose_folder_was_removed_and_made_anew_leaves_no_record_there() {
    let arena = Arena::new();
    arena.mark("hold.wait");
    let mut first = arena.start(arena.command("hard", &["wait"]));
    wait_until("it has started", || !arena.lines("started").is_empty());
    let old: u32 = arena.lines("started")[0].parse().unwrap();
    first.kill();
    let folder = arena.job("faults.hard");
    fs::remove_dir_all(&folder).unwrap();
    let second = arena.start(arena.command("hard", &["wait"]));
    wait_until("it has started again", || arena.lines("started").len() == 2);
    let new = &arena.lines("started")[1];
    kill(new, "STOP");
    arena.unmark("hold.wait");
    wait_until("the first is over", || !lives(old));
    assert!(!folder.join("status.json").exists());
    kill(new, "CONT");
    let outcome = second.end();
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "wait has ended well\n"), "{outcome}");
    assert_eq!(fs::read_to_string(folder.join("late.txt")).unwrap(), "late");
}

#[test]
fn a_jobs_lock_is_free_when_its_process_is_gone_or_its_driver_and_its_task() {
    for driver_is_killed in [false, true] {
        let arena = Arena::new();
        arena.mark("hold.linger");
        arena.mark("hold.exit");
        let mut run = arena.start(arena.command("hard", &["linger"]));
        let job = pid_in(&arena, "started");
        if driver_is_killed {
            run.kill();
            wait_until("the driver is gone", || !run.is_alive());
        }
        arena.unmark("hold.linger");
        let folder = arena.job("faults.hard");
        wait_until("its end is recorded", || folder.join("status.json").exists());
        let lock = fs::File::open(folder.join(".xpm/lock")).unwrap();
        if driver_is_killed {
            wait_until("nobody else would free it", || lock.try_lock_shared().is_ok());
            assert!(lives(job));
            arena.unmark("hold.exit");
        } else {
            // Until then it has its tokens and GPUs.
            assert!(lock.try_lock_shared().is_err() && lives(job));
            arena.unmark("hold.exit");
            let outcome = run.end();
            assert_eq!(outcome.code(), Some(0), "{outcome}");
            assert!(lock.try_lock_shared().is_ok() && !lives(job));
        }
    }
}

#[test]
fn a_job_that_is_told_of_its_time_limit_has_run_out_of_time() {
    let arena = Arena::new();
    let outcome = arena.run("hard", &["listen", "200"]);
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["ran out of time (limit 200ms)"]);
    assert_eq!(arena.lines("heard").len(), 1);
}

#[test]
fn a_job_whose_folder_is_deleted_while_it_runs_fails_and_runs_again() {
    let arena = Arena::new();
    arena.mark("hold.wait");
    let run = arena.start(arena.command("hard", &["wait"]));
    wait_until("it has started", || !arena.lines("started").is_empty());
    fs::remove_dir_all(arena.job("faults.hard")).unwrap();
    arena.unmark("hold.wait");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["its folder was deleted while it ran"]);
    assert_eq!(arena.ok("hard", &["wait"]).stdout, "wait has ended well\n");
}

#[test]
fn a_job_whose_folder_is_made_read_only_while_it_runs_fails_and_runs_again() {
    if is_root() {
        // Root writes wherever it likes: a folder that cannot be renamed into stands in for one that is read-only.
        let arena = Arena::new();
        arena.mark("hold.wait");
        let run = arena.start(arena.command("hard", &["wait"]));
        wait_until("it has started", || !arena.lines("started").is_empty());
        let record = arena.job("faults.hard").join("status.json");
        fs::create_dir(&record).unwrap();
        arena.unmark("hold.wait");
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(1), "{outcome}");
        outcome.says(&["status.json", "Is a directory"]);
        fs::remove_dir(&record).unwrap();
        assert_eq!(arena.ok("hard", &["wait"]).stdout, "wait has ended well\n");
        return;
    }
    let arena = Arena::new();
    arena.mark("hold.wait");
    let run = arena.start(arena.command("hard", &["wait"]));
    wait_until("it has started", || !arena.lines("started").is_empty());
    let job = arena.job("faults.hard");
    fs::set_permissions(&job, fs::Permissions::from_mode(0o555)).unwrap();
    arena.unmark("hold.wait");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["Permission denied"]);
    fs::set_permissions(&job, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(arena.ok("hard", &["wait"]).stdout, "wait has ended well\n");
}

#[test]
fn a_job_that_exits_with_0_has_failed() {
    let arena = Arena::new();
    let outcome = arena.run("hard", &["exit-0"]);
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["exited with code 0 before `execute` returned, so there is no result"]);
}

#[test]
fn thousands_of_ready_jobs_and_a_long_chain() {
    let number = |name: &str, usual: &'static str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let (many, chain) = (number("XPM_MANY", "500"), number("XPM_CHAIN", "200"));
    let sum: fn(usize) -> usize = |count| count * (count - 1) / 2;
    for (plan, count, printed) in [("many", &many, sum), ("chain", &chain, |count| count - 1)] {
        let arena = Arena::new();
        let mut run = arena.start(arena.command(plan, &[count]));
        // Not the time that a run may take: all of these are real processes.
        assert!(wait_for(DEADLINE * 20, || !run.is_alive()), "the run of {plan} hangs");
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(0), "{}", outcome.stderr.lines().last().unwrap_or_default());
        assert_eq!(outcome.stdout, format!("{}\n", printed(count.parse().unwrap())));
        let begin = Instant::now();
        arena.ok(plan, &[count]).says(&[&format!("{count} done before")]);
        println!("{plan} {count}, all done before: {:?}", begin.elapsed());
    }
}

#[test]
fn a_job_that_is_submitted_while_another_driver_runs_it_runs_once() {
    let arena = Arena::new();
    arena.mark("hold.first");
    let first = arena.start(arena.command("graph", &["third"]));
    wait_until("it has started", || arena.has_started("first"));
    let mut command = arena.command("graph", &["third", "second"]);
    command.env("FAULTS_EXPERIMENT", "others");
    let second = arena.start(command);
    wait_until("the second waits", || second.said().contains("is run by another process"));
    arena.unmark("hold.first");
    let outcomes = [first.end(), second.end()];
    for outcome in &outcomes {
        assert_eq!(outcome.code(), Some(0), "{outcome}");
        assert_eq!(outcome.stdout, outcomes[0].stdout);
    }
    assert_eq!(arena.lines("executions").len(), 3);
}

#[test]
fn who_waits_for_a_token_in_another_process_wakes_when_its_holder_ends_or_is_killed() {
    for killed in ["nobody", "driver", "driver and job", "driver, job and a damaged file"] {
        let arena = Arena::new();
        arena.mark("hold.a1");
        let mut first = arena.start(arena.command("graph", &["a1"]));
        wait_until("a1 has started", || arena.has_started("a1"));
        let mut command = arena.command("graph", &["a2", "first"]);
        command.env("FAULTS_EXPERIMENT", "others");
        let second = arena.start(command);
        wait_until("what needs no token is done", || arena.lines("executions").len() == 1);
        assert!(!arena.has_started("a2"), "the token is held");
        if killed != "nobody" {
            first.kill();
            wait_until("the driver is gone", || !first.is_alive());
        }
        if killed.contains("damaged") {
            fs::write(arena.workdir.join("tokens/a.json"), "{\"format\": 1, \"capa").unwrap();
        }
        let begin = Instant::now();
        if killed.contains("job") {
            // Not every process of a job: the one that needs no token may not have written its record yet.
            let marker = arena.lines("marker.a1").remove(0);
            kill(marker.split('-').next().unwrap(), "KILL");
        } else {
            arena.unmark("hold.a1");
        }
        wait_until("a2 has started", || arena.has_started("a2"));
        let took = begin.elapsed().as_millis();
        println!("killed {killed}: woke after {took} ms");
        assert!(took < 2000, "killed {killed}: woke after {took} ms");
        let outcome = second.end();
        assert_eq!(outcome.code(), Some(0), "killed {killed}: {outcome}");
        if killed.contains("damaged") {
            outcome.says(&["the file of token `a` was damaged and is written anew"]);
        }
        first.end();
        assert_eq!(arena.lines("violations"), Vec::<String>::new());
    }
}

#[test]
fn a_job_that_outlives_its_driver_is_waited_for_at_once_whatever_it_holds() {
    // Another one that is submitted before it wants its token.
    let arena = Arena::new();
    arena.mark("hold.both");
    let mut first = arena.start(arena.command("graph", &["both"]));
    wait_until("it has started", || arena.has_started("both"));
    first.kill();
    first.end();
    let second = arena.start(arena.command("graph", &["a1", "both"]));
    wait_until("it is waited for", || second.said().contains("is run by another process"));
    arena.unmark("hold.both");
    let outcome = second.end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
    assert_eq!((arena.lines("executions").len(), arena.lines("violations").len()), (2, 0), "{outcome}");
}

#[test]
fn a_dependency_that_is_not_tried_again_holds_up_what_depends_on_it() {
    let arena = Arena::new();
    let mut command = arena.command("graph", &["joined"]);
    // The task that resumes is killed as often as it may be tried, and no more after that.
    arena.run("graph", &["part1", "part2", "part3", "flaky", "first", "a2"]);
    command.env("XPM_FAULT", "job 1 kill execute JOB");
    arena.start(command).end().says(&["SIGKILL"]);
    let outcome = arena.run("graph", &["joined"]);
    assert_eq!(outcome.code(), Some(1), "{outcome}");
    outcome.says(&["killed by signal 9 (SIGKILL)", "and 1 could not be started because of these"]);
    let mut command = arena.command("graph", &["joined"]);
    command.env("FAULTS_RETRIES", "10");
    let outcome = arena.start(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome}");
}
