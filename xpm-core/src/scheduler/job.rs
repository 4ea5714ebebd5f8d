//! A job as the scheduler sees it: its number, its state, what was asked for it. It does not know what the job computes,
//! where its folder is, or its identity; the driver keeps these beside, indexed by [`JobNumber`].

use std::ops::Deref;

use super::class::{ClassNumber, Key};
use super::graph::Dependents;
use super::needs::{Needs, PoolNumber};

/// Names one job within one [`Scheduler`](super::Scheduler): numbers are given in order of submission, from 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct JobNumber(pub(super) u32);

impl JobNumber {
    /// Returns the number as an index, for tables kept beside the scheduler.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Asks for one job to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The jobs that have to be done first; a job named twice counts once.
    pub depends_on: Vec<JobNumber>,
    /// What the job takes while it runs.
    pub needs: Needs,
    /// Higher goes first; among equals, submission order.
    pub priority: i64,
    /// How many times a failed attempt is followed by another one: retries, not attempts.
    pub max_retries: u32,
    /// Start it only when a job that is wanted needs it, or somebody asks for it; until then it is held.
    pub transient: bool,
}

/// Where a job is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is transient, and nothing needs it so far.
    Held,
    /// Some of the jobs it depends on are not done yet.
    Waiting {
        /// How many of them.
        unmet: u32,
    },
    /// Only tokens and resources are missing, or its turn.
    Ready,
    /// An attempt failed, and the next one is held off for a while. It takes nothing; `RetryDue` will come.
    Delayed,
    /// Somebody else has the job's lock. It takes nothing here; a report about it will come.
    Elsewhere,
    /// The driver was told to start it; its tokens and resources are taken.
    Starting,
    /// Its process is there.
    Running,
    /// Its task is over and its process writes the record, which takes no CPU: those are free again, the rest is taken.
    Recording,
    /// Ended well.
    Done,
    /// Ended badly, or will never run; see the cause. A resubmission takes it out of here.
    Failed(Cause),
    /// Stopped on request. A resubmission takes it out of here.
    Cancelled,
}

impl State {
    /// Tells whether the job has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed(_) | Self::Cancelled)
    }

    /// Tells whether the job has tokens and resources of this scheduler.
    #[must_use]
    pub fn holds_resources(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Recording)
    }

    /// Tells whether the job has what it needs of this pool.
    pub(super) fn holds(self, pool: PoolNumber) -> bool {
        self.holds_resources() && !(self == Self::Recording && pool == PoolNumber::CPUS)
    }
}

/// Why a job is [`State::Failed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Its own last attempt failed; the driver knows how.
    Own,
    /// A job that it needs, directly or through others, failed by itself or was cancelled. This is that *root* job, the
    /// one to look at, not the neighbour through which the failure came. If several did, it is the first reported.
    Dependency(JobNumber),
}

/// How many jobs are in each state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "each field counts the state of its name")]
pub struct Counts {
    pub held: usize,
    pub waiting: usize,
    pub ready: usize,
    pub delayed: usize,
    pub elsewhere: usize,
    pub starting: usize,
    pub running: usize,
    pub recording: usize,
    pub done: usize,
    pub failed: usize,
    pub cancelled: usize,
}

impl Counts {
    /// Returns how many jobs have not ended, those that are held left out.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.waiting + self.ready + self.delayed + self.elsewhere + self.starting + self.running + self.recording
    }

    /// Returns how many jobs there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.held + self.unfinished() + self.done + self.failed + self.cancelled
    }

    pub(super) fn of(&mut self, state: State) -> &mut usize {
        match state {
            State::Held => &mut self.held,
            State::Waiting { .. } => &mut self.waiting,
            State::Ready => &mut self.ready,
            State::Delayed => &mut self.delayed,
            State::Elsewhere => &mut self.elsewhere,
            State::Starting => &mut self.starting,
            State::Running => &mut self.running,
            State::Recording => &mut self.recording,
            State::Done => &mut self.done,
            State::Failed(_) => &mut self.failed,
            State::Cancelled => &mut self.cancelled,
        }
    }
}

/// The jobs that a job depends on. A few are kept in the record itself: what a plan of a million jobs costs is above all
/// what it touches.
#[derive(Debug)]
pub(super) enum Dependencies {
    Few {
        count: u8,
        jobs: [JobNumber; 3],
    },
    #[expect(clippy::box_collection, reason = "a fat pointer beside the tag would make the record larger")]
    Many(Box<Vec<JobNumber>>),
}

impl Default for Dependencies {
    fn default() -> Self {
        Self::Few { count: 0, jobs: [JobNumber(0); 3] }
    }
}

impl From<Vec<JobNumber>> for Dependencies {
    fn from(mut all: Vec<JobNumber>) -> Self {
        let mut jobs = [JobNumber(0); 3];
        if let (Some(places), Ok(count)) = (jobs.get_mut(..all.len()), u8::try_from(all.len())) {
            places.copy_from_slice(&all);
            return Self::Few { count, jobs };
        }
        all.shrink_to_fit();
        Self::Many(Box::new(all))
    }
}

impl Deref for Dependencies {
    type Target = [JobNumber];

    fn deref(&self) -> &[JobNumber] {
        match self {
            Self::Few { count, jobs } => &jobs[..usize::from(*count)],
            Self::Many(jobs) => jobs,
        }
    }
}

/// The scheduler's record of one job: a cache line, since what is looked at next is seldom near; and the list of its
/// dependencies, if they are many, until it is done.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Job {
    pub(super) priority: i64,
    /// Kept until the job is done: a resubmission and `why` need it.
    pub(super) depends_on: Dependencies,
    pub(super) state: State,
    pub(super) class: ClassNumber,
    pub(super) dependents: Dependents,
    pub(super) retries_left: u32,
    /// Grows each time the job registers with its dependencies, so that registrations of earlier rounds are known as stale.
    pub(super) round: u32,
    /// A stop was requested while it was starting or running: it is not retried.
    pub(super) stopping: bool,
    /// It is to run: any job that is not transient, and those that such a job needs.
    pub(super) wanted: bool,
}

impl Job {
    pub(super) fn key(&self, number: JobNumber) -> Key {
        Key::new(self.priority, number)
    }
}
