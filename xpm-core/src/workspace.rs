//! The workspace: the layout on disk, atomic writes, locks, the records that jobs and runs leave, and format versions.
//!
//! Plain files, readable with `cat` and `jq`, valid on a network file system. Knows where everything lies and how it is
//! written so that a crash between any two system calls leaves something the next reader understands; it does not know
//! what is run when. The layout is drawn in `docs/ARCHITECTURE.md`.

mod atomic;
pub(crate) mod environment;
mod failure;
mod folder;
pub(crate) mod frozen;
pub(crate) mod history;
pub(crate) mod journal;
mod lock;
mod log_filter;
mod machine;
mod outputs;
mod owner;
mod params;
mod partial;
mod reading;
mod run;
pub(crate) mod said;
mod saved;
pub(crate) mod sealed;
mod settings;
mod status;
mod terms;
mod token;
mod turns;
mod unstarted;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

pub(crate) use atomic::{Durability, create_atomic, temporary_of, write_atomic};
pub use failure::Failure;
pub use folder::JobFolder;
pub use frozen::Collected;
pub(crate) use lock::{JobLock, LockRemote, TryLock, WaitLock, free_for_all, is_at, open_shareable};
#[cfg(feature = "tracing")]
pub(crate) use log_filter::LogLevel;
pub(crate) use log_filter::{LogFilter, ParseLogFilterError};
pub(crate) use machine::{AskedShare, Elsewhere, MachineFile, Part, Share, give_cpus_back};
pub(crate) use outputs::{Found, Output, OutputsReader, OutputsWriter, StoredOutputs, count_outputs};
pub(crate) use owner::Owner;
#[cfg(feature = "cli")]
pub(crate) use params::Made;
pub use params::ParamsError;
pub(crate) use params::{Recorded, params_line, parse_params, read_params, write_params, write_params_line};
pub(crate) use partial::PartialFolder;
pub(crate) use reading::in_use;
pub(crate) use run::{BeginRun, RunFolder, RunRecord, RunStatus, alone};
pub(crate) use saved::save;
pub use saved::{LoadError, SaveError, load};
use settings::Settings;
pub use status::StatusError;
pub(crate) use status::{Status, newer_format};
pub(crate) use terms::{RecordedTerms, Terms};
pub use token::TokenError;
pub(crate) use token::{Holding, Taken, TokenFile};
pub(crate) use turns::Turns;
pub(crate) use unstarted::{Unstarted, unstarted_of};

use crate::ids::JobKey;

/// How the name of a job's folder ends while it is made found under a new identity.
pub(crate) const MIGRATING: &str = ".migrating";

/// The version of everything written to a workspace. Readers refuse a newer one.
pub const FORMAT: u32 = 1;

/// A workspace: the folder that everything of its experiments lies in.
#[derive(Clone)]
pub struct Workspace {
    root: Arc<Path>,
    settings: Arc<Settings>,
}

/// Why a workspace cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// The path is a file.
    #[error("the workspace {} is a file; give a folder, which is made if it does not exist", .0.display())]
    NotAFolder(PathBuf),
    /// There is no workspace.
    #[error("{} is no workspace ({why}); give the folder that `xpm::experiment` was given", path.display())]
    NoWorkspace {
        /// The folder.
        path: PathBuf,
        /// How one can tell.
        why: &'static str,
    },
    /// Its path is empty.
    #[error("the path of the workspace is empty; give a folder, which is made if it does not exist")]
    Unnamed,
    /// The folder cannot be made or written to.
    #[error("the workspace {} cannot be written to ({what}); check who owns it, or give another folder", path.display())]
    Unwritable {
        /// The workspace.
        path: PathBuf,
        /// What failed.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Made by a newer xpm.
    #[error(
        "the workspace {} has format {found}, and this binary knows formats up to {FORMAT}: \
         build it with a newer xpm, or use another workspace", path.display()
    )]
    Newer {
        /// The workspace.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// `xpm.toml` cannot be understood.
    #[error(
        "{} cannot be read: {why}; it holds a line `format = {FORMAT}` and optional settings", path.display()
    )]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
struct SettingsFile {
    format: u32,
    #[serde(flatten)]
    settings: toml::Table,
}

impl Workspace {
    /// Opens the workspace at `path`, and makes it if it does not exist, with the folders above it.
    ///
    /// # Errors
    /// If the path is a file, cannot be written to, or holds a workspace of a newer format.
    pub fn open_or_create(path: &Path) -> Result<Self, WorkspaceError> {
        let unwritable = |what: &str| {
            let (path, what) = (path.to_owned(), what.to_owned());
            move |source: io::Error| WorkspaceError::Unwritable { path, what, source }
        };
        if path.as_os_str().is_empty() {
            return Err(WorkspaceError::Unnamed);
        }
        if path.exists() && !path.is_dir() {
            return Err(WorkspaceError::NotAFolder(path.to_owned()));
        }
        crate::fault::point("make folder of workspace", Path::new("")).map_err(unwritable("making the folder"))?;
        std::fs::create_dir_all(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists if path.is_symlink() => {
                unwritable("it is a link to a folder that does not exist")(error)
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                let file = path.ancestors().find(|above| above.is_file()).unwrap_or(path);
                WorkspaceError::NotAFolder(file.to_owned())
            }
            _ => unwritable("making the folder")(error),
        })?;
        let root = path.canonicalize().map_err(unwritable("finding the folder"))?;
        let file = root.join("xpm.toml");
        let settings = match crate::files::read_to_string(&file) {
            Ok(text) => Self::check(path, &file, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = format!("# An xpm workspace: see `xpm --help`.\nformat = {FORMAT}\n");
                write_atomic(&file, text.as_bytes(), Durability::Lazy).map_err(unwritable("writing xpm.toml"))?;
                Settings::default()
            }
            Err(error) => return Err(WorkspaceError::Settings { path: file, why: error.to_string() }),
        };
        let jobs = root.join("jobs");
        let made = crate::fault::point("make folder", &jobs).and_then(|()| std::fs::create_dir_all(&jobs));
        made.map_err(unwritable("making the folder of jobs"))?;
        Ok(Self { root: root.into(), settings: settings.into() })
    }

    /// Opens the workspace at `path`, and makes nothing.
    ///
    /// # Errors
    /// If there is none, it cannot be read, or is of a newer format.
    pub fn open(path: &Path) -> Result<Self, WorkspaceError> {
        let none = |why| WorkspaceError::NoWorkspace { path: path.to_owned(), why };
        let root = match path.canonicalize() {
            Ok(root) if root.is_dir() => root,
            Ok(_) => return Err(none("it is a file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(none("it does not exist")),
            Err(error) => return Err(WorkspaceError::Settings { path: path.to_owned(), why: error.to_string() }),
        };
        let file = root.join("xpm.toml");
        let settings = match crate::files::read_to_string(&file) {
            Ok(text) => Self::check(path, &file, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(none("it has no xpm.toml")),
            Err(error) => return Err(WorkspaceError::Settings { path: file, why: error.to_string() }),
        };
        Ok(Self { root: root.into(), settings: settings.into() })
    }

    /// The workspace at `path` as it is, or as it would be if it were made. Makes nothing.
    ///
    /// # Errors
    /// If the path is a file, or holds a workspace that cannot be read or is of a newer format.
    pub(crate) fn planned(path: &Path) -> Result<Self, WorkspaceError> {
        if path.exists() && !path.is_dir() {
            return Err(WorkspaceError::NotAFolder(path.to_owned()));
        }
        match Self::open(path) {
            Err(WorkspaceError::NoWorkspace { .. }) => {
                let root = path.canonicalize().or_else(|_| std::path::absolute(path));
                let root =
                    root.map_err(|error| WorkspaceError::Settings { path: path.to_owned(), why: error.to_string() })?;
                Ok(Self { root: root.into(), settings: Arc::default() })
            }
            opened => opened,
        }
    }

    fn check(path: &Path, file: &Path, text: &str) -> Result<Settings, WorkspaceError> {
        let wrong = |why: String| WorkspaceError::Settings { path: file.to_owned(), why };
        let parsed: SettingsFile = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if parsed.format > FORMAT {
            return Err(WorkspaceError::Newer { path: path.to_owned(), found: parsed.format });
        }
        parsed.settings.try_into().map_err(|error| wrong(error.to_string()))
    }

    /// The workspace that `folder`, the folder of one of its jobs, lies in, as the job's own process sees it.
    pub(crate) fn of_job(folder: &Path) -> Option<Self> {
        let root = folder.ancestors().nth(3)?;
        Some(Self { root: root.into(), settings: Arc::default() })
    }

    /// Its folder, absolute.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The file that drivers have open, and locked, while they run.
    pub(crate) fn drivers(&self) -> PathBuf {
        self.root.join(".drivers")
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What `[log] level` says now, which a job's own process reads for itself; as without it if nothing can be read.
    #[cfg(feature = "tracing")]
    pub(crate) fn log_filter(&self) -> LogFilter {
        let file = self.root.join("xpm.toml");
        let text = crate::files::read_to_string(&file).unwrap_or_default();
        Self::check(&self.root, &file, &text).map(|settings| settings.log.level).unwrap_or_default()
    }

    /// The folder of all jobs.
    pub(crate) fn jobs(&self) -> PathBuf {
        self.root.join("jobs")
    }

    /// The folder of a job; it need not exist.
    pub fn job(&self, key: &JobKey) -> JobFolder {
        JobFolder::new(self.root.join("jobs").join(&*key.task).join(key.identity.to_string()), key.clone())
    }

    /// Every job that has a folder, in order. Links among them are passed over.
    pub(crate) fn job_keys(&self) -> Vec<JobKey> {
        let names = |folder: &Path| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry)))
        };
        let jobs = self.jobs();
        let tasks = names(&jobs).filter(|(name, _)| !name.starts_with('.'));
        let of_task = |(task, _): (String, _)| {
            let task: Arc<str> = task.into();
            let folders = names(&jobs.join(&*task)).filter(|(_, entry)| entry.file_type().is_ok_and(|ty| ty.is_dir()));
            let keys =
                folders.filter_map(|(name, _)| Some(JobKey { task: task.clone(), identity: name.parse().ok()? }));
            keys.collect::<Vec<_>>()
        };
        let mut keys: Vec<_> = tasks.flat_map(of_task).collect();
        keys.sort_unstable();
        keys
    }

    /// The folder of frozen executables; it need not exist.
    pub(crate) fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Removes the frozen executables in `bin` that no job of the workspace refers to; with `dry` it only tells which these
    /// are. Looks at every job. A run does it at its end if there are many; no command does.
    ///
    /// # Errors
    /// If an executable cannot be removed.
    pub fn gc_executables(&self, dry: bool) -> io::Result<Collected> {
        frozen::collect(self, dry)
    }

    /// The folder of an experiment; it need not exist.
    pub(crate) fn experiment(&self, id: &str) -> PathBuf {
        self.root.join("experiments").join(id)
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workspace({})", self.root.display())
    }
}
