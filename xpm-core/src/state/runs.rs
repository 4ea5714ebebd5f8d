//! The runs of experiments and the jobs that each refers to.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::status::{Process, RunState};
use crate::ids::JobKey;
use crate::workspace::{FORMAT, JobLock, Owner, RunRecord, RunStatus, Workspace, history};

/// An experiment and the places of its runs, oldest first.
#[derive(Debug)]
pub(super) struct Experiment {
    pub(super) id: String,
    pub(super) runs: Range<usize>,
    pub(super) driver: Option<Process>,
}

/// A run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) experiment: String,
    pub(super) id: String,
    pub(super) path: PathBuf,
    pub(super) state: RunState,
    /// `run.json`, or what is wrong with it.
    pub(super) record: Result<RunRecord, String>,
    /// The places of its jobs, in order of submission.
    pub(super) jobs: Vec<u32>,
}

/// Every experiment and run, without their jobs.
pub(super) fn read(workspace: &Workspace) -> (Vec<Experiment>, Vec<Run>) {
    let (mut experiments, mut runs) = (Vec::new(), Vec::new());
    for id in folders(&workspace.path().join("experiments")).unwrap_or_default() {
        let folder = workspace.experiment(&id);
        let lock = folder.join("lock");
        let lives = JobLock::is_held(&lock);
        let driver = if lives { Owner::read(&lock).map(|owner| Process::of(&owner)) } else { None };
        // Other folders that somebody has made there are no runs.
        let mut names = history::runs(&folder).unwrap_or_default();
        names.reverse();
        let begin = runs.len();
        let last = names.len().saturating_sub(1);
        for (place, (name, path)) in names.into_iter().enumerate() {
            let record = read_record(&path);
            // Only the newest can be the one that the lock is held for.
            let state = match &record {
                Ok(record) => match record.status {
                    RunStatus::Running if lives && place == last => RunState::Running,
                    RunStatus::Running => RunState::Dead,
                    RunStatus::Done => RunState::Done,
                    RunStatus::Failed => RunState::Failed,
                    RunStatus::Interrupted => RunState::Interrupted,
                    RunStatus::Generated => RunState::Generated,
                },
                // It is made before its record is written.
                Err(_) if lives && place == last && !path.join("run.json").exists() => RunState::Running,
                Err(_) => RunState::Unreadable,
            };
            runs.push(Run { experiment: id.clone(), id: name, path, state, record, jobs: Vec::new() });
        }
        experiments.push(Experiment { id, runs: begin..runs.len(), driver });
    }
    (experiments, runs)
}

/// The names of the folders in `path`, links and hidden ones left out, in order.
fn folders(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Some(name) = entry.file_name().to_str()
            && !name.starts_with('.')
        {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn read_record(run: &Path) -> Result<RunRecord, String> {
    let path = run.join("run.json");
    let text = crate::files::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    match serde_json::from_slice::<RunRecord>(&text) {
        Ok(record) if record.format <= FORMAT => Ok(record),
        Ok(_) | Err(_) => Err(match crate::workspace::newer_format(&text) {
            Some(found) => {
                format!("{} has format {found}, and this xpm knows formats up to {FORMAT}", path.display())
            }
            None => format!("{} is damaged", path.display()),
        }),
    }
}

/// The jobs that a run has links to: what is known of a run without a journal.
pub(super) fn linked_jobs(run: &Path) -> Vec<JobKey> {
    let entries = fs::read_dir(run.join("jobs")).into_iter().flatten().flatten();
    let keys = entries.filter_map(|entry| job_of_path(&fs::read_link(entry.path()).ok()?));
    keys.collect()
}

/// The job whose folder this is: `…/jobs/<task>/<identity>`.
pub(crate) fn job_of_path(path: &Path) -> Option<JobKey> {
    let identity = path.file_name()?.to_str()?.parse().ok()?;
    let task = path.parent()?;
    let name = task.file_name()?.to_str()?.into();
    (task.parent()?.file_name()? == "jobs").then_some(JobKey { task: name, identity })
}
