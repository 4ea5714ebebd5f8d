//! Why a job has not started, as data. It only reads, and costs what it lists; it does not know how the answer is worded.

use super::Scheduler;
use super::job::{JobNumber, State};
use super::needs::Resource;
use super::ready::short;

/// What a job that has not started waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// Other jobs have to be done first.
    Dependencies {
        /// How many.
        unmet: u32,
        /// The first few of them.
        first: Vec<JobNumber>,
    },
    /// Tokens or resources, or its turn.
    Resources {
        /// What is short. If nothing is, it is the turn of jobs ahead.
        short: Vec<Shortage>,
        /// How many jobs with the same needs go before it, counted up to [`AHEAD_LIMIT`].
        ahead: usize,
    },
    /// An attempt failed, and the next one is held off.
    Delayed,
    /// Somebody else has its lock.
    Elsewhere,
    /// It is transient, and nothing needs it.
    NotNeeded,
    /// Nothing more is started in this run.
    Draining,
}

/// A resource of which a ready job cannot have enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Which one.
    pub resource: Resource,
    /// How much the job needs.
    pub needed: u64,
    /// How much of it nobody has; some of it may be reserved.
    pub free: u64,
    /// How much of it other processes have.
    pub elsewhere: u64,
    /// How much there is in all. Less than needed: the job waits until the capacity grows.
    pub capacity: u64,
    /// The aged job before this one for which some is reserved.
    pub reserved_for: Option<JobNumber>,
}

/// Where counting the jobs ahead of another one stops.
pub const AHEAD_LIMIT: usize = 1_000;

const FIRST_FEW: usize = 5;

impl Scheduler {
    /// Explains why a job has not started; nothing for one that has, or has ended.
    #[must_use]
    pub fn why_waiting(&self, job: JobNumber) -> Option<WaitReason> {
        let record = &self.jobs[job.index()];
        match record.state {
            State::Waiting { unmet } => {
                let waited_for = record.depends_on.iter().copied().filter(|&other| self.state(other) != State::Done);
                Some(WaitReason::Dependencies { unmet, first: waited_for.take(FIRST_FEW).collect() })
            }
            State::Ready if self.draining => Some(WaitReason::Draining),
            State::Ready => {
                let class = self.ready.classes.get(record.class);
                let key = record.key(job);
                let short = short(class, key, &self.pools).map(|number| {
                    let pool = self.pools.get(number);
                    Shortage {
                        resource: number.resource(),
                        needed: class.amount(number),
                        free: pool.free(),
                        elsewhere: pool.elsewhere,
                        capacity: pool.capacity,
                        reserved_for: pool.claim_before(key).map(|claim| claim.key.job),
                    }
                });
                let ahead = class.queue.count_before(key, AHEAD_LIMIT);
                Some(WaitReason::Resources { short: short.collect(), ahead })
            }
            State::Delayed => Some(WaitReason::Delayed),
            State::Elsewhere => Some(WaitReason::Elsewhere),
            State::Held => Some(WaitReason::NotNeeded),
            State::Starting | State::Running | State::Recording => None,
            State::Done | State::Failed(_) | State::Cancelled => None,
        }
    }
}
