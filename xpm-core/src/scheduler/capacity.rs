//! How much there is of everything, how much is taken, and how much of the rest is reserved. It does not know who is next:
//! it answers what a job of a given place in the order may take.

use std::collections::{BTreeMap, BTreeSet};

use super::class::{ClassNumber, Key};
use super::job::JobNumber;
use super::needs::{Need, PoolNumber, TokenNumber, Unsatisfiable};

/// What the machine has for jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// CPUs.
    pub cpus: u32,
    /// Memory in bytes; unlimited if not known.
    pub memory: Option<u64>,
    /// The indices of the GPUs.
    pub gpus: Vec<u32>,
}

/// A reservation: jobs that come after `key`, the first job of `class`, leave `amount` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    pub(super) key: Key,
    pub(super) class: ClassNumber,
    pub(super) amount: u64,
}

/// What the machine has for the jobs up to `last` in the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) cpus: u64,
    pub(super) gpus: u64,
    pub(super) memory: u64,
    pub(super) last: Key,
}

/// One resource.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub(super) capacity: u64,
    /// Taken by own jobs.
    pub(super) used: u64,
    /// Taken by other processes, as far as known.
    pub(super) elsewhere: u64,
    /// Only the first in order is in force; the others come after it.
    pub(super) claims: BTreeSet<Claim>,
    /// More may be available than when that was last asked.
    raised: bool,
}

impl Pool {
    /// What nobody has; reservations are not looked at.
    pub(super) fn free(&self) -> u64 {
        self.capacity.saturating_sub(self.used.saturating_add(self.elsewhere))
    }

    /// What a job at `key` in the order may take.
    pub(super) fn available_to(&self, key: Key) -> u64 {
        self.free().saturating_sub(self.claim_before(key).map_or(0, |claim| claim.amount))
    }

    /// The reservation that binds a job at `key`.
    pub(super) fn claim_before(&self, key: Key) -> Option<Claim> {
        self.claims.first().copied().filter(|claim| claim.key < key)
    }
}

/// All resources.
#[derive(Debug)]
pub(super) struct Pools {
    pools: Vec<Pool>,
    raised: Vec<PoolNumber>,
    gpus: Gpus,
}

impl Pools {
    pub(super) fn new(capacity: &Capacity) -> Self {
        let pools = [PoolNumber::CPUS, PoolNumber::MEMORY, PoolNumber::GPUS].map(|_| Pool::default()).into();
        let mut new = Self { pools, raised: Vec::new(), gpus: Gpus::default() };
        new.set_machine(capacity);
        new
    }

    pub(super) fn add_token(&mut self, capacity: u64) -> TokenNumber {
        let resource = u32::try_from(self.pools.len()).expect("a plan has fewer than 2^32 tokens");
        self.pools.push(Pool { capacity, ..Pool::default() });
        match PoolNumber(resource).resource() {
            super::Resource::Token(token) => token,
            _ => unreachable!("the machine's pools are there from the start"),
        }
    }

    pub(super) fn set_machine(&mut self, capacity: &Capacity) {
        self.pools[PoolNumber::CPUS.index()].capacity = capacity.cpus.into();
        self.pools[PoolNumber::MEMORY.index()].capacity = capacity.memory.unwrap_or(u64::MAX);
        self.gpus.set(&capacity.gpus);
        self.count_gpus();
        for pool in [PoolNumber::CPUS, PoolNumber::MEMORY, PoolNumber::GPUS] {
            self.raise(pool);
        }
    }

    /// Returns whether the token's size changed, as opposed to its use.
    pub(super) fn set_token(&mut self, token: TokenNumber, capacity: u64, elsewhere: u64) -> bool {
        let number = PoolNumber::of_token(token);
        let pool = &mut self.pools[number.index()];
        let resized = pool.capacity != capacity;
        (pool.capacity, pool.elsewhere) = (capacity, elsewhere);
        self.raise(number);
        resized
    }

    /// Takes note of what other processes have of the machine.
    pub(super) fn set_machine_elsewhere(&mut self, cpus: u64, memory: u64) {
        for (number, elsewhere) in [(PoolNumber::CPUS, cpus), (PoolNumber::MEMORY, memory)] {
            self.pools[number.index()].elsewhere = elsewhere;
            self.raise(number);
        }
    }

    /// Whether other processes have some of this.
    pub(super) fn is_elsewhere(&self, number: PoolNumber) -> bool {
        self.get(number).elsewhere > 0
    }

    /// Takes note that `needed` was not to be had: other processes have so much that at best one less is left.
    pub(super) fn learn_refusal(&mut self, number: PoolNumber, needed: u64) {
        let pool = &mut self.pools[number.index()];
        let at_least = pool.capacity.saturating_sub(pool.used).saturating_sub(needed.saturating_sub(1));
        pool.elsewhere = pool.elsewhere.max(at_least);
    }

    /// Says what makes these needs impossible for ever, as sizes are now.
    pub(super) fn unsatisfiable(&self, needs: &[Need]) -> Option<Unsatisfiable> {
        needs.iter().find_map(|&(number, needed)| match (self.pools.get(number.index()), number.resource()) {
            (None, super::Resource::Token(token)) => Some(Unsatisfiable::UnknownToken(token)),
            (Some(pool), resource) if pool.capacity < needed => {
                Some(Unsatisfiable::TooLarge { resource, needed, capacity: pool.capacity })
            }
            _ => None,
        })
    }

    pub(super) fn take(&mut self, needs: &[Need], job: JobNumber) {
        for &(number, amount) in needs {
            if number == PoolNumber::GPUS {
                self.gpus.take(job, amount);
            }
            self.pools[number.index()].used += amount;
        }
    }

    /// Gives back what the job has of the pools that `over` names.
    pub(super) fn give_back(&mut self, needs: &[Need], over: impl Fn(PoolNumber) -> bool, job: JobNumber) {
        for &(number, amount) in needs.iter().filter(|(number, _)| over(*number)) {
            if number == PoolNumber::GPUS {
                self.gpus.give_back(job);
                self.count_gpus();
            } else {
                self.pools[number.index()].used -= amount;
            }
            self.raise(number);
        }
    }

    pub(super) fn gpus_of(&self, job: JobNumber) -> Vec<u32> {
        self.gpus.held.get(&job).map_or_else(Vec::new, |held| held.to_vec())
    }

    pub(super) fn claim(&mut self, number: PoolNumber, claim: Claim) {
        self.pools[number.index()].claims.insert(claim);
    }

    pub(super) fn unclaim(&mut self, number: PoolNumber, claim: Claim) {
        if self.pools[number.index()].claims.remove(&claim) {
            self.raise(number);
        }
    }

    pub(super) fn get(&self, number: PoolNumber) -> &Pool {
        &self.pools[number.index()]
    }

    /// What the machine has for jobs, by how far they are in the order: reservations bind those after them only.
    pub(super) fn limits(&self) -> impl Iterator<Item = Limits> {
        let machine = [PoolNumber::CPUS, PoolNumber::GPUS, PoolNumber::MEMORY];
        let mut ends = [Key::LAST; 4];
        for (end, pool) in ends.iter_mut().zip(machine) {
            *end = self.get(pool).claims.first().map_or(Key::LAST, |claim| claim.key);
        }
        ends.sort_unstable();
        let mut before = None;
        ends.into_iter().filter(move |&end| before.replace(end) != Some(end)).map(move |last| {
            let [cpus, gpus, memory] = machine.map(|pool| self.get(pool).available_to(last));
            Limits { cpus, gpus, memory, last }
        })
    }

    /// Takes out one of the pools of which more may be available than when this was last asked.
    pub(super) fn next_raised(&mut self) -> Option<PoolNumber> {
        let number = self.raised.pop()?;
        self.pools[number.index()].raised = false;
        Some(number)
    }

    /// Tells whether there are such pools.
    pub(super) fn any_raised(&self) -> bool {
        !self.raised.is_empty()
    }

    fn raise(&mut self, number: PoolNumber) {
        if !std::mem::replace(&mut self.pools[number.index()].raised, true) {
            self.raised.push(number);
        }
    }

    /// GPUs that were taken away while in use count neither as there nor as used.
    fn count_gpus(&mut self) {
        let pool = &mut self.pools[PoolNumber::GPUS.index()];
        pool.capacity = self.gpus.owned.len() as u64;
        pool.used = pool.capacity - self.gpus.free.len() as u64;
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (PoolNumber, &Pool)> {
        (0..).map(PoolNumber).zip(&self.pools)
    }

    #[cfg(test)]
    pub(super) fn held_gpus(&self) -> &BTreeMap<JobNumber, Box<[u32]>> {
        &self.gpus.held
    }
}

/// Which GPU is whose.
#[derive(Debug, Default)]
struct Gpus {
    owned: BTreeSet<u32>,
    free: BTreeSet<u32>,
    held: BTreeMap<JobNumber, Box<[u32]>>,
}

impl Gpus {
    fn set(&mut self, owned: &[u32]) {
        self.owned = owned.iter().copied().collect();
        self.free = self.owned.clone();
        for gpu in self.held.values().flatten() {
            self.free.remove(gpu);
        }
    }

    fn take(&mut self, job: JobNumber, amount: u64) {
        let taken = (0..amount).map_while(|_| self.free.pop_first()).collect();
        self.held.insert(job, taken);
    }

    fn give_back(&mut self, job: JobNumber) {
        let held = self.held.remove(&job).unwrap_or_default();
        self.free.extend(held.iter().filter(|gpu| self.owned.contains(gpu)));
    }
}
