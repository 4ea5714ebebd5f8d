//! The folder of a finished job under its new identity.
//!
//! It is built out of sight, whole, and takes its name in one step: nobody ever sees half of it, and whoever is killed
//! leaves either nothing that counts or everything. Arguments and record are its own, since they name the identity. Each file
//! is a second name of the file in the old folder (a hard link): nothing is copied, and neither folder needs the other.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{Move, Right};
use crate::fault;
use crate::workspace::{JobFolder, JobLock, MIGRATING, Status, StatusError, TryLock, Workspace, write_params};

/// Why a job was left as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("somebody runs it, or looks after it: try again when it is over")]
    Busy,
    #[error("it is not done any more")]
    NotDone,
    #[error(transparent)]
    Status(#[from] StatusError),
    #[error("{} has come to be in the meantime", .0.display())]
    Occupied(PathBuf),
    #[error("{} cannot be linked ({why}): {source}", path.display())]
    Link { path: PathBuf, why: &'static str, source: io::Error },
    #[error("{} cannot be written: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("its old folder is gone or not done, and this one the only one that holds its files")]
    OnlyOne,
    #[error("it holds a file of its own, {}", .0.display())]
    OwnFile(PathBuf),
}

/// Files that a folder under a new identity has of its own.
const OWN: [&str; 3] = ["params.json", "status.json", ".xpm"];

/// What is linked of what only xpm reads.
const LINKED: [&str; 3] = ["metrics.jsonl", "outputs.jsonl", "progress.json"];

/// Makes a finished job found under its new identity.
///
/// # Errors
/// If it is not done, is being used, or cannot be linked; nothing has changed then.
pub(crate) fn put(workspace: &Workspace, one: &Move, _right: &Right) -> Result<(), FolderError> {
    let old = workspace.job(&one.from);
    let _hold = hold(&old)?;
    let status = old.read_status()?.filter(Status::is_done).ok_or(FolderError::NotDone)?;
    let new = workspace.job(&one.to);
    let build = JobFolder::new(out_of_sight(&new), one.to.clone());
    let built = (|| {
        if let Some(task) = new.path().parent() {
            at(task, fault::point("make folder", task).and_then(|()| fs::create_dir_all(task)))?;
        }
        make_folder(build.path())?;
        at(build.path(), allow_as(old.path(), build.path()))?;
        make_folder(&build.own())?;
        at(&build.shared(), fault::point("create", &build.shared()).and_then(|()| File::create(build.shared())))?;
        link_files(old.path(), build.path(), &|name| !OWN.contains(&name))?;
        link_files(&old.own(), &build.own(), &|name| LINKED.contains(&name))?;
        at(&build.params(), write_params(workspace, &build, &one.node, None).and_then(|()| sync(&build.params())))?;
        at(&build.status(), status.moved_to(&one.to).write(&build.status()))?;
        at(&build.own(), sync(&build.own()))?;
        at(build.path(), sync(build.path()))?;
        fault::point("publish", new.path()).and_then(|()| fs::rename(build.path(), new.path())).map_err(|source| {
            match source.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                    FolderError::Occupied(new.path().to_owned())
                }
                _ => FolderError::Io { path: new.path().to_owned(), source },
            }
        })
    })();
    if built.is_err() {
        // The error that counts is the one above; what cannot be removed now is swept away the next time.
        let _ = fs::remove_dir_all(build.path());
        remove_task_folder(&new);
    }
    built
}

/// Takes the folder of a job under its new identity away again, if all that it holds is still in the old one too.
///
/// # Errors
/// If it is being used, or holds what the old folder does not; nothing has changed then.
pub(super) fn remove(new: &JobFolder, old: &JobFolder) -> Result<(), FolderError> {
    let _hold = hold(old)?;
    if !old.read_status()?.is_some_and(|status| status.is_done()) {
        return Err(FolderError::OnlyOne);
    }
    let lock = at(&new.lock(), JobLock::try_take(&new.lock()))?;
    let TryLock::Taken(_lock) = lock else { return Err(FolderError::Busy) };
    at(new.path(), own_file(new.path(), old.path(), &|name| !OWN.contains(&name)))?
        .map_or(Ok(()), |path| Err(FolderError::OwnFile(path)))?;
    if new.own().join("attempts").exists() {
        return Err(FolderError::OwnFile(new.own().join("attempts")));
    }
    let aside = out_of_sight(new);
    at(new.path(), fault::point("take back", new.path()).and_then(|()| fs::rename(new.path(), &aside)))?;
    at(&aside, fault::point("remove", &aside).and_then(|()| fs::remove_dir_all(&aside)))?;
    remove_task_folder(new);
    Ok(())
}

/// Removes what a `migrate` that was killed has left out of sight.
pub(super) fn sweep(workspace: &Workspace) -> Result<(), (PathBuf, io::Error)> {
    // A task's folder that is a link leads elsewhere: nothing is removed there.
    let is_folder = |task: &fs::DirEntry| task.file_type().is_ok_and(|kind| kind.is_dir());
    for task in fs::read_dir(workspace.jobs()).into_iter().flatten().flatten().filter(is_folder) {
        for entry in fs::read_dir(task.path()).into_iter().flatten().flatten() {
            if is_out_of_sight(&entry.file_name().to_string_lossy()) {
                let path = entry.path();
                let removed = fault::point("sweep", &path).and_then(|()| fs::remove_dir_all(&path));
                removed.map_err(|source| (path, source))?;
            }
        }
    }
    Ok(())
}

/// Where the folder lies until it is whole, and while it is removed.
fn out_of_sight(folder: &JobFolder) -> PathBuf {
    folder.path().with_file_name(format!(".{}{MIGRATING}", folder.key().identity))
}

fn is_out_of_sight(name: &str) -> bool {
    name.strip_prefix('.')
        .and_then(|name| name.strip_suffix(MIGRATING))
        .is_some_and(|name| name.parse::<crate::ids::Identity>().is_ok())
}

/// Keeps the job's files where they are, as somebody who runs it would, until the file is closed.
fn hold(folder: &JobFolder) -> Result<Option<File>, FolderError> {
    let path = folder.lock();
    let file = match fault::point("open", &path).and_then(|()| crate::files::open(&path)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(FolderError::Io { path, source }),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Err(FolderError::Busy),
        Err(fs::TryLockError::Error(source)) => Err(FolderError::Io { path, source }),
    }
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, FolderError> {
    result.map_err(|source| FolderError::Io { path: path.to_owned(), source })
}

fn make_folder(path: &Path) -> Result<(), FolderError> {
    at(path, fault::point("make folder", path).and_then(|()| fs::create_dir(path)))
}

/// A folder and what is in it is on the disk.
fn sync(path: &Path) -> io::Result<()> {
    fault::point("sync", path)?;
    File::open(path)?.sync_all()
}

/// The last job of a task takes its folder away.
fn remove_task_folder(folder: &JobFolder) {
    if let Some(task) = folder.path().parent() {
        let _ = fs::remove_dir(task);
    }
}

/// Who may read the folder `old` may read `new`; its owner may always remove it.
fn allow_as(old: &Path, new: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(old)?.permissions().mode();
    fs::set_permissions(new, fs::Permissions::from_mode(mode | 0o700))
}

/// Links the files of `from`, those of which the name is wanted, into `to`; folders are made anew.
fn link_files(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<(), FolderError> {
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => at(from, entries)?,
    };
    for entry in entries {
        let entry = at(from, entry)?;
        if !wanted(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        let kind = at(&old, entry.file_type())?;
        if kind.is_dir() {
            make_folder(&new)?;
            link_files(&old, &new, &|_| true)?;
            at(&new, allow_as(&old, &new).and_then(|()| sync(&new)))?;
        } else if kind.is_symlink() {
            let target = at(&old, fs::read_link(&old))?;
            at(&new, fault::point("link", &new).and_then(|()| std::os::unix::fs::symlink(target, &new)))?;
        } else {
            let linked = fault::point("link", &new).and_then(|()| fs::hard_link(&old, &new));
            linked.map_err(|source| {
                let why = match source.kind() {
                    io::ErrorKind::PermissionDenied => "it belongs to somebody else, who may migrate it",
                    io::ErrorKind::CrossesDevices => "the folders of the two tasks are on different file systems",
                    io::ErrorKind::TooManyLinks => "it has as many links as the file system allows",
                    io::ErrorKind::Unsupported => "the file system has no hard links",
                    _ => "the file system refuses",
                };
                FolderError::Link { path: old, why, source }
            })?;
        }
    }
    Ok(())
}

/// A file in `new` that is not the same one in `old`.
fn own_file(new: &Path, old: &Path, looked_at: &dyn Fn(&str) -> bool) -> io::Result<Option<PathBuf>> {
    use std::os::unix::fs::MetadataExt;
    for entry in fs::read_dir(new)? {
        let entry = entry?;
        if !looked_at(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let (here, there) = (entry.path(), old.join(entry.file_name()));
        let Ok(other) = fs::symlink_metadata(&there) else { return Ok(Some(here)) };
        let kind = entry.file_type()?;
        if kind.is_dir() && other.is_dir() {
            if let Some(found) = own_file(&here, &there, &|_| true)? {
                return Ok(Some(found));
            }
            continue;
        }
        let same = if kind.is_symlink() {
            other.is_symlink() && fs::read_link(&here)? == fs::read_link(&there)?
        } else {
            let metadata = entry.metadata()?;
            (metadata.dev(), metadata.ino()) == (other.dev(), other.ino())
        };
        if !same {
            return Ok(Some(here));
        }
    }
    Ok(None)
}
