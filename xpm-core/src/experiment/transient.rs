//! The end of transient jobs: the files of those whose task is `#[task(transient = "remove")]` are removed when the run is
//! over, unless somebody may still need them.
//!
//! A file is removed only if the plan and its callbacks came to their end, since what they had not submitted yet may need it, nobody
//! else runs a plan in the workspace, all jobs of this run that depend on its job are done, and no job that reads it runs on after
//! its driver has gone. First the record goes, then the files: a job that
//! says it is done has its files.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Shared;
use super::mode::RunMode;
use super::state::{JobCell, JobState};
use crate::ids::JobKey;
use crate::report::Event;
use crate::schema::Transient;
use crate::workspace::{JobLock, TryLock};

/// The jobs that depend on those whose files are removed.
#[derive(Default)]
pub(super) struct Consumers(Mutex<HashMap<JobKey, Vec<Arc<JobCell>>>>);

impl Shared {
    /// Notes that a new job needs these.
    pub(super) fn add_consumer(&self, cell: &Arc<JobCell>, depends_on: &[JobKey]) {
        let removed = |cell: &JobCell| cell.source.transient() == Transient::Removed;
        let needed: Vec<_> = depends_on.iter().filter(|key| self.find(key).is_some_and(|job| removed(&job))).collect();
        if needed.is_empty() && !removed(cell) {
            return;
        }
        let mut consumers = self.consumers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if removed(cell) {
            consumers.entry(cell.key().clone()).or_default();
        }
        for key in needed {
            consumers.entry(key.clone()).or_default().push(cell.clone());
        }
    }

    /// Removes what nothing needs any more. To be called when the driver has ended, of a plan that came to its end.
    pub(super) fn remove_transients(&self) {
        if self.mode() != RunMode::Normal {
            return;
        }
        let consumers = std::mem::take(&mut *self.consumers.0.lock().unwrap_or_else(PoisonError::into_inner));
        let over = |cell: &Arc<JobCell>| matches!(cell.state(), JobState::Done | JobState::Skipped);
        let jobs = consumers.into_iter().filter(|(_, consumers)| consumers.iter().all(over));
        let jobs = jobs.filter_map(|(key, _)| self.find(&key)).filter(|cell| over(cell) && has_files(cell));
        let jobs: Vec<_> = jobs.collect();
        if jobs.is_empty() {
            return;
        }
        // While it is alone, no driver begins and takes one of them for done.
        let patient = Patience::new();
        let alone = patient.until(|| self.run().alone(self.workspace()));
        let Ok(Some(alone)) = alone else { return };
        let mut locked = Vec::new();
        for cell in jobs {
            match patient.until(|| retire(&cell)) {
                Ok(Some(lock)) => locked.push((cell, lock)),
                Ok(None) => {}
                Err(error) => self.cannot_remove(&cell, &error),
            }
        }
        drop(alone);
        for (cell, _lock) in locked {
            if let Err(error) = cell.folder.remove_files() {
                self.cannot_remove(&cell, &error);
            }
        }
    }

    fn cannot_remove(&self, cell: &JobCell, error: &io::Error) {
        let folder = cell.folder.path().display();
        self.report(&Event::Warning(format!("the files of {} cannot be removed in {folder}: {error}", cell.key())));
    }
}

/// Whether there is anything to remove.
fn has_files(cell: &JobCell) -> bool {
    matches!(cell.folder.read_status(), Ok(Some(status)) if status.is_done())
        || cell.folder.is_retired() && cell.folder.has_files()
}

/// Processes that have said how they ended hold their locks until they are gone, which takes them a moment.
struct Patience(Instant);

impl Patience {
    fn new() -> Self {
        Self(Instant::now() + Duration::from_secs(1))
    }

    /// Tries until there is an answer, or all patience is at its end.
    fn until<T>(&self, mut attempt: impl FnMut() -> io::Result<Option<T>>) -> io::Result<Option<T>> {
        loop {
            let answer = attempt()?;
            if answer.is_some() || Instant::now() >= self.0 {
                return Ok(answer);
            }
            thread::park_timeout(Duration::from_millis(5));
        }
    }
}

/// Takes the record of a job away, unless somebody runs it or reads its files; gives its lock.
fn retire(cell: &JobCell) -> io::Result<Option<JobLock>> {
    let TryLock::Taken(lock) = JobLock::try_take(&cell.folder.lock())? else { return Ok(None) };
    let TryLock::Taken(_readers) = JobLock::try_take(&cell.folder.readers())? else { return Ok(None) };
    let done = matches!(cell.folder.read_status(), Ok(Some(status)) if status.is_done());
    // Without a record it is one of which an earlier run could not remove everything, or one that never ran.
    let retired = if done { cell.folder.retire().map(|()| true)? } else { cell.folder.is_retired() };
    Ok(retired.then_some(lock))
}
