//! Attaches to a job that somebody runs already: another driver, or a job's process whose driver is gone.
//!
//! Its lock is waited for, and what that attempt came to is taken over: its record, or that it left none. A job that nobody runs any
//! more, and that is as it was, is free; who starts it is decided elsewhere ([`Local`]). How a process is stopped whose driver is
//! gone is told in `orphan`, the protocol in `docs/ARCHITECTURE.md` ("Never run twice, never lost").

use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Local, Process, end_of, failure_of, launch_failed, record, recorded, says_why};
use crate::fault;
use crate::launcher::orphan::Orphan;
use crate::launcher::process::Stop;
use crate::launcher::{End, Order, Progress};
use crate::workspace::{Failure, JobLock, Owner, TryLock, WaitLock};

/// How long the end of an attempt that somebody else makes may go unseen.
const LOOK: Duration = Duration::from_millis(20);

/// How long an attempt that has left a record may have its lock.
const FREEING: Duration = Duration::from_secs(1);

impl Local {
    /// Waits for a job that somebody else runs. If nobody does any more, it is told to be free: it is not started.
    pub(crate) fn attach_to(&self, order: Order, tell: impl Fn(Progress) + Send + Sync + 'static) {
        self.work(order, tell, |local, order, tell| match JobLock::try_take(&order.folder.lock()) {
            Ok(TryLock::Busy(wait)) => local.attach(order, wait, tell),
            // What is wrong is said when it is to be started.
            Ok(TryLock::Taken(_)) | Err(_) => {
                tell(Progress::Attached);
                Ok(Progress::Freed)
            }
        });
    }

    /// Somebody has the job's lock: waits for it, and takes over what that attempt came to. The job is free if whoever had the
    /// lock has left it as it was.
    pub(super) fn attach(
        &self,
        order: &Order,
        mut wait: WaitLock,
        tell: &dyn Fn(Progress),
    ) -> Result<Progress, Failure> {
        let folder = &order.folder;
        let orphan = Arc::new(Orphan::new(folder.clone(), self.workspace.drivers(), self.grace));
        let _waiting = self.attached.enter(folder.key(), &orphan);
        let recorded_before = folder
            .recorded_attempts(self.read(folder)?.as_ref())
            .map_err(|error| launch_failed(&folder.own().display().to_string(), &error))?;
        let owner_before = Owner::read(&folder.lock());
        let ran_before = owner_before.as_ref().is_some_and(|owner| owner.may_live(&folder.lock()));
        tell(Progress::Attached);
        let here = |error: &io::Error| launch_failed(&folder.path().display().to_string(), error);
        fault::point("wait for process of", folder.path()).map_err(|error| here(&error))?;
        // The record counts as well as the lock: processes that the job leaves behind may hold that for ever.
        let (mut seen, mut recorded_until) = (None, None);
        let key = folder.key();
        let (lock, status) = loop {
            // Compared for being another one only: clocks are set back.
            let stamp = std::fs::metadata(folder.status()).ok().map(|file| (file.modified().ok(), file.ino()));
            let tried = wait.try_again().map_err(|error| here(&error))?;
            let status = match stamp != seen || matches!(tried, TryLock::Taken(_)) {
                true => self.read(folder)?,
                false => None,
            };
            if let Some(status) = &status
                && (status.is_done() || status.attempt > recorded_before)
            {
                let noted = || folder.is_stop_noted(status.attempt).then_some(Stop::Requested);
                let stopped = orphan.stopped().or_else(noted);
                let Some(why) = stopped.filter(|_| !says_why(folder, status, stopped)) else {
                    // Who ran it does not want it any more; this driver does.
                    let dropped = matches!(status.result(), Err(Failure::Stopped)) && stopped.is_none();
                    return Ok(if dropped { Progress::Freed } else { Progress::Ended(end_of(status, false)) });
                };
                // It has recorded what being stopped looked like to it. What is known better is written down with the lock, which
                // is free in a moment, unless something that the job has left behind has it.
                let until = *recorded_until.get_or_insert_with(|| Instant::now() + FREEING);
                match &tried {
                    TryLock::Taken(lock) if lock.is_at(&folder.lock()) => {
                        orphan.end_rest();
                        let failure = recorded(folder, failure_of(why, order.time), |failure| {
                            status.clone().failed_with(failure.clone()).write(&folder.status())
                        });
                        return Ok(Progress::Ended(End::Failed(failure)));
                    }
                    TryLock::Busy(_) if Instant::now() < until => {}
                    _ => return Ok(Progress::Ended(End::Failed(failure_of(why, order.time)))),
                }
            } else {
                seen = stamp;
            }
            wait = match tried {
                // The folder was removed, and made anew perhaps: this lock is nobody's any more.
                TryLock::Taken(lock) if !lock.is_at(&folder.lock()) => return Ok(Progress::Freed),
                TryLock::Taken(lock) => break (lock, status),
                TryLock::Busy(again) => again,
            };
            // It was asked to stop before it was found out that somebody else runs it.
            if self.running.is_to_stop(key) && !orphan.stop(Stop::Requested) {
                return Ok(Progress::Ended(End::Failed(Failure::Stopped)));
            }
            orphan.mind(order.time);
            thread::park_timeout(LOOK);
        };
        let recorded = folder.recorded_attempts(status.as_ref()).map_err(|error| here(&error))?;
        // Before the lock is free again.
        orphan.end_rest();
        match Owner::read(&folder.lock()) {
            // The attempt that was waited for died without a record. One that had died before is no news.
            Some(owner) if owner.attempt > recorded && (ran_before || owner_before.as_ref() != Some(&owner)) => {
                let process = Process { usage: None, executable: owner.executable.as_deref() };
                let noted = || folder.is_stop_noted(owner.attempt).then_some(Stop::Requested);
                let why = orphan.stopped().or_else(noted).map_or(Failure::Lost, |why| failure_of(why, order.time));
                let failure = record(folder, owner.attempt, why, process, &lock);
                Ok(Progress::Ended(End::Failed(failure)))
            }
            _ => Ok(Progress::Freed),
        }
    }
}
