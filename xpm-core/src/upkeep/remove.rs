//! Removes the folder of a job.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault;
use crate::ids::JobKey;
use crate::state::{JobInfo, Workspace};
use crate::workspace::{JobLock, Owner, TryLock};

/// Where folders lie while they are removed.
pub(super) const TRASH: &str = ".trash";

/// Why a job's folder was not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// Somebody has its lock.
    #[error("{job} runs ({}); stop it first: xpm kill {}", by.as_deref().unwrap_or("it is being started"), job.identity.short())]
    Running {
        /// The job.
        job: JobKey,
        /// Who runs it.
        by: Option<String>,
    },
    /// It has no folder.
    #[error("{0} has no folder")]
    NoFolder(JobKey),
    /// Its folder is not where it should be: a link leads out of the workspace.
    #[error("{} is not a folder of this workspace but a link, perhaps out of it: it is left alone", .0.display())]
    Link(PathBuf),
    /// A file cannot be removed.
    #[error("{} cannot be removed", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Removes the folder of a job, with all that it holds. It is out of the way in one step: nobody ever sees half of it.
///
/// # Errors
/// If the job runs, or its folder is a link, or cannot be removed.
pub fn remove(job: &JobInfo) -> Result<(), RemoveError> {
    let folder = job.folder();
    let path = folder.path();
    let io = |source| RemoveError::Io { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(RemoveError::Link(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RemoveError::NoFolder(job.key())),
        Err(error) => return Err(io(error)),
    }
    // The folders above it may be links too, and `.xpm`, where the lock is.
    let own = path.join(".xpm");
    if path.canonicalize().map_err(io)? != path || own.is_symlink() {
        return Err(RemoveError::Link(path.to_owned()));
    }
    fault::point("make folder", &own).and_then(|()| fs::create_dir_all(&own)).map_err(io)?;
    let _lock = match JobLock::try_take(&folder.lock()).map_err(io)? {
        TryLock::Taken(lock) => lock,
        TryLock::Busy(_) => {
            let by = Owner::read(&folder.lock()).filter(Owner::may_live).map(|owner| owner.name());
            return Err(RemoveError::Running { job: job.key(), by });
        }
    };
    let trash = job.workdir().join(TRASH);
    match fs::create_dir(&trash) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io(error)),
        _ if trash.is_symlink() => return Err(RemoveError::Link(trash)),
        _ => {}
    }
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let aside = trash.join(format!("{}.{}-{number}", job.identity(), std::process::id()));
    fault::point("rename", path).and_then(|()| fs::rename(path, &aside)).map_err(io)?;
    // Links inside are removed, not followed.
    fault::point("remove", &aside)
        .and_then(|()| fs::remove_dir_all(&aside))
        .map_err(|source| RemoveError::Io { path: aside.clone(), source })?;
    // The last one takes the trash away, and the folder of a task that has no more jobs.
    let _ = fs::remove_dir(&trash);
    if let Some(task) = path.parent() {
        let _ = fs::remove_dir(task);
    }
    Ok(())
}

/// How much the folder of a job takes, in bytes; links are not followed.
pub fn size(job: &JobInfo) -> u64 {
    size_of(&job.path())
}

fn size_of(path: &Path) -> u64 {
    let mut total = 0;
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => total += metadata.len(),
                Err(_) => {}
            }
        }
    }
    total
}

/// What was put in the trash and not removed, since whoever did it was killed.
pub(super) fn left_in_trash(workspace: &Workspace) -> Vec<PathBuf> {
    let trash = workspace.path().join(TRASH);
    if trash.is_symlink() {
        return Vec::new();
    }
    fs::read_dir(trash).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
