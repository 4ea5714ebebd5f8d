//! `status.json`: the terminal record of a job's attempt.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{Durability, FORMAT, Failure, create_atomic, write_atomic};
use crate::fault;
use crate::ids::{Identity, JobKey};

/// How an attempt ended, as `status.json` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Done,
    Failed,
}

/// The terminal record. Written once per attempt, by the job's own process; by the driver if that died.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Status {
    format: u32,
    task: Arc<str>,
    identity: Identity,
    outcome: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u32,
    /// When the process started, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<String>,
    /// When it ended, RFC 3339.
    pub(crate) end: String,
    pub(crate) host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peak_memory_bytes: Option<u64>,
    /// The frozen executable that it ran, by its name in `bin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) executable: Option<String>,
    /// The job that this attempt was made as, if `migrate` has made it found as this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) migrated_from: Option<JobKey>,
    /// What `execute` returned. Last, as it can be long.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    value: Option<Box<RawValue>>,
}

/// A member that is there is a value, `null` too: it is what a task without output returns.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// Why `status.json` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// It cannot be read from disk.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is no terminal record.
    #[error("{} is damaged ({why})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was written by a newer xpm.
    #[error("{} has format {found}, and this binary knows formats up to {FORMAT}: build it with a newer xpm", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

impl Status {
    /// The record of an attempt that ended just now.
    pub(crate) fn new(key: JobKey, attempt: u32, result: Result<Box<RawValue>, Failure>) -> Self {
        let (outcome, value, failure) = match result {
            Ok(value) => (Verdict::Done, Some(value), None),
            Err(failure) => (Verdict::Failed, None, Some(failure)),
        };
        Self {
            format: FORMAT,
            task: key.task,
            identity: key.identity,
            outcome,
            failure,
            attempt,
            start: None,
            end: crate::clock::timestamp(),
            host: crate::settings::host(),
            cpu_seconds: None,
            peak_memory_bytes: None,
            executable: None,
            migrated_from: None,
            value,
        }
    }

    /// Adds what the process used.
    pub(crate) fn with_usage(mut self, usage: crate::sys::Usage) -> Self {
        self.cpu_seconds = Some(usage.cpu_seconds);
        self.peak_memory_bytes = Some(usage.peak_memory);
        self
    }

    /// The record of the same attempt, which came to this.
    pub(crate) fn failed_with(self, failure: Failure) -> Self {
        Self { outcome: Verdict::Failed, failure: Some(failure), value: None, ..self }
    }

    /// What the attempt came to.
    pub(crate) fn result(&self) -> Result<&RawValue, &Failure> {
        match (&self.value, &self.failure) {
            (Some(value), None) => Ok(value),
            (_, failure) => Err(failure.as_ref().unwrap_or(&Failure::Lost)),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.outcome == Verdict::Done
    }

    /// The same record as that of the job `key`.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "for `myexp xpm migrate`"))]
    pub(crate) fn moved_to(&self, key: &JobKey) -> Self {
        let from = JobKey { task: self.task.clone(), identity: self.identity };
        Self { task: key.task.clone(), identity: key.identity, migrated_from: Some(from), ..self.clone() }
    }

    /// Writes the record; whole or not at all, also after a power cut.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        write_atomic(path, &self.text()?, Durability::Synced)
    }

    /// Writes the record unless there is one already: for those who do not have the job's lock.
    pub(crate) fn create(&self, path: &Path) -> io::Result<()> {
        create_atomic(path, &self.text()?, Durability::Synced)
    }

    fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads the record of the job `key`; `None` if there is none.
    pub(crate) fn read(path: &Path, key: &JobKey) -> Result<Option<Self>, StatusError> {
        let text = match fault::point("read", path).and_then(|()| crate::files::read(path)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StatusError::Unreadable { path: path.to_owned(), source }),
        };
        let damaged = |why: String| StatusError::Damaged { path: path.to_owned(), why };
        let status: Self = match serde_json::from_slice(&text) {
            Ok(status) => status,
            Err(error) => {
                return Err(match newer_format(&text) {
                    Some(found) => StatusError::Newer { path: path.to_owned(), found },
                    None => damaged(error.to_string()),
                });
            }
        };
        if status.format > FORMAT {
            return Err(StatusError::Newer { path: path.to_owned(), found: status.format });
        }
        if status.task != key.task || status.identity != key.identity {
            return Err(damaged(format!("it is the record of {}/{}", status.task, status.identity)));
        }
        match (status.outcome, &status.value, &status.failure) {
            (Verdict::Done, Some(_), None) | (Verdict::Failed, None, Some(_)) => Ok(Some(status)),
            _ => Err(damaged("outcome, value and failure do not go together".to_owned())),
        }
    }
}

/// The format of a record that this version cannot read otherwise, if it is newer.
pub(crate) fn newer_format(text: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    serde_json::from_slice::<Head>(text).ok().map(|head| head.format).filter(|format| *format > FORMAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> JobKey {
        JobKey { task: "t".into(), identity: Identity::from_bytes([7; 32]) }
    }

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn a_record_cut_at_any_byte_or_replaced_is_never_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        Status::new(key(), 1, Ok(raw(r#"{"map":0.25}"#))).write(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let read = Status::read(&path, &key()).unwrap().unwrap();
        assert_eq!(read.result().unwrap().get(), r#"{"map":0.25}"#);
        let unit = folder.path().join("unit.json");
        Status::new(key(), 1, Ok(raw("null"))).write(&unit).unwrap();
        assert!(Status::read(&unit, &key()).unwrap().unwrap().is_done());
        // The last byte is a line end, which says nothing.
        for cut in 0..whole.len() - 1 {
            std::fs::File::create(&path).and_then(|mut f| io::Write::write_all(&mut f, &whole[..cut])).unwrap();
            assert!(Status::read(&path, &key()).is_err(), "cut at {cut}");
        }
        let other_key = String::from_utf8(whole.clone()).unwrap().replace("\"t\"", "\"u\"").into_bytes();
        for garbage in [b"null".to_vec(), b"{}".to_vec(), vec![0; 300], vec![0xff; 9], b"[1,2]".to_vec(), other_key] {
            std::fs::File::create(&path).and_then(|mut f| io::Write::write_all(&mut f, &garbage)).unwrap();
            assert!(matches!(Status::read(&path, &key()), Err(StatusError::Damaged { .. })), "{garbage:?}");
        }
    }

    #[test]
    fn a_newer_record_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        std::fs::File::create(&path).and_then(|mut f| io::Write::write_all(&mut f, b"{\"format\": 2}")).unwrap();
        let error = Status::read(&path, &key()).unwrap_err().to_string();
        assert!(error.contains("format 2") && error.contains("newer xpm"), "{error}");
    }

    #[test]
    fn every_failure_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        for failure in [
            Failure::Error { chain: vec!["a".into(), "b".into()] },
            Failure::Panicked { message: "m".into(), location: Some("f:1:2".into()) },
            Failure::Exited { code: 3 },
            Failure::Signaled { signal: 9 },
            Failure::DependencyFailed { job: key() },
            Failure::Lost,
        ] {
            Status::new(key(), 2, Err(failure.clone())).write(&path).unwrap();
            assert_eq!(Status::read(&path, &key()).unwrap().unwrap().result().unwrap_err(), &failure);
        }
    }
}
