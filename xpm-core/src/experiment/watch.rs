//! Watches what other processes have: the tokens of a run, and once a job was refused some, the CPUs and the memory of this machine.
//!
//! Files are looked at rather than subscribed to, since that works on every file system and costs one `stat` per token
//! and look.

mod machine;
mod token;

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::machine::WatchedMachine;
use self::token::WatchedToken;
use super::message::Message;
use crate::launcher::OwnHolders;
use crate::scheduler::TokenNumber;
use crate::workspace::{MachineFile, TokenFile, Turns};

/// How long a change may go unseen.
const LOOK: Duration = Duration::from_millis(40);

/// Watches until it is dropped.
pub(super) struct Watch {
    watched: Arc<Mutex<Watched>>,
}

struct Watched {
    tokens: Vec<WatchedToken>,
    machine: WatchedMachine,
    turns: Turns,
    stopped: bool,
}

impl Watch {
    /// Starts watching; `own` tells the jobs that the scheduler counts itself.
    pub(super) fn start(
        to_driver: Sender<Message>,
        own: OwnHolders,
        machine: MachineFile,
        turns: Turns,
    ) -> std::io::Result<Self> {
        let watched = Watched { tokens: Vec::new(), machine: WatchedMachine::new(machine), turns, stopped: false };
        let watched = Arc::new(Mutex::new(watched));
        let theirs = watched.clone();
        thread::Builder::new().name("xpm-tokens".to_owned()).spawn(move || watch(&theirs, &to_driver, &own))?;
        Ok(Self { watched })
    }

    pub(super) fn add(&self, number: TokenNumber, file: TokenFile, capacity: u64) {
        self.lock().tokens.push(WatchedToken::new(number, file, capacity));
    }

    /// A job could not get enough of the token, whatever the driver was told before.
    pub(super) fn is_short(&self, number: TokenNumber, file: &TokenFile) {
        let mut watched = self.lock();
        if let Some(token) = watched.tokens.iter_mut().find(|token| token.is(number)) {
            token.is_short();
        } else {
            // Of folders there may be as many as jobs: only those that somebody waits for are watched.
            let mut token = WatchedToken::new(number, file.clone(), 1);
            token.is_short();
            watched.tokens.push(token);
        }
    }

    /// A job could not get enough of the machine, whatever the driver was told before.
    pub(super) fn machine_is_short(&self) {
        self.lock().machine.is_short();
    }

    /// Whether jobs wait for what others have of the machine.
    pub(super) fn lacks_machine(&self, lacks: bool) {
        self.lock().machine.lacks(lacks);
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.lock();
        watched.stopped = true;
        // Nothing waits any more, and the files may live on.
        watched.machine.lacks(false);
        watched.turns.end();
    }
}

fn watch(watched: &Mutex<Watched>, to_driver: &Sender<Message>, own: &OwnHolders) {
    loop {
        thread::park_timeout(LOOK);
        let mut changed = Vec::new();
        {
            let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            if watched.stopped {
                return;
            }
            for token in &mut watched.tokens {
                changed.extend(token.look(own));
            }
            watched.tokens.retain(|token| !token.is_over());
            changed.extend(watched.machine.look());
            watched.turns.look(Instant::now());
        }
        for message in changed {
            if to_driver.send(message).is_err() {
                return;
            }
        }
    }
}
