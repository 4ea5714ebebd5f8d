//! Plans: what depends on what, what is run again, what comes back, and how a run fails.

use std::fs;
use std::path::Path;

use crate::harness::{NO_ARGS, Story, json, names, signal};

#[test]
fn every_way_to_depend_makes_the_dependent_wait() {
    for (way, seen) in [
        ("job", "step late"),
        ("tagged", "step late"),
        ("member", "step late"),
        ("list", "step late"),
        ("map", "step late"),
        ("nested", "step late"),
        ("pair", "step late"),
        ("text", "output of late"),
        ("promise", "output of late"),
        ("promises", "output of late; output of late"),
        ("file", "written by late"),
        ("produces", "written by late"),
        ("add_dependency", ""),
        ("add_dependencies", ""),
        ("add_produced", ""),
        ("add_file", ""),
        ("add_promise", ""),
        ("add_several", ""),
    ] {
        let story = Story::new();
        let outcome = story.ok("depends", [way]);
        assert_eq!(story.log(), ["free", "late", "dependent"], "{way}");
        assert_eq!(outcome.stdout, format!("{seen}\n"), "{way}");
    }
}

#[test]
fn a_job_submitted_twice_runs_once_in_a_plan_and_never_again() {
    let story = Story::new();
    let first = story.ok("steps", ["a", "b", "a", "b:"]);
    assert_eq!(first.stdout, "a Done\nb Done\na Done\nb Done\n");
    first.says(&["story: 2 run in "]);
    let mut log = story.log();
    log.sort();
    assert_eq!(log, ["a", "b"]);
    let before = (story.step("a").stamp(), story.step("b").stamp());
    let second = story.ok("steps", ["a", "b"]);
    second.says(&["story: 2 done before in "]);
    assert_eq!(story.log().len(), 2);
    assert_eq!(before, (story.step("a").stamp(), story.step("b").stamp()));
    assert_eq!(story.step("a").attempts(), NO_ARGS);
    assert_eq!(story.runs().len(), 2);
}

#[test]
fn a_changed_argument_runs_only_what_depends_on_it() {
    let story = Story::new();
    story.ok("steps", ["cpus=1", "a", "b:a", "c:b", "d", "e:d,a"]);
    assert_eq!(story.log().len(), 5);
    let outcome = story.ok("steps", ["cpus=1", "a", "x:a", "c:x", "d", "e:d,a"]);
    outcome.says(&["story: 2 run, 3 done before in "]);
    assert_eq!(story.log()[5..], ["x", "c"]);
}

#[test]
fn outputs_come_back_typed_from_this_run_and_from_an_earlier_one() {
    let story = Story::new();
    for said in ["6 run in", "6 done before in"] {
        let outcome = story.ok("typed", NO_ARGS);
        assert_eq!(outcome.stdout, "typed outputs are what was returned\n");
        outcome.says(&[said]);
    }
    let status = story.job("story.returns_unit").status();
    assert!(status.as_object().unwrap().contains_key("value") && status["value"].is_null(), "{status}");
}

#[test]
fn a_handle_tells_of_its_job_and_the_run_has_a_folder_with_links() {
    let story = Story::new();
    let outcome = story.ok("handles", NO_ARGS);
    let run_id = outcome.stdout.trim_end();
    let run = story.workdir.join("experiments/story").join(run_id);
    assert_eq!(fs::read_link(story.workdir.join("experiments/story/latest")).unwrap(), Path::new(run_id));
    // Whether the checkout that these tests are built from has changes is none of theirs.
    let own: Vec<_> = names(&run).into_iter().filter(|name| name != "dirty.diff").collect();
    assert_eq!(own, ["environment.json", "jobs", "journal.jsonl", "results", "run.json"]);
    let record = json(&run.join("run.json"));
    assert_eq!((&record["status"], &record["jobs"], &record["failed"]), (&"done".into(), &3.into(), &0.into()));
    assert!(record["start"].as_str() <= record["end"].as_str() && record["error"].is_null(), "{record}");
    assert_eq!(names(&run.join("results")), ["name=first_y=1"]);
    // `first` and `second` have the same tags: one of them has its id behind them. `third` was derived from `first`
    // with a plain value, which leaves only the tag of the configuration.
    let links = names(&run.join("jobs"));
    assert_eq!(links.len(), 3, "{links:?}");
    let mut targets = Vec::new();
    for link in &links {
        assert!(link.starts_with("story.step_"), "{link}");
        let link = run.join("jobs").join(link);
        let target = fs::read_link(&link).unwrap();
        assert!(target.starts_with("../../../../jobs/story.step"), "{}", target.display());
        assert!(link.join("status.json").is_file(), "{}", link.display());
        targets.push(link.canonicalize().unwrap());
    }
    targets.sort();
    assert_eq!(targets, story.jobs("story.step").into_iter().map(|job| job.0).collect::<Vec<_>>());
    // A workspace that is moved is still whole.
    let moved = story.path().join("moved");
    fs::rename(&story.workdir, &moved).unwrap();
    for link in links {
        assert!(moved.join("experiments/story/latest/jobs").join(&link).join("params.json").is_file(), "{link}");
    }
    for job in fs::read_dir(moved.join("jobs/story.step")).unwrap() {
        let names = names(&job.unwrap().path());
        assert_eq!(names, [".xpm", "out.txt", "params.json", "status.json", "stderr.log", "stdout.log"]);
    }
}

#[test]
fn a_failed_job_fails_its_dependents_and_everything_else_still_runs() {
    let story = Story::new();
    story.mark("fail.b");
    let specs = ["cpus=1", "a", "b", "c:b", "d:c,a", "e:a"];
    let outcome = story.fails("run-error", specs);
    assert_eq!(story.log(), ["a", "e"]);
    let failed = r#"failed ["b cannot be done", "the disk is on fire"]"#;
    assert_eq!(
        outcome.stdout.lines().filter(|line| !line.contains("Failed(")).collect::<Vec<_>>(),
        [
            "a Done",
            "e Done",
            "submitted 5, plan None",
            failed,
            "not started because of story.step",
            "not started because of story.step"
        ]
    );
    assert_eq!(outcome.stdout.matches("Failed(DependencyFailed").count(), 2, "{}", outcome.stdout);
    outcome.says(&[
        "FAILED: b cannot be done: the disk is on fire",
        "    | b writes this before it fails",
        "    log: ",
        "2 run, 3 failed in ",
        "1 of 5 jobs failed, and 2 could not be started because of these:",
        ": b cannot be done: the disk is on fire\n    in ",
        "not started: story.step/",
    ]);
    assert_eq!(story.jobs("story.step").len(), 3, "what was not started has no folder");
    let b = story.step("b");
    assert!(!b.is_done());
    assert_eq!(b.status()["failure"]["chain"], serde_json::json!(["b cannot be done", "the disk is on fire"]));
    let record = story.last_run();
    assert_eq!((&record["status"], &record["failed"]), (&"failed".into(), &3.into()));
    assert!(record["error"].as_str().unwrap().contains("the disk is on fire"), "{record}");
    let (a, e) = (story.step("a").stamp(), story.step("e").stamp());
    let earlier = b.stamp().0;

    // As long as the trouble lasts, the next run tries again.
    story.fails("run-error", specs);
    assert_eq!((b.status()["attempt"].as_u64(), b.attempts()), (Some(2), vec!["1".to_owned()]));
    assert_eq!(fs::read(b.file(".xpm/attempts/1/status.json")).unwrap(), earlier);
    let log = fs::read_to_string(b.file(".xpm/attempts/1/stderr.log")).unwrap();
    assert_eq!(log, "b writes this before it fails\n");
    assert_eq!(fs::read_to_string(b.file(".xpm/attempts/1/out.txt")).unwrap(), "written by b");

    story.unmark("fail.b");
    let outcome = story.ok("run-error", specs);
    outcome.says(&["3 run, 2 done before in"]);
    assert_eq!(story.log(), ["a", "e", "b", "c", "d"]);
    assert_eq!((a, e), (story.step("a").stamp(), story.step("e").stamp()));
    assert_eq!((b.status()["attempt"].as_u64(), b.is_done()), (Some(3), true));
    assert_eq!(b.attempts(), ["1", "2"]);
    assert!(!b.file(".xpm/attempts/1/out.txt").exists(), "of all but the last attempt only records and logs are kept");
    assert!(b.file(".xpm/attempts/1/status.json").exists() && b.file(".xpm/attempts/2/out.txt").exists());
}

#[test]
fn many_failures_are_listed_up_to_a_point() {
    let story = Story::new();
    let names: Vec<String> = (0..25).map(|n| format!("f{n}")).collect();
    for name in &names {
        story.mark(&format!("fail.{name}"));
    }
    let outcome = story.fails("steps", &names);
    outcome.says(&["25 of 25 jobs failed:", "\n  … and 5 more"]);
    assert_eq!(outcome.stdout.matches("Failed(Error").count(), 25);
}

#[test]
fn an_error_of_the_plan_is_reported_with_its_cause_after_running_jobs_have_ended() {
    let story = Story::new();
    story.mark("hold.slow");
    let mut running = story.start("plan-error", ["slow"]);
    story.wait_for("started.slow");
    assert!(running.is_alive(), "the plan has failed, and its job is waited for");
    story.unmark("hold.slow");
    let outcome = running.end();
    assert_eq!(outcome.code(), Some(1));
    outcome.says(&["the list of topics", "No such file or directory", "story: 1 run in"]);
    assert!(story.step("slow").is_done());
    let record = story.last_run();
    assert_eq!((&record["status"], &record["failed"]), (&"failed".into(), &0.into()));
    assert_eq!(record["error"], "the list of topics: No such file or directory (os error 2)");
}

#[test]
fn an_error_of_the_plan_and_a_failed_job_are_both_reported() {
    let story = Story::new();
    story.mark("fail.bad");
    let outcome = story.fails("plan-error", ["bad"]);
    outcome.says(&[
        "the plan failed: the list of topics: No such file or directory (os error 2); 1 of 1 jobs failed:",
        "bad cannot be done: the disk is on fire",
    ]);
}

#[test]
fn an_error_of_the_plan_is_told_at_once_and_once_more_when_the_run_is_interrupted() {
    let story = Story::new();
    story.mark("hold.held");
    let run = story.start("plan-error-early", ["callback"]);
    run.wait_to_say("xpm: the plan FAILED, and 1 job is waited for: cannot read topics: no such file\n");
    run.wait_to_say("FAILED: no such table");
    signal(run.pid(), "INT");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    let error = outcome.stderr.split_once("\nError: ").unwrap().1;
    let begin = "interrupted: nothing more is started; jobs that still run go on, and are found again when this is run again; \
                 the plan failed: cannot read topics: no such file\na callback failed:\n  on_completed of story.step/";
    assert!(error.starts_with(begin) && error.ends_with(": no such table\n"), "{error}");
    let record = story.last_run();
    assert_eq!((&record["status"], record["error"].as_str()), (&"interrupted".into(), Some(error.trim_end())));
    story.unmark("hold.held");
}

#[test]
fn an_interruption_that_the_plan_hands_on_is_no_error_of_the_plan() {
    for words in [&["fails held"][..], &["fails-in held"], &["pause", "fails held"]] {
        let story = Story::new();
        story.mark("hold.held");
        let run = story.start("plan-error-early", words);
        story.wait_for("started.held");
        signal(run.pid(), "INT");
        run.wait_to_say("xpm: interrupted");
        story.mark("go");
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(1), "{outcome:?}");
        outcome.says(&["\nError: interrupted: nothing more is started; "]).does_not_say("the plan");
        story.unmark("hold.held");
    }
}

#[test]
fn a_failed_job_that_the_plan_hands_on_is_told_once_but_not_without_where() {
    for (word, begin) in [
        ("fails bad", "\nError: 1 of 2 jobs failed:\n"),
        ("fails-in bad", "\nError: the plan failed: fold 3: story.step/"),
    ] {
        let story = Story::new();
        story.mark("fail.bad");
        story.mark("hold.held");
        let run = story.start("plan-error-early", [word]);
        let early = "xpm: the plan FAILED, and 1 job is waited for: fold 3: story.step/";
        if word == "fails-in bad" {
            run.wait_to_say(early);
        }
        run.wait_to_say("the disk is on fire");
        story.unmark("hold.held");
        let outcome = run.end();
        outcome.says(&[begin, "1 of 2 jobs failed:\n"]);
        assert_eq!(outcome.stderr.contains("the plan FAILED"), word == "fails-in bad", "{outcome:?}");
    }
}

#[test]
fn an_error_of_the_plan_is_told_at_once_when_only_a_callback_goes_on() {
    let story = Story::new();
    let run = story.start("plan-error-early", ["callback-pauses"]);
    run.wait_to_say("xpm: the plan FAILED: cannot read topics: no such file\n");
    story.mark("go");
    let outcome = run.end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["\nError: cannot read topics\n\nCaused by:\n    no such file\n"]);
}

#[test]
fn a_plan_that_panics_leaves_its_jobs_to_end_and_the_next_run_finds_them() {
    let story = Story::new();
    story.mark("hold.kept");
    let outcome = story.run("plan-panic", ["panic"]);
    assert_eq!(outcome.code(), Some(101), "{outcome:?}");
    outcome.says(&["the plan panics here"]);
    assert!(!story.step("kept").file("status.json").exists());
    story.unmark("hold.kept");
    let outcome = story.ok("plan-panic", NO_ARGS);
    assert_eq!(outcome.stdout, "output of kept\n");
    outcome.says(&["story: 1 done before in"]);
    assert_eq!(story.log(), ["kept"]);
    assert_eq!(story.step("kept").status()["attempt"], 1);
}

#[test]
fn no_more_jobs_run_at_once_than_there_are_cpus_for() {
    for (cpus, jobs) in [(1, 4), (3, 9), (7, 7)] {
        let story = Story::new();
        let outcome = story.ok("parallel", [cpus.to_string(), jobs.to_string()]);
        let mut changes = Vec::new();
        for line in outcome.stdout.lines() {
            let (start, end) = line.split_once(' ').unwrap();
            changes.extend([(start.parse::<u128>().unwrap(), 1), (end.parse().unwrap(), -1)]);
        }
        assert_eq!(changes.len(), 2 * jobs);
        changes.sort_unstable();
        let at_once = changes.iter().scan(0, |running, (_, change)| {
            *running += change;
            Some(*running)
        });
        // The first ones end only when `cpus` of them have started, so it is reached too.
        assert_eq!(at_once.max(), Some(cpus), "{changes:?}");
    }
}

#[test]
fn xpm_toml_sets_the_cpus_that_the_program_does_not() {
    let story = Story::new();
    fs::create_dir(&story.workdir).unwrap();
    fs::write(story.workdir.join("xpm.toml"), "format = 1\n[local]\ncpus = 3\n").unwrap();
    story.ok("id", ["any"]);
    fs::write(story.workdir.join("xpm.toml"), "format = 1\n[local]\ncpus = 0\n").unwrap();
    story.fails("id", ["any"]).says(&["xpm.toml cannot be read", "nonzero"]);
}
