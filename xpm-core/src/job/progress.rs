//! Progress: how far a task is, for those who watch, in `.xpm/progress.json`.
//!
//! A call that comes soon after a write changes what is in memory only; a thread writes that out, whether the task says more or
//! not. A task that says little has no such thread.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::writing::write_out_often;
use crate::workspace::{Durability, write_atomic};

/// How often progress is written.
const OFTEN: Duration = Duration::from_millis(200);

/// The steps of a whole of which only the fraction that is done is known.
const FRACTIONS: u64 = 1000;

/// The progress of a job.
#[derive(Debug)]
pub(super) struct ProgressFile(Arc<Shared>);

/// What the job shares with the thread that writes what came too soon.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How far the whole is, of what does not count.
    whole: Option<Level>,
    /// What is counted, the outermost first.
    levels: Vec<(LevelId, Level)>,
    /// What was counted last, when nothing else is: its end is to be seen.
    over: Option<Level>,
    last_id: LevelId,
    written: Option<Instant>,
    /// What was written last is no longer so.
    stale: bool,
    /// The thread that writes what came too soon was started.
    has_writer: bool,
}

/// A place in the stack would not do: what threads count, or what is zipped, ends in any order.
type LevelId = u64;

#[derive(Clone, Debug, Serialize)]
struct Level {
    description: String,
    done: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

impl ProgressFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(Arc::new(Shared { path, state: Mutex::default() }))
    }

    fn enter(&self, description: &str, total: Option<u64>) -> LevelId {
        self.change(|state| {
            state.last_id += 1;
            state.over = None;
            state.levels.push((state.last_id, Level { description: description.to_owned(), done: 0, total }));
            state.last_id
        })
    }

    fn advance(&self, id: LevelId) {
        self.change(|state| {
            if let Some((_, level)) = state.levels.iter_mut().find(|(level, _)| *level == id) {
                level.done += 1;
            }
        });
    }

    fn leave(&self, id: LevelId) {
        self.change(|state| {
            let left = state.levels.iter().position(|(level, _)| *level == id).map(|at| state.levels.remove(at).1);
            state.over = left.filter(|_| state.levels.is_empty());
        });
    }

    /// How far the whole is, from 0 to 1, for what does not count. What is counted shows below it.
    pub(super) fn set_fraction(&self, description: &str, fraction: f64) {
        let done = (fraction.clamp(0.0, 1.0) * FRACTIONS as f64).round() as u64;
        self.change(|state| {
            state.over = None;
            state.whole = Some(Level { description: description.to_owned(), done, total: Some(FRACTIONS) });
        });
    }

    /// Writes what was not written since it came too soon.
    pub(super) fn flush(&self) {
        self.0.flush();
    }

    /// Changes what is shown, and has it written: at once, or by the thread if something just was.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock();
        let changed = change(&mut state);
        if state.written.is_none_or(|written| written.elapsed() >= OFTEN) {
            self.0.write(&mut state);
        } else {
            state.stale = true;
            if !std::mem::replace(&mut state.has_writer, true) {
                // Without the thread it is written with what comes next, and at the end.
                write_out_often("xpm-progress", OFTEN, &self.0, Shared::flush);
            }
        }
        changed
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush(&self) {
        let mut state = self.lock();
        if state.stale {
            self.write(&mut state);
        }
    }

    /// Progress is for people: that it cannot be written does not stop the task.
    fn write(&self, state: &mut State) {
        state.stale = false;
        state.written = Some(Instant::now());
        let counted = state.levels.iter().map(|(_, level)| level);
        let levels: Vec<_> = state.whole.iter().chain(counted).chain(&state.over).collect();
        if let Ok(text) = serde_json::to_vec(&levels) {
            let _ = write_atomic(&self.path, &text, Durability::Lazy);
        }
    }
}

/// An iterator that reports how far it is. Made by [`JobContext::progress`](super::JobContext::progress).
pub struct Progress<'a, I> {
    items: I,
    file: &'a ProgressFile,
    level: LevelId,
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
