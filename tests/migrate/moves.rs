//! What migrates, what is found then, and the way back.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::harness::{AFTER, BEFORE, Work, json};

#[test]
fn nothing_is_run_again_and_the_way_back_is_exact() {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    let at_first = work.files();
    let dry = work.migrate(&[]).ok();
    dry.says(&[
        "mig.train → mig.fit: 2 finished jobs",
        "`mig.model` is called `mig.net` now",
        "the argument `k` of `mig.net` is called `k1` now",
        "the argument `model` of `mig.fit` is called `net` now",
        "`mig.train` is called `mig.fit` now",
        "the argument `depth` of `mig.net` is not in the identity any more (equal to its default)",
        "mig.evaluate: 2 finished jobs\n  a job of mig.fit that it depends on has moved\n",
        "mig.count.v1 → mig.count: 2 finished jobs",
        "`mig.schedule` is deprecated, and `mig.steps` in its place",
        "`mig.count.v1` is deprecated, and `mig.count` in its place",
        "Nothing has been changed. `migrate_after xpm migrate --workdir work --yes` makes 6 finished jobs found under their new \
         identity; the old folders stay.",
    ]);
    assert_eq!(work.files(), at_first, "a look changes nothing");

    work.migrate(&["--yes"]).ok().says(&["6 finished jobs are found under their new identity now", "--undo --yes"]);
    let migrated = work.files();
    for (path, file) in &at_first {
        assert_eq!(migrated.get(path), Some(file), "{}", path.display());
    }
    // Nothing is copied but what names the identity.
    let fits = work.jobs("mig.fit");
    assert_eq!(fits.len(), 2);
    for fit in &fits {
        for name in ["weights.bin", "checkpoints/1.txt", "stdout.log", "stderr.log", ".xpm/metrics.jsonl"] {
            assert_eq!(fs::metadata(fit.join(name)).unwrap().nlink(), 2, "{name}");
        }
        assert_eq!(fs::read_to_string(fit.join("last.txt")).unwrap(), "first");
    }
    work.migrate(&[]).ok().says(&["6 finished jobs are found under their new identity already", "nothing to migrate"]);
    work.migrate(&["--yes"]).ok();
    assert_eq!(work.files(), migrated);

    for program in [AFTER, BEFORE] {
        work.run(program, &[]).ok().says(&["6 done before"]);
        assert_eq!(work.files(), migrated, "{program} runs nothing");
    }
    // The files and outputs of before are those of today's jobs.
    work.run(AFTER, &["all"]).ok().says(&["1 0.5 1", "1 0.5 2"]);

    let undo = Work::new();
    undo.run(BEFORE, &[]).ok();
    let at_first = undo.files();
    undo.migrate(&["--undo"]).ok().says(&["There is nothing to take back."]);
    undo.migrate(&["--yes"]).ok();
    undo.migrate(&["--undo"]).ok().says(&["mig.fit, once mig.train: 2 finished jobs", "takes 6 finished jobs back"]);
    assert_ne!(undo.files(), at_first);
    undo.migrate(&["--undo", "--yes", "--task", "mig.count"]).ok().says(&["2 finished jobs are taken back"]);
    undo.migrate(&["--undo", "--yes"]).ok().says(&["4 finished jobs are taken back"]);
    assert_eq!(undo.files(), at_first);
    for gone in ["mig.fit", "mig.count"] {
        assert!(!undo.path.join("jobs").join(gone).exists(), "{gone}");
    }
    undo.run(BEFORE, &[]).ok().says(&["6 done before"]);
    assert_eq!(undo.files(), at_first);
}

#[test]
fn as_json() {
    let work = Work::new();
    work.run(BEFORE, &["all"]);
    let said = json(&work.migrate(&["--json", "--task", "mig.train"]).ok().out);
    assert_eq!((said["format"].as_i64(), said["dry"].as_bool()), (Some(1), Some(true)));
    assert_eq!(said["moves"].as_array().unwrap().len(), 2);
    assert_eq!(said["stays"].as_array().unwrap().len(), 0);
    let one = &said["moves"][0];
    assert!(one["from"].as_str().unwrap().starts_with("mig.train/") && one["moved"] == false, "{one}");
    // What a conversion prints is no part of it.
    let counts = work.migrate(&["--json", "--task", "mig.count.v1"]).ok();
    assert_eq!(json(&counts.out)["moves"].as_array().unwrap().len(), 2);
    assert!(counts.err.contains("a count is converted"), "{}", counts.err);
    let said = json(&work.migrate(&["--json", "--yes", "--task", "mig.fit"]).ok().out);
    assert_eq!(said["moves"][0]["moved"], true);
    assert_eq!(work.jobs("mig.fit").len(), 2);
    assert!(work.jobs("mig.count").is_empty());
    let said = json(&work.migrate(&["--json", "--undo", "--yes"]).ok().out);
    assert_eq!(said["undo"].as_array().unwrap().len(), 2);
    assert_eq!(said["undo"][0]["taken_back"], true);
}

#[test]
fn a_deprecated_type_keeps_its_own_identity_in_plans() {
    let work = Work::new();
    work.run(AFTER, &["deprecated"]).ok().says(&["false"]);
    let said = crate::harness::said(work.command(AFTER, &["xpm", "describe", "mig.schedule"])).ok();
    said.says(&["Deprecated: mig.steps has taken its place."]);
}

#[test]
fn who_looks_at_the_workspace_counts_a_job_once() {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    work.migrate(&["--yes"]).ok();
    let snapshot = xpm::Workspace::open(&work.path).unwrap().snapshot();
    assert_eq!((snapshot.job_count(), snapshot.jobs().len(), snapshot.counts().done), (12, 6, 6));
    // The runs so far know the old ones only; what refers to nothing is what a person may remove, and loses nothing by it.
    assert_eq!(snapshot.experiment("mig").unwrap().jobs().len(), 6);
    assert_eq!(snapshot.orphans().len(), 6);
    work.run(AFTER, &[]).ok();
    let snapshot = xpm::Workspace::open(&work.path).unwrap().snapshot();
    let jobs = snapshot.experiment("mig").unwrap().jobs();
    assert_eq!(jobs.len(), 6);
    for job in jobs {
        let before = snapshot.get(&job.migrated_from().unwrap()).unwrap();
        assert!(before.migrated_from().is_none());
        assert_eq!(before.value().unwrap(), job.value().unwrap());
        assert_eq!(before.metric_summaries().len(), job.metric_summaries().len());
    }
    assert_eq!(snapshot.orphans().len(), 0);
    // Without the old folders nothing is missing.
    for task in ["mig.train", "mig.count.v1"] {
        fs::remove_dir_all(work.path.join("jobs").join(task)).unwrap();
    }
    let snapshot = xpm::Workspace::open(&work.path).unwrap().snapshot();
    assert_eq!((snapshot.job_count(), snapshot.jobs().len(), snapshot.counts().done), (8, 6, 6));
    let files = work.files();
    work.run(AFTER, &[]).ok().says(&["6 done before"]);
    assert_eq!(work.files(), files);
}
