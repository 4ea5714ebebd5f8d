//! The jobs of one run, in order of submission, and how many of them have come how far.

use std::sync::Arc;

use indexmap::IndexMap;

use super::calls::Calls;
use super::failures::FailedJob;
use super::state::{JobCell, JobState};
use super::wakers::Wakers;
use crate::ids::JobKey;
use crate::report::JobLabel;

/// Every job of the run, and what is counted of them: under one lock, so that whoever looks finds numbers that agree.
#[derive(Default)]
pub(super) struct Jobs {
    by_key: IndexMap<JobKey, Arc<JobCell>>,
    /// Jobs whose end is told, or about to be.
    told: usize,
    /// Jobs whose state says that they have ended.
    ended: usize,
    failed: usize,
    /// Of those that have ended, the transient ones that nothing needed.
    skipped: usize,
    broken: bool,
    /// Callbacks that are to be called or run.
    pub(super) callbacks: usize,
    /// Those of them that run, and whether they wait for everything else.
    pub(super) calls: Calls,
    /// How often everything had ended but callbacks that wait for that.
    pub(super) rounds: u64,
    /// Futures that wait for everything.
    pub(super) wakers: Wakers,
}

impl Jobs {
    pub(super) fn get(&self, key: &JobKey) -> Option<Arc<JobCell>> {
        self.by_key.get(key).cloned()
    }

    pub(super) fn cells(&self) -> Vec<Arc<JobCell>> {
        self.by_key.values().cloned().collect()
    }

    /// Adds a job that is in this state.
    pub(super) fn add(&mut self, cell: Arc<JobCell>, state: &JobState) {
        self.by_key.insert(cell.key().clone(), cell);
        // A skipped job is waited for by nobody, until it is needed.
        let skipped = *state == JobState::Skipped;
        if state.is_final() || skipped {
            self.told += 1;
            self.ended += 1;
            self.skipped += usize::from(skipped);
            self.failed += usize::from(state.has_failed());
        }
    }

    /// A job for events, with how many have ended so far. Jobs that nothing needs are not among those that are to end.
    pub(super) fn label(&self, cell: &JobCell) -> JobLabel {
        JobLabel {
            key: cell.key().clone(),
            tags: Arc::new(cell.tags.to_map()),
            folder: cell.folder.clone(),
            ended: self.told - self.skipped,
            submitted: self.by_key.len() - self.skipped,
        }
    }

    /// A job that is about to end, for the event that tells it.
    pub(super) fn tell_end(&mut self, cell: &JobCell) -> JobLabel {
        self.told += 1;
        self.label(cell)
    }

    /// Counts a job whose state says now that it has ended.
    pub(super) fn count_end(&mut self, failed: bool) {
        self.ended += 1;
        self.failed += usize::from(failed);
    }

    /// A transient job is needed: it waits from here on. Nothing if it was needed before.
    pub(super) fn want(&mut self, cell: &JobCell) -> Option<JobLabel> {
        if cell.state() != JobState::Skipped {
            return None;
        }
        self.skipped -= 1;
        Some(self.wait_again(cell))
    }

    /// A job that had failed or was cancelled is wanted again: it has not ended any more.
    pub(super) fn revive(&mut self, cell: &JobCell) -> JobLabel {
        self.failed -= 1;
        self.wait_again(cell)
    }

    fn wait_again(&mut self, cell: &JobCell) -> JobLabel {
        self.told -= 1;
        self.ended -= 1;
        cell.set(JobState::Waiting);
        self.label(cell)
    }

    /// A transient job would be run, if this run started anything. Gives its place in the order of submission.
    pub(super) fn plan(&mut self, job: &JobKey) -> Option<usize> {
        let (place, _, cell) = self.by_key.get_full(job)?;
        cell.plan();
        self.skipped -= 1;
        Some(place)
    }

    pub(super) fn all_ended(&self) -> bool {
        self.ended >= self.by_key.len()
    }

    /// There is no driver any more. Gives the jobs that have not ended, which nobody starts or watches.
    pub(super) fn break_down(&mut self) -> Vec<Arc<JobCell>> {
        if self.all_ended() {
            return Vec::new();
        }
        self.broken = true;
        self.by_key.values().filter(|cell| !cell.state().is_final()).cloned().collect()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The jobs that failed, in order of submission.
    pub(super) fn failed(&self) -> Vec<FailedJob> {
        if self.failed == 0 {
            return Vec::new();
        }
        self.by_key.values().filter_map(|cell| FailedJob::of(cell)).collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let submitted = self.by_key.len();
        let Self { ended, failed, skipped, .. } = *self;
        Counts {
            submitted,
            failed,
            skipped,
            done: ended.saturating_sub(failed + skipped),
            unfinished: submitted - ended,
        }
    }
}

/// How many jobs there are, and how many have come how far.
pub(super) struct Counts {
    pub(super) submitted: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    /// Transient jobs that nothing needed.
    pub(super) skipped: usize,
    pub(super) unfinished: usize,
}
