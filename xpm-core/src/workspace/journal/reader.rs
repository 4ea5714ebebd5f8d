//! Reading a journal: from its beginning, or from where an earlier look ended.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;

use super::JournalEvent;
use crate::workspace::sealed;

/// An event and when it was written down.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Journalled {
    /// RFC 3339, UTC, with milliseconds.
    pub(crate) time: String,
    pub(crate) event: JournalEvent,
}

/// What one look at a journal has found.
#[derive(Debug, Default)]
pub(crate) struct JournalReader {
    /// The events, in order.
    pub(crate) events: Vec<Journalled>,
    /// The numbers of lines, counted from 1 where this look began, that are damaged and were skipped.
    pub(crate) damaged: Vec<usize>,
    /// Where the next look begins: behind the last line that has an end. A line without one is being written, or was torn
    /// by a crash.
    pub(crate) next: u64,
    /// There is a line without an end.
    pub(crate) torn: bool,
}

#[derive(Deserialize)]
struct Head {
    time: String,
}

impl JournalReader {
    /// Reads the journal from byte `from` on, which must be 0 or the `next` of an earlier look. A file that is not there has
    /// no events.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn read(path: &Path, from: u64) -> io::Result<Self> {
        let mut bytes = Vec::new();
        match crate::files::open(path) {
            Ok(mut file) => {
                file.seek(SeekFrom::Start(from))?;
                file.read_to_end(&mut bytes)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Self::parse(&bytes, from))
    }

    fn parse(bytes: &[u8], from: u64) -> Self {
        let mut found = Self { next: from, ..Self::default() };
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if !line.ends_with(b"\n") {
                found.torn = true;
                break;
            }
            found.next += line.len() as u64;
            match event_of(line) {
                Some(event) => found.events.push(event),
                None => found.damaged.push(index + 1),
            }
        }
        found
    }
}

fn event_of(line: &[u8]) -> Option<Journalled> {
    if !sealed::is_whole(line) {
        return None;
    }
    // Twice over the line: `flatten` would take it apart into small pieces first.
    let Head { time } = serde_json::from_slice(line).ok()?;
    Some(Journalled { time, event: serde_json::from_slice(line).ok()? })
}
