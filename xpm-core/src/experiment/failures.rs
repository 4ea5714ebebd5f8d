//! What a run says of the jobs that failed.

use std::fmt;
use std::path::PathBuf;

use super::callbacks::FailedCallback;
use super::state::{JobCell, JobState};
use crate::ids::JobKey;
use crate::printable::{line, text};
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

/// Why a run failed: jobs that failed, callbacks that failed, an error of the plan, or several of these. What `run` returns holds it:
/// `error.downcast_ref::<RunError>()`.
#[derive(Debug)]
pub struct RunError {
    /// The jobs that failed, in order of submission, those included that were not started because of another.
    pub failed: Vec<FailedJob>,
    /// How many jobs were submitted.
    pub submitted: usize,
    /// What the plan returned, unless it only handed on that a job failed.
    pub plan: Option<anyhow::Error>,
    /// The callbacks that returned an error or panicked.
    pub callbacks: Vec<FailedCallback>,
}

/// How many failed jobs are listed.
const SHOWN: usize = 20;

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(plan) = &self.plan {
            write!(f, "the plan failed: {}", text(&format!("{plan:#}")))?;
        }
        if !self.failed.is_empty() {
            f.write_str(if self.plan.is_some() { "; " } else { "" })?;
            self.fmt_jobs(f)?;
        }
        if !self.callbacks.is_empty() {
            f.write_str(if self.failed.is_empty() && self.plan.is_none() { "" } else { "\n" })?;
            self.fmt_callbacks(f)?;
        }
        Ok(())
    }
}

impl RunError {
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
