//! What holds in the scheduler between any two calls, checked from scratch by walking everything. Tests only.

use std::collections::{BTreeMap, BTreeSet};

use super::Scheduler;
use super::capacity::{Claim, Pools};
use super::class::{Age, ClassNumber, Key};
use super::job::{Cause, Counts, JobNumber, State};
use super::needs::PoolNumber;
use super::ready::{Ready, short};

/// Says what is wrong, unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}

impl Scheduler {
    /// Checks everything that has to hold after each call.
    pub(super) fn check_invariants(&self) -> Result<(), String> {
        self.check_counts()?;
        self.check_graph()?;
        self.check_pools()?;
        self.check_ready()?;
        self.check_claims()
    }

    fn numbered(&self) -> impl Iterator<Item = (JobNumber, &super::job::Job)> {
        (0..).map(JobNumber).zip(&self.jobs)
    }

    fn check_counts(&self) -> Result<(), String> {
        let mut counts = Counts::default();
        for job in &self.jobs {
            *counts.of(job.state) += 1;
        }
        ensure!(counts == self.counts, "counts are {:?}, jobs are {counts:?}", self.counts);
        ensure!(self.ended.is_empty(), "dependents of {:?} have not heard", self.ended);
        Ok(())
    }

    fn check_graph(&self) -> Result<(), String> {
        for (number, job) in self.numbered() {
            let not_done: Vec<_> = job.depends_on.iter().filter(|&&other| self.state(other) != State::Done).collect();
            match job.state {
                State::Waiting { unmet } => {
                    ensure!(
                        unmet > 0 && unmet as usize == not_done.len(),
                        "{number:?} has {unmet} unmet of {not_done:?}"
                    );
                    for &&other in &not_done {
                        ensure!(self.state(other) != State::Held, "{number:?} waits for {other:?}, which is held");
                        ensure!(self.failure_through(other).is_none(), "{number:?} waits for {other:?}, which failed");
                        let calls = self.graph.iter(self.jobs[other.index()].dependents);
                        let calls = calls.filter(|call| (call.dependent, call.round) == (number, job.round)).count();
                        ensure!(calls == 1, "{number:?} will hear {calls} times of {other:?}");
                    }
                }
                State::Held => ensure!(!job.wanted, "{number:?} is wanted and held"),
                State::Ready | State::Starting | State::Running | State::Recording => {
                    ensure!(not_done.is_empty(), "{number:?} is {:?} before {not_done:?}", job.state);
                }
                State::Failed(Cause::Dependency(root)) => ensure!(root != number, "{number:?} failed of {root:?}"),
                State::Delayed | State::Elsewhere | State::Done | State::Failed(Cause::Own) | State::Cancelled => {}
            }
            let dependents = self.graph.iter(job.dependents).count();
            ensure!(!job.state.is_final() || dependents == 0, "{number:?} has ended and has {dependents} dependents");
        }
        Ok(())
    }

    fn check_pools(&self) -> Result<(), String> {
        let mut used = BTreeMap::<PoolNumber, u64>::new();
        let mut gpu_owners = BTreeMap::new();
        for (number, job) in self.numbered().filter(|(_, job)| job.state.holds_resources()) {
            let class = self.ready.classes.get(job.class);
            for &(pool, amount) in class.needs.iter().filter(|(pool, _)| job.state.holds(*pool)) {
                *used.entry(pool).or_default() += amount;
            }
            let gpus = self.pools.gpus_of(number);
            ensure!(gpus.len() as u64 == class.amount(PoolNumber::GPUS), "{number:?} has GPUs {gpus:?}");
            for gpu in gpus {
                let other = gpu_owners.insert(gpu, number);
                ensure!(other.is_none(), "GPU {gpu} is given to {number:?} and {other:?}");
            }
        }
        let holders: BTreeSet<_> = gpu_owners.values().copied().collect();
        ensure!(holders.iter().eq(self.pools.held_gpus().keys()), "GPUs are held by jobs that do not run");
        for (number, pool) in self.pools.iter().filter(|(number, _)| *number != PoolNumber::GPUS) {
            let taken = used.get(&number).copied().unwrap_or(0);
            ensure!(pool.used == taken, "{number:?}: {} used, {taken} taken by jobs", pool.used);
        }
        Ok(())
    }

    fn check_ready(&self) -> Result<(), String> {
        let (mut queued, mut users) = (0, BTreeMap::<ClassNumber, u32>::new());
        for job in self.jobs.iter().filter(|job| !job.state.is_final()) {
            *users.entry(job.class).or_default() += 1;
        }
        let notes: BTreeSet<_> = self.ready.notes.iter().copied().collect();
        for (number, class) in self.ready.classes.iter() {
            let users = users.remove(&number).unwrap_or(0);
            ensure!(class.users == users, "{number:?} has {users} users, counts {}", class.users);
            queued += class.queue.len();
            for key in class.queue.iter() {
                let job = &self.jobs[key.job.index()];
                ensure!(job.state == State::Ready && job.class == number, "{key:?} is queued and {:?}", job.state);
                ensure!(job.key(key.job) == *key, "{key:?} is queued under a wrong key");
            }
            if let Some(head) = class.head() {
                let starts = short(class, head, &self.pools).next().is_none();
                ensure!(!starts || self.draining, "{head:?} could start and does not");
            }
            ensure!((class.age == Age::Fresh) == class.queue.is_empty(), "{:?} {number:?}: age?", class.age);
            let noted = notes.contains(&(class.age.since(), number));
            ensure!(noted || !matches!(class.age, Age::Refused(_)), "{number:?} is refused and not noted");
        }
        ensure!(users.is_empty(), "classes {users:?} are in use and gone");
        ensure!(queued == self.counts.ready, "{queued} are queued, {} are ready", self.counts.ready);
        self.ready.lanes.check(&self.ready.classes)
    }

    /// Claims are of aged classes only, for what they need, and never for the machine while a token is short.
    fn check_claims(&self) -> Result<(), String> {
        let mut claims = BTreeMap::<PoolNumber, BTreeSet<Claim>>::new();
        for (number, class) in self.ready.classes.iter().filter(|(_, class)| !class.claims.is_empty()) {
            ensure!(matches!(class.age, Age::Aged(_)), "{number:?} claims and is {:?}", class.age);
            let key = class.queue.first().ok_or_else(|| format!("empty {number:?} claims"))?;
            ensure!(self.draining || self.pools.unsatisfiable(&class.needs).is_none(), "{number:?} claims in vain");
            let at_token = class.lacks.is_some_and(PoolNumber::is_token);
            ensure!(!at_token || class.claims.iter().all(|pool| pool.is_token()), "{number:?} keeps the machine");
            for &pool in &class.claims {
                let amount = class.amount(pool);
                ensure!(amount > 0, "{number:?} claims {pool:?} without need");
                ensure!(
                    claims.entry(pool).or_default().insert(Claim { key, class: number, amount }),
                    "{number:?} claims twice"
                );
            }
        }
        for (number, pool) in self.pools.iter() {
            let expected = claims.remove(&number).unwrap_or_default();
            ensure!(pool.claims == expected, "{number:?} has claims {:?}, classes {expected:?}", pool.claims);
            if let Some(claim) = pool.claims.first().filter(|_| !self.draining) {
                let lacks = self.ready.classes.get(claim.class).lacks == Some(number);
                ensure!(!lacks || pool.free() < claim.amount, "{claim:?} has enough of {number:?} and lacks it");
            }
        }
        for (number, class) in self.ready.classes.iter().filter(|_| !self.draining) {
            let claims = class.lacks.is_some_and(|pool| class.claims.contains(&pool)) && !class.looking;
            let in_vain = self.pools.unsatisfiable(&class.needs).is_some();
            ensure!(claims || in_vain || !matches!(class.age, Age::Aged(_)), "aged {number:?} claims nothing");
        }
        Ok(())
    }
}

impl Ready {
    /// Compares what a search has found with what going through all classes finds, if these are few.
    pub(super) fn check_found(&self, found: Option<(Key, ClassNumber)>, pools: &Pools) {
        if self.classes.iter().nth(200).is_none() {
            let heads = self.classes.iter().filter_map(|(number, class)| Some((class.head()?, number, class)));
            let start = heads.filter(|&(head, _, class)| short(class, head, pools).next().is_none());
            assert_eq!(found, start.map(|(head, number, _)| (head, number)).min());
        }
    }
}
