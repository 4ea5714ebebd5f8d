//! What jobs need of the machine: declared by the task, said at submit, detected, and refused where there is never enough.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::{Outcome, Story, names};

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
    assert_eq!(outcome.stdout, "Failed(TimedOut) Failed(TimedOut)\n");
    outcome.says(&["2 of 2 jobs failed:", "ran out of time"]);
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
