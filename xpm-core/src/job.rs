//! The job's side: the task that users implement, what it sees while it runs, and the process that runs it.
//!
//! Knows one job, its folder and the files of jobs that its arguments refer to; it does not know the plan, other running
//! jobs or the driver, and outlives all of them.

mod context;
mod emit;
mod entry;
#[cfg(target_os = "linux")]
mod fork_server;
#[cfg(feature = "tracing")]
mod log;
mod metrics;
mod panics;
mod process;
mod program;
mod progress;
mod request;
mod upstream;
mod writing;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use context::JobContext;
pub use entry::{TaskEntry, TaskRun};
#[cfg(target_os = "linux")]
pub(crate) use fork_server::{READY, serve, server_arguments};
pub use metrics::Number;
#[cfg(feature = "cli")]
pub(crate) use panics::caught;
pub(crate) use panics::panic_text;
#[cfg(target_os = "linux")]
pub(crate) use process::HANDED;
#[cfg(feature = "cli")]
pub(crate) use process::on_large_stack;
pub(crate) use process::{CHECK, check_arguments, check_job, job_arguments, run_job};
pub use program::{OUT_OF_TIME, Program, ProgramArguments, ProgramValue, run_program};
pub use progress::Progress;
pub(crate) use request::StartRequest;
pub(crate) use upstream::{JobsOnDisk, read_output};

use crate::config::ConfigType;

/// What `execute` returns. `?` works on any error type; the error and its causes are recorded.
pub type TaskResult<T> = Result<T, anyhow::Error>;

/// A task: what `#[task]` makes of a struct, and what it does.
///
/// ```
/// # mod xpm { pub use xpm_core::*; }
/// use xpm::job::{JobContext, TaskResult};
/// # trait Task { type Output; fn execute(&self, job: &JobContext) -> TaskResult<Self::Output>; }
/// # struct Square { x: i64 }
/// impl Task for Square {
///     type Output = i64;
///
///     fn execute(&self, _job: &JobContext) -> TaskResult<i64> {
///         Ok(self.x * self.x)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be run as a task",
    label = "there is no `impl Task for {Self}`",
    note = "mark `{Self}` with `#[task]`, not `#[config]`, and write `impl Task for {Self} {{ type Output = …; fn execute(&self, job: &JobContext) -> TaskResult<Self::Output> {{ … }} }}`"
)]
pub trait Task: ConfigType {
    /// What the task returns: any serde value, `()` for none. It is kept with the job and read back typed.
    type Output: Serialize + DeserializeOwned + 'static;

    /// Does the work, in a process of its own whose working directory is the job's folder.
    ///
    /// What it says with the crate [`tracing`](https://docs.rs/tracing) goes to the job's `stderr.log`, a line each with time,
    /// level, target and fields, from level `info` on. `[log] level = "debug"` in the workspace's `xpm.toml`, and `XPM_LOG=debug`
    /// over it, take another level, or several (`warn,my_crate::train=trace`: the longest path of a module that fits counts).
    /// A subscriber that takes events already stays, as does one that the task sets for a while (`with_default`); with `off`
    /// none is set, and the task may `init` its own. (Feature `tracing`, on by default.)
    ///
    /// # Errors
    /// Whatever goes wrong; the job has then failed, with this error and its causes on record.
    fn execute(&self, job: &JobContext) -> TaskResult<Self::Output>;
}
