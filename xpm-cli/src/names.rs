//! What jobs are called.

use std::path::Path;

use xpm_core::printable::escaped;
use xpm_core::state::JobInfo;

/// A job's name for people: its task and the first digits of its identity.
pub(crate) fn short_name(job: &JobInfo) -> String {
    job.key().to_string()
}

/// `task/identity`, all digits.
pub(crate) fn full_name(job: &JobInfo) -> String {
    job.key().full_name()
}

/// A path as `--json` prints it: what is no UTF-8 in it is replaced, as people see it too.
pub(crate) fn path_text(path: &Path) -> String {
    path.display().to_string()
}

/// `b=0.4 k1=0.9`; what would steer the terminal is escaped.
pub(crate) fn tags_text(job: &JobInfo) -> String {
    let tags: Vec<String> = job.tags().iter().map(|(name, value)| format!("{name}={value}")).collect();
    escaped(&tags.join(" ")).into_owned()
}
