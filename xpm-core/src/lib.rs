//! The runtime of xpm: values and their identity, workspaces, the scheduler, jobs and experiments.
//!
//! Users depend on the `xpm` crate, which re-exports what is meant for them; see its documentation. The rooms, from the
//! ground up, each knowing only those above it: [`ids`], [`value`] and [`schema`], [`identity`], [`config`],
//! [`workspace`], [`scheduler`], the launcher, [`job`], [`report`], [`mod@experiment`], [`state`], [`upkeep`], and [`program`].

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod experiment;
pub mod identity;
pub mod ids;
pub mod job;
pub mod near;
pub mod printable;
pub mod program;
pub mod report;
pub mod scheduler;
pub mod schema;
pub mod state;
pub mod upkeep;
pub mod value;
pub mod workspace;

mod clock;
mod fault;
mod files;
mod finite;
mod launcher;
#[cfg(feature = "cli")]
mod migrate;
mod settings;
mod sys;

pub use config::{Arg, Configure, HasTags, IntoArg, stop_tags, tag, tagspath};
pub use experiment::{Experiment, Job, JobState, Submit, experiment};
pub use identity::{Explanation, canonical_json};
pub use ids::{Identity, JobKey};
pub use job::{JobContext, Task, TaskResult};
pub use schema::Resources;
pub use value::{TagValue, Tags, tags_path};
pub use workspace::{Failure, Workspace};
