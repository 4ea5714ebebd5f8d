//! Atomic writes: a reader sees the old file or the new one, never half of one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault;

/// Whether a write must survive a power cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It can be made again.
    Lazy,
    /// Its content is on the disk before it takes its name, so that it is whole or not there after a power cut.
    Synced,
}

/// Writes a file beside `path` and renames it to `path`. Leaves nothing behind if it fails.
pub(crate) fn write_atomic(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
    write_beside(path, content, durability, |temporary| fs::rename(temporary, path))
}

/// Writes a file beside `path` and gives it that name unless there is such a file: then it fails with `AlreadyExists`, and
/// what is there stays.
pub(crate) fn create_atomic(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
    write_beside(path, content, durability, |temporary| {
        fs::hard_link(temporary, path)?;
        fs::remove_file(temporary)
    })
}

/// The name of the file of which one with this name is the temporary one, if it is one: `.NAME.PID-N.tmp`, or `.NAME.PID.tmp`
/// of a link.
pub(crate) fn temporary_of(name: &str) -> Option<&str> {
    let (of, numbers) = name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
    let (pid, number) = numbers.split_once('-').unwrap_or((numbers, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (!of.is_empty() && digits(pid) && digits(number)).then_some(of)
}

fn write_beside(
    path: &Path,
    content: &[u8],
    durability: Durability,
    name_it: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or_else(|| io::Error::other("a file name is missing"))?;
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_file_name(format!(".{}.{}-{number}.tmp", name.display(), std::process::id()));
    let written = (|| {
        fault::point("create", path)?;
        let mut file = File::create(&temporary)?;
        fault::point("write", path)?;
        file.write_all(content)?;
        if durability == Durability::Synced {
            fault::point("sync", path)?;
            file.sync_all()?;
        }
        fault::point("rename", path)?;
        // The folder is not synced: a power cut may undo the rename, which leaves the old file, whole, and costs a job
        // that ended in the last seconds another run; it never leaves half of a file.
        name_it(&temporary)
    })();
    if written.is_err() {
        // The error that counts is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_replaced_by_what_is_created() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        create_atomic(&path, b"first", Durability::Synced).unwrap();
        let error = create_atomic(&path, b"second", Durability::Synced).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        write_atomic(&path, b"old", Durability::Lazy).unwrap();
        let inside = path.join("not a folder");
        assert!(write_atomic(&inside, b"new", Durability::Synced).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
