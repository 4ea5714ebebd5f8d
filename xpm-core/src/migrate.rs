//! Finds finished jobs again whose identity moved by a change that the types declare.
//!
//! The arguments of every job are read with today's types (`reread`), upstream jobs first, since their identities are in
//! those of what depends on them; deprecated types are converted (`convert`). A finished job that has another identity now
//! gets a folder there, with arguments and record of its own and links to the files of the old one (`folder`), which stays as it
//! is. Knows workspaces and types; asks nobody and prints nothing. The design is told in `docs/migrate.md`.

mod convert;
mod folder;
mod kinds;
mod plan;
mod reread;
mod same;
mod undo;

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use folder::{FolderError, put};
pub(crate) use plan::{Plan, plan};
pub(crate) use undo::{Moved, moved, take_back};

use crate::ids::JobKey;
use crate::value::Node;
use crate::workspace::{JobLock, TryLock, Workspace, alone};

/// A finished job that can be found under another identity.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) from: JobKey,
    pub(crate) to: JobKey,
    /// What has moved its identity, a sentence each.
    pub(crate) why: Vec<String>,
    /// Its arguments today.
    node: Arc<Node>,
}

/// A finished job that stays where it is though its identity has moved, or may have.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) job: JobKey,
    pub(crate) why: Reason,
}

/// Why a finished job is not found under another identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// This program does not have its task, or a type of its arguments.
    NoType(String),
    /// Its arguments are none of today's, or their change is not declared.
    Arguments(String),
    /// It depends on a job of which the identity cannot be told.
    DependsOn(JobKey),
    /// It depends on a job that has no folder any more.
    Gone(JobKey),
    /// Another finished job, which ended later, has the same arguments today.
    Twin(JobKey),
    /// There is a folder that is not of a finished job.
    Occupied(JobKey, &'static str),
    /// The finished job that has its new identity for a name has another one today.
    Shadowed(JobKey),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoType(id) => write!(
                f,
                "this program has no type `{id}`: keep it with `deprecated`, or write `renamed_from = \"{id}\"` on what it has become"
            ),
            Self::Arguments(why) => f.write_str(why),
            Self::DependsOn(job) => {
                write!(f, "the job of {} that it depends on cannot be read with today's types", job.task)
            }
            Self::Gone(job) => write!(f, "the arguments of the job of {} that it depends on are gone", job.task),
            Self::Twin(_) => f.write_str("another one, which ended later, has the same arguments today"),
            Self::Occupied(_, "failed") => f.write_str(
                "it was run again under its new identity and failed: `xpm clean` removes that job, then this one can be found",
            ),
            Self::Occupied(_, state) => write!(f, "its new identity is {state}"),
            Self::Shadowed(job) => write!(
                f,
                "a job with other arguments has its new identity for a name, {}/{}, and a plan would take the result of that one: take \
                 the change of the type back, or remove that job with `xpm clean`",
                job.task,
                job.identity.short()
            ),
        }
    }
}

/// Why nothing can be migrated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    #[error(transparent)]
    Registry(#[from] crate::config::RegistryError),
    #[error("another `migrate` is at work in {}: wait until it is over", .0.display())]
    AtWork(PathBuf),
    #[error(
        "an experiment runs in {}, and may be using what would be taken back: wait until it is over", .0.display()
    )]
    Driver(PathBuf),
    #[error("{} cannot be written", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The right to change folders: one `migrate` at a time has it. What one that was killed has left is swept away.
#[derive(Debug)]
pub(crate) struct Right {
    _lock: JobLock,
    _alone: Option<fs::File>,
}

impl Right {
    /// Takes the right; with `no_driver` also keeps drivers away.
    ///
    /// # Errors
    /// If somebody has it, or a driver is there.
    pub(crate) fn take(workspace: &Workspace, no_driver: bool) -> Result<Self, MigrateError> {
        let root = || workspace.path().to_owned();
        let path = root().join(".migrating");
        let io = |source| MigrateError::Io { path: path.clone(), source };
        let TryLock::Taken(lock) = JobLock::try_take(&path).map_err(io)? else {
            return Err(MigrateError::AtWork(root()));
        };
        let alone = match no_driver.then(|| alone(workspace)).transpose().map_err(io)? {
            Some(None) => return Err(MigrateError::Driver(root())),
            Some(Some(alone)) => Some(alone),
            None => None,
        };
        folder::sweep(workspace).map_err(|(path, source)| MigrateError::Io { path, source })?;
        Ok(Self { _lock: lock, _alone: alone })
    }
}
