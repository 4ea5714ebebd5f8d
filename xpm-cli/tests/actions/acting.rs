//! Commands that act: what runs, and what lies outside of the workspace, is safe from all of them.

use std::fs;
use std::os::unix::fs::symlink;

use crate::world::{World, names, wait_until};

pub fn clean_leaves_what_runs_alone() {
    let world = World::new();
    world.mark("hold.slow");
    let mut run = world.start(&["quick", "slow"]);
    wait_until("both have started", || {
        ["quick", "slow"].iter().all(|name| world.control.join(format!("started.{name}")).exists())
    });
    let states = || world.json(&["jobs", "-e", "acts"])["states"].clone();
    wait_until("one is done and one runs", || states()["done"] == 1 && states()["running"] == 1);
    let (quick, slow) = (world.step("quick"), world.step("slow"));
    // A link in a job's folder leads out.
    let outside = world.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    symlink(&outside, quick.join("link")).unwrap();
    let said = world.xpm(&["clean", "-e", "acts"]);
    assert!(quick.exists() && said.stdout.contains("without --yes"), "{said:?}");
    let said = world.xpm(&["clean", "-e", "acts", "--yes"]);
    assert!(said.code == 1 && said.stdout.contains("runs (process"), "{said:?}");
    assert!(!quick.exists() && slow.join("params.json").exists() && outside.join("precious").exists());
    assert!(!world.workdir.join(".trash").exists());
    world.unmark("hold.slow");
    run.wait().unwrap();
    assert_eq!(world.json(&["jobs"])["states"]["done"], 1);
    // A job's folder that is a link is left alone.
    let moved = outside.join("moved");
    fs::rename(&slow, &moved).unwrap();
    symlink(&moved, &slow).unwrap();
    let said = world.xpm(&["clean", "--yes", "--filter", "state = done"]);
    assert!(said.code == 1 && said.stdout.contains("a link, perhaps out of it"), "{said:?}");
    assert!(moved.join("status.json").exists());
}

pub fn kill_stops_the_one_process() {
    let world = World::new();
    world.mark("hold.a");
    let mut run = world.start(&["a"]);
    wait_until("it runs", || {
        world.control.join("started.a").exists() && world.json(&["jobs"])["jobs"][0]["state"] == "running"
    });
    let id = world.id("a");
    let said = world.xpm(&["kill", &id]);
    assert!(
        said.code == 0 && said.stdout.contains("runs as process") && said.stdout.contains("without --yes"),
        "{said:?}"
    );
    let lock = world.step("a").join(".xpm/lock");
    let record = fs::read_to_string(&lock).unwrap();
    let mut other: serde_json::Value = serde_json::from_str(&record).unwrap();
    // The number was given again: to this process.
    other["pid"] = std::process::id().into();
    fs::write(&lock, other.to_string()).unwrap();
    let said = world.xpm(&["kill", &id, "--yes"]);
    assert!(said.code == 1 && said.stdout.contains("is not the one that ran it"), "{said:?}");
    other["host"] = "elsewhere".into();
    fs::write(&lock, other.to_string()).unwrap();
    let said = world.xpm(&["kill", &id, "--yes"]);
    assert!(said.code == 1 && said.stdout.contains("runs on elsewhere as process"), "{said:?}");
    fs::write(&lock, record).unwrap();
    let said = world.xpm(&["kill", "--yes", "--filter", "name = a"]);
    assert!(said.code == 0 && said.stdout.contains("is asked to stop"), "{said:?}");
    run.wait().unwrap();
    assert_eq!(world.json(&["show", &id])["state"], "failed");
    let said = world.xpm(&["kill", &id]);
    assert!(said.code == 1 && said.stdout.contains("its lock is free"), "{said:?}");
}

pub fn a_killed_job_is_not_tried_again_by_its_run() {
    let world = World::new();
    fs::write(world.control.join("retries"), "3").unwrap();
    world.mark("hold.a");
    world.mark("child.a");
    let mut run = world.start(&["a"]);
    wait_until("it runs", || world.control.join("child.a.ready").exists());
    wait_until("it can be killed", || world.xpm(&["kill", "--yes", "--filter", "name = a"]).code == 0);
    run.wait().unwrap();
    let shown = world.json(&["show", &world.id("a")]);
    assert_eq!((&shown["state"], &shown["failure"]["reason"]), (&"failed".into(), &"stopped".into()), "{shown}");
    let ran = || fs::read_to_string(world.control.join("ran.a")).unwrap().lines().count();
    assert_eq!(ran(), 1);
    assert_eq!(fs::read_to_string(world.control.join("failed.a")).unwrap(), "Cancelled");
    assert!(world.control.join("child.a.saved").exists(), "what it had started has the grace period");
    // It is not given up: who submits it again wants it.
    world.unmark("child.a");
    world.unmark("hold.a");
    world.make(&["a"]);
    assert_eq!((ran(), &world.json(&["show", &world.id("a")])["state"]), (2, &"done".into()));
}

pub fn orphans_are_what_no_run_refers_to() {
    let world = World::new();
    world.make(&["a", "b:a", "c"]);
    assert_eq!(world.json(&["orphans"])["count"], 0);
    let runs = names(&world.workdir.join("experiments/acts"));
    let first = runs.iter().find(|name| name.as_bytes()[0].is_ascii_digit()).unwrap();
    world.make(&["a", "b:a"]);
    fs::remove_dir_all(world.workdir.join("experiments/acts").join(first)).unwrap();
    let orphans = world.json(&["orphans", "--size"]);
    assert_eq!(orphans["count"], 1, "{orphans}");
    assert_eq!(orphans["jobs"][0]["identity"].as_str().unwrap()[..16], world.id("c"));
    world.xpm(&["orphans", "--clean"]);
    assert_eq!(world.json(&["orphans"])["count"], 1);
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert_eq!((said.code, &world.json(&["jobs"])["count"]), (0, &2.into()), "{said:?}");
}

pub fn doctor_finds_and_mends() {
    let world = World::new();
    world.make(&["a", "b", "c"]);
    let said = world.xpm(&["doctor"]);
    assert!(said.code == 0 && said.stdout.contains("nothing is wrong"), "{said:?}");
    fs::write(world.step("a").join("status.json"), "{\"format\":1,").unwrap();
    fs::remove_file(world.step("b").join("status.json")).unwrap();
    fs::create_dir_all(world.workdir.join(".trash/half")).unwrap();
    let run = world.workdir.join("experiments/acts/latest/run.json");
    let record = fs::read_to_string(&run).unwrap();
    fs::write(&run, record.replace("\"done\"", "\"running\"")).unwrap();
    assert_eq!(world.json(&["list"])["experiments"][0]["last_run"]["state"], "dead");
    let found = world.json(&["doctor"]);
    let kinds: Vec<&str> = found["findings"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap()).collect();
    for kind in ["damaged", "dead", "left over"] {
        assert!(kinds.contains(&kind), "{kind}: {found}");
    }
    assert!(world.workdir.join(".trash/half").exists());
    let said = world.xpm(&["doctor", "--yes"]);
    assert!(said.code == 4 && said.stdout.contains("3 mended, 1 left"), "{said:?}");
    assert_eq!(world.json(&["list"])["experiments"][0]["last_run"]["state"], "interrupted");
    assert_eq!(world.json(&["show", &world.id("b")])["failure"]["reason"], "lost");
    // What was damaged or lost is run again, and everything is well.
    world.make(&["a", "b", "c"]);
    let said = world.xpm(&["doctor"]);
    assert!(said.code == 0, "{said:?}");
    // The folder of a job may go; a link that never led to one is told.
    fs::remove_dir_all(world.step("c")).unwrap();
    let said = world.xpm(&["doctor"]);
    assert!(said.code == 0, "{said:?}");
    symlink("gone", world.workdir.join("experiments/acts/latest/jobs/mine")).unwrap();
    let said = world.xpm(&["doctor"]);
    assert!(said.code == 4 && said.stdout.contains("this link leads nowhere: there is no gone"), "{said:?}");
}
