//! A job that is submitted again in the same run: while it waits, while it runs, after it has failed.

use std::sync::Arc;
use std::sync::mpsc::channel;

use super::driver::Driver;
use super::message::Message;
use super::mode::RunMode;
use super::refusal::SubmitError;
use super::shared::Shared;
use super::source::max_retries;
use super::state::{JobCell, JobError, JobState};
use super::submit::state_before;
use crate::config::{SubmitOptions, references};
use crate::ids::JobKey;
use crate::scheduler::{Again, Event, JobNumber, Outcome, Retry, State, Unsatisfiable};
use crate::workspace::Failure;

impl Shared {
    /// Takes in a further submission of a job of this run.
    pub(super) fn submit_again(
        &self,
        cell: Arc<JobCell>,
        options: &SubmitOptions,
    ) -> Result<Arc<JobCell>, SubmitError> {
        let mut depends_on = options.depends_on.clone();
        if self.mode() != RunMode::Normal {
            return Ok(cell);
        }
        // What a plan submits has one.
        let Some(node) = cell.source.node() else { return Ok(cell) };
        match cell.state() {
            JobState::Starting | JobState::Running | JobState::Done | JobState::Planned => return Ok(cell),
            // Plans submit what many jobs share again and again.
            JobState::Waiting | JobState::Skipped if options.asks_nothing() => return Ok(cell),
            JobState::Waiting | JobState::Skipped => {}
            JobState::Failed(_) | JobState::Cancelled => {
                let status = self.status_before(&cell.folder)?;
                if let JobState::Failed(failure) = state_before(node, options, &cell.folder, status.as_ref()) {
                    self.say_spent(cell.key(), &failure, max_retries(cell.source.resumable(), options));
                    return Ok(cell);
                }
                depends_on.extend(references(node, &self.jobs_folder()).jobs.into_keys());
            }
        }
        self.check_needs(&cell.key().task, &options.resources.clone().or(&cell.source.usual_resources()), options)?;
        depends_on.retain(|job| job != cell.key());
        self.check_known(&cell.key().task, &depends_on)?;
        self.add_consumer(&cell, &depends_on);
        let (answer, answered) = channel();
        let options = Box::new(options.clone());
        let task = || cell.key().task.to_string();
        {
            let _submitting = self.submitting();
            self.send(Message::SubmittedAgain { cell: cell.clone(), depends_on, options, answer })?;
        }
        match answered.recv().map_err(|_| JobError::Broken)? {
            Ok(()) => Ok(cell),
            Err(Refusal::WaitsForItself(job)) => Err(SubmitError::WaitsForItself { task: task(), job }),
            Err(Refusal::Never(why)) => Err(SubmitError::Resources { task: task(), why: why.to_string() }),
        }
    }
}

/// Why a further submission cannot be taken in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// This dependency waits for the job.
    WaitsForItself(JobKey),
    /// It asks for what can never be had.
    Never(Unsatisfiable),
}

impl Driver {
    pub(super) fn submitted_again(
        &mut self,
        cell: Arc<JobCell>,
        depends_on: &[JobKey],
        options: &SubmitOptions,
    ) -> Result<(), Refusal> {
        let Some(&job) = self.numbers.get(cell.key()) else {
            // It ended before the scheduler heard of it; unless somebody else was quicker to submit it again.
            if cell.state().is_final() {
                self.shared.job_revived(&cell);
                self.submitted(cell, depends_on, options);
            }
            return Ok(());
        };
        let ended = cell.state().is_final();
        if ended {
            cell.set_resources(options.resources.clone().or(&cell.source.usual_resources()));
        }
        if let Some(failure) = self.failed_before(depends_on) {
            self.fail_with(job, &cell, failure);
            return Ok(());
        }
        let tokens = self.tokens(&cell, options);
        let mut request = self.request(&cell, depends_on, options, tokens.clone());
        if !ended && options.priority.is_none() {
            request.priority = i64::MIN;
        }
        let again = self.scheduler.submit_again(job, request, &mut self.actions).map_err(|why| match why {
            Unsatisfiable::Cycle(through) => Refusal::WaitsForItself(self.cells[through.index()].key().clone()),
            why => Refusal::Never(why),
        })?;
        match again {
            Again::TooLate => return Ok(()),
            Again::Joined => {}
            Again::Revived => {
                // Before the actions are acted on: it may end at once.
                self.shared.job_revived(&cell);
                self.retries.forget(job);
                self.tokens_of.remove(&job);
                self.options.remove(&job);
            }
        }
        self.ask_too(job, options);
        if let Some(first) = options.retry_delay {
            self.retries.set_first(job, first);
        }
        if !tokens.is_empty() {
            let held = self.tokens_of.entry(job).or_default();
            for (token, amount) in tokens {
                match held.iter_mut().find(|held| held.0 == token) {
                    Some(held) => held.1 = held.1.max(amount),
                    None => held.push((token, amount)),
                }
            }
        }
        Ok(())
    }

    /// A dependency had failed before the scheduler heard of it, so that the scheduler cannot fail the job with it.
    fn fail_with(&mut self, job: JobNumber, cell: &Arc<JobCell>, failure: Failure) {
        match self.scheduler.state(job) {
            State::Done => return,
            state if state.holds_resources() => return,
            State::Failed(_) | State::Cancelled => self.shared.job_revived(cell),
            _ => {
                let event = Event::JobEnded { job, outcome: Outcome::Failed { retry: Retry::Never } };
                self.scheduler.handle(event, &mut self.actions);
            }
        }
        self.shared.job_ended(cell, JobState::Failed(failure), false);
    }
}
