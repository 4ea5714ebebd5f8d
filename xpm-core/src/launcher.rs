//! Launchers: how one attempt of one job is made and watched. So far there is one, on this machine.
//!
//! A launcher knows a job's folder, lock and records; it does not know the graph, or why a job is started now.

mod local;

pub(crate) use local::{Local, OwnHolders};

use std::sync::Arc;

use crate::value::Node;
use crate::workspace::{Failure, JobFolder, TokenFile};

/// What a launcher is asked to run.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) folder: JobFolder,
    pub(crate) node: Arc<Node>,
    /// Tokens and how much of each.
    pub(crate) tokens: Vec<(TokenFile, u64)>,
}

/// What a launcher tells of an order, in this order: at most one of the first two, then one of the last two.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The job's process has been started.
    Started,
    /// Somebody else runs the job; its end is waited for.
    Attached,
    /// There is too little left of the token with this place in the order: nothing has been started.
    Deferred(usize),
    /// The order is over.
    Ended(End),
}

/// How an order ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The job is done; `ran` says whether it was by this order.
    Done { ran: bool },
    /// The job failed.
    Failed(Failure),
}
