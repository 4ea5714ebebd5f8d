//! Runs a job as a process of this machine.
//!
//! The protocol is told in `docs/ARCHITECTURE.md` ("Never run twice, never lost"): take the job's lock, read the record
//! again, write the arguments, start the process, which takes over the open file of the lock, wait, read the record. Each
//! order has a thread to itself, which waits most of the time; there are never more than the scheduler lets run.

mod attach;

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::freezer::Freezer;
use super::holding::{Asked, HeldTokens, OwnHolders};
use super::orphan::Orphans;
use super::process::{Control, Ended, Stop};
use super::running::Running;
use super::starter::{Started, Starter};
use super::starters::Starters;
use super::workers::Workers;
use super::{End, Lack, Order, Progress, RunWith, machine};
use crate::clock::FOREVER;
use crate::fault;
use crate::ids::JobKey;
use crate::job::StartRequest;
use crate::sys;
use crate::workspace::{
    AskedShare, Failure, JobFolder, JobLock, LockRemote, MachineFile, Owner, Share, Status, StatusError, Terms,
    TryLock, Workspace, write_params, write_params_line,
};

/// How long a job that is asked to stop may take, unless `xpm.toml` says otherwise.
const GRACE: Duration = Duration::from_secs(10);

/// What a launcher does with an order; gives the last thing to tell.
type Work = fn(&Local, &Order, &dyn Fn(Progress)) -> Result<Progress, Failure>;

/// Starts jobs on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    workspace: Workspace,
    starters: Arc<Starters>,
    grace: Duration,
    holders: OwnHolders,
    machine: MachineFile,
    workers: Workers,
    running: Running,
    attached: Orphans,
}

impl Local {
    /// Without a `freezer`, only with programs of before.
    pub(crate) fn new(workspace: Workspace, freezer: Option<Freezer>, machine: MachineFile) -> Self {
        let grace =
            workspace.settings().local.grace_seconds.map_or(GRACE, |seconds| Duration::from_secs(seconds).min(FOREVER));
        let holders = OwnHolders::default();
        let starters = Arc::new(Starters::new(workspace.clone(), freezer));
        sys::keep_ended_children();
        Self {
            workspace,
            starters,
            grace,
            holders,
            machine,
            workers: Workers::default(),
            running: Running::default(),
            attached: Orphans::default(),
        }
    }

    /// Stops a job that this launcher has started, or is about to start. Its end is told as always.
    pub(crate) fn stop(&self, job: &JobKey) {
        self.running.stop(job);
    }

    /// Stops the jobs of drivers that are gone, which this one waits for; gives those that are left alone, since somebody else
    /// sees to them.
    pub(crate) fn stop_attached(&self) -> HashSet<JobKey> {
        self.attached.stop()
    }

    /// The jobs that hold tokens for this driver.
    pub(crate) fn holders(&self) -> OwnHolders {
        self.holders.clone()
    }

    /// What the jobs of all drivers have of this machine.
    pub(crate) fn machine(&self) -> &MachineFile {
        &self.machine
    }

    /// Takes an order; `tell` is called from another thread.
    pub(crate) fn start(&self, order: Order, tell: impl Fn(Progress) + Send + Sync + 'static) {
        self.work(order, tell, Self::attempt);
    }

    /// Works at an order in another thread; `work` gives the last thing to tell.
    fn work(&self, order: Order, tell: impl Fn(Progress) + Send + Sync + 'static, work: Work) {
        let local = self.clone();
        let tell = Arc::new(tell);
        let told = tell.clone();
        let key = order.folder.key().clone();
        self.running.enter(&key);
        let work = move || {
            // A panic must not leave the plan waiting for this job for ever.
            let last = catch_unwind(AssertUnwindSafe(|| work(&local, &order, &*told))).unwrap_or_else(|_| {
                let message = "the driver's thread for this job panicked; its standard error says how".to_owned();
                Err(Failure::LaunchFailed { message })
            });
            // Before it is told: the same job may be started again at once.
            local.running.leave(order.folder.key());
            told(last.unwrap_or_else(|failure| Progress::Ended(End::Failed(failure))));
        };
        if let Err(error) = self.workers.run(Box::new(work)) {
            self.running.leave(&key);
            tell(Progress::Ended(End::Failed(launch_failed("a thread cannot be started", &error))));
        }
    }

    /// Makes an attempt, unless it turns out that there is nothing to do; gives the last thing to tell.
    fn attempt(&self, order: &Order, tell: &dyn Fn(Progress)) -> Result<Progress, Failure> {
        let folder = &order.folder;
        let here = |error: &io::Error| launch_failed(&folder.path().display().to_string(), error);
        let (new, lock) = folder.create_and_lock().map_err(|error| here(&error))?;
        let lock = match lock {
            TryLock::Taken(lock) => lock,
            TryLock::Busy(wait) => return self.attach(order, wait, tell),
        };
        // Only what is read after the lock is taken counts: somebody may have run the job since the folder was made.
        let status = self.read(folder)?;
        if status.as_ref().is_some_and(Status::is_done) {
            return Ok(Progress::Ended(End::Done { ran: false }));
        }
        let starter = self.starter_of(order)?;
        let share = self.machine.take(order.cpus.into(), order.memory.unwrap_or(0));
        let mut share =
            match share.map_err(|error| launch_failed(&self.machine.path().display().to_string(), &error))? {
                AskedShare::Taken(share) => share,
                AskedShare::Short(part) => return Ok(Progress::Deferred(Lack::Machine(part))),
            };
        let held = match HeldTokens::take(&order.tokens, folder.key(), &self.holders) {
            Ok(Asked::Held(held)) => held,
            Ok(Asked::Short(place)) => return Ok(Progress::Deferred(Lack::Token(place))),
            Err(error) => return Err(launch_failed_because(error)),
        };
        let attempt = if new && status.is_none() && !folder.stderr().exists() {
            1
        } else {
            let before = folder.last_attempt(status.as_ref()).map_err(|error| here(&error))?;
            folder.put_attempt_aside(before, order.keep_files).map_err(|error| here(&error))?;
            before + 1
        };
        self.write_arguments(order, &starter).map_err(|error| here(&error))?;
        let kills_before = machine::oom_kills();
        let Some((end, remote)) = self.run(order, &starter, attempt, lock, (&held, &mut share), tell)? else {
            held.leave();
            tell(Progress::Attached);
            return Ok(Progress::Freed);
        };
        share.end();
        let came_to = self.came_to(order, attempt, &end, kills_before, (&starter, remote.as_ref()));
        if let Some(remote) = remote {
            // Not before the record is there; what the process has left behind must not keep the job from being run again.
            remote.free();
        }
        came_to.map(Progress::Ended)
    }

    /// How an attempt ended of which the process is gone: what its record says, or else what is recorded now.
    fn came_to(
        &self,
        order: &Order,
        attempt: u32,
        end: &Ended,
        kills_before: Option<u64>,
        (starter, remote): (&Starter, Option<&LockRemote>),
    ) -> Result<End, Failure> {
        let folder = &order.folder;
        // The process is gone: what can fail from here on is told by its record.
        let _ = fault::point("ended process of", folder.path());
        match self.read(folder)? {
            Some(status) if status.attempt == attempt && says_why(folder, &status, end.stopped) => {
                Ok(end_of(&status, true))
            }
            _ => {
                let killed_for_memory = || machine::killed_for_memory(kills_before, end.process.usage, order.memory);
                let failure = match (end.stopped, end.process.code, end.process.signal) {
                    (Some(why), ..) => failure_of(why, order.time),
                    (None, ..) if folder.is_stop_noted(attempt) => Failure::Stopped,
                    (None, _, Some(libc::SIGKILL)) if killed_for_memory() => Failure::OutOfMemory,
                    (None, _, Some(signal)) if signal == sys::unrecorded_signal() => {
                        Failure::Output { message: last_line(folder) }
                    }
                    (None, _, Some(signal)) => Failure::Signaled { signal },
                    (None, Some(code), None) => Failure::Exited { code },
                    (None, None, None) => Failure::Lost,
                };
                self.died(folder, attempt, failure, end, (starter, remote))
            }
        }
    }

    /// What the job is started from.
    fn starter_of(&self, order: &Order) -> Result<Arc<Starter>, Failure> {
        let starter = match &order.with {
            RunWith::Plan(..) => self.starters.own(),
            RunWith::Recorded(executable, _) => self.starters.recorded(executable),
        };
        starter.map_err(|error| Failure::LaunchFailed { message: error.to_string() })
    }

    /// Sees to it that the job's arguments lie in its folder. With the lock held.
    fn write_arguments(&self, order: &Order, starter: &Starter) -> io::Result<()> {
        match &order.with {
            RunWith::Plan(node, terms) => {
                let terms = Terms { executable: starter.frozen().map(str::to_owned), ..Terms::clone(terms) };
                write_params(&self.workspace, &order.folder, node, Some(&terms))
            }
            RunWith::Recorded(_, Some(text)) if !order.folder.params().exists() => {
                write_params_line(&order.folder, text)
            }
            RunWith::Recorded(..) => Ok(()),
        }
    }

    /// The digest of the plan's program, which is frozen now if it was not before.
    pub(crate) fn own_digest(&self) -> Option<String> {
        self.starters.own().ok()?.frozen().map(str::to_owned)
    }

    /// Starts the job's process and waits for its end. `None` if it is not known whether one was started: whoever looks
    /// at the job's lock next finds out.
    fn run(
        &self,
        order: &Order,
        starter: &Starter,
        attempt: u32,
        lock: JobLock,
        (held, share): (&HeldTokens<'_>, &mut Share),
        tell: &dyn Fn(Progress),
    ) -> Result<Option<(Ended, Option<LockRemote>)>, Failure> {
        let folder = &order.folder;
        let here = |error: &io::Error| launch_failed(&folder.path().display().to_string(), error);
        fault::point("create", &folder.stdout()).map_err(|error| here(&error))?;
        let stdout = File::create(folder.stdout()).map_err(|error| here(&error))?;
        fault::point("create", &folder.stderr()).map_err(|error| here(&error))?;
        let stderr = File::create(folder.stderr()).map_err(|error| here(&error))?;
        if self.running.is_to_stop(folder.key()) {
            return Err(Failure::Stopped);
        }
        let gpus = order.tokens.iter().any(|(token, _)| token.has_units()).then(|| held.units().join(","));
        let request = StartRequest { folder: folder.path().to_owned(), attempt, time: order.time, gpus };
        fault::point("start process of", folder.path()).map_err(|error| here(&error))?;
        // With it the lock outlasts the process until its end is recorded.
        let mut remote = lock.remote().ok();
        let started = starter
            .start(&request, lock, stdout, stderr, share.file())
            .map_err(|error| launch_failed(&starter.executable().display().to_string(), &error))?;
        let Started::Process(child, notice) = started else { return Ok(None) };
        let control = Control::new(&child, self.grace);
        // Too late to fail: the process is there.
        let _ = fault::point("started process of", folder.path());
        self.running.started(folder.key(), &control);
        tell(Progress::Started { attempt });
        let limited = order.time.map_or(Ok(()), |limit| control.limit_time(limit));
        if limited.is_err() {
            control.stop();
        }
        if let Some(notice) = notice
            && sys::wait_for_notice(&child, &notice)
        {
            share.cpus_given_back();
            tell(Progress::Recording);
        }
        let ended = control.wait(child, || folder.is_stop_noted(attempt)).unwrap_or_else(|_| {
            // The system tells nothing of it: its lock says when it is over, its record how.
            drop(remote.take());
            wait_for_lock(folder);
            control.unseen()
        });
        limited.map_err(|error| launch_failed("the time limit cannot be watched", &error))?;
        Ok(Some((ended, remote)))
    }

    /// The process is gone and its record does not say how this attempt ended: the driver writes one, unless somebody else
    /// has seen to it. Where the lock could not be kept, another driver may be at the next attempt already.
    fn died(
        &self,
        folder: &JobFolder,
        attempt: u32,
        failure: Failure,
        end: &Ended,
        (starter, remote): (&Starter, Option<&LockRemote>),
    ) -> Result<End, Failure> {
        let process = Process { usage: Some(end.process.usage), executable: starter.digest() };
        if let Ok(Some(status)) = folder.read_status_aside(attempt) {
            return Ok(end_of(&status, true));
        }
        if remote.is_some_and(|remote| remote.is_replaced(&folder.lock())) {
            // This attempt's folder is gone; what lies there now is another one's.
            return Ok(End::Failed(failure));
        }
        let kept = remote.and_then(|remote| remote.take_back(&folder.lock()).ok().flatten());
        let lock = kept.map_or_else(|| JobLock::try_take(&folder.lock()), |lock| Ok(TryLock::Taken(lock)));
        let failure = match lock {
            Ok(TryLock::Taken(lock)) => match self.read(folder)? {
                Some(status) if status.attempt > attempt || status.is_done() => return Ok(end_of(&status, true)),
                _ => record(folder, attempt, failure, process, &lock),
            },
            // What this attempt has left behind holds the lock, or somebody who has just taken it and may finish the job at
            // any time: their record must not be replaced by this one.
            _ => recorded(folder, failure, |failure| {
                status_of(folder, attempt, failure, process).create(&folder.status())
            }),
        };
        Ok(End::Failed(failure))
    }

    /// The record, where a damaged one counts as none: the job is run again, and the damaged file is put aside.
    fn read(&self, folder: &JobFolder) -> Result<Option<Status>, Failure> {
        match folder.read_status() {
            Ok(status) => Ok(status),
            Err(StatusError::Damaged { .. }) => Ok(None),
            Err(error) => Err(launch_failed_because(error)),
        }
    }
}

/// What is known of the process of an attempt that has left no record.
#[derive(Clone, Copy)]
struct Process<'a> {
    usage: Option<sys::Usage>,
    executable: Option<&'a str>,
}

/// Writes the record of a failed attempt, with the lock held.
fn record(folder: &JobFolder, attempt: u32, failure: Failure, process: Process<'_>, _lock: &JobLock) -> Failure {
    recorded(folder, failure, |failure| status_of(folder, attempt, failure, process).write(&folder.status()))
}

fn status_of(folder: &JobFolder, attempt: u32, failure: &Failure, process: Process<'_>) -> Status {
    let status = Status::new(folder.key().clone(), attempt, Err(failure.clone()));
    let mut status = match process.usage {
        Some(usage) => status.with_usage(usage),
        None => status,
    };
    status.executable = process.executable.map(str::to_owned);
    // What the process has written down when it began.
    let owner = Owner::read(&folder.lock()).filter(|owner| owner.attempt == attempt);
    status.start = owner.map(|owner| owner.start);
    status
}

/// Has a failure written down; that it cannot be does not change how the attempt ended.
fn recorded(folder: &JobFolder, failure: Failure, write: impl FnOnce(&Failure) -> io::Result<()>) -> Failure {
    // A task may have deleted its folder.
    match (folder.create().and_then(|_| write(&failure)), failure) {
        (Err(error), Failure::Output { message }) => {
            let status = folder.status();
            Failure::Output { message: format!("{message}; nor can this be recorded in {}: {error}", status.display()) }
        }
        (_, failure) => failure,
    }
}

/// Waits until nobody has the job's lock, as far as that can be told.
fn wait_for_lock(folder: &JobFolder) {
    if let Ok(TryLock::Busy(wait)) = JobLock::try_take(&folder.lock()) {
        drop(wait.wait());
    }
}

/// Whether a record tells the end of an attempt that was stopped, if it was: a job that ends by itself when it is asked to says why,
/// unless it calls that an error. One that `xpm kill` has asked is not to go on, though it could.
fn says_why(folder: &JobFolder, status: &Status, stopped: Option<Stop>) -> bool {
    match status.result() {
        Ok(_) => true,
        Err(Failure::Stopped) => stopped != Some(Stop::OutOfTime),
        Err(_) if folder.is_stop_noted(status.attempt) => false,
        Err(Failure::TimedOut { .. }) => true,
        Err(_) => stopped.is_none(),
    }
}

/// What an attempt of which the process was stopped has failed with; `limit` is how long it might run.
fn failure_of(stop: Stop, limit: Option<Duration>) -> Failure {
    match stop {
        Stop::OutOfTime => Failure::TimedOut { limit },
        Stop::Requested => Failure::Stopped,
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

fn launch_failed_because(error: impl Into<anyhow::Error>) -> Failure {
    Failure::LaunchFailed { message: format!("{:#}", error.into()) }
}

/// Why the process has left no record: the last line of its standard error.
fn last_line(folder: &JobFolder) -> String {
    if !folder.stderr().exists() {
        return "its folder was deleted while it ran".to_owned();
    }
    crate::report::tail(&folder.stderr(), 1).pop().unwrap_or_else(|| "its record could not be written".to_owned())
}
