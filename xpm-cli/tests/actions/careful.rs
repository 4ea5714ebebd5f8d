//! What may be read, run or referred to is not removed; what cannot be done or told is said.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use crate::world::{World, names, said, wait_until};

/// The folder of the newest run.
fn run_of(world: &World) -> PathBuf {
    world.workdir.join("experiments/acts/latest").canonicalize().unwrap()
}

pub fn orphans_of_a_driver_that_was_killed() {
    let world = World::new();
    world.mark("hold.a");
    let mut driver = world.start(&["a"]);
    wait_until("it has started", || world.control.join("started.a").exists());
    driver.kill().unwrap();
    driver.wait().unwrap();
    world.unmark("hold.a");
    wait_until("the job has ended", || world.step("a").join("status.json").exists() && world.state("a") == "done");
    // Whatever of the journal had come to the disk: the link was there before.
    fs::write(run_of(&world).join("journal.jsonl"), "").unwrap();
    assert_eq!(world.json(&["orphans"])["count"], 0);
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert!(said.code == 0 && said.stdout.contains("nothing to do"), "{said:?}");
    // Also under another name than that of a run, and behind a link.
    fs::rename(run_of(&world), world.path().join("moved")).unwrap();
    symlink(world.path().join("moved"), world.workdir.join("experiments/acts/the-good-one")).unwrap();
    assert_eq!(world.json(&["orphans"])["count"], 0);
    fs::remove_dir_all(world.path().join("moved")).unwrap();
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("acts/the-good-one cannot be read"), "{said:?}");
    fs::remove_file(world.workdir.join("experiments/acts/the-good-one")).unwrap();
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert!(said.code == 0 && said.stdout.contains("removed 1 job"), "{said:?}");
}

pub fn jobs_that_a_killed_driver_did_not_come_to_are_told() {
    let world = World::new();
    world.mark("hold.a");
    let mut driver = world.start(&["a", "b:a"]);
    wait_until("it has started", || world.control.join("started.a").exists());
    let states = || world.json(&["jobs"])["states"].clone();
    wait_until("b waits", || states()["waiting"] == 1);
    driver.kill().unwrap();
    driver.wait().unwrap();
    world.unmark("hold.a");
    wait_until("a has ended", || world.state("a") == "done");
    assert_eq!((&states()["done"], &states()["unstarted"]), (&1.into(), &1.into()));
    // The newest run does not want it.
    world.make(&["a"]);
    assert_eq!(world.json(&["jobs"])["count"], 1);
}

pub fn orphans_that_cannot_be_told() {
    let world = World::new();
    world.make(&["a", "b"]);
    let run = run_of(&world);
    let journal = run.join("journal.jsonl");
    let whole = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, whole.replacen("submitted", "submitt_d", 1)).unwrap();
    for args in [&["orphans", "--clean"][..], &["orphans", "--clean", "--yes"]] {
        let said = world.xpm(args);
        assert_eq!(said.code, 1, "{said:?}");
        for part in ["none is removed", "journal.jsonl: line 2 is damaged", "remove the folder of a run"] {
            assert!(said.stderr.contains(part), "{part}: {said:?}");
        }
    }
    let said = world.xpm(&["doctor"]);
    assert!(
        said.code == 4 && said.stdout.contains("line 2 is damaged and left out; while the run is kept"),
        "{said:?}"
    );
    fs::write(&journal, whole).unwrap();
    let record = fs::read_to_string(run.join("run.json")).unwrap();
    fs::write(run.join("run.json"), "{").unwrap();
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("run.json is damaged"), "{said:?}");
    fs::write(run.join("run.json"), record).unwrap();
    // The less is left of a run, the less can be told.
    fs::remove_file(&journal).unwrap();
    for link in fs::read_dir(run.join("jobs")).unwrap() {
        fs::remove_file(link.unwrap().path()).unwrap();
    }
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    let told = "is of 2 jobs by its run.json, of which its links and its journal name 0";
    assert!(said.code == 1 && said.stderr.contains(told), "{said:?}");
    fs::remove_dir(run.join("jobs")).unwrap();
    fs::remove_file(run.join("run.json")).unwrap();
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("/jobs cannot be read: No such file"), "{said:?}");
    assert_eq!(world.json(&["jobs"])["count"], 2);
    // While a driver runs, it may be about to refer to any job.
    fs::remove_dir_all(&run).unwrap();
    fs::remove_file(world.workdir.join("experiments/acts/latest")).unwrap();
    world.mark("hold.c");
    let mut driver = world.start(&["c"]);
    wait_until("it has started", || world.control.join("started.c").exists());
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("may be about to refer to these jobs"), "{said:?}");
    world.unmark("hold.c");
    driver.wait().unwrap();
    let said = world.xpm(&["orphans", "--clean", "--yes"]);
    assert!(said.code == 0 && said.stdout.contains("removed 2 jobs"), "{said:?}");
    assert_eq!(world.json(&["jobs"])["count"], 1);
}

pub fn clean_leaves_what_is_read_alone() {
    let world = World::new();
    world.mark("hold.b");
    let mut driver = world.start(&["a", "b:a", "c:b", "d"]);
    wait_until("b has started", || {
        world.control.join("started.b").exists() && world.control.join("started.d").exists()
    });
    wait_until("d is done", || world.state("d") == "done" && world.state("b") == "running");
    for yes in [&[][..], &["--yes"]] {
        let said = world.xpm(&[&["clean", &world.id("a")], yes].concat());
        assert!(said.code == 1 && said.stdout.contains("depends on it, and runs or waits"), "{said:?}");
    }
    let said = world.xpm(&["clean", &world.id("d"), "--yes"]);
    assert_eq!(said.code, 0, "{said:?}");
    world.unmark("hold.b");
    driver.wait().unwrap();
    assert_eq!(world.state("c"), "done");
    let said = world.xpm(&["clean", &world.id("a"), "--yes"]);
    assert_eq!(said.code, 0, "{said:?}");
}

pub fn clean_leaves_what_waits_alone() {
    let world = World::new();
    world.mark("fail.a");
    let mut driver = world.start(&["later=a"]);
    let waits = || world.json(&["jobs", "-f", "state = waiting and attempt = 1"])["count"] == 1;
    wait_until("it has failed and waits for its second attempt", waits);
    let folder = world.step("a");
    for yes in [&[][..], &["--yes"]] {
        let said = world.xpm(&[&["clean", &world.id("a")], yes].concat());
        let why = " is left alone: it waits, and a run that is going on will run it";
        assert!(said.code == 1 && said.stdout.contains(why), "{said:?}");
    }
    assert!(folder.exists(), "what it goes on from");
    driver.kill().unwrap();
    driver.wait().unwrap();
    // Nobody will run it any more.
    let said = world.xpm(&["clean", &world.id("a"), "--yes"]);
    assert!(said.code == 0 && !folder.exists(), "{said:?}");
}

pub fn a_path_names_a_job_of_its_workspace() {
    let world = World::new();
    world.make(&["a"]);
    let backup = world.path().join("backup");
    let step = world.step("a");
    let inside = step.strip_prefix(&world.workdir).unwrap();
    fs::create_dir_all(backup.join(inside)).unwrap();
    for path in
        [step.clone(), inside.to_owned(), run_of(&world).join("jobs").join(&names(&run_of(&world).join("jobs"))[0])]
    {
        let said = world.xpm(&["path", path.to_str().unwrap()]);
        assert_eq!(said.stdout.trim(), step.to_str().unwrap(), "{said:?}");
    }
    let said = world.xpm(&["clean", backup.join(inside).to_str().unwrap(), "--yes"]);
    assert!(said.code == 3 && said.stderr.contains("is no job's folder of the workspace"), "{said:?}");
    assert!(said.stderr.contains("if it is one of another workspace, give that: --workdir FOLDER"), "{said:?}");
    assert!(step.exists());
}

pub fn other_folders_are_no_runs() {
    let world = World::new();
    world.make(&["a"]);
    fs::create_dir(world.workdir.join("experiments/acts/plots")).unwrap();
    let list = world.json(&["list"]);
    assert_eq!(
        (&list["experiments"][0]["run_count"], &list["experiments"][0]["last_run"]["state"]),
        (&1.into(), &"done".into())
    );
    assert_eq!(world.json(&["jobs", "-e", "acts"])["count"], 1);
    assert_eq!(world.json(&["results", "acts"]).as_array().unwrap().len(), 1);
    assert_eq!(world.xpm(&["doctor"]).code, 0);
}

/// Only root can start a command as another user.
pub fn kill_says_what_it_may_not_stop() {
    let world = World::new();
    world.mark("hold.a");
    let mut driver = world.start(&["a"]);
    wait_until("it runs", || world.control.join("started.a").exists() && world.state("a") == "running");
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = world.command(&["kill", &world.id("a"), "--yes"]);
    command.env("XPM_WORKDIR", &world.workdir).uid(65534);
    match command.output().map(said) {
        Ok(said) => {
            assert!(said.code == 1 && said.stdout.contains("which could not be asked to stop: "), "{said:?}");
            assert!(!said.stdout.contains("is asked to stop"), "{said:?}");
        }
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
    }
    assert_eq!(world.state("a"), "running");
    world.unmark("hold.a");
    driver.wait().unwrap();
}

pub fn paths_that_are_no_unicode() {
    let mut world = World::new();
    world.mark("fail.b");
    world.make(&["a", "b"]);
    let run = world.workdir.join("experiments/acts/latest/run.json");
    fs::write(&run, "{").unwrap();
    let (a, b) = (world.id("a"), world.id("b"));
    let renamed = world.path().join(OsStr::from_bytes(b"wor\xffk"));
    fs::rename(&world.workdir, &renamed).unwrap();
    world.workdir = renamed;
    let commands: [&[&str]; 9] = [
        &["list"],
        &["jobs"],
        &["show", &a],
        &["path", &a],
        &["log", &a],
        &["why", &b],
        &["orphans", "--size"],
        &["doctor"],
        &["clean", &a],
    ];
    for args in commands {
        let said = world.xpm(&[args, &["--json"]].concat());
        let told: serde_json::Value =
            serde_json::from_str(&said.stdout).unwrap_or_else(|why| panic!("{args:?} {why}: {said:?}"));
        let paths = told.to_string().matches("wor\u{fffd}k/").count();
        assert!(paths > 0 || matches!(args[0], "why" | "orphans" | "clean"), "{args:?}: {told}");
    }
}

pub fn why_without_arguments() {
    let world = World::new();
    world.mark("fail.b");
    world.make(&["a", "b"]);
    let b = world.step("b");
    for damage in [true, false] {
        if damage {
            fs::write(b.join("params.json"), "{").unwrap();
        } else {
            fs::remove_file(b.join("params.json")).unwrap();
        }
        let id = b.file_name().unwrap().to_str().unwrap();
        let said = world.xpm(&["why", id]);
        assert!(said.code == 0 && said.stdout.contains("failed in attempt 1: the disk is on fire"), "{said:?}");
        assert!(said.stdout.contains("it cannot be compared with those before it: "), "{said:?}");
        let told = world.json(&["why", id]);
        assert!(told["differences_problem"].as_str().unwrap().contains("params.json"), "{told}");
        assert_eq!(told["failure"]["reason"], "error");
    }
}

pub fn a_wrong_command_line_as_json() {
    let world = World::new();
    for args in [&["--json", "no-such-command"][..], &["jobs", "--json", "--filter", "state ="], &["kill", "--json"]] {
        let said = world.raw(args);
        assert!(said.code == 2 && said.stdout.is_empty(), "{said:?}");
        let told: serde_json::Value =
            serde_json::from_str(&said.stderr).unwrap_or_else(|why| panic!("{why}: {said:?}"));
        assert_eq!(told["code"], 2);
        assert!(!told["error"].as_str().unwrap().starts_with("error:"), "{told}");
    }
    let said = world.raw(&["no-such-command"]);
    assert!(said.code == 2 && said.stderr.starts_with("error: unrecognized subcommand"), "{said:?}");
    // What is asked for is no error.
    let said = world.raw(&["--help", "--json"]);
    assert!(said.code == 0 && said.stdout.contains("Usage: xpm"), "{said:?}");
    assert_eq!(world.raw(&["--version"]).code, 0);
}

pub fn arguments_of_what_was_never_started() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a", "b:a", "c:a"]);
    let jobs = world.json(&["jobs", "-f", "state = failed and arg.name = b"]);
    assert_eq!(jobs["count"], 1, "{jobs}");
    let b = jobs["jobs"][0]["identity"].as_str().unwrap().to_owned();
    assert!(!world.workdir.join("jobs/act.step").join(&b).exists());
    let shown = world.json(&["show", &b]);
    assert_eq!(
        (&shown["arguments"]["name"], &shown["arguments_problem"]),
        (&"b".into(), &serde_json::Value::Null),
        "{shown}"
    );
    assert_eq!(shown["dependencies"].as_array().unwrap().len(), 1, "{shown}");
    let c = world.json(&["jobs", "-f", "arg.name = c"])["jobs"][0]["identity"].as_str().unwrap().to_owned();
    let found = world.json(&["diff", &b, &c]);
    let paths: Vec<&str> =
        found["differences"].as_array().unwrap().iter().map(|d| d["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["name"], "{found}");
    let rows = world.json(&["results", "acts", "--columns", "arg.name"]);
    let names: Vec<&str> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_object().unwrap().values().next().unwrap().as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "b", "c"], "{rows}");
}

pub fn tokens_of_what_could_start() {
    let world = World::new();
    world.mark("hold.a");
    world.mark("hold.c");
    let mut driver = world.start(&["a", "c", "b:a", "d"]);
    wait_until("two have started", || {
        ["a", "c"].iter().all(|name| world.control.join(format!("started.{name}")).exists())
    });
    let token = || world.json(&["tokens"])["tokens"][0].clone();
    let waiting = || world.json(&["jobs", "-f", "state = waiting"])["count"].clone();
    wait_until("the others wait", || token()["held"] == 2 && waiting() == 2);
    let token = token();
    let d = world.json(&["jobs", "-f", "tag.name = d"])["jobs"][0]["job"].clone();
    let names: Vec<_> = token["waiting"].as_array().unwrap().iter().map(|waits| waits["job"].clone()).collect();
    // What waits for another job has not asked for it.
    assert_eq!(names, [d], "{token}");
    world.unmark("hold.a");
    world.unmark("hold.c");
    driver.wait().unwrap();
}

pub fn nothing_that_jobs_say_steers_the_terminal() {
    let world = World::new();
    let name = "x\u{1b}[2Jy";
    world.mark(&format!("fail.{name}"));
    world.make(&[name, &format!("z:{name}")]);
    let jobs = world.json(&["jobs", "--tags"]);
    let job = jobs["jobs"].as_array().unwrap().iter().find(|job| job["tags"]["name"] == name).unwrap();
    let id = job["identity"].as_str().unwrap();
    fs::write(world.workdir.join("jobs/act.step").join(id).join("params.json"), "{\u{1b}[2J").unwrap();
    fs::create_dir(world.workdir.join("jobs/act.step/\u{1b}[2J")).unwrap();
    for args in
        [&["show", id][..], &["why", id], &["jobs", "--tags"], &["clean", id], &["doctor"], &["results", "acts"]]
    {
        let said = world.xpm(args);
        assert!(!said.stdout.contains('\u{1b}') && !said.stderr.contains('\u{1b}'), "{args:?}: {said:?}");
    }
    assert!(world.xpm(&["show", id]).stdout.contains(r"name=x\u{1b}[2Jy"), "{:?}", world.xpm(&["show", id]));
}
