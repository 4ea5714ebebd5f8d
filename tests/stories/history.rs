//! What runs leave beside their jobs: the environment, saved values, and which runs are kept.

use std::fs;
use std::process::Command;

use crate::harness::{NO_ARGS, Story, json, names, wait_until};

#[test]
fn a_run_says_which_code_it_ran_and_where() {
    let story = Story::new();
    let repo = story.path().join("repo");
    fs::create_dir(&repo).unwrap();
    fs::write(repo.join("Cargo.lock"), "version = 4\n").unwrap();
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(&repo).args(["-c", "user.name=n", "-c", "user.email=e@x", "-c", "init.defaultBranch=trunk"]);
        git.args(args).output().is_ok_and(|output| output.status.success())
    };
    let with_git = git(&["init"]) && git(&["add", "."]) && git(&["commit", "-m", "first"]);
    fs::write(repo.join("Cargo.lock"), "version = 5\n").unwrap();
    let mut command = story.command("steps", ["a"]);
    command.env("CARGO_MANIFEST_DIR", &repo).env("USER", "somebody");
    // A run that ends at once does not wait for git.
    story.mark("hold.a");
    let driver = story.start_command(command);
    story.wait_for("started.a");
    let run = story.runs().pop().unwrap();
    let found = || !with_git || json(&run.join("environment.json"))["git"].is_object();
    wait_until("git has been asked", || run.join("environment.json").exists() && found());
    story.unmark("hold.a");
    assert_eq!(driver.end().code(), Some(0));
    let environment = json(&run.join("environment.json"));
    assert_eq!(environment["xpm"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&environment["user"], &environment["format"]), (&"somebody".into(), &1.into()));
    assert_eq!(environment["command"][1], "steps");
    assert!(environment["cpus"].as_u64() > Some(0) && environment["host"].is_string(), "{environment}");
    assert_eq!(environment["executable"], story.step("a").status()["executable"]);
    let lock = &environment["cargo_lock"];
    assert_eq!(lock["path"], repo.join("Cargo.lock").to_str().unwrap());
    assert_eq!(lock["sha256"].as_str().map(str::len), Some(64));
    if !with_git {
        println!("no git");
        return;
    }
    let git = &environment["git"];
    assert_eq!((&git["branch"], &git["dirty"], &git["diff"]), (&"trunk".into(), &true.into(), &"dirty.diff".into()));
    assert_eq!(git["commit"].as_str().map(str::len), Some(40));
    assert!(fs::read_to_string(run.join("dirty.diff")).unwrap().contains("+version = 5"));
}

#[test]
fn old_runs_go_by_the_rule_and_what_people_made_stays_without_one() {
    let story = Story::new();
    story.ok("keep", ["-", "-", "results"]);
    story.ok("keep", ["-", "-", "save"]);
    for _ in 0..21 {
        story.ok("keep", ["-"]);
    }
    // 20 that are kept by number, and the two with something in them.
    assert_eq!(story.runs().len(), 22);
    let first = story.runs()[0].clone();
    assert!(first.join("results/table").exists());
    story.fails("keep", ["3", "1", "fail"]);
    story.fails("keep", ["3", "1", "fail"]);
    assert_eq!(story.runs().len(), 4, "{:?}", story.runs());
    assert!(!first.exists());
    assert_eq!(story.last_run()["status"], "failed");
    fs::write(story.workdir.join("xpm.toml"), "format = 1\n[history]\ndone = 1\nfailed = 0\n").unwrap();
    story.ok("keep", ["-"]);
    assert_eq!(story.runs().len(), 1);
    story.ok("keep", ["-"]);
    assert_eq!(story.runs().len(), 1);
}

#[test]
fn what_a_driver_has_left_that_was_killed_while_it_began_goes_by_the_rule_too() {
    let story = Story::new();
    story.ok("keep", ["-"]);
    // The second folder of this name is that of the run.
    for fault in [
        "1 kill make folder results",
        "2 kill make folder jobs",
        "1 kill make folder of run story",
        "1 kill link latest",
    ] {
        let mut command = story.command("keep", ["-"]);
        command.env("XPM_FAULT", format!("driver {fault}"));
        let outcome = story.start_command(command).end();
        assert_eq!(outcome.signal(), Some(9), "{fault}: {outcome:?}");
        story.ok("keep", ["1", "0"]);
        let left = names(&story.workdir.join("experiments/story"));
        let run = story.runs().pop().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(left, [&run, "latest", "lock"], "{fault}");
    }
}

#[test]
fn the_newest_run_is_the_last_though_the_clock_was_set_back() {
    let story = Story::new();
    story.ok("keep", ["-"]);
    let experiment = story.workdir.join("experiments/story");
    // As if the first run had begun before the clock was set back by a thousand years.
    fs::rename(&story.runs()[0], experiment.join("30261124_120000")).unwrap();
    story.ok("keep", ["1", "1"]);
    let names = || story.runs().iter().map(|run| run.file_name().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(), ["30261124_120000.1"], "the older run goes, and not the newer one");
    story.fails("keep", ["1", "1", "fail"]);
    assert_eq!(names(), ["30261124_120000.1", "30261124_120000.2"]);
    assert_eq!(fs::read_link(experiment.join("latest")).unwrap().to_str(), Some("30261124_120000.2"));
    assert_eq!(story.last_run()["status"], "failed");
}

#[test]
fn a_saved_value_is_found_by_another_program() {
    let story = Story::new();
    story.fails("load", ["best"]).says(&["is no workspace (it does not exist)"]);
    story.ok("keep", ["-"]);
    story.fails("load", ["best"]).says(&["no run of `story` has saved `best`"]);
    story.ok("keep", ["-", "-", "save"]);
    story.ok("keep", ["-"]);
    assert_eq!(story.ok("load", ["best"]).stdout, "1 two\n");
    story.fails("load", ["bets"]).says(&["no run of `story` has saved `bets`; saved are `best`"]);
    assert_eq!(story.ok("steps", NO_ARGS).code(), Some(0));
}
