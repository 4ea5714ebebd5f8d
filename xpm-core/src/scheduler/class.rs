//! Classes: jobs whose needs are the same. Within a class only the first job in order matters, since when it cannot start, no
//! other one can; so the scheduler looks at classes, of which there are few, and never at all ready jobs.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use super::job::JobNumber;
use super::lane::{LaneNumber, Lanes};
use super::needs::{Need, PoolNumber};
use super::queue::Queue;

/// Names one class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(super) struct ClassNumber(pub(super) u32);

impl ClassNumber {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A job's place in the order: higher priority first, then earlier submission. Smaller is sooner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(super) struct Key {
    priority: Reverse<i64>,
    pub(super) job: JobNumber,
}

impl Key {
    /// After all others.
    pub(super) const LAST: Self = Self { priority: Reverse(i64::MIN), job: JobNumber(u32::MAX) };

    pub(super) fn new(priority: i64, job: JobNumber) -> Self {
        Self { priority: Reverse(priority), job }
    }
}

/// How long a class has been refused, in starts of other jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Age {
    /// It does not wait.
    Fresh,
    /// It waits since so many jobs had started.
    Refused(u64),
    /// The same, and its patience is over.
    Aged(u64),
}

impl Age {
    /// Since when the class waits; for one that does not, never.
    pub(super) fn since(self) -> u64 {
        match self {
            Self::Fresh => u64::MAX,
            Self::Refused(since) | Self::Aged(since) => since,
        }
    }
}

/// Jobs with the same needs.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) needs: Box<[Need]>,
    /// Those of its needs that are not memory, and its memory.
    pub(super) lane: LaneNumber,
    pub(super) memory: u64,
    /// Its ready jobs, in order.
    pub(super) queue: Queue,
    pub(super) age: Age,
    /// The last time for which it is in the notes of `ready`.
    pub(super) noted: Option<u64>,
    /// The age it had before its last start, in case that start comes to nothing.
    pub(super) earlier_age: Age,
    /// It is old enough for a reservation, and what it lacks is to be looked up.
    pub(super) looking: bool,
    /// The pool it lacked when that was last looked up, after it had aged. One of its claims.
    pub(super) lacks: Option<PoolNumber>,
    /// The pools with a reservation for its first job.
    pub(super) claims: Vec<PoolNumber>,
    /// How many jobs that have not ended have these needs.
    pub(super) users: u32,
}

impl Class {
    pub(super) fn amount(&self, pool: PoolNumber) -> u64 {
        amount_of(&self.needs, pool)
    }

    pub(super) fn head(&self) -> Option<Key> {
        self.queue.first()
    }
}

fn amount_of(needs: &[Need], pool: PoolNumber) -> u64 {
    needs.iter().find(|need| need.0 == pool).map_or(0, |need| need.1)
}

/// The table of classes. A class goes with the last job that may still come back to it, and its number is given again.
#[derive(Debug, Default)]
pub(super) struct Classes {
    table: Vec<Class>,
    /// With fixed keys: nothing here depends on chance.
    by_needs: HashMap<Box<[Need]>, ClassNumber, BuildHasherDefault<DefaultHasher>>,
    /// Plans submit like after like: most lookups end here.
    last: Option<ClassNumber>,
    free: Vec<ClassNumber>,
}

impl Classes {
    /// Finds or makes the class of these needs, given in normal form, and counts one more user.
    pub(super) fn acquire(&mut self, needs: &[Need], lanes: &mut Lanes) -> ClassNumber {
        let last = self.last.filter(|&last| *self.get(last).needs == *needs);
        let known = last.or_else(|| self.by_needs.get(needs).copied());
        let number = known.unwrap_or_else(|| self.add(needs, lanes));
        self.get_mut(number).users += 1;
        self.last = Some(number);
        number
    }

    /// Counts one user less.
    pub(super) fn release(&mut self, number: ClassNumber, lanes: &mut Lanes) {
        let class = self.get_mut(number);
        class.users -= 1;
        if class.users == 0 {
            lanes.release(class.lane);
            let needs = std::mem::take(&mut class.needs);
            self.by_needs.remove(&needs);
            self.free.push(number);
            self.last = self.last.filter(|&last| last != number);
        }
    }

    fn add(&mut self, needs: &[Need], lanes: &mut Lanes) -> ClassNumber {
        let class = Class {
            needs: needs.into(),
            lane: lanes.acquire(needs),
            memory: amount_of(needs, PoolNumber::MEMORY),
            queue: Queue::default(),
            age: Age::Fresh,
            noted: None,
            earlier_age: Age::Fresh,
            looking: false,
            lacks: None,
            claims: Vec::new(),
            users: 0,
        };
        let number = if let Some(number) = self.free.pop() {
            let noted = self.get(number).noted;
            *self.get_mut(number) = Class { noted, ..class };
            number
        } else {
            let number = ClassNumber(u32::try_from(self.table.len()).expect("there are no more classes than jobs"));
            self.table.push(class);
            number
        };
        self.by_needs.insert(needs.into(), number);
        number
    }

    pub(super) fn get(&self, number: ClassNumber) -> &Class {
        &self.table[number.index()]
    }

    pub(super) fn get_mut(&mut self, number: ClassNumber) -> &mut Class {
        &mut self.table[number.index()]
    }

    /// Those that are in use.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ClassNumber, &Class)> {
        (0..).map(ClassNumber).zip(&self.table).filter(|(_, class)| class.users > 0)
    }
}
