//! `unstarted.jsonl` in the folder of a run: the arguments of the jobs that were not started since another one failed, a line each,
//! as `params.json` would have them. Such jobs have no folder.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::ids::JobKey;

/// The file of a run.
pub(crate) fn unstarted_of(run: &Path) -> PathBuf {
    run.join("unstarted.jsonl")
}

/// What the file of a run says, by job. Damaged lines are left out.
#[derive(Debug, Default)]
pub(crate) struct Unstarted(HashMap<JobKey, String>);

impl Unstarted {
    /// Reads the file of the run with this folder; there need not be one.
    pub(crate) fn read(run: &Path) -> Self {
        let text = crate::files::read_to_string(&unstarted_of(run)).unwrap_or_default();
        let named = |line: &str| Some((serde_json::from_str::<JobKey>(line).ok()?, line.to_owned()));
        Self(text.lines().filter_map(named).collect())
    }

    /// The line of a job.
    pub(crate) fn get(&self, job: &JobKey) -> Option<&str> {
        self.0.get(job).map(String::as_str)
    }
}

/// The frozen executable that the jobs of the file are to be run from; `None` if there is no such file.
///
/// # Errors
/// If the file is there and cannot be read.
pub(super) fn executable(run: &Path) -> io::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Line {
        run: Run,
    }
    #[derive(Deserialize)]
    struct Run {
        executable: String,
    }
    let path = unstarted_of(run);
    let text = match crate::files::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        Ok(text) => text,
    };
    // A run has one.
    let mut lines = text.split(|byte| *byte == b'\n');
    Ok(lines.find_map(|line| serde_json::from_slice::<Line>(line).ok()).map(|line| line.run.executable))
}
