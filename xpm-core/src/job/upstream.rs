//! What a job reads of the jobs that its arguments refer to: their folders, arguments and outputs.

use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::config::{JobSource, ReadError};
use crate::ids::JobKey;
use crate::value::{JobRef, Node};
use crate::workspace::{Workspace, read_params};

/// The jobs of a workspace, as another job sees them: finished, on disk.
pub(crate) struct JobsOnDisk<'a>(pub(crate) &'a Workspace);

impl JobSource for JobsOnDisk<'_> {
    fn folder(&self, job: &JobRef) -> PathBuf {
        self.0.job(&job.key).path().to_owned()
    }

    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError> {
        read_params(self.0, &self.0.job(&job.key))
            .map_err(|error| ReadError::new(format!("{:#}", anyhow::Error::from(error))))
    }

    fn output(&self, job: &JobRef) -> Result<serde_json::Value, ReadError> {
        read_output(self.0, &job.key).map_err(ReadError::new)
    }
}

/// What a job returned.
pub(crate) fn read_output<T: DeserializeOwned>(workspace: &Workspace, key: &JobKey) -> Result<T, String> {
    let status = workspace.job(key).read_status().map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    let status = status.ok_or_else(|| format!("{key} has not ended"))?;
    let value = status.result().map_err(|failure| format!("{key} failed: {failure}"))?;
    serde_json::from_str(value.get()).map_err(|error| {
        format!(
            "what {key} returned is not what this binary expects ({error}); raise the task's `version` when its output changes"
        )
    })
}
