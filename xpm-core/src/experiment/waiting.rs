//! Waiting for everything: jobs, callbacks, and what these submit.

use std::sync::PoisonError;
use std::task::Waker;

use super::calls::CallId;
use super::jobs::Jobs;
use super::pool::while_blocked;
use super::shared::Shared;
use super::state::JobError;

impl Shared {
    /// Changes what is counted, and tells those who wait if everything has ended then.
    pub(super) fn settle(&self, change: impl FnOnce(&mut Jobs)) {
        let mut jobs = self.jobs();
        change(&mut jobs);
        let quiet = jobs.all_ended() && jobs.callbacks <= jobs.calls.waiting();
        if !quiet && jobs.callbacks > 0 {
            return;
        }
        if quiet {
            // Those that waited go on from here, whenever their threads wake up: others wait for them again.
            jobs.rounds += 1;
            jobs.calls.go_on();
        }
        let wakers = if quiet { jobs.wakers.take() } else { Vec::new() };
        drop(jobs);
        self.all_ended.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Makes those who wait for everything look again.
    pub(super) fn wake_all(&self) {
        let wakers = self.jobs().wakers.take();
        self.all_ended.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits until everything submitted so far has ended, and every callback. Within a callback, in this call of it: every other
    /// one, but for those that wait like this too.
    pub(super) fn wait_all(&self, call: Option<CallId>) -> Result<(), JobError> {
        let wait = EverythingEnded::begin(self, call);
        let result = while_blocked(|| {
            let mut jobs = self.jobs();
            loop {
                if let Some(result) = wait.look(self, &jobs) {
                    return result;
                }
                jobs = self.all_ended.wait(jobs).unwrap_or_else(PoisonError::into_inner);
            }
        });
        wait.end(self);
        result
    }

    /// Waits until no callback runs any more, whatever the run has come to.
    pub(super) fn wait_for_callbacks(&self) {
        let jobs = self.jobs();
        drop(self.all_ended.wait_while(jobs, |jobs| jobs.callbacks > 0).unwrap_or_else(PoisonError::into_inner));
    }
}

/// Somebody who waits for everything.
#[derive(Debug)]
pub(super) struct EverythingEnded {
    /// The callback that waits, if one does.
    call: Option<CallId>,
    /// The round after which a callback goes on.
    round: u64,
}

impl EverythingEnded {
    pub(super) fn begin(shared: &Shared, call: Option<CallId>) -> Self {
        let mut round = 0;
        if let Some(call) = call {
            shared.settle(|jobs| {
                round = jobs.rounds;
                jobs.calls.wait(call);
            });
        }
        Self { call, round }
    }

    /// Whether the wait is over, and how.
    pub(super) fn look(&self, shared: &Shared, jobs: &Jobs) -> Option<Result<(), JobError>> {
        let over = if self.call.is_some() { jobs.rounds > self.round } else { jobs.all_ended() && jobs.callbacks == 0 };
        match () {
            () if jobs.is_broken() => Some(Err(JobError::Broken)),
            () if over => Some(Ok(())),
            () if shared.is_interrupted() && !jobs.all_ended() => Some(Err(JobError::Interrupted)),
            () if shared.is_interrupted() && self.call.is_some() => Some(Err(JobError::Interrupted)),
            () => None,
        }
    }

    pub(super) fn end(&self, shared: &Shared) {
        let mut jobs = shared.jobs();
        // It was given up before its round was over.
        if let Some(call) = self.call.filter(|_| jobs.rounds == self.round) {
            jobs.calls.give_up(call);
        }
    }
}
