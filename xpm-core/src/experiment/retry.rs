//! Runs jobs of before again: each with the arguments that lie in its folder and from a program that is frozen. There is no
//! plan and no run; scheduler, driver and launcher are those of a run, and so is all that keeps a job from running twice.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::builder::StartError;
use super::driver::Driver;
use super::interrupt::Interrupts;
use super::journalled::machine;
use super::message::Message;
use super::shared::Shared;
use super::source::{FromFolder, Source};
use super::state::{JobCell, JobState};
use crate::config::SubmitOptions;
use crate::ids::JobKey;
use crate::launcher::Local;
use crate::report::{Event, Reporter};
use crate::scheduler::Capacity;
use crate::value::Tags;
use crate::workspace::{Failure, RunFolder, TokenFile, Workspace};

/// A job to run as it was before.
#[derive(Clone, Debug)]
pub(crate) struct AgainJob {
    pub(crate) key: JobKey,
    pub(crate) tags: Tags,
    pub(crate) from: FromFolder,
    /// The jobs that have to be done first.
    pub(crate) depends_on: Vec<JobKey>,
}

/// Runs these jobs, of which each stands behind those that it depends on; the others that it depends on are done. Gives how each
/// has ended, and whether the whole was interrupted.
pub(crate) fn run_again(
    workspace: &Workspace,
    jobs: Vec<AgainJob>,
    reporter: Arc<dyn Reporter>,
) -> Result<(Vec<(JobKey, JobState)>, bool), StartError> {
    let begin = Instant::now();
    let (shared, driver) = start(workspace, reporter)?;
    shared.report(&Event::RunBegan {
        experiment: shared.id().to_owned(),
        workdir: workspace.path().to_owned(),
        run: shared.run().path().to_owned(),
    });
    let interrupts = match Interrupts::take(&shared) {
        Ok(interrupts) => interrupts,
        Err(error) => {
            let _ = shared.send(Message::Closed);
            let _ = driver.join();
            return Err(error);
        }
    };
    let mut cells = Vec::with_capacity(jobs.len());
    for job in jobs {
        if shared.is_interrupted() {
            break;
        }
        cells.push(shared.submit_recorded(job));
    }
    // That the driver is gone is told by what has not ended.
    let _ = shared.wait_all(None);
    shared.end_callbacks();
    if shared.is_interrupted() {
        interrupts.settle();
    }
    drop(interrupts);
    let _ = shared.send(Message::Closed);
    let _ = driver.join();
    shared.report(&Event::RunEnded(shared.summary(begin.elapsed())));
    shared.run().release();
    Ok((cells.iter().map(|cell| (cell.key().clone(), cell.state())).collect(), shared.is_interrupted()))
}

fn start(
    workspace: &Workspace,
    reporter: Arc<dyn Reporter>,
) -> Result<(Arc<Shared>, thread::JoinHandle<()>), StartError> {
    let failed = |source| StartError::Run { path: workspace.path().to_owned(), source };
    let run = RunFolder::none(workspace).map_err(failed)?;
    let capacity = capacity(workspace, None);
    let machine = machine(workspace, &capacity, reporter.clone());
    let launcher = Local::new(workspace.clone(), None, machine);
    let (sender, receiver) = mpsc::channel();
    let shared =
        Arc::new(Shared::new("retry".to_owned(), workspace.clone(), run, reporter, capacity.clone(), sender.clone()));
    let driver = Driver::new(shared.clone(), launcher, &capacity, sender);
    Ok((shared, spawn(driver, receiver)?))
}

/// Starts the thread of a driver.
pub(super) fn spawn(driver: Driver, messages: mpsc::Receiver<Message>) -> Result<thread::JoinHandle<()>, StartError> {
    let thread = thread::Builder::new().name("xpm-driver".to_owned()).spawn(move || driver.run(&messages));
    thread.map_err(|source| StartError::Driver { what: "the driver cannot be started", source })
}

/// What jobs may take of this machine together.
pub(super) fn capacity(workspace: &Workspace, cpus: Option<NonZeroU32>) -> Capacity {
    let settings = &workspace.settings().local;
    let cpus = cpus.or(settings.cpus).map_or_else(crate::sys::cpus, NonZeroU32::get);
    Capacity { cpus, memory: settings.memory_bytes.or_else(crate::launcher::memory), gpus: Vec::new() }
}

impl Shared {
    /// Enters a job and hands it to the driver; one that can never be run has failed.
    fn submit_recorded(self: &Arc<Self>, job: AgainJob) -> Arc<JobCell> {
        let terms = &job.from.terms;
        let resources = terms.resources.resources();
        let options = SubmitOptions {
            tokens: terms.tokens.iter().map(|(name, amount)| (name.as_str().into(), *amount)).collect(),
            resources: resources.clone(),
            priority: Some(terms.priority),
            max_retries: Some(terms.max_retries),
            retry_delay: terms.retry_delay(),
            ..SubmitOptions::default()
        };
        let folder = self.workspace().job(&job.key);
        let source = Source::Folder(Box::new(job.from));
        let cell = JobCell::new(folder, source, job.tags.into(), resources.clone(), JobState::Waiting);
        let (cell, _) = self.enter(Arc::new(cell));
        let possible = self.know_tokens(&options).and_then(|()| {
            self.check_needs(&job.key.task, &resources, &options)
                .map_err(|error| format!("{:#}", anyhow::Error::from(error)))
        });
        let submitted = possible.and_then(|()| {
            let message =
                Message::Submitted { cell: cell.clone(), depends_on: job.depends_on, options: Box::new(options) };
            self.send(message).map_err(|error| error.to_string())
        });
        if let Err(message) = submitted {
            self.job_ended(&cell, JobState::Failed(Failure::LaunchFailed { message }), false);
        }
        cell
    }

    /// Tells the driver of the tokens that are asked for, with the capacities that they have.
    fn know_tokens(&self, options: &SubmitOptions) -> Result<(), String> {
        for (name, _) in &options.tokens {
            if self.token_capacity(name).is_some() {
                continue;
            }
            let look = TokenFile::new(self.workspace().clone(), name).look();
            let look = look.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
            let (capacity, _) = look.ok_or_else(|| format!("there is no token `{name}` any more"))?;
            self.token_known(name, capacity).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
