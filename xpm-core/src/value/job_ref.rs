//! What an argument holds of a job: enough to name it, to find its folder and to pass its tags on.

use std::fmt;

use super::KeptTags;
use crate::ids::JobKey;

/// A submitted job as seen from an argument. It does not hold the job's own arguments, so that a chain of n jobs takes
/// O(n) space.
#[derive(Clone)]
pub struct JobRef {
    /// The job's name in its workspace.
    pub key: JobKey,
    /// The job's tags and those of everything below it.
    pub tags: KeptTags,
}

impl fmt::Debug for JobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)
    }
}
