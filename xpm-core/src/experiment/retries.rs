//! When a failed attempt is followed by the next one: at once, or after a delay that doubles each time. It does not know which
//! failures are worth another attempt, nor how many there may be.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::scheduler::JobNumber;
use crate::workspace::Failure;

/// The delay before the first retry, unless the plan says otherwise.
const FIRST: Duration = Duration::from_secs(1);

/// No delay grows beyond this one, or beyond the first if that is longer.
const LONGEST: Duration = Duration::from_secs(60);

/// The retries of a run.
#[derive(Debug, Default)]
pub(super) struct Retries {
    /// First delays that the plan has set.
    first: HashMap<JobNumber, Duration>,
    /// How many retries each job has had.
    made: HashMap<JobNumber, u32>,
    /// The jobs whose retry is held off, by when it is due.
    due: BTreeSet<(Instant, JobNumber)>,
    held: HashMap<JobNumber, Held>,
}

/// A retry that is held off.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) due: Instant,
    /// Of the attempt before.
    pub(super) failure: Failure,
}

impl Retries {
    /// Sets the first delay of a job.
    pub(super) fn set_first(&mut self, job: JobNumber, first: Duration) {
        self.first.insert(job, first);
    }

    /// Begins anew with a job that was submitted again: earlier retries count no more.
    pub(super) fn forget(&mut self, job: JobNumber) {
        self.first.remove(&job);
        self.made.remove(&job);
    }

    /// The delay before the job's next retry.
    pub(super) fn delay(&self, job: JobNumber) -> Duration {
        let first = self.first.get(&job).copied().unwrap_or(FIRST);
        let doublings = self.made.get(&job).copied().unwrap_or(0).min(30);
        first.saturating_mul(1 << doublings).min(LONGEST.max(first))
    }

    /// Counts a retry.
    pub(super) fn count(&mut self, job: JobNumber) {
        *self.made.entry(job).or_default() += 1;
    }

    /// Holds the job's retry off until `due`.
    pub(super) fn hold(&mut self, job: JobNumber, due: Instant, failure: Failure) {
        if let Some(before) = self.held.insert(job, Held { due, failure }) {
            self.due.remove(&(before.due, job));
        }
        self.due.insert((due, job));
    }

    /// The retry of this job, if it is held off.
    pub(super) fn held(&self, job: JobNumber) -> Option<&Held> {
        self.held.get(&job)
    }

    /// When the next retry is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|&(due, _)| due)
    }

    /// Takes out a job whose retry is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<JobNumber> {
        let &(due, job) = self.due.first().filter(|&&(due, _)| due <= now)?;
        self.due.remove(&(due, job));
        self.held.remove(&job);
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::{Capacity, Request, Scheduler};

    fn jobs<const N: usize>() -> [JobNumber; N] {
        let mut scheduler = Scheduler::new(&Capacity { cpus: 1, memory: None, gpus: Vec::new() });
        [0; N].map(|_| scheduler.submit(Request::default(), &mut Vec::new()).unwrap())
    }

    #[test]
    fn delays_double_up_to_a_minute() {
        let (mut retries, [job, slow, eager]) = (Retries::default(), jobs());
        let mut delays = |job, first: Option<Duration>| {
            retries.forget(job);
            if let Some(first) = first {
                retries.set_first(job, first);
            }
            let mut next = || {
                let delay = retries.delay(job);
                retries.count(job);
                delay.as_millis()
            };
            [0; 8].map(|_| next())
        };
        assert_eq!(delays(job, None), [1, 2, 4, 8, 16, 32, 60, 60].map(|seconds| seconds * 1_000));
        assert_eq!(delays(job, None)[0], 1_000, "submitted again, it begins anew");
        assert_eq!(delays(slow, Some(Duration::from_secs(300))), [300_000; 8]);
        assert_eq!(delays(eager, Some(Duration::ZERO)), [0; 8]);
    }

    #[test]
    fn retries_come_in_the_order_in_which_they_are_due() {
        let (mut retries, [first, second, third]) = (Retries::default(), jobs());
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        for (job, seconds) in [(first, 3), (second, 1), (third, 2), (first, 2), (first, 4)] {
            retries.hold(job, later(seconds), Failure::Lost);
        }
        assert_eq!((retries.next(), retries.pop(now)), (Some(later(1)), None));
        let popped = [2, 2, 2, 4, 9].map(|seconds| retries.pop(later(seconds)));
        assert_eq!(popped, [Some(second), Some(third), None, Some(first), None]);
        assert!(retries.next().is_none() && retries.held(first).is_none());
    }
}
