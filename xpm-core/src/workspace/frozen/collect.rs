//! Removing the frozen executables that no job refers to.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::known::Known;
use super::{is_digest, lock_file};
use crate::fault;
use crate::workspace::{Workspace, unstarted};

/// How many executables a workspace may hold before any is removed by itself.
const FEW: usize = 32;

/// What a collection found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// The executables that no job refers to, removed unless it was only asked which there are.
    pub removed: Vec<PathBuf>,
    /// Their size in bytes.
    pub bytes: u64,
    /// How many executables are left.
    pub kept: usize,
    /// A run or another collection uses the executables: nothing was looked at.
    pub busy: bool,
}

/// The members of a record that are looked at.
#[derive(Deserialize)]
struct Reference {
    executable: Option<String>,
    /// Of `params.json`.
    run: Option<Box<Reference>>,
}

/// Removes what no terminal record, no owner and no arguments of a job refer to, unless somebody uses `bin`; with `dry` it only tells.
/// Looks at every job.
pub(crate) fn collect(workspace: &Workspace, dry: bool) -> io::Result<Collected> {
    let bin = workspace.bin();
    let mut found = Collected::default();
    let executables = executables(&bin);
    if executables.is_empty() {
        return Ok(found);
    }
    let lock = lock_file(&bin)?;
    fault::point("lock", &bin.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Collected { busy: true, kept: executables.len(), ..found }),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let referred = referred(workspace);
    for name in executables {
        if referred.contains(&name) {
            found.kept += 1;
            continue;
        }
        let path = bin.join(name);
        found.bytes += fs::symlink_metadata(&path).map_or(0, |file| file.len());
        if !dry {
            fault::point("remove", &bin.join("PROGRAM"))?;
            fs::remove_file(&path)?;
        }
        found.removed.push(path);
    }
    if !dry {
        let mut known = Known::read(&bin);
        known.kept = found.kept;
        // It is counted again the next time.
        let _ = known.write(&bin);
        remove_leftovers(&bin);
    }
    drop(lock);
    Ok(found)
}

/// [`collect`], if there are many executables, and twice as many as the last one left: whatever a workspace needs, its jobs
/// are not looked at after each run.
pub(crate) fn collect_if_many(workspace: &Workspace) -> io::Result<Collected> {
    let bin = workspace.bin();
    let count = executables(&bin).len();
    if count <= FEW || count < Known::read(&bin).kept * 2 {
        return Ok(Collected { kept: count, ..Collected::default() });
    }
    collect(workspace, false)
}

fn executables(bin: &Path) -> Vec<String> {
    let entries = fs::read_dir(bin).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| is_digest(name)).collect()
}

/// What a process that was killed while it copied has left.
fn remove_leftovers(bin: &Path) {
    for entry in fs::read_dir(bin).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The digests that the jobs of the workspace refer to.
fn referred(workspace: &Workspace) -> HashSet<String> {
    let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut referred = HashSet::new();
    for job in folders(&workspace.jobs()).flat_map(|task| folders(&task).collect::<Vec<_>>()) {
        let executable = |record: &str| {
            // What cannot be read says nothing that could be kept.
            let file = io::BufReader::new(File::open(job.join(record)).ok()?);
            let reference: Reference = serde_json::from_reader(file).ok()?;
            reference.executable.or_else(|| reference.run?.executable)
        };
        let ran = [executable("status.json"), executable(".xpm/lock")];
        // Arguments may be long, and say nothing more of a job that was started.
        let submitted = if ran == [None, None] { executable("params.json") } else { None };
        referred.extend(ran.into_iter().chain([submitted]).flatten());
    }
    let experiments = folders(&workspace.path().join("experiments"));
    let runs = experiments.flat_map(|experiment| folders(&experiment).collect::<Vec<_>>());
    referred.extend(runs.filter_map(|run| unstarted::executable(&run)));
    referred
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Durability, write_atomic};

    fn executable(workspace: &Workspace, digit: char) -> PathBuf {
        let path = workspace.bin().join(digit.to_string().repeat(64));
        write_atomic(&path, b"#!", Durability::Lazy).unwrap();
        path
    }

    #[test]
    fn only_what_no_job_refers_to_is_removed_and_only_while_nobody_uses_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(folder.path()).unwrap();
        assert_eq!(collect(&workspace, false).unwrap(), Collected::default());
        fs::create_dir(workspace.bin()).unwrap();
        let [a, b, c, e] = ['a', 'b', 'c', 'e'].map(|digit| executable(&workspace, digit));
        write_atomic(&workspace.bin().join("notes"), b"mine", Durability::Lazy).unwrap();
        for (job, file, text) in [
            ("1", "status.json", format!(r#"{{"executable":"{}"}}"#, "a".repeat(64))),
            ("2", ".xpm/lock", format!(r#"{{"executable":"{}"}}"#, "b".repeat(64))),
            ("3", "status.json", "damaged".to_owned()),
            ("4", "params.json", format!(r#"{{"run":{{"executable":"{}"}}}}"#, "e".repeat(64))),
        ] {
            let job = workspace.jobs().join("task").join(job);
            fs::create_dir_all(job.join(".xpm")).unwrap();
            write_atomic(&job.join(file), text.as_bytes(), Durability::Lazy).unwrap();
        }
        let user = lock_file(&workspace.bin()).unwrap();
        user.lock_shared().unwrap();
        assert!(collect(&workspace, false).unwrap().busy && c.exists());
        drop(user);
        let dry = collect(&workspace, true).unwrap();
        assert_eq!((dry.removed.as_slice(), dry.bytes, dry.kept), (&[c.clone()][..], 2, 3));
        assert!(c.exists());
        let run = workspace.experiment("x").join("20260101_000000");
        fs::create_dir_all(&run).unwrap();
        let text = format!(r#"{{"task":"t","run":{{"executable":"{}"}}}}"#, "c".repeat(64));
        write_atomic(&run.join("unstarted.jsonl"), text.as_bytes(), Durability::Lazy).unwrap();
        assert_eq!(collect(&workspace, false).unwrap().removed, Vec::<PathBuf>::new());
        fs::remove_file(run.join("unstarted.jsonl")).unwrap();
        assert_eq!(collect(&workspace, false).unwrap(), dry);
        assert!(a.exists() && b.exists() && e.exists() && !c.exists() && workspace.bin().join("notes").exists());
        // There are few: nobody looks.
        executable(&workspace, 'd');
        assert_eq!(collect_if_many(&workspace).unwrap().removed, Vec::<PathBuf>::new());
    }
}
