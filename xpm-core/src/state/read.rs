//! Reads one job's folder into a row.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::arguments::Arguments;
use super::rows::{ELSEWHERE, Kind, NEVER, Row, Rows, Stamp, TEXTS};
use super::series;
use super::status::{JobStatus, Process};
use crate::ids::Identity;
use crate::workspace::{Failure, JobFolder, JobLock, Owner, Status};

/// The longest text that is kept in a row's heap; a longer one is read from its file each time.
const LONGEST: usize = 8 << 10;

/// What a folder holds, before it has a place among the rows.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) row: Row,
    pub(super) host: Option<String>,
    pub(super) texts: [Option<Vec<u8>>; TEXTS],
}

impl Found {
    /// Puts it among the rows' names and texts.
    pub(super) fn enter(self, rows: &mut Rows) -> Row {
        let mut row = self.row;
        row.host = self.host.map_or(u32::MAX, |host| rows.host(&host));
        let mut all = Vec::new();
        for (length, text) in row.lengths.iter_mut().zip(self.texts) {
            match text {
                Some(text) if text.len() <= LONGEST => {
                    *length = text.len() as u32;
                    all.extend_from_slice(&text);
                }
                Some(_) => *length = ELSEWHERE,
                None => *length = 0,
            }
        }
        row.checksum = super::checksum(&all);
        row.offset = rows.heap.push(&all);
        row
    }
}

/// Reads the folder of a job, of which `stamp` was taken before.
pub(super) fn read(folder: &JobFolder, root: &Path, task: u32, identity: Identity, stamp: Stamp) -> Found {
    let mut row = Row::new(task, identity);
    row.stamp = stamp;
    let (mut host, mut value, mut failure) = (None, None, None);
    match folder.read_status() {
        Ok(Some(status)) => {
            row.kind = if status.is_done() { Kind::Done } else { Kind::Failed };
            row.attempt = status.attempt;
            row.start = status.start.as_deref().map_or(NEVER, milliseconds);
            row.end = milliseconds(&status.end);
            row.cpu_seconds = status.cpu_seconds.unwrap_or(f64::NAN);
            row.peak_memory = status.peak_memory_bytes.unwrap_or(u64::MAX);
            match status.result() {
                Ok(result) => value = Some(result.get().as_bytes().to_vec()),
                Err(why) => failure = serde_json::to_vec(why).ok(),
            }
            host = Some(status.host);
        }
        Ok(None) => row.kind = Kind::Open,
        Err(error) => {
            row.kind = Kind::Unreadable;
            failure = Some(format!("{:#}", anyhow::Error::from(error)).into_bytes());
        }
    }
    let arguments = arguments(folder, root);
    let (tree, jobs) = match arguments {
        Ok(arguments) => {
            let jobs: Vec<String> = arguments.jobs.iter().map(super::full_name).collect();
            let jobs = if jobs.is_empty() { None } else { serde_json::to_vec(&jobs).ok() };
            (serde_json::to_vec(&arguments.tree).ok(), jobs)
        }
        // Whoever asks for them is told why.
        Err(_) => (None, None),
    };
    // The metrics of a job that runs change all the time.
    let metrics = if row.kind == Kind::Open { BTreeMap::new() } else { series::summarise(&folder.metrics()) };
    let metrics = if metrics.is_empty() { None } else { serde_json::to_vec(&metrics).ok() };
    Found { row, host, texts: [tree, jobs, value, failure, metrics] }
}

/// The arguments, from the file.
pub(super) fn arguments(folder: &JobFolder, root: &Path) -> Result<Arguments, String> {
    let path = folder.params();
    let text = fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Arguments::parse(&text, root).map_err(|why| format!("{}: {why}", path.display()))
}

/// How a job without a terminal record stands, by its lock and what lies in its folder.
pub(super) fn look(folder: &JobFolder) -> JobStatus {
    let lock = folder.lock();
    let held = JobLock::is_held(&lock);
    let owner = Owner::read(&lock);
    let recorded = folder.recorded_attempts(None);
    let began = owner.filter(|owner| owner.attempt > recorded);
    match (held, began) {
        (true, Some(owner)) => JobStatus::Running(Process::of(&owner)),
        (true, None) => JobStatus::Starting,
        // It may have ended between two looks.
        (false, Some(_)) => match folder.read_status() {
            Ok(Some(status)) => ended(&status),
            Ok(None) => JobStatus::Failed(Failure::Lost),
            Err(error) => JobStatus::Unreadable(format!("{:#}", anyhow::Error::from(error))),
        },
        (false, None) => JobStatus::Unstarted,
    }
}

fn ended(status: &Status) -> JobStatus {
    match status.result() {
        Ok(_) => JobStatus::Done,
        Err(failure) => JobStatus::Failed(failure.clone()),
    }
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(time: &str) -> i64 {
    let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).ok();
    let since = humantime::parse_rfc3339(time).ok().and_then(since);
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(NEVER)
}
