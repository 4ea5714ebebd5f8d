//! Removes the folders of jobs.
//!
//! A job is removed only as it was when it was chosen: what is recorded of it is read again under its lock. A job that runs, or
//! waits to be run, is left alone, and so is what it reads. While folders go, no driver begins, unless there is one already.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault;
use crate::ids::JobKey;
use crate::state::{JobInfo, Snapshot, Workspace};
use crate::workspace::{JobFolder, JobLock, Owner, TryLock, alone, in_use};

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
    /// It waits in a run that is alive. What earlier attempts have left there is what a resumable one goes on from.
    #[error("{0} is left alone: it waits, and a run that is going on will run it")]
    Waiting(JobKey),
    /// It is not as it was when it was chosen: somebody has run it since.
    #[error("{job} is not as it was when it was chosen ({was}): it is {now} now, and left alone; look again")]
    Changed {
        /// The job.
        job: JobKey,
        /// How it stood.
        was: String,
        /// How it stands.
        now: String,
    },
    /// Another job reads its files.
    #[error("{job} is left alone: {}", match by { Some(by) => format!("{}/{} depends on it, and runs or waits", by.task, by.identity.short()), None => "a job that runs reads its files".to_owned() })]
    InUse {
        /// The job.
        job: JobKey,
        /// Who reads it, if that is known.
        by: Option<JobKey>,
    },
    /// What a driver that runs is about to refer to cannot be told.
    #[error("an experiment or a retry runs in {}, and may be about to refer to these jobs: wait until it is over", .0.display())]
    Driver(PathBuf),
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

/// Removes jobs' folders.
#[derive(Debug)]
pub struct Remover {
    /// What is read, and by whom.
    readers: HashMap<JobKey, JobKey>,
    /// Drivers do not begin while this is there.
    _alone: Option<File>,
}

impl Remover {
    /// For jobs that were chosen from this snapshot. What runs now, or waits in a run that is alive, stays, with the jobs that
    /// it depends on.
    pub fn new(workspace: &Workspace, snapshot: &Snapshot) -> Self {
        // First this: from then on no job begins that was not seen.
        let alone = alone(workspace.layout()).ok().flatten();
        Self::with(workspace, snapshot, alone)
    }

    /// The same, for jobs that no run refers to: while a driver runs, that cannot be told. To be made before the snapshot from
    /// which they are chosen.
    ///
    /// # Errors
    /// If a driver runs, or it cannot be told whether one does.
    pub fn alone(workspace: &Workspace) -> Result<(Self, Snapshot), RemoveError> {
        let layout = workspace.layout();
        let alone = alone(layout).map_err(|source| RemoveError::Io { path: layout.drivers(), source })?;
        let alone = alone.ok_or_else(|| RemoveError::Driver(layout.path().to_owned()))?;
        let snapshot = workspace.snapshot();
        Ok((Self::with(workspace, &snapshot, Some(alone)), snapshot))
    }

    fn with(workspace: &Workspace, snapshot: &Snapshot, alone: Option<File>) -> Self {
        let mut readers = in_use(workspace.layout());
        let wait = |job: &JobInfo| matches!(job.state_name(), "waiting" | "starting");
        let mut open: Vec<(JobInfo, JobKey)> =
            snapshot.all_jobs().into_iter().filter(wait).map(|job| (job.clone(), job.key())).collect();
        while let Some((job, by)) = open.pop() {
            for above in job.dependencies() {
                let other = snapshot.get(&above);
                readers.entry(above).or_insert_with(|| {
                    open.extend(other.map(|job| (job, by.clone())));
                    by.clone()
                });
            }
        }
        Self { readers, _alone: alone }
    }

    /// Whether a job may be removed, as far as can be told without taking its lock: for the same reasons as
    /// [`remove`](Self::remove), and changes nothing.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, job: &JobInfo) -> Result<(), RemoveError> {
        self.check_readers(job)?;
        let folder = job.folder();
        check_place(&folder)?;
        check_waiting(job)?;
        if JobLock::look(&folder.lock()).map_err(|source| trouble(&folder, source))? {
            return Err(running(&folder));
        }
        check_record(job, &folder)?;
        let trash = job.workdir().join(TRASH);
        if trash.is_symlink() { Err(RemoveError::Link(trash)) } else { Ok(()) }
    }

    fn check_readers(&self, job: &JobInfo) -> Result<(), RemoveError> {
        match self.readers.get(&job.key()) {
            Some(by) => Err(RemoveError::InUse { job: job.key(), by: Some(by.clone()) }),
            None => Ok(()),
        }
    }

    /// Removes the folder of a job, with all that it holds. It is out of the way in one step: nobody ever sees half of it.
    ///
    /// # Errors
    /// If the job runs or waits, is read by one that does, has been run since it was chosen, or its folder is a link or cannot be
    /// removed.
    pub fn remove(&self, job: &JobInfo) -> Result<(), RemoveError> {
        self.check_readers(job)?;
        let folder = job.folder();
        let (path, own) = (folder.path(), folder.own());
        let io = |source| trouble(&folder, source);
        check_place(&folder)?;
        check_waiting(job)?;
        // Never the folders above: what has gone in the meantime is not made anew.
        fault::point("make folder", &own).map_err(io)?;
        match fs::create_dir(&own) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io(error)),
            _ => {}
        }
        let _lock = match JobLock::try_take_patiently(&folder.lock()).map_err(io)? {
            TryLock::Taken(lock) => lock,
            TryLock::Busy(_) => return Err(running(&folder)),
        };
        check_record(job, &folder)?;
        let trash = job.workdir().join(TRASH);
        let aside = match put_in(&trash, path, &job.identity().to_string()) {
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(RemoveError::Link(trash)),
            aside => aside.map_err(io)?,
        };
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
}

/// Why something of a job's folder could not be done.
fn trouble(folder: &JobFolder, source: io::Error) -> RemoveError {
    match source.kind() {
        // A job that was not started has none; or somebody else removes it at the same time.
        io::ErrorKind::NotFound if !folder.path().exists() => RemoveError::NoFolder(folder.key().clone()),
        _ => RemoveError::Io { path: folder.path().to_owned(), source },
    }
}

/// Whether the folder of a job is there, and no link.
fn check_place(folder: &JobFolder) -> Result<(), RemoveError> {
    let path = folder.path();
    let io = |source| trouble(folder, source);
    let is_folder = fs::symlink_metadata(path).map_err(io)?.is_dir();
    // The folders above it may be links too, and `.xpm`, where the lock is.
    if !is_folder || path.canonicalize().map_err(io)? != path || folder.own().is_symlink() {
        return Err(RemoveError::Link(path.to_owned()));
    }
    Ok(())
}

/// Whether no run that was alive when the job was chosen is about to run it: the lock of one that waits is free.
fn check_waiting(job: &JobInfo) -> Result<(), RemoveError> {
    if job.state_name() == "waiting" { Err(RemoveError::Waiting(job.key())) } else { Ok(()) }
}

/// Somebody has the lock.
fn running(folder: &JobFolder) -> RemoveError {
    let owner = Owner::read(&folder.lock()).filter(|owner| owner.may_live(&folder.lock()));
    RemoveError::Running { job: folder.key().clone(), by: owner.map(|owner| owner.name()) }
}

/// Whether a job is as it was when it was chosen, and nobody reads its files.
fn check_record(job: &JobInfo, folder: &JobFolder) -> Result<(), RemoveError> {
    let now = folder.read_status();
    if !job.is_recorded_as(&now) {
        let now = match &now {
            Ok(Some(status)) if status.is_done() => format!("done, attempt {}", status.attempt),
            Ok(Some(status)) => format!("failed, attempt {}", status.attempt),
            Ok(None) => "without a record".to_owned(),
            Err(_) => "unreadable".to_owned(),
        };
        let was = format!("{}, attempt {}", job.state_name(), job.attempt());
        return Err(RemoveError::Changed { job: job.key(), was, now });
    }
    let readers = folder.readers();
    if readers.exists() && JobLock::is_held(&readers) {
        return Err(RemoveError::InUse { job: job.key(), by: None });
    }
    Ok(())
}

/// Puts a folder into the trash; gives where it lies there. Another one may take the trash away when it is empty.
fn put_in(trash: &Path, path: &Path, name: &str) -> io::Result<PathBuf> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let aside = trash.join(format!("{name}.{}-{number}", std::process::id()));
    loop {
        match fs::create_dir(trash) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ if trash.is_symlink() => return Err(io::ErrorKind::NotADirectory.into()),
            _ => {}
        }
        fault::point("rename", path)?;
        match fs::rename(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => {}
            renamed => return renamed.map(|()| aside),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Failure, Status, Workspace as Layout};

    /// A workspace with a job that has failed.
    fn with_failed() -> (tempfile::TempDir, Workspace, JobKey) {
        let temp = tempfile::tempdir().unwrap();
        let layout = Layout::open_or_create(&temp.path().canonicalize().unwrap().join("work")).unwrap();
        let key = JobKey { task: "t".into(), identity: "3f".repeat(32).parse().unwrap() };
        layout.job(&key).create().unwrap();
        let workspace = Workspace::open(layout.path()).unwrap();
        record(&workspace, &key, 1, Err(Failure::Lost));
        (temp, workspace, key)
    }

    fn record(workspace: &Workspace, key: &JobKey, attempt: u32, result: Result<i32, Failure>) {
        let result = result.map(|value| serde_json::value::to_raw_value(&value).unwrap());
        let folder = workspace.layout().job(key);
        Status::new(key.clone(), attempt, result).write(&folder.status()).unwrap();
    }

    /// Why a job is not removed, which is the same for who only asks.
    #[track_caller]
    fn refused(remover: &Remover, job: &JobInfo) -> String {
        let why = remover.check(job).unwrap_err().to_string();
        assert_eq!(remover.remove(job).unwrap_err().to_string(), why);
        why
    }

    #[test]
    fn what_runs_and_what_is_a_link_stays() {
        let (_temp, workspace, key) = with_failed();
        let snapshot = workspace.snapshot();
        let (job, folder) = (snapshot.get(&key).unwrap(), workspace.layout().job(&key));
        let remover = Remover::new(&workspace, &snapshot);
        let TryLock::Taken(lock) = JobLock::try_take(&folder.lock()).unwrap() else { panic!("it is free") };
        assert!(refused(&remover, &job).contains("runs (it is being started); stop it first"));
        lock.release();
        let trash = workspace.path().join(TRASH);
        std::os::unix::fs::symlink("/nowhere", &trash).unwrap();
        assert!(refused(&remover, &job).contains(".trash is not a folder of this workspace but a link"));
        fs::remove_file(&trash).unwrap();
        let (task, aside) = (folder.path().parent().unwrap(), workspace.path().join("aside"));
        fs::rename(task, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, task).unwrap();
        assert!(refused(&remover, &job).contains("is not a folder of this workspace but a link"));
        fs::remove_file(task).unwrap();
        fs::rename(&aside, task).unwrap();
        remover.check(&job).unwrap();
        assert!(folder.path().exists() && !trash.exists());
        remover.remove(&job).unwrap();
    }

    #[test]
    fn a_job_that_was_run_again_since_it_was_chosen_stays() {
        let (_temp, workspace, key) = with_failed();
        let snapshot = workspace.snapshot();
        let job = snapshot.get(&key).unwrap();
        record(&workspace, &key, 2, Ok(1));
        let remover = Remover::new(&workspace, &snapshot);
        let error = refused(&remover, &job);
        let expected =
            "is not as it was when it was chosen (failed, attempt 1): it is done, attempt 2 now, and left alone";
        assert!(error.contains(expected), "{error}");
        assert!(workspace.layout().job(&key).status().exists());
        // Also where it has come to the same end again.
        record(&workspace, &key, 2, Err(Failure::Lost));
        assert!(refused(&remover, &job).contains("it is failed, attempt 2 now"));
        let snapshot = workspace.snapshot();
        remover.remove(&snapshot.get(&key).unwrap()).unwrap();
        assert!(!workspace.layout().job(&key).path().exists() && !workspace.path().join(".trash").exists());
        // Another one was faster.
        let error = refused(&remover, &snapshot.get(&key).unwrap());
        assert!(error.contains("has no folder"), "{error}");
        assert!(!workspace.path().join("jobs/t").exists());
    }

    #[test]
    fn a_job_of_which_files_are_read_stays() {
        let (_temp, workspace, key) = with_failed();
        let snapshot = workspace.snapshot();
        let readers = workspace.layout().job(&key).readers();
        let TryLock::Taken(reader) = JobLock::try_take(&readers).unwrap() else { panic!("it is free") };
        let job = snapshot.get(&key).unwrap();
        let error = refused(&Remover::new(&workspace, &snapshot), &job);
        assert!(error.ends_with("is left alone: a job that runs reads its files"), "{error}");
        drop(reader);
        Remover::new(&workspace, &snapshot).remove(&job).unwrap();
    }

    #[test]
    fn drivers_do_not_begin_while_folders_go_and_orphans_are_told_without_any() {
        let (_temp, workspace, _key) = with_failed();
        let (remover, snapshot) = Remover::alone(&workspace).unwrap();
        assert_eq!(snapshot.orphans().len(), 1);
        let error = Remover::alone(&workspace).unwrap_err().to_string();
        assert!(
            error.contains("an experiment or a retry runs in") && error.ends_with("wait until it is over"),
            "{error}"
        );
        drop(remover);
        Remover::alone(&workspace).unwrap();
    }
}
