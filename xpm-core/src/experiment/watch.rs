//! Watches the tokens of a run: what other processes give back, and capacities that they change.
//!
//! Files are looked at rather than subscribed to, since that works on every file system and costs one `stat` per token
//! and look.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::message::Message;
use crate::launcher::OwnHolders;
use crate::scheduler::TokenNumber;
use crate::workspace::TokenFile;

/// How long a change may go unseen.
const LOOK: Duration = Duration::from_millis(40);

/// Watches tokens until it is dropped.
pub(super) struct TokenWatch {
    watched: Arc<Mutex<Watched>>,
}

#[derive(Default)]
struct Watched {
    tokens: Vec<WatchedToken>,
    stopped: bool,
}

struct WatchedToken {
    number: TokenNumber,
    file: TokenFile,
    /// The capacity that was seen last.
    capacity: u64,
    /// The file's stamp when it was read last.
    seen: Option<(SystemTime, u64)>,
    /// What the driver knows.
    told: Option<(u64, u64)>,
    /// A job could not get enough: it is told once more, though nothing has changed.
    short: bool,
}

impl TokenWatch {
    /// Starts watching; `own` tells the jobs that the scheduler counts itself.
    pub(super) fn start(to_driver: Sender<Message>, own: OwnHolders) -> std::io::Result<Self> {
        let watched = Arc::new(Mutex::new(Watched::default()));
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
        if let Some(token) = watched.tokens.iter_mut().find(|token| token.number == number) {
            token.short = true;
            token.told = None;
        } else {
            // Of folders there may be as many as jobs: only those that somebody waits for are watched.
            watched.tokens.push(WatchedToken { short: true, ..WatchedToken::new(number, file.clone(), 1) });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TokenWatch {
    fn drop(&mut self) {
        self.lock().stopped = true;
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
        }
        for message in changed {
            if to_driver.send(message).is_err() {
                return;
            }
        }
    }
}

impl WatchedToken {
    fn new(number: TokenNumber, file: TokenFile, capacity: u64) -> Self {
        Self { number, file, capacity, seen: None, told: None, short: false }
    }

    /// Whether it is a folder that nobody else has any more.
    fn is_over(&self) -> bool {
        self.file.folder().is_some() && !self.short && self.told.is_some_and(|(_, elsewhere)| elsewhere == 0)
    }

    /// What is to be told of the token, if anything is.
    fn look(&mut self, own: &OwnHolders) -> Option<Message> {
        let stamp = self.file.stamp();
        // Holders that die do not change the file.
        let held_elsewhere = self.told.is_some_and(|(_, elsewhere)| elsewhere > 0);
        if stamp == self.seen && !self.short && !held_elsewhere {
            return None;
        }
        // A file that cannot be read now is looked at again.
        let Some(state) = self.file.elsewhere(|job| own.contains(job)).ok()? else {
            // It is gone or damaged: it is made again, or nobody would ever get any.
            let _ = self.file.declare(self.capacity);
            return None;
        };
        self.seen = stamp;
        let (capacity, elsewhere) = state;
        self.capacity = capacity;
        if elsewhere == 0 {
            self.short = false;
        }
        if self.told == Some(state) {
            return None;
        }
        self.told = Some(state);
        Some(Message::TokenChanged { token: self.number, capacity, elsewhere })
    }
}
