//! Locks. That of a job is held by the driver while it prepares the job, then by the job's process, until that is gone;
//! that of an experiment by its driver.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::fault;

/// A lock, held. It is released when the last copy of its open file is closed: the driver's, or the one that the job's
/// process inherits.
#[derive(Debug)]
pub(crate) struct JobLock(File);

/// What came of trying to take a lock.
#[derive(Debug)]
pub(crate) enum TryLock {
    /// It is ours.
    Taken(JobLock),
    /// Somebody else has it; the open file is what one waits on.
    Busy(WaitLock),
}

/// A lock that somebody else has.
#[derive(Debug)]
pub(crate) struct WaitLock(File);

impl JobLock {
    /// Takes the lock in the file `path`, which is made if it does not exist, unless somebody has it.
    pub(crate) fn try_take(path: &Path) -> io::Result<TryLock> {
        loop {
            fault::point("open", path)?;
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            fault::point("lock", path)?;
            match file.try_lock() {
                // The folder may have been removed since the file was opened, and made anew: then this is another lock.
                Ok(()) if !is_at(&file, path) => {}
                Ok(()) => return Ok(TryLock::Taken(Self(file))),
                Err(TryLockError::WouldBlock) => return Ok(TryLock::Busy(WaitLock(file))),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Whether somebody has the lock in the file `path`. Asking takes it, shared with others who ask, for a moment.
    pub(crate) fn is_held(path: &Path) -> bool {
        let Ok(file) = File::open(path) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// The open file, to write into who has the lock.
    pub(crate) fn file(&self) -> &File {
        &self.0
    }

    /// The open file, for a process to inherit: it holds the lock with no gap.
    pub(crate) fn into_file(self) -> File {
        self.0
    }
}

/// Whether the open file is the one that lies at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

impl WaitLock {
    /// Takes the lock, if whoever had it is gone.
    pub(crate) fn try_again(self) -> io::Result<TryLock> {
        match self.0.try_lock() {
            Ok(()) => Ok(TryLock::Taken(JobLock(self.0))),
            Err(TryLockError::WouldBlock) => Ok(TryLock::Busy(self)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits until whoever has the lock is gone, then takes it.
    pub(crate) fn wait(self) -> io::Result<JobLock> {
        self.0.lock()?;
        Ok(JobLock(self.0))
    }
}
