//! How long a run will still take, as far as that can be known, in words that promise no more.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What the estimate is made of.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Of each task, how many jobs have run to their end and how long all of them took.
    pub(super) ran: HashMap<Arc<str>, (u32, Duration)>,
    /// Of each task, how many jobs have not begun.
    pub(super) waiting: HashMap<Arc<str>, usize>,
    /// Of each job that runs, its task, how long it has run, and how far it is if it tells.
    pub(super) running: Vec<(Arc<str>, Duration, Option<f64>)>,
    /// Since the first job began.
    pub(super) elapsed: Duration,
}

/// How long something will still take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Left {
    seconds: f64,
    /// Whether there are jobs of which nothing is known.
    at_least: bool,
}

/// A job that says it is this far, and not yet at the end, says how long it will take.
const TELLING: f64 = 0.02;

impl Work {
    /// How long the work that is left takes if it goes on as so far: jobs take as long as others of their task did, as many
    /// at a time as there were on average. `None` as long as nothing is known.
    pub(super) fn left(&self) -> Option<Left> {
        let mut known = self.ran.clone();
        // How long a job will have taken that says how far it is.
        let told: Vec<_> = self
            .running
            .iter()
            .map(|(task, elapsed, fraction)| {
                let whole = elapsed.div_f64(fraction.filter(|f| (TELLING..1.0).contains(f))?);
                let (count, total) = known.entry(task.clone()).or_default();
                (*count, *total) = (*count + 1, total.saturating_add(whole));
                Some(whole)
            })
            .collect();
        let mean = |task: &Arc<str>| {
            let (count, total) = known.get(task).filter(|(count, _)| *count > 0)?;
            Some(total.as_secs_f64() / f64::from(*count))
        };
        let (mut work, mut longest, mut unknown) = (0.0, 0.0_f64, 0);
        for ((task, elapsed, _), told) in self.running.iter().zip(told) {
            let left =
                told.map(|whole| whole.as_secs_f64()).or_else(|| mean(task)).map(|whole| whole - elapsed.as_secs_f64());
            // A job that takes longer than the others did may take however long.
            match left.filter(|left| *left >= 0.0) {
                Some(left) => {
                    work += left;
                    longest = longest.max(left);
                }
                None => unknown += 1,
            }
        }
        for (task, count) in self.waiting.iter().filter(|(_, count)| **count > 0) {
            match mean(task) {
                Some(mean) => work += mean * *count as f64,
                None => unknown += count,
            }
        }
        let busy: f64 = self.ran.values().map(|(_, total)| total.as_secs_f64()).sum::<f64>()
            + self.running.iter().map(|(_, elapsed, _)| elapsed.as_secs_f64()).sum::<f64>();
        let at_a_time = (busy / self.elapsed.as_secs_f64().max(0.001)).max(1.0);
        let seconds = longest.max(work / at_a_time);
        let known = unknown == 0 || seconds > 0.0;
        known.then_some(Left { seconds, at_least: unknown > 0 })
    }
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const MINUTE: f64 = 60.0;
        const HOUR: f64 = 3600.0;
        const DAY: f64 = 86400.0;
        let how = if self.at_least { "more than" } else { "about" };
        // Up to the next round number: a run that ends early disappoints nobody.
        let up = |step: f64| (self.seconds / step).ceil() * step;
        match self.seconds {
            s if s <= 5.0 && !self.at_least => f.write_str("a few seconds left"),
            s if s <= 55.0 => write!(f, "{how} {:.0} s left", up(5.0).max(5.0)),
            s if s <= 10.0 * MINUTE => write!(f, "{how} {:.0} min left", up(MINUTE) / MINUTE),
            s if s <= 55.0 * MINUTE => write!(f, "{how} {:.0} min left", up(5.0 * MINUTE) / MINUTE),
            s if s <= 10.0 * HOUR => {
                let (hours, minutes) = ((up(10.0 * MINUTE) / HOUR + 1e-9).floor(), up(10.0 * MINUTE) / MINUTE % 60.0);
                match minutes {
                    0.0 => write!(f, "{how} {hours:.0} h left"),
                    _ => write!(f, "{how} {hours:.0} h {minutes:.0} min left"),
                }
            }
            s if s <= 2.0 * DAY => write!(f, "{how} {:.0} h left", up(HOUR) / HOUR),
            _ => write!(f, "{how} {:.0} days left", up(DAY) / DAY),
        }
    }
}

/// How long something has taken, in at most six columns up to a hundred days.
pub(super) fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn work() -> Work {
        Work { elapsed: seconds(100), ..Work::default() }
    }

    fn said(work: &Work) -> Option<String> {
        work.left().map(|left| left.to_string())
    }

    #[test]
    fn nothing_is_said_while_nothing_is_known() {
        let mut work = work();
        work.waiting.insert("a".into(), 10);
        work.running.push(("a".into(), seconds(30), None));
        assert_eq!(said(&work), None);
    }

    #[test]
    fn jobs_take_as_long_as_others_of_their_task_as_many_at_a_time_as_so_far() {
        let mut work = work();
        // Four at a time for 100 s.
        work.ran.insert("a".into(), (40, seconds(400)));
        work.waiting.insert("a".into(), 120);
        assert_eq!(said(&work).unwrap(), "about 5 min left");
        // Of another task nothing is known yet.
        work.waiting.insert("b".into(), 1);
        assert_eq!(said(&work).unwrap(), "more than 5 min left");
        work.ran.insert("b".into(), (1, seconds(0)));
        assert_eq!(said(&work).unwrap(), "about 5 min left");
    }

    #[test]
    fn the_longest_job_that_runs_is_waited_for() {
        let mut work = work();
        work.ran.insert("a".into(), (10, seconds(500)));
        work.running.push(("a".into(), seconds(10), None));
        assert_eq!(said(&work).unwrap(), "about 40 s left");
        // What it says itself is better than what others took.
        work.running.push(("a".into(), seconds(10), Some(0.01)));
        work.running.push(("a".into(), seconds(60), Some(0.1)));
        assert_eq!(said(&work).unwrap(), "about 9 min left");
        // Longer than the others: nobody knows.
        work.running = vec![("a".into(), seconds(70), None), ("a".into(), seconds(70), Some(1.0))];
        assert_eq!(said(&work), None);
    }

    #[test]
    fn times_are_as_round_as_they_are_uncertain() {
        for (left, text) in [
            (3, "a few seconds left"),
            (41, "about 45 s left"),
            (58, "about 1 min left"),
            (170, "about 3 min left"),
            (1500, "about 25 min left"),
            (3599, "about 1 h left"),
            (5000, "about 1 h 30 min left"),
            (40_000, "about 12 h left"),
            (300_000, "about 4 days left"),
        ] {
            assert_eq!(Left { seconds: f64::from(left), at_least: false }.to_string(), text);
        }
        assert_eq!(Left { seconds: 3.0, at_least: true }.to_string(), "more than 5 s left");
        for (time, text) in [(5, "5s"), (65, "1m05s"), (7500, "2h05m"), (200_000, "2d07h")] {
            assert_eq!(elapsed(seconds(time)), text);
        }
    }
}
