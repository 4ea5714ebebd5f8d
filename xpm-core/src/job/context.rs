//! What a task sees of its own job while it runs.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use super::metrics::{Metrics, Number};
use super::progress::{Progress, ProgressFile};
use crate::ids::Identity;
use crate::schema::Role;
use crate::sys;
use crate::value::{Node, Value};
use crate::workspace::JobFolder;

/// What a task sees of its own job while it runs.
#[derive(Debug)]
pub struct JobContext {
    folder: JobFolder,
    deadline: Option<Instant>,
    catching: Once,
    metrics: Metrics,
    progress: ProgressFile,
}

/// The error that [`JobContext::out_of_time`] gives.
#[derive(Debug, thiserror::Error)]
#[error("out of time")]
pub(super) struct OutOfTime;

impl JobContext {
    pub(super) fn new(folder: JobFolder, deadline: Option<Instant>) -> Self {
        let metrics = Metrics::new(folder.metrics());
        let progress = ProgressFile::new(folder.progress());
        Self { folder, deadline, catching: Once::new(), metrics, progress }
    }

    /// From here on a request to stop is something to ask for, and ends the process only after the grace period.
    pub(super) fn catch_stops(&self) {
        self.catching.call_once(sys::catch_termination);
    }

    /// How long the job may still run; `None` without a time limit.
    pub fn remaining_time(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
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
        OutOfTime.into()
    }

    /// The job's identity.
    pub fn id(&self) -> Identity {
        self.folder.key().identity
    }

    /// The job's folder, which is also the working directory.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A 64-bit seed that follows from the identity: the same at every run of this job, another for other arguments.
    pub fn seed(&self) -> u64 {
        let bytes = *self.id().as_bytes();
        // The last bytes, as the first ones are what people see and may have chosen jobs by.
        u64::from_be_bytes(std::array::from_fn(|i| bytes[24 + i]))
    }

    /// Wraps an iterator, and reports how far it is to those who watch the job. Calls nest: what is counted inside a step
    /// shows below it.
    pub fn progress<I: IntoIterator>(&self, description: &str, items: I) -> Progress<'_, I::IntoIter> {
        Progress::new(&self.progress, description, items.into_iter())
    }

    /// Adds a value to the time series `name`, for plots and tables. Cheap: it is written to disk within half a second.
    pub fn metric(&self, name: &str, step: impl Number, value: impl Number) {
        self.metrics.add(name, step.as_step(), value.as_value());
    }

    /// Writes out what is still in memory.
    pub(super) fn finish(&self) {
        self.metrics.flush();
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
