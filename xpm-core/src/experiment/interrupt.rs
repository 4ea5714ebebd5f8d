//! Ctrl-C and SIGTERM while a plan runs: the first stops submitting and leaves the jobs alone, a second within two seconds
//! stops them too.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::builder::StartError;
use super::shared::Shared;
use crate::report::Event;

/// How long after the first signal a second one means more.
const WINDOW: Duration = Duration::from_secs(2);

/// The run that signals go to. Without one they do what they always do.
static CURRENT: Mutex<Option<(Weak<Shared>, Sender<()>)>> = Mutex::new(None);

/// A run that takes the signals of this process until it is dropped.
pub(super) struct Interrupts {
    /// Told when an interruption has been dealt with in full.
    settled: Receiver<()>,
}

impl Interrupts {
    /// From here on signals go to this run.
    pub(super) fn take(shared: &Arc<Shared>) -> Result<Self, StartError> {
        Self::catch(shared).map_err(|source| StartError::Driver { what: "signals cannot be caught", source })
    }

    fn catch(shared: &Arc<Shared>) -> io::Result<Self> {
        static LISTENING: Once = Once::new();
        let mut signals = None;
        LISTENING.call_once(|| signals = Some(Signals::new([SIGINT, SIGTERM])));
        if let Some(signals) = signals {
            let mut signals = signals?;
            thread::Builder::new().name("xpm-signals".to_owned()).spawn(move || {
                let (pass_on, received) = channel();
                let acting = thread::Builder::new().name("xpm-interrupt".to_owned()).spawn(move || act_on(&received));
                for signal in signals.forever() {
                    if acting.is_err() || current().is_none() {
                        // No run: the signal ends the process, as it does without xpm.
                        let _ = emulate_default_handler(signal);
                    } else {
                        let _ = pass_on.send(signal);
                    }
                }
            })?;
        }
        let (sender, settled) = channel();
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::downgrade(shared), sender));
        Ok(Self { settled })
    }

    /// After an interruption, waits until a second signal has stopped the jobs or none has come in time.
    pub(super) fn settle(&self) {
        // The other end is kept with the run, so this ends.
        let _ = self.settled.recv_timeout(WINDOW * 60);
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn current() -> Option<(Arc<Shared>, Sender<()>)> {
    let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    current.as_ref().and_then(|(shared, settled)| Some((shared.upgrade()?, settled.clone())))
}

/// Deals with one interruption after the other.
fn act_on(signals: &Receiver<i32>) {
    while let Ok(signal) = signals.recv() {
        let Some((shared, settled)) = current() else { continue };
        if shared.is_interrupted() {
            // The plan does not end though it was told to: the signal does what it always does.
            let _ = emulate_default_handler(signal);
        }
        let first = Instant::now();
        let running = shared.interrupt();
        shared.report(&Event::Interrupted { running });
        if running > 0 {
            match signals.recv_timeout(WINDOW.saturating_sub(first.elapsed())) {
                Ok(_) => shared.stop_running(),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
        let _ = settled.send(());
    }
}
