//! The folder that a dry run has in place of its results, so that a plan which writes there goes on: in the system's temporary
//! folder, made when it is asked for, removed with the run.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use super::shared::Shared;

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    fn make() -> io::Result<Self> {
        let mut number = 0;
        loop {
            let path = std::env::temp_dir().join(format!("xpm-dry-run-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                // Of another run of this process, or of a process of before that had this number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
                made => return made.map(|()| Self(path)),
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is in the system's hands, as all of its temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Shared {
    /// The folder; where none can be made, that of the results, which does not exist.
    pub(super) fn scratch(&self) -> PathBuf {
        let mut scratch = self.scratch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if scratch.is_none() {
            *scratch = Scratch::make().ok();
        }
        scratch.as_ref().map_or_else(|| self.run().results(), |scratch| scratch.0.clone())
    }
}
