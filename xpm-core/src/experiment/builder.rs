//! Setting an experiment up, running its plan, and saying how it went.

use std::fmt;
use std::num::NonZeroU32;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::Experiment;
use super::driver::Driver;
use super::failures::{RunError, is_told};
use super::interrupt::Interrupts;
use super::journalled::{freezer, machine};
use super::message::Message;
use super::mode::{ParseRunModeError, RunMode};
use super::retry::{capacity, spawn};
use super::shared::Shared;
use super::state::JobError;
use crate::config::{Registry, RegistryError};
use crate::ids::{InvalidId, JobKey, check_experiment_id};
use crate::launcher::Local;
use crate::report::{Event, Reporter, Summary, TerminalReporter};
use crate::workspace::environment::Recorder;
use crate::workspace::frozen::Program;
use crate::workspace::history::Keep;
use crate::workspace::{
    BeginRun, Failure, LogFilter, ParseLogFilterError, RunFolder, RunRecord, RunStatus, Workspace, WorkspaceError,
};

/// Why a run does not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The experiment's id cannot name a folder.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// The workspace cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The types of this binary cannot be used together.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// `main` is not marked.
    #[error(
        "this program cannot run single jobs, since its `main` is not marked: write `#[xpm::main]` above `fn main`"
    )]
    NotMain,
    /// The folder of the run cannot be made.
    #[error("the folder of the run cannot be made in {}", path.display())]
    Run {
        /// The experiment's folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The environment asks for a run mode that there is none of.
    #[error("XPM_RUN_MODE: {0}")]
    Mode(ParseRunModeError),
    /// The environment asks for a level of logs that there is none of.
    #[error("XPM_LOG: {0}")]
    Log(ParseLogFilterError),
    /// Somebody else runs the experiment.
    #[error("experiment `{experiment}` is run by {owner}")]
    Running {
        /// The experiment.
        experiment: String,
        /// Host and process.
        owner: String,
    },
    /// The driver cannot be started.
    #[error("{what}")]
    Driver {
        /// What failed.
        what: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// An experiment that is being set up. Made by [`experiment`].
pub struct ExperimentBuilder {
    workdir: PathBuf,
    id: String,
    cpus: Option<NonZeroU32>,
    port: Option<u16>,
    if_running: IfRunning,
    keep: Option<Keep>,
    mode: RunMode,
    reporter: Arc<dyn Reporter>,
}

/// What to do when the experiment is being run already, by another process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfRunning {
    /// Say who runs it, and wait for the end of that run.
    #[default]
    Wait,
    /// Fail, saying who runs it.
    Fail,
}

/// Sets up the experiment `id` in the workspace `workdir`, a folder that is made if it does not exist.
///
/// ```no_run
/// # mod xpm { pub use xpm_core::experiment::experiment; }
/// # fn main() -> Result<(), anyhow::Error> {
/// xpm::experiment("workspace", "bm25-grid").run(|xp| {
///     println!("run {} of {}", xp.run_id(), xp.id());
///     Ok(())
/// })
/// # }
/// ```
pub fn experiment(workdir: impl AsRef<Path>, id: impl Into<String>) -> ExperimentBuilder {
    ExperimentBuilder {
        workdir: workdir.as_ref().to_owned(),
        id: id.into(),
        cpus: None,
        port: None,
        if_running: IfRunning::default(),
        keep: None,
        mode: RunMode::Normal,
        reporter: Arc::new(TerminalReporter::new()),
    }
}

impl ExperimentBuilder {
    /// Lets jobs take at most this many CPUs together, those of other runs in the workspace on this machine with the same limit or
    /// a lower one counted in. Without it: `[local] cpus` of the workspace's `xpm.toml`, or what the machine has for this process.
    #[must_use]
    pub fn cpus(mut self, cpus: NonZeroU32) -> Self {
        self.cpus = Some(cpus);
        self
    }

    /// The port of this machine where the run is to be watched in a browser while it runs. There is no web monitor in this
    /// version: a plan that asks for one is run, and told so.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// What to do when the experiment is being run already, by another process. Without it, wait.
    #[must_use]
    pub fn if_running(mut self, if_running: IfRunning) -> Self {
        self.if_running = if_running;
        self
    }

    /// What the run does: [`RunMode::DryRun`] says what would be run and writes nothing, [`RunMode::GenerateOnly`] writes the
    /// jobs' folders and starts nothing. A plan that needs the output of a job that is not done ends there, and the run
    /// ends well; callbacks of jobs that are done are called.
    ///
    /// `XPM_RUN_MODE=dry-run` (or `generate-only`, `normal`) does the same from outside; of the two, the one that does less
    /// counts.
    #[must_use]
    pub fn run_mode(mut self, mode: RunMode) -> Self {
        self.mode = mode;
        self
    }

    /// Keeps the newest `done` runs of this experiment that ended well, and the newest `failed` others; older run folders are
    /// removed at the end of a run, those with results and saved values too. Jobs, which run folders only link to, stay.
    ///
    /// Without it, `[history] done` and `failed` of the workspace's `xpm.toml`. Without these 20 of each, and no run that has
    /// something in its `results` folder or a saved value is removed.
    #[must_use]
    pub fn keep_runs(mut self, done: usize, failed: usize) -> Self {
        self.keep = Some(Keep { done, failed, even_with_results: true });
        self
    }

    /// Replaces who is told what happens. Without it, a [`TerminalReporter`]: a live region on a terminal, lines elsewhere,
    /// on standard error.
    #[must_use]
    pub fn reporter(mut self, reporter: impl Reporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    /// Says nothing but what people must know: failures and warnings, on standard error.
    #[must_use]
    pub fn quiet(self) -> Self {
        self.reporter(TerminalReporter::quiet())
    }

    /// Runs the plan, waits for everything that it submitted and for its callbacks, and closes the run.
    ///
    /// # Errors
    /// If the run cannot begin (a [`StartError`] inside), if the plan returns an error, if a job or a callback failed,
    /// after everything that could run has run, or if the run was interrupted (a [`RunError`] inside).
    ///
    /// # Panics
    /// If the plan panics.
    pub fn run(self, plan: impl FnOnce(&Experiment) -> Result<(), anyhow::Error>) -> Result<(), anyhow::Error> {
        let begin = Instant::now();
        let (experiment, driver) = self.start()?;
        let shared = experiment.shared.clone();
        let mut record = shared.run().record(shared.id());
        let begun = begin_records(&shared, &record).and_then(|()| Interrupts::take(&shared));
        let interrupts = match begun {
            Ok(interrupts) => interrupts,
            Err(error) => {
                // The driver keeps the experiment's lock for as long as it lives.
                let _ = shared.send(Message::Closed);
                let _ = driver.join();
                shared.run().release();
                return Err(error.into());
            }
        };
        let planned = match panic::catch_unwind(AssertUnwindSafe(|| plan(&experiment))) {
            Ok(planned) => planned,
            Err(payload) => {
                // What runs goes on by itself and is found again by the next run; callbacks that wait get an error.
                let summary = shared.summary(begin.elapsed());
                shared.end_callbacks();
                let _ = shared.send(Message::Draining);
                let _ = shared.send(Message::Closed);
                let _ = driver.join();
                shared.wait_for_callbacks();
                shared.forget_callbacks();
                let error = anyhow::Error::msg("the plan panicked");
                close(&shared, &mut record, &summary, Some(&error));
                shared.report(&Event::RunEnded(summary));
                panic::resume_unwind(payload)
            }
        };
        if let Err(error) = &planned {
            shared.plan_failed(error);
        }
        let waited = shared.wait_all(None);
        // Where the wait was given up, callbacks may still run; like the plan, they are not cut off.
        shared.wait_for_callbacks();
        shared.end_callbacks();
        if shared.is_interrupted() {
            interrupts.settle();
        }
        drop(interrupts);
        // The driver may be gone already, which the wait has told.
        let _ = shared.send(Message::Closed);
        // Threads that wait for jobs which go on end with this process.
        let driver = driver.join();
        let mut failed = shared.failed_jobs();
        let callbacks = std::mem::take(&mut *shared.failed_callbacks());
        let to_its_end = planned.is_ok() && callbacks.is_empty() && !shared.is_interrupted();
        if to_its_end && driver.is_ok() && waited.is_ok() {
            shared.remove_transients();
        }
        shared.forget_callbacks();
        let summary = shared.summary(begin.elapsed());
        let cut_off = match (waited, driver) {
            _ if shared.is_interrupted() => Some(JobError::Interrupted),
            (Err(error), _) => Some(error),
            (Ok(()), Err(_)) => Some(JobError::Broken),
            (Ok(()), Ok(())) => None,
        };
        if cut_off.is_some() {
            // They were stopped with the run, or go on without it.
            failed.retain(|job| job.failure != Failure::Stopped);
        }
        let plan = planned.err();
        let stopped_at = plan.as_ref().and_then(unknown_output);
        let plan = plan.filter(|error| stopped_at.is_none() && !is_told(error, !failed.is_empty(), cut_off.is_some()));
        let result = RunError { cut_off, failed, submitted: summary.submitted, plan, callbacks }.result();
        close(&shared, &mut record, &summary, result.as_ref().err());
        shared.report(&match shared.mode() {
            RunMode::Normal => Event::RunEnded(summary),
            _ => {
                shared.plan_rest();
                Event::PlanEnded(shared.plan_summary(stopped_at))
            }
        });
        result
    }

    /// [`run`](Self::run) for a plan that is async: `job.await?` gives what a job returned, and
    /// [`xp.wait_async()`](Experiment::wait_async) waits for everything. The plan runs on this thread, and needs no
    /// runtime; what in it needs one (tokio's timers and sockets) finds it if this thread has entered it.
    ///
    /// ```no_run
    /// # use xpm_core::{Experiment, Job, Task};
    /// # mod xpm { pub use xpm_core::experiment::experiment; }
    /// # fn main_<T: Task<Output = f64>>(train: fn(&Experiment) -> Result<Job<T>, anyhow::Error>) -> Result<(), anyhow::Error> {
    /// xpm::experiment("workspace", "first").run_async(async |xp| {
    ///     let loss = train(xp)?.await?;
    ///     println!("{loss}");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// If the plan panics.
    pub fn run_async<P>(self, plan: P) -> Result<(), anyhow::Error>
    where
        P: AsyncFnOnce(&Experiment) -> Result<(), anyhow::Error>,
    {
        self.run(|xp| super::future::block_on(plan(xp)))
    }

    /// Begins a run, when nobody else runs the experiment any more.
    fn begin_run(&self, workspace: &Workspace) -> Result<RunFolder, StartError> {
        let failed = |source| StartError::Run { path: workspace.experiment(&self.id), source };
        match RunFolder::begin(workspace, &self.id).map_err(failed)? {
            BeginRun::Begun(run) => Ok(run),
            BeginRun::Busy(wait, owner) => {
                let owner = owner.map_or_else(|| "another process".to_owned(), |owner| owner.name());
                if self.if_running == IfRunning::Fail {
                    return Err(StartError::Running { experiment: self.id.clone(), owner });
                }
                let experiment = self.id.clone();
                self.reporter.report(&Event::WaitingForExperiment { experiment, owner });
                let lock = wait.wait().map_err(failed)?;
                RunFolder::create(workspace, &self.id, lock).map_err(failed)
            }
        }
    }

    fn start(self) -> Result<(Experiment, thread::JoinHandle<()>), StartError> {
        check_experiment_id(&self.id)?;
        Registry::get()?;
        if !crate::program::is_marked() {
            return Err(StartError::NotMain);
        }
        let mode = self.mode.max(mode_of_environment()?);
        check_log_of_environment()?;
        let dry = mode == RunMode::DryRun;
        let (workspace, run);
        if dry {
            workspace = Workspace::planned(&self.workdir)?;
            run = RunFolder::planned(&workspace, &self.id);
        } else {
            workspace = Workspace::open_or_create(&self.workdir)?;
            run = self.begin_run(&workspace)?;
        }
        let program = Program::this()
            .map_err(|source| StartError::Driver { what: "the path of this program is not known", source })?;
        let capacity = capacity(&workspace, self.cpus);
        let environment = (!dry).then(|| Arc::new(Recorder::begin(run.path(), Some(program.path()))));
        let freezer = freezer(&workspace, program, self.reporter.clone(), environment.clone());
        let machine = machine(&workspace, &capacity, self.reporter.clone());
        let launcher = Local::new(workspace.clone(), Some(freezer), machine);
        let keep = self.keep.unwrap_or_else(|| workspace.settings().history.keep());
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::new(Shared::new(self.id, workspace, run, self.reporter, capacity.clone(), sender.clone()));
        environment.map(|environment| shared.environment.set(environment));
        let _ = shared.keep.set(keep);
        let _ = shared.mode.set(mode);
        if let (Some(port), RunMode::Normal) = (self.port, mode) {
            shared.report(&Event::Warning(format!(
                "port {port} is not served: there is no web monitor in this version; `xpm jobs` shows the run from outside"
            )));
        }
        let driver = Driver::new(shared.clone(), launcher, &capacity, sender);
        let thread = spawn(driver, receiver)?;
        Ok((Experiment { shared, call: None }, thread))
    }
}

impl fmt::Debug for ExperimentBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExperimentBuilder({} in {})", self.id, self.workdir.display())
    }
}

/// The job whose output the plan asked for, in a run that starts nothing.
fn unknown_output(error: &anyhow::Error) -> Option<JobKey> {
    match error.downcast_ref::<JobError>() {
        Some(JobError::DryRun { job, .. }) => Some(job.clone()),
        _ => None,
    }
}

fn mode_of_environment() -> Result<RunMode, StartError> {
    let mode = crate::settings::run_mode().map(|text| text.parse());
    mode.transpose().map(Option::unwrap_or_default).map_err(StartError::Mode)
}

/// Jobs inherit it: a wrong one is better said once, before any is started.
fn check_log_of_environment() -> Result<(), StartError> {
    let filter = crate::settings::log_filter().map(|text| text.parse::<LogFilter>());
    filter.transpose().map(|_| ()).map_err(StartError::Log)
}

/// Writes down and says that a run begins; a dry run only looks.
fn begin_records(shared: &Shared, record: &RunRecord) -> Result<(), StartError> {
    if shared.mode() == RunMode::DryRun {
        return Ok(());
    }
    let run_error = |source| StartError::Run { path: shared.run().path().to_owned(), source };
    shared.run().write(record).map_err(run_error)?;
    if shared.mode() == RunMode::Normal {
        shared.report(&Event::RunBegan {
            experiment: shared.id().to_owned(),
            workdir: shared.workspace().path().to_owned(),
            run: shared.run().path().to_owned(),
        });
    }
    shared.begin_journal();
    Ok(())
}

fn close(shared: &Shared, record: &mut RunRecord, summary: &Summary, error: Option<&anyhow::Error>) {
    if shared.mode() == RunMode::DryRun {
        return;
    }
    record.status = match error {
        _ if shared.is_interrupted() => RunStatus::Interrupted,
        Some(_) => RunStatus::Failed,
        None if shared.mode() == RunMode::GenerateOnly => RunStatus::Generated,
        None => RunStatus::Done,
    };
    record.end = Some(crate::clock::timestamp());
    record.jobs = summary.submitted;
    record.failed = summary.failed;
    record.error = error.map(|error| format!("{error:#}"));
    if let Err(error) = shared.run().write(record) {
        shared.report(&Event::Warning(format!("run.json cannot be written in {}: {error}", summary.run.display())));
    }
    shared.end_records(record.status);
    shared.run().release();
    shared.collect_executables();
}
