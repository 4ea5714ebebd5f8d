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
    /// It is on the disk when the call returns.
    Synced,
}

/// Writes a file beside `path` and renames it to `path`. Leaves nothing behind if it fails.
pub(crate) fn write_atomic(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
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
        fs::rename(&temporary, path)?;
        match path.parent() {
            Some(folder) if durability == Durability::Synced => {
                fault::point("sync folder of", path)?;
                File::open(folder)?.sync_all()
            }
            _ => Ok(()),
        }
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
