//! The region and the lines count the same.

use std::path::PathBuf;

use super::*;
use crate::report::{line::Style, text};

fn label(n: u8, ended: usize, submitted: usize) -> JobLabel {
    let key = JobKey { task: "ir.rank".into(), identity: crate::Identity::from_bytes([n; 32]) };
    let folder = JobFolder::new(PathBuf::from("/w/jobs").join(key.to_string()), key.clone());
    JobLabel { key, tags: Arc::default(), folder, ended, submitted }
}

#[test]
fn the_bar_is_full_when_the_lines_say_that_everything_has_ended() {
    let mut tally = Tally::new("grid".to_owned());
    let now = Instant::now();
    let last = label(3, 3, 3);
    for event in [
        Event::JobSubmitted(label(1, 0, 1)),
        Event::JobSubmitted(label(2, 0, 2)),
        Event::JobFoundDone(label(2, 1, 2)),
        Event::JobStarted(label(1, 1, 2)),
        Event::JobDone(label(1, 2, 2)),
        // A transient one, needed from here on.
        Event::JobSubmitted(label(3, 2, 3)),
        Event::JobStarted(label(3, 2, 3)),
        Event::JobStopped(last.clone()),
    ] {
        tally.note(&event, now);
    }
    let counts = tally.counts();
    assert_eq!((counts.ended(), counts.submitted, counts.waiting()), (last.ended, last.submitted, 0));
    let line = text::ended(&last, Style::Bad, "stopped").text();
    assert!(line.starts_with(&format!("xpm: [{}/{}] ", counts.ended(), counts.submitted)), "{line}");
}
