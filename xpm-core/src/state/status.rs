//! How a job or a run stands, as its files tell.

use std::fmt;
use std::time::SystemTime;

use crate::ids::JobKey;
use crate::workspace::{Failure, Owner};

/// How a job stands. Each variant has what that state has, and no more.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JobStatus {
    /// Its arguments are written, and it was never started; no run that is alive will start it.
    Unstarted,
    /// A run that is alive has submitted it, and has not started it yet.
    Waiting {
        /// The jobs that it waits for and that are not done.
        jobs: Vec<JobKey>,
        /// The token that it was put off for, if it was the last time it could have started.
        token: Option<String>,
    },
    /// Somebody prepares an attempt: the lock is held, and the process has not yet said who it is.
    Starting,
    /// Its process runs: the lock is held.
    Running(Process),
    /// It has ended well.
    Done,
    /// It has ended badly, or its process is gone and left no record ([`Failure::Lost`]).
    Failed(Failure),
    /// Its files are damaged, cannot be read, or were written by a newer xpm. Says what is wrong.
    Unreadable(String),
}

impl JobStatus {
    /// The names of all states: the words of filters, tables and `--json`, and no others.
    pub const NAMES: [&'static str; 7] =
        ["unstarted", "waiting", "starting", "running", "done", "failed", "unreadable"];

    /// The state's name: one of [`NAMES`](Self::NAMES).
    pub fn name(&self) -> &'static str {
        match self {
            JobStatus::Unstarted => "unstarted",
            JobStatus::Waiting { .. } => "waiting",
            JobStatus::Starting => "starting",
            JobStatus::Running(_) => "running",
            JobStatus::Done => "done",
            JobStatus::Failed(_) => "failed",
            JobStatus::Unreadable(_) => "unreadable",
        }
    }

    /// Why it failed, if it has.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            JobStatus::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            JobStatus::Failed(failure) => write!(f, ": {failure}"),
            JobStatus::Unreadable(why) => write!(f, ": {why}"),
            JobStatus::Running(process) => write!(f, ": {process}"),
            _ => Ok(()),
        }
    }
}

/// A process that has said who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The machine.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// The attempt that it makes, from 1; 0 for the driver of an experiment.
    pub attempt: u32,
    /// When it began.
    pub start: Option<SystemTime>,
}

impl Process {
    pub(crate) fn of(owner: &Owner) -> Self {
        Self {
            host: owner.host.clone(),
            pid: owner.pid,
            attempt: owner.attempt,
            start: humantime::parse_rfc3339(&owner.start).ok(),
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

/// How a run of an experiment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunState {
    /// Its driver lives: it holds the experiment's lock.
    Running,
    /// It has ended, and no job failed.
    Done,
    /// It has ended, and a job or the plan failed.
    Failed,
    /// It was stopped by its user.
    Interrupted,
    /// It has written the folders of its jobs and started none.
    Generated,
    /// It says that it runs, but its driver is gone: it was killed, or the machine went down.
    Dead,
    /// Its record is damaged, missing, or of a newer xpm.
    Unreadable,
}

impl RunState {
    /// The state's name, as tables and `--json` use it.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Done => "done",
            RunState::Failed => "failed",
            RunState::Interrupted => "interrupted",
            RunState::Generated => "generated",
            RunState::Dead => "dead",
            RunState::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
