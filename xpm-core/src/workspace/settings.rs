//! What `xpm.toml` says beside its format. Every key is optional, and one that is not known is refused by name: a key that
//! is mistyped would otherwise be ignored in silence.
//!
//! ```toml
//! format = 1                  # the version of everything in the workspace
//!
//! [local]                     # what jobs on this machine, of all runs, may take
//! cpus = 8                    # together; what the machine has for the driver
//! memory_bytes = 17179869184  # that they may ask for together; the machine's
//! gpus = 2                    # numbered from 0; what is detected
//! grace_seconds = 10          # before a job that is asked to stop is killed; 10
//! fork = true                 # start jobs as copies of a process that has loaded the program; true
//!
//! [history]                   # which runs of each experiment are kept; with either key, those with results go too
//! done = 20                   # the newest that ended well
//! failed = 20                 # the newest of the others
//!
//! [log]                       # what tasks say with `tracing`, in the stderr.log of their jobs
//! level = "info"              # from which level on; "info"; also with targets, "warn,my_crate::train=debug"; "off" for nothing
//! ```

use serde::Deserialize;

use super::history::Keep;
use super::log_filter::LogFilter;

/// The settings of a workspace.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// `[local]`: what jobs on this machine may take.
    pub(crate) local: LocalSettings,
    /// `[history]`: which runs are kept.
    pub(crate) history: HistorySettings,
    /// `[log]`: what the logs of jobs hold.
    pub(crate) log: LogSettings,
}

/// `[log]` of `xpm.toml`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogSettings {
    /// Which events of `tracing` go to the log of a job.
    pub(crate) level: LogFilter,
}

/// `[local]` of `xpm.toml`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LocalSettings {
    /// How many CPUs jobs may take together; the machine's if not given.
    pub(crate) cpus: Option<std::num::NonZeroU32>,
    /// How much memory jobs may ask for together, in bytes; the machine's if not given.
    pub(crate) memory_bytes: Option<u64>,
    /// How many GPUs there are, numbered from 0; what is detected if not given.
    pub(crate) gpus: Option<u32>,
    /// How many seconds a job that is asked to stop may take before it is killed.
    pub(crate) grace_seconds: Option<u64>,
    /// Whether jobs are started as copies of a process that has loaded the program (Linux only); yes by default.
    pub(crate) fork: Option<bool>,
}

/// `[history]` of `xpm.toml`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HistorySettings {
    /// How many runs that ended well are kept.
    pub(crate) done: Option<usize>,
    /// How many others are kept.
    pub(crate) failed: Option<usize>,
}

impl HistorySettings {
    /// The rule that these make.
    pub(crate) fn keep(self) -> Keep {
        let usual = Keep::default();
        Keep {
            done: self.done.unwrap_or(usual.done),
            failed: self.failed.unwrap_or(usual.failed),
            even_with_results: self != Self::default(),
        }
    }
}
