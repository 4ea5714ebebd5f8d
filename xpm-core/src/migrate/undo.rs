//! What was migrated, and takes it back.

use std::collections::HashSet;

use super::Right;
use super::folder::{FolderError, remove};
use crate::ids::JobKey;
use crate::workspace::Workspace;

/// A job that is found under a new identity.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) from: JobKey,
    pub(crate) to: JobKey,
}

/// The jobs that were migrated, of these tasks only if there are any; those first that others do not come from.
pub(crate) fn moved(workspace: &Workspace, tasks: &[String]) -> Vec<Moved> {
    let from = |to: &JobKey| workspace.job(to).read_status().ok()??.migrated_from;
    let all = workspace.job_keys().into_iter().filter_map(|to| Some(Moved { from: from(&to)?, to }));
    let mut left: Vec<Moved> = all.collect();
    let wanted =
        |one: &Moved| tasks.is_empty() || tasks.iter().any(|task| **task == *one.from.task || **task == *one.to.task);
    left.retain(wanted);
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let sources: HashSet<JobKey> = left.iter().map(|one| one.from.clone()).collect();
        let (sources, ends): (Vec<_>, Vec<_>) = left.into_iter().partition(|one| sources.contains(&one.to));
        // A circle cannot be: each was made of an older one. If files say otherwise, any order will do.
        let circle = ends.is_empty();
        ordered.extend(ends);
        if circle {
            ordered.extend(sources);
            break;
        }
        left = sources;
    }
    ordered
}

/// Takes one back: its folder under the new identity goes, the old one is as it was.
///
/// # Errors
/// If something would be lost by it, or somebody uses it.
pub(crate) fn take_back(workspace: &Workspace, one: &Moved, _right: &Right) -> Result<(), FolderError> {
    remove(&workspace.job(&one.to), &workspace.job(&one.from))
}
