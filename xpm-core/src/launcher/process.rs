//! The process of an attempt as its driver sees it: started, waited for, stopped.
//!
//! Everything that ends a process goes through [`Control::stop`]: SIGTERM to it and to all that it has started, and SIGKILL to
//! what of these is left after a grace period. So the attempt is over when the last of them is gone.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::{self, ChildProcess, Family, ProcessEnd};

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
    grace: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    ended: bool,
    /// Why it was asked to end, and when it is made to.
    stopped: Option<(Stop, Instant)>,
    family: Family,
}

/// How long processes that were killed may take to be gone; more is up to the system, of a process that waits for a disk.
const DYING: Duration = Duration::from_secs(1);

impl Control {
    pub(super) fn new(child: &ChildProcess, grace: Duration) -> Arc<Self> {
        let state = State { ended: false, stopped: None, family: Family::of(child.id()) };
        Arc::new(Self { grace, state: Mutex::new(state), changed: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the process has ended, and what it had started as well if it was stopped, by this driver or, as `by_another`
    /// says, by somebody else.
    pub(super) fn wait(&self, child: ChildProcess, by_another: impl FnOnce() -> bool) -> io::Result<Ended> {
        // The process stays a zombie until the last line, so its number, and its group's, cannot be given again while
        // somebody may signal it.
        let by_signal = sys::wait_for_end(&child);
        let mut state = self.state();
        state.ended = true;
        self.changed.notify_all();
        let stopped = state.stopped;
        // What it had started must not run on beside the next attempt. One that ended by itself has left behind what it wanted to.
        if let Some((_, end)) = stopped {
            end_family(&mut state.family, end);
        } else if by_another() {
            end_family(&mut state.family, Instant::now() + self.grace);
        } else if by_signal? {
            end_family(&mut state.family, Instant::now());
        }
        drop(state);
        Ok(Ended { process: sys::wait(child)?, stopped: stopped.map(|(why, _)| why) })
    }

    /// How a process ended of which the system tells nothing.
    pub(super) fn unseen(&self) -> Ended {
        Ended { process: ProcessEnd::default(), stopped: self.state().stopped.map(|(why, _)| why) }
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
            self.state().family.signal(libc::SIGKILL);
        }
    }

    fn stop_now(&self, why: Stop) {
        let end = Instant::now() + self.grace;
        {
            let mut state = self.state();
            if state.ended || state.stopped.is_some() {
                return;
            }
            state.stopped = Some((why, end));
            // Under the lock: the process has not been waited for.
            state.family.signal(libc::SIGTERM);
        }
        if !self.ends_before(end) {
            let mut state = self.state();
            if !state.ended {
                // Under the lock, as above.
                state.family.signal(libc::SIGKILL);
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

/// Waits until nobody is left of a process that is over, and kills what is at `end`.
pub(super) fn end_family(family: &mut Family, end: Instant) {
    if !is_gone_before(family, end) {
        family.kill_left();
        is_gone_before(family, Instant::now() + DYING);
    }
}

fn is_gone_before(family: &mut Family, end: Instant) -> bool {
    let mut pause = Duration::from_millis(1);
    while !family.is_gone() {
        let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
            return false;
        };
        thread::park_timeout(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    true
}
