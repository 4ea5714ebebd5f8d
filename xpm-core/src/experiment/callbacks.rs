//! Callbacks: what a plan wants done when one of its jobs has ended.
//!
//! A registration is kept in the job's cell until the first end that it is meant for, and used up by it. What it starts is
//! counted from the moment at which the job ends, so that nobody who waits for everything ever sees a gap.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Experiment;
use super::failures::of_run;
use super::shared::Shared;
use super::state::{JobCell, JobError, JobState};
use crate::ids::JobKey;
use crate::job::panic_text;
use crate::printable::{line, text};
use crate::report::Event;
use crate::value::Tags;

/// The end that a callback is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Completed,
    Failed,
}

impl On {
    pub(super) fn is_meant_for(self, state: &JobState) -> bool {
        state.is_final() && *state != JobState::Planned && (self == On::Completed) == (*state == JobState::Done)
    }

    fn name(self) -> &'static str {
        match self {
            On::Completed => "on_completed",
            On::Failed => "on_failed",
        }
    }
}

/// What the plan wants done.
type Call = Box<dyn FnOnce(&Experiment) -> Result<(), anyhow::Error> + Send>;

/// A callback that was not called yet. It holds the plan's closure and a handle of the job.
pub(super) struct Callback {
    pub(super) on: On,
    pub(super) call: Call,
}

/// A callback that returned an error or panicked.
#[derive(Debug)]
pub struct FailedCallback {
    /// The job that it was registered for.
    pub job: JobKey,
    /// The job's tags.
    pub tags: Tags,
    /// `on_completed`, `on_failed`, or `on_output("…")` with the output's name.
    pub callback: String,
    /// What it returned, or its panic.
    pub error: anyhow::Error,
}

impl fmt::Display for FailedCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.callback, self.job)?;
        for (key, value) in &self.tags {
            write!(f, " {key}={}", line(&value.to_string()))?;
        }
        write!(f, ": {}", text(&format!("{:#}", self.error)))
    }
}

impl Shared {
    /// Registers a callback: it is called when the job ends, or now if it has.
    pub(super) fn register(self: &Arc<Self>, cell: &Arc<JobCell>, callback: Callback) {
        if self.is_over() {
            let text = format!("{} of {} was registered after the end of the run", callback.on.name(), cell.key());
            self.report(&Event::Warning(format!("{text}, and is not called")));
            return;
        }
        if let Some(callback) = cell.listen(callback) {
            self.settle(|jobs| jobs.callbacks += 1);
            self.call_back(cell, callback);
        }
    }

    /// Calls a callback that has been counted, on a thread of its own.
    pub(super) fn call_back(self: &Arc<Self>, cell: &Arc<JobCell>, callback: Callback) {
        let Callback { on, call } = callback;
        let (shared, job) = (self.clone(), cell.clone());
        let work = Box::new(move || {
            shared.try_callback(&job, on.name(), call);
            // From here on the run may end, and with it whoever reads what was recorded.
            shared.settle(|jobs| jobs.callbacks -= 1);
        });
        if let Err(error) = self.pool.run(work) {
            self.callback_failed(cell, on.name(), anyhow::Error::new(error).context("a thread cannot be started"));
            self.settle(|jobs| jobs.callbacks -= 1);
        }
    }

    /// Calls a callback, unless the run calls none any more; how it fails is told and kept.
    pub(super) fn try_callback<F>(self: &Arc<Self>, cell: &JobCell, name: &str, call: F)
    where
        F: FnOnce(&Experiment) -> Result<(), anyhow::Error>,
    {
        let id = self.jobs().calls.begin();
        let xp = Experiment { shared: self.clone(), call: Some(id) };
        // What the closure holds is dropped in here too, and may panic like the closure itself.
        let called = panic::catch_unwind(AssertUnwindSafe(|| match self.is_over() || self.is_interrupted() {
            true => {
                drop(call);
                Ok(())
            }
            false => call(&xp),
        }));
        self.jobs().calls.end(id);
        let error = match called {
            Ok(Ok(())) => return,
            Ok(Err(error)) => match of_run(&error) {
                // The run says so itself.
                Some(JobError::Interrupted | JobError::Broken | JobError::DryRun { .. }) => return,
                _ => error,
            },
            Err(payload) => {
                anyhow::Error::msg(format!("it panicked: {}", panic_text(&*payload).unwrap_or("without a message")))
            }
        };
        self.callback_failed(cell, name, error);
    }

    pub(super) fn callback_failed(&self, cell: &JobCell, callback: &str, error: anyhow::Error) {
        let (job, callback) = (self.label(cell), callback.to_owned());
        self.report(&Event::CallbackFailed { job, callback: callback.clone(), error: format!("{error:#}") });
        let failed = FailedCallback { job: cell.key().clone(), tags: cell.tags.to_map(), callback, error };
        self.failed_callbacks().push(failed);
    }

    /// From here on no callback is called any more, and those that wait for something get an error.
    pub(super) fn end_callbacks(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Whether the run calls no callbacks any more.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}
