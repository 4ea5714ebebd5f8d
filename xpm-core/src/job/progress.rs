//! Progress: how far a task is, for those who watch, in `.xpm/progress.json`.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::workspace::{Durability, write_atomic};

/// How often progress is written at most.
const OFTEN: Duration = Duration::from_millis(200);

/// The steps of a whole of which only the fraction that is done is known.
const FRACTIONS: u64 = 1000;

/// The progress of a job: a stack of what is counted, the outermost first.
#[derive(Debug)]
pub(super) struct ProgressFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How far the whole is, of what does not count.
    whole: Option<Level>,
    levels: Vec<Level>,
    written: Option<Instant>,
    /// What was written last is no longer so.
    stale: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Level {
    description: String,
    done: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

impl ProgressFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default() }
    }

    fn enter(&self, description: &str, total: Option<u64>) -> usize {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.levels.push(Level { description: description.to_owned(), done: 0, total });
        self.write(&mut state, false);
        state.levels.len() - 1
    }

    fn advance(&self, level: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // What was counted inside the last step is over.
        state.levels.truncate(level + 1);
        if let Some(level) = state.levels.get_mut(level) {
            level.done += 1;
        }
        self.write(&mut state, false);
    }

    fn leave(&self, level: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if level == 0 {
            self.write(&mut state, true);
        }
        state.levels.truncate(level);
    }

    /// How far the whole is, from 0 to 1, for what does not count. What is counted shows below it.
    pub(super) fn set_fraction(&self, description: &str, fraction: f64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let done = (fraction.clamp(0.0, 1.0) * FRACTIONS as f64).round() as u64;
        state.whole = Some(Level { description: description.to_owned(), done, total: Some(FRACTIONS) });
        self.write(&mut state, false);
    }

    /// Writes what was not written since it came too soon.
    pub(super) fn flush(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stale {
            self.write(&mut state, true);
        }
    }

    /// Progress is for people: that it cannot be written does not stop the task.
    fn write(&self, state: &mut State, at_once: bool) {
        let now = Instant::now();
        state.stale = !at_once && state.written.is_some_and(|written| now.duration_since(written) < OFTEN);
        if state.stale {
            return;
        }
        state.written = Some(now);
        let levels: Vec<_> = state.whole.iter().chain(&state.levels).collect();
        if let Ok(text) = serde_json::to_vec(&levels) {
            let _ = write_atomic(&self.path, &text, Durability::Lazy);
        }
    }
}

/// An iterator that reports how far it is. Made by [`JobContext::progress`](super::JobContext::progress).
pub struct Progress<'a, I> {
    items: I,
    file: &'a ProgressFile,
    level: usize,
    begun: bool,
}

impl<'a, I: Iterator> Progress<'a, I> {
    pub(super) fn new(file: &'a ProgressFile, description: &str, items: I) -> Self {
        let total = match items.size_hint() {
            (least, Some(most)) if least == most => u64::try_from(most).ok(),
            _ => None,
        };
        let level = file.enter(description, total);
        Self { items, file, level, begun: false }
    }
}

impl<I: Iterator> Iterator for Progress<'_, I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        // An item is done when the next one is asked for.
        if std::mem::replace(&mut self.begun, true) {
            self.file.advance(self.level);
        }
        let item = self.items.next();
        self.begun = item.is_some();
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<I: ExactSizeIterator> ExactSizeIterator for Progress<'_, I> {}

impl<I> Drop for Progress<'_, I> {
    fn drop(&mut self) {
        self.file.leave(self.level);
    }
}

impl<I> fmt::Debug for Progress<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Progress(level {})", self.level)
    }
}
