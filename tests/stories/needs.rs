//! What jobs need of the machine: declared by the task, said at submit, detected, and refused where there is never enough.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{Outcome, Story, date_in_the_future, names, wait_until};

fn workspace(settings: &str) -> Story {
    let story = Story::new();
    fs::create_dir(&story.workdir).unwrap();
    fs::write(story.workdir.join("xpm.toml"), format!("format = 1\n{settings}")).unwrap();
    story
}

#[test]
fn cpus_that_a_task_declares_are_taken() {
    let story = Story::new();
    let outcome = story.ok("needs", ["declared-cpus"]);
    assert_eq!(outcome.stdout, "waits for 2 CPUs, 0 of 2 are free\nwaits for 1 CPUs, 0 of 2 are free\n");
    assert_eq!(story.log().len(), 3);
}

#[test]
fn a_time_limit_that_a_task_declares_holds_also_where_the_submission_says_something_else() {
    let outcome = Story::new().fails("needs", ["declared-time"]);
    assert_eq!(outcome.stdout, "Failed(TimedOut { limit: Some(1s) }) Failed(TimedOut { limit: Some(1s) })\n");
    outcome.says(&["2 of 2 jobs failed:", "ran out of time (limit 1s)\n"]);
}

#[test]
fn the_cpus_of_the_settings_are_how_many_run_at_once() {
    let story = workspace("[local]\ncpus = 3\n");
    assert_eq!(story.ok("needs", ["three-at-once"]).stdout, "waits for 1 CPUs, 0 of 3 are free\n");
}

#[test]
fn what_never_fits_is_refused_with_what_there_is_and_where_that_is_said() {
    let cpus = "(`[local] cpus` in xpm.toml, or `.cpus(n)` of the experiment)";
    let memory = "(`[local] memory_bytes` in xpm.toml)";
    for (which, settings, said) in [
        ("three-cpus", "", format!("story.step asks for 3 CPUs, and jobs may take 2 here {cpus}")),
        (
            "memory",
            "[local]\nmemory_bytes = 1073741824\n",
            format!("story.step asks for 2.0 GiB of memory, and jobs may take 1.0 GiB here {memory}"),
        ),
        (
            "declared-memory",
            "[local]\nmemory_bytes = 1000\n",
            format!("story.short asks for 1.0 MiB of memory, and jobs may take 1000 B here {memory}"),
        ),
    ] {
        let story = workspace(settings);
        story.fails("needs", [which]).says(&[&format!("Error: {said}\n")]);
        assert_eq!(names(&story.workdir.join("jobs")), [""; 0], "{which}");
    }
}

/// A run that finds this `nvidia-smi`.
fn with_nvidia_smi(story: &Story, script: &str, args: &[&str]) -> Outcome {
    let folder = story.path().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("nvidia-smi");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = story.command("needs", args);
    let path = std::env::var("PATH").unwrap();
    command.env_remove("CUDA_VISIBLE_DEVICES").env("PATH", format!("{}:{path}", folder.display()));
    story.start_command(command).end()
}

fn gpus_refused(task: &str, wanted: &str, there: &str) -> String {
    let hint = "(`CUDA_VISIBLE_DEVICES`, `nvidia-smi`, or `[local] gpus` in xpm.toml)";
    format!("Error: {task} asks for {wanted} GPUs, and jobs may take {there} here {hint}\n")
}

#[test]
fn gpus_are_those_that_the_environment_names() {
    let story = Story::new();
    let run = |visible: &str, args: &[&str]| {
        let mut command: Command = story.command("needs", args);
        command.env("CUDA_VISIBLE_DEVICES", visible);
        story.start_command(command).end()
    };
    for (visible, args, there) in [("0", ["gpus", "2"], "1"), ("-1", ["gpus", "2"], "0"), ("", ["gpus", "2"], "0")] {
        let outcome = run(visible, &args);
        assert_eq!(outcome.code(), Some(1), "{outcome:?}");
        outcome.says(&[&gpus_refused("story.sees_gpus", "2", there)]);
    }
    // What the task declares counts where the submission says nothing.
    run("", &["declared-gpus"]).says(&[&gpus_refused("story.sees_gpus", "1", "0")]);
    assert_eq!(run("7", &["declared-gpus"]).stdout, "7\n");
}

#[test]
fn gpus_are_those_that_nvidia_smi_lists() {
    let story = Story::new();
    let three = "test \"$*\" = '--query-gpu=index --format=csv,noheader' && printf '0\\n1\\n2\\n'";
    with_nvidia_smi(&story, three, &["gpus", "4"]).says(&[&gpus_refused("story.sees_gpus", "4", "3")]);
    let outcome = with_nvidia_smi(&story, three, &["gpus", "3"]);
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "0,1,2\n"), "{outcome:?}");
    // One that fails has listed nothing, whatever it has written.
    for fails in ["echo 0; exit 9", "echo 'Failed to initialize NVML: Driver/library version mismatch'"] {
        let outcome = with_nvidia_smi(&story, fails, &["gpus", "1"]);
        outcome.says(&[&gpus_refused("story.sees_gpus", "1", "0")]);
    }
}

#[test]
fn the_gpus_of_the_settings_count_instead_of_what_is_detected() {
    let story = workspace("[local]\ngpus = 2\n");
    let outcome = with_nvidia_smi(&story, "echo 0", &["gpus", "2"]);
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "0,1\n"), "{outcome:?}");
    with_nvidia_smi(&story, "echo 0", &["gpus", "3"]).says(&[&gpus_refused("story.sees_gpus", "3", "2")]);
}

/// Waits until the last step of a plan waits for this.
#[track_caller]
fn waits(story: &Story, name: &str, why: &str) {
    let file = story.control.join(format!("why.{name}"));
    let said = || fs::read_to_string(&file).unwrap_or_default();
    let begin = Instant::now();
    wait_until(why, || {
        assert!(begin.elapsed() < Duration::from_secs(30), "{name}: {}", said());
        said() == why
    });
}

#[test]
fn a_token_that_another_process_makes_larger_is_larger_for_who_waits_and_one_made_smaller_starts_nothing() {
    let story = Story::new();
    for name in ["a", "b"] {
        story.mark(&format!("hold.{name}"));
    }
    let a = story.start("token", ["one", "1", "a=1"]);
    story.wait_for("started.a");
    let b = story.start("token", ["two", "2", "b=2"]);
    waits(&story, "b", "waits for 2 of token `shared`, 1 of 2 are free, other processes have 1");
    // A third one that wants nothing of it.
    story.ok("token", ["three", "3"]);
    story.wait_for("started.b");
    let c = story.start("token", ["four", "1", "c=1"]);
    waits(&story, "c", "waits for 1 of token `shared`, 0 of 1 are free, other processes have 3");
    story.unmark("hold.a");
    assert_eq!(a.end().code(), Some(0));
    waits(&story, "c", "waits for 1 of token `shared`, 0 of 1 are free, other processes have 2");
    assert!(!story.control.join("started.c").exists(), "there is one, and two are held");
    story.unmark("hold.b");
    for run in [b, c] {
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    }
    assert_eq!(story.log(), ["a", "b", "c"]);
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_waiting_for_a_token() {
    let story = Story::new();
    story.mark("hold.a");
    let a = story.start("token", ["one", "1", "a=1"]);
    story.wait_for("started.a");
    date_in_the_future(&story.workdir.join("tokens/shared.json"));
    let b = story.start("token", ["two", "1", "b=1"]);
    waits(&story, "b", "waits for 1 of token `shared`, 0 of 1 are free, other processes have 1");
    date_in_the_future(&story.workdir.join("tokens/shared.json"));
    story.unmark("hold.a");
    for run in [a, b] {
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    }
    assert_eq!(story.log(), ["a", "b"]);
}

/// How long it takes from when the first of two jobs may end until the second has its token and executes.
fn handed_on(two_processes: bool) -> Duration {
    let story = Story::new();
    story.mark("hold.a");
    let mut runs = Vec::new();
    if two_processes {
        runs.push(story.start("token", ["one", "1", "a=1"]));
        story.wait_for("started.a");
        runs.push(story.start("token", ["two", "1", "b=1"]));
        waits(&story, "b", "waits for 1 of token `shared`, 0 of 1 are free, other processes have 1");
    } else {
        runs.push(story.start("token", ["one", "1", "a=1", "b=1"]));
        story.wait_for("started.a");
        waits(&story, "b", "waits for 1 of token `shared`, 0 of 1 are free");
    }
    let begin = Instant::now();
    story.unmark("hold.a");
    story.wait_for("started.b");
    let took = begin.elapsed();
    for run in runs {
        assert_eq!(run.end().code(), Some(0));
    }
    took
}

#[test]
fn a_token_that_another_process_gives_back_is_taken_within_a_tenth_of_a_second() {
    let median = |two_processes: bool| {
        let mut took = [(); 10].map(|()| handed_on(two_processes));
        took.sort();
        took[5]
    };
    // What ending one job and starting the other takes, and what seeing it takes beside that. A machine with much else to do lets
    // the driver that looks wait as well: of some series one has met a quieter moment.
    let mut series = Vec::new();
    for _ in 0..5 {
        let (within, across) = (median(false), median(true));
        if across < within + Duration::from_millis(100) {
            return;
        }
        series.push((within, across));
    }
    panic!("within a process and across two: {series:?}");
}

#[test]
fn a_stream_of_jobs_of_one_driver_does_not_keep_a_token_from_the_large_job_of_another() {
    let story = Story::new();
    let relay = story.start("token-relay", ["relay", "2"]);
    story.wait_for("relay.20");
    // It needs all of the token, of which the others always have some between them.
    story.ok("token", ["large", "2", "large=2"]);
    let started = |number: usize| story.control.join(format!("relay.{number}")).exists();
    let next = (0..).find(|&number| !started(number)).unwrap();
    story.wait_for(&format!("relay.{}", next + 20));
    story.mark("enough");
    let outcome = relay.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
}

#[test]
fn too_few_file_descriptors_are_said_and_no_job_executes_twice() {
    for limit in (12..=60).step_by(4) {
        let story = Story::new();
        let jobs = ["a", "b", "c", "d"];
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]).arg(crate::harness::program("story"));
        command.arg("once").arg(&story.workdir).arg(&story.control).args(jobs);
        let outcome = story.start_command(command).end();
        match outcome.code() {
            Some(0) => {}
            Some(1) => {
                outcome.says(&["Too many open files"]);
            }
            _ => panic!("with {limit}: {outcome:?}"),
        }
        // A job that is left alone by that run may go on for a moment.
        story.ok("once", jobs);
        let mut log = story.log();
        log.sort();
        assert_eq!(log, jobs, "with {limit}: {outcome:?}");
    }
}
