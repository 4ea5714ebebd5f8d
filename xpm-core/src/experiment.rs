//! The plan's side: an experiment, what is submitted to it, and what comes back.
//!
//! The plan runs on the user's thread; a driver thread owns the scheduler and the launcher. Knows the workspace, the
//! scheduler and launchers; it does not know who shows what happens ([`crate::report`]), nor what a task does.

mod again;
mod builder;
mod callbacks;
mod calls;
mod driver;
mod failures;
mod future;
mod interrupt;
mod job;
mod jobs;
mod journalled;
mod live;
mod mend;
mod message;
mod mode;
mod outputs;
mod pool;
mod refusal;
mod retries;
mod retry;
mod scratch;
mod shared;
mod source;
mod state;
mod submit;
mod token;
mod transient;
mod transitions;
mod unstarted;
mod waiting;
mod wakers;
mod watch;
mod why;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use builder::{ExperimentBuilder, IfRunning, StartError, experiment};
pub use callbacks::FailedCallback;
use calls::CallId;
pub use failures::{FailedJob, RunError};
pub use job::Job;
pub use mode::{ParseRunModeError, RunMode};
pub use outputs::{JobFile, Produced, Producible, Promise};
pub use refusal::SubmitError;
pub(crate) use retry::{AgainJob, run_again};
pub(crate) use shared::Shared;
pub(crate) use source::FromFolder;
pub use state::{JobError, JobState};
pub use submit::{Dependency, Submit};
pub use token::Token;
pub use why::{Scarce, Shortage, Waiting};

/// A running experiment, as the plan sees it.
///
/// ```no_run
/// # mod xpm { pub use xpm_core::*; pub use xpm_core::experiment::experiment; pub type Result<T> = std::result::Result<T, anyhow::Error>; }
/// fn main() -> xpm::Result<()> {
///     xpm::experiment("workspace", "first").run(|xp| {
///         println!("results go to {}", xp.results_path().display());
///         Ok(())
///     })
/// }
/// ```
pub struct Experiment {
    pub(crate) shared: Arc<Shared>,
    /// This is what a callback is given, for this call of it.
    call: Option<CallId>,
}

impl Experiment {
    /// The experiment's id.
    pub fn id(&self) -> &str {
        self.shared.id()
    }

    /// The id of this run: the time at which it started, `YYYYMMDD_HHMMSS` in UTC.
    pub fn run_id(&self) -> &str {
        self.shared.run().id()
    }

    /// What this run does: run jobs, only write their folders, or only say what would be run.
    pub fn run_mode(&self) -> RunMode {
        self.shared.mode()
    }

    /// The folder of this run, `WORKDIR/experiments/<id>/<run>`; in a dry run there is none.
    pub fn path(&self) -> &Path {
        self.shared.run().path()
    }

    /// The folder for what the plan makes of its jobs: `results` in the folder of this run. In a dry run, which has none, a
    /// folder of the system's temporary folder that goes with the run: the plan may write into it as always.
    pub fn results_path(&self) -> PathBuf {
        match self.shared.mode() {
            RunMode::DryRun => self.shared.scratch(),
            _ => self.shared.run().results(),
        }
    }

    /// The folder of the workspace.
    pub fn workdir(&self) -> &Path {
        self.shared.workspace().path()
    }

    /// A token of which there are `capacity`, shared by every process that uses this workspace. If it is there already,
    /// its capacity is changed, for all.
    ///
    /// # Errors
    /// If the name cannot name a file, or the token's file cannot be read or written.
    pub fn token(&self, name: &str, capacity: u64) -> Result<Token, anyhow::Error> {
        Ok(Token { name: self.shared.declare_token(name, capacity)? })
    }

    /// Saves a value in the folder of this run, under a name; [`xpm::load`](crate::workspace::load) reads it back, in
    /// another program or a year later. A value that this run has saved under the name before is replaced. The value is
    /// written as JSON, which has no NaN and no infinite floats: inside a value they become `null`.
    ///
    /// # Errors
    /// If the name cannot name a file, the value cannot be written as JSON, or the file cannot be written. In a dry run
    /// nothing is saved.
    pub fn save<T: serde::Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<(), anyhow::Error> {
        match self.run_mode() {
            RunMode::DryRun => Ok(()),
            _ => Ok(crate::workspace::save(self.path(), name, value)?),
        }
    }

    /// Waits until everything submitted so far has ended, well or badly: a failed job is no error here, but one of the
    /// whole run, and of that job's [`output`](Job::output). Callbacks ([`on_completed`](Job::on_completed)) and what they
    /// submit are waited for too.
    ///
    /// Within a callback it waits for every job and every other callback, but for those that wait like this themselves: of
    /// several that do, all go on when nothing else is left.
    ///
    /// # Errors
    /// If the run is interrupted, or has itself broken down.
    pub fn wait(&self) -> Result<(), anyhow::Error> {
        Ok(self.shared.wait_all(self.call)?)
    }

    /// [`wait`](Self::wait) for async plans.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_async(&self) -> impl Future<Output = Result<(), anyhow::Error>> + Send + use<> {
        future::WaitAll::new(self.shared.clone(), self.call)
    }
}

impl fmt::Debug for Experiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Experiment({}/{})", self.id(), self.run_id())
    }
}
