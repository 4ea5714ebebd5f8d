//! The folder of a job: its files by name, and how an earlier attempt is put aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Durability, Failure, JobLock, Owner, Status, StatusError, TryLock, write_atomic};
use crate::fault;
use crate::ids::JobKey;

/// The folder of a job.
#[derive(Clone, Debug)]
pub struct JobFolder {
    path: PathBuf,
    key: JobKey,
}

/// The names in a job's folder that are xpm's own.
const OWN: [&str; 5] = ["params.json", "status.json", "stdout.log", "stderr.log", ".xpm"];

impl JobFolder {
    pub(crate) fn new(path: PathBuf, key: JobKey) -> Self {
        Self { path, key }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The job.
    pub fn key(&self) -> &JobKey {
        &self.key
    }

    /// `params.json`: the arguments.
    pub fn params(&self) -> PathBuf {
        self.path.join("params.json")
    }

    /// `status.json`: the terminal record.
    pub fn status(&self) -> PathBuf {
        self.path.join("status.json")
    }

    /// `stdout.log`.
    pub fn stdout(&self) -> PathBuf {
        self.path.join("stdout.log")
    }

    /// `stderr.log`.
    pub fn stderr(&self) -> PathBuf {
        self.path.join("stderr.log")
    }

    /// The job's lock; whoever runs the job writes into it who that is.
    pub(crate) fn lock(&self) -> PathBuf {
        self.own().join("lock")
    }

    /// The metrics that the task wrote.
    pub(crate) fn metrics(&self) -> PathBuf {
        self.own().join("metrics.jsonl")
    }

    /// How far the task is.
    pub(crate) fn progress(&self) -> PathBuf {
        self.own().join("progress.json")
    }

    /// What the task emitted while it ran.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.own().join("outputs.jsonl")
    }

    /// Held shared by the processes of jobs that read the files of this one, if these are to be removed one day.
    pub(crate) fn readers(&self) -> PathBuf {
        self.own().join("readers")
    }

    /// The terminal record of a transient job whose files are removed.
    pub(crate) fn retired(&self) -> PathBuf {
        self.own().join("retired.json")
    }

    /// Marks that the files of the folder are those of another one too: `migrate` has linked them.
    pub(crate) fn shared(&self) -> PathBuf {
        self.own().join("shared")
    }

    /// Notes that somebody has asked for the end of an attempt, other than its driver, which need not try it again then.
    pub(crate) fn note_stop(&self, attempt: u32) -> io::Result<()> {
        write_atomic(&self.own().join("stop"), attempt.to_string().as_bytes(), Durability::Lazy)
    }

    /// Whether that was noted of this attempt.
    pub(crate) fn is_stop_noted(&self, attempt: u32) -> bool {
        fs::read_to_string(self.own().join("stop")).is_ok_and(|text| text.trim().parse() == Ok(attempt))
    }

    /// What only xpm reads.
    pub(crate) fn own(&self) -> PathBuf {
        self.path.join(".xpm")
    }

    /// Makes the folder; says whether it is new, and so empty.
    pub(crate) fn create(&self) -> io::Result<bool> {
        fault::point("make folder", &self.path)?;
        let new = match fs::create_dir(&self.path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(_) => {
                fs::create_dir_all(&self.path)?;
                false
            }
        };
        fault::point("make folder", &self.own())?;
        match fs::create_dir(self.own()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            made => Ok(new && made.is_ok()),
        }
    }

    /// Makes the folder and takes its lock; says whether the folder is new. Somebody who removes the job may do so in
    /// between: then both are done again.
    pub(crate) fn create_and_lock(&self) -> io::Result<(bool, TryLock)> {
        let mut left = 100;
        loop {
            let made = self.create().and_then(|new| Ok((new, JobLock::try_take(&self.lock())?)));
            match made {
                Err(error) if error.kind() == io::ErrorKind::NotFound && left > 0 => left -= 1,
                made => return made,
            }
        }
    }

    /// Whether somebody runs the job who has said who that is.
    pub(crate) fn is_running(&self) -> bool {
        Owner::read(&self.lock()).is_some_and(|owner| owner.may_live(&self.lock())) && JobLock::is_held(&self.lock())
    }

    /// The terminal record; `None` if there is none.
    pub(crate) fn read_status(&self) -> Result<Option<Status>, StatusError> {
        Status::read(&self.status(), &self.key)
    }

    /// The terminal record of an earlier attempt that was put aside.
    pub(crate) fn read_status_aside(&self, attempt: u32) -> Result<Option<Status>, StatusError> {
        Status::read(&self.own().join("attempts").join(attempt.to_string()).join("status.json"), &self.key)
    }

    /// Why the attempts that were put aside failed, as far as their records are kept: number and failure, oldest first.
    pub(crate) fn earlier_failures(&self) -> Vec<(u32, Failure)> {
        let attempts = fs::read_dir(self.own().join("attempts")).into_iter().flatten().flatten();
        let failure = |entry: fs::DirEntry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let status = self.read_status_aside(number).ok()??;
            Some((number, status.result().err()?.clone()))
        };
        let mut failures: Vec<(u32, Failure)> = attempts.filter_map(failure).collect();
        failures.sort_by_key(|(number, _)| *number);
        failures
    }

    /// Puts everything that attempt number `attempt` left aside, so that the next one starts with an empty folder:
    /// its logs, its record and its files go to `.xpm/attempts/<attempt>`. Of earlier attempts only the records and
    /// logs are kept. With `keep_files` the job's own files stay where they are, for a task that resumes. To be called with
    /// the lock held.
    pub(crate) fn put_attempt_aside(&self, attempt: u32, keep_files: bool) -> io::Result<()> {
        // A task that went on with files that are also another job's would write into that one's results.
        let keep_files = keep_files && !self.shared().exists();
        let attempts = self.own().join("attempts");
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let own = OWN.iter().any(|own| name == *own);
            if name != ".xpm" && name != "params.json" && (own || !keep_files) {
                entries.push(name);
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        let aside = attempts.join(attempt.to_string());
        fault::point("make folder of attempts in", &self.path)?;
        fs::create_dir_all(&aside)?;
        if !keep_files {
            // Another attempt begins its time series and outputs anew.
            for path in [self.metrics(), self.progress(), self.outputs()] {
                fault::point("put aside", &path)?;
                match fs::rename(&path, aside.join(path.file_name().unwrap_or_default())) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        // The record goes last: while it stands, the folder says what happened.
        entries.sort_by_key(|name| name == "status.json");
        for name in entries {
            fault::point("put aside", &self.path.join(&name))?;
            fs::rename(self.path.join(&name), aside.join(&name))?;
        }
        if self.shared().exists() {
            fault::point("remove", &self.shared())?;
            fs::remove_file(self.shared())?;
        }
        if attempt > 1 {
            let before = attempts.join((attempt - 1).to_string());
            if before.is_dir() {
                for entry in fs::read_dir(&before)? {
                    let entry = entry?;
                    if !OWN.iter().any(|own| entry.file_name() == *own) {
                        fault::point("remove of an earlier attempt", &before)?;
                        remove(&entry.path())?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes the record of a done job away, before its files are removed. To be called with the lock held.
    pub(crate) fn retire(&self) -> io::Result<()> {
        fault::point("retire", &self.status())?;
        fs::rename(self.status(), self.retired())
    }

    /// Whether the record was taken away, and no attempt has begun since.
    pub(crate) fn is_retired(&self) -> bool {
        !self.status().exists()
            && Status::read(&self.retired(), &self.key).is_ok_and(|status| {
                status.is_some_and(
                    |status| matches!(self.last_attempt(Some(&status)), Ok(last) if last == status.attempt),
                )
            })
    }

    /// Whether there are files that [`remove_files`](Self::remove_files) removes.
    pub(crate) fn has_files(&self) -> bool {
        let mut entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        entries.any(|entry| !OWN.iter().any(|own| entry.file_name() == *own))
    }

    /// Removes everything but what xpm keeps for people: arguments and logs. To be called with the lock held, of a job
    /// that has no record.
    pub(crate) fn remove_files(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if !OWN.iter().any(|own| entry.file_name() == *own) {
                fault::point("remove", &entry.path())?;
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// The number of the last attempt that has begun, from what lies in the folder; 0 before the first.
    ///
    /// # Errors
    /// As [`recorded_attempts`](Self::recorded_attempts).
    pub(crate) fn last_attempt(&self, status: Option<&Status>) -> io::Result<u32> {
        let recorded = self.recorded_attempts(status)?;
        let owner = Owner::read(&self.lock()).map_or(0, |owner| owner.attempt);
        // A process that died before it could say who it is has left its logs.
        let logs = status.is_none() && owner <= recorded && (self.stdout().exists() || self.stderr().exists());
        Ok(recorded.max(owner) + u32::from(logs))
    }

    /// The number of the last attempt of which the end is recorded, or which was put aside.
    ///
    /// # Errors
    /// If it cannot be told which attempts were put aside: one that is taken for none would be written over.
    pub(crate) fn recorded_attempts(&self, status: Option<&Status>) -> io::Result<u32> {
        let attempts = self.own().join("attempts");
        let mut last = status.map_or(0, |status| status.attempt);
        match fault::point("read", &attempts).and_then(|()| fs::read_dir(&attempts)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            entries => {
                for entry in entries? {
                    let number = entry?.file_name().to_str().and_then(|name| name.parse().ok());
                    last = last.max(number.unwrap_or(0));
                }
            }
        }
        Ok(last)
    }

    /// [`recorded_attempts`](Self::recorded_attempts), for who only looks: what cannot be read is none.
    pub(crate) fn seen_attempts(&self, status: Option<&Status>) -> u32 {
        self.recorded_attempts(status).unwrap_or(0)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_folder_that_is_removed_while_it_is_made_is_made_again() {
        let temp = tempfile::tempdir().unwrap();
        let key = JobKey { task: "t".into(), identity: "3f".repeat(32).parse().unwrap() };
        let folder = JobFolder::new(temp.path().join("t").join("job"), key);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // As `remove` does it, though without the lock.
                while !over.load(Ordering::Relaxed) {
                    let aside = temp.path().join("aside");
                    if fs::rename(folder.path(), &aside).is_ok() {
                        fs::remove_dir_all(&aside).unwrap();
                    }
                    let _ = fs::remove_dir(temp.path().join("t"));
                }
            });
            let made = (0..300).map(|_| folder.create_and_lock().map(drop)).collect::<io::Result<Vec<()>>>();
            over.store(true, Ordering::Relaxed);
            made.unwrap();
        });
        // What can never be made is said.
        let _ = fs::remove_dir_all(temp.path().join("t"));
        fs::create_dir_all(folder.path()).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.own()).unwrap();
        assert_eq!(folder.create_and_lock().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn earlier_attempts_that_cannot_be_seen_are_not_none() {
        let dir = tempfile::tempdir().unwrap();
        let key = JobKey { task: "t".into(), identity: "3f".repeat(32).parse().unwrap() };
        let folder = JobFolder::new(dir.path().join("job"), key);
        assert_eq!(folder.last_attempt(None).unwrap(), 0);
        folder.create().unwrap();
        let attempts = folder.own().join("attempts");
        fs::create_dir_all(attempts.join("3")).unwrap();
        assert_eq!(folder.last_attempt(None).unwrap(), 3);
        fs::remove_dir_all(&attempts).unwrap();
        // Not even root reads this one.
        std::os::unix::fs::symlink("attempts", &attempts).unwrap();
        assert!(folder.last_attempt(None).is_err() && folder.recorded_attempts(None).is_err());
        assert_eq!(folder.seen_attempts(None), 0);
    }
}
