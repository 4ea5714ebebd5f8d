//! Writing a journal: an append costs microseconds, a thread brings the lines to the file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::JournalEvent;
use crate::workspace::sealed;
use crate::{clock, fault, files};

/// How long a line may stay in memory.
const FLUSH: Duration = Duration::from_millis(150);

/// How much may wait in memory: beyond, whoever appends writes it out.
const FULL: usize = 1 << 20;

/// The journal of a run, as its driver writes it.
#[derive(Debug)]
pub(crate) struct Journal {
    file: Arc<Journalling>,
    flusher: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Journalling {
    path: PathBuf,
    waiting: Mutex<Waiting>,
    changed: Condvar,
    file: Mutex<File>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    closed: bool,
    failed: Option<io::Error>,
}

impl Journal {
    /// Begins the journal at `path`.
    ///
    /// # Errors
    /// If the file or the thread that writes it cannot be had.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        fault::point("create", path)?;
        let file = files::append(path)?;
        let file = Arc::new(Journalling {
            path: path.to_owned(),
            waiting: Mutex::default(),
            changed: Condvar::new(),
            file: Mutex::new(file),
        });
        let theirs = file.clone();
        let flusher = thread::Builder::new().name("xpm-journal".to_owned()).stack_size(256 << 10);
        let flusher = flusher.spawn(move || theirs.flush_often())?;
        Ok(Self { file, flusher: Mutex::new(Some(flusher)) })
    }

    /// Appends an event. It is in the file within a fifth of a second.
    pub(crate) fn append(&self, event: &JournalEvent) {
        let mut waiting = self.file.waiting();
        if waiting.closed || waiting.failed.is_some() {
            return;
        }
        let lines = &mut waiting.lines;
        let start = lines.len();
        let _ = write!(lines, r#"{{"time":"{}","#, clock::timestamp());
        let object = lines.len();
        match serde_json::to_writer(&mut *lines, event) {
            Ok(()) => {
                // The event's own brace: its members follow the time.
                lines.remove(object);
                sealed::seal(lines, start);
            }
            // Nothing in an event refuses to be written; if something did, its line would be no use.
            Err(_) => lines.truncate(start),
        }
        let (first, full) = (start == 0, lines.len() > FULL);
        drop(waiting);
        if full {
            self.file.flush();
        } else if first {
            self.file.changed.notify_one();
        }
    }

    /// Writes out what is still in memory, and takes no more events.
    ///
    /// # Errors
    /// The first error that kept lines from being written, if any did.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.file.waiting().closed = true;
        self.file.changed.notify_one();
        if let Some(flusher) = self.flusher.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It has nothing to tell.
            let _ = flusher.join();
        }
        self.file.flush();
        self.file.waiting().failed.take().map_or(Ok(()), Err)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Whoever wants to know has closed it.
        let _ = self.close();
    }
}

impl Journalling {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush_often(&self) {
        let mut waiting = self.waiting();
        while !waiting.closed {
            let idle = |waiting: &mut Waiting| !waiting.closed && waiting.lines.is_empty();
            waiting = self.changed.wait_while(waiting, idle).unwrap_or_else(PoisonError::into_inner);
            // More lines come soon: they are written together.
            let open = |waiting: &mut Waiting| !waiting.closed;
            waiting = self.changed.wait_timeout_while(waiting, FLUSH, open).unwrap_or_else(PoisonError::into_inner).0;
            drop(waiting);
            self.flush();
            waiting = self.waiting();
        }
    }

    fn flush(&self) {
        // Held while lines are taken and written, so that they stay in order.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut self.waiting().lines);
        if lines.is_empty() {
            return;
        }
        let written = fault::point("append to", &self.path).and_then(|()| file.write_all(&lines));
        if let Err(error) = written {
            let mut waiting = self.waiting();
            waiting.failed.get_or_insert(error);
            waiting.lines.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::ids::{Identity, JobKey};
    use crate::workspace::RunStatus;
    use crate::workspace::journal::{Ending, JobName, JournalReader, StateBefore, Submitted};

    fn job(n: u8) -> JobName {
        JobName(JobKey { task: "t.é".into(), identity: Identity::from_bytes([n; 32]) })
    }

    fn events() -> Vec<JournalEvent> {
        let failure = crate::Failure::Error { chain: vec!["a\n\"b\"".into()] };
        let submitted = Submitted {
            job: job(1),
            name: "t_k=1".into(),
            tags: [("k".to_owned(), 1.into())].into(),
            at: Some("src/main.rs:7".into()),
            state: StateBefore::Waiting,
            depends_on: vec![job(2)],
            tokens: [("cpu".to_owned(), 2)].into(),
            resources: super::super::MachineNeeds { memory_bytes: Some(7), ..Default::default() },
            priority: -1,
        };
        vec![
            JournalEvent::Run { xpm: "0.1.0".into(), host: "h".into(), pid: 7, mode: "normal".into() },
            JournalEvent::Submitted(Box::new(submitted)),
            JournalEvent::Resubmitted { job: job(1) },
            JournalEvent::Started { job: job(1), attempt: 2 },
            JournalEvent::Attached { job: job(1) },
            JournalEvent::Deferred { job: job(1), token: "cpu".into() },
            JournalEvent::Retried { job: job(1), failure: failure.clone() },
            JournalEvent::Ended { job: job(1), state: Ending::Failed, failure: Some(failure), ran: true },
            JournalEvent::Interrupted,
            JournalEvent::End { status: RunStatus::Failed },
        ]
    }

    #[test]
    fn every_event_reads_back_and_a_damaged_line_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let journal = Journal::begin(&path).unwrap();
        for event in events() {
            journal.append(&event);
        }
        journal.close().unwrap();
        let read = JournalReader::read(&path, 0).unwrap();
        assert_eq!(read.events.iter().map(|line| line.event.clone()).collect::<Vec<_>>(), events());
        assert!(read.damaged.is_empty() && !read.torn);
        assert_eq!(read.next, std::fs::metadata(&path).unwrap().len());

        // A damaged line, an event of a newer xpm, and a line that a crash has torn.
        let mut newer = br#"{"time":"2026-01-01T00:00:00.000Z","event":"reborn","x":{}}"#.to_vec();
        sealed::seal(&mut newer, 0);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[3] ^= 1;
        bytes.extend(newer);
        bytes.extend(br#"{"time":"2026-"#);
        File::create(&path).unwrap().write_all(&bytes).unwrap();
        let read = JournalReader::read(&path, 0).unwrap();
        assert_eq!((read.events.len(), read.damaged.as_slice(), read.torn), (events().len(), &[1][..], true));
        assert_eq!(read.events.last().map(|line| &line.event), Some(&JournalEvent::Unknown));
        // The next look sees only what is new.
        let next = JournalReader::read(&path, read.next).unwrap();
        assert!(next.events.is_empty() && next.torn && next.next == read.next);
        assert!(JournalReader::read(&folder.path().join("none"), 0).unwrap().events.is_empty());
    }

    #[test]
    fn lines_come_to_the_file_by_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let journal = Journal::begin(&path).unwrap();
        for event in events() {
            journal.append(&event);
            let begin = std::time::Instant::now();
            let before = std::fs::metadata(&path).unwrap().len();
            while std::fs::metadata(&path).unwrap().len() == before {
                assert!(begin.elapsed() < Duration::from_secs(20));
                thread::yield_now();
            }
        }
        drop(journal);
        assert_eq!(JournalReader::read(&path, 0).unwrap().events.len(), events().len());
    }
}
