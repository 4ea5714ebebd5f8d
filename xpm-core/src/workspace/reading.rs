//! Which jobs may be reading the files of others: those that run, by their locks.

use std::collections::HashMap;

use super::{JobLock, Recorded, Workspace};
use crate::ids::JobKey;

/// The jobs of which a job that runs may be reading files: all that it depends on, also through others. Each with one that
/// runs.
pub(crate) fn in_use(workspace: &Workspace) -> HashMap<JobKey, JobKey> {
    let running = workspace.job_keys().into_iter().filter(|key| JobLock::is_held(&workspace.job(key).lock()));
    let mut open: Vec<(JobKey, JobKey)> = running.map(|key| (key.clone(), key)).collect();
    let mut found = HashMap::new();
    while let Some((key, runs)) = open.pop() {
        let above = Recorded::read(&workspace.job(&key)).map(|recorded| recorded.jobs().to_vec());
        for job in above.unwrap_or_default() {
            if !found.contains_key(&job) {
                found.insert(job.clone(), runs.clone());
                open.push((job, runs.clone()));
            }
        }
    }
    found
}
