//! Ctrl-C and SIGTERM while a plan runs: the first stops submitting and leaves the jobs alone, a second within two seconds
//! stops them too.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};
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

/// How long jobs that are stopped may take beyond their grace period: one that the kernel does not end is not waited for for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// The runs that signals go to, all of them. Without any they do what they always do.
static CURRENT: Mutex<Vec<(Weak<Shared>, Sender<()>)>> = Mutex::new(Vec::new());

/// A run that takes the signals of this process until it is dropped.
pub(super) struct Interrupts {
    run: Weak<Shared>,
    /// Told when an interruption has been dealt with in full.
    settled: Receiver<()>,
    /// How long that may take.
    patience: Duration,
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
                    if acting.is_err() || current().is_empty() {
                        // No run: the signal ends the process, as it does without xpm.
                        let _ = emulate_default_handler(signal);
                    } else {
                        let _ = pass_on.send(signal);
                    }
                }
            })?;
        }
        let (sender, settled) = channel();
        let run = Arc::downgrade(shared);
        runs().push((run.clone(), sender));
        let grace = shared.workspace().settings().local.grace_seconds.map_or(Duration::ZERO, Duration::from_secs);
        Ok(Self { run, settled, patience: grace.saturating_add(PATIENCE) })
    }

    /// After an interruption, waits until a second signal has stopped the jobs or none has come in time.
    pub(super) fn settle(&self) {
        // The other end is kept with the run, so this ends.
        let _ = self.settled.recv_timeout(self.patience);
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        runs().retain(|(run, _)| !run.ptr_eq(&self.run));
    }
}

fn runs() -> MutexGuard<'static, Vec<(Weak<Shared>, Sender<()>)>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn current() -> Vec<(Arc<Shared>, Sender<()>)> {
    runs().iter().filter_map(|(run, settled)| Some((run.upgrade()?, settled.clone()))).collect()
}

/// Deals with one interruption after the other.
fn act_on(signals: &Receiver<i32>) {
    while let Ok(signal) = signals.recv() {
        let runs = current();
        if runs.is_empty() {
            continue;
        }
        if runs.iter().all(|(shared, _)| shared.is_interrupted()) {
            // No plan ends though all were told to: the signal does what it always does.
            let _ = emulate_default_handler(signal);
        }
        let first = Instant::now();
        let mut running = false;
        for (shared, _) in runs.iter().filter(|(shared, _)| !shared.is_interrupted()) {
            let left = shared.interrupt();
            running |= left > 0;
            shared.report(&Event::Interrupted { running: left });
        }
        if running {
            match signals.recv_timeout(WINDOW.saturating_sub(first.elapsed())) {
                Ok(_) => stop_running(&runs),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
        for (_, settled) in runs {
            let _ = settled.send(());
        }
    }
}

/// Stops the jobs of all runs, at once: each may take as long as its grace period.
fn stop_running(runs: &[(Arc<Shared>, Sender<()>)]) {
    thread::scope(|scope| {
        for (shared, _) in runs {
            if thread::Builder::new().spawn_scoped(scope, || shared.stop_running()).is_err() {
                shared.stop_running();
            }
        }
    });
}
