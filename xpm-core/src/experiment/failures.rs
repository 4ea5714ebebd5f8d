//! What a run says of the jobs that failed.

use std::fmt;
use std::path::PathBuf;

use super::callbacks::FailedCallback;
use super::refusal::SubmitError;
use super::shared::Shared;
use super::state::{JobCell, JobError, JobState};
use crate::ids::JobKey;
use crate::printable::{line, text};
use crate::report::Event;
use crate::value::Tags;
use crate::workspace::Failure;

/// A job that failed.
#[derive(Clone, Debug)]
pub struct FailedJob {
    /// The job.
    pub job: JobKey,
    /// Its tags.
    pub tags: Tags,
    /// Why.
    pub failure: Failure,
    /// Its folder.
    pub folder: PathBuf,
}

impl FailedJob {
    pub(super) fn of(cell: &JobCell) -> Option<Self> {
        let failure = match cell.state() {
            JobState::Failed(failure) => failure,
            JobState::Cancelled => Failure::Stopped,
            _ => return None,
        };
        Some(Self { job: cell.key().clone(), tags: cell.tags.to_map(), failure, folder: cell.folder.path().to_owned() })
    }
}

/// Why a run failed: jobs that failed, callbacks that failed, an interruption, or several of these and an error of the plan. What
/// `run` returns holds it: `error.downcast_ref::<RunError>()`. An error of the plan alone is returned as it is.
#[derive(Debug)]
pub struct RunError {
    /// Why the run has ended before its jobs: [`JobError::Interrupted`] or [`JobError::Broken`].
    pub cut_off: Option<JobError>,
    /// The jobs that failed, in order of submission, those included that were not started because of another. Of a run that was
    /// cut off, without those that were stopped with it.
    pub failed: Vec<FailedJob>,
    /// How many jobs were submitted.
    pub submitted: usize,
    /// What the plan returned, unless it only handed on that a job failed or that the run was cut off.
    pub plan: Option<anyhow::Error>,
    /// The callbacks that returned an error or panicked.
    pub callbacks: Vec<FailedCallback>,
}

/// How many failed jobs are listed.
const SHOWN: usize = 20;

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        if let Some(cut_off) = &self.cut_off {
            write!(f, "{cut_off}")?;
            between = "; ";
        }
        if let Some(plan) = &self.plan {
            write!(f, "{between}the plan failed: {}", text(&format!("{plan:#}")))?;
            between = "; ";
        }
        if !self.failed.is_empty() {
            f.write_str(between)?;
            self.fmt_jobs(f)?;
            between = "; ";
        }
        if !self.callbacks.is_empty() {
            f.write_str(if between.is_empty() { "" } else { "\n" })?;
            self.fmt_callbacks(f)?;
        }
        Ok(())
    }
}

impl RunError {
    /// The error, if there is any; of the plan's alone, that.
    pub(super) fn result(self) -> Result<(), anyhow::Error> {
        if self.cut_off.is_none() && self.failed.is_empty() && self.callbacks.is_empty() {
            return self.plan.map_or(Ok(()), Err);
        }
        Err(self.into())
    }

    fn fmt_callbacks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.callbacks.len() {
            1 => f.write_str("a callback failed:")?,
            n => write!(f, "{n} callbacks failed:")?,
        }
        for callback in self.callbacks.iter().take(SHOWN) {
            write!(f, "\n  {callback}")?;
        }
        if self.callbacks.len() > SHOWN {
            write!(f, "\n  … and {} more", self.callbacks.len() - SHOWN)?;
        }
        Ok(())
    }

    fn fmt_jobs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Those that were not started say nothing that the one they depend on does not say.
        let started: Vec<_> =
            self.failed.iter().filter(|job| !matches!(job.failure, Failure::DependencyFailed { .. })).collect();
        let skipped = self.failed.len() - started.len();
        write!(f, "{} of {} jobs failed", started.len(), self.submitted)?;
        if skipped > 0 {
            write!(f, ", and {skipped} could not be started because of these")?;
        }
        f.write_str(":")?;
        let (skipped_shown, shown) =
            if started.is_empty() { (&self.failed[..], &[][..]) } else { (&[][..], &started[..]) };
        for job in skipped_shown.iter().chain(shown.iter().copied()).take(SHOWN) {
            write!(f, "\n  {}", job.job)?;
            for (key, value) in &job.tags {
                write!(f, " {key}={}", line(&value.to_string()))?;
            }
            write!(f, ": {}\n    in {}", job.failure, job.folder.display())?;
        }
        if started.len() > SHOWN {
            write!(f, "\n  … and {} more", started.len() - SHOWN)?;
        }
        Ok(())
    }
}

// The plan's error is told in full by `Display`, since it stands beside the jobs: it is no cause of them.
impl std::error::Error for RunError {}

/// What an error says of the run or one of its jobs, wherever the plan was when it met it, and whatever it has made of it.
pub(super) fn of_run(error: &anyhow::Error) -> Option<&JobError> {
    error.chain().find_map(|cause| {
        cause.downcast_ref().or_else(|| match cause.downcast_ref() {
            Some(SubmitError::Closed(error)) => Some(error),
            _ => None,
        })
    })
}

/// Whether the plan has returned only what the run says itself: that it was cut off, or that one of its jobs failed, if the
/// plan does not say where it was then.
pub(super) fn is_told(error: &anyhow::Error, job_failed: bool, cut_off: bool) -> bool {
    match of_run(error) {
        Some(JobError::Interrupted | JobError::Broken) => cut_off,
        Some(JobError::Failed { .. } | JobError::Cancelled(_)) => {
            let alone = matches!(error.chain().next(), Some(first) if first.is::<JobError>());
            alone && job_failed
        }
        _ => false,
    }
}

impl Shared {
    /// Tells at once that the plan has failed, where jobs or callbacks still go on: how long they take, nobody knows.
    pub(super) fn plan_failed(&self, error: &anyhow::Error) {
        // What the plan has waited for may not be counted yet: its state says how it has ended.
        let states: Vec<_> = self.cells().iter().map(|cell| cell.state()).collect();
        let unfinished = states.iter().filter(|state| !state.is_final() && **state != JobState::Skipped).count();
        let goes_on = {
            let jobs = self.jobs();
            !jobs.all_ended() || jobs.callbacks > 0
        };
        let job_failed = states.iter().any(JobState::has_failed);
        if goes_on && !is_told(error, job_failed, self.is_interrupted()) {
            self.report(&Event::PlanFailed { error: format!("{error:#}"), unfinished });
        }
    }
}
