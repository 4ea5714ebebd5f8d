//! What is known of each job, as compact as 100,000 of them ask for: a row of fixed size, and its texts in one heap.

use std::ffi::CStr;
use std::fs::File;
use std::sync::Arc;

use super::heap::Heap;
use super::shape::{NO_SHAPE, Shapes};
use crate::ids::{Identity, JobKey};
use crate::sys;
pub(super) use crate::sys::Stamp;

/// What a row tells of how its job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `status.json` says done.
    Done,
    /// `status.json` says failed.
    Failed,
    /// `status.json` cannot be used.
    Unreadable,
    /// There is no `status.json`: how the job stands is looked up each time.
    Open,
    /// There is no folder: a run's journal knows the job.
    Absent,
}

/// The texts of a row.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(super) enum Text {
    /// The arguments, a JSON tree.
    Arguments,
    /// The jobs that arguments refer to, a JSON list of `task/identity`.
    Jobs,
    /// What the job returned, JSON.
    Value,
    /// Why it failed, JSON; or what is wrong with its files, plain text; or, of a finished job that was migrated, which one it
    /// was, `task/identity`.
    Failure,
}

/// Names of files in a job's folder, as the system takes them.
pub(super) const STATUS: &[u8] = b"/status.json\0";
pub(super) const PARAMS: &[u8] = b"/params.json\0";
pub(super) const METRICS: &[u8] = b"/.xpm/metrics.jsonl\0";

/// The stamp of a file in the folder of a job; `task` is the folder of its task.
pub(super) fn stamp_of(task: &File, identity: &Identity, file: &[u8]) -> Option<Stamp> {
    let digits = identity.digits::<64>();
    let mut path = [0; 96];
    path[..digits.len()].copy_from_slice(&digits);
    path.get_mut(digits.len()..digits.len() + file.len())?.copy_from_slice(file);
    sys::stamp_at(task, CStr::from_bytes_until_nul(&path).ok()?)
}

/// How many texts a row has.
pub(super) const TEXTS: usize = 4;

/// The length of a text that is not kept, since it is too long or not there: it is read from its file.
pub(super) const ELSEWHERE: u32 = u32::MAX;

/// One job.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) task: u32,
    /// The place of the host's name; `u32::MAX` for none.
    pub(super) host: u32,
    pub(super) identity: Identity,
    /// Of `status.json`; of `params.json` while there is none.
    pub(super) stamp: Stamp,
    /// Of `params.json`, which is looked at again when arguments are asked for.
    pub(super) params: Stamp,
    /// Of the metrics of a job that has ended; all zero if there are none.
    pub(super) metrics: Stamp,
    /// Whether it was read just now.
    pub(super) fresh: bool,
    pub(super) kind: Kind,
    pub(super) attempt: u32,
    /// Milliseconds since 1970; `i64::MIN` for none.
    pub(super) start: i64,
    pub(super) end: i64,
    /// NaN for none.
    pub(super) cpu_seconds: f64,
    /// `u64::MAX` for none.
    pub(super) peak_memory: u64,
    /// Where its texts begin in the heap, one behind the other.
    pub(super) offset: u64,
    pub(super) lengths: [u32; TEXTS],
    /// Of its texts.
    pub(super) checksum: u32,
    /// Its values: what their paths are, where they lie, how long they are, and their checksum.
    pub(super) shape: u32,
    pub(super) flat: Span,
}

/// A place in a heap, and the checksum of what lies there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) checksum: u32,
}

/// No time.
pub(super) const NEVER: i64 = i64::MIN;

impl Row {
    pub(super) fn new(task: u32, identity: Identity) -> Self {
        Self {
            task,
            host: u32::MAX,
            identity,
            stamp: Stamp::default(),
            params: Stamp::default(),
            metrics: Stamp::default(),
            fresh: true,
            kind: Kind::Absent,
            attempt: 0,
            start: NEVER,
            end: NEVER,
            cpu_seconds: f64::NAN,
            peak_memory: u64::MAX,
            offset: 0,
            lengths: [0; TEXTS],
            checksum: 0,
            shape: NO_SHAPE,
            flat: Span::default(),
        }
    }

    /// The last time that something is known to have happened to the job, in milliseconds since 1970.
    pub(super) fn time(&self) -> i64 {
        match (self.end, self.start) {
            (NEVER, NEVER) => self.stamp.changed / 1_000_000,
            (NEVER, start) => start,
            (end, _) => end,
        }
    }

    /// Where its texts lie, all together.
    pub(super) fn texts(&self) -> Span {
        // Each is short.
        let length = self.lengths.iter().filter(|length| **length != ELSEWHERE).sum();
        Span { offset: self.offset, length, checksum: self.checksum }
    }

    /// Where a text is; `None` if it is not kept.
    pub(super) fn span(&self, text: Text) -> Option<(u64, u32)> {
        let place = text as usize;
        let kept = |length: &&u32| **length != ELSEWHERE;
        let before: u64 = self.lengths[..place].iter().filter(kept).map(|length| u64::from(*length)).sum();
        (self.lengths[place] != ELSEWHERE).then_some((self.offset + before, self.lengths[place]))
    }
}

/// The rows of a workspace, the names they use and their texts.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) tasks: Vec<Arc<str>>,
    pub(super) hosts: Vec<Arc<str>>,
    pub(super) rows: Vec<Row>,
    /// Their texts.
    pub(super) heap: Heap,
    /// Their values, and the paths of these.
    pub(super) flat: Heap,
    pub(super) shapes: Shapes,
}

impl Rows {
    /// The place of a task's name.
    pub(super) fn task(&mut self, name: &str) -> u32 {
        place_of(&mut self.tasks, name)
    }

    /// The place of a host's name.
    pub(super) fn host(&mut self, name: &str) -> u32 {
        place_of(&mut self.hosts, name)
    }

    pub(super) fn key(&self, row: &Row) -> JobKey {
        JobKey { task: self.tasks[row.task as usize].clone(), identity: row.identity }
    }
}

/// There are few names: a search is as good as a table.
fn place_of(names: &mut Vec<Arc<str>>, name: &str) -> u32 {
    let place = names.iter().position(|known| &**known == name).unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    });
    u32::try_from(place).unwrap_or(u32::MAX)
}
