//! The state of a job as the plan sees it, and the cell that threads wait on.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::callbacks::Callback;
use super::live::Lane;
use super::source::Source;
use super::wakers::Wakers;
use crate::ids::JobKey;
use crate::schema::Resources;
use crate::value::KeptTags;
use crate::workspace::{Failure, JobFolder};

/// Where a job is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// It is transient (`#[task(transient)]`), and nothing that runs has needed it so far.
    Skipped,
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
    /// It is not done, and this run starts nothing (see [`RunMode`](super::RunMode)).
    Planned,
}

impl JobState {
    /// Whether nothing more becomes of the job in this run: it has ended, well or badly, or the run starts nothing.
    pub fn is_final(&self) -> bool {
        matches!(self, JobState::Done | JobState::Failed(_) | JobState::Cancelled | JobState::Planned)
    }

    /// Whether the job has ended badly.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self, JobState::Failed(_) | JobState::Cancelled)
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
    /// It is transient, nothing needed it while the run lasted, and the run is over.
    #[error("{0} is transient and was not needed while the run lasted, so it was not run; wait for it within the plan")]
    NotNeeded(JobKey),
    /// Its output cannot be read.
    #[error("{0}")]
    Output(String),
    /// It is not done, and this run starts nothing. A plan that returns this error ends well: it goes on from here when it is
    /// run in earnest.
    #[error("{job} is not done, and in mode `{mode}` it is not run: its output is not known yet")]
    DryRun {
        /// The job.
        job: JobKey,
        /// The mode of the run.
        mode: super::RunMode,
    },
    /// The run was interrupted.
    #[error(
        "interrupted: nothing more is started; jobs that still run go on, and are found again when this is run again"
    )]
    Interrupted,
    /// The driver of the run is gone.
    #[error("the run has broken down and starts nothing more; its jobs are found again when it is run again")]
    Broken,
}

/// One job of a run, shared by its handles and the driver.
pub(crate) struct JobCell {
    pub(crate) folder: JobFolder,
    pub(crate) source: Source,
    pub(crate) tags: KeptTags,
    resources: Mutex<Resources>,
    state: Mutex<Cell>,
    changed: Condvar,
}

struct Cell {
    state: JobState,
    /// Few jobs have any.
    listeners: Option<Box<Listeners>>,
}

/// Who is told of the job's end, beside the threads that wait for it.
#[derive(Default)]
struct Listeners {
    callbacks: Vec<Callback>,
    wakers: Wakers,
    lanes: Vec<Arc<Lane>>,
    /// How many lanes have still to read what the job emitted before it ended, and the callbacks that wait for them.
    unread: usize,
    held: Vec<Callback>,
    /// Damaged lines that were told.
    damaged: BTreeSet<u64>,
}

impl JobCell {
    pub(crate) fn new(
        folder: JobFolder,
        source: Source,
        tags: KeptTags,
        resources: Resources,
        state: JobState,
    ) -> Self {
        let state = Mutex::new(Cell { state, listeners: None });
        Self { folder, source, tags, resources: Mutex::new(resources), state, changed: Condvar::new() }
    }

    pub(crate) fn key(&self) -> &JobKey {
        self.folder.key()
    }

    /// What the job needs, its task's defaults included.
    pub(crate) fn resources(&self) -> Resources {
        self.resources.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what the job needs, while it is neither queued nor run.
    pub(crate) fn set_resources(&self, resources: Resources) {
        *self.resources.lock().unwrap_or_else(PoisonError::into_inner) = resources;
    }

    pub(crate) fn state(&self) -> JobState {
        self.lock().state.clone()
    }

    /// Changes the state of a job that has not ended.
    pub(crate) fn set(&self, state: JobState) {
        debug_assert!(!state.is_final(), "`end` tells those who wait");
        self.lock().state = state;
    }

    /// Nothing more becomes of a transient job, which is needed, since the run starts nothing. Whoever waits for it asks for it first.
    pub(super) fn plan(&self) {
        self.lock().state = JobState::Planned;
    }

    /// The one place where a job ends for the plan: wakes who waits, and gives the callbacks that are meant for this end,
    /// or the lanes that have to read the job's outputs first.
    pub(super) fn end(&self, state: JobState) -> (Vec<Callback>, Vec<Arc<Lane>>) {
        let mut cell = self.lock();
        let (mut called, mut lanes) = (Vec::new(), Vec::new());
        if let Some(listeners) = &mut cell.listeners {
            called.extend(listeners.callbacks.extract_if(.., |callback| callback.on.is_meant_for(&state)));
            lanes.extend(listeners.lanes.iter().cloned());
            listeners.unread += lanes.len();
            if listeners.unread > 0 {
                listeners.held.append(&mut called);
            }
        }
        cell.state = state;
        let wakers = cell.take_wakers();
        drop(cell);
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
        (called, lanes)
    }

    /// Adds a lane; gives the state that the job is in then.
    pub(super) fn add_lane(&self, lane: Arc<Lane>) -> JobState {
        let mut cell = self.lock();
        let ended = cell.state.is_final();
        let listeners = cell.listeners.get_or_insert_default();
        listeners.lanes.push(lane);
        listeners.unread += usize::from(ended);
        cell.state.clone()
    }

    pub(super) fn lanes(&self) -> Vec<Arc<Lane>> {
        self.lock().listeners.as_ref().map_or_else(Vec::new, |listeners| listeners.lanes.clone())
    }

    /// A lane has read everything up to the job's end; gives the callbacks that waited for the last one.
    pub(super) fn lane_read(&self) -> Vec<Callback> {
        let mut cell = self.lock();
        let Some(listeners) = &mut cell.listeners else { return Vec::new() };
        listeners.unread = listeners.unread.saturating_sub(1);
        if listeners.unread == 0 { std::mem::take(&mut listeners.held) } else { Vec::new() }
    }

    /// Whether nobody has told of this damaged line of the job's outputs before.
    pub(super) fn is_first_to_see(&self, line: u64) -> bool {
        self.lock().listeners.get_or_insert_default().damaged.insert(line)
    }

    /// Keeps a callback until the end that it is meant for; gives it back if that has come, and all outputs are read.
    pub(super) fn listen(&self, callback: Callback) -> Option<Callback> {
        let mut cell = self.lock();
        if !callback.on.is_meant_for(&cell.state) {
            cell.listeners.get_or_insert_default().callbacks.push(callback);
            return None;
        }
        match &mut cell.listeners {
            Some(listeners) if listeners.unread > 0 => {
                listeners.held.push(callback);
                None
            }
            _ => Some(callback),
        }
    }

    /// Forgets the callbacks of a run that is over: they hold handles of the job, which holds them.
    pub(super) fn forget_callbacks(&self) {
        let listeners = self.lock().listeners.take();
        // What closures hold is dropped without the lock.
        drop(listeners);
    }

    /// Waits until the job has ended, or `given_up` says that nobody waits any more; gives the state it is in then.
    pub(crate) fn wait(&self, given_up: impl Fn() -> bool) -> JobState {
        let guard = self.changed.wait_while(self.lock(), |cell| !cell.state.is_final() && !given_up());
        guard.unwrap_or_else(PoisonError::into_inner).state.clone()
    }

    /// The state of a job that has ended, or when nobody waits any more; else the number of the waker, which is woken then.
    pub(super) fn state_or_wake(
        &self,
        number: Option<u64>,
        waker: &Waker,
        given_up: impl Fn() -> bool,
    ) -> Result<JobState, u64> {
        let mut cell = self.lock();
        if cell.state.is_final() || given_up() {
            return Ok(cell.state.clone());
        }
        Err(cell.listeners.get_or_insert_default().wakers.keep(number, waker))
    }

    /// A future that waits no more.
    pub(super) fn forget_waker(&self, number: u64) {
        if let Some(listeners) = &mut self.lock().listeners {
            listeners.wakers.forget(number);
        }
    }

    /// Makes those who wait look again.
    pub(crate) fn wake(&self) {
        let wakers = self.lock().take_wakers();
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Cell> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cell {
    fn take_wakers(&mut self) -> Vec<Waker> {
        self.listeners.as_mut().map_or_else(Vec::new, |listeners| listeners.wakers.take())
    }
}
