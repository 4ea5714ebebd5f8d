//! Which runs of an experiment are kept. Jobs are never touched: a run's folder has links to them.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RunStatus;
use super::run::RunRecord;
use crate::fault;

/// How many runs of an experiment are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Of those that ended well.
    pub(crate) done: usize,
    /// Of the others.
    pub(crate) failed: usize,
    /// Somebody has said so: runs with results or saved values go too.
    pub(crate) even_with_results: bool,
}

impl Default for Keep {
    fn default() -> Self {
        Self { done: 20, failed: 20, even_with_results: false }
    }
}

/// Removes the oldest runs of an experiment beyond those that are kept; gives how many. To be called by who has the experiment's
/// lock, with the id of its own run, which stays. A folder of a run that never got a record counts as one that ended badly.
///
/// # Errors
/// If something cannot be removed; everything else was.
pub(crate) fn remove_old_runs(experiment: &Path, own: &str, keep: Keep) -> io::Result<usize> {
    // Through a link, folders would be removed that are none of this workspace.
    let refuse = || match experiment.is_symlink() {
        true => Err(io::Error::other("it is a link, and nothing is removed where it leads to")),
        false => Ok(()),
    };
    let mut removed = 0;
    let (mut done, mut failed) = (0, 0);
    for (id, path) in runs(experiment)? {
        let status = RunRecord::read(&path).map(|record| record.status);
        let (count, most) = match status {
            // What cannot be read is not understood, and not removed.
            None if !was_never_recorded(&path) => continue,
            Some(RunStatus::Done | RunStatus::Generated) => (&mut done, keep.done),
            _ => (&mut failed, keep.failed),
        };
        *count += 1;
        if id == own || *count <= most || (!keep.even_with_results && has_results(&path)) {
            continue;
        }
        // Under another name it is no run any more, however far the rest comes.
        refuse()?;
        let aside = experiment.join(format!(".{id}.removed"));
        fault::point("rename", &path)?;
        fs::rename(&path, &aside)?;
        removed += 1;
    }
    let mut failed = None;
    for aside in fs::read_dir(experiment)? {
        let aside = aside?;
        let name = aside.file_name();
        if name.to_string_lossy().starts_with('.') && name.to_string_lossy().ends_with(".removed") {
            refuse()?;
            let gone = fault::point("remove", &experiment.join("RUN")).and_then(|()| fs::remove_dir_all(aside.path()));
            // One that cannot be removed does not keep the others.
            if let Err(error) = gone {
                let text = format!("{}: {error}", aside.path().display());
                failed.get_or_insert(io::Error::new(error.kind(), text));
            }
        }
    }
    failed.map_or(Ok(removed), Err)
}

/// The runs of an experiment, newest first.
pub(crate) fn runs(experiment: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(experiment)? {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str()
            && let Some(order) = order_of(name)
            && entry.file_type()?.is_dir()
        {
            runs.push((order, name.to_owned(), entry.path()));
        }
    }
    runs.sort_by_key(|(order, ..)| Reverse(order.clone()));
    Ok(runs.into_iter().map(|(_, name, path)| (name, path)).collect())
}

/// The time, and the number behind it, of the id of a run; `None` if it is none.
pub(crate) fn order_of(name: &str) -> Option<(String, u32)> {
    let (time, number) = name.split_once('.').map_or((name, Some(0)), |(time, n)| (time, n.parse().ok()));
    let (day, clock) = time.split_once('_')?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    (digits(day, 8) && digits(clock, 6)).then_some((time.to_owned(), number?))
}

/// Whether a run has something that only people can make again, or may have it.
fn has_results(run: &Path) -> bool {
    ["results", "saved"].iter().any(|folder| match fs::read_dir(run.join(folder)) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    })
}

/// Whether this is what a driver has left that was killed between making a run's folder and writing its record. The caller has
/// the experiment's lock, so nobody is about to write it.
fn was_never_recorded(run: &Path) -> bool {
    let absent = |name: &str| matches!(fs::symlink_metadata(run.join(name)), Err(error) if error.kind() == io::ErrorKind::NotFound);
    absent("run.json") && !absent("jobs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Durability, write_atomic};

    fn run(experiment: &Path, id: &str, status: &str) -> PathBuf {
        let path = experiment.join(id);
        fs::create_dir_all(path.join("results")).unwrap();
        let record = format!(
            r#"{{"format":1,"experiment":"e","run":"{id}","status":"{status}","start":"","host":"h","pid":1}}"#
        );
        write_atomic(&path.join("run.json"), record.as_bytes(), Durability::Lazy).unwrap();
        path
    }

    fn left(experiment: &Path) -> Vec<String> {
        runs(experiment).unwrap().into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn what_cannot_be_looked_at_or_removed_stays_and_holds_up_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let experiment = folder.path();
        for id in ["20260101_000000", "20260102_000000", "20260103_000000", "20260104_000000", "20260105_000000"] {
            run(experiment, id, "done");
        }
        // Not even root looks into this one, or removes what is no folder as if it were one.
        let link = |path: PathBuf| std::os::unix::fs::symlink(path.file_name().unwrap(), &path).unwrap();
        fs::remove_dir(experiment.join("20260102_000000/results")).unwrap();
        link(experiment.join("20260102_000000/results"));
        write_atomic(&experiment.join(".20250101_000000.removed"), b"", Durability::Lazy).unwrap();
        // A driver was killed while it began these; only the first is known to be a run.
        fs::remove_file(experiment.join("20260103_000000/run.json")).unwrap();
        fs::create_dir(experiment.join("20260103_000000/jobs")).unwrap();
        fs::remove_file(experiment.join("20260104_000000/run.json")).unwrap();
        let keep = Keep { done: 1, failed: 0, even_with_results: false };
        let error = remove_old_runs(experiment, "20260105_000000", keep).unwrap_err().to_string();
        assert!(error.contains(".20250101_000000.removed"), "{error}");
        assert_eq!(left(experiment), ["20260105_000000", "20260104_000000", "20260102_000000"]);
        let hidden = fs::read_dir(experiment)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
        assert_eq!(hidden.count(), 1);
    }

    #[test]
    fn the_newest_of_each_kind_stay_and_those_with_results() {
        let folder = tempfile::tempdir().unwrap();
        let experiment = folder.path();
        for (id, status) in [
            ("20260101_000000", "done"),
            ("20260101_000000.2", "done"),
            ("20260101_000000.10", "done"),
            ("20260102_000000", "failed"),
            ("20260103_000000", "running"),
            ("20260104_000000", "interrupted"),
            ("20260105_000000", "done"),
        ] {
            run(experiment, id, status);
        }
        let job = folder.path().join("a job");
        fs::create_dir(&job).unwrap();
        write_atomic(&job.join("mine"), b"", Durability::Lazy).unwrap();
        std::os::unix::fs::symlink(&job, experiment.join("20260102_000000/link")).unwrap();
        fs::create_dir(experiment.join("20260101_000000/results/table")).unwrap();
        fs::create_dir_all(experiment.join("notes")).unwrap();
        fs::create_dir(experiment.join("20250101_000000")).unwrap();
        let keep = Keep { done: 2, failed: 1, even_with_results: false };
        assert_eq!(remove_old_runs(experiment, "20260105_000000", keep).unwrap(), 3);
        let expected =
            ["20260105_000000", "20260104_000000", "20260101_000000.10", "20260101_000000", "20250101_000000"];
        assert_eq!(left(experiment), expected);
        assert!(job.join("mine").exists() && experiment.join("notes").exists());
        let keep = Keep { done: 0, failed: 0, even_with_results: true };
        assert_eq!(remove_old_runs(experiment, "20260105_000000", keep).unwrap(), 3);
        assert_eq!(left(experiment), ["20260105_000000", "20250101_000000"]);
        // An experiment's folder that is a link leads elsewhere.
        run(experiment, "20240101_000000", "done");
        let link = folder.path().with_extension("link");
        std::os::unix::fs::symlink(experiment, &link).unwrap();
        let error = remove_old_runs(&link, "20260105_000000", keep).unwrap_err();
        assert_eq!(error.to_string(), "it is a link, and nothing is removed where it leads to");
        assert_eq!(left(experiment).len(), 3);
        fs::remove_file(link).unwrap();
        let hidden = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
        assert!(!fs::read_dir(experiment).unwrap().any(|entry| hidden(entry.unwrap())));
    }
}
