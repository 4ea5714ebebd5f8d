//! Classes: jobs whose needs are the same. Within a class only the first job in order matters, since when it cannot start, no
//! other one can; so the scheduler looks at classes, of which there are few, and never at all ready jobs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::job::JobNumber;
use super::needs::{Need, PoolNumber};

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
    pub(super) fn new(priority: i64, job: JobNumber) -> Self {
        Self { priority: Reverse(priority), job }
    }
}

/// Where a class is to be found; see `ready`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// None of its jobs is ready.
    Idle,
    /// Its first job is to be looked at.
    Fresh,
    /// Its first job waits for this pool.
    Blocked(PoolNumber),
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
    /// Its ready jobs, in order.
    pub(super) queue: BTreeSet<Key>,
    pub(super) place: Place,
    pub(super) age: Age,
    /// Under which time it is in the notes of `ready`.
    pub(super) noted: Option<u64>,
    /// The age it had before its last start, in case that start comes to nothing.
    pub(super) earlier_age: Age,
    /// The pools with a reservation for its first job.
    pub(super) claims: Vec<PoolNumber>,
}

impl Class {
    pub(super) fn amount(&self, pool: PoolNumber) -> u64 {
        self.needs.iter().find(|need| need.0 == pool).map_or(0, |need| need.1)
    }
}

/// The table of classes. A class stays for the whole run, since a resubmitted job comes back to it.
#[derive(Debug, Default)]
pub(super) struct Classes {
    table: Vec<Class>,
    by_needs: BTreeMap<Box<[Need]>, ClassNumber>,
    /// Plans submit like after like: most lookups end here.
    last: Option<ClassNumber>,
}

impl Classes {
    /// Finds or makes the class of these needs, given in normal form.
    pub(super) fn intern(&mut self, needs: &[Need]) -> ClassNumber {
        if let Some(last) = self.last.filter(|&last| *self.get(last).needs == *needs) {
            return last;
        }
        let number = self.by_needs.get(needs).copied().unwrap_or_else(|| {
            let number = ClassNumber(u32::try_from(self.table.len()).expect("there are no more classes than jobs"));
            self.table.push(Class {
                needs: needs.into(),
                queue: BTreeSet::new(),
                place: Place::Idle,
                age: Age::Fresh,
                noted: None,
                earlier_age: Age::Fresh,
                claims: Vec::new(),
            });
            self.by_needs.insert(needs.into(), number);
            number
        });
        self.last = Some(number);
        number
    }

    pub(super) fn get(&self, number: ClassNumber) -> &Class {
        &self.table[number.index()]
    }

    pub(super) fn get_mut(&mut self, number: ClassNumber) -> &mut Class {
        &mut self.table[number.index()]
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (ClassNumber, &Class)> {
        (0..).map(ClassNumber).zip(&self.table)
    }
}
