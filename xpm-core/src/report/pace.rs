//! How many lines a run of many short jobs prints: all of them while they come slowly, and what came in between in a word
//! when they come fast.

use std::time::{Duration, Instant};

/// A bucket of lines that may be printed.
#[derive(Debug)]
pub(super) struct Pace {
    lines: f64,
    filled: Option<Instant>,
    held: usize,
}

/// What may be printed at once.
const BURST: f64 = 20.0;

/// How long it takes until another line may be printed.
const REFILL: Duration = Duration::from_secs(1);

impl Default for Pace {
    fn default() -> Self {
        Self { lines: BURST, filled: None, held: 0 }
    }
}

impl Pace {
    /// Whether a line may be printed now, and then how many were held back since the last.
    pub(super) fn ask(&mut self, now: Instant) -> Option<usize> {
        let since = self.filled.map_or(Duration::ZERO, |filled| now.saturating_duration_since(filled));
        self.filled = Some(now);
        self.lines = (self.lines + since.as_secs_f64() / REFILL.as_secs_f64()).min(BURST);
        if self.lines < 1.0 {
            self.held += 1;
            return None;
        }
        self.lines -= 1.0;
        Some(std::mem::take(&mut self.held))
    }

    /// How many lines are held back.
    pub(super) fn take_held(&mut self) -> usize {
        std::mem::take(&mut self.held)
    }

    pub(super) fn holds(&self) -> bool {
        self.held > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_held_back_and_counted() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let mut printed = 0;
        for i in 0..5_000 {
            printed += usize::from(pace.ask(begin + Duration::from_millis(i)).is_some());
        }
        assert!((20..=26).contains(&printed), "{printed}");
        assert!(pace.holds());
        let held = pace.take_held();
        assert!(held > 900 && !pace.holds(), "{held}");
    }

    #[test]
    fn slow_jobs_are_all_printed() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        for i in 0..1_000 {
            assert_eq!(pace.ask(begin + Duration::from_secs(i)), Some(0));
        }
    }
}
