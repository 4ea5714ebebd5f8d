//! What is said of a run, line by line.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::report::{JobLabel, Summary};
use crate::value::Tags;
use crate::workspace::JobFolder;

fn label(n: u8) -> JobLabel {
    let key = JobKey { task: "ir.rank".into(), identity: crate::Identity::from_bytes([n; 32]) };
    let tags = Tags::from([("k1".to_owned(), 0.9.into()), ("sign".to_owned(), "\u{1b}[2J".into())]);
    JobLabel {
        folder: JobFolder::new(PathBuf::from("/w/jobs").join(key.to_string()), key.clone()),
        key,
        tags: Arc::new(tags),
        ended: usize::from(n),
        submitted: 200,
    }
}

fn began() -> Event {
    Event::RunBegan { experiment: "grid".to_owned(), workdir: "/my work".into(), run: "/my work/run".into() }
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(Line::text).collect()
}

fn failure(n: u8, log: Option<PathBuf>) -> Event {
    let chain = vec!["no".to_owned(), "because\nof this".to_owned()];
    Event::JobFailed { job: label(n), failure: Failure::Error { chain }, log }
}

#[test]
fn a_failed_job_is_told_with_its_log_and_the_command_to_see_more() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("stderr.log");
    let text: String = (0..30).map(|n| format!("line {n}\n")).collect();
    crate::workspace::write_atomic(&log, text.as_bytes(), crate::workspace::Durability::Lazy).unwrap();
    let mut notes = Notes::new(Detail::Quiet);
    let now = Instant::now();
    assert!(notes.note(&began(), now).is_empty());
    let lines = texts(&notes.note(&failure(7, Some(log.clone())), now));
    assert_eq!(lines[..2], ["xpm: [7/200] ir.rank/07070707 k1=0.9 sign= FAILED: no: because", "    of this"]);
    assert_eq!(lines[2], "    | line 20");
    assert_eq!(
        lines[11..],
        [
            "    | line 29".to_owned(),
            format!("    log: {}", log.display()),
            "    more: xpm log 07070707 --err --workdir '/my work'".to_owned(),
        ]
    );
    for n in 0..100 {
        notes.note(&failure(n, Some(log.clone())), now);
    }
    // Logs of twenty, then lines while they may come, then a number.
    assert_eq!(texts(&notes.flush()), ["xpm: [99/200] 61 more failed"]);
}

#[test]
fn jobs_that_are_not_started_are_told_by_the_one_that_failed() {
    let mut notes = Notes::default();
    let now = Instant::now();
    for (n, cause) in [(1, 9), (2, 8), (3, 8)] {
        let event =
            Event::JobFailed { job: label(n), failure: Failure::DependencyFailed { job: label(cause).key }, log: None };
        assert!(notes.note(&event, now).is_empty());
    }
    assert!(notes.holds());
    assert_eq!(
        texts(&notes.flush()),
        [
            "xpm: 1 job not started: ir.rank/09090909, which it depends on, failed",
            "xpm: 2 jobs not started: ir.rank/08080808, which they depend on, failed",
        ]
    );
    assert!(!notes.holds());
}

#[test]
fn what_is_said_depends_on_who_listens() {
    let summary = Summary {
        experiment: "grid".to_owned(),
        submitted: 4,
        ran: 1,
        found_done: 2,
        failed: 1,
        skipped: 0,
        unfinished: 0,
        elapsed: Duration::from_millis(1500),
        run: "/w/run".into(),
    };
    let events = [
        began(),
        Event::JobSubmitted(label(0)),
        Event::JobStarted(label(0)),
        Event::JobAttached(label(0)),
        Event::JobFreed(label(0)),
        Event::JobRetried { job: label(0), failure: Failure::TimedOut { limit: None }, delay: Duration::ZERO },
        Event::JobFoundDone(label(1)),
        Event::JobDone(label(2)),
        Event::Warning("the disk\nis full".to_owned()),
        Event::PlanFailed { error: "no topics\nin this file".to_owned(), unfinished: 2 },
        Event::Interrupted { running: 0 },
        Event::RunEnded(summary),
    ];
    let said = |detail| {
        let mut notes = Notes::new(detail);
        events.iter().flat_map(|event| texts(&notes.note(event, Instant::now()))).collect::<Vec<_>>()
    };
    let attached = "xpm: ir.rank/00000000 k1=0.9 sign= is run by another process; waiting for it";
    let done = "xpm: [2/200] ir.rank/02020202 k1=0.9 sign= done";
    let retried = "xpm: ir.rank/00000000 k1=0.9 sign= is tried again: ran out of time";
    let (warning, more, interrupted) = ("xpm: warning: the disk", "    is full", "xpm: interrupted");
    let (failed, why) = ("xpm: the plan FAILED, and 2 jobs are waited for: no topics", "    in this file");
    let ended = "xpm: grid: 1 run, 2 done before, 1 failed in 1.50 s; /w/run";
    assert_eq!(said(Detail::Lines), [attached, retried, done, warning, more, failed, why, interrupted, ended]);
    assert_eq!(said(Detail::Region), [retried, warning, more, failed, why, interrupted, ended]);
    assert_eq!(said(Detail::Quiet), [warning, more, failed, why, interrupted]);
}

#[test]
fn many_short_jobs_are_summed_up() {
    let mut notes = Notes::default();
    let begin = Instant::now();
    let mut lines = 0;
    for n in 0..200 {
        lines += notes.note(&Event::JobDone(label(n)), begin).len();
    }
    assert_eq!(lines, 20);
    let later = notes.note(&Event::JobDone(label(200)), begin + Duration::from_secs(2));
    assert!(texts(&later)[0].ends_with(" done, and 180 more"), "{later:?}");
}
