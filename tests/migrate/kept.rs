//! What is not migrated, and why; what is not taken back.

use std::fs;
use std::process::Stdio;

use crate::harness::{AFTER, BEFORE, Work, json};

#[test]
fn what_does_not_carry_over_is_told() {
    let work = Work::new();
    assert_eq!(work.run(BEFORE, &["all"]).code, Some(1), "one of its jobs fails");
    let said = work.migrate(&["--yes"]).ok();
    said.says(&[
        "the version of `mig.raised` was none, and is 1 now: what it means has changed, and such jobs are run again",
        "not migrated: 1 finished job of mig.fine",
        "the argument `x` of `mig.fine` was 0.123456789, which is 0.12345679 as float (f32): such jobs are run again",
        "not migrated: 1 finished job of mig.grown",
        "the argument `y` of `mig.grown` is new, and in the identity at its default 2",
        "write `ignore_default` beside it",
        "not migrated: 1 finished job of mig.follows",
        "the job of mig.grown that it depends on cannot be read with today's types",
        "this program has no type `mig.dropped`: keep it with `deprecated`, or write `renamed_from = \"mig.dropped\"`",
        "not migrated: 1 finished job of mig.twin",
        "another one, which ended later, has the same arguments today",
        "the argument `threads` of `mig.twin` is not in the identity any more (ignored)",
        "2 finished jobs keep their identity.",
        "mig.kinds: 1 finished job\n  the argument `pair` of `mig.kinds` has the type list of integer (u32) now\n  the argument `names` of \
         `mig.kinds` has the type optional set of string now\n  the argument `deep` of `mig.kinds` has the type list of set of integer (u32) now",
    ]);
    assert!(!said.out.contains("mig.fail"), "what has failed is no finished job: {}", said.out);
    // The newest of the twins, and a job that the older program ran, whose arguments have other names today.
    work.run(AFTER, &["all"]).ok().says(&["1 0.5 1\n5\n2\n"]);
}

#[test]
fn a_job_of_which_another_one_has_the_name_today_is_told() {
    let work = Work::new();
    work.run(BEFORE, &["default"]).ok();
    // What was left out of an identity is in now, and the other way round.
    let said = work.migrate(&["--task", "mig.default"]).ok();
    said.says(&[
        "mig.default: 1 finished job\n",
        "not migrated: 1 finished job of mig.default",
        "a job with other arguments has its new identity for a name, mig.default/",
        "take the change of the type back, or remove that job with `xpm clean`",
    ]);
    let json = json(&work.migrate(&["--json", "--task", "mig.default"]).ok().out);
    assert_eq!((&json["found"], json["stays"].as_array().unwrap().len()), (&0.into(), 1));
}

#[test]
fn a_task_that_nobody_has_is_an_error() {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    for more in [&["--task", "mig.trian"][..], &["--undo", "--task", "mig.trian"]] {
        let said = work.migrate(more);
        assert_eq!(said.code, Some(2));
        said.says(&["neither this program nor the workspace has a task `mig.trian`: did you mean `mig.train`"]);
    }
}

#[test]
fn a_new_identity_that_is_taken_is_left_alone() {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    let fits = json(&work.migrate(&["--json"]).ok().out)["moves"].clone();
    // It was run again before anybody thought of migrating, and the first try was killed.
    let to = fits.as_array().unwrap().iter().find(|one| one["to"].as_str().unwrap().starts_with("mig.fit/")).unwrap();
    let folder = work.path.join("jobs").join(to["to"].as_str().unwrap());
    fs::create_dir_all(folder.join(".xpm")).unwrap();
    fs::write(folder.join("stdout.log"), "half").unwrap();
    let files = work.files();
    let said = work.migrate(&["--yes", "--task", "mig.fit"]).ok();
    said.says(&["its new identity is a job that was begun and is not done", "1 finished job is found"]);
    files.iter().for_each(|(path, file)| assert_eq!(work.files().get(path), Some(file)));
    work.run(AFTER, &[]).ok();
    assert!(folder.join("by_after").exists());
    // What has run by itself is no migrated job.
    work.migrate(&["--undo", "--yes"]).ok();
    assert!(folder.join("by_after").exists());
}

#[test]
fn what_would_be_lost_is_not_taken_back() {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    work.migrate(&["--yes", "--task", "mig.train"]).ok();
    let [first, second] = &work.jobs("mig.fit")[..] else { panic!() };
    fs::write(first.join("notes.txt"), "mine").unwrap();
    let old = json(&fs::read_to_string(second.join("status.json")).unwrap())["migrated_from"].clone();
    let old =
        work.jobs("mig.train").into_iter().find(|path| path.ends_with(old["identity"].as_str().unwrap())).unwrap();
    fs::remove_dir_all(old).unwrap();
    let said = work.migrate(&["--undo", "--yes"]);
    assert_eq!(said.code, Some(1));
    said.says(&[
        "it holds a file of its own",
        "notes.txt",
        "its old folder is gone or not done, and this one the only one that holds its files",
        "None of the 2 finished jobs could be taken back: see above.",
    ]);
    assert!(first.join("weights.bin").exists() && second.join("weights.bin").exists());
    // Neither folder needs the other.
    work.run(AFTER, &[]).ok();
    assert!(!second.join("by_after").exists());
}

#[test]
fn a_driver_or_a_job_that_runs_keeps_what_it_uses() {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    work.migrate(&["--yes", "--task", "mig.train"]).ok();
    let lock = |path: &std::path::Path| {
        let mut flock = work.command("flock", &[path.to_str().unwrap(), "sh", "-c", "echo held; read line"]);
        let mut child = flock.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        child
    };
    let free = |mut child: std::process::Child| {
        drop(child.stdin.take());
        child.wait().unwrap();
    };
    let files = work.files();
    let driver = lock(&work.path.join(".drivers"));
    let said = work.migrate(&["--undo", "--yes"]);
    assert_eq!(said.code, Some(1));
    said.says(&["an experiment runs in", "wait until it is over"]);
    free(driver);
    let other = lock(&work.path.join(".migrating"));
    for args in [&["--yes"][..], &["--undo", "--yes"]] {
        let said = work.migrate(args);
        assert_eq!(said.code, Some(1));
        said.says(&["another `migrate` is at work in"]);
    }
    free(other);
    let job = lock(&work.jobs("mig.fit")[0].join(".xpm/lock"));
    let said = work.migrate(&["--undo", "--yes"]);
    assert_eq!(said.code, Some(1));
    said.says(&["somebody runs it, or looks after it", "1 finished job is taken back"]);
    free(job);
    assert_eq!(work.jobs("mig.fit").len(), 1);
    work.migrate(&["--yes", "--task", "mig.train"]).ok();
    assert_eq!(work.files().len(), files.len());
}

#[test]
fn a_wrong_command_line_and_a_folder_that_is_no_workspace() {
    let work = Work::new();
    let said = work.migrate(&[]);
    assert_eq!(said.code, Some(1));
    said.says(&["is no workspace (it does not exist)"]);
    let said = crate::harness::said(work.command(AFTER, &["xpm", "migrate"]));
    assert_eq!(said.code, Some(2));
    said.says(&["--workdir <WORKDIR>"]);
}

#[test]
fn a_record_that_is_lost_has_the_job_run_anew_without_the_files_of_before() {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    work.migrate(&["--yes"]).ok();
    let fit = work.jobs("mig.fit").remove(0);
    fs::write(fit.join("status.json"), "{").unwrap();
    let before: Vec<_> = work.jobs("mig.train").iter().map(|job| fs::read(job.join("weights.bin")).unwrap()).collect();
    work.run(AFTER, &[]).ok();
    assert!(fit.join("by_after").exists() && !fit.join("checkpoints").exists(), "a resumable task begins anew");
    let after: Vec<_> = work.jobs("mig.train").iter().map(|job| fs::read(job.join("weights.bin")).unwrap()).collect();
    assert_eq!(before, after);
}

#[test]
fn arguments_that_do_not_fit_and_damaged_files_are_told() {
    let work = Work::new();
    work.run(BEFORE, &["all"]);
    let params = work.jobs("mig.raised")[0].join("params.json");
    let whole = fs::read_to_string(&params).unwrap();
    let cases = [
        (
            "\"x\": 1",
            "\"x\": 1, \"gone\": 2",
            "mig.raised: there is no argument `gone`: write `renamed_from` on what has",
        ),
        ("\"x\": 1", "\"old\": 1", "mig.raised: the argument `x` is missing: write `renamed_from`"),
        ("\"x\": 1", "\"x\": {\"$what\": 1}", "is damaged (mig.raised.x: `$what` is nothing that xpm writes)"),
        ("\"format\": 1", "\"format\": 9", "has format 9, and this binary knows formats up to 1"),
        ("mig.raised", "mig.other", "is damaged (it holds the arguments of mig.other/"),
    ];
    for (now, edited, message) in cases {
        assert!(whole.contains(now), "{whole}");
        fs::write(&params, whole.replacen(now, edited, 1)).unwrap();
        work.migrate(&["--task", "mig.raised"]).ok().says(&["not migrated: 1 finished job of mig.raised", message]);
    }
    fs::write(&params, whole.replacen("\"task\"", "\"tusk\"", 1)).unwrap();
    work.migrate(&["--task", "mig.raised"]).ok().says(&["is damaged (missing field `task`"]);
    fs::remove_file(&params).unwrap();
    work.migrate(&["--task", "mig.raised"]).ok().says(&["its params.json is gone"]);
    // A job of another type of argument, and what depends on a job that is gone.
    let same = work.jobs("mig.same")[0].join("params.json");
    let text = fs::read_to_string(&same).unwrap().replacen("\"old_name\": 1", "\"old_name\": 1.5", 1);
    fs::write(&same, text).unwrap();
    work.migrate(&["--task", "mig.same"]).ok().says(&[
        "mig.same: argument `name`: expected integer (u32), found a float (1.5); if its type has changed, keep the old one",
    ]);
    work.jobs("mig.train").iter().for_each(|train| fs::remove_dir_all(train).unwrap());
    work.migrate(&["--task", "mig.evaluate"]).ok().says(&[
        "not migrated: 2 finished jobs of mig.evaluate",
        "the arguments of the job of mig.train that it depends on are gone",
    ]);
}
