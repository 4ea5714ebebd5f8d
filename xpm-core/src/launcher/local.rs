//! Runs a job as a process of this machine.
//!
//! The protocol is told in `docs/ARCHITECTURE.md` ("Never run twice, never lost"): take the job's lock, read the record
//! again, write the arguments, start the process with the lock as its standard input, wait, read the record. Each order
//! has a thread of its own, which waits most of the time; there are never more than the scheduler lets run.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use super::{End, Order, Progress};
use crate::job::{UNRECORDED, job_arguments};
use crate::sys::{self, ProcessEnd};
use crate::workspace::{Failure, JobFolder, JobLock, Status, StatusError, TryLock, Workspace, write_params};

/// Starts jobs on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    workspace: Workspace,
    executable: Arc<PathBuf>,
}

impl Local {
    pub(crate) fn new(workspace: Workspace, executable: PathBuf) -> Self {
        Self { workspace, executable: executable.into() }
    }

    /// Takes an order; `tell` is called from another thread.
    pub(crate) fn start(&self, order: Order, tell: impl Fn(Progress) + Send + Sync + 'static) {
        let local = self.clone();
        let tell = Arc::new(tell);
        let told = tell.clone();
        let work = move || told(Progress::Ended(local.attempt(&order, &*told).unwrap_or_else(End::Failed)));
        let thread = thread::Builder::new().name("xpm-job".to_owned()).stack_size(512 << 10).spawn(work);
        if let Err(error) = thread {
            tell(Progress::Ended(End::Failed(launch_failed("a thread cannot be started", &error))));
        }
    }

    fn attempt(&self, order: &Order, tell: &dyn Fn(Progress)) -> Result<End, Failure> {
        let folder = &order.folder;
        let here = |error: &io::Error| launch_failed(&folder.path().display().to_string(), error);
        folder.create().map_err(|error| here(&error))?;
        let lock = match JobLock::try_take(&folder.lock()).map_err(|error| here(&error))? {
            TryLock::Taken(lock) => lock,
            TryLock::Busy(wait) => {
                let before = self.read(folder)?.map_or(0, |status| status.attempt);
                tell(Progress::Attached);
                let lock = wait.wait().map_err(|error| here(&error))?;
                match self.read(folder)? {
                    Some(status) if status.attempt > before || status.is_done() => return Ok(end_of(&status)),
                    _ => {
                        let attempt = folder.last_attempt(None).max(before + 1);
                        return Ok(End::Failed(self.record(folder, attempt, Failure::Lost, None, lock)));
                    }
                }
            }
        };
        // Only what is read after the lock is taken counts.
        let status = self.read(folder)?;
        if status.as_ref().is_some_and(Status::is_done) {
            return Ok(End::Done { ran: false });
        }
        let before = folder.last_attempt(status.as_ref());
        let attempt = before + 1;
        folder.put_attempt_aside(before).map_err(|error| here(&error))?;
        write_params(&self.workspace, folder, &order.node).map_err(|error| here(&error))?;
        let end = self.run(folder, attempt, lock, tell)?;
        match self.read(folder)? {
            Some(status) if status.attempt == attempt => Ok(end_of(&status)),
            _ => self.died(folder, attempt, end),
        }
    }

    fn run(
        &self,
        folder: &JobFolder,
        attempt: u32,
        lock: JobLock,
        tell: &dyn Fn(Progress),
    ) -> Result<ProcessEnd, Failure> {
        let here = |error: &io::Error| launch_failed(&folder.path().display().to_string(), error);
        let stdout = File::create(folder.stdout()).map_err(|error| here(&error))?;
        let stderr = File::create(folder.stderr()).map_err(|error| here(&error))?;
        let child = Command::new(&*self.executable)
            .args(job_arguments(folder.path(), attempt))
            .stdin(Stdio::from(lock.into_file()))
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(|error| launch_failed(&self.executable.display().to_string(), &error))?;
        tell(Progress::Started);
        sys::wait(child).map_err(|error| launch_failed("waiting for the process", &error))
    }

    /// The process is gone and has left no record of this attempt: the driver writes one.
    fn died(&self, folder: &JobFolder, attempt: u32, end: ProcessEnd) -> Result<End, Failure> {
        let failure = match (end.code, end.signal) {
            (_, Some(signal)) => Failure::Signaled { signal },
            (Some(code), None) if code == i32::from(UNRECORDED) => Failure::Output { message: last_line(folder) },
            (Some(code), None) => Failure::Exited { code },
            (None, None) => Failure::Lost,
        };
        // A process that the job left behind may still hold the lock; then the record is written without.
        let lock = match JobLock::try_take(&folder.lock()) {
            Ok(TryLock::Taken(lock)) => Some(lock),
            _ => None,
        };
        if lock.is_some()
            && let Some(status) = self.read(folder)?
            && status.attempt >= attempt
        {
            return Ok(end_of(&status));
        }
        Ok(End::Failed(self.record(folder, attempt, failure, Some(end.usage), lock)))
    }

    /// Writes the record of a failed attempt; that it cannot be written does not change how the attempt ended.
    fn record(
        &self,
        folder: &JobFolder,
        attempt: u32,
        failure: Failure,
        usage: Option<sys::Usage>,
        _lock: impl Into<Option<JobLock>>,
    ) -> Failure {
        let mut status = Status::new(folder.key().clone(), attempt, Err(failure.clone()));
        if let Some(usage) = usage {
            status = status.with_usage(usage);
        }
        match status.write(&folder.status()) {
            Ok(()) => failure,
            Err(error) => Failure::LaunchFailed {
                message: format!("{failure}; this could not be recorded in {}: {error}", folder.status().display()),
            },
        }
    }

    /// The record, where a damaged one counts as none: the job is run again, and the damaged file is put aside.
    fn read(&self, folder: &JobFolder) -> Result<Option<Status>, Failure> {
        match folder.read_status() {
            Ok(status) => Ok(status),
            Err(StatusError::Damaged { .. }) => Ok(None),
            Err(error) => Err(Failure::LaunchFailed { message: error.to_string() }),
        }
    }
}

fn end_of(status: &Status) -> End {
    match status.result() {
        Ok(_) => End::Done { ran: true },
        Err(failure) => End::Failed(failure.clone()),
    }
}

fn launch_failed(what: &str, error: &io::Error) -> Failure {
    Failure::LaunchFailed { message: format!("{what}: {error}") }
}

/// The last line of the job's standard error.
fn last_line(folder: &JobFolder) -> String {
    crate::report::tail(&folder.stderr(), 1).pop().unwrap_or_else(|| "its record could not be written".to_owned())
}
