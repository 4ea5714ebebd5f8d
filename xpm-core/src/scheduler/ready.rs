//! The ready jobs, and who among them is next. It decides the order and the reservations; it does not know the graph, nor what
//! happens to a job once it is started.
//!
//! **Order.** Higher priority first, then submission order; a job that cannot start is passed over. Only the first job of each
//! class (jobs of identical needs) is ever looked at, and `lane` passes over whole groups of classes: a job that waits for one
//! token costs and delays nobody that needs another.
//!
//! **Ageing.** A class has *aged* when [`PATIENCE`] jobs of other classes have started since its last start or, if that is
//! later, since it became ready. From then on its first job *claims* pools: always the one that it was found short of, and it
//! keeps those that it claimed before. Jobs later in order leave the claimed amount alone; earlier ones, which are higher in
//! priority or were submitted before, are not bound, so that ageing never turns the order round. Shortages are looked for among
//! tokens first, then GPUs, memory, CPUs, and whoever is short of a token drops its claims to the machine: a job that waits for
//! a token never keeps CPUs idle. Nothing is ever claimed that the job does not need, nor anything by a job that cannot fit
//! any more since a capacity shrank. Claims end with the start.
//!
//! Of a pool's claims only the first in order binds anybody, so only its owner is looked at again when the pool has
//! enough for it; the owners of later claims wait behind it, and what else they may be short of is found out when it is their
//! turn.
//!
//! *Why nothing starves*: take the first aged job in order. Only jobs before it can take what it claims; of the same priority
//! these are the finitely many submitted before. Its claims are the first in order, so it is looked at when running jobs have
//! ended and the claimed pool has enough, which stays so; then the next short one is claimed, and there are finitely many.
//! Then it starts, and another one is first.
//!
//! **Cost.** Let a *lane* be the needs of a class without memory, and a *group* a pair of CPUs and GPUs that some class needs. An event
//! costs logarithms of the number of classes and lanes, and one step for
//!
//! - each group,
//! - each lane that goes behind a door or comes back from there. In one search these are the lanes whose first job comes
//!   before the one that starts and that have lost a token since the last search, or got it back,
//! - each lane that has its tokens, whose first job comes before the one that starts and lacks memory, while a job with less
//!   memory in the same lane does not.
//!
//! So the number of different needs does not matter by itself, and neither does that of tokens; only many lanes that all wait for
//! the same token and machine do, one of which they lack by turns. Something like that remains in any design: to find a job whose
//! tokens *and* whose place on the machine are free is to multiply a Boolean matrix with vectors that arrive one by one, for which nothing
//! essentially faster than going through it is known (Henzinger, Krinninger, Nanongkai and Saranurak, Unifying and
//! strengthening hardness for dynamic problems via the online matrix-vector multiplication conjecture, 2015).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::capacity::{Claim, Pools};
use super::class::{Age, Class, ClassNumber, Classes, Key};
use super::lane::Lanes;
use super::needs::{Need, PoolNumber};

/// How many starts of other jobs a refused class lets pass before it reserves what it needs.
pub const PATIENCE: u64 = 32;

/// The ready jobs by class, and when their patience is over.
#[derive(Debug, Default)]
pub(super) struct Ready {
    pub(super) classes: Classes,
    pub(super) lanes: Lanes,
    /// When to see whether a class has aged: notes of since when it waits, oldest first. What a note says may be over.
    pub(super) notes: VecDeque<(u64, ClassNumber)>,
    /// Aged classes that are to be looked at, in order; an entry counts if the class is `looking` and this is its head.
    looks: BinaryHeap<Reverse<(Key, ClassNumber)>>,
    starts: u64,
    /// Something may start that could not when this was last asked.
    restless: bool,
    #[cfg(test)]
    looked: u64,
}

impl Ready {
    /// Finds or makes the class of these needs, for one more job.
    pub(super) fn acquire(&mut self, needs: &[Need]) -> ClassNumber {
        self.classes.acquire(needs, &mut self.lanes)
    }

    /// Takes note that a job will not come back to its class.
    pub(super) fn release(&mut self, class: ClassNumber) {
        self.classes.release(class, &mut self.lanes);
    }

    /// Adds a job.
    pub(super) fn insert(&mut self, class: ClassNumber, key: Key, pools: &mut Pools) {
        let queue = &mut self.classes.get_mut(class).queue;
        let head = queue.first();
        queue.insert(key);
        if head.is_none_or(|head| key < head) {
            self.head_changed(class, head, pools);
            self.restless = true;
        }
        if head.is_none() {
            self.set_age(class, Age::Refused(self.starts));
        }
    }

    /// Takes a job out.
    pub(super) fn remove(&mut self, class: ClassNumber, key: Key, pools: &mut Pools) {
        let queue = &mut self.classes.get_mut(class).queue;
        let head = queue.first();
        queue.remove(key);
        let empty = queue.is_empty();
        if head == Some(key) {
            self.head_changed(class, head, pools);
        }
        if empty {
            self.set_age(class, Age::Fresh);
        }
    }

    /// Finds the first job in order that can start now.
    pub(super) fn next(&mut self, pools: &mut Pools) -> Option<(ClassNumber, Key)> {
        loop {
            self.ripen();
            self.hear(pools);
            if !self.restless {
                return None;
            }
            let found = self.lanes.search(pools);
            #[cfg(test)]
            self.check_found(found, pools);
            // Reservations are made in order: what comes after a job that makes one has to respect it.
            let looked = self.look_before(found.map(|(key, _)| key), pools);
            let holds = |(key, class)| short(self.classes.get(class), key, pools).next().is_none();
            if !looked || !pools.any_raised() && found.is_none_or(holds) {
                self.restless = found.is_some();
                return found.map(|(key, class)| (class, key));
            }
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
    pub(super) fn start_failed(&mut self, class: ClassNumber) {
        let Class { age, earlier_age, .. } = *self.classes.get(class);
        if earlier_age.since() < age.since() && age != Age::Fresh {
            let since = earlier_age.since();
            // What is not over is still noted.
            self.set_age(class, if since + PATIENCE <= self.starts { Age::Aged(since) } else { Age::Refused(since) });
        }
    }

    /// Has aged classes make their claims anew, after a change of capacity. The one step that looks at all of them.
    pub(super) fn reconsider_claims(&mut self, pools: &mut Pools) {
        let aged = self.classes.iter().filter(|(_, class)| matches!(class.age, Age::Aged(_)));
        for number in aged.map(|(number, _)| number).collect::<Vec<_>>() {
            if let Some(head) = self.classes.get(number).head() {
                self.drop_claims(number, head, pools, |_| true);
                self.ask_for_look(number);
            }
        }
    }

    /// After the first job of a class has changed: has it found at its new place, with its claims.
    fn head_changed(&mut self, number: ClassNumber, old: Option<Key>, pools: &mut Pools) {
        let class = self.classes.get_mut(number);
        let head = class.head();
        self.lanes.set_head(class.lane, number, class.memory, old, head);
        if let Some(old) = old.filter(|_| !class.claims.is_empty()) {
            let amounts = class.claims.iter().map(|&pool| (pool, class.amount(pool)));
            for (pool, amount) in amounts {
                pools.unclaim(pool, Claim { key: old, class: number, amount });
                if let Some(key) = head {
                    pools.claim(pool, Claim { key, class: number, amount });
                }
            }
            if head.is_none() {
                class.claims.clear();
                class.lacks = None;
            }
        }
        // Reservations that bind the later job may not bind this one.
        let earlier = old.zip(head).is_some_and(|(old, head)| head < old);
        if class.looking || earlier && matches!(class.age, Age::Aged(_)) {
            self.ask_for_look(number);
        }
    }

    /// Has the classes looked at whose patience is over.
    fn ripen(&mut self) {
        while let Some(&(since, number)) = self.notes.front().filter(|(since, _)| since + PATIENCE <= self.starts) {
            self.notes.pop_front();
            if self.classes.get(number).age == Age::Refused(since) {
                self.set_age(number, Age::Aged(since));
            }
        }
    }

    /// How many lanes and classes have been looked at.
    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.looked + self.lanes.looked.get()
    }

    /// Asks the pools of which there may be more.
    fn hear(&mut self, pools: &mut Pools) {
        while let Some(number) = pools.next_raised() {
            self.restless = true;
            self.lanes.raise(number);
            let pool = pools.get(number);
            if let Some(claim) = pool.claims.first().filter(|claim| claim.amount <= pool.free())
                && self.classes.get(claim.class).lacks == Some(number)
            {
                self.ask_for_look(claim.class);
            }
        }
    }

    fn ask_for_look(&mut self, number: ClassNumber) {
        let class = self.classes.get_mut(number);
        class.looking = true;
        self.looks.extend(class.head().map(|head| Reverse((head, number))));
        self.restless = true;
    }

    /// Looks at the aged classes before `key`, the first job in order that can start, and tells whether there were any.
    fn look_before(&mut self, key: Option<Key>, pools: &mut Pools) -> bool {
        let mut looked = false;
        while let Some(&Reverse((head, number))) = self.looks.peek() {
            let class = self.classes.get(number);
            if class.looking && class.head() == Some(head) {
                // One that is not short now was so before another one dropped its claims; it is found next time.
                if key.is_some_and(|key| key <= head) || !self.look(number, head, pools) {
                    break;
                }
                looked = true;
            }
            self.looks.pop();
        }
        looked
    }

    /// Finds out what an aged class is short of, and has it claim that. Returns whether it is short of anything.
    fn look(&mut self, number: ClassNumber, head: Key, pools: &mut Pools) -> bool {
        #[cfg(test)]
        {
            self.looked += 1;
        }
        let class = self.classes.get(number);
        if pools.unsatisfiable(&class.needs).is_some() {
            self.drop_claims(number, head, pools, |_| true);
        } else {
            let Some(pool) = short(class, head, pools).next() else { return false };
            self.drop_claims(number, head, pools, |other| pool.is_token() && !other.is_token());
            let class = self.classes.get_mut(number);
            class.lacks = Some(pool);
            if !class.claims.contains(&pool) {
                class.claims.push(pool);
                pools.claim(pool, Claim { key: head, class: number, amount: class.amount(pool) });
            }
        }
        self.classes.get_mut(number).looking = false;
        true
    }

    fn drop_claims(&mut self, number: ClassNumber, head: Key, pools: &mut Pools, which: impl Fn(PoolNumber) -> bool) {
        let class = self.classes.get_mut(number);
        class.lacks = class.lacks.filter(|&pool| !which(pool));
        let mut claims = std::mem::take(&mut class.claims);
        claims.retain(|&pool| {
            if which(pool) {
                pools.unclaim(pool, Claim { key: head, class: number, amount: class.amount(pool) });
            }
            !which(pool)
        });
        class.claims = claims;
    }

    /// The one place where a class's age changes.
    fn set_age(&mut self, number: ClassNumber, age: Age) {
        let class = self.classes.get_mut(number);
        class.age = age;
        class.looking = false;
        match age {
            Age::Fresh => {}
            Age::Refused(since) if class.noted != Some(since) && since == self.starts => {
                class.noted = Some(since);
                self.notes.push_back((since, number));
            }
            Age::Refused(_) => {}
            Age::Aged(_) => self.ask_for_look(number),
        }
    }
}

/// The pools that have too little for a job of this class at `key` in the order, most binding kind first.
pub(super) fn short(class: &Class, key: Key, pools: &Pools) -> impl Iterator<Item = PoolNumber> {
    let refusing =
        move |&(pool, amount): &(PoolNumber, u64)| (pools.get(pool).available_to(key) < amount).then_some(pool);
    class.needs.iter().filter_map(refusing)
}
