//! Launchers: how one attempt of one job is made and watched. So far there is one, on this machine.
//!
//! A launcher knows a job's folder, lock and records; it does not know the graph, or why a job is started now.

mod local;

pub(crate) use local::Local;

use std::sync::Arc;

use crate::value::Node;
use crate::workspace::{Failure, JobFolder};

/// What a launcher is asked to run.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) folder: JobFolder,
    pub(crate) node: Arc<Node>,
}

/// What a launcher tells of an order, in this order: at most one of the first two, then the end.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The job's process has been started.
    Started,
    /// Somebody else runs the job; its end is waited for.
    Attached,
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
