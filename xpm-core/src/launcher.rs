//! Launchers: how one attempt of one job is made and watched. So far there is one, on this machine.
//!
//! A launcher knows a job's folder, lock and records; it does not know the graph, or why a job is started now.

#[cfg(target_os = "linux")]
mod fork_client;
mod freezer;
mod holding;
mod local;
mod machine;
mod orphan;
mod process;
mod running;
mod starter;
mod starters;
mod workers;

pub(crate) use freezer::{Freezer, Freezing};
pub(crate) use holding::OwnHolders;
pub(crate) use local::Local;
pub(crate) use machine::{gpus, killed_for_memory, memory, oom_kills};
pub(crate) use starters::Executable;

/// The variable that tells a process which GPUs are its own.
pub(crate) const VISIBLE_GPUS: &str = "CUDA_VISIBLE_DEVICES";

use std::sync::Arc;
use std::time::Duration;

use crate::value::Node;
use crate::workspace::{Failure, JobFolder, Part, Terms, TokenFile};

/// What a launcher is asked to run.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) folder: JobFolder,
    pub(crate) with: RunWith,
    /// The job's files stay where they are between attempts.
    pub(crate) keep_files: bool,
    /// Tokens and how much of each, the GPUs of this machine among them.
    pub(crate) tokens: Vec<(TokenFile, u64)>,
    pub(crate) cpus: u32,
    /// The memory that the job asked for, in bytes.
    pub(crate) memory: Option<u64>,
    /// The time after which the job is stopped.
    pub(crate) time: Option<Duration>,
}

/// What a job is run with.
#[derive(Clone, Debug)]
pub(crate) enum RunWith {
    /// The arguments that the plan gives, and the program of the plan: both are written down first.
    Plan(Arc<Node>, Box<Terms>),
    /// The arguments that lie in its folder, and a program of before. The text is put there if there are none.
    Recorded(Executable, Option<Arc<str>>),
}

/// What a launcher tells of an order: that it runs or that somebody else runs it, or neither, then one of the last three.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The job's process has been started.
    Started {
        /// The number of the attempt.
        attempt: u32,
    },
    /// The task is over, and its process needs no CPU any more but to write its record. Not told by every launcher.
    Recording,
    /// Somebody else runs the job; its end is waited for.
    Attached,
    /// There is too little left of something: nothing has been started.
    Deferred(Lack),
    /// Whoever had the job has left it as it was: it is to be started again.
    Freed,
    /// The order is over.
    Ended(End),
}

/// What there is too little left of, since jobs of other drivers have it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lack {
    /// The token with this place in the order.
    Token(usize),
    /// A part of this machine.
    Machine(Part),
}

/// How an order ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The job is done; `ran` says whether it was by this order.
    Done { ran: bool },
    /// The job failed.
    Failed(Failure),
}
