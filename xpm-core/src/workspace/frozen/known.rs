//! `bin/known.json`: the digests of programs that were read before. A memory, never the truth.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::workspace::{Durability, FORMAT, write_atomic};

/// How many programs are remembered.
const MOST: usize = 16;

/// What is remembered, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Known {
    #[serde(default)]
    format: u32,
    #[serde(default)]
    programs: Vec<KnownProgram>,
    /// How many executables the last collection left.
    #[serde(default)]
    pub(super) kept: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct KnownProgram {
    /// The start of the machine: numbers of devices and inodes hold until the next one.
    boot: Option<String>,
    source: Stamp,
    copy: Stamp,
    digest: String,
}

/// What changes when the content of a file does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Nanoseconds since 1970.
    modified: i128,
    /// When content, name or mode changed last; nobody can set it.
    changed: i128,
}

impl Stamp {
    pub(super) fn of(file: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: nanoseconds(file.mtime(), file.mtime_nsec()),
            changed: nanoseconds(file.ctime(), file.ctime_nsec()),
        }
    }
}

impl Known {
    /// What is remembered; nothing if it cannot be read.
    pub(super) fn read(bin: &Path) -> Self {
        let text = crate::files::read(&bin.join("known.json")).unwrap_or_default();
        serde_json::from_slice(&text).ok().filter(|known: &Self| known.format == FORMAT).unwrap_or_default()
    }

    pub(super) fn write(&mut self, bin: &Path) -> io::Result<()> {
        self.format = FORMAT;
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        write_atomic(&bin.join("known.json"), &text, Durability::Lazy)
    }

    /// The digest of the program with this stamp, if its copy is as it was.
    pub(super) fn find(&self, bin: &Path, source: &Stamp) -> Option<String> {
        let boot = crate::settings::boot();
        let same = |known: &&KnownProgram| known.boot == boot && known.source == *source;
        let known = self.programs.iter().rfind(same)?;
        let copy = fs::symlink_metadata(bin.join(&known.digest)).ok()?;
        (super::is_digest(&known.digest) && copy.is_file() && Stamp::of(&copy) == known.copy)
            .then(|| known.digest.clone())
    }

    pub(super) fn enter(&mut self, source: Stamp, copy: Stamp, digest: &str) {
        self.programs.retain(|known| known.source != source);
        self.programs.push(KnownProgram { boot: crate::settings::boot(), source, copy, digest: digest.to_owned() });
        let surplus = self.programs.len().saturating_sub(MOST);
        self.programs.drain(..surplus);
    }
}
