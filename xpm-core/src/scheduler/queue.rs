//! The ready jobs of one class, in order. Most are put in and taken out in order; that costs next to nothing.

use std::collections::{BTreeSet, VecDeque};

use super::class::Key;

/// A set of keys.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// In order: those that came after all others that are here.
    run: VecDeque<Key>,
    rest: BTreeSet<Key>,
}

impl Queue {
    pub(super) fn insert(&mut self, key: Key) {
        if self.run.back().is_none_or(|&last| last < key) {
            self.run.push_back(key);
        } else {
            self.rest.insert(key);
        }
    }

    pub(super) fn remove(&mut self, key: Key) {
        if self.run.front() == Some(&key) {
            self.run.pop_front();
        } else if !self.rest.remove(&key) {
            // Out of the middle of the run. Each key is moved once at most.
            self.rest.extend(self.run.drain(..).filter(|&other| other != key));
        }
    }

    pub(super) fn first(&self) -> Option<Key> {
        match (self.run.front(), self.rest.first()) {
            (Some(&run), Some(&rest)) => Some(run.min(rest)),
            (run, rest) => run.or(rest).copied(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.run.len() + self.rest.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts those before `key`, up to `limit`.
    pub(super) fn count_before(&self, key: Key, limit: usize) -> usize {
        let run = self.run.partition_point(|&other| other < key);
        (run + self.rest.range(..key).take(limit).count()).min(limit)
    }

    /// Lists all, in no order.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.run.iter().chain(&self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::job::JobNumber;
    use super::*;

    #[test]
    fn does_what_a_set_does() {
        let (mut queue, mut model) = (Queue::default(), BTreeSet::new());
        for step in 0_u32..5_000 {
            let key = Key::new(i64::from(step % 7 / 6), JobNumber(step.wrapping_mul(2_654_435_761) % 300));
            match step % 5 {
                0 | 1 => {
                    let later = Key::new(0, JobNumber(300 + step));
                    queue.insert(later);
                    model.insert(later);
                }
                2 if !model.contains(&key) => {
                    queue.insert(key);
                    model.insert(key);
                }
                3 if step % 2 == 0 => {
                    let nth = model.iter().nth(step as usize % model.len()).copied();
                    nth.into_iter().for_each(|key| {
                        queue.remove(key);
                        model.remove(&key);
                    });
                }
                _ => {
                    if let Some(key) = model.pop_first() {
                        queue.remove(key);
                    }
                }
            }
            assert_eq!((queue.first(), queue.len()), (model.first().copied(), model.len()), "step {step}");
            assert_eq!(queue.count_before(key, 10), model.range(..key).take(10).count(), "step {step}");
            assert!(queue.iter().copied().collect::<BTreeSet<_>>() == model, "step {step}");
        }
    }
}
