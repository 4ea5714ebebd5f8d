//! What the plan, the driver and the handles of one run share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::driver::Message;
use super::failures::FailedJob;
use super::state::{JobCell, JobError, JobState};
use crate::config::{JobSource, ReadError};
use crate::ids::{JobKey, check_token_name};
use crate::job::read_output;
use crate::report::{Event, JobLabel, Reporter};
use crate::scheduler::Capacity;
use crate::value::{JobRef, Node};
use crate::workspace::{RunFolder, TokenFile, Workspace};

/// One run of an experiment.
pub(crate) struct Shared {
    id: String,
    workspace: Workspace,
    run: RunFolder,
    reporter: Arc<dyn Reporter>,
    capacity: Capacity,
    to_driver: Mutex<Sender<Message>>,
    jobs: Mutex<Jobs>,
    tokens: Mutex<HashMap<Arc<str>, u64>>,
    all_ended: Condvar,
    ran: AtomicUsize,
}

/// Every job of the run, in order of submission.
#[derive(Default)]
struct Jobs {
    by_key: IndexMap<JobKey, Arc<JobCell>>,
    ended: usize,
    failed: usize,
    broken: bool,
}

impl Shared {
    pub(crate) fn new(
        id: String,
        workspace: Workspace,
        run: RunFolder,
        reporter: Arc<dyn Reporter>,
        capacity: Capacity,
        to_driver: Sender<Message>,
    ) -> Self {
        Self {
            id,
            workspace,
            run,
            reporter,
            capacity,
            to_driver: Mutex::new(to_driver),
            jobs: Mutex::default(),
            tokens: Mutex::default(),
            all_ended: Condvar::new(),
            ran: AtomicUsize::new(0),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub(crate) fn run(&self) -> &RunFolder {
        &self.run
    }

    /// What jobs may take together.
    pub(super) fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// Declares a token, or changes its capacity, for every process of the workspace.
    pub(super) fn declare_token(&self, name: &str, capacity: u64) -> Result<Arc<str>, anyhow::Error> {
        check_token_name(name)?;
        if TokenFile::new(self.workspace.clone(), name).declare(capacity)? {
            let text = format!("the file of token `{name}` was damaged and is written anew; jobs that held some of it");
            self.report(&Event::Warning(format!("{text} right now are not counted")));
        }
        let name: Arc<str> = name.into();
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), capacity);
        self.send(Message::TokenDeclared { name: name.clone(), capacity })?;
        Ok(name)
    }

    /// The capacity of a token of this run.
    pub(super) fn token_capacity(&self, name: &str) -> Option<u64> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    pub(crate) fn report(&self, event: &Event) {
        self.reporter.report(event);
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, key: &JobKey) -> Option<Arc<JobCell>> {
        self.jobs().by_key.get(key).cloned()
    }

    /// Enters a job unless one of its name is there; says which it is, and whether it is new.
    pub(super) fn enter(&self, cell: Arc<JobCell>) -> (Arc<JobCell>, bool) {
        let done = cell.state().is_final();
        let mut jobs = self.jobs();
        if let Some(known) = jobs.by_key.get(cell.key()) {
            return (known.clone(), false);
        }
        jobs.by_key.insert(cell.key().clone(), cell.clone());
        if done {
            jobs.ended += 1;
            let label = label(&jobs, &cell);
            drop(jobs);
            self.report(&Event::JobFoundDone(label));
        }
        (cell, true)
    }

    pub(super) fn send(&self, message: Message) -> Result<(), JobError> {
        let sent = self.to_driver.lock().unwrap_or_else(PoisonError::into_inner).send(message);
        sent.map_err(|_| {
            // A job may have been entered since the driver went.
            self.break_down();
            JobError::Broken
        })
    }

    /// Says that a job has been started, or is run by somebody else.
    pub(super) fn job_runs(&self, cell: &JobCell, attached: bool) {
        cell.set(JobState::Running);
        let label = label(&self.jobs(), cell);
        self.report(&if attached { Event::JobAttached(label) } else { Event::JobStarted(label) });
    }

    /// The one place where a job of this run ends. `ran` says whether it was by this run.
    pub(super) fn job_ended(&self, cell: &JobCell, state: JobState, ran: bool) {
        let label = {
            let mut jobs = self.jobs();
            jobs.ended += 1;
            jobs.failed += usize::from(state != JobState::Done);
            label(&jobs, cell)
        };
        if state == JobState::Done && ran {
            self.ran.fetch_add(1, Ordering::Relaxed);
        }
        match &state {
            JobState::Failed(failure) => {
                let log = cell.folder.stderr();
                let log = log.exists().then_some(log);
                self.report(&Event::JobFailed { job: label, failure: failure.clone(), log });
            }
            _ if ran => self.report(&Event::JobDone(label)),
            _ => self.report(&Event::JobFoundDone(label)),
        }
        cell.set(state);
        // Waiters look at the count under this lock, so the wake-up cannot be missed.
        drop(self.jobs());
        self.all_ended.notify_all();
    }

    /// Waits until every job submitted so far has ended.
    pub(crate) fn wait_all(&self) -> Result<(), JobError> {
        let jobs = self.jobs();
        let jobs = self.all_ended.wait_while(jobs, |jobs| jobs.ended < jobs.by_key.len() && !jobs.broken);
        if jobs.unwrap_or_else(PoisonError::into_inner).broken { Err(JobError::Broken) } else { Ok(()) }
    }

    /// Ends every job that has not ended, since there is no driver any more.
    pub(super) fn break_down(&self) {
        let mut jobs = self.jobs();
        if jobs.ended < jobs.by_key.len() {
            jobs.broken = true;
            let unfinished: Vec<_> = jobs.by_key.values().filter(|cell| !cell.state().is_final()).cloned().collect();
            jobs.ended = jobs.by_key.len();
            drop(jobs);
            for cell in unfinished {
                cell.set(JobState::Cancelled);
            }
        }
        self.all_ended.notify_all();
    }

    /// The jobs that failed, in order of submission.
    pub(super) fn failed_jobs(&self) -> Vec<FailedJob> {
        let jobs = self.jobs();
        if jobs.failed == 0 {
            return Vec::new();
        }
        jobs.by_key.values().filter_map(|cell| FailedJob::of(cell)).collect()
    }

    /// How many jobs there are, and how many were run by this run.
    pub(super) fn totals(&self) -> (usize, usize) {
        (self.jobs().by_key.len(), self.ran.load(Ordering::Relaxed))
    }

    /// The folder that no plain path may point into.
    pub(super) fn jobs_folder(&self) -> PathBuf {
        self.workspace.jobs()
    }

    pub(super) fn link(&self, cell: &JobCell) -> std::io::Result<()> {
        let identity = cell.key().identity.short();
        let name = match cell.tags.is_empty() {
            true => format!("{}_{identity}", cell.key().task),
            false => format!("{}_{}", cell.key().task, crate::value::tags_path(&cell.tags)),
        };
        self.run.link_job(&name, &identity, cell.folder.path())
    }
}

fn label(jobs: &Jobs, cell: &JobCell) -> JobLabel {
    JobLabel {
        key: cell.key().clone(),
        tags: cell.tags.clone(),
        ended: jobs.ended,
        submitted: jobs.by_key.len(),
    }
}

/// The plan's jobs, for a configuration that is validated before it is submitted.
impl JobSource for Shared {
    fn folder(&self, job: &JobRef) -> PathBuf {
        self.workspace.job(&job.key).path().to_owned()
    }

    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError> {
        let not_yet = || ReadError::NotYet(job.key.to_string());
        self.find(&job.key).map(|cell| cell.node.clone()).ok_or_else(not_yet)
    }

    fn output(&self, job: &JobRef) -> Result<serde_json::Value, ReadError> {
        match self.find(&job.key).map(|cell| cell.state()) {
            Some(JobState::Done) => read_output(&self.workspace, &job.key).map_err(ReadError::new),
            _ => Err(ReadError::NotYet(job.key.to_string())),
        }
    }
}
