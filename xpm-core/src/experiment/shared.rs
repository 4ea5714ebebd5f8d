//! What the plan, the driver and the handles of one run share.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::callbacks::FailedCallback;
use super::failures::FailedJob;
use super::jobs::{Counts, Jobs};
use super::live::Watched;
use super::message::Message;
use super::mode::{RunMode, Unneeded};
use super::pool::{Pool, while_blocked};
use super::scratch::Scratch;
use super::state::{JobCell, JobError, JobState};
use super::transient::Consumers;
use crate::config::{JobSource, ReadError};
use crate::ids::{JobKey, check_token_name};
use crate::job::read_output;
use crate::report::{Event, JobLabel, Reporter, Summary};
use crate::scheduler::Capacity;
use crate::value::{JobRef, Node, shortened};
use crate::workspace::environment::Recorder;
use crate::workspace::history::Keep;
use crate::workspace::journal::{Journal, JournalEvent};
use crate::workspace::{RunFolder, TokenFile, Workspace};

/// The longest name of a link, in bytes: file systems allow 255.
const LONGEST_LINK: usize = 240;

/// One run of an experiment.
pub(crate) struct Shared {
    id: String,
    workspace: Workspace,
    run: RunFolder,
    reporter: Arc<dyn Reporter>,
    capacity: Capacity,
    to_driver: Mutex<Sender<Message>>,
    jobs: Mutex<Jobs>,
    submitting: Mutex<()>,
    tokens: Mutex<HashMap<Arc<str>, u64>>,
    pub(super) consumers: Consumers,
    pub(super) all_ended: Condvar,
    /// Jobs that this run has run to completion.
    pub(super) ran: AtomicUsize,
    interrupted: AtomicBool,
    pub(super) pool: Pool,
    failed_callbacks: Mutex<Vec<FailedCallback>>,
    /// Registrations for outputs, while their jobs run.
    pub(super) watched: Mutex<Watched>,
    /// No callback is called any more.
    pub(super) over: AtomicBool,
    gpus: OnceLock<usize>,
    pub(super) journal: OnceLock<Journal>,
    pub(super) environment: OnceLock<Arc<Recorder>>,
    pub(super) keep: OnceLock<Keep>,
    pub(super) mode: OnceLock<RunMode>,
    pub(super) unneeded: Mutex<Unneeded>,
    pub(super) scratch: Mutex<Option<Scratch>>,
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
            submitting: Mutex::default(),
            tokens: Mutex::default(),
            consumers: Consumers::default(),
            all_ended: Condvar::new(),
            ran: AtomicUsize::new(0),
            interrupted: AtomicBool::new(false),
            pool: Pool::new(),
            failed_callbacks: Mutex::default(),
            watched: Mutex::default(),
            over: AtomicBool::new(false),
            gpus: OnceLock::new(),
            journal: OnceLock::new(),
            environment: OnceLock::new(),
            keep: OnceLock::new(),
            mode: OnceLock::new(),
            unneeded: Mutex::default(),
            scratch: Mutex::default(),
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

    /// The file of a token was damaged, and is written anew.
    pub(super) fn token_mended(&self, name: &str) {
        let text = format!("the file of token `{name}` was damaged and is written anew; jobs that held some of it");
        self.report(&Event::Warning(format!("{text} right now are not counted")));
    }

    /// Declares a token, or changes its capacity, for every process of the workspace.
    pub(super) fn declare_token(&self, name: &str, capacity: u64) -> Result<Arc<str>, anyhow::Error> {
        check_token_name(name)?;
        let dry = self.mode() == RunMode::DryRun;
        if !dry && TokenFile::new(self.workspace.clone(), name).declare(capacity)? {
            self.token_mended(name);
        }
        Ok(self.token_known(name, capacity)?)
    }

    /// From here on jobs may ask for this token.
    pub(super) fn token_known(&self, name: &str, capacity: u64) -> Result<Arc<str>, JobError> {
        let name: Arc<str> = name.into();
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), capacity);
        if self.mode() != RunMode::DryRun {
            self.send(Message::TokenDeclared { name: name.clone(), capacity })?;
        }
        Ok(name)
    }

    /// The capacity of a token of this run.
    pub(super) fn token_capacity(&self, name: &str) -> Option<u64> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// A reporter that panics has said so; the run, and what its jobs come to, does not depend on it.
    pub(crate) fn report(&self, event: &Event) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.reporter.report(event)));
    }

    pub(super) fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held from where a job is entered until the driver has been told of it: who finds it there and submits what depends on it
    /// must not be quicker.
    pub(super) fn submitting(&self) -> MutexGuard<'_, ()> {
        self.submitting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job of this run, for events.
    pub(super) fn label(&self, cell: &JobCell) -> JobLabel {
        self.jobs().label(cell)
    }

    /// Every job of this run, in order of submission.
    pub(super) fn cells(&self) -> Vec<Arc<JobCell>> {
        self.jobs().cells()
    }

    pub(super) fn find(&self, key: &JobKey) -> Option<Arc<JobCell>> {
        self.jobs().get(key)
    }

    /// Enters a job unless one of its name is there; says which it is, and whether it is new.
    pub(super) fn enter(&self, cell: Arc<JobCell>) -> (Arc<JobCell>, bool) {
        let state = cell.state();
        let mut jobs = self.jobs();
        if let Some(known) = jobs.get(cell.key()) {
            return (known, false);
        }
        jobs.add(cell.clone(), &state);
        let label = jobs.label(&cell);
        drop(jobs);
        if state != JobState::Skipped {
            self.report(&Event::JobSubmitted(label.clone()));
        }
        if state.is_final() {
            self.report_end(&cell, &state, label, false);
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

    /// Waits until one job has ended.
    pub(super) fn wait_for(&self, cell: &JobCell) -> Result<JobState, JobError> {
        self.need(cell);
        let mut state = cell.state();
        if state == JobState::Skipped {
            return Err(JobError::NotNeeded(cell.key().clone()));
        }
        if !state.is_final() {
            state = while_blocked(|| cell.wait(|| self.is_interrupted()));
        }
        if state.is_final() { Ok(state) } else { Err(JobError::Interrupted) }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Stops submitting and starting; whoever waits gets an error. Gives the number of jobs that run.
    pub(super) fn interrupt(&self) -> usize {
        if !self.interrupted.swap(true, Ordering::SeqCst) {
            self.journal(&JournalEvent::Interrupted);
        }
        let cells = self.cells();
        self.wake_all();
        // A driver that is gone starts nothing either.
        let _ = self.send(Message::Draining);
        let mut running = 0;
        for cell in &cells {
            running += usize::from(matches!(cell.state(), JobState::Running | JobState::Starting));
            cell.wake();
        }
        running
    }

    /// Asks what runs to stop, and waits for it.
    pub(super) fn stop_running(&self) {
        let (kept, answer) = channel();
        if self.send(Message::StopAll { kept }).is_err() {
            return;
        }
        // What another driver runs is its own to stop, and goes on for as long as it takes.
        let kept = answer.recv().unwrap_or_default();
        for cell in self.cells() {
            if matches!(cell.state(), JobState::Running | JobState::Starting) && !kept.contains(cell.key()) {
                cell.wait(|| self.jobs().is_broken());
            }
        }
    }

    /// How many GPUs jobs may use. Looked for when the first job asks, since that takes a program's start.
    pub(super) fn gpu_count(&self) -> usize {
        *self.gpus.get_or_init(|| {
            let names = match self.workspace.settings().local.gpus {
                Some(count) => (0..count).map(|index| index.to_string()).collect(),
                None => crate::launcher::gpus(),
            };
            let count = names.len();
            // The driver declares them in the workspace, which only jobs that are started need.
            if self.mode() == RunMode::Normal {
                // Without a driver nothing is started.
                let _ = self.send(Message::GpusFound(names));
            }
            count
        })
    }

    /// Wakes everybody who waits, since there is no driver any more. Jobs that have not ended are not counted as ended: they go
    /// on, or were never started.
    pub(super) fn break_down(&self) {
        self.end_callbacks();
        let unfinished = self.jobs().break_down();
        for cell in unfinished {
            cell.end(JobState::Cancelled);
        }
        self.wake_all();
    }

    /// Callbacks that failed so far.
    pub(super) fn failed_callbacks(&self) -> MutexGuard<'_, Vec<FailedCallback>> {
        self.failed_callbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of what callbacks hold that were never called.
    pub(super) fn forget_callbacks(&self) {
        self.cells().iter().for_each(|cell| cell.forget_callbacks());
    }

    /// The jobs that failed, in order of submission.
    pub(super) fn failed_jobs(&self) -> Vec<FailedJob> {
        self.jobs().failed()
    }

    /// The run in numbers.
    pub(super) fn summary(&self, elapsed: Duration) -> Summary {
        let Counts { submitted, done, failed, skipped, unfinished } = self.jobs().counts();
        let ran = self.ran.load(Ordering::Relaxed);
        Summary {
            experiment: self.id.clone(),
            submitted,
            ran,
            // Between a job's end and its counting.
            found_done: done.saturating_sub(ran),
            failed,
            skipped,
            unfinished,
            elapsed,
            run: self.run.path().to_owned(),
        }
    }

    /// The folder that no plain path may point into.
    pub(super) fn jobs_folder(&self) -> PathBuf {
        self.workspace.jobs()
    }

    /// Links to the job from the folder of the run; gives the link's name.
    pub(super) fn link(&self, cell: &JobCell) -> std::io::Result<String> {
        let identity = cell.key().identity.short();
        let name = match cell.tags.is_empty() {
            true => format!("{}_{identity}", cell.key().task),
            false => format!("{}_{}", cell.key().task, crate::value::tags_path(&cell.tags.to_map())),
        };
        // Room is left for the identity, which is put behind a name that is taken.
        self.run.link_job(&shortened(name, LONGEST_LINK), &identity, cell.folder.path())
    }
}

/// The plan's jobs, for a configuration that is validated before it is submitted.
impl JobSource for Shared {
    fn folder(&self, job: &JobRef) -> PathBuf {
        self.workspace.job(&job.key).path().to_owned()
    }

    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError> {
        let not_yet = || ReadError::NotYet(job.key.to_string());
        self.find(&job.key).and_then(|cell| cell.source.node().cloned()).ok_or_else(not_yet)
    }

    fn output(&self, job: &JobRef) -> Result<serde_json::Value, ReadError> {
        match self.find(&job.key).map(|cell| cell.state()) {
            Some(JobState::Done) => read_output(&self.workspace, &job.key).map_err(ReadError::new),
            _ => Err(ReadError::NotYet(job.key.to_string())),
        }
    }
}
