//! The scheduler: a state machine over plain state, events in and actions out. It decides which job starts when, and what
//! becomes of the jobs that depend on one that ended. It does not know time, disk, processes, threads or randomness; given
//! the same calls it answers the same actions. Told in docs/ARCHITECTURE.md; the order, the reservations and why nothing
//! starves are told in `scheduler/ready.rs`.
//!
//! ```text
//!             ┌──────── retry due, deferred, freed, submitted again ───────────────┐
//!             ▼                                                                    │
//!   submit → Waiting → Ready → Starting → Running (→ Recording) → Done | Failed …  │
//!             │          │         │         └──► Delayed (until its retry) ──────►┤
//!             └──────────┴─────────┴─► Elsewhere (somebody else has the lock) ────►┘
//! ```
//!
//! A transient job is Held from submit until a job that is wanted depends on it.
//!
//! An event costs one step for each dependent of a job that ended, and what `scheduler/ready.rs` tells about its cost: logarithms, as
//! long as the jobs that wait do so for few combinations of tokens.

mod again;
mod capacity;
mod class;
mod event;
#[cfg(test)]
mod fairness;
mod forest;
mod graph;
#[cfg(test)]
mod invariants;
mod job;
mod lane;
#[cfg(test)]
mod model;
mod needs;
#[cfg(test)]
mod purity;
mod queue;
mod ready;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod stories;
mod why;
#[cfg(test)]
mod world;

use std::collections::VecDeque;

pub use again::Again;
pub use capacity::Capacity;
pub use event::{Action, Event, Outcome, Retry};
pub use job::{Cause, Counts, JobNumber, Request, State};
pub use needs::{Needs, Resource, TokenNumber, Unsatisfiable};
pub use ready::PATIENCE;
pub use why::{AHEAD_LIMIT, Shortage, WaitReason};

use capacity::Pools;
use graph::{Dependents, Graph, Registration};
use job::Job;
use needs::Need;
use ready::Ready;

/// The state of all jobs of a run. Methods that take a [`JobNumber`] or a [`TokenNumber`] panic when it comes from another
/// scheduler.
#[derive(Debug)]
pub struct Scheduler {
    jobs: Vec<Job>,
    graph: Graph,
    pools: Pools,
    ready: Ready,
    counts: Counts,
    draining: bool,
    /// Jobs that ended and whose dependents have not heard of it: a queue instead of recursion, for long chains.
    ended: VecDeque<JobNumber>,
    /// Where the dependents of one that ended are listed.
    hearing: Vec<Registration>,
    /// Where requests are brought to normal form.
    scratch: Vec<Need>,
    /// Transient jobs that have just become wanted.
    held_back: Vec<JobNumber>,
}

impl Scheduler {
    /// Makes a scheduler without jobs and tokens.
    #[must_use]
    pub fn new(capacity: &Capacity) -> Self {
        Self {
            jobs: Vec::new(),
            graph: Graph::new(),
            pools: Pools::new(capacity),
            ready: Ready::default(),
            counts: Counts::default(),
            draining: false,
            ended: VecDeque::new(),
            hearing: Vec::new(),
            scratch: Vec::new(),
            held_back: Vec::new(),
        }
    }

    /// Adds a token of which there are `capacity` units, all free as far as known.
    pub fn add_token(&mut self, capacity: u64) -> TokenNumber {
        self.pools.add_token(capacity)
    }

    /// Adds a job and starts what can start. If a dependency has failed or was cancelled, the job fails at once.
    ///
    /// # Errors
    ///
    /// When the request can never be served; nothing is added then.
    pub fn submit(&mut self, request: Request, actions: &mut Vec<Action>) -> Result<JobNumber, Unsatisfiable> {
        let Request { mut depends_on, needs, priority, max_retries, transient } = request;
        let too_many = |_| Unsatisfiable::TooManyJobs;
        let job = JobNumber(u32::try_from(self.jobs.len()).map_err(too_many)?);
        if let Some(&unknown) = depends_on.iter().find(|&&dependency| dependency >= job) {
            return Err(Unsatisfiable::UnknownJob(unknown));
        }
        needs::normal_form(&needs, &mut self.scratch);
        if let Some(error) = self.pools.unsatisfiable(&self.scratch) {
            return Err(error);
        }
        depends_on.sort_unstable();
        depends_on.dedup();
        let state = State::Waiting { unmet: 0 };
        *self.counts.of(state) += 1;
        self.jobs.push(Job {
            priority,
            depends_on: depends_on.into(),
            state,
            class: self.ready.acquire(&self.scratch),
            dependents: Dependents::EMPTY,
            retries_left: max_retries,
            round: 0,
            stopping: false,
            wanted: !transient,
        });
        self.enqueue(job, actions);
        self.settle(actions);
        Ok(job)
    }

    /// Takes in an event and adds what is to be done to `actions`.
    pub fn handle(&mut self, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::JobStarted(job) => {
                if self.state(job) == State::Starting {
                    self.transition(job, State::Running);
                }
            }
            Event::JobRecording(job) => {
                if self.state(job) == State::Running {
                    self.transition(job, State::Recording);
                }
            }
            Event::JobEnded { job, outcome } => self.job_ended(job, outcome, actions),
            Event::JobFoundDone(job) => self.job_ended(job, Outcome::Done, actions),
            Event::StartDeferred { job, resource } => self.start_deferred(job, resource, actions),
            Event::JobFoundElsewhere(job) => {
                if matches!(self.state(job), State::Waiting { .. } | State::Ready | State::Delayed | State::Starting) {
                    self.transition(job, State::Elsewhere);
                }
            }
            Event::JobFreed(job) => {
                if self.state(job) == State::Elsewhere {
                    self.enqueue_unless_stopping(job, actions);
                }
            }
            Event::StopRequested(job) => self.stop(job, actions),
            Event::JobNeeded(job) => self.want(job, actions),
            Event::RetryDue(job) => {
                if self.state(job) == State::Delayed {
                    self.enqueue(job, actions);
                }
            }
            Event::CapacityChanged(capacity) => {
                self.pools.set_machine(&capacity);
                self.ready.reconsider_claims(&mut self.pools);
            }
            Event::MachineChanged { cpus, memory } => self.pools.set_machine_elsewhere(cpus, memory),
            Event::TokenChanged { token, capacity, elsewhere } => {
                if self.pools.set_token(token, capacity, elsewhere) {
                    self.ready.reconsider_claims(&mut self.pools);
                }
            }
            Event::Draining => self.draining = true,
        }
        self.settle(actions);
    }

    /// Returns the state of a job.
    #[must_use]
    pub fn state(&self, job: JobNumber) -> State {
        self.jobs[job.index()].state
    }

    /// Returns how many jobs are in each state.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Tells whether a job lacks this token, of which other processes have some, and nothing else but tokens. Looks at all
    /// classes of needs.
    #[must_use]
    pub fn lacks_token(&self, token: TokenNumber) -> bool {
        let token = needs::PoolNumber::of_token(token);
        self.pools.is_elsewhere(token) && self.lacks(|pool| pool == token, needs::PoolNumber::is_token)
    }

    /// Tells whether a job lacks nothing but CPUs or memory that other processes have. Looks at all classes of needs.
    #[must_use]
    pub fn lacks_machine(&self) -> bool {
        let machine = [needs::PoolNumber::CPUS, needs::PoolNumber::MEMORY];
        let elsewhere = |pool| self.pools.is_elsewhere(pool);
        machine.into_iter().any(elsewhere) && self.lacks(elsewhere, |pool| machine.contains(&pool))
    }

    /// Whether the first job of a class lacks one of `these`, and `only` those.
    fn lacks(&self, these: impl Fn(needs::PoolNumber) -> bool, only: impl Fn(needs::PoolNumber) -> bool) -> bool {
        let lacks = |(_, class): (_, &class::Class)| {
            class.head().is_some_and(|key| {
                let mut any = false;
                ready::short(class, key, &self.pools).all(|pool| {
                    any |= these(pool);
                    only(pool)
                }) && any
            })
        };
        !self.draining && self.ready.classes.iter().any(lacks)
    }

    /// Returns how many jobs have not ended.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.counts.unfinished()
    }

    fn job_ended(&mut self, job: JobNumber, outcome: Outcome, actions: &mut Vec<Action>) {
        let record = &mut self.jobs[job.index()];
        if record.state.is_final() {
            return;
        }
        match outcome {
            Outcome::Done => self.transition(job, State::Done),
            Outcome::Cancelled => self.transition(job, State::Cancelled),
            Outcome::Failed { retry: retry @ (Retry::AtOnce | Retry::Later) }
                if record.retries_left > 0 && !record.stopping =>
            {
                record.retries_left -= 1;
                match retry {
                    Retry::Later => self.transition(job, State::Delayed),
                    _ => self.enqueue(job, actions),
                }
            }
            Outcome::Failed { .. } => self.transition(job, State::Failed(Cause::Own)),
        }
    }

    fn start_deferred(&mut self, job: JobNumber, resource: Resource, actions: &mut Vec<Action>) {
        if self.state(job) != State::Starting {
            return;
        }
        let class = self.jobs[job.index()].class;
        let pool = needs::PoolNumber::of(resource);
        let needed = self.ready.classes.get(class).amount(pool);
        self.enqueue_unless_stopping(job, actions);
        // After the job has given its units back: what it was refused is what is there without them.
        self.pools.learn_refusal(pool, needed);
        self.ready.start_failed(class);
    }

    fn stop(&mut self, job: JobNumber, actions: &mut Vec<Action>) {
        let record = &mut self.jobs[job.index()];
        match record.state {
            State::Held | State::Waiting { .. } | State::Ready | State::Delayed | State::Elsewhere => {
                self.transition(job, State::Cancelled);
                actions.push(Action::Ended(job));
            }
            state if state.holds_resources() && !record.stopping => {
                record.stopping = true;
                actions.push(Action::StopJob(job));
            }
            _ => {}
        }
    }

    fn enqueue_unless_stopping(&mut self, job: JobNumber, actions: &mut Vec<Action>) {
        if self.jobs[job.index()].stopping {
            self.transition(job, State::Cancelled);
            actions.push(Action::Ended(job));
        } else {
            self.enqueue(job, actions);
        }
    }

    /// A job is to run, though it is transient.
    fn want(&mut self, job: JobNumber, actions: &mut Vec<Action>) {
        self.jobs[job.index()].wanted = true;
        if self.state(job) == State::Held {
            actions.push(Action::Wanted(job));
            self.enqueue(job, actions);
        }
    }

    /// Brings a job, and the transient ones that it needs, to where their dependencies say.
    fn enqueue(&mut self, job: JobNumber, actions: &mut Vec<Action>) {
        self.enqueue_one(job, actions);
        // A list instead of recursion, for long chains.
        while let Some(held) = self.held_back.pop() {
            if self.state(held) == State::Held {
                self.jobs[held.index()].wanted = true;
                actions.push(Action::Wanted(held));
                self.enqueue_one(held, actions);
            }
        }
    }

    /// Brings a job to where its dependencies say: waiting for them, ready, or failed with one of them; held if it is not
    /// wanted.
    fn enqueue_one(&mut self, job: JobNumber, actions: &mut Vec<Action>) {
        if !self.jobs[job.index()].wanted {
            self.transition(job, State::Held);
            return;
        }
        let depends_on = std::mem::take(&mut self.jobs[job.index()].depends_on);
        let failed = depends_on.iter().find_map(|&dependency| self.failure_through(dependency));
        let mut unmet = 0;
        if failed.is_none() {
            let round = self.jobs[job.index()].round.wrapping_add(1);
            self.jobs[job.index()].round = round;
            for dependency in depends_on.iter() {
                let number = *dependency;
                let dependency = &mut self.jobs[number.index()];
                if dependency.state == State::Held {
                    self.held_back.push(number);
                }
                if dependency.state != State::Done {
                    self.graph.push(&mut dependency.dependents, Registration { dependent: job, round });
                    unmet += 1;
                }
            }
        }
        self.jobs[job.index()].depends_on = depends_on;
        if let Some(cause) = failed {
            self.transition(job, State::Failed(cause));
            actions.push(Action::Ended(job));
        } else if unmet > 0 {
            self.transition(job, State::Waiting { unmet });
        } else {
            self.transition(job, State::Ready);
        }
    }

    /// What a dependent of this job fails of, if the job did not end well.
    fn failure_through(&self, job: JobNumber) -> Option<Cause> {
        match self.state(job) {
            State::Failed(Cause::Dependency(root)) => Some(Cause::Dependency(root)),
            State::Failed(Cause::Own) | State::Cancelled => Some(Cause::Dependency(job)),
            _ => None,
        }
    }

    /// Tells dependents of what ended, then starts what can start.
    fn settle(&mut self, actions: &mut Vec<Action>) {
        while let Some(job) = self.ended.pop_front() {
            let failed = self.failure_through(job);
            let mut hearing = std::mem::take(&mut self.hearing);
            self.graph.take(&mut self.jobs[job.index()].dependents, &mut hearing);
            // First those that still wait are picked out: these looks, each somewhere else in memory, need not wait for each other.
            hearing.retain(|&Registration { dependent, round }| {
                let record = &self.jobs[dependent.index()];
                record.round == round && matches!(record.state, State::Waiting { .. })
            });
            for Registration { dependent, .. } in hearing.drain(..) {
                let State::Waiting { unmet } = self.state(dependent) else { continue };
                if let Some(cause) = failed {
                    self.transition(dependent, State::Failed(cause));
                    actions.push(Action::Ended(dependent));
                } else if unmet > 1 {
                    self.transition(dependent, State::Waiting { unmet: unmet - 1 });
                } else {
                    self.transition(dependent, State::Ready);
                }
            }
            self.hearing = hearing;
        }
        while !self.draining
            && let Some((class, key)) = self.ready.next(&mut self.pools)
        {
            self.ready.starting(class, key, &mut self.pools);
            self.transition(key.job, State::Starting);
            actions.push(Action::StartJob { job: key.job, gpus: self.pools.gpus_of(key.job) });
        }
    }

    /// The one function that changes a job's state: it keeps the counts, the ready jobs and what is taken in step.
    fn transition(&mut self, job: JobNumber, to: State) {
        let record = &mut self.jobs[job.index()];
        let from = std::mem::replace(&mut record.state, to);
        let (class, key) = (record.class, record.key(job));
        if to == State::Done {
            // A done job is never queued again.
            record.depends_on = job::Dependencies::default();
        }
        *self.counts.of(from) -= 1;
        *self.counts.of(to) += 1;
        if from.holds_resources() {
            let over = |pool| from.holds(pool) && !to.holds(pool);
            self.pools.give_back(&self.ready.classes.get(class).needs, over, job);
        }
        if !from.holds_resources() && to.holds_resources() {
            self.pools.take(&self.ready.classes.get(class).needs, job);
        }
        if from == State::Ready && to != State::Ready {
            self.ready.remove(class, key, &mut self.pools);
        }
        if to == State::Ready && from != State::Ready {
            self.ready.insert(class, key, &mut self.pools);
        }
        if to.is_final() {
            self.ready.release(class);
            self.ended.push_back(job);
        }
    }
}
