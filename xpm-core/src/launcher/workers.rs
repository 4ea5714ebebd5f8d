//! Threads that wait for jobs. One that has nothing to do any more takes the next order, since making a thread costs as much
//! as copying a small process.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a thread with nothing to do is kept.
const KEEP: Duration = Duration::from_secs(5);

/// What a thread does.
pub(super) type Work = Box<dyn FnOnce() + Send>;

/// Threads, as many as there is work at once.
#[derive(Clone, Default)]
pub(super) struct Workers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Work that an idle thread will take; never more than there are.
    waiting: VecDeque<Work>,
    idle: usize,
}

impl Workers {
    /// Does `work` in a thread, at once.
    ///
    /// # Errors
    /// If a thread is needed and cannot be started; the work is not done then.
    pub(super) fn run(&self, work: Work) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.idle > state.waiting.len() {
            state.waiting.push_back(work);
            drop(state);
            self.0.changed.notify_one();
            return Ok(());
        }
        drop(state);
        let shared = self.0.clone();
        let live = move || {
            work();
            while let Some(work) = shared.next() {
                work();
            }
        };
        thread::Builder::new().name("xpm-job".to_owned()).stack_size(512 << 10).spawn(live).map(drop)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        state.idle += 1;
        let none = |state: &mut State| state.waiting.is_empty();
        let waited = self.changed.wait_timeout_while(state, KEEP, none).unwrap_or_else(PoisonError::into_inner);
        state = waited.0;
        state.idle -= 1;
        state.waiting.pop_front()
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workers({} idle)", self.0.lock().idle)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_is_used_again_and_work_never_waits_for_other_work() {
        let workers = Workers::default();
        let (tell, told) = mpsc::channel();
        let mut threads = HashSet::new();
        for _ in 0..50 {
            let tell = tell.clone();
            workers.run(Box::new(move || tell.send(thread::current().id()).unwrap())).unwrap();
            threads.insert(told.recv().unwrap());
        }
        assert!(threads.len() < 50, "each had a thread of its own");
        // All of these have begun before one of them ends.
        let barrier = Arc::new(std::sync::Barrier::new(20));
        for _ in 0..20 {
            let (barrier, tell) = (barrier.clone(), tell.clone());
            let wait = move || {
                barrier.wait();
                tell.send(thread::current().id()).unwrap();
            };
            workers.run(Box::new(wait)).unwrap();
        }
        let together: HashSet<_> = (0..20).map(|_| told.recv().unwrap()).collect();
        assert_eq!(together.len(), 20);
    }
}
