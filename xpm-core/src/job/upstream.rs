//! What a job reads of the jobs that its arguments refer to: their folders, arguments and outputs.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::config::{JobSource, ReadError, Registry, references};
use crate::fault;
use crate::identity;
use crate::ids::JobKey;
use crate::schema::Transient;
use crate::value::{JobRef, Node};
use crate::workspace::{Failure, Workspace, open_shareable, read_params};

/// The jobs of a workspace, as another job sees them: finished, on disk.
pub(crate) struct JobsOnDisk<'a>(pub(crate) &'a Workspace);

impl JobSource for JobsOnDisk<'_> {
    fn folder(&self, job: &JobRef) -> PathBuf {
        self.0.job(&job.key).path().to_owned()
    }

    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError> {
        let folder = self.0.job(&job.key);
        let node = read_params(self.0, &folder)
            .map_err(|error| ReadError::new(format!("{:#}", anyhow::Error::from(error))))?;
        // Arguments that somebody has edited are not those that the job ran with.
        match identity::digest(&node) {
            Ok(found) if found == job.key.identity => Ok(node),
            Ok(found) => Err(ReadError::new(format!(
                "{} gives the identity {found}, not that of its folder: it was edited or damaged; remove the file and submit \
                 that job again, and it is written anew",
                folder.params().display()
            ))),
            Err(why) => Err(ReadError::new(format!("{}: {why}", folder.params().display()))),
        }
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

/// Keeps the files of transient upstream jobs from being removed, as long as what it gives is not dropped.
pub(super) fn read_transients(workspace: &Workspace, node: &Node) -> Result<Vec<File>, Failure> {
    let wrong = |message: String| Failure::Arguments { message };
    let registry = Registry::get().map_err(|error| wrong(error.to_string()))?;
    let removed =
        |key: &JobKey| registry.schema(&key.task).is_ok_and(|schema| schema.transient() == Transient::Removed);
    let mut held = Vec::new();
    for key in references(node, &workspace.jobs()).jobs.into_keys().filter(removed) {
        let folder = workspace.job(&key);
        let path = folder.readers();
        let lock = || {
            let file = open_shareable(&path)?;
            fault::point("lock", &path)?;
            file.lock_shared().map(|()| file)
        };
        held.push(lock().map_err(|error| wrong(format!("{} cannot be locked: {error}", path.display())))?);
        // It may have been removed between the start of this job and now, if the driver was killed.
        let status = folder.read_status().map_err(|error| wrong(format!("{:#}", anyhow::Error::from(error))))?;
        if !status.is_some_and(|status| status.is_done()) {
            return Err(wrong(format!("the files of {key} were removed since it is transient; submit this job again")));
        }
    }
    Ok(held)
}
