//! The process of a job that another driver has started, as the driver that waits for it sees it: it is stopped on request and
//! at its time limit, but only if the driver that started it is gone. A driver that lives sees to its own jobs.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::process::{Stop, end_family};
use crate::ids::JobKey;
use crate::sys::{self, Family};
use crate::workspace::{JobFolder, Owner};

/// How long until a process that could not be stopped at its time limit is looked at again.
const AGAIN: Duration = Duration::from_secs(1);

/// A job's process that somebody else has started.
#[derive(Debug)]
pub(super) struct Orphan {
    folder: JobFolder,
    /// The file that drivers of the workspace have open.
    drivers: PathBuf,
    grace: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Why it was asked to end, and when it is made to.
    stopped: Option<(Stop, Instant)>,
    /// When it is made to again.
    again: Option<Instant>,
    asked: Option<Asked>,
    /// When its time is over.
    due: Option<Instant>,
}

/// A process that was asked to end, with all that it has started.
#[derive(Debug)]
struct Asked {
    pid: u32,
    begin: Option<u64>,
    family: Family,
}

impl Orphan {
    pub(super) fn new(folder: JobFolder, drivers: PathBuf, grace: Duration) -> Self {
        Self { folder, drivers, grace, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the process to end. `false` if that is not this driver's to do, or cannot be done from here.
    pub(super) fn stop(&self, why: Stop) -> bool {
        let mut state = self.state();
        if state.stopped.is_some() {
            return true;
        }
        let Some(pid) = self.abandoned() else { return false };
        state.stopped = Some((why, Instant::now() + self.grace));
        let mut family = Family::of(pid);
        let begin = sys::process_begin(pid);
        family.signal(libc::SIGTERM);
        state.asked = Some(Asked { pid, begin, family });
        true
    }

    /// Called again and again while the process is waited for: stops it when it has run for `limit`, and ends what does not
    /// end by itself within the grace period.
    pub(super) fn mind(&self, limit: Option<Duration>) {
        let mut state = self.state();
        let now = Instant::now();
        if let Some((_, end)) = state.stopped {
            if now >= state.again.unwrap_or(end) {
                state.again = Some(now + AGAIN);
                if let (Some(pid), Some(asked)) = (self.abandoned(), &mut state.asked)
                    && pid == asked.pid
                {
                    asked.family.signal(libc::SIGKILL);
                }
            }
            return;
        }
        let Some(limit) = limit else { return };
        match state.due {
            // It says who it is in a moment.
            None => {
                let age = self.owner().and_then(|owner| sys::process_age(owner.pid));
                state.due = age.and_then(|age| now.checked_add(limit.saturating_sub(age)));
            }
            Some(due) if now >= due => {
                state.due = Some(now + AGAIN);
                drop(state);
                self.stop(Stop::OutOfTime);
            }
            Some(_) => {}
        }
    }

    /// The job is over: if it was stopped, what is left of what it had started has what is left of the grace period, as with a
    /// driver's own jobs.
    pub(super) fn end_rest(&self) {
        let mut state = self.state();
        let (Some(Asked { pid, begin, mut family }), Some((_, end))) = (state.asked.take(), state.stopped) else {
            return;
        };
        drop(state);
        // While there is somebody in the group, no other process has this number.
        if !sys::process_exists(pid) || sys::process_begin(pid) == begin {
            end_family(&mut family, end);
        }
    }

    /// Why the process was stopped, if it was.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.state().stopped.map(|(why, _)| why)
    }

    /// Who runs the job, if that is a process of this machine that has the job's lock.
    fn owner(&self) -> Option<Owner> {
        let owner = Owner::read(&self.folder.lock())?;
        let here = owner.host == crate::settings::host() && owner.boot == crate::settings::boot();
        (here && sys::has_open(owner.pid, &self.folder.lock()) == Some(true)).then_some(owner)
    }

    /// The process that runs the job, if the driver that started it is gone.
    fn abandoned(&self) -> Option<u32> {
        let pid = self.owner()?.pid;
        // Jobs are children of their driver, which has this file open. Where it cannot be told, the parent is another
        // user's: the job's driver was this one's.
        let parent = sys::process_parent(pid)?;
        // One of this driver's own that it has lost sight of: the fork server was killed over it.
        let own = parent == std::process::id();
        (own || sys::has_open(parent, &self.drivers) != Some(true)).then_some(pid)
    }
}

/// Those that a driver waits for at the moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Orphans(Arc<Mutex<HashMap<JobKey, Arc<Orphan>>>>);

impl Orphans {
    /// Counts one in until what it gives is dropped.
    pub(super) fn enter(&self, job: &JobKey, orphan: &Arc<Orphan>) -> Waiting {
        self.all().insert(job.clone(), orphan.clone());
        Waiting { job: job.clone(), orphan: orphan.clone(), orphans: self.clone() }
    }

    /// Asks all to end; gives those whose end is not this driver's matter.
    pub(super) fn stop(&self) -> HashSet<JobKey> {
        self.all().iter().filter(|(_, orphan)| !orphan.stop(Stop::Requested)).map(|(job, _)| job.clone()).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<JobKey, Arc<Orphan>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That one is waited for.
#[derive(Debug)]
pub(super) struct Waiting {
    job: JobKey,
    orphan: Arc<Orphan>,
    orphans: Orphans,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.orphan.end_rest();
        self.orphans.all().remove(&self.job);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_process_has_an_age_a_parent_and_open_files() {
        let pid = std::process::id();
        assert!(sys::process_age(pid).unwrap() < Duration::from_secs(100_000));
        assert!(sys::process_parent(pid).unwrap() > 0);
        assert_eq!(sys::process_age(u32::MAX), None);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = fs::File::create(&path).unwrap();
        assert_eq!(sys::has_open(pid, &path), Some(true));
        drop(file);
        assert_eq!(sys::has_open(pid, &path), Some(false));
    }
}
