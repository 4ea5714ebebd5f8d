//! `journal.jsonl`: what the driver of a run saw, one event a line, in order. For people and for the read model; nothing
//! that decides what is run reads it.
//!
//! A line is a sealed JSON object (see [`super::sealed`]): `time`, `event`, the event's own members, and `sum`. It is
//! appended by the driver alone, which has the experiment's lock, and never synced to disk.

mod reader;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use reader::JournalReader;
pub(crate) use writer::Journal;

use super::{Failure, RunStatus};
use crate::ids::JobKey;
use crate::schema::Resources;
use crate::value::Tags;

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum JournalEvent {
    /// The run has begun. The first event.
    Run {
        /// The version of xpm.
        xpm: String,
        host: String,
        pid: u32,
        /// The run mode: `normal`, or `generate-only`.
        mode: String,
    },
    /// A job was submitted, for the first time in this run.
    Submitted(Box<Submitted>),
    /// A job of this run was submitted once more.
    Resubmitted { job: JobName },
    /// The job's process was started.
    Started { job: JobName, attempt: u32 },
    /// The job is run by somebody else; its end is waited for.
    Attached { job: JobName },
    /// There is too little left of a token, or of the machine's `.cpus` or `.memory`: the job waits for a change of it.
    Deferred { job: JobName, token: String },
    /// An attempt has failed, and there will be another.
    Retried { job: JobName, failure: Failure },
    /// The job has ended. A job that had ended when it was submitted has no such event: its `submitted` says so.
    Ended {
        job: JobName,
        state: Ending,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// Whether it was this run that ran it.
        ran: bool,
    },
    /// The run was interrupted: nothing more is started.
    Interrupted,
    /// The run is over. The last event.
    End { status: RunStatus },
    /// An event that this version does not know.
    #[serde(other)]
    Unknown,
}

/// How a job of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    Done,
    Failed,
    Cancelled,
}

/// The state of a job when it was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateBefore {
    /// It is to be run.
    Waiting,
    /// It was done before.
    Done,
    /// It had failed, and is not to be run again.
    Failed,
}

/// A job as it was submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Submitted {
    pub(crate) job: JobName,
    /// The file name of its link in `jobs/` of the run.
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub(crate) tags: Tags,
    /// `file:line` of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    pub(crate) state: StateBefore,
    /// The jobs that have to be done first: those of its arguments, and those added by the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) depends_on: Vec<JobName>,
    /// How much of which tokens it holds while it runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tokens: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "MachineNeeds::is_usual")]
    pub(crate) resources: MachineNeeds,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) priority: i64,
}

/// What a job needs of the machine; what it does not ask for is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MachineNeeds {
    /// CPUs, when they are not one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpus: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gpus: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_seconds: Option<f64>,
}

impl MachineNeeds {
    pub(crate) fn of(resources: &Resources) -> Self {
        Self {
            cpus: Some(resources.cpu_count()).filter(|cpus| *cpus != 1),
            memory_bytes: resources.memory_bytes(),
            gpus: Some(resources.gpu_count()).filter(|gpus| *gpus > 0),
            time_seconds: resources.time_limit().map(|time| time.as_secs_f64()),
        }
    }

    pub(crate) fn resources(&self) -> Resources {
        let mut resources = Resources::new().cpus(self.cpus.unwrap_or(1)).gpus(self.gpus.unwrap_or(0));
        if let Some(bytes) = self.memory_bytes {
            resources = resources.memory(bytes);
        }
        match self.time_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(time) => resources.time(time),
            None => resources,
        }
    }

    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// A job in the journal: `<task>/<identity>`, in full, as its folder in `jobs/` is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JobName(pub(crate) JobKey);

impl From<&JobKey> for JobName {
    fn from(key: &JobKey) -> Self {
        Self(key.clone())
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.full_name())
    }
}

impl Serialize for JobName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JobName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (task, identity) = text.rsplit_once('/').ok_or_else(|| serde::de::Error::custom("it has no `/`"))?;
        let identity = identity.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(JobKey { task: task.into(), identity }))
    }
}
