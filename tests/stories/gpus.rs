//! A GPU is one job's at a time, whichever driver started it, and whoever is killed.

use crate::harness::{Running, Story, json, signal};

fn start(story: &Story, args: &[&str]) -> Running {
    let mut command = story.command("gpus", args);
    command.env("CUDA_VISIBLE_DEVICES", "4,GPU-b");
    story.start_command(command)
}

#[test]
fn two_drivers_never_give_one_gpu_to_two_jobs() {
    let story = Story::new();
    let names: Vec<String> = (0..8).map(|n| format!("{n}={}", 1 + n % 4 / 3)).collect();
    let plan = |experiment: &str, part: &[String]| {
        let args: Vec<_> = std::iter::once(experiment).chain(part.iter().map(String::as_str)).collect();
        start(&story, &args)
    };
    let drivers = [plan("one", &names[..6]), plan("two", &names[2..]), plan("three", &names)];
    for driver in drivers {
        let outcome = driver.end();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    }
    let log = story.log();
    assert_eq!(log.len(), 8, "{log:?}");
    let places = log.iter().map(|line| line.split_once(" on ").unwrap().1).collect::<Vec<_>>();
    assert!(places.iter().all(|place| ["4", "GPU-b", "4,GPU-b"].contains(place)), "{log:?}");
}

#[test]
fn a_job_keeps_its_gpu_when_its_driver_is_killed_and_gives_it_back_when_it_is() {
    let story = Story::new();
    story.mark("hold.a");
    let driver = start(&story, &["one", "a=1"]);
    story.wait_for("started.a");
    driver.kill();
    // The other one is free.
    let outcome = start(&story, &["two", "b=1"]).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(story.log(), ["b on GPU-b"]);
    story.mark("ask");
    let both = start(&story, &["two", "both=2"]);
    crate::harness::wait_until("the plan has asked why", || !story.control.join("ask").exists());
    let tokens = crate::harness::names(&story.workdir.join("tokens"));
    let record = tokens.iter().find(|name| name.starts_with(".gpus@") && name.ends_with(".json")).unwrap();
    let record = json(&story.workdir.join("tokens").join(record));
    assert_eq!((record["capacity"].as_u64(), &record["holders"][0]["units"]), (Some(2), &serde_json::json!(["4"])));
    let job = story
        .jobs("story.on_gpus")
        .into_iter()
        .find(|job| !job.file("status.json").exists() && job.file("stderr.log").exists());
    signal(job.unwrap().pid(), "KILL");
    story.unmark("gpu.4");
    let outcome = both.end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout, "waits for 2 GPUs, 1 of 2 are free, jobs of other runs have 1\n");
    assert_eq!(story.log(), ["b on GPU-b", "both on 4,GPU-b"]);
}
