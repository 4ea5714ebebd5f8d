//! The callbacks that run right now, and which of them wait for everything.
//!
//! A callback may wait in several places at once (futures that it joins, threads of its own), and what it has begun to wait with may
//! outlive it. So callbacks are counted, and not waits: one that runs and waits is not waited for by others that do.

use std::collections::HashMap;

/// One call of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CallId(u64);

/// Every call that has not returned.
#[derive(Debug, Default)]
pub(super) struct Calls {
    last: u64,
    /// In how many places each of them waits.
    running: HashMap<CallId, usize>,
    /// How many of them wait.
    waiting: usize,
}

impl Calls {
    /// A callback is about to be called.
    pub(super) fn begin(&mut self) -> CallId {
        self.last += 1;
        let call = CallId(self.last);
        self.running.insert(call, 0);
        call
    }

    /// It has returned. What still waits in its name is nobody's that is waited for.
    pub(super) fn end(&mut self, call: CallId) {
        let places = self.running.remove(&call);
        self.waiting -= usize::from(places.is_some_and(|places| places > 0));
    }

    /// It waits for everything, in one more place.
    pub(super) fn wait(&mut self, call: CallId) {
        if let Some(places) = self.running.get_mut(&call) {
            *places += 1;
            self.waiting += usize::from(*places == 1);
        }
    }

    /// It waits in one place less, before everything had ended.
    pub(super) fn give_up(&mut self, call: CallId) {
        if let Some(places) = self.running.get_mut(&call) {
            *places -= 1;
            self.waiting -= usize::from(*places == 0);
        }
    }

    /// All that wait go on.
    pub(super) fn go_on(&mut self) {
        if self.waiting > 0 {
            self.running.values_mut().for_each(|places| *places = 0);
            self.waiting = 0;
        }
    }

    /// How many of them wait for everything.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_waits_in_several_places_counts_once_until_it_waits_in_none_or_returns() {
        let mut calls = Calls::default();
        let (one, other) = (calls.begin(), calls.begin());
        calls.wait(one);
        calls.wait(one);
        assert_eq!(calls.waiting(), 1);
        calls.wait(other);
        calls.give_up(one);
        assert_eq!(calls.waiting(), 2);
        calls.give_up(one);
        assert_eq!(calls.waiting(), 1);
        calls.wait(one);
        calls.end(one);
        assert_eq!(calls.waiting(), 1);
        // What has outlived it.
        calls.give_up(one);
        calls.wait(one);
        assert_eq!(calls.waiting(), 1);
        calls.go_on();
        assert_eq!(calls.waiting(), 0);
        calls.wait(other);
        assert_eq!(calls.waiting(), 1);
        calls.end(other);
        assert_eq!(calls.waiting(), 0);
    }
}
