//! What jobs are called.

use xpm_core::state::JobInfo;

/// A job's name for people: its task and the first digits of its identity.
pub(crate) fn short_name(job: &JobInfo) -> String {
    job.key().to_string()
}

/// `task/identity`, all digits.
pub(crate) fn full_name(job: &JobInfo) -> String {
    format!("{}/{}", job.task(), job.identity())
}

/// `b=0.4 k1=0.9`.
pub(crate) fn tags_text(job: &JobInfo) -> String {
    let tags: Vec<String> = job.tags().iter().map(|(name, value)| format!("{name}={value}")).collect();
    tags.join(" ")
}
