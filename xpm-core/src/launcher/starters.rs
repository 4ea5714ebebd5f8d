//! The programs that jobs are started from: that of the plan, and those of before.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::freezer::Freezer;
use super::starter::Starter;
use crate::workspace::Workspace;
use crate::workspace::frozen::Frozen;

/// A frozen executable of an earlier run, and where it is to be started.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Executable {
    /// Its name in `bin`.
    pub(crate) digest: String,
    /// Where its processes begin, if not where this one is.
    pub(crate) directory: Option<PathBuf>,
}

/// What starts processes, by program.
#[derive(Debug)]
pub(super) struct Starters {
    workspace: Workspace,
    fork: bool,
    /// `None` where no plan is run.
    own: Option<Arc<Starter>>,
    recorded: Mutex<HashMap<Executable, Arc<Starter>>>,
}

impl Starters {
    pub(super) fn new(workspace: Workspace, freezer: Option<Freezer>) -> Self {
        let fork = workspace.settings().local.fork.unwrap_or(true);
        let own = freezer.map(|freezer| Arc::new(Starter::new(freezer, fork, None)));
        Self { workspace, fork, own, recorded: Mutex::default() }
    }

    /// That of the plan's program.
    pub(super) fn own(&self) -> io::Result<Arc<Starter>> {
        self.own.clone().ok_or_else(|| io::Error::other("there is no plan whose program could be run"))
    }

    /// That of an executable of before.
    pub(super) fn recorded(&self, executable: &Executable) -> io::Result<Arc<Starter>> {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(starter) = recorded.get(executable) {
            return Ok(starter.clone());
        }
        let frozen = Frozen::find(&self.workspace, &executable.digest)?;
        let directory = executable.directory.as_deref().filter(|folder| *folder != Path::new(""));
        if let Some(folder) = directory.filter(|folder| !folder.is_dir()) {
            let text = format!("{}, where it is to be started, is no folder any more", folder.display());
            return Err(io::Error::other(text));
        }
        let starter = Arc::new(Starter::new(Freezer::of(frozen), self.fork, directory.map(Path::to_owned)));
        recorded.insert(executable.clone(), starter.clone());
        Ok(starter)
    }
}
