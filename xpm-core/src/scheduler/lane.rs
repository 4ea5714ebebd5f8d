//! The ready classes, arranged so that those that cannot start are passed over together, and the search for the first one
//! that can. It knows what there is by asking the pools; it does not know ages, nor what becomes of what it finds.
//!
//! A **lane** is the classes that differ in memory only; a **group** is the lanes that need the same CPUs and GPUs. In a lane
//! classes are sorted by memory, so that the first one that fits is found in logarithmic time. A lane is *open*, among the
//! lanes of its group, until a search comes upon it while one of its tokens is short. Then it is *shut* behind a **door**,
//! which belongs to that token and the group, sorted by how much of the token it needs. When the token is given back, the
//! door is *restless*, and the next search that looks at the group takes out the lanes that now get enough, in order, and only
//! as many as come before the best one found so far. A group for which there are too few CPUs or GPUs is not looked at.

#[cfg(test)]
mod check;
mod table;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use super::capacity::{Limits, Pools};
use super::class::{ClassNumber, Key};
use super::forest::{Forest, Tree};
use super::needs::{Need, PoolNumber};

/// Names one lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LaneNumber(u32);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct GroupNumber(u32);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct DoorNumber(u32);

/// Where a lane is to be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// None of its jobs is ready.
    Idle,
    Open,
    /// Behind the door of the token of this index among those that it needs.
    Shut(usize),
}

#[derive(Clone, Copy, Debug)]
struct TokenNeed {
    pool: PoolNumber,
    amount: u64,
    door: DoorNumber,
}

#[derive(Debug)]
struct Lane {
    group: GroupNumber,
    tokens: Box<[TokenNeed]>,
    /// Its needs in normal form, without memory.
    needs: Box<[Need]>,
    /// Its classes that have ready jobs, by memory.
    classes: Tree,
    place: Place,
    /// How many classes it has.
    users: u32,
}

#[derive(Debug)]
struct Group {
    cpus: u64,
    gpus: u64,
    /// Its open lanes, by the least memory that one of their classes needs.
    open: Tree,
    restless: Vec<DoorNumber>,
}

#[derive(Debug)]
struct Door {
    group: GroupNumber,
    pool: PoolNumber,
    /// The lanes behind it, by the amount of the token that they need.
    shut: Tree,
    /// Some of these may get enough now: the door is listed with its group.
    restless: bool,
    /// How many lanes need this token.
    users: u32,
}

/// All lanes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    free_lanes: Vec<LaneNumber>,
    by_needs: HashMap<Box<[Need]>, LaneNumber, BuildHasherDefault<DefaultHasher>>,
    /// There are as many as different pairs of CPUs and GPUs; they stay.
    groups: Vec<Group>,
    doors: Vec<Door>,
    free_doors: Vec<DoorNumber>,
    /// The doors of each pool.
    doors_of: Vec<Vec<DoorNumber>>,
    classes_by_memory: Forest,
    lanes_by_amount: Forest,
    /// Lanes that a search finds open and short of the token of an index.
    found_short: Vec<(LaneNumber, usize)>,
    /// How many lanes searches have looked at.
    #[cfg(test)]
    pub(super) looked: std::cell::Cell<u64>,
}

impl Lanes {
    /// Takes note that the first job of a class is another one now, or that it has none.
    pub(super) fn set_head(
        &mut self,
        number: LaneNumber,
        class: ClassNumber,
        memory: u64,
        from: Option<Key>,
        to: Option<Key>,
    ) {
        let classes = &mut self.lanes[number.0 as usize].classes;
        match (from, to) {
            (None, None) => {}
            (Some(_), Some(key)) => self.classes_by_memory.set_key(class.0, key),
            (None, Some(key)) => self.classes_by_memory.insert(classes, class.0, memory, key),
            (Some(_), None) => self.classes_by_memory.remove(classes, class.0),
        }
        self.settle(number, from.is_none() || to.is_none());
    }

    /// Takes note that more of a token may be available.
    pub(super) fn raise(&mut self, pool: PoolNumber) {
        for &number in self.doors_of.get(pool.index()).map_or(&[][..], Vec::as_slice) {
            let door = &mut self.doors[number.0 as usize];
            if !door.restless && !door.shut.is_empty() {
                door.restless = true;
                self.groups[door.group.0 as usize].restless.push(number);
            }
        }
    }

    /// Finds the first class in order whose first job gets all that it needs.
    pub(super) fn search(&mut self, pools: &Pools) -> Option<(Key, ClassNumber)> {
        for limits in pools.limits() {
            let mut search = Search { limits, bound: limits.last, found: None };
            for index in 0..self.groups.len() {
                let group = &self.groups[index];
                if group.cpus <= limits.cpus && group.gpus <= limits.gpus {
                    self.search_open(index, &mut search, pools);
                    self.search_shut(index, &mut search, pools);
                }
            }
            if search.found.is_some() {
                return search.found;
            }
        }
        None
    }

    fn search_open(&mut self, group: usize, search: &mut Search, pools: &Pools) {
        let (open, memory, mut bound) = (self.groups[group].open, search.limits.memory, search.bound);
        let mut short = std::mem::take(&mut self.found_short);
        self.lanes_by_amount.visit(open, memory, &mut bound, &mut |number, key, bound| {
            let number = LaneNumber(number);
            match self.short_token(number, key, pools) {
                Some(index) => short.push((number, index)),
                None => {
                    search.try_lane(self, number, pools);
                    *bound = search.bound;
                }
            }
        });
        for (number, index) in short.drain(..) {
            self.leave(number);
            self.shut(number, index);
        }
        self.found_short = short;
    }

    fn search_shut(&mut self, group: usize, search: &mut Search, pools: &Pools) {
        let mut index = 0;
        while let Some(&door) = self.groups[group].restless.get(index) {
            match self.first_behind(door, pools) {
                None => {
                    self.groups[group].restless.swap_remove(index);
                    self.doors[door.0 as usize].restless = false;
                }
                Some((key, _)) if key > search.bound => index += 1,
                Some((key, number)) => {
                    self.leave(number);
                    if let Some(index) = self.short_token(number, key, pools) {
                        self.shut(number, index);
                    } else {
                        self.open(number);
                        search.try_lane(self, number, pools);
                    }
                }
            }
        }
    }

    /// Finds the first lane behind a door for which the token is enough.
    fn first_behind(&self, door: DoorNumber, pools: &Pools) -> Option<(Key, LaneNumber)> {
        let Door { pool, shut, .. } = self.doors[door.0 as usize];
        let pool = pools.get(pool);
        let mut found = self.lanes_by_amount.first_within(shut, pool.free(), Key::LAST);
        if let Some(claim) = found.and_then(|(key, _)| pool.claim_before(key)) {
            found = self.lanes_by_amount.first_within(shut, pool.free().saturating_sub(claim.amount), Key::LAST);
        }
        found.map(|(key, number)| (key, LaneNumber(number)))
    }

    /// Which of its tokens a lane has too little of, for a job at `key`.
    fn short_token(&self, number: LaneNumber, key: Key, pools: &Pools) -> Option<usize> {
        #[cfg(test)]
        self.looked.update(|looked| looked + 1);
        self.lane(number).tokens.iter().position(|token| pools.get(token.pool).available_to(key) < token.amount)
    }

    /// Brings a lane to where it is to be found, after one of its classes has changed.
    fn settle(&mut self, number: LaneNumber, other_classes: bool) {
        let &Lane { classes, place, group, .. } = self.lane(number);
        let Some((key, _)) = self.classes_by_memory.first(classes) else {
            return self.leave(number);
        };
        if place == Place::Idle {
            return self.open(number);
        }
        let (amount, earlier) = self.lanes_by_amount.entry(number.0);
        match place {
            Place::Open if other_classes && self.classes_by_memory.least(classes) != Some(amount) => {
                self.leave(number);
                self.open(number);
            }
            Place::Shut(index) if key < earlier => {
                // Reservations that bind the later job may not bind this one.
                let door = self.lane(number).tokens[index].door;
                self.lanes_by_amount.set_key(number.0, key);
                if !std::mem::replace(&mut self.doors[door.0 as usize].restless, true) {
                    self.groups[group.0 as usize].restless.push(door);
                }
            }
            _ if key != earlier => self.lanes_by_amount.set_key(number.0, key),
            _ => {}
        }
    }

    fn open(&mut self, number: LaneNumber) {
        let Lane { classes, group, ref mut place, .. } = self.lanes[number.0 as usize];
        *place = Place::Open;
        let least = self.classes_by_memory.least(classes).zip(self.classes_by_memory.first(classes));
        let (least, (key, _)) = least.expect("a lane is open when it has ready jobs");
        self.lanes_by_amount.insert(&mut self.groups[group.0 as usize].open, number.0, least, key);
    }

    fn shut(&mut self, number: LaneNumber, index: usize) {
        let lane = &mut self.lanes[number.0 as usize];
        lane.place = Place::Shut(index);
        let TokenNeed { amount, door, .. } = lane.tokens[index];
        let (key, _) = self.classes_by_memory.first(lane.classes).expect("a lane is shut when it has ready jobs");
        self.lanes_by_amount.insert(&mut self.doors[door.0 as usize].shut, number.0, amount, key);
    }

    fn leave(&mut self, number: LaneNumber) {
        let lane = &mut self.lanes[number.0 as usize];
        let tree = match std::mem::replace(&mut lane.place, Place::Idle) {
            Place::Idle => return,
            Place::Open => &mut self.groups[lane.group.0 as usize].open,
            Place::Shut(index) => &mut self.doors[lane.tokens[index].door.0 as usize].shut,
        };
        self.lanes_by_amount.remove(tree, number.0);
    }

    fn lane(&self, number: LaneNumber) -> &Lane {
        &self.lanes[number.0 as usize]
    }

    fn lane_mut(&mut self, number: LaneNumber) -> &mut Lane {
        &mut self.lanes[number.0 as usize]
    }
}

/// What a search is to respect, and the best that it has found.
struct Search {
    limits: Limits,
    /// Nothing after this place in the order is of use.
    bound: Key,
    found: Option<(Key, ClassNumber)>,
}

impl Search {
    /// Looks for the first class of a lane that has all its tokens, at least for its first job.
    fn try_lane(&mut self, lanes: &Lanes, number: LaneNumber, pools: &Pools) {
        let lane = lanes.lane(number);
        let found = lanes.classes_by_memory.first_within(lane.classes, self.limits.memory, self.bound);
        let Some((key, class)) = found else { return };
        // A reservation may bind this class, though it does not bind the first one of the lane.
        if lanes.short_token(number, key, pools).is_none() {
            (self.bound, self.found) = (key, Some((key, ClassNumber(class))));
        }
    }
}
