//! What a task sees of its own job while it runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::emit::Outputs;
use super::metrics::{Metrics, Number, count_values};
use super::progress::{Progress, ProgressFile};
use super::upstream::JobsOnDisk;
use crate::config::{PlainData, ReadError, Reader};
use crate::ids::Identity;
use crate::schema::Role;
use crate::sys;
use crate::value::{Node, Value};
use crate::workspace::{JobFolder, PartialFolder, RecordedTerms, Workspace, count_outputs};

/// What a task sees of its own job while it runs.
#[derive(Debug)]
pub struct JobContext {
    folder: JobFolder,
    origin: Origin,
    time: Option<TimeLimit>,
    catching: Once,
    metrics: Metrics,
    progress: ProgressFile,
    outputs: Outputs,
}

/// Where the job comes from, beside its folder.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) workspace: Workspace,
    /// Its arguments.
    pub(super) node: Arc<Node>,
    /// The number of the attempt, from 1.
    pub(super) attempt: u32,
    /// Where the process was started: where the plan was.
    pub(super) started_in: Option<PathBuf>,
    /// The folders that it shares.
    pub(super) partials: Vec<PartialFolder>,
}

/// The error that [`JobContext::out_of_time`] gives.
#[derive(Debug, thiserror::Error)]
#[error("out of time")]
pub(super) struct OutOfTime {
    /// The time limit that the attempt has.
    pub(super) limit: Option<Duration>,
}

/// How long an attempt may run, and when that will have been.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimit {
    limit: Duration,
    deadline: Instant,
}

impl TimeLimit {
    /// From now on; `None` for one that no clock reaches.
    pub(super) fn from_now(limit: Duration) -> Option<Self> {
        Some(Self { limit, deadline: Instant::now().checked_add(limit)? })
    }
}

impl JobContext {
    pub(super) fn new(folder: JobFolder, origin: Origin, time: Option<TimeLimit>) -> Self {
        let metrics = Metrics::new(folder.metrics());
        let progress = ProgressFile::new(folder.progress());
        let outputs = Outputs::new(folder.outputs(), origin.attempt);
        Self { folder, origin, time, catching: Once::new(), metrics, progress, outputs }
    }

    /// From here on a request to stop is something to ask for, and ends the process only after the grace period.
    pub(super) fn catch_stops(&self) {
        self.catching.call_once(sys::catch_termination);
    }

    /// How long the job may still run; `None` without a time limit.
    pub fn remaining_time(&self) -> Option<Duration> {
        self.time.map(|time| time.deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether the job was asked to stop: it ran out of time, or somebody stops it. It is then killed after a grace
    /// period. A task that never asks, and is not resumable, is ended by the request itself.
    pub fn stop_requested(&self) -> bool {
        self.catch_stops();
        sys::termination_came()
    }

    /// The error to return when there is no time left: `return Err(job.out_of_time())`. A resumable task is then run
    /// again, and finds its files as it left them.
    pub fn out_of_time(&self) -> anyhow::Error {
        OutOfTime { limit: self.time.map(|time| time.limit) }.into()
    }

    /// The job's identity.
    pub fn id(&self) -> Identity {
        self.folder.key().identity
    }

    /// The job's folder, which is also the working directory.
    ///
    /// What the task writes here outlives every process, whatever is killed. xpm does not wait for the disk, though: after a power
    /// cut, a file of a job that was done a few seconds before is there for certain only if the task has synced it
    /// ([`File::sync_all`](std::fs::File::sync_all)).
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that this job shares with the jobs of its task that differ from it only in the arguments that
    /// `#[task(partial(name, except = […]))]` names. It exists, no other job uses it while this one runs, and what jobs leave
    /// there stays: nothing of xpm removes it, whatever becomes of them.
    ///
    /// An earlier job may have been killed while it wrote there: write a file under another name and rename it.
    ///
    /// # Errors
    /// If the task declares no such folder; names those that it does.
    pub fn partial(&self, name: &str) -> Result<PathBuf, anyhow::Error> {
        let found = self.origin.partials.iter().find(|partial| partial.name() == name);
        found.map(|partial| partial.path().to_owned()).ok_or_else(|| {
            let names: Vec<_> = self.origin.partials.iter().map(|partial| format!("`{}`", partial.name())).collect();
            let there = match names.is_empty() {
                true => format!("it declares none: write `#[task(partial({name}, except = […]))]`"),
                false => format!("it declares {}", names.join(", ")),
            };
            anyhow::anyhow!("task {} has no partial folder `{name}`; {there}", self.task())
        })
    }

    /// The folders that it shares with other jobs.
    pub(super) fn partials(&self) -> &[PartialFolder] {
        &self.origin.partials
    }

    /// A 64-bit seed that follows from the identity: the same at every run of this job, another for other arguments.
    pub fn seed(&self) -> u64 {
        let bytes = *self.id().as_bytes();
        // The last bytes, as the first ones are what people see and may have chosen jobs by.
        u64::from_be_bytes(std::array::from_fn(|i| bytes[24 + i]))
    }

    /// Wraps an iterator, and reports how far it is to those who watch the job, who see it within half a second. Calls nest: what is
    /// counted inside a step, or at the same time, shows below it.
    pub fn progress<I: IntoIterator>(&self, description: &str, items: I) -> Progress<'_, I::IntoIter> {
        Progress::new(&self.progress, description, items.into_iter())
    }

    /// Adds a value to the time series `name`, for plots and tables. Cheap: it is written to disk within half a second.
    pub fn metric(&self, name: &str, step: impl Number, value: impl Number) {
        self.metrics.add(name, step.as_step(), value.as_value());
    }

    /// The task's id.
    pub(super) fn task(&self) -> &str {
        &self.folder.key().task
    }

    /// The number of the attempt, from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.origin.attempt
    }

    pub(super) fn is_resumable(&self) -> bool {
        self.origin.node.schema().resumable()
    }

    /// How much memory it has asked for, in bytes, where that is known.
    pub(super) fn asked_memory(&self) -> Option<u64> {
        RecordedTerms::read(&self.folder).ok()??.terms?.resources.memory_bytes
    }

    /// Where the process was started, before it moved to the job's folder.
    pub(super) fn started_in(&self) -> Option<&Path> {
        self.origin.started_in.as_deref()
    }

    /// The arguments as a program gets them.
    pub(super) fn plain_arguments(&self) -> Result<PlainData, ReadError> {
        let jobs = JobsOnDisk(&self.origin.workspace);
        Reader::new(&jobs, self.path()).plain(&self.origin.node, false)
    }

    /// Says how far the whole job is, from 0 to 1, to those who watch it; what [`progress`](Self::progress) counts shows below.
    /// Cheap: it is written to disk a few times a second, and seen within half a second. What lies outside of 0 and 1 counts as the nearer of them.
    pub fn set_progress(&self, fraction: f64) {
        self.progress.set_fraction("", fraction);
    }

    /// How far the job is, from 0 to 1, as a program says it.
    pub(super) fn report_fraction(&self, description: &str, fraction: f64) {
        self.progress.set_fraction(description, fraction);
    }

    /// Hands an output to the plan while the task goes on: [`on_output`](crate::Job::on_output) with this name sees it, in
    /// this run or in a later one. It is on file when this returns, and kept with the job; a task that resumes goes on
    /// with the outputs that earlier attempts emitted, another one begins anew.
    ///
    /// A task that resumes should emit what its checkpoint says is not emitted yet: an attempt that is killed after this
    /// and before its checkpoint emits it once more, which the plan sees as another output.
    ///
    /// # Errors
    /// If the value cannot be written as JSON, or not to the disk.
    pub fn emit<V: Serialize + ?Sized>(&self, name: &str, value: &V) -> Result<(), anyhow::Error> {
        let value = serde_json::value::to_raw_value(value)
            .map_err(|error| anyhow::Error::new(error).context(format!("output `{name}` cannot be written as JSON")))?;
        self.outputs.add(name, value)
    }

    /// How many outputs are on file, of earlier attempts too.
    pub(super) fn count_outputs(&self) -> io::Result<u64> {
        count_outputs(&self.folder.outputs())
    }

    /// How many values of metrics are on file, of earlier attempts too.
    pub(super) fn count_metrics(&self) -> io::Result<u64> {
        count_values(&self.folder.metrics())
    }

    /// Writes out what is still in memory.
    ///
    /// # Errors
    /// If what was emitted may not be on the disk.
    pub(super) fn finish(&self) -> Result<(), String> {
        self.metrics.flush();
        self.progress.flush();
        self.outputs.sync()
    }

    /// Makes the folders that files of nested configurations (`#[param(path = "…")]`) lie in.
    pub(super) fn make_nested_folders(&self, node: &Arc<Node>) {
        self.nested(node, self.folder.path());
    }

    fn nested(&self, node: &Node, folder: &Path) {
        for (arg, slot) in node.arguments().iter().zip(node.slots()) {
            if let Role::JobPath(name) = arg.role
                && let Some(parent) = folder.join(name).parent()
                && parent != self.folder.path()
            {
                // If it cannot be made, the task says so when it writes there.
                let _ = fs::create_dir_all(parent);
            }
            if let Value::Config(inner) = slot.value.unmarked() {
                self.nested(inner, &folder.join(arg.name));
            }
        }
    }
}
