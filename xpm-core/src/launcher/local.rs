//! Runs a job as a process of this machine.
//!
//! The protocol is told in `docs/ARCHITECTURE.md` ("Never run twice, never lost"): take the job's lock, read the record
//! again, write the arguments, start the process with the lock as its standard input, wait, read the record. Each order
//! has a thread of its own, which waits most of the time; there are never more than the scheduler lets run.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{End, Order, Progress};
use crate::ids::JobKey;
use crate::job::{UNRECORDED, job_arguments};
use crate::sys::{self, ProcessEnd};
use crate::workspace::{
    Failure, JobFolder, JobLock, Owner, Status, StatusError, Taken, TokenFile, TryLock, WaitLock, Workspace,
    write_params,
};

/// What came of waiting for somebody else's attempt.
enum Attached {
    /// It ended like this.
    Ended(End),
    /// Whoever had the lock has left the job as it was.
    Free(JobLock),
}

/// Starts jobs on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    workspace: Workspace,
    executable: Arc<PathBuf>,
    holders: OwnHolders,
}

/// The jobs that hold tokens for this driver, which counts them itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnHolders(Arc<Mutex<HashSet<JobKey>>>);

impl OwnHolders {
    pub(crate) fn contains(&self, job: &JobKey) -> bool {
        self.lock().contains(job)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<JobKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tokens that a job holds, given back when it is dropped.
struct HeldTokens<'a> {
    tokens: &'a [(TokenFile, u64)],
    job: &'a JobKey,
    holders: &'a OwnHolders,
}

impl Drop for HeldTokens<'_> {
    fn drop(&mut self) {
        for (token, _) in self.tokens {
            // What cannot be given back is struck out by the next one who asks, since the job is gone.
            let _ = token.give_back(self.job);
        }
        self.holders.lock().remove(self.job);
    }
}

impl Local {
    pub(crate) fn new(workspace: Workspace, executable: PathBuf) -> Self {
        Self { workspace, executable: executable.into(), holders: OwnHolders::default() }
    }

    /// The jobs that hold tokens for this driver.
    pub(crate) fn holders(&self) -> OwnHolders {
        self.holders.clone()
    }

    /// Takes an order; `tell` is called from another thread.
    pub(crate) fn start(&self, order: Order, tell: impl Fn(Progress) + Send + Sync + 'static) {
        let local = self.clone();
        let tell = Arc::new(tell);
        let told = tell.clone();
        let work = move || {
            let last = local.attempt(&order, &*told);
            told(last.unwrap_or_else(|failure| Progress::Ended(End::Failed(failure))));
        };
        let thread = thread::Builder::new().name("xpm-job".to_owned()).stack_size(512 << 10).spawn(work);
        if let Err(error) = thread {
            tell(Progress::Ended(End::Failed(launch_failed("a thread cannot be started", &error))));
        }
    }

    /// Makes an attempt, unless it turns out that there is nothing to do; gives the last thing to tell.
    fn attempt(&self, order: &Order, tell: &dyn Fn(Progress)) -> Result<Progress, Failure> {
        let folder = &order.folder;
        let here = |error: &io::Error| launch_failed(&folder.path().display().to_string(), error);
        let new = folder.create().map_err(|error| here(&error))?;
        let lock = match JobLock::try_take(&folder.lock()).map_err(|error| here(&error))? {
            TryLock::Taken(lock) => lock,
            TryLock::Busy(wait) => match self.attach(folder, wait, tell)? {
                Attached::Ended(end) => return Ok(Progress::Ended(end)),
                Attached::Free(lock) => lock,
            },
        };
        // Only what is read after the lock is taken counts: somebody may have run the job since the folder was made.
        let status = self.read(folder)?;
        if status.as_ref().is_some_and(Status::is_done) {
            return Ok(Progress::Ended(End::Done { ran: false }));
        }
        let _held = match self.take_tokens(order)? {
            Ok(held) => held,
            Err(short) => return Ok(Progress::Deferred(short)),
        };
        let attempt = if new && status.is_none() && !folder.stderr().exists() {
            1
        } else {
            let before = folder.last_attempt(status.as_ref());
            folder.put_attempt_aside(before).map_err(|error| here(&error))?;
            before + 1
        };
        write_params(&self.workspace, folder, &order.node).map_err(|error| here(&error))?;
        let end = self.run(folder, attempt, lock, tell)?;
        match self.read(folder)? {
            Some(status) if status.attempt == attempt => Ok(Progress::Ended(end_of(&status, true))),
            _ => self.died(folder, attempt, end).map(Progress::Ended),
        }
    }

    /// Takes the job's tokens, or says of which there is too little. The job's lock is held.
    fn take_tokens<'a>(&'a self, order: &'a Order) -> Result<Result<Option<HeldTokens<'a>>, usize>, Failure> {
        if order.tokens.is_empty() {
            return Ok(Ok(None));
        }
        let job = order.folder.key();
        self.holders.lock().insert(job.clone());
        let held = HeldTokens { tokens: &order.tokens, job, holders: &self.holders };
        match TokenFile::take_all(&order.tokens, job) {
            Ok(Taken::All) => Ok(Ok(Some(held))),
            Ok(Taken::Short(place)) => Ok(Err(place)),
            Err(error) => {
                let chain = anyhow::Error::from(error).chain().map(ToString::to_string).collect::<Vec<_>>();
                Err(Failure::LaunchFailed { message: chain.join(": ") })
            }
        }
    }

    /// Somebody has the job's lock: waits for it, and takes over what that attempt came to.
    fn attach(&self, folder: &JobFolder, wait: WaitLock, tell: &dyn Fn(Progress)) -> Result<Attached, Failure> {
        let recorded_before = folder.recorded_attempts(self.read(folder)?.as_ref());
        let owner_before = Owner::read(&folder.lock());
        let ran_before = owner_before.as_ref().is_some_and(Owner::may_live);
        tell(Progress::Attached);
        let lock = wait.wait().map_err(|error| launch_failed(&folder.path().display().to_string(), &error))?;
        let status = self.read(folder)?;
        if let Some(status) = &status
            && (status.is_done() || status.attempt > recorded_before)
        {
            return Ok(Attached::Ended(end_of(status, false)));
        }
        let recorded = folder.recorded_attempts(status.as_ref());
        match Owner::read(&folder.lock()) {
            // The attempt that was waited for died without a record. One that had died before is no news.
            Some(owner) if owner.attempt > recorded && (ran_before || owner_before.as_ref() != Some(&owner)) => {
                let failure = self.record(folder, owner.attempt, Failure::Lost, None, lock);
                Ok(Attached::Ended(End::Failed(failure)))
            }
            _ => Ok(Attached::Free(lock)),
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
            return Ok(end_of(&status, true));
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

fn end_of(status: &Status, ran: bool) -> End {
    match status.result() {
        Ok(_) => End::Done { ran },
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
