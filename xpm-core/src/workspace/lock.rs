//! Locks. That of a job is held by the driver while it prepares the job, then by the job's process, until that is gone;
//! that of an experiment by its driver.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::Owner;
use crate::fault;
use crate::files;

/// How long somebody may have a lock who only asks whether it is held, on a machine that has much to do.
const PATIENCE: Duration = Duration::from_secs(1);

/// A lock, held. It is released when the last copy of its open file is closed, the driver's, or the one that the job's
/// process inherits; or for all copies at once when the job is over.
#[derive(Debug)]
pub(crate) struct JobLock(File);

/// A copy of the open file of a lock that a job's process has.
#[derive(Debug)]
pub(crate) struct LockRemote(File);

impl LockRemote {
    /// The lock itself, if it is still held, or has not been taken by somebody else since; and if it is that of the file which lies
    /// at `path`.
    pub(crate) fn take_back(&self, path: &Path) -> io::Result<Option<JobLock>> {
        match self.0.try_lock() {
            Ok(()) if is_at(&self.0, path) => self.0.try_clone().map(|file| Some(JobLock(file))),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether another file lies at `path` now: the folder was removed, and made anew by somebody.
    pub(crate) fn is_replaced(&self, path: &Path) -> bool {
        path.exists() && !is_at(&self.0, path)
    }

    /// Frees the lock, though what the process has left behind may have copies of its open file.
    pub(crate) fn free(self) {
        if fault::point("free", Path::new("lock")).is_ok() {
            free_for_all(&self.0);
        }
    }
}

/// Frees a lock for all copies of its open file.
pub(crate) fn free_for_all(lock: &File) {
    // Should it fail, it is free when the last copy is closed.
    let _ = lock.unlock();
}

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
            let file = files::open_to_lock(path)?;
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

    /// The same. Who only asks whether the lock is held has it for a moment too: that is waited for, unless the process that
    /// has said it owns the lock has it.
    pub(crate) fn try_take_patiently(path: &Path) -> io::Result<TryLock> {
        let end = Instant::now() + PATIENCE;
        loop {
            let taken = Self::try_take(path)?;
            let owned = || Owner::read(path).is_some_and(|owner| owner.may_live(path));
            if matches!(taken, TryLock::Taken(_)) || Instant::now() >= end || owned() {
                return Ok(taken);
            }
            drop(taken);
            thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// Whether somebody has the lock in the file `path`, or may have it: one that cannot be looked at counts as held, since whoever
    /// runs a job must not be taken for dead for want of a file descriptor.
    pub(crate) fn is_held(path: &Path) -> bool {
        Self::look(path).unwrap_or(true)
    }

    /// Whether somebody has the lock in the file `path`; nobody has one that is not there. Asking takes it, shared with others
    /// who ask, for a moment.
    pub(crate) fn look(path: &Path) -> io::Result<bool> {
        let file = match fault::point("look at", path).and_then(|()| files::open(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Gives the lock back at once. Closing the file does not always: a child that another thread is just starting has a copy
    /// of it until it executes its program.
    pub(crate) fn release(self) {
        // If it cannot be unlocked, it is closed.
        let _ = self.0.unlock();
    }

    /// Whether it is that of the file which lies at `path`.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        is_at(&self.0, path)
    }

    /// The open file, to write into who has the lock.
    pub(crate) fn file(&self) -> &File {
        &self.0
    }

    /// Another copy of the open file, which frees the lock when it is over with whoever has it.
    pub(crate) fn remote(&self) -> io::Result<LockRemote> {
        self.0.try_clone().map(LockRemote)
    }

    /// The open file, for a process to inherit: it holds the lock with no gap.
    pub(crate) fn into_file(self) -> File {
        self.0
    }
}

/// Opens a file that some lock shared and others alone, which is made if it does not exist. To read and to write: over NFS, a shared
/// lock is had only by who may read, and one alone only by who may write.
pub(crate) fn open_shareable(path: &Path) -> io::Result<File> {
    fault::point("open", path)?;
    files::open_with(path, OpenOptions::new().create(true).truncate(false).read(true).write(true))
}

/// Whether the open file is the one that lies at `path`.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

impl WaitLock {
    /// Takes the lock, if whoever had it is gone.
    pub(crate) fn try_again(self) -> io::Result<TryLock> {
        fault::point("lock again", Path::new("lock"))?;
        match self.0.try_lock() {
            Ok(()) => Ok(TryLock::Taken(JobLock(self.0))),
            Err(TryLockError::WouldBlock) => Ok(TryLock::Busy(self)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits until whoever has the lock is gone, then takes it.
    pub(crate) fn wait(self) -> io::Result<JobLock> {
        fault::point("wait for", Path::new("lock"))?;
        self.0.lock()?;
        Ok(JobLock(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn a_lock_that_cannot_be_looked_at_counts_as_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!JobLock::look(&path).unwrap() && !JobLock::is_held(&path), "it is not there");
        // Not even root opens it.
        std::os::unix::fs::symlink("lock", &path).unwrap();
        assert!(JobLock::look(&path).is_err() && JobLock::is_held(&path));
        std::fs::remove_file(&path).unwrap();
        let TryLock::Taken(lock) = JobLock::try_take(&path).unwrap() else { panic!("nobody has it") };
        assert!(JobLock::look(&path).unwrap());
        drop(lock);
        assert!(!JobLock::look(&path).unwrap());
    }

    #[test]
    fn who_has_a_copy_of_the_open_file_takes_the_lock_back_and_frees_it_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let take = || JobLock::try_take(&path).unwrap();
        let TryLock::Taken(lock) = take() else { panic!("nobody has it") };
        let remote = lock.remote().unwrap();
        let left_behind = lock.into_file();
        drop(remote.take_back(&path).unwrap().unwrap());
        assert!(JobLock::is_held(&path));
        remote.free();
        let TryLock::Taken(other) = take() else { panic!("it was freed for all") };
        assert!(LockRemote(left_behind).take_back(&path).unwrap().is_none(), "somebody else has it");
        // The file at the path is another one.
        let remote = other.remote().unwrap();
        std::fs::remove_file(&path).unwrap();
        let TryLock::Taken(_new) = take() else { panic!("it is a new one") };
        assert!(remote.take_back(&path).unwrap().is_none());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_is_locked_shared_and_alone_is_open_to_read_and_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let file = open_shareable(&folder.path().join("lock")).unwrap();
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        assert_eq!(i32::from_str_radix(flags.trim(), 8).unwrap() & libc::O_ACCMODE, libc::O_RDWR, "{info}");
    }

    #[test]
    fn who_only_asks_whether_a_lock_is_held_keeps_nobody_from_taking_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let shared = File::create(&path).unwrap();
        shared.lock_shared().unwrap();
        assert!(matches!(JobLock::try_take(&path).unwrap(), TryLock::Busy(_)));
        thread::scope(|scope| {
            let taker = scope.spawn(|| JobLock::try_take_patiently(&path).unwrap());
            shared.unlock().unwrap();
            assert!(matches!(taker.join().unwrap(), TryLock::Taken(_)));
        });
        // A process that says that it has the lock, and has it, is not waited for.
        let TryLock::Taken(lock) = JobLock::try_take(&path).unwrap() else { panic!("it is free") };
        Owner::this(1, crate::clock::timestamp()).write(lock.file()).unwrap();
        let began = Instant::now();
        assert!(matches!(JobLock::try_take_patiently(&path).unwrap(), TryLock::Busy(_)));
        assert!(began.elapsed() < PATIENCE);
    }
}
