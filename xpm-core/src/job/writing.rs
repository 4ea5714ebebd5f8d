//! The threads that write out what calls of a task leave in memory, so that a call costs little and is soon seen.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// Calls `write` every now and then, for as long as `what` is there. Where no thread is to be had, nobody does.
pub(super) fn write_out_often<T: Send + Sync + 'static>(
    name: &str,
    every: Duration,
    what: &Arc<T>,
    write: impl Fn(&T) + Send + 'static,
) {
    let what: Weak<T> = Arc::downgrade(what);
    let often = move || {
        loop {
            thread::park_timeout(every);
            match what.upgrade() {
                Some(what) => write(&what),
                None => return,
            }
        }
    };
    let _ = thread::Builder::new().name(name.to_owned()).spawn(often);
}
