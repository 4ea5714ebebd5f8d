//! What the driver is told, by the plan, by launchers and by whoever watches something.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::again::Refusal;
use super::state::JobCell;
use super::why::Waiting;
use crate::config::SubmitOptions;
use crate::ids::JobKey;
use crate::launcher::Progress;
use crate::scheduler::{JobNumber, TokenNumber};
use crate::workspace::Elsewhere;

/// What the driver is told.
pub(crate) enum Message {
    /// A job to run, and the jobs that have to be done first.
    Submitted { cell: Arc<JobCell>, depends_on: Vec<JobKey>, options: Box<SubmitOptions> },
    /// A job of this run that is wanted once more; `answer` is told what has come of it.
    SubmittedAgain {
        cell: Arc<JobCell>,
        depends_on: Vec<JobKey>,
        options: Box<SubmitOptions>,
        answer: Sender<Result<(), Refusal>>,
    },
    /// Somebody wants to know why a job has not been started.
    Why { job: JobKey, answer: Sender<Option<Waiting>> },
    /// A transient job that somebody waits for.
    Needed(JobKey),
    /// The GPUs of this machine, looked for when the first job asks for one.
    GpusFound(Vec<String>),
    /// Nothing more is to be started.
    Draining,
    /// What runs is to be stopped. Answers with what goes on, since other drivers run it.
    StopAll { kept: Sender<HashSet<JobKey>> },
    /// A token of the plan.
    TokenDeclared { name: Arc<str>, capacity: u64 },
    /// A token's capacity, or what other processes hold of it, has changed.
    TokenChanged { token: TokenNumber, capacity: u64, elsewhere: u64 },
    /// A token's file was damaged, and is written anew.
    TokenMended { name: String },
    /// What jobs of other drivers have of this machine has changed.
    MachineChanged(Elsewhere),
    /// A launcher's report.
    Progress { job: JobNumber, progress: Progress },
    /// The plan is over; everything submitted has ended.
    Closed,
}
