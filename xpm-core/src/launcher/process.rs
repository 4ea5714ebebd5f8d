//! The process of an attempt as its driver sees it: started, waited for, stopped.
//!
//! Everything that ends a process goes through [`Control::stop`]: SIGTERM to its whole group, and after a grace period
//! SIGKILL to what is left of it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::{self, ChildProcess, ProcessEnd};

/// Why a process is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody asked for it.
    Requested,
    /// It had run for as long as it may.
    OutOfTime,
}

/// How a process ended, and why it was stopped, if it was.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) process: ProcessEnd,
    pub(super) stopped: Option<Stop>,
}

/// A running process, for those who want to stop it.
#[derive(Debug)]
pub(super) struct Control {
    pid: u32,
    grace: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    ended: bool,
    stopped: Option<Stop>,
}

impl Control {
    pub(super) fn new(child: &ChildProcess, grace: Duration) -> Arc<Self> {
        Arc::new(Self { pid: child.id(), grace, state: Mutex::default(), changed: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the process has ended.
    pub(super) fn wait(&self, child: ChildProcess) -> io::Result<Ended> {
        // The process stays a zombie until the last line, so its number, and its group's, cannot be given again while
        // somebody may signal it.
        let by_signal = sys::wait_for_end(&child);
        let stopped = {
            let mut state = self.state();
            state.ended = true;
            state.stopped
        };
        self.changed.notify_all();
        // What it had started must not run on beside the next attempt. One that ended by itself has left behind what it wanted to.
        if by_signal? || stopped.is_some() {
            sys::signal_group(self.pid, libc::SIGKILL);
        }
        Ok(Ended { process: sys::wait(child)?, stopped })
    }

    /// How a process ended of which the system tells nothing.
    pub(super) fn unseen(&self) -> Ended {
        Ended { process: ProcessEnd::default(), stopped: self.state().stopped }
    }

    /// Stops the process when `limit` has passed.
    pub(super) fn limit_time(self: &Arc<Self>, limit: Duration) -> io::Result<()> {
        let control = self.clone();
        let deadline = Instant::now() + limit;
        let watch = move || {
            if !control.ends_before(deadline) {
                control.stop_now(Stop::OutOfTime);
            }
        };
        thread::Builder::new().name("xpm-limit".to_owned()).stack_size(256 << 10).spawn(watch).map(drop)
    }

    /// Stops the process. Returns at once; the end is seen by whoever waits for it.
    pub(super) fn stop(self: &Arc<Self>) {
        let control = self.clone();
        let work = move || control.stop_now(Stop::Requested);
        if thread::Builder::new().name("xpm-stop".to_owned()).stack_size(256 << 10).spawn(work).is_err() {
            sys::signal_group(self.pid, libc::SIGKILL);
        }
    }

    fn stop_now(&self, why: Stop) {
        {
            let mut state = self.state();
            if state.ended || state.stopped.is_some() {
                return;
            }
            state.stopped = Some(why);
            // Under the lock: the process has not been waited for.
            sys::signal_group(self.pid, libc::SIGTERM);
        }
        if !self.ends_before(Instant::now() + self.grace) {
            let state = self.state();
            if !state.ended {
                // Under the lock, as above.
                sys::signal_group(self.pid, libc::SIGKILL);
            }
        }
    }

    /// Waits until the process has ended or `deadline` has passed; says whether it has ended.
    fn ends_before(&self, deadline: Instant) -> bool {
        let mut state = self.state();
        while !state.ended {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return false;
            };
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
