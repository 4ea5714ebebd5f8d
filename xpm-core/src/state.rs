//! The read model: what a workspace's files tell, for whoever looks at it: code, the `xpm` command, monitors.
//!
//! Knows how to read and where everything lies; it does not know who shows it, writes nothing but its own index, and
//! needs none of the binaries that made the workspace. Arguments are told as JSON trees:
#![doc = include_str!("state/arguments.md")]

pub mod filter;
pub mod table;

mod arguments;
mod bytes;
mod differences;
mod digest;
mod emitted;
mod experiment;
mod fields;
mod flat;
mod heap;
mod index;
mod job;
mod leaves;
mod marks;
mod migrated;
mod named;
mod nearest;
mod orphans;
mod read;
mod rows;
mod runs;
mod scan;
mod section;
mod series;
mod shape;
mod snapshot;
#[cfg(test)]
mod staleness;
mod status;
mod wanted;

use std::path::{Path, PathBuf};

pub use differences::{Difference, differences};
pub use emitted::{Emitted, EmittedSummary, EmittedValue};
pub use experiment::{Counts, ExperimentInfo, RunInfo};
pub(crate) use fields::on_all_cpus;
pub use fields::{JobFields, filter_jobs};
pub use job::{JobInfo, JobReadError};
pub use marks::is_mark;
pub(crate) use orphans::damaged_lines;
pub(crate) use runs::job_of_path;
pub use series::{MetricSummary, Metrics, ProgressLevel};
pub use snapshot::Snapshot;
pub use status::{JobStatus, Process, RunState};

use crate::ids::JobKey;
use crate::workspace::{Workspace as Layout, WorkspaceError};

/// A workspace, to read past and present experiments from.
///
/// Each method reads the files anew; take a [`snapshot`](Self::snapshot) to ask several things about one moment.
///
/// ```no_run
/// # mod xpm { pub use xpm_core::state::Workspace; }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let workspace = xpm::Workspace::open("/data/work")?;
/// for job in workspace.experiment("bm25-grid")?.jobs() {
///     println!("{} {} {:?}", job.key(), job.state().name(), job.tags());
/// }
/// let job = workspace.job("3f2a")?;
/// let k1 = &job.arguments()?["model"]["k1"];
/// for (step, loss) in &job.metrics()["loss"] {
///     println!("{step} {loss}");
/// }
/// let steps: Vec<u64> = job.emitted_as("checkpoint")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Workspace {
    layout: Layout,
}

/// Why there is not the one thing that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// No experiment has this id.
    #[error("there is no experiment `{id}`; {}", if known.is_empty() { "the workspace has none".to_owned() } else { format!("there are: {}", known.join(", ")) })]
    NoExperiment {
        /// What was asked for.
        id: String,
        /// The experiments that there are.
        known: Vec<String>,
    },
    /// The text is nothing that could name a job.
    #[error(
        "`{text}` names no job: give the beginning of its identity (hexadecimal digits, `xpm jobs` lists them), or TASK/IDENTITY"
    )]
    NoId {
        /// What was asked for.
        text: String,
    },
    /// The text is the path of something that is no job of this workspace.
    #[error("{text} is no job's folder of the workspace {}; if it is one of another workspace, give that: --workdir FOLDER", workspace.display())]
    Elsewhere {
        /// What was asked for.
        text: String,
        /// The workspace.
        workspace: PathBuf,
    },
    /// No job is called so.
    #[error("no job begins with `{text}` (of {jobs}); `xpm jobs` lists them")]
    NoJob {
        /// What was asked for.
        text: String,
        /// How many jobs there are.
        jobs: usize,
    },
    /// Several jobs are called so.
    #[error("{count} jobs begin with `{text}`: {}{}; give more digits", names(candidates), if *count > candidates.len() { ", …" } else { "" })]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// How many jobs match.
        count: usize,
        /// The newest of them.
        candidates: Vec<JobInfo>,
    },
    /// The experiment has no such run, or none at all.
    #[error("the experiment `{experiment}` has no run{}{}", wanted.as_ref().map(|wanted| format!(" `{wanted}`")).unwrap_or_default(), match (&known[..], wanted) { ([], None) => String::new(), ([], _) => ": it has none that is kept".to_owned(), _ => format!("; there are: {}", known.join(", ")) })]
    NoRun {
        /// The experiment.
        experiment: String,
        /// What was asked for; the newest if nothing.
        wanted: Option<String>,
        /// The runs that there are, newest first.
        known: Vec<String>,
    },
    /// Several runs are called so.
    #[error("{} runs of the experiment `{experiment}` begin with `{wanted}`: {}; give more of the one that is meant", known.len(), known.join(", "))]
    AmbiguousRun {
        /// The experiment.
        experiment: String,
        /// What was asked for.
        wanted: String,
        /// The runs that begin so, newest first.
        known: Vec<String>,
    },
}

fn names(jobs: &[JobInfo]) -> String {
    let names: Vec<String> = jobs
        .iter()
        .map(|job| {
            let mut digits = job.identity().to_string();
            digits.truncate(12);
            format!("{}/{digits} ({})", job.task(), job.state_name())
        })
        .collect();
    names.join(", ")
}

impl Workspace {
    /// Opens the workspace at `path`. Makes nothing.
    ///
    /// # Errors
    /// If there is none (it has no `xpm.toml`), it cannot be read, or it is of a newer format.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, WorkspaceError> {
        Ok(Self { layout: Layout::open(path.as_ref())? })
    }

    /// Its folder, absolute.
    pub fn path(&self) -> &Path {
        self.layout.path()
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Everything that is known of it now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(self.layout.clone(), None)
    }

    /// What is known now of the jobs that `text` may name (see [`Snapshot::job`]) and of those that they depend on, without
    /// looking at others: runs tell of these jobs only. Everything, if there is no such job.
    pub fn snapshot_of(&self, text: &str) -> Snapshot {
        Snapshot::take_named(&self.layout, text).unwrap_or_else(|| self.snapshot())
    }

    /// How one job stands now, without looking at the others: its tags and runs are not told. `None` if it has no folder.
    pub fn read_job(&self, key: &JobKey) -> Option<JobInfo> {
        self.layout.job(key).path().is_dir().then(|| Snapshot::of_one(self.layout.clone(), key))
    }

    /// Every experiment, in order of id.
    pub fn experiments(&self) -> Vec<ExperimentInfo> {
        self.snapshot().experiments()
    }

    /// An experiment, by its id.
    ///
    /// # Errors
    /// If there is none; names those that there are.
    pub fn experiment(&self, id: &str) -> Result<ExperimentInfo, FindError> {
        self.snapshot().experiment(id)
    }

    /// Every job, newest first.
    pub fn jobs(&self) -> Vec<JobInfo> {
        self.snapshot().jobs()
    }

    /// The one job that `text` names: see [`Snapshot::job`].
    ///
    /// # Errors
    /// If there is none, or more than one; lists the candidates.
    pub fn job(&self, text: &str) -> Result<JobInfo, FindError> {
        self.snapshot().job(text)
    }
}

/// What [`JobKey::full_name`] has written.
pub(crate) fn parse_full_name(text: &str) -> Option<JobKey> {
    let (task, identity) = text.rsplit_once('/')?;
    let task = task.rsplit('/').next()?;
    Some(JobKey { task: task.into(), identity: identity.parse().ok()? })
}

/// How many threads share the work of a large workspace.
fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get).min(8)
}

/// The checksum of what the index holds.
fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}
