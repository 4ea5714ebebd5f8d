//! The folder of one run of an experiment: its record, its results, and links to its jobs.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::history;
use super::{
    Durability, FORMAT, JobLock, Owner, TryLock, WaitLock, Workspace, open_shareable, unstarted_of, write_atomic,
};
use crate::fault;
use crate::files;

/// `run.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    pub(crate) format: u32,
    pub(crate) experiment: String,
    pub(crate) run: String,
    /// `running`, `done`, `failed`, `interrupted` or `generated`.
    pub(crate) status: RunStatus,
    pub(crate) start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<String>,
    pub(crate) host: String,
    pub(crate) pid: u32,
    #[serde(default)]
    pub(crate) jobs: usize,
    #[serde(default)]
    pub(crate) failed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl RunRecord {
    /// The record of the run with this folder; `None` if there is none, it is damaged, or of a newer xpm.
    pub(crate) fn read(run: &Path) -> Option<Self> {
        let record: Self = serde_json::from_slice(&files::read(&run.join("run.json")).ok()?).ok()?;
        (record.format <= FORMAT).then_some(record)
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunStatus {
    Running,
    Done,
    Failed,
    Interrupted,
    /// It has written the folders of its jobs and started none.
    Generated,
}

/// The folder of a run, and the lock of its experiment: one run at a time.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    id: String,
    lock: Mutex<Option<JobLock>>,
    /// It is only spoken of: nothing is written.
    planned: bool,
    /// Held shared by every driver of the workspace.
    live: Mutex<Option<File>>,
}

/// What came of trying to begin a run.
#[derive(Debug)]
pub(crate) enum BeginRun {
    /// It has begun.
    Begun(RunFolder),
    /// The experiment is run by somebody else, if it can be told by whom.
    Busy(WaitLock, Option<Owner>),
}

impl RunFolder {
    /// Begins a run of the experiment, unless somebody else runs it.
    pub(crate) fn begin(workspace: &Workspace, experiment: &str) -> io::Result<BeginRun> {
        let folder = workspace.experiment(experiment);
        fault::point("make folder", &folder)?;
        fs::create_dir_all(&folder)?;
        let path = folder.join("lock");
        match JobLock::try_take_patiently(&path)? {
            TryLock::Taken(lock) => Self::create(workspace, experiment, lock).map(BeginRun::Begun),
            TryLock::Busy(wait) => Ok(BeginRun::Busy(wait, Owner::read(&path))),
        }
    }

    /// Makes the folder of a new run, named by the time; a second run within a second gets `.1` behind it, and so does one
    /// that begins after the clock was set back behind the newest run. The number of a run that was removed is not given
    /// again: the newest run always has the last name.
    pub(crate) fn create(workspace: &Workspace, experiment: &str, lock: JobLock) -> io::Result<Self> {
        let live = open_live(workspace)?;
        live.lock_shared()?;
        let experiment = workspace.experiment(experiment);
        Owner::this(0, crate::clock::timestamp()).write(lock.file())?;
        // Whole before it has its name: what a driver leaves that is killed in between is no run, and the next one goes on with it.
        let begun = experiment.join(".begun");
        for folder in ["results", "jobs"] {
            fault::point("make folder", &begun.join(folder))?;
            fs::create_dir_all(begun.join(folder))?;
        }
        let now = crate::clock::compact_timestamp();
        let newest = history::runs(&experiment)?.into_iter().next();
        let newest = newest.and_then(|(id, _)| history::order_of(&id)).filter(|(time, _)| *time >= now);
        let (time, mut number) = newest.map_or((now, 0), |(time, number)| (time, number.saturating_add(1)));
        let id = loop {
            let id = if number == 0 { time.clone() } else { format!("{time}.{number}") };
            match fs::symlink_metadata(experiment.join(&id)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => break id,
                Err(error) => return Err(error),
                Ok(_) => number += 1,
            }
        };
        let path = experiment.join(&id);
        fault::point("make folder of run", &experiment)?;
        fs::rename(&begun, &path)?;
        point_to(&experiment, "latest", Path::new(&id))?;
        Ok(Self { path, id, lock: Mutex::new(Some(lock)), live: Mutex::new(Some(live)), planned: false })
    }

    /// The folder that a run would have which began now. Nothing is made.
    pub(crate) fn planned(workspace: &Workspace, experiment: &str) -> Self {
        let id = crate::clock::compact_timestamp();
        let path = workspace.experiment(experiment).join(&id);
        Self { path, id, lock: Mutex::new(None), live: Mutex::new(None), planned: true }
    }

    /// No run: that of a driver which runs jobs of other runs again. Nothing is written.
    pub(crate) fn none(workspace: &Workspace) -> io::Result<Self> {
        let live = open_live(workspace)?;
        live.lock_shared()?;
        Ok(Self {
            path: PathBuf::new(),
            id: String::new(),
            lock: Mutex::new(None),
            live: Mutex::new(Some(live)),
            planned: true,
        })
    }

    /// Frees the experiment for another run, though handles of this one may live on.
    pub(crate) fn release(&self) {
        if let Some(lock) = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take() {
            lock.release();
        }
        self.leave();
    }

    /// This run's driver is not at work any more.
    fn leave(&self) {
        if let Some(live) = self.live.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // As in `JobLock::release`.
            let _ = live.unlock();
        }
    }

    /// Keeps other drivers from beginning, if there is none; until the file is closed. This run's own share is given up:
    /// it is over.
    pub(crate) fn alone(&self, workspace: &Workspace) -> io::Result<Option<File>> {
        self.leave();
        alone(workspace)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// `journal.jsonl`.
    pub(crate) fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.path.join("results")
    }

    /// Links to a job under `name`; if that is taken by another job, the job's own short id is put behind it. Gives the name
    /// that the link has.
    pub(crate) fn link_job(&self, name: &str, short_id: &str, target: &Path) -> io::Result<String> {
        if self.planned {
            return Ok(name.to_owned());
        }
        let jobs = self.path.join("jobs");
        // From <run>/jobs up to the workspace: the link stays right when the workspace is moved.
        let relative = target.ancestors().nth(3).and_then(|root| target.strip_prefix(root).ok());
        let target = relative.map_or_else(|| target.to_owned(), |inside| Path::new("../../../..").join(inside));
        fault::point("link job into", &jobs)?;
        match symlink(&target, jobs.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if fs::read_link(jobs.join(name)).is_ok_and(|there| there == target) {
                    return Ok(name.to_owned());
                }
                let name = format!("{name}_{short_id}");
                match symlink(&target, jobs.join(&name)) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                    _ => Ok(name),
                }
            }
            made => made.map(|()| name.to_owned()),
        }
    }

    /// Writes `unstarted.jsonl`.
    pub(crate) fn write_unstarted(&self, text: &[u8]) -> io::Result<()> {
        if self.planned {
            return Ok(());
        }
        write_atomic(&unstarted_of(&self.path), text, Durability::Lazy)
    }

    /// Writes `run.json`.
    pub(crate) fn write(&self, record: &RunRecord) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(record).map_err(io::Error::other)?;
        text.push(b'\n');
        write_atomic(&self.path.join("run.json"), &text, Durability::Lazy)
    }

    /// The record of a run that starts now.
    pub(crate) fn record(&self, experiment: &str) -> RunRecord {
        RunRecord {
            format: FORMAT,
            experiment: experiment.to_owned(),
            run: self.id.clone(),
            status: RunStatus::Running,
            start: crate::clock::timestamp(),
            end: None,
            host: crate::settings::host(),
            pid: std::process::id(),
            jobs: 0,
            failed: 0,
            error: None,
        }
    }
}

/// Keeps drivers from beginning in the workspace until the file is closed; `None` if there is one.
pub(crate) fn alone(workspace: &Workspace) -> io::Result<Option<File>> {
    let live = open_live(workspace)?;
    match live.try_lock() {
        Ok(()) => Ok(Some(live)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The file that drivers lock, shared, while they run.
fn open_live(workspace: &Workspace) -> io::Result<File> {
    open_shareable(&workspace.drivers())
}

/// Makes `folder/name` a link to `target`, in one step.
fn point_to(folder: &Path, name: &str, target: &Path) -> io::Result<()> {
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let _ = fs::remove_file(&temporary);
    fault::point("link", &folder.join(name))?;
    symlink(target, &temporary)?;
    fault::point("rename", &folder.join(name))?;
    fs::rename(&temporary, folder.join(name))
}
