//! `migrate` is killed, or a system call of it fails, at every step: what counts is whole, and the next one mends the rest.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::{AFTER, BEFORE, Said, Work, said};

/// Runs a command with a log of the points that it reaches, and perhaps a fault.
fn with_fault(work: &Work, args: &[&str], fault: Option<&str>) -> (Said, Vec<String>) {
    let log = work.path.with_file_name("points");
    let _ = fs::remove_file(&log);
    let mut command = work.command(AFTER, &[&["xpm", "migrate", "--workdir", "work", "--yes"], args].concat());
    command.env("XPM_FAULT_LOG", &log);
    fault.map(|fault| command.env("XPM_FAULT", fault));
    let said = said(command);
    let lines = fs::read_to_string(&log).unwrap_or_default().lines().map(str::to_owned).collect();
    (said, lines)
}

/// The points that change something, and how often each is reached.
fn points(reached: &[String]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in reached {
        let point = line.strip_prefix("job ").unwrap();
        if !point.starts_with("read ") {
            *counts.entry(point.to_owned()).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

fn prepared() -> Work {
    let work = Work::new();
    work.run(BEFORE, &[]).ok();
    work
}

/// What is tried out at a point that is reached so often: the first and the last time, by a kill or by an error. Briefly, they
/// take turns; `XPM_WALK=all` tries all of them.
fn cases(number: usize, count: usize, error: &'static str) -> Vec<(usize, &'static str)> {
    let mut cases = vec![(1, "kill"), (count, error), (1, error), (count, "kill")];
    if !std::env::var("XPM_WALK").is_ok_and(|value| value == "all") {
        cases = cases.split_off(number % 2 * 2);
        cases.truncate(2);
    }
    cases
}

/// Folders out of sight.
fn remains(work: &Work) -> usize {
    work.files().keys().filter(|path| path.to_string_lossy().contains(".migrating")).count()
}

#[test]
fn a_migration_that_is_cut_short_is_finished_by_the_next() {
    let work = prepared();
    let (said, reached) = with_fault(&work, &[], None);
    said.ok();
    let points = points(&reached);
    for name in ["make folder JOB", "link weights.bin", "sync params.json", "rename status.json", "publish JOB"] {
        assert!(points.iter().any(|(point, _)| point == name), "{name}: {points:?}");
    }
    let mut tried = 0;
    let work = prepared();
    let at_first = work.files();
    for (number, (point, count)) in points.iter().enumerate() {
        for (nth, action) in cases(number, *count, "28") {
            let (said, _) = with_fault(&work, &[], Some(&format!("job {nth} {action} {point}")));
            assert_ne!(said.code, Some(0), "{action} {point} {nth}: {}{}", said.out, said.err);
            if action == "28" {
                said.says(&["No space left on device"]);
                assert_eq!(remains(&work), 0, "{point}");
            }
            at_first.iter().for_each(|(path, file)| assert_eq!(work.files().get(path), Some(file), "{point}"));
            // Only what is whole has a name.
            for fit in work.jobs("mig.fit").iter().filter(|path| !path.to_string_lossy().contains(".migrating")) {
                assert!(fit.join("status.json").exists() && fit.join("weights.bin").exists(), "{point}");
            }
            with_fault(&work, &[], None).0.ok();
            assert_eq!(remains(&work), 0, "{point}");
            assert_eq!(work.jobs("mig.fit").len() + work.jobs("mig.count").len(), 4);
            with_fault(&work, &["--undo"], None).0.ok();
            assert_eq!(work.files(), at_first, "{action} {point} {nth}");
            tried += 1;
        }
    }
    println!("{} points, {tried} cases", points.len());
    with_fault(&work, &[], None).0.ok();
    work.run(AFTER, &[]).ok().says(&["6 done before"]);
}

#[test]
fn a_way_back_that_is_cut_short_is_finished_by_the_next() {
    let work = prepared();
    let at_first = work.files();
    with_fault(&work, &[], None).0.ok();
    let (said, reached) = with_fault(&work, &["--undo"], None);
    said.ok();
    let mut tried = 0;
    for (number, (point, count)) in points(&reached).into_iter().enumerate() {
        for (nth, action) in cases(number, count, "13") {
            with_fault(&work, &[], None).0.ok();
            let (said, _) = with_fault(&work, &["--undo"], Some(&format!("job {nth} {action} {point}")));
            // A lock that cannot be looked at counts as held, which hinders nobody where that job's files are not touched.
            let harmless = action == "13" && point == "look at lock" && said.code == Some(0);
            assert!(harmless || said.code != Some(0), "{action} {point} {nth}: {}{}", said.out, said.err);
            if action == "13" && !harmless {
                said.says(&["Permission denied"]);
            }
            at_first.iter().for_each(|(path, file)| assert_eq!(work.files().get(path), Some(file), "{point}"));
            with_fault(&work, &["--undo"], None).0.ok();
            assert_eq!(work.files(), at_first, "{action} {point} {nth}");
            tried += 1;
        }
    }
    println!("{tried} cases");
}
