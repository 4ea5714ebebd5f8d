//! Run modes: what a run does beside listening to its plan.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::shared::Shared;
use super::state::{JobCell, JobState};
use crate::ids::JobKey;
use crate::report::{Event, JobPlan, PlanSummary};
use crate::value::Node;
use crate::workspace::{JobLock, Terms, TryLock, write_params};

/// What a run does. From code ([`run_mode`](super::ExperimentBuilder::run_mode)) or from the environment
/// (`XPM_RUN_MODE=dry-run`); where both say something, the one that does less counts: who asks for a dry run never has
/// anything run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RunMode {
    /// Runs what has not been run yet.
    #[default]
    Normal,
    /// Writes the folders and arguments of jobs that are not done, and starts nothing.
    GenerateOnly,
    /// Says what would be run and what is done, and writes nothing at all.
    DryRun,
}

impl RunMode {
    /// The mode's name, as `XPM_RUN_MODE` has it.
    pub fn name(self) -> &'static str {
        match self {
            RunMode::Normal => "normal",
            RunMode::GenerateOnly => "generate-only",
            RunMode::DryRun => "dry-run",
        }
    }
}

impl fmt::Display for RunMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no run mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no run mode; write `normal`, `dry-run` or `generate-only`")]
pub struct ParseRunModeError(String);

impl FromStr for RunMode {
    type Err = ParseRunModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let modes = [RunMode::Normal, RunMode::GenerateOnly, RunMode::DryRun];
        modes.into_iter().find(|mode| mode.name() == text).ok_or_else(|| ParseRunModeError(text.to_owned()))
    }
}

/// In a run that starts nothing, the transient jobs that nothing needs so far, with the jobs that they depend on.
pub(super) type Unneeded = HashMap<JobKey, Vec<JobKey>>;

impl Shared {
    pub(super) fn mode(&self) -> RunMode {
        self.mode.get().copied().unwrap_or_default()
    }

    /// In a run that starts nothing, says what would become of a job that was submitted just now.
    pub(super) fn plan_job(&self, cell: &JobCell, depends_on: &[JobKey]) {
        if self.mode() == RunMode::Normal {
            return;
        }
        let plan = match cell.state() {
            JobState::Done => JobPlan::Done,
            JobState::Failed(_) => JobPlan::Failed,
            // It is told when it is known whether something needs it.
            JobState::Skipped => {
                self.unneeded().insert(cell.key().clone(), depends_on.to_vec());
                return;
            }
            _ => {
                self.plan_needed(depends_on);
                self.would_run(depends_on)
            }
        };
        self.report(&Event::JobPlanned { job: self.label(cell), plan });
    }

    fn would_run(&self, depends_on: &[JobKey]) -> JobPlan {
        let waits = |job: &&JobKey| self.find(job).is_some_and(|job| job.state() != JobState::Done);
        JobPlan::WouldRun { after: depends_on.iter().filter(waits).cloned().collect() }
    }

    fn unneeded(&self) -> MutexGuard<'_, Unneeded> {
        self.unneeded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In a run that starts nothing: these jobs, of which some may be transient, would be needed.
    pub(super) fn plan_needed(&self, jobs: &[JobKey]) {
        let mut needed = Vec::new();
        {
            let mut unneeded = self.unneeded();
            let mut left: Vec<JobKey> = jobs.to_vec();
            while let Some(job) = left.pop() {
                if let Some(depends_on) = unneeded.remove(&job) {
                    left.extend_from_slice(&depends_on);
                    needed.extend(self.plan_transient(&job).map(|place| (place, job, depends_on)));
                }
            }
        }
        // In order of submission, what others depend on first.
        needed.sort_by_key(|(place, ..)| *place);
        for (_, job, depends_on) in needed {
            let Some(cell) = self.find(&job) else { continue };
            self.report(&Event::JobPlanned { job: self.label(&cell), plan: self.would_run(&depends_on) });
        }
    }

    /// In a run that starts nothing, when it is over: tells of the jobs that nothing needed.
    pub(super) fn plan_rest(&self) {
        for cell in self.cells() {
            if cell.state() == JobState::Skipped {
                self.report(&Event::JobPlanned { job: self.label(&cell), plan: JobPlan::NotNeeded });
            }
        }
    }

    /// Writes the folder and the arguments of a job, unless somebody runs it or has run it.
    pub(super) fn generate(&self, cell: &JobCell, node: &Arc<Node>, terms: &Terms) -> io::Result<()> {
        let folder = &cell.folder;
        folder.create()?;
        match JobLock::try_take(&folder.lock())? {
            // What an attempt has left is its record, whatever it came to.
            TryLock::Taken(_lock) if folder.status().exists() => Ok(()),
            TryLock::Taken(_lock) => write_params(self.workspace(), folder, node, Some(terms)),
            TryLock::Busy(_) => Ok(()),
        }
    }

    /// The plan in numbers.
    pub(super) fn plan_summary(&self, stopped_at: Option<JobKey>) -> PlanSummary {
        let mut summary = PlanSummary {
            experiment: self.id().to_owned(),
            written: self.mode() == RunMode::GenerateOnly,
            would_run: 0,
            done: 0,
            failed: 0,
            not_needed: 0,
            stopped_at,
        };
        for cell in self.cells() {
            match cell.state() {
                JobState::Done => summary.done += 1,
                JobState::Failed(_) | JobState::Cancelled => summary.failed += 1,
                JobState::Skipped => summary.not_needed += 1,
                _ => summary.would_run += 1,
            }
        }
        summary
    }
}
