//! What the driver reports to the scheduler, and what the scheduler asks of the driver.

use super::capacity::Capacity;
use super::job::JobNumber;
use super::needs::{Resource, TokenNumber};

/// Something that happened outside. An event that does not fit the job's state (a late report about a job that has ended,
/// say) is ignored: two reports about one job may cross.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The process of a starting job is there.
    JobStarted(JobNumber),
    /// The task of a running job is over, and its process needs no CPU any more: its CPUs are free for another job.
    JobRecording(JobNumber),
    /// A job ended, whoever ran it. Valid in every state that is not final.
    JobEnded {
        /// The job.
        job: JobNumber,
        /// How.
        outcome: Outcome,
    },
    /// A starting job could not start because other processes have too much of this. The job goes back among the ready
    /// ones, and nothing asks for as much of it again until that changes or own jobs give some back.
    StartDeferred {
        /// The job.
        job: JobNumber,
        /// Something that the job needs: a token, CPUs or memory.
        resource: Resource,
    },
    /// Somebody else has the lock of a waiting, ready or starting job. It is then [`Elsewhere`](super::State::Elsewhere)
    /// until `JobFreed`, `JobFoundDone` or `JobEnded`.
    JobFoundElsewhere(JobNumber),
    /// Whoever had the job's lock left it without a result: the job waits for its dependencies and its turn again.
    JobFreed(JobNumber),
    /// There is a result already, from earlier or from somebody else. Valid in every state that is not final.
    JobFoundDone(JobNumber),
    /// The user wants the job stopped. One that is neither starting nor running is cancelled at once.
    StopRequested(JobNumber),
    /// The delay before the next attempt of a [`Delayed`](super::State::Delayed) job is over.
    RetryDue(JobNumber),
    /// Somebody asks for a transient job.
    JobNeeded(JobNumber),
    /// The machine's limits changed. Running jobs keep what they have, also when it is more than there is now.
    CapacityChanged(Capacity),
    /// What other processes have of the machine changed.
    MachineChanged {
        /// The CPUs that they have, as far as known.
        cpus: u64,
        /// Their memory in bytes.
        memory: u64,
    },
    /// A token's size, or what other processes have of it, changed.
    TokenChanged {
        /// The token.
        token: TokenNumber,
        /// How much there is in all.
        capacity: u64,
        /// How much of it other processes have, as far as known.
        elsewhere: u64,
    },
    /// Nothing more is to be started (Ctrl-C). What runs goes on; other events keep their meaning.
    Draining,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Done,
    /// Badly.
    Failed {
        /// Whether this kind of failure is worth a retry; the scheduler counts how many are left.
        retry: Retry,
    },
    /// Stopped on request.
    Cancelled,
}

/// Whether and when a failed attempt may be followed by another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Another attempt would come to the same.
    Never,
    /// As soon as it is the job's turn.
    AtOnce,
    /// After a delay: the job is [`Delayed`](super::State::Delayed) until `RetryDue`.
    Later,
}

/// Something for the driver to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the job; its tokens and resources are taken.
    StartJob {
        /// The job.
        job: JobNumber,
        /// The GPUs that are its own, by index.
        gpus: Vec<u32>,
    },
    /// Stop the job, which is starting or running; `JobEnded` is expected.
    StopJob(JobNumber),
    /// A transient job is held no more: it waits for its turn as others do.
    Wanted(JobNumber),
    /// The job ended by the scheduler's decision, without the driver reporting an end: a dependency failed, or it was
    /// cancelled before it ran. For whoever waits for it.
    Ended(JobNumber),
}
