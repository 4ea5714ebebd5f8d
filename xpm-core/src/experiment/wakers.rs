//! The wakers of futures that wait for one thing.

use std::collections::HashMap;
use std::task::Waker;

/// Wakers by number: adding, replacing and removing one takes constant time, however many wait.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    next: u64,
    waiting: HashMap<u64, Waker>,
}

impl Wakers {
    /// Keeps the waker under the number that the future was given before, or a new one.
    pub(super) fn keep(&mut self, number: Option<u64>, waker: &Waker) -> u64 {
        let number = number.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        match self.waiting.get_mut(&number) {
            Some(known) => known.clone_from(waker),
            None => {
                self.waiting.insert(number, waker.clone());
            }
        }
        number
    }

    /// Forgets the waker of a future that waits no more.
    pub(super) fn forget(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// All of them, to be woken when no lock is held.
    pub(super) fn take(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}
