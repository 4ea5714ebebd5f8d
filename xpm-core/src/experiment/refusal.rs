//! Why a job is not taken: every way in which `submit` refuses.

use std::path::PathBuf;

use super::state::JobError;
use crate::config::ReadError;
use crate::identity::Refused;
use crate::ids::JobKey;
use crate::workspace::StatusError;

/// Why a job is not taken. What `submit` returns holds it: `error.downcast_ref::<SubmitError>()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// An argument has no identity.
    #[error("{task}: {why}{}", set_at(place))]
    Refused {
        /// The task's id.
        task: String,
        /// Where the argument was set.
        place: Option<String>,
        /// What is wrong.
        why: Refused,
    },
    /// A `validate` function refused a configuration, or a value does not fit its type.
    #[error("{task}: {why}{}", set_at(place))]
    Invalid {
        /// The task's id.
        task: String,
        /// Where the argument was set.
        place: Option<String>,
        /// What is wrong.
        why: ReadError,
    },
    /// A task was given as a plain value.
    #[error(
        "{task}: argument `{argument}`{} is a task that was not submitted; submit it, and give the job",
        set_at(place)
    )]
    NotSubmitted {
        /// The task's id.
        task: String,
        /// The argument, dotted.
        argument: String,
        /// Where it was set.
        place: Option<String>,
    },
    /// A path points into a job's folder.
    #[error(
        "{task}: argument `{argument}`{} is a path into the folder of a job, {}; give `{give}` instead, so that the \
         dependency on that job is kept", set_at(place), path.display()
    )]
    PathIntoJob {
        /// The task's id.
        task: String,
        /// The argument, dotted.
        argument: String,
        /// Where it was set.
        place: Option<String>,
        /// The path.
        path: PathBuf,
        /// What to give.
        give: String,
    },
    /// A dependency is no job of this run, and has not been done before.
    #[error("{task} depends on {job}, which was not submitted to this experiment; submit it here too")]
    UnknownJob {
        /// The task's id.
        task: String,
        /// The job.
        job: JobKey,
    },
    /// A dependency that was added when the job was submitted again waits for that job.
    #[error("{task} cannot depend on {job}, which waits for it: neither would ever start")]
    WaitsForItself {
        /// The task's id.
        task: String,
        /// The dependency.
        job: JobKey,
    },
    /// The job asks for more of a token than there is.
    #[error("{task} asks for {wanted} of token `{token}`, of which there are {capacity} in all")]
    TokenTooSmall {
        /// The task's id.
        task: String,
        /// The token.
        token: String,
        /// What the job asks for.
        wanted: u64,
        /// How much there is.
        capacity: u64,
    },
    /// The folder of a job cannot be written.
    #[error("{task}: the folder of the job cannot be written in {}", path.display())]
    Generate {
        /// The task's id.
        task: String,
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The token belongs to another experiment.
    #[error(
        "{task} asks for token `{token}`, which was not declared in this experiment: call `xp.token(\"{token}\", …)`"
    )]
    UnknownToken {
        /// The task's id.
        task: String,
        /// The token.
        token: String,
    },
    /// The job asks for more than the machine has.
    #[error("{task} asks for {wanted}, and jobs may take {there} here{hint}")]
    TooLarge {
        /// The task's id.
        task: String,
        /// What the job asks for.
        wanted: String,
        /// How much there is.
        there: String,
        /// Where that can be changed.
        hint: &'static str,
    },
    /// The resources cannot be read.
    #[error("{task}: {why}")]
    Resources {
        /// The task's id.
        task: String,
        /// What is wrong.
        why: String,
    },
    /// The record of an earlier attempt cannot be used.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// The run takes no more jobs.
    #[error(transparent)]
    Closed(#[from] JobError),
    /// The link in the run's folder cannot be made.
    #[error("{task} cannot be linked into the folder of the run")]
    Link {
        /// The task's id.
        task: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

fn set_at(place: &Option<String>) -> String {
    place.as_ref().map(|place| format!(" (set at {place})")).unwrap_or_default()
}
