//! How far a running job is, from the file that its process writes.

use std::path::Path;

use serde::Deserialize;

use super::region::Step;

#[derive(Deserialize)]
struct Level {
    #[serde(default)]
    description: String,
    #[serde(default)]
    done: u64,
    total: Option<u64>,
}

/// What the job counts, the outermost first; nothing if it does not tell.
pub(super) fn read(path: &Path) -> Vec<Step> {
    let levels = crate::files::read(path).ok().and_then(|bytes| serde_json::from_slice::<Vec<Level>>(&bytes).ok());
    let step = |level: Level| Step { description: level.description, done: level.done, total: level.total };
    levels.unwrap_or_default().into_iter().map(step).collect()
}
