//! The state of a job as the plan sees it, and the cell that threads wait on.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::ids::JobKey;
use crate::schema::Resources;
use crate::value::{Node, Tags};
use crate::workspace::{Failure, JobFolder};

/// Where a job is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// It waits for other jobs, or for its turn.
    Waiting,
    /// Its process is being started.
    Starting,
    /// Its process runs, here or started by somebody else.
    Running,
    /// It has ended well.
    Done,
    /// It has failed.
    Failed(Failure),
    /// It was stopped before it ended.
    Cancelled,
}

impl JobState {
    /// Whether the job has ended, well or badly.
    pub fn is_final(&self) -> bool {
        matches!(self, JobState::Done | JobState::Failed(_) | JobState::Cancelled)
    }
}

/// Why a job gives no output, or cannot be waited for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// It failed.
    #[error("{job} failed: {failure}; its folder is {}", folder.display())]
    Failed {
        /// The job.
        job: JobKey,
        /// Why.
        failure: Failure,
        /// Its folder.
        folder: PathBuf,
    },
    /// It was stopped.
    #[error("{0} was cancelled")]
    Cancelled(JobKey),
    /// Its output cannot be read.
    #[error("{0}")]
    Output(String),
    /// The run was interrupted.
    #[error(
        "interrupted: nothing more is started; what runs goes on by itself, and is found again when this is run again"
    )]
    Interrupted,
    /// The driver of the run is gone.
    #[error("the run has broken down and starts nothing more; its jobs are found again when it is run again")]
    Broken,
}

/// One job of a run, shared by its handles and the driver.
pub(crate) struct JobCell {
    pub(crate) folder: JobFolder,
    pub(crate) node: Arc<Node>,
    pub(crate) tags: Arc<Tags>,
    /// What the job needs, its task's defaults included.
    pub(crate) resources: Resources,
    state: Mutex<JobState>,
    changed: Condvar,
}

impl JobCell {
    pub(crate) fn new(folder: JobFolder, node: Arc<Node>, resources: Resources, state: JobState) -> Self {
        let tags = node.tags();
        Self { folder, node, tags, resources, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn key(&self) -> &JobKey {
        self.folder.key()
    }

    pub(crate) fn state(&self) -> JobState {
        self.lock().clone()
    }

    /// The one place where the state of a job changes for the plan.
    pub(crate) fn set(&self, state: JobState) {
        *self.lock() = state;
        self.changed.notify_all();
    }

    /// Waits until the job has ended, or `given_up` says that nobody waits any more; gives the state it is in then.
    pub(crate) fn wait(&self, given_up: impl Fn() -> bool) -> JobState {
        let guard = self.changed.wait_while(self.lock(), |state| !state.is_final() && !given_up());
        guard.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes those who wait look again.
    pub(crate) fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
