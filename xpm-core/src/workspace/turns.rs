//! Whose turn it is with a token, among the drivers of a workspace.
//!
//! A driver whose job has waited for long for what others hold of a token takes the *turn* with it: until one of its jobs has
//! got what it needs, no job of another driver takes any. So a stream of short jobs of one driver does not keep the
//! token from the jobs of another, nor small requests from a large one, and drivers with long jobs take turns.
//!
//! A turn is a locked byte of one empty file, `.turns`, so that it ends with its driver, whatever is killed. Where it lies is a hash of the
//! token's name. Behind it another byte says whose turn it is, by the number of the process: the turn of one that is stopped
//! (Ctrl-Z) does not count.
//!
//! Drivers that have turns may wait for each other: each has that of one token and lacks another one, or the machine. So
//! turns lapse when no job lacks their tokens any more and none has taken them for a while; and whoever has let one lapse
//! waits longer for the next.
//!
//! All this is about order alone: where there are no such locks, tokens are still never exceeded.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::Workspace;
use crate::fault;
use crate::files;
use crate::sys;

/// How long a job may lack a token, while no other of this driver takes any, before the turn is taken.
const PATIENCE: Duration = Duration::from_millis(500);
/// What that becomes, at most, for who has let turns lapse.
const MOST_PATIENCE: Duration = Duration::from_secs(60);
/// How long a turn is kept that no job waits for any more.
const LAPSE: Duration = Duration::from_secs(2);

/// The turns of one driver.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    path: PathBuf,
    /// The open file to which the turns belong.
    file: Option<File>,
    /// By the place of their turn, the tokens that jobs have lacked since this driver last took any.
    lacked: BTreeMap<u64, Lacked>,
}

#[derive(Debug)]
struct Lacked {
    since: Instant,
    /// How long the turn is not asked for.
    patience: Duration,
    has_turn: bool,
    /// Since when no job lacks it.
    enough_since: Option<Instant>,
}

impl Turns {
    pub(crate) fn new(workspace: &Workspace) -> Self {
        let state = State { path: workspace.path().join(".turns"), file: None, lacked: BTreeMap::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is the turn of another driver, which goes on. Where that cannot be found out, it is nobody's.
    pub(crate) fn is_anothers(&self, token: &str) -> bool {
        let place = place(token);
        let state = &mut *self.state();
        let has_turn = state.lacked.get(&place).is_some_and(|lacked| lacked.has_turn);
        !has_turn && state.file().is_ok_and(|file| is_anothers(file, place).unwrap_or(false))
    }

    /// Takes note of whether jobs wait for nothing but this token, and maybe others, of which others hold some.
    pub(crate) fn lacks(&self, token: &str, lacks: bool, now: Instant) {
        let place = place(token);
        let mut state = self.state();
        if lacks {
            let fresh = Lacked { since: now, patience: PATIENCE, has_turn: false, enough_since: None };
            state.lacked.entry(place).or_insert(fresh).enough_since = None;
        } else if let Some(lacked) = state.lacked.get_mut(&place) {
            lacked.enough_since.get_or_insert(now);
        }
    }

    /// A job of this driver has got what it needs of the token: the turn is over.
    pub(crate) fn took(&self, token: &str) {
        let place = place(token);
        let state = &mut *self.state();
        if state.lacked.remove(&place).is_some_and(|lacked| lacked.has_turn) {
            state.release(place);
        }
    }

    /// Takes the turns that are due, and lets those lapse that have come to nothing.
    pub(crate) fn look(&self, now: Instant) {
        let state = &mut *self.state();
        let longer = |since: Option<Instant>, than| since.is_some_and(|since| now.duration_since(since) >= than);
        // As long as one of them is waited for, the others are kept for the same job.
        let lapsed = |lacked: &Lacked| longer(lacked.enough_since, LAPSE);
        let lapse = state.lacked.values().all(|lacked| !lacked.has_turn || lapsed(lacked));
        for place in state.lacked.keys().copied().collect::<Vec<_>>() {
            let Some(lacked) = state.lacked.get_mut(&place) else { continue };
            if lacked.has_turn && lapse {
                lacked.has_turn = false;
                lacked.since = now;
                lacked.patience = (lacked.patience * 4).min(MOST_PATIENCE);
                state.release(place);
            } else if !lacked.has_turn && lacked.enough_since.is_none() && longer(Some(lacked.since), lacked.patience) {
                // Whoever cannot take it goes on as before.
                let took = state.take(place).unwrap_or(false);
                if let Some(lacked) = state.lacked.get_mut(&place) {
                    lacked.has_turn = took;
                }
            }
        }
        // What was not needed for so long is another wait when it is lacked again.
        state.lacked.retain(|_, lacked| lacked.has_turn || !longer(lacked.enough_since, MOST_PATIENCE));
    }

    /// Lets all turns go.
    pub(crate) fn end(&self) {
        let state = &mut *self.state();
        state.lacked.clear();
        state.file = None;
    }
}

impl State {
    fn file(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            fault::point("open", &self.path)?;
            self.file = Some(files::open_to_lock(&self.path)?);
        }
        self.file.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn take(&mut self, place: u64) -> io::Result<bool> {
        let file = self.file()?;
        let taken = sys::try_lock_range(file, &(place..place + 1))?;
        if taken {
            let own = whose(place).start + u64::from(std::process::id());
            // Without this it is the turn of nobody knows who, who is taken to go on.
            let _ = sys::try_lock_range(file, &(own..own + 1));
        }
        Ok(taken)
    }

    fn release(&mut self, place: u64) {
        let freed = self.file.as_ref().map(|file| sys::unlock_range(file, &(place..whose(place).end)));
        if !matches!(freed, Some(Ok(()))) {
            // Closing the file frees all of them; the others are taken again.
            self.file = None;
            for lacked in self.lacked.values_mut() {
                lacked.has_turn = false;
            }
        }
    }
}

/// Numbers of processes have no more than 31 bits on any system.
const PROCESSES: u32 = 31;

/// The byte of a token's turn.
fn place(token: &str) -> u64 {
    let digest = Sha256::digest(token.as_bytes());
    let hash = digest.iter().take(4).fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    // Offsets of files have 63 bits.
    hash >> 2 << (PROCESSES + 1)
}

/// The bytes that say whose turn it is.
fn whose(place: u64) -> Range<u64> {
    place + 1..place + 1 + (1 << PROCESSES)
}

fn is_anothers(file: &File, place: u64) -> io::Result<bool> {
    if sys::range_of_another(file, &(place..place + 1))?.is_none() {
        return Ok(false);
    }
    let whose_bytes = whose(place);
    let found = sys::range_of_another(file, &whose_bytes)?;
    let process = found.and_then(|byte| u32::try_from(byte.start.checked_sub(whose_bytes.start)?).ok());
    Ok(!process.is_some_and(sys::process_is_stopped))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// Two drivers of a workspace, and a moment.
    fn two() -> (tempfile::TempDir, Turns, Turns, Instant) {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(dir.path()).unwrap();
        let (one, other) = (Turns::new(&workspace), Turns::new(&workspace));
        (dir, one, other, Instant::now())
    }

    fn after(now: Instant, milliseconds: u64) -> Instant {
        now + Duration::from_millis(milliseconds)
    }

    #[test]
    fn who_has_lacked_a_token_for_long_has_the_turn_until_it_takes_some() {
        let (_dir, one, other, now) = two();
        one.lacks("a", true, now);
        one.look(after(now, 499));
        assert!(!other.is_anothers("a"));
        one.look(after(now, 500));
        assert!(other.is_anothers("a") && !one.is_anothers("a"));
        assert!(!other.is_anothers("b"));
        // There is one turn with each token.
        other.lacks("a", true, now);
        other.look(after(now, 9000));
        assert!(other.is_anothers("a") && !one.is_anothers("a"));
        one.took("a");
        assert!(!other.is_anothers("a"));
        other.look(after(now, 9001));
        assert!(one.is_anothers("a"));
        drop(other);
        assert!(!one.is_anothers("a"), "it ends with its driver");
    }

    #[test]
    fn what_is_taken_again_and_again_is_not_lacked_for_long() {
        let (_dir, one, other, now) = two();
        for round in 0..10 {
            one.lacks("a", true, after(now, round * 400));
            one.look(after(now, round * 400 + 300));
            assert!(!other.is_anothers("a"), "{round}");
            one.took("a");
        }
        // A moment without want does not count.
        one.lacks("a", true, now);
        one.lacks("a", false, after(now, 100));
        one.look(after(now, 600));
        assert!(!other.is_anothers("a"));
        one.lacks("a", true, after(now, 600));
        one.look(after(now, 600));
        assert!(other.is_anothers("a"));
    }

    #[test]
    fn turns_lapse_together_when_nobody_waits_and_patience_grows() {
        let (_dir, one, other, now) = two();
        one.lacks("a", true, now);
        one.lacks("b", true, now);
        one.look(after(now, 500));
        one.lacks("a", false, after(now, 600));
        one.look(after(now, 9000));
        assert!(other.is_anothers("a"), "what is lacked still is `b`");
        one.lacks("b", false, after(now, 9000));
        one.look(after(now, 10_999));
        assert!(other.is_anothers("a") && other.is_anothers("b"));
        one.look(after(now, 11_000));
        assert!(!other.is_anothers("a") && !other.is_anothers("b"));
        one.lacks("a", true, after(now, 11_000));
        one.look(after(now, 12_999));
        assert!(!other.is_anothers("a"));
        one.look(after(now, 13_000));
        assert!(other.is_anothers("a"));
        one.end();
        assert!(!other.is_anothers("a"));
    }

    #[test]
    fn a_stopped_driver_has_no_turn() {
        let (dir, one, _, now) = two();
        // The turn as a process that is stopped has it.
        let mut stopped = std::process::Command::new("sh").args(["-c", "kill -STOP $$"]).spawn().unwrap();
        while !sys::process_is_stopped(stopped.id()) {
            std::thread::yield_now();
        }
        let file = files::open_to_lock(&dir.path().join(".turns")).unwrap();
        let byte = place("a");
        let own = whose(byte).start + u64::from(stopped.id());
        assert!(sys::try_lock_range(&file, &(byte..byte + 1)).unwrap());
        assert!(one.is_anothers("a"), "nobody says whose it is");
        assert!(sys::try_lock_range(&file, &(own..own + 1)).unwrap());
        assert!(!one.is_anothers("a"));
        one.lacks("a", true, now);
        one.look(after(now, 500));
        assert!(!one.is_anothers("a"), "nor is it to be had");
        stopped.kill().unwrap();
        stopped.wait().unwrap();
    }
}
