//! Looks for what is damaged, dead or left behind in a workspace, and mends what can be.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fault;
use crate::state::{JobInfo, JobStatus, RunState, Snapshot, Workspace};
use crate::workspace::{
    Durability, Failure, JobLock, MIGRATING, Owner, RunStatus, Status, TokenFile, TryLock, write_atomic,
};

/// Something that is not as it should be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong, and what to do or what mending would do.
    pub message: String,
    mend: Option<Mend>,
}

impl Finding {
    /// Whether [`mend`] can do something about it.
    pub fn can_be_mended(&self) -> bool {
        self.mend.is_some()
    }
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A file that cannot be understood.
    Damaged,
    /// A file of a newer xpm.
    Newer,
    /// A job or a run of which the process is gone without a record.
    Dead,
    /// A token that is held by a job that is gone.
    Token,
    /// A file that somebody who was killed left behind.
    LeftOver,
    /// Something that xpm has not made.
    Stray,
}

impl Kind {
    /// Its name, as tables and `--json` use it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Damaged => "damaged",
            Kind::Newer => "newer",
            Kind::Dead => "dead",
            Kind::Token => "token",
            Kind::LeftOver => "left over",
            Kind::Stray => "stray",
        }
    }
}

#[derive(Clone, Debug)]
enum Mend {
    RecordLost(JobInfo),
    RecordRun(PathBuf),
    StrikeOut(TokenFile),
    RemoveFile,
    RemoveFolder,
}

/// How old a temporary file must be before nobody can be writing it any more.
const OLD: Duration = Duration::from_secs(3600);

/// Looks at everything in a workspace. Reads every file: nothing is taken from the index.
pub fn diagnose(workspace: &Workspace, snapshot: &Snapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = workspace.path();
    temporaries(root, &mut findings);
    temporaries(&root.join("tokens"), &mut findings);
    temporaries(&root.join(".index"), &mut findings);
    for job in snapshot.all_jobs() {
        look_at_job(&job, &mut findings);
    }
    strays(root, &mut findings);
    for experiment in snapshot.experiments() {
        temporaries(&experiment.path(), &mut findings);
        for run in experiment.runs() {
            look_at_run(&run, &experiment.path(), &mut findings);
        }
    }
    for token in super::tokens(workspace, snapshot) {
        let path = root.join("tokens").join(format!("{}.json", token.name));
        match &token.record {
            Err(why) => findings.push(Finding {
                kind: if why.contains("format") { Kind::Newer } else { Kind::Damaged },
                message: format!("{why}; the next run that declares the token writes it anew"),
                path,
                mend: None,
            }),
            Ok((_, holders)) => {
                let dead: Vec<String> =
                    holders.iter().filter(|holder| !holder.alive).map(|holder| holder.job.to_string()).collect();
                if !dead.is_empty() {
                    findings.push(Finding {
                        kind: Kind::Token,
                        message: format!("held by jobs that are gone ({}): they are struck out", dead.join(", ")),
                        path,
                        mend: Some(Mend::StrikeOut(TokenFile::new(workspace.layout().clone(), &token.name))),
                    });
                }
            }
        }
    }
    for path in super::remove::left_in_trash(workspace) {
        let message = "a job's folder whose removal was cut short: it is removed".to_owned();
        findings.push(Finding { kind: Kind::LeftOver, path, message, mend: Some(Mend::RemoveFolder) });
    }
    findings
}

fn look_at_job(job: &JobInfo, findings: &mut Vec<Finding>) {
    let path = job.path();
    if !path.is_dir() {
        return;
    }
    let state = job.state();
    if let JobStatus::Unreadable(why) = &state {
        let newer = why.contains("has format");
        let kind = if newer { Kind::Newer } else { Kind::Damaged };
        let advice = if newer { "" } else { "; submitted again, the job is run anew and the file put aside" };
        findings.push(Finding { kind, path: path.join("status.json"), message: format!("{why}{advice}"), mend: None });
    }
    if let Err(error) = job.read_arguments() {
        let written = path.join("params.json").exists();
        let kind = match error.to_string() {
            why if why.contains("has format") => Kind::Newer,
            _ if written => Kind::Damaged,
            _ => Kind::LeftOver,
        };
        findings.push(Finding { kind, path: path.join("params.json"), message: error.to_string(), mend: None });
    }
    if state == JobStatus::Failed(Failure::Lost) && !path.join("status.json").exists() {
        let message = "its process is gone and left no record: it is recorded as failed (lost)".to_owned();
        findings.push(Finding {
            kind: Kind::Dead,
            path: path.clone(),
            message,
            mend: Some(Mend::RecordLost(job.clone())),
        });
    }
    if !matches!(state, JobStatus::Running(_) | JobStatus::Starting) {
        temporaries(&path, findings);
        temporaries(&path.join(".xpm"), findings);
    }
}

fn look_at_run(run: &crate::state::RunInfo, experiment: &Path, findings: &mut Vec<Finding>) {
    match run.state() {
        RunState::Dead => findings.push(Finding {
            kind: Kind::Dead,
            path: run.path(),
            message: "it says that it runs, and its driver is gone: it is recorded as interrupted".to_owned(),
            mend: Some(Mend::RecordRun(experiment.join("lock"))),
        }),
        RunState::Unreadable => {
            let why = run.error().unwrap_or("its record cannot be read").to_owned();
            let kind = if why.contains("has format") { Kind::Newer } else { Kind::Damaged };
            findings.push(Finding { kind, path: run.path().join("run.json"), message: why, mend: None });
        }
        _ => {}
    }
}

/// Temporary files of atomic writes that somebody who was killed left behind.
fn temporaries(folder: &Path, findings: &mut Vec<Finding>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(".tmp"));
        let old = |metadata: fs::Metadata| {
            let age = metadata.modified().ok().and_then(|time| crate::clock::now().duration_since(time).ok());
            !metadata.is_dir() && age.is_some_and(|age| age > OLD)
        };
        if ours && fs::symlink_metadata(entry.path()).is_ok_and(old) {
            let message = "half of a write that was cut short: it is removed".to_owned();
            let mend = Some(Mend::RemoveFile);
            findings.push(Finding { kind: Kind::LeftOver, path: entry.path(), message, mend });
        }
    }
}

/// What lies among the jobs and is none.
fn strays(root: &Path, findings: &mut Vec<Finding>) {
    for task in fs::read_dir(root.join("jobs")).into_iter().flatten().flatten() {
        for entry in fs::read_dir(task.path()).into_iter().flatten().flatten() {
            let identity = entry.file_name().to_str().is_some_and(|name| name.parse::<crate::Identity>().is_ok());
            if identity {
                continue;
            }
            let (kind, message) = match entry.file_name().to_str().is_some_and(|name| name.ends_with(MIGRATING)) {
                true => (
                    Kind::LeftOver,
                    "a `migrate` is at work, or was cut short: the next `migrate --yes` of the program removes it",
                ),
                false => (Kind::Stray, "it is among the jobs and is none: xpm leaves it alone"),
            };
            findings.push(Finding { kind, path: entry.path(), message: message.to_owned(), mend: None });
        }
    }
}

/// Mends what was found; what has changed in the meantime is left as it is.
///
/// # Errors
/// If a file cannot be written or removed.
pub fn mend(finding: &Finding) -> io::Result<()> {
    match &finding.mend {
        None => Ok(()),
        Some(Mend::RecordLost(job)) => record_lost(job),
        Some(Mend::RecordRun(lock)) => match JobLock::try_take(lock)? {
            TryLock::Busy(_) => Ok(()),
            TryLock::Taken(_lock) => record_run(&finding.path.join("run.json")),
        },
        Some(Mend::StrikeOut(token)) => token.strike_out_dead().map_err(io::Error::other),
        Some(Mend::RemoveFile) => {
            fault::point("remove", &finding.path)?;
            fs::remove_file(&finding.path)
        }
        Some(Mend::RemoveFolder) => {
            fault::point("remove", &finding.path)?;
            fs::remove_dir_all(&finding.path)
        }
    }
}

fn record_lost(job: &JobInfo) -> io::Result<()> {
    let folder = job.folder();
    let TryLock::Taken(_lock) = JobLock::try_take(&folder.lock())? else { return Ok(()) };
    let Ok(None) = folder.read_status() else { return Ok(()) };
    let recorded = folder.recorded_attempts(None);
    match Owner::read(&folder.lock()) {
        Some(owner) if owner.attempt > recorded => {
            Status::new(job.key(), owner.attempt, Err(Failure::Lost)).write(&folder.status())
        }
        _ => Ok(()),
    }
}

/// As JSON, so that members of other versions are kept.
fn record_run(path: &Path) -> io::Result<()> {
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(path)?)?;
    if record["status"] == serde_json::to_value(RunStatus::Running)? {
        record["status"] = serde_json::to_value(RunStatus::Interrupted)?;
        record["error"] = "its driver was gone; recorded by xpm doctor".into();
        let mut text = serde_json::to_vec_pretty(&record)?;
        text.push(b'\n');
        write_atomic(path, &text, Durability::Lazy)?;
    }
    Ok(())
}
