//! Why a job has not been started, as data and in plain words.

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::driver::Driver;
use super::message::Message;
use super::shared::Shared;
use super::state::JobCell;
use crate::ids::JobKey;
use crate::printable::bytes;
use crate::scheduler::{Resource, TokenNumber, WaitReason};
use crate::workspace::{Failure, Owner};

/// What a job that has not been started waits for; given by [`Job::why`](super::Job::why). Its `Display` says it in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// Other jobs have to be done first.
    Dependencies {
        /// How many.
        unmet: usize,
        /// The first few of them.
        first: Vec<JobKey>,
    },
    /// There is too little of something.
    Shortage {
        /// Of what, and how much.
        short: Vec<Shortage>,
        /// How many jobs with the same needs go first, counted up to 1,000.
        ahead: usize,
    },
    /// Its turn: enough is there, and others go first.
    Turn {
        /// How many jobs with the same needs go first, counted up to 1,000.
        ahead: usize,
    },
    /// An attempt has failed, and the next one is held off.
    Retry {
        /// How that attempt failed.
        failure: Failure,
        /// The time left until the next one.
        left: Duration,
    },
    /// Somebody else runs it, or is about to.
    Elsewhere {
        /// Host and process, if known.
        owner: Option<String>,
    },
    /// It is transient, and nothing that runs needs it.
    NotNeeded,
    /// The run was interrupted: nothing more is started.
    Interrupted,
}

/// Something of which a job cannot have enough now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortage {
    /// What it is.
    pub what: Scarce,
    /// How much the job wants; bytes for memory.
    pub wanted: u64,
    /// How much nobody has; some of that may be reserved.
    pub free: u64,
    /// How much other processes have.
    pub elsewhere: u64,
    /// How much there is in all.
    pub capacity: u64,
    /// The job before this one for which some is reserved, since it has waited for long.
    pub reserved_for: Option<JobKey>,
}

/// What jobs take of which there is a limited amount.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scarce {
    /// The token of this name.
    Token(String),
    /// A folder that jobs share, and that one of them uses at a time.
    Folder(PathBuf),
    /// CPUs of this machine.
    Cpus,
    /// Memory of this machine, in bytes.
    Memory,
    /// GPUs of this machine.
    Gpus,
}

impl Shared {
    /// Why the job has not been started; nothing if it has, or has ended.
    pub(super) fn why(&self, cell: &JobCell) -> Option<Waiting> {
        if cell.state().is_final() {
            return None;
        }
        let (answer, answered) = channel();
        self.send(Message::Why { job: cell.key().clone(), answer }).ok()?;
        answered.recv().ok().flatten()
    }
}

impl Driver {
    fn is_gpus(&self, token: TokenNumber) -> bool {
        self.tokens[token.index()].has_units()
    }

    /// Why this job has not been started.
    pub(super) fn why(&self, key: &JobKey) -> Option<Waiting> {
        let &job = self.numbers.get(key)?;
        let key_of = |job: crate::scheduler::JobNumber| self.cells[job.index()].key().clone();
        Some(match self.scheduler.why_waiting(job)? {
            WaitReason::Dependencies { unmet, first } => {
                Waiting::Dependencies { unmet: unmet as usize, first: first.into_iter().map(key_of).collect() }
            }
            WaitReason::Resources { short, ahead } if short.is_empty() => Waiting::Turn { ahead },
            WaitReason::Resources { short, ahead } => {
                // The GPUs stand there twice: those of this driver, and those of all.
                let twice =
                    short.iter().any(|short| matches!(short.resource, Resource::Token(token) if self.is_gpus(token)));
                let short = short.into_iter().filter(|short| !twice || short.resource != Resource::Gpus);
                let short = short.map(|short| Shortage {
                    what: match short.resource {
                        Resource::Cpus => Scarce::Cpus,
                        Resource::Memory => Scarce::Memory,
                        Resource::Gpus => Scarce::Gpus,
                        Resource::Token(token) if self.is_gpus(token) => Scarce::Gpus,
                        Resource::Token(token) => match self.tokens[token.index()].folder() {
                            Some(folder) => Scarce::Folder(folder.to_owned()),
                            None => Scarce::Token(self.tokens[token.index()].name().to_owned()),
                        },
                    },
                    wanted: short.needed,
                    free: short.free,
                    elsewhere: short.elsewhere,
                    capacity: short.capacity,
                    reserved_for: short.reserved_for.map(key_of),
                });
                Waiting::Shortage { short: short.collect(), ahead }
            }
            WaitReason::Delayed => {
                let held = self.retries.held(job)?;
                let left = held.due.saturating_duration_since(Instant::now());
                Waiting::Retry { failure: held.failure.clone(), left }
            }
            WaitReason::Elsewhere => {
                let owner = Owner::read(&self.cells[job.index()].folder.lock());
                Waiting::Elsewhere { owner: owner.map(|owner| owner.name()) }
            }
            WaitReason::NotNeeded => Waiting::NotNeeded,
            WaitReason::Draining => Waiting::Interrupted,
        })
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Waiting::Dependencies { unmet, first } => {
                write!(f, "waits for {}: ", jobs(*unmet))?;
                for (index, job) in first.iter().enumerate() {
                    write!(f, "{}{job}", if index > 0 { ", " } else { "" })?;
                }
                if *unmet > first.len() { f.write_str(", …") } else { Ok(()) }
            }
            Waiting::Shortage { short, ahead } => {
                f.write_str("waits for ")?;
                for (index, shortage) in short.iter().enumerate() {
                    write!(f, "{}{shortage}", if index > 0 { "; and for " } else { "" })?;
                }
                match ahead {
                    0 => Ok(()),
                    ahead => write!(f, "; {} with the same needs before it", jobs(*ahead)),
                }
            }
            Waiting::Turn { ahead } => write!(f, "waits for its turn, after {}", jobs(*ahead)),
            Waiting::Retry { failure, left } => {
                write!(f, "is tried again in {:.1} s; the last attempt: {failure}", left.as_secs_f64())
            }
            Waiting::Elsewhere { owner: Some(owner) } => write!(f, "is run by another driver's {owner}"),
            Waiting::Elsewhere { owner: None } => f.write_str("is run by another driver"),
            Waiting::NotNeeded => f.write_str("is transient, and nothing that runs needs it"),
            Waiting::Interrupted => f.write_str("is not started any more: the run was interrupted"),
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, wanted, free, elsewhere, capacity, reserved_for } = self;
        match what {
            Scarce::Token(name) => write!(f, "{wanted} of token `{name}`")?,
            Scarce::Folder(path) => return write!(f, "{}, which another job uses", path.display()),
            Scarce::Cpus => write!(f, "{wanted} CPUs")?,
            Scarce::Memory => write!(f, "{} of memory", bytes(*wanted))?,
            Scarce::Gpus => write!(f, "{wanted} GPUs")?,
        }
        let memory = matches!(what, Scarce::Memory);
        let amount = |amount: u64| if memory { bytes(amount) } else { amount.to_string() };
        write!(f, ", {} of {} {} free", amount(*free), amount(*capacity), if memory { "is" } else { "are" })?;
        if *elsewhere > 0 {
            let who = if matches!(what, Scarce::Token(_)) { "other processes have" } else { "jobs of other runs have" };
            write!(f, ", {who} {}", amount(*elsewhere))?;
        }
        match reserved_for {
            Some(job) => write!(f, ", some are kept for {job}, which has waited for long"),
            None => Ok(()),
        }
    }
}

fn jobs(count: usize) -> String {
    match count {
        1 => "1 job".to_owned(),
        count => format!("{count} jobs"),
    }
}
