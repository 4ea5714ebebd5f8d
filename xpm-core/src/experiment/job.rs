//! The handle of a job.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::Experiment;
use super::callbacks::{Callback, On};
use super::future::JobWait;
use super::live::Lane;
use super::outputs::{JobFile, Produced, Producible, Promise};
use super::shared::Shared;
use super::state::{JobCell, JobError, JobState};
use super::submit::Dependency;
use super::why::Waiting;
use crate::config::{ConfigType, HasTags, Submitted, Symbolic};
use crate::ids::Identity;
use crate::job::{Task, read_output};
use crate::value::{JobRef, KeptTags, Tags, Value};
use crate::workspace::Output;

/// A submitted job of the task `T`. Cloning the handle does not clone the job.
///
/// `&job` is given where an argument of type `T` is expected. In an async plan, `job.await?` is what it returned
/// ([`ExperimentBuilder::run_async`](super::ExperimentBuilder::run_async)).
pub struct Job<T: ConfigType> {
    pub(super) shared: Arc<Shared>,
    pub(super) cell: Arc<JobCell>,
    reference: Arc<JobRef>,
    args: Arc<T::Args>,
    /// Of this handle: each can be awaited by itself.
    pub(super) wait: JobWait,
}

impl<T: Task> Job<T> {
    pub(super) fn new(shared: Arc<Shared>, cell: Arc<JobCell>, tags: KeptTags, args: T::Args) -> Self {
        let reference = Arc::new(JobRef { key: cell.key().clone(), tags });
        Self { shared, cell, reference, args: Arc::new(args), wait: JobWait::default() }
    }

    /// The job's identity.
    pub fn id(&self) -> Identity {
        self.cell.key().identity
    }

    /// The job's folder, `WORKDIR/jobs/<task id>/<identity>`. Its files come as arguments with [`file`](Self::file).
    pub fn path(&self) -> &Path {
        self.cell.folder.path()
    }

    /// The file with what the job's process writes to its standard output; it need not exist yet.
    pub fn stdout_path(&self) -> PathBuf {
        self.cell.folder.stdout()
    }

    /// The file with what the job's process writes to its standard error, `tracing` events and panics included; it need not
    /// exist yet.
    pub fn stderr_path(&self) -> PathBuf {
        self.cell.folder.stderr()
    }

    /// The job's log: [`stderr_path`](Self::stderr_path).
    pub fn log_path(&self) -> PathBuf {
        self.stderr_path()
    }

    /// Where the job is in its life.
    pub fn state(&self) -> JobState {
        self.cell.state()
    }

    /// Why the job has not been started, as data; `{}` shows it in words. Nothing for one that has been started or has
    /// ended, but for one that somebody else runs: that one is waited for.
    pub fn why(&self) -> Option<Waiting> {
        self.shared.why(&self.cell)
    }

    /// A copy of the arguments, to derive variants from.
    pub fn config(&self) -> T::Args {
        T::Args::clone(&self.args)
    }

    /// The tags, own ones and those of everything below.
    pub fn tags(&self) -> Tags {
        self.reference.tags.to_map()
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
        self.result(self.ended()?)
    }

    /// What a job that has ended returned.
    pub(super) fn result(&self, ended: JobState) -> Result<T::Output, anyhow::Error> {
        let job = || self.cell.key().clone();
        match ended {
            JobState::Done => Ok(read_output(self.shared.workspace(), self.cell.key()).map_err(JobError::Output)?),
            JobState::Failed(failure) => {
                Err(JobError::Failed { job: job(), failure, folder: self.path().to_owned() }.into())
            }
            JobState::Planned => Err(JobError::DryRun { job: job(), mode: self.shared.mode() }.into()),
            _ => Err(JobError::Cancelled(job()).into()),
        }
    }

    /// Calls `callback` once the job is done: exactly once for this registration, whoever ran the job, and soon if it is
    /// done already. The job can be registered for as often as you like, through every handle of it.
    ///
    /// It runs on a thread of its own, beside the plan and other callbacks, and may do what a plan does: submit, wait for
    /// jobs, register more. [`Experiment::wait`] and the end of the run wait for it and for what it submits. An error that
    /// it returns, or a panic, fails the run and stops nothing else; one that only hands on that the run was interrupted
    /// ([`JobError::Interrupted`](super::JobError::Interrupted)) is no failure of the callback.
    ///
    /// It is not called if the job fails, and not if the run is interrupted before: the next run calls it. A job that
    /// failed and was submitted again keeps what was registered for its success. That something is registered for a
    /// transient job (`#[task(transient)]`) does not make it run: if nothing else needs it, it is skipped and nothing is
    /// called. To wait for it does ([`wait`](Self::wait), [`output`](Self::output), `.await`).
    ///
    /// ```no_run
    /// # use xpm_core::{Configure, Experiment, Job, Submit, Task};
    /// # fn plan<A: Task<Output = f64>>(xp: &Experiment, train: &Job<A>) {
    /// train.on_completed(|xp, job| {
    ///     if job.output()? > 0.3 {
    ///         println!("{} is worth a closer look", job.id());
    ///     }
    ///     Ok(())
    /// });
    /// # }
    /// ```
    pub fn on_completed<F>(&self, callback: F)
    where
        F: FnOnce(&Experiment, &Self) -> Result<(), anyhow::Error> + Send + 'static,
    {
        self.register(On::Completed, callback);
    }

    /// Calls `callback` once the job has failed, was stopped, or could not be started because of another: as
    /// [`on_completed`](Self::on_completed) does when it is done. The state says why ([`state`](Self::state)). It is used
    /// up by the first of these ends. That the job has failed fails the run, whatever the callback does.
    pub fn on_failed<F>(&self, callback: F)
    where
        F: FnOnce(&Experiment, &Self) -> Result<(), anyhow::Error> + Send + 'static,
    {
        self.register(On::Failed, callback);
    }

    /// Calls `callback` with each output of that name that the job emits ([`JobContext::emit`](crate::JobContext::emit)),
    /// in order, one at a time, while the job runs: exactly once each for this registration, those included that were
    /// emitted before, and all of them if the job was done before. All are told before the callbacks of
    /// [`on_completed`](Self::on_completed) and [`on_failed`](Self::on_failed), but for those that were called before this
    /// was registered: of a job that may be done already, ask for the outputs first.
    ///
    /// Each run of the plan sees all outputs of the job. What an attempt emitted that has failed and is not resumed is not
    /// taken back if it was told; what the next attempt emits in its place is told where it differs.
    ///
    /// The callback runs like that of [`on_completed`](Self::on_completed). An error that it returns, a panic, or an output
    /// that is no `V` fails the run and stops nothing else: the next output is told all the same.
    ///
    /// ```no_run
    /// # use xpm_core::{Experiment, Job, Task};
    /// # fn plan<A: Task>(xp: &Experiment, train: &Job<A>) {
    /// train.on_output("checkpoint", |xp, step: u32| {
    ///     println!("{}: step {step} can be evaluated", xp.id());
    ///     Ok(())
    /// });
    /// # }
    /// ```
    pub fn on_output<V, F>(&self, name: &str, mut callback: F)
    where
        V: DeserializeOwned + 'static,
        F: FnMut(&Experiment, V) -> Result<(), anyhow::Error> + Send + 'static,
    {
        let call = move |xp: &Experiment, output: &Output| {
            let value = serde_json::from_str(output.value.get()).map_err(|error| not_a::<V>(output, &error))?;
            callback(xp, value)
        };
        self.shared.register_lane(&self.cell, Lane::new(&self.cell, name, Box::new(call)));
    }

    fn register<F>(&self, on: On, callback: F)
    where
        F: FnOnce(&Experiment, &Self) -> Result<(), anyhow::Error> + Send + 'static,
    {
        let job = self.clone();
        let call = move |xp: &Experiment| callback(xp, &job);
        self.shared.register(&self.cell, Callback { on, call: Box::new(call) });
    }

    /// The value that the job will return, as an argument of another task: `#[param(json)]`, or a scalar.
    pub fn promise(&self) -> Promise<T::Output> {
        Promise::new(self.reference.clone())
    }

    /// A file that the job writes, by its path in the job's folder, as a path argument of another task.
    pub fn file(&self, path: impl AsRef<Path>) -> JobFile {
        JobFile::new(self.reference.clone(), path.as_ref())
    }

    /// This job as a dependency, for lists of several kinds: `add_dependencies([job.dependency(), token.dependency(2)])`.
    pub fn dependency(&self) -> Dependency {
        Dependency::from(self)
    }

    /// A configuration that stands for something this job makes: what it is given to depends on the job, and its files
    /// (`#[param(path = "…")]`) lie in the job's folder. A plain value, an argument struct or a reference to one of these, or
    /// a builder with every required argument set.
    pub fn produces<X: Producible<M>, M>(&self, config: X) -> Produced<X::Config> {
        Produced::new(self.reference.clone(), config.into_node())
    }
}

/// An output is not what a callback takes.
fn not_a<V>(output: &Output, error: &serde_json::Error) -> anyhow::Error {
    /// How much of a value is shown.
    const SHOWN: usize = 200;
    let Output { name, seq, value, .. } = output;
    let (ty, text) = (std::any::type_name::<V>(), value.get());
    let shown = text.char_indices().nth(SHOWN).map_or(text.to_owned(), |(cut, _)| format!("{}…", &text[..cut]));
    // JSON has neither.
    let hint = if text.contains("null") { " (NaN and infinite floats are written as null)" } else { "" };
    anyhow::Error::msg(format!("output `{name}`, number {seq} of the job, is no `{ty}`: {error}{hint}; it is {shown}"))
}

impl<T: ConfigType> Clone for Job<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            cell: self.cell.clone(),
            reference: self.reference.clone(),
            args: self.args.clone(),
            wait: JobWait::default(),
        }
    }
}

impl<T: ConfigType> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({}, {:?})", self.cell.key(), self.cell.state())
    }
}

impl<T: ConfigType> HasTags for Job<T> {
    fn all_tags(&self) -> Tags {
        self.reference.tags.to_map()
    }
}

impl<T: Task> Symbolic for &Job<T> {
    type Target = T;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Job(self.reference.clone())
    }
}

/// `&job` where `job` is a reference already, as in a callback.
impl<T: Task> Symbolic for &&Job<T> {
    type Target = T;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        (*self).into_config_value()
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

impl<T: Task> From<&&Job<T>> for Dependency {
    fn from(job: &&Job<T>) -> Self {
        Dependency::from(*job)
    }
}

impl<T: Task> From<Job<T>> for Dependency {
    fn from(job: Job<T>) -> Self {
        Dependency::from(&job)
    }
}
