//! What is said of what is left out, cannot be done, or is not there.

use std::fs;

use crate::world::{World, wait_until};

pub fn jobs_that_were_named_and_are_left_out() {
    let world = World::new();
    world.mark("fail.b");
    world.make(&["a", "b"]);
    let (a, b) = (world.id("a"), world.id("b"));
    for command in ["clean", "kill", "retry"] {
        for yes in [&[][..], &["--yes"]] {
            let said = world.xpm(&[&[command, &a, "--filter", "state = failed"], yes].concat());
            let all = format!("{}{}", said.stdout, said.stderr);
            assert!(said.code == 1 && all.contains("not: the filter does not hold for it"), "{said:?}");
            assert!(all.contains("nothing to "), "{said:?}");
        }
    }
    let told = world.json(&["clean", &a, &b, "--filter", "state = failed"]);
    assert_eq!((&told["done"], &told["refused"]), (&1.into(), &1.into()), "{told}");
    fs::create_dir(world.workdir.join("experiments/other")).unwrap();
    let said = world.xpm(&["clean", &a, "-e", "other"]);
    assert!(said.code == 1 && said.stdout.contains("not: no run of `other` that is kept refers to it"), "{said:?}");
    // Of jobs that are not named, those that are meant are told.
    let said = world.xpm(&["clean", "-e", "acts", "--filter", "state = failed"]);
    assert!(said.code == 0 && !said.stdout.contains("not: "), "{said:?}");
}

pub fn clean_refuses_the_same_without_yes() {
    let world = World::new();
    world.mark("hold.a");
    world.mark("hold.c");
    let mut driver = world.start(&["a", "c", "d"]);
    let jobs = |state: &str| world.json(&["jobs", "-f", &format!("state = {state}")]);
    wait_until("two have started", || {
        ["a", "c"].iter().all(|name| world.control.join(format!("started.{name}")).exists())
    });
    wait_until("two run and one waits", || jobs("running")["count"] == 2 && jobs("waiting")["count"] == 1);
    let d = jobs("waiting")["jobs"][0]["identity"].as_str().unwrap().to_owned();
    for (job, why) in [(world.id("a"), "; stop it first: xpm kill "), (d.clone(), " has no folder")] {
        let dry = world.xpm(&["clean", &job]);
        assert!(dry.code == 1 && dry.stdout.contains(why), "{dry:?}");
        let said = world.xpm(&["clean", &job, "--yes"]);
        assert_eq!((said.code, said.stdout), (1, dry.stdout));
    }
    let said = world.xpm(&["path", &d]);
    assert!(said.stderr.contains(" is waiting and has no folder yet"), "{said:?}");
    let said = world.xpm(&["why", &d]);
    assert!(said.stdout.contains("for the token slots, of which too little is left"), "{said:?}");
    world.unmark("hold.a");
    world.unmark("hold.c");
    driver.wait().unwrap();
}

pub fn runs_by_the_beginning_of_their_ids() {
    let world = World::new();
    world.make(&["a"]);
    world.make(&["a"]);
    let said = world.xpm(&["results", "acts", "--run", "20"]);
    assert!(said.code == 3 && said.stderr.contains("2 runs of the experiment `acts` begin with `20`: 20"), "{said:?}");
    let run = world.json(&["list"])["experiments"][0]["last_run"]["run"].as_str().unwrap().to_owned();
    assert_eq!(world.xpm(&["results", "acts", "--run", &run]).code, 0);
    fs::create_dir(world.workdir.join("experiments/other")).unwrap();
    let said = world.xpm(&["results", "other"]);
    assert!(said.code == 3 && said.stderr.ends_with("the experiment `other` has no run\n"), "{said:?}");
    let said = world.xpm(&["results", "other", "--run", "20"]);
    assert!(said.stderr.ends_with("has no run `20`: it has none that is kept\n"), "{said:?}");
}

pub fn a_failure_of_several_lines() {
    let world = World::new();
    fs::write(world.control.join("fail.a"), "first\nsecond").unwrap();
    world.make(&["a", "b:a"]);
    let shown = world.xpm(&["show", &world.id("a")]).stdout;
    let line = shown.lines().position(|line| line.starts_with("failure   ") && line.ends_with("first"));
    let next = line.and_then(|line| shown.lines().nth(line + 1));
    assert_eq!(next, Some("          second"), "{shown}");
    let b = world.json(&["jobs", "-f", "arg.name = b"])["jobs"][0]["identity"].as_str().unwrap().to_owned();
    let said = world.xpm(&["path", &b]);
    assert!(said.stderr.ends_with(" is failed and has no folder\n"), "{said:?}");
}

pub fn one_of_something() {
    let world = World::new();
    world.make(&["a", "b"]);
    for (count, shown) in [("0", "none is shown"), ("1", "the newest is shown")] {
        let said = world.xpm(&["jobs", "-n", count]).stdout;
        assert!(said.ends_with(&format!("2 jobs: 2 done; {shown}, --all shows every one\n")), "{said}");
        assert!(!said.starts_with('\n'), "{said}");
    }
    fs::create_dir_all(world.workdir.join(".trash/half")).unwrap();
    let said = world.xpm(&["doctor"]).stdout;
    assert!(said.ends_with(": 1 finding, which can be mended with --yes\n"), "{said}");
    fs::remove_dir_all(world.workdir.join(".trash")).unwrap();
    fs::write(world.step("a").join("status.json"), "{").unwrap();
    let said = world.xpm(&["doctor"]).stdout;
    assert!(said.ends_with(": 1 finding, which cannot be mended here\n"), "{said}");
    // What cannot be read has not failed, for people and for programs.
    let counts = &world.json(&["list"])["experiments"][0]["last_run"]["jobs"];
    assert_eq!((&counts["failed"], &counts["unreadable"]), (&0.into(), &1.into()), "{counts}");
    let list = world.xpm(&["list"]).stdout;
    let words = |line: usize| list.lines().nth(line).unwrap().split_whitespace().rev().take(2).collect::<Vec<_>>();
    assert_eq!((words(0), words(1)), (vec!["UNREADABLE", "FAILED"], vec!["1", "-"]), "{list}");
    fs::remove_dir_all(world.workdir.join("experiments")).unwrap();
    world.xpm(&["clean", &world.id("b"), "--yes"]);
    let said = world.xpm(&["orphans"]).stdout;
    assert!(said.ends_with("1 orphan; `xpm orphans --clean` removes it\n"), "{said}");
}
