//! The reporter that runs have unless they are given another one: a live region on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::line::Line;
use super::notes::{Detail, Notes};
use super::stage;
use super::tally::Tally;
use super::{Event, Reporter, text, writer};
use crate::settings;

/// Tells on standard error how a run goes.
///
/// On a terminal, a live region below the output of the plan shows what has ended, what runs and how far it is, and how
/// long the rest may take; failed jobs are told above it as they fail. Elsewhere, with `NO_COLOR`, `CI` or `TERM=dumb`,
/// there are plain lines: one for each job that ends (fast ones are summed up), and once a minute one that says how far the run is.
/// [`quiet`](Self::quiet), or `XPM_QUIET`, leaves failures and warnings.
///
/// What is written is written by a thread of its own: a terminal that takes nothing (Ctrl-S, a lost connection) does not
/// hold up the run.
#[derive(Debug, Default)]
pub struct TerminalReporter {
    inner: Arc<Inner>,
}

/// How the reporter was asked to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asked {
    #[default]
    Suitable,
    Plain,
    Quiet,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    asked: Asked,
    desk: Mutex<Desk>,
    /// Wakes the writer.
    changed: Condvar,
    /// Wakes who waits for the writer.
    written: Condvar,
}

/// What events leave for the writer.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) notes: Notes,
    pub(super) tally: Option<Tally>,
    pub(super) outbox: Vec<Line>,
    /// Lines that were dropped, since nobody takes them.
    pub(super) dropped: usize,
    /// Whether the writer is about to write lines that are no longer in the outbox.
    pub(super) unwritten: bool,
    /// Whether the region is to be drawn.
    pub(super) live: bool,
    /// Whether the terminal has to be given back.
    pub(super) claimed: bool,
    pub(super) over: bool,
    /// Whether there is a writer.
    pub(super) writing: bool,
    /// Whether the writer has not come back from the terminal in time: nobody waits for it then.
    pub(super) stalled: bool,
}

/// Lines that wait to be written; more are dropped.
const OUTBOX: usize = 10_000;

/// How long an event waits for its lines to be written, so that they stand before what the plan prints next.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long the end of a run waits for the last lines to be written.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

impl TerminalReporter {
    /// A region on a terminal, plain lines elsewhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Plain lines everywhere.
    pub fn plain() -> Self {
        Self::asked(Asked::Plain)
    }

    /// Only what people must know: failures and warnings.
    pub fn quiet() -> Self {
        Self::asked(Asked::Quiet)
    }

    fn asked(asked: Asked) -> Self {
        Self { inner: Arc::new(Inner { asked, ..Inner::default() }) }
    }
}

impl Reporter for TerminalReporter {
    fn report(&self, event: &Event) {
        let now = Instant::now();
        let mut desk = self.inner.desk();
        match event {
            Event::RunBegan { experiment, .. } => self.begin(&mut desk, experiment),
            // Another signal may end the process at any time: nothing is left on the terminal that it could not clean up.
            Event::Interrupted { .. } => {
                if desk.claimed {
                    // Behind the `^C` that the terminal shows.
                    desk.put(vec![Line::new()]);
                }
                desk.live = false;
            }
            Event::RunEnded(_) | Event::PlanEnded(_) => desk.over = true,
            _ => {}
        }
        if let Some(tally) = &mut desk.tally {
            tally.note(event, now);
        }
        let lines = desk.notes.note(event, now);
        let told = !lines.is_empty();
        desk.put(lines);
        let over = desk.over;
        if !told && !over && desk.writing {
            return;
        }
        let desk = self.inner.wake(desk);
        if told || over {
            self.inner.wait_for_writer(desk, over);
        }
    }
}

impl TerminalReporter {
    fn begin(&self, desk: &mut Desk, experiment: &str) {
        let quiet = self.inner.asked == Asked::Quiet || settings::quiet();
        let plain = quiet || self.inner.asked == Asked::Plain || settings::plain_terminal();
        let live = !plain && io::stderr().is_terminal() && stage::claim();
        let detail = match (quiet, live) {
            (true, _) => Detail::Quiet,
            (false, true) => Detail::Region,
            (false, false) => Detail::Lines,
        };
        desk.notes = Notes::new(detail);
        desk.tally = Some(Tally::new(experiment.to_owned()));
        (desk.live, desk.claimed, desk.over) = (live, live, false);
    }
}

impl Inner {
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something has changed, or for `at_most`.
    pub(super) fn wait<'a>(&self, desk: MutexGuard<'a, Desk>, at_most: Duration) -> MutexGuard<'a, Desk> {
        self.changed.wait_timeout(desk, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Says that what was in the outbox has been written.
    pub(super) fn wrote(&self) {
        self.written.notify_all();
    }

    /// Wakes the writer, or makes one.
    fn wake<'a>(self: &'a Arc<Self>, mut desk: MutexGuard<'a, Desk>) -> MutexGuard<'a, Desk> {
        if !desk.writing {
            desk.writing = true;
            let inner = self.clone();
            let writer = thread::Builder::new().name("xpm-report".to_owned()).spawn(move || writer::write(&inner));
            if writer.is_err() {
                // No thread to be had: the lines are written here and now, and there is no region.
                desk.writing = false;
                let text: String = desk.outbox.drain(..).map(|line| line.text() + "\n").collect();
                let _ = io::stderr().write_all(text.as_bytes());
            }
        }
        self.changed.notify_all();
        desk
    }

    fn wait_for_writer(&self, desk: MutexGuard<'_, Desk>, over: bool) {
        let patience = match (over, desk.stalled) {
            (true, _) => LAST_PATIENCE,
            (false, true) => return,
            (false, false) => PATIENCE,
        };
        let waits = |desk: &mut Desk| desk.writing && (over || desk.unwritten || !desk.outbox.is_empty());
        let waited = self.written.wait_timeout_while(desk, patience, waits);
        let (mut desk, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        desk.stalled |= timeout.timed_out();
    }
}

impl Desk {
    pub(super) fn put(&mut self, lines: Vec<Line>) {
        for line in lines {
            match self.outbox.len() {
                0..OUTBOX => self.outbox.push(line),
                _ => self.dropped += 1,
            }
        }
    }

    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        let mut lines = std::mem::take(&mut self.outbox);
        if self.dropped > 0 {
            lines.push(text::plain(format!("{} lines are not shown, since nobody read them", self.dropped)));
            self.dropped = 0;
        }
        lines
    }
}

impl Drop for TerminalReporter {
    fn drop(&mut self) {
        let mut desk = self.inner.desk();
        if desk.writing {
            desk.over = true;
            self.inner.changed.notify_all();
            self.inner.wait_for_writer(desk, true);
        }
    }
}
