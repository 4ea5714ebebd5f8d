//! Removing the frozen executables that no job refers to.

use std::collections::HashSet;
use std::fs::{self, TryLockError};
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
/// Looks at every job, and removes nothing if one cannot be looked at.
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
    // Before anything is removed: what cannot be looked at may refer to any.
    let referred = referred(workspace)?;
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
///
/// # Errors
/// If something that is there cannot be read, with its path. What is damaged refers to nothing.
fn referred(workspace: &Workspace) -> io::Result<HashSet<String>> {
    let mut referred = HashSet::new();
    for task in folders(&workspace.jobs())? {
        for job in folders(&task)? {
            let ran = [executable(&job.join("status.json"))?, executable(&job.join(".xpm/lock"))?];
            // Arguments may be long, and say nothing more of a job that was started.
            let submitted = if ran == [None, None] { executable(&job.join("params.json"))? } else { None };
            referred.extend(ran.into_iter().chain([submitted]).flatten());
        }
    }
    for experiment in folders(&workspace.path().join("experiments"))? {
        for run in folders(&experiment)? {
            referred.extend(unstarted::executable(&run)?);
        }
    }
    Ok(referred)
}

/// The folders in a folder, links to folders included; none if it is not there.
fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            match fs::metadata(&path) {
                Ok(file) if file.is_dir() => found.push(path),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(found)
    };
    unless_absent(path, read()).map(Option::unwrap_or_default)
}

/// The executable that a record of a job names.
fn executable(record: &Path) -> io::Result<Option<String>> {
    let Some(file) = unless_absent(record, crate::files::open(record))? else { return Ok(None) };
    match serde_json::from_reader::<_, Reference>(io::BufReader::new(file)) {
        Ok(reference) => Ok(reference.executable.or_else(|| reference.run?.executable)),
        Err(error) if error.is_io() => unless_absent(record, Err(error.into())),
        Err(_) => Ok(None),
    }
}

/// `None` for what is not there; any other error names the path.
fn unless_absent<T>(path: &Path, result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Durability, write_atomic};

    fn frozen(workspace: &Workspace, digit: char) -> PathBuf {
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
        let [a, b, c, e] = ['a', 'b', 'c', 'e'].map(|digit| frozen(&workspace, digit));
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
        // Not even root reads this one: it may refer to any.
        let record = workspace.jobs().join("task/3/status.json");
        fs::remove_file(&record).unwrap();
        std::os::unix::fs::symlink("status.json", &record).unwrap();
        frozen(&workspace, 'c');
        let error = collect(&workspace, false).unwrap_err().to_string();
        assert!(error.contains("task/3/status.json: "), "{error}");
        assert!(c.exists());
        fs::remove_file(&record).unwrap();
        // There are few: nobody looks.
        frozen(&workspace, 'd');
        assert_eq!(collect_if_many(&workspace).unwrap().removed, Vec::<PathBuf>::new());
    }
}
