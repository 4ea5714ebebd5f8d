//! xpm is an experiment manager for Rust.
//!
//! You describe what can be varied as annotated structs, you write the plan as ordinary Rust, and xpm gives every job an
//! identity computed from its arguments, runs what has not been run yet, and keeps every result in a folder you can find
//! again.
//!
//! # Under another name
//!
//! What the attributes write calls this crate `xpm`. If it has another name in your `Cargo.toml`, as in
//! `xx = { package = "xpm", version = "0.1" }`, write this at the root of your crate:
//!
//! ```ignore
//! extern crate xx as xpm;
//! ```

/// The error of plans and tasks: any error, with its causes. `?` turns every error into one, and
/// `error.downcast_ref::<xpm::RunError>()` gives back what is inside.
pub use anyhow::Error;
/// Returns an error with a message, formatted as by `format!`, from a task or a plan: a task then has failed, and the message is
/// on record and in what people are told.
///
/// ```
/// use xpm::prelude::*;
///
/// #[task(id = "doc.split")]
/// struct Split {
///     parts: i64,
/// }
///
/// impl Task for Split {
///     type Output = i64;
///
///     fn execute(&self, _job: &JobContext) -> TaskResult<i64> {
///         if self.parts < 1 {
///             xpm::bail!("there is nothing to split into {} parts", self.parts);
///         }
///         Ok(100 / self.parts)
///     }
/// }
///
/// fn check(parts: i64) -> xpm::Result<()> {
///     if parts > 100 {
///         xpm::bail!("{parts} parts are too many");
///     }
///     Ok(())
/// }
/// # assert_eq!(check(101).unwrap_err().to_string(), "101 parts are too many");
/// ```
pub use anyhow::bail;
#[cfg(feature = "cli")]
pub use xpm_core::cli::{Configs, Flags, Forward, Sweep, completions, json_schema};
pub use xpm_core::config::ReadError;
pub use xpm_core::experiment::{
    Dependency, ExperimentBuilder, FailedCallback, FailedJob, IfRunning, JobError, JobFile, Produced, Promise,
    RunError, RunMode, Scarce, Shortage, StartError, SubmitError, Token, Waiting,
};
pub use xpm_core::identity::{ExplainedArgument, LeftOut, Refused, Standing};
pub use xpm_core::ids::InvalidId;
pub use xpm_core::report;
pub use xpm_core::state::{
    self, ExperimentInfo, FindError, JobInfo, JobReadError, JobStatus, RunInfo, RunState, Snapshot, Workspace,
};
pub use xpm_core::workspace::{Collected, LoadError, SaveError, StatusError, WorkspaceError, load};
pub use xpm_core::{
    Arg, Configure, Experiment, Explanation, Failure, HasTags, Identity, IntoArg, Job, JobContext, JobKey, JobState,
    Resources, Submit, TagValue, Tags, Task, TaskResult, experiment, stop_tags, tag, tagspath,
};
pub use xpm_macros::{arg, config, main, task};

/// What plans return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a file of tasks or plans imports: `use xpm::prelude::*;`.
pub mod prelude {
    #[cfg(feature = "cli")]
    pub use xpm_core::cli::{Flags, Forward, Sweep};
    pub use xpm_core::{
        Configure, Experiment, IntoArg, Job, JobContext, Resources, Submit, Task, TaskResult, stop_tags, tag, tagspath,
    };
    pub use xpm_macros::{arg, config, task};
}

/// What generated code refers to. Not for users: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
    pub use xpm_core::config::{
        Arg, ArgAt, ArgKey, ArgStruct, Argument, Below, Complete, ConfigType, Configure, End, Family, FamilyMember,
        Field, FieldAt, Given, HasKeys, HasTags, Holds, IntoArg, Json, Letters16, MadeFrom, Member, MemberOf, Meta,
        Named, NoOption, NoTask, NotOption, Plain, Pointee, ReadError, Reader, Registered, Renamed, Replaced, Set,
        Submitted, Symbolic, Unset, Unsubmitted, VariantArgs, default_value, held, json_ty, json_value, keys,
        member_ty, read_member, validated,
    };
    pub use xpm_core::job::{JobContext, Program, ProgramArguments, ProgramValue, Task, TaskEntry, run_program};
    pub use xpm_core::program::dispatch;
    pub use xpm_core::schema::{
        ArgSchema, Partial, Place, Resources, Transient, Type, TypeKind, TypeSchema, VariantSchema, check_resources,
    };
    pub use xpm_core::value::{KeptTags, Node, Slot, Tags, Value};
    pub use xpm_macros::ConfigDerive;
}

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
