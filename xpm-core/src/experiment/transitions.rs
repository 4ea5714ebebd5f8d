//! What becomes of a job of this run: every change of its state, counted, written to the journal and reported.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::message::Message;
use super::mode::RunMode;
use super::shared::Shared;
use super::state::{JobCell, JobState};
use crate::ids::JobKey;
use crate::report::{Event, JobLabel};
use crate::workspace::Failure;
use crate::workspace::journal::JournalEvent;

impl Shared {
    /// Says that an attempt of a job has been started, or that it is run by somebody else.
    pub(super) fn job_runs(self: &Arc<Self>, cell: &Arc<JobCell>, attempt: Option<u32>) {
        cell.set(JobState::Running);
        self.watch_outputs(cell);
        let job = cell.key().into();
        self.journal(&match attempt {
            Some(attempt) => JournalEvent::Started { job, attempt },
            None => JournalEvent::Attached { job },
        });
        let label = self.label(cell);
        self.report(&if attempt.is_none() { Event::JobAttached(label) } else { Event::JobStarted(label) });
    }

    /// Says that whoever ran the job is gone.
    pub(super) fn job_freed(&self, cell: &JobCell) {
        cell.set(JobState::Waiting);
        let label = self.label(cell);
        self.report(&Event::JobFreed(label));
    }

    /// The one place where a job of this run ends. `ran` says whether it was by this run.
    pub(super) fn job_ended(self: &Arc<Self>, cell: &Arc<JobCell>, state: JobState, ran: bool) {
        self.job_wanted(cell);
        let label = self.jobs().tell_end(cell);
        if state == JobState::Done && ran {
            self.ran.fetch_add(1, Ordering::Relaxed);
        }
        self.journal_end(cell, &state, ran);
        self.report_end(cell, &state, label, ran);
        let failed = state != JobState::Done;
        let (callbacks, lanes) = cell.end(state);
        // Before the job counts as ended: these count as callbacks.
        for lane in lanes {
            self.run_lane(cell, &lane, true);
        }
        // Counted last, and at once: whoever finds that all have ended finds that in their states too, and in their callbacks.
        self.settle(|jobs| {
            jobs.count_end(failed);
            jobs.callbacks += callbacks.len();
        });
        for callback in callbacks {
            self.call_back(cell, callback);
        }
    }

    pub(super) fn report_end(&self, cell: &JobCell, state: &JobState, label: JobLabel, ran: bool) {
        match state {
            JobState::Failed(failure) => {
                let log = cell.folder.stderr();
                let log = log.exists().then_some(log);
                self.report(&Event::JobFailed { job: label, failure: failure.clone(), log });
            }
            JobState::Cancelled => self.report(&Event::JobStopped(label)),
            // A run that starts nothing says more of it.
            JobState::Planned => {}
            _ if ran => self.report(&Event::JobDone(label)),
            _ => self.report(&Event::JobFoundDone(label)),
        }
    }

    /// A transient job is needed. Says whether nothing had needed it before.
    pub(super) fn job_wanted(&self, cell: &JobCell) -> bool {
        if cell.state() != JobState::Skipped {
            return false;
        }
        // Whoever waits for it and the driver may find it at once: one of them is told.
        let Some(label) = self.jobs().want(cell) else { return false };
        self.report(&Event::JobSubmitted(label));
        true
    }

    /// A transient job would be run, if this run started anything. Gives its place in the order of submission.
    pub(super) fn plan_transient(&self, job: &JobKey) -> Option<usize> {
        self.jobs().plan(job)
    }

    /// Makes a transient job run, since somebody waits for it. From here on the run does not end before it.
    pub(crate) fn need(&self, cell: &JobCell) {
        if self.mode() != RunMode::Normal {
            if !self.is_over() {
                self.plan_needed(std::slice::from_ref(cell.key()));
            }
            return;
        }
        if !self.is_over() && self.job_wanted(cell) {
            // Without a driver nothing is started, which whoever waits is told.
            let _ = self.send(Message::Needed(cell.key().clone()));
        }
    }

    /// An attempt has failed and there will be another.
    pub(super) fn job_retried(self: &Arc<Self>, cell: &Arc<JobCell>, failure: &Failure, delay: Duration) {
        cell.set(JobState::Waiting);
        self.journal(&JournalEvent::Retried { job: cell.key().into(), failure: failure.clone() });
        for lane in cell.lanes() {
            self.run_lane(cell, &lane, false);
        }
        let label = self.label(cell);
        self.report(&Event::JobRetried { job: label, failure: failure.clone(), delay });
    }

    /// A job that had failed or was cancelled is wanted again: it has not ended any more.
    pub(super) fn job_revived(&self, cell: &JobCell) {
        let label = self.jobs().revive(cell);
        self.report(&Event::JobResubmitted(label));
    }
}
