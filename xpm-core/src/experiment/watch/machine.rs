//! What jobs of other drivers have of this machine, looked at from the first refusal until nobody else has any of it.

use std::time::Instant;

use super::Message;
use crate::workspace::{Elsewhere, MachineFile};

pub(super) struct WatchedMachine {
    file: MachineFile,
    /// Since when jobs wait for what others have.
    lacks_since: Option<Instant>,
    /// What the driver knows; nothing after a refusal.
    told: Option<Elsewhere>,
}

impl WatchedMachine {
    pub(super) fn new(file: MachineFile) -> Self {
        Self { file, lacks_since: None, told: Some(Elsewhere::default()) }
    }

    pub(super) fn is_short(&mut self) {
        self.lacks_since.get_or_insert_with(Instant::now);
        self.told = None;
    }

    pub(super) fn lacks(&mut self, lacks: bool) {
        if lacks {
            self.lacks_since.get_or_insert_with(Instant::now);
        } else if self.lacks_since.take().is_some() {
            self.file.release_turn();
        }
    }

    /// What is to be told, if anything is.
    pub(super) fn look(&mut self) -> Option<Message> {
        let nobody_has_any = self.told == Some(Elsewhere::default());
        if nobody_has_any && self.lacks_since.is_none() {
            return None;
        }
        if let Some(since) = self.lacks_since {
            self.file.take_turn(since);
        }
        // A file that cannot be looked at now is looked at again.
        let elsewhere = self.file.elsewhere().ok()?;
        // As long as jobs wait it is told each time, for an answer: they may do so no more.
        if self.told == Some(elsewhere) && self.lacks_since.is_none() {
            return None;
        }
        self.told = Some(elsewhere);
        Some(Message::MachineChanged(elsewhere))
    }
}
