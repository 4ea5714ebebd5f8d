//! What lies among jobs and tasks and was made by no job, and links: in the place of folders, and those of runs that lead
//! nowhere. It is told; xpm leaves it alone.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::{Finding, Kind};
use crate::Identity;
use crate::state::{RunInfo, RunState, job_of_path};
use crate::workspace::MIGRATING;

fn tell(kind: Kind, path: &Path, message: impl Into<String>, findings: &mut Vec<Finding>) {
    findings.push(Finding { kind, path: path.to_owned(), message: message.into(), mend: None });
}

/// What lies in the folder of all jobs and is no job.
pub(super) fn among_jobs(root: &Path, findings: &mut Vec<Finding>) {
    for task in fs::read_dir(root.join("jobs")).into_iter().flatten().flatten() {
        let path = task.path();
        if path.is_symlink() {
            link_of_folder("task", &path, findings);
        } else if !path.is_dir() || task.file_name().as_encoded_bytes().starts_with(b".") {
            tell(Kind::Stray, &path, "it is among the tasks and is none: xpm leaves it alone", findings);
        } else {
            in_task(&path, findings);
        }
    }
}

/// What lies in the folder of a task and is no job.
fn in_task(task: &Path, findings: &mut Vec<Finding>) {
    let (mut jobs, mut strays) = (0, Vec::new());
    for entry in fs::read_dir(task).into_iter().flatten().flatten() {
        if is_identity(&entry.file_name()) {
            jobs += 1;
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => link_of_folder("job", &entry.path(), findings),
                Ok(kind) if !kind.is_dir() => {
                    tell(Kind::Stray, &entry.path(), "it is in the place of a job's folder and is none", findings);
                }
                _ => {}
            }
        } else if entry.file_name().to_str().is_some_and(|name| name.ends_with(MIGRATING)) {
            jobs += 1;
            let message =
                "a `migrate` is at work, or was cut short: the next `migrate --yes` of the program removes it";
            tell(Kind::LeftOver, &entry.path(), message, findings);
        } else {
            strays.push(entry.path());
        }
    }
    if jobs == 0 && !strays.is_empty() {
        tell(Kind::Stray, task, "it is among the tasks, and no job is in it: xpm leaves it alone", findings);
        return;
    }
    for stray in strays {
        tell(Kind::Stray, &stray, "it is among the jobs and is none: xpm leaves it alone", findings);
    }
}

fn is_identity(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.parse::<Identity>().is_ok())
}

/// A link in the place of a folder.
fn link_of_folder(whose: &str, path: &Path, findings: &mut Vec<Finding>) {
    let what = match fs::metadata(path) {
        Ok(_) => "what it leads to is read, and nothing is mended or removed there".to_owned(),
        Err(error) => format!("what it leads to cannot be read: {error}"),
    };
    tell(Kind::Link, path, format!("a link in the place of a {whose}'s folder: {what}"), findings);
}

/// The links of a run that lead nowhere and never led to a job. Those of jobs whose folders were removed, as `xpm clean` does, are
/// no news.
pub(super) fn links_of_run(run: &RunInfo, findings: &mut Vec<Finding>) {
    let links = run.path().join("jobs");
    if run.state() == RunState::Running {
        return;
    }
    for entry in fs::read_dir(&links).into_iter().flatten().flatten() {
        let path = entry.path();
        let nowhere = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
        if let Ok(target) = fs::read_link(&path)
            && job_of_path(&target).is_none()
            && fs::metadata(&path).is_err_and(nowhere)
        {
            tell(Kind::Link, &path, format!("this link leads nowhere: there is no {}", target.display()), findings);
        }
    }
}
