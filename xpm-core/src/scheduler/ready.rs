//! The ready jobs, and who among them is next. It decides the order and the reservations; it does not know the graph, nor what
//! happens to a job once it is started.
//!
//! **Order.** Higher priority first, then submission order; a job that cannot start is passed over. Only the first job of each
//! class (jobs of identical needs) is ever looked at. A class whose first job is refused is put with the pool that was short,
//! and is looked at again only when that pool has enough for it: a job that waits for one token costs and delays nobody
//! that needs another. A refusal costs a logarithm; a release costs one refusal for each class that it could have served and
//! that then lacks something else.
//!
//! **Ageing.** A class has *aged* when [`PATIENCE`] jobs of other classes have started since its last start or, if that is
//! later, since it was refused. From then on its first job *claims* pools: always the one that it was found short of, and it keeps those
//! that it claimed before. Jobs later in order leave the claimed amount alone; earlier ones, which are higher in priority
//! or were submitted before, are not bound, so that ageing never turns the order round. Shortages are looked for among tokens
//! first, then GPUs, memory, CPUs, and whoever is short of a token drops its claims to the machine: a job that waits for a token
//! never keeps CPUs idle. Nothing is ever claimed that the job does not need, nor anything by a job that cannot fit
//! any more since a capacity shrank. Claims end with the start.
//!
//! *Why nothing starves*: take the first aged job in order. Only jobs before it can take what it claims; of the same priority
//! these are the finitely many submitted before. Running jobs end, so the claimed pool gets enough and stays so; then the next
//! short one is claimed, and there are finitely many. Then it starts, and another one is first.

use std::collections::BTreeSet;

use super::blocked::Blocked;
use super::capacity::{Claim, Pools};
use super::class::{Age, Class, ClassNumber, Classes, Key, Place};
use super::needs::PoolNumber;

/// How many starts of other jobs a refused class lets pass before it reserves what it needs.
pub const PATIENCE: u64 = 32;

/// The ready jobs by class, and the classes by where they wait.
#[derive(Debug, Default)]
pub(super) struct Ready {
    pub(super) classes: Classes,
    pub(super) blocked: Blocked,
    /// The classes to look at, whatever the pools.
    pub(super) fresh: BTreeSet<(Key, ClassNumber)>,
    /// When to see whether a class has aged: notes of when it was refused. A class has one note at most, which may be older
    /// than its age, so that a class that starts jobs all the time is not moved all the time.
    pub(super) notes: BTreeSet<(u64, ClassNumber)>,
    pub(super) aged: BTreeSet<ClassNumber>,
    starts: u64,
}

impl Ready {
    /// Adds a job.
    pub(super) fn insert(&mut self, class: ClassNumber, key: Key, pools: &mut Pools) {
        let queue = &mut self.classes.get_mut(class).queue;
        let head = queue.first().copied();
        queue.insert(key);
        if head.is_none_or(|head| key < head) {
            self.look_again(class, head, pools);
        }
    }

    /// Takes a job out.
    pub(super) fn remove(&mut self, class: ClassNumber, key: Key, pools: &mut Pools) {
        let queue = &mut self.classes.get_mut(class).queue;
        let head = queue.first().copied();
        queue.remove(&key);
        if head != Some(key) {
            return;
        }
        match (self.classes.get(class).place, self.classes.get(class).queue.first()) {
            (Place::Blocked(pool), Some(&next)) => {
                // A later job may take no more than the one before it, so that it is blocked as well; or the one before it
                // starts just now because the pool had enough, and then the pool is still to be looked at.
                self.blocked.set_key(pools.get(pool).blocked, class, next);
                self.move_claims(class, key, pools);
            }
            _ => self.look_again(class, head, pools),
        }
    }

    /// Finds the first job in order that can start now.
    pub(super) fn next(&mut self, pools: &mut Pools) -> Option<(ClassNumber, Key)> {
        loop {
            self.ripen(pools);
            let (key, class) = self.candidate(pools)?;
            let Some(short) = short(self.classes.get(class), key, pools).next() else { return Some((class, key)) };
            self.refuse(class, key, short, pools);
        }
    }

    /// Takes note that the first job of a class, at `head`, is about to start.
    pub(super) fn starting(&mut self, class: ClassNumber, head: Key, pools: &mut Pools) {
        self.starts += 1;
        let Class { age, earlier_age, queue, .. } = self.classes.get_mut(class);
        *earlier_age = *age;
        let age = if queue.len() > 1 { Age::Refused(self.starts) } else { Age::Fresh };
        self.drop_claims(class, head, pools, |_| true);
        self.set_age(class, age);
    }

    /// Takes note that a start of this class came to nothing, and that the job is back: the class is as old as before.
    pub(super) fn start_failed(&mut self, class: ClassNumber, pools: &mut Pools) {
        let Class { age, earlier_age, ref queue, .. } = *self.classes.get(class);
        if earlier_age.since() < age.since() {
            let head = queue.first().copied();
            self.set_age(class, earlier_age);
            self.look_again(class, head, pools);
        }
    }

    /// Has aged classes make their claims anew, after a change of capacity. The one step that looks at all of them.
    pub(super) fn reconsider_claims(&mut self, pools: &mut Pools) {
        for class in self.aged.clone() {
            if let Some(&head) = self.classes.get(class).queue.first() {
                self.drop_claims(class, head, pools, |_| true);
                self.look_again(class, Some(head), pools);
            }
        }
    }

    /// Puts a class among those to look at, or aside if it is empty, after its first job has changed from `old`.
    fn look_again(&mut self, number: ClassNumber, old: Option<Key>, pools: &mut Pools) {
        let head = self.classes.get(number).queue.first().copied();
        if let Some(old) = old {
            self.leave_place(number, old, pools);
            if head != Some(old) {
                self.move_claims(number, old, pools);
            }
        }
        if let Some(head) = head {
            self.fresh.insert((head, number));
            self.classes.get_mut(number).place = Place::Fresh;
        } else {
            self.set_age(number, Age::Fresh);
        }
    }

    fn leave_place(&mut self, number: ClassNumber, head: Key, pools: &mut Pools) {
        let class = self.classes.get_mut(number);
        match std::mem::replace(&mut class.place, Place::Idle) {
            Place::Idle => {}
            Place::Fresh => {
                self.fresh.remove(&(head, number));
            }
            Place::Blocked(pool) => self.blocked.remove(&mut pools.get_mut(pool).blocked, number),
        }
    }

    /// Has classes look again whose patience is over.
    fn ripen(&mut self, pools: &mut Pools) {
        while self.notes.first().is_some_and(|&(noted, _)| noted + PATIENCE <= self.starts) {
            let Some((_, number)) = self.notes.pop_first() else { break };
            let class = self.classes.get_mut(number);
            class.noted = None;
            if let Age::Refused(since) = class.age {
                let head = class.queue.first().copied();
                if since + PATIENCE <= self.starts {
                    self.set_age(number, Age::Aged(since));
                    self.look_again(number, head, pools);
                } else {
                    self.note(number, since);
                }
            }
        }
    }

    /// Finds the first class in order that is fresh, or waits for a pool that may now have enough for it.
    fn candidate(&self, pools: &mut Pools) -> Option<(Key, ClassNumber)> {
        let mut first = self.fresh.first().copied();
        let mut index = 0;
        while let Some(number) = pools.dirty(index) {
            let pool = pools.get(number);
            let mut found = self.blocked.first_within(pool.blocked, pool.free());
            if let Some(claim) = found.and_then(|(key, _)| pool.claim_before(key)) {
                found = self.blocked.first_within(pool.blocked, pool.free().saturating_sub(claim.amount));
            }
            if found.is_none() {
                pools.clean(index);
            } else {
                first = first.into_iter().chain(found).min();
                index += 1;
            }
        }
        first
    }

    fn refuse(&mut self, number: ClassNumber, head: Key, short: PoolNumber, pools: &mut Pools) {
        self.leave_place(number, head, pools);
        match self.classes.get(number).age {
            Age::Fresh => self.set_age(number, Age::Refused(self.starts)),
            Age::Refused(_) => {}
            Age::Aged(_) => {
                if pools.unsatisfiable(&self.classes.get(number).needs).is_some() {
                    self.drop_claims(number, head, pools, |_| true);
                } else {
                    self.drop_claims(number, head, pools, |pool| short.is_token() && !pool.is_token());
                    self.claim(number, short, pools);
                }
            }
        }
        let class = self.classes.get_mut(number);
        class.place = Place::Blocked(short);
        self.blocked.insert(&mut pools.get_mut(short).blocked, number, class.amount(short), head);
    }

    fn claim(&mut self, number: ClassNumber, pool: PoolNumber, pools: &mut Pools) {
        let class = self.classes.get_mut(number);
        if let Some(&key) = class.queue.first().filter(|_| !class.claims.contains(&pool)) {
            class.claims.push(pool);
            pools.claim(pool, Claim { key, amount: class.amount(pool) });
        }
    }

    /// Hands the claims of a class from its former first job to its present one.
    fn move_claims(&mut self, number: ClassNumber, old: Key, pools: &mut Pools) {
        for pool in self.drop_claims(number, old, pools, |_| true) {
            self.claim(number, pool, pools);
        }
    }

    fn drop_claims(
        &mut self,
        number: ClassNumber,
        head: Key,
        pools: &mut Pools,
        which: impl Fn(PoolNumber) -> bool,
    ) -> Vec<PoolNumber> {
        let class = self.classes.get_mut(number);
        if class.claims.is_empty() {
            return Vec::new();
        }
        let (dropped, kept) = std::mem::take(&mut class.claims).into_iter().partition(|&pool| which(pool));
        class.claims = kept;
        for &pool in &dropped {
            pools.unclaim(pool, Claim { key: head, amount: class.amount(pool) });
        }
        dropped
    }

    /// The one place where a class's age changes.
    fn set_age(&mut self, number: ClassNumber, age: Age) {
        if let Age::Aged(_) = std::mem::replace(&mut self.classes.get_mut(number).age, age) {
            self.aged.remove(&number);
        }
        match age {
            Age::Fresh => {}
            Age::Refused(since) => self.note(number, since),
            Age::Aged(_) => {
                self.aged.insert(number);
            }
        }
    }

    /// Has a class looked at when its patience may be over, unless that is noted already.
    fn note(&mut self, number: ClassNumber, since: u64) {
        let noted = &mut self.classes.get_mut(number).noted;
        if noted.is_some_and(|noted| noted <= since) {
            return;
        }
        if let Some(later) = noted.replace(since) {
            self.notes.remove(&(later, number));
        }
        self.notes.insert((since, number));
    }
}

/// The pools that have too little for a job of this class at `key` in the order, most binding kind first.
pub(super) fn short(class: &Class, key: Key, pools: &Pools) -> impl Iterator<Item = PoolNumber> {
    let refusing =
        move |&(pool, amount): &(PoolNumber, u64)| (pools.get(pool).available_to(key) < amount).then_some(pool);
    class.needs.iter().filter_map(refusing)
}
