//! Who runs a job or an experiment: what its process writes into the lock's file when it begins. It tells people whom to look for, and the
//! next driver which attempt has begun; whether that process lives is told by the lock alone.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::fault;

/// The process of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    format: u32,
    /// The attempt that it makes; 0 for the driver of an experiment.
    pub(crate) attempt: u32,
    pub(crate) host: String,
    /// Changes when the host starts anew, so that a process number is not taken for another process's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) boot: Option<String>,
    pub(crate) pid: u32,
    /// When the process began, RFC 3339.
    pub(crate) start: String,
    /// The frozen executable that it runs, by its name in `bin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) executable: Option<String>,
}

impl Owner {
    /// This process.
    pub(crate) fn this(attempt: u32, start: String) -> Self {
        let (host, boot) = (crate::settings::host(), crate::settings::boot());
        let executable = super::frozen::own_digest();
        Self { format: FORMAT, attempt, host, boot, pid: std::process::id(), start, executable }
    }

    /// Host and process, for people.
    pub(crate) fn name(&self) -> String {
        format!("process {} on {}, since {}", self.pid, self.host, self.start)
    }

    /// Whether the process may still be there, with the lock in the file `lock` open, and is not just going: it cannot be told for
    /// another host. Where the system does not say what a process has open, it may be another one that was given its number.
    pub(crate) fn may_live(&self, lock: &Path) -> bool {
        let has_lock = || crate::sys::has_open(self.pid, lock) != Some(false);
        let lives = || crate::sys::process_exists(self.pid) && !crate::sys::process_is_dying(self.pid) && has_lock();
        self.host != crate::settings::host() || (self.boot == crate::settings::boot() && lives())
    }

    /// Writes the record into the lock's file, which this process holds; in place, since nothing hangs on it.
    pub(crate) fn write(&self, mut lock: &File) -> io::Result<()> {
        let mut text = serde_json::to_vec(self).map_err(io::Error::other)?;
        text.push(b'\n');
        fault::point("write owner into", Path::new("lock"))?;
        lock.set_len(0)?;
        lock.seek(SeekFrom::Start(0))?;
        lock.write_all(&text)
    }

    /// The record; `None` if there is none that can be read, since nothing hangs on it.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&crate::files::read(path).ok()?).ok()
    }
}
