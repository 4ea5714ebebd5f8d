//! The handle of a job.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::outputs::{JobFile, Produced, Promise};
use super::shared::Shared;
use super::state::{JobCell, JobError, JobState};
use super::submit::Dependency;
use crate::config::{ArgStruct, Complete, ConfigType, Configure, HasTags, Submitted, Symbolic};
use crate::ids::Identity;
use crate::job::{Task, read_output};
use crate::value::{JobRef, Tags, Value};

/// A submitted job of the task `T`. Cloning the handle does not clone the job.
///
/// `&job` is given where an argument of type `T` is expected.
pub struct Job<T: ConfigType> {
    shared: Arc<Shared>,
    cell: Arc<JobCell>,
    reference: Arc<JobRef>,
    args: Arc<T::Args>,
}

impl<T: Task> Job<T> {
    pub(super) fn new(shared: Arc<Shared>, cell: Arc<JobCell>, tags: Arc<Tags>, args: T::Args) -> Self {
        let reference = Arc::new(JobRef { key: cell.key().clone(), tags });
        Self { shared, cell, reference, args: Arc::new(args) }
    }

    /// The job's identity.
    pub fn id(&self) -> Identity {
        self.cell.key().identity
    }

    /// The job's folder, `WORKDIR/jobs/<task id>/<identity>`. Its files come as arguments with [`file`](Self::file).
    pub fn path(&self) -> &Path {
        self.cell.folder.path()
    }

    /// Where the job is in its life.
    pub fn state(&self) -> JobState {
        self.cell.state()
    }

    /// A copy of the arguments, to derive variants from.
    pub fn config(&self) -> T::Args {
        T::Args::clone(&self.args)
    }

    /// The tags, own ones and those of everything below.
    pub fn tags(&self) -> Tags {
        Tags::clone(&self.reference.tags)
    }

    /// Waits until the job has ended, and says how.
    ///
    /// # Errors
    /// If the run itself has broken down. A failed job is no error here.
    pub fn wait(&self) -> Result<JobState, anyhow::Error> {
        Ok(self.ended()?)
    }

    fn ended(&self) -> Result<JobState, JobError> {
        self.shared.wait_for(&self.cell)
    }

    /// Waits until the job has ended, and gives what it returned.
    ///
    /// # Errors
    /// If the job failed (the error holds a [`JobError`]), or what it returned cannot be read.
    pub fn output(&self) -> Result<T::Output, anyhow::Error> {
        let job = || self.cell.key().clone();
        match self.ended()? {
            JobState::Done => Ok(read_output(self.shared.workspace(), self.cell.key()).map_err(JobError::Output)?),
            JobState::Failed(failure) => {
                Err(JobError::Failed { job: job(), failure, folder: self.path().to_owned() }.into())
            }
            _ => Err(JobError::Cancelled(job()).into()),
        }
    }

    /// The value that the job will return, as an argument of another task: `#[param(json)]`, or a scalar.
    pub fn promise(&self) -> Promise<T::Output> {
        Promise::new(self.reference.clone())
    }

    /// A file that the job writes, by its path in the job's folder, as a path argument of another task.
    pub fn file(&self, path: impl AsRef<Path>) -> JobFile {
        JobFile::new(self.reference.clone(), path.as_ref())
    }

    /// A configuration that stands for something this job makes: what it is given to depends on the job, and its files
    /// (`#[param(path = "…")]`) lie in the job's folder.
    pub fn produces<B: Configure + Complete>(&self, config: B) -> Produced<<B::Built as ArgStruct>::Target> {
        Produced::new(self.reference.clone(), config.into_args().node())
    }
}

impl<T: ConfigType> Clone for Job<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            cell: self.cell.clone(),
            reference: self.reference.clone(),
            args: self.args.clone(),
        }
    }
}

impl<T: ConfigType> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({}, {:?})", self.cell.key(), self.cell.state())
    }
}

impl<T: ConfigType> HasTags for Job<T> {
    fn all_tags(&self) -> Arc<Tags> {
        self.reference.tags.clone()
    }
}

impl<T: Task> Symbolic for &Job<T> {
    type Target = T;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Job(self.reference.clone())
    }
}

impl<T: Task> Symbolic for Job<T> {
    type Target = T;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Job(self.reference)
    }
}

impl<T: Task> From<&Job<T>> for Dependency {
    fn from(job: &Job<T>) -> Self {
        Dependency::job(job.cell.key().clone())
    }
}

impl<T: Task> From<Job<T>> for Dependency {
    fn from(job: Job<T>) -> Self {
        Dependency::from(&job)
    }
}
