//! Asks a job's process to stop, after making sure that it is the one.

use std::fs;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::ids::JobKey;
use crate::state::JobInfo;
use crate::sys;
use crate::workspace::{JobLock, Owner};

/// Why a job was not asked to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KillError {
    /// Nobody has its lock.
    #[error("{0} does not run: its lock is free")]
    NotRunning(JobKey),
    /// Its process has not said who it is.
    #[error("{0} is being started: try again in a moment")]
    Starting(JobKey),
    /// It runs elsewhere.
    #[error("{job} runs on {host} as process {pid}; this is {here}: run `xpm kill` there")]
    OtherHost {
        /// The job.
        job: JobKey,
        /// Where it runs.
        host: String,
        /// Its process there.
        pid: u32,
        /// This machine.
        here: String,
    },
    /// The process of that number is another one.
    #[error("{job}: process {pid} is not the one that ran it ({why}); nothing is stopped")]
    OtherProcess {
        /// The job.
        job: JobKey,
        /// The number.
        pid: u32,
        /// How one can tell.
        why: &'static str,
    },
    /// The system does not let this user signal it.
    #[error("{job} runs as process {pid}, which could not be asked to stop: {source}")]
    Signal {
        /// The job.
        job: JobKey,
        /// Its process.
        pid: u32,
        /// The system's reason.
        source: io::Error,
    },
}

/// A process that runs a job, made sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Its number.
    pub pid: u32,
    attempt: u32,
}

/// The process on this machine that runs a job.
///
/// # Errors
/// If the job does not run, runs elsewhere, or the process is another one that was given the same number.
pub fn victim(job: &JobInfo) -> Result<Victim, KillError> {
    let folder = job.folder();
    let key = || job.key();
    if !JobLock::is_held(&folder.lock()) {
        return Err(KillError::NotRunning(key()));
    }
    let recorded = folder.seen_attempts(folder.read_status().ok().flatten().as_ref());
    let Some(owner) = Owner::read(&folder.lock()).filter(|owner| owner.attempt > recorded) else {
        return Err(KillError::Starting(key()));
    };
    let here = crate::settings::host();
    if owner.host != here {
        return Err(KillError::OtherHost { job: key(), host: owner.host, pid: owner.pid, here });
    }
    let other = |why| KillError::OtherProcess { job: key(), pid: owner.pid, why };
    if owner.boot != crate::settings::boot() {
        return Err(other("the machine was started anew since"));
    }
    if !sys::process_exists(owner.pid) {
        return Err(other("it is gone, and something that it left behind has the lock"));
    }
    // Times tell only where the system does not say what a process has open: clocks are set.
    match sys::has_open(owner.pid, &folder.lock()) {
        Some(true) => Ok(Victim { pid: owner.pid, attempt: owner.attempt }),
        Some(false) => Err(other("it does not have the job's lock")),
        None if began_after(owner.pid, &owner.start) => Err(other("it began later")),
        None => Ok(Victim { pid: owner.pid, attempt: owner.attempt }),
    }
}

/// Asks the process that runs a job, and those it has started, to stop (SIGTERM). A resumable job ends by itself then; any
/// other is ended by it. Drivers that wait for it do not try it again; it is run again when it is submitted again.
///
/// # Errors
/// As [`victim`]; and if the process may not be signalled, since it is another user's.
pub fn kill(job: &JobInfo) -> Result<Victim, KillError> {
    let victim = victim(job)?;
    // First: its driver looks when it is over. A job is stopped though it cannot be noted.
    let _ = job.folder().note_stop(victim.attempt);
    sys::Family::of(victim.pid).try_signal(libc::SIGTERM).map_err(|source| KillError::Signal {
        job: job.key(),
        pid: victim.pid,
        source,
    })?;
    Ok(victim)
}

/// How far apart the two clocks may be.
const SLACK: Duration = Duration::from_secs(2);

/// Whether a process began after the time that the owner's record says; a number that was given again belongs to one that
/// did. Where the system does not tell, it did not.
fn began_after(pid: u32, start: &str) -> bool {
    let begin = || {
        let ticks = sys::process_begin(pid)?;
        let boot = fs::read_to_string("/proc/stat").ok()?;
        let boot: u64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(UNIX_EPOCH + Duration::from_secs(boot) + Duration::from_millis(ticks * 1000 / sys::ticks_per_second()))
    };
    match (begin(), humantime::parse_rfc3339(start)) {
        (Some(begin), Ok(said)) => begin > said.checked_add(SLACK).unwrap_or(SystemTime::UNIX_EPOCH),
        _ => false,
    }
}
