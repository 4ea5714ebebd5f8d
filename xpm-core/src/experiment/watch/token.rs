//! One token of a run: its capacity, and what jobs of other drivers hold of it.

use std::time::{Duration, Instant, SystemTime};

use super::Message;
use crate::launcher::OwnHolders;
use crate::scheduler::TokenNumber;
use crate::workspace::TokenFile;

/// How often the driver is told what others hold, so that it says whether a job waits for that.
const ASK: Duration = Duration::from_millis(200);

pub(super) struct WatchedToken {
    number: TokenNumber,
    file: TokenFile,
    /// The capacity that was seen last.
    capacity: u64,
    /// The file's stamp when it was read last.
    seen: Option<(SystemTime, u64)>,
    /// What the driver knows.
    told: Option<(u64, u64)>,
    told_at: Instant,
    /// A job could not get enough: it is told once more, though nothing has changed.
    short: bool,
}

impl WatchedToken {
    pub(super) fn new(number: TokenNumber, file: TokenFile, capacity: u64) -> Self {
        Self { number, file, capacity, seen: None, told: None, told_at: Instant::now(), short: false }
    }

    pub(super) fn is(&self, number: TokenNumber) -> bool {
        self.number == number
    }

    /// A job could not get enough: whatever the driver was told before is told again.
    pub(super) fn is_short(&mut self) {
        self.short = true;
        self.told = None;
    }

    /// Whether it is a folder that nobody else has any more.
    pub(super) fn is_over(&self) -> bool {
        self.file.folder().is_some() && !self.short && self.told.is_some_and(|(_, elsewhere)| elsewhere == 0)
    }

    /// What is to be told of the token, if anything is.
    pub(super) fn look(&mut self, own: &OwnHolders) -> Option<Message> {
        let stamp = self.file.stamp();
        // Holders that die do not change the file.
        let held_elsewhere = self.told.is_some_and(|(_, elsewhere)| elsewhere > 0);
        if stamp == self.seen && !self.short && !held_elsewhere {
            return None;
        }
        // A file that cannot be read now is looked at again.
        let Some(state) = self.file.elsewhere(|job| own.contains(job)).ok()? else {
            // It is gone or damaged: it is made again, or nobody would ever get any.
            let damaged = self.file.declare(self.capacity).unwrap_or(false);
            return damaged.then(|| Message::TokenMended { name: self.file.name().to_owned() });
        };
        self.seen = stamp;
        let (capacity, elsewhere) = state;
        self.capacity = capacity;
        if elsewhere == 0 {
            self.short = false;
        }
        if self.told == Some(state) && (elsewhere == 0 || self.told_at.elapsed() < ASK) {
            return None;
        }
        self.told = Some(state);
        self.told_at = Instant::now();
        Some(Message::TokenChanged { token: self.number, capacity, elsewhere })
    }
}
