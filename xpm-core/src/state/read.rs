//! Reads one job's folder into a row.

use std::fs;
use std::path::Path;

use super::arguments::Arguments;
use super::flat::Flat;
use super::rows::{ELSEWHERE, Kind, NEVER, Row, Rows, Span, Stamp, TEXTS};
use super::series;
use super::shape::NO_SHAPE;
use super::status::{JobStatus, Process};
use crate::ids::{Identity, JobKey};
use crate::sys;
use crate::workspace::{Failure, JobFolder, JobLock, Owner, Status};

/// The longest text that is kept in a row's heap; a longer one is read from its file each time.
const LONGEST: usize = 8 << 10;

/// What a folder holds, before it has a place among the rows.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) row: Row,
    pub(super) host: Option<String>,
    pub(super) texts: [Option<Vec<u8>>; TEXTS],
    pub(super) flat: Option<Flat>,
}

impl Found {
    /// Puts it among the rows' names, texts and values.
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
        if let Some(flat) = self.flat {
            row.shape = rows.shapes.enter(&flat.shape.0);
            let values = if row.shape == NO_SHAPE { &[][..] } else { &flat.values.0 };
            let (length, checksum) = (values.len() as u32, super::checksum(values));
            row.flat = Span { offset: rows.flat.push(values), length, checksum };
        }
        row
    }
}

/// Reads the folder of a job, of which `stamp` was taken before, and `params` of its arguments.
pub(super) fn read(
    folder: &JobFolder,
    root: &Path,
    task: u32,
    identity: Identity,
    (stamp, params): (Stamp, Stamp),
) -> Found {
    let mut row = Row::new(task, identity);
    (row.stamp, row.params) = (stamp, params);
    let (mut host, mut value, mut failure) = (None, None, None);
    match folder.read_status() {
        Ok(Some(status)) => {
            row.kind = if status.is_done() { Kind::Done } else { Kind::Failed };
            row.attempt = status.attempt;
            row.start = status.start.as_deref().map_or(NEVER, milliseconds);
            row.end = milliseconds(&status.end);
            row.cpu_seconds = status.cpu_seconds.unwrap_or(f64::NAN);
            row.peak_memory = status.peak_memory_bytes.unwrap_or(u64::MAX);
            failure = status.migrated_from.as_ref().map(|job| job.full_name().into_bytes());
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
    // Whoever asks for arguments that cannot be read is told why.
    let arguments = arguments(folder, root).ok();
    let jobs: Vec<String> =
        arguments.iter().flat_map(|arguments| arguments.jobs.iter().map(JobKey::full_name)).collect();
    let jobs = if jobs.is_empty() { None } else { serde_json::to_vec(&jobs).ok() };
    let tree = arguments.map(|arguments| arguments.tree);
    let text = tree.as_ref().and_then(|tree| serde_json::to_vec(tree).ok());
    // The metrics of a job that runs change all the time.
    let metrics = if row.kind == Kind::Open {
        None
    } else {
        let path = folder.metrics();
        row.metrics = fs::metadata(&path).map(|metadata| sys::stamp(&metadata)).unwrap_or_default();
        Some(series::summarise(&path))
    };
    let parsed = value.as_ref().and_then(|value| serde_json::from_slice(value).ok());
    let flat = match tree {
        Some(_) => Flat::of(tree.as_ref(), parsed.as_ref(), metrics.as_ref(), &folder.path().display().to_string()),
        None => None,
    };
    Found { row, host, texts: [text, jobs, value, failure], flat }
}

/// The arguments, from the file.
pub(super) fn arguments(folder: &JobFolder, root: &Path) -> Result<Arguments, String> {
    let path = folder.params();
    let text = crate::files::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Arguments::parse(&text, root).map_err(|why| format!("{}: {why}", path.display()))
}

/// How a job without a terminal record stands, by its lock and what lies in its folder.
pub(super) fn look(folder: &JobFolder) -> JobStatus {
    let lock = folder.lock();
    let held = match JobLock::look(&lock) {
        Ok(held) => held,
        Err(error) => return JobStatus::Unreadable(format!("{} cannot be looked at: {error}", lock.display())),
    };
    let owner = Owner::read(&lock);
    let recorded = folder.seen_attempts(None);
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
