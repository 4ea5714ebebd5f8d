//! The folders that jobs of a task share if they differ in some arguments only: `partials/<task id>/<name>/<digest>`.
//!
//! The digest is the identity that the job would have without these arguments. One job at a time uses such a folder: it holds
//! the only unit of the folder's token, which lies beside it as `.<digest>.json`. What is in a folder is the tasks' own:
//! nothing of xpm ever removes or moves it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Workspace;
use crate::fault;
use crate::identity::{Refused, digest_without};
use crate::value::Node;

/// A folder that jobs share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartialFolder {
    name: &'static str,
    path: PathBuf,
}

impl PartialFolder {
    /// The folders that the job of these arguments shares with others. They need not exist.
    pub(crate) fn of(node: &Node, workspace: &Workspace) -> Result<Vec<Self>, Refused> {
        let folders = node.schema().partials().iter().map(|partial| {
            let digest = digest_without(node, partial.except)?;
            let path = workspace.path().join("partials").join(node.schema().id()).join(partial.name);
            Ok(Self { name: partial.name, path: path.join(digest.to_string()) })
        });
        folders.collect()
    }

    /// The name that the task gives it.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The variable in which a program finds it.
    pub(crate) fn variable(&self) -> String {
        format!("XPM_PARTIAL_{}", self.name.to_uppercase().replace(['-', '.'], "_"))
    }

    /// Makes the folder, unless it is there.
    pub(crate) fn create(&self) -> io::Result<()> {
        fault::point("make folder", &self.path)?;
        fs::create_dir_all(&self.path)
    }
}
