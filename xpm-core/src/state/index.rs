//! The index: what was read of a workspace's files, kept in one file, so that the next look reads only what has changed.
//!
//! `.index/state` in the workspace. It is never the truth: every row is checked against its job's record and every run against
//! its files, and what does not fit is read anew. A damaged, older or newer index, one of a workspace that was moved, and one that cannot be
//! written, are as if there was none. Whoever reads has it open, and whoever writes replaces it whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::bytes::{Reader, Writer};
use super::digest::Digests;
use super::heap::Heap;
use super::rows::{Kind, Row, Rows, Span, Stamp, TEXTS};
use super::shape::Shapes;
use crate::fault;
use crate::ids::Identity;

/// Changed whenever anything here or in what it holds changes.
const MAGIC: &[u8; 8] = b"xpmidx04";
/// The length of what stands at the end: where texts end, where values end, how long the rest is, its checksum, and the
/// magic number.
const TRAILER: usize = 8 + 8 + 8 + 4 + 8;
/// How coarse the times of files may be. What changed this shortly before it was read may have changed again since,
/// without its time saying so.
pub(super) const COARSE: i64 = 2_000_000_000;
/// For how long after the end of a job, in nanoseconds, its other files may change without its record saying so: what it has left
/// running may still measure something. What the index read later than this holds as long as the record is the same.
pub(super) const GRACE: i64 = if cfg!(test) { 600_000_000_000 } else { 10_000_000_000 }; // Tests take their time.

/// What an index holds.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// When the workspace was looked at, by the clock of its file system, in nanoseconds since 1970.
    pub(super) taken: i64,
    /// The folder of each task, in the order of the rows' tasks.
    pub(super) folders: Vec<Stamp>,
    pub(super) rows: Rows,
    pub(super) digests: Digests,
    /// The row of each key of the digests.
    pub(super) places: Vec<u32>,
}

/// What is written as an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contents<'a> {
    pub(super) folders: &'a [Stamp],
    pub(super) rows: &'a Rows,
    pub(super) digests: &'a Digests,
    pub(super) places: &'a [u32],
}

impl Index {
    fn path(root: &Path) -> PathBuf {
        root.join(".index").join("state")
    }

    /// The index of a workspace; `None` if there is none that can be used.
    pub(super) fn read(root: &Path) -> Option<Self> {
        let file = crate::files::open(&Self::path(root)).ok()?;
        let length = file.metadata().ok()?.len();
        let mut trailer = [0; TRAILER];
        let end = length.checked_sub(TRAILER as u64)?;
        file.read_exact_at(&mut trailer, end).ok()?;
        let mut from = Reader(&trailer);
        let (texts, begin, size, checksum) = (from.u64()?, from.u64()?, from.u64()?, from.u32()?);
        if from.0 != MAGIC || begin.checked_add(size)? != end || texts > begin {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(size).ok()?];
        file.read_exact_at(&mut bytes, begin).ok()?;
        if super::checksum(&bytes) != checksum {
            return None;
        }
        let mut from = Reader(&bytes);
        if from.bytes()? != root.as_os_str().as_bytes() {
            return None;
        }
        let mut index = Self { taken: from.i64()?, ..Self::default() };
        for _ in 0..from.count(4)? {
            index.rows.tasks.push(from.text()?.into());
            index.folders.push(from.stamp()?);
        }
        for _ in 0..from.count(4)? {
            index.rows.hosts.push(from.text()?.into());
        }
        index.rows.shapes = Shapes::read(&mut from)?;
        let count = from.count(ROW)?;
        let (of_rows, rest) = from.0.split_at_checked(count.checked_mul(ROW)?)?;
        let (mut of_rows, mut from) = (Reader(of_rows), Reader(rest));
        let tasks = index.rows.tasks.len();
        // Both take about as long.
        let (rows, rest) = thread::scope(|scope| {
            let rest = scope.spawn(move || {
                let digests = Digests::read(&mut from)?;
                let places: Option<Vec<u32>> = (0..from.count(4)?).map(|_| from.u32()).collect();
                Some((digests, places?))
            });
            let known = |row: &Row| (row.task as usize) < tasks;
            let mut rows = Vec::with_capacity(count);
            rows.extend((0..count).map_while(|_| row(&mut of_rows).filter(known)));
            (rows, rest.join())
        });
        index.rows.rows = rows;
        (index.digests, index.places) = rest.ok()??;
        if index.rows.rows.len() != count {
            return None;
        }
        let file = Arc::new(file);
        index.rows.heap = Heap::stored(file.clone(), 0, texts);
        index.rows.flat = Heap::stored(file, texts, begin - texts);
        Some(index)
    }

    /// Writes an index. `began` is when the look at the workspace began. That it cannot be written is no matter.
    pub(super) fn write(root: &Path, contents: Contents<'_>, began: Instant) {
        let path = Self::path(root);
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(format!(".state.{}-{number}.tmp", std::process::id()));
        let made = fs::create_dir(root.join(".index"));
        if made.is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
            return;
        }
        if write(&temporary, root, contents, began).and_then(|()| fs::rename(&temporary, &path)).is_err() {
            // The next look is slower.
            let _ = fs::remove_file(&temporary);
        }
    }
}

fn write(path: &Path, root: &Path, contents: Contents<'_>, began: Instant) -> io::Result<()> {
    let Contents { folders, rows, digests, places } = contents;
    fault::point("create", path)?;
    let file = File::create(path)?;
    let metadata = file.metadata()?;
    let now = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
    let taken = now.saturating_sub(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let lost = || io::Error::other("the index that is replaced cannot be read");
    rows.heap.load();
    let (mut texts, mut text_places) = (0, Vec::with_capacity(rows.rows.len()));
    for row in &rows.rows {
        let bytes = rows.heap.bytes(row.offset, row.length()).ok_or_else(lost)?;
        out.write_all(&bytes)?;
        text_places.push(texts);
        texts += bytes.len() as u64;
    }
    rows.flat.load();
    let (mut end, mut flat_places) = (texts, Vec::with_capacity(rows.rows.len()));
    for row in &rows.rows {
        let bytes = rows.flat.bytes(row.flat.offset, row.flat.length.into()).ok_or_else(lost)?;
        out.write_all(&bytes)?;
        flat_places.push(end - texts);
        end += bytes.len() as u64;
    }
    let mut to = Writer::default();
    to.bytes(root.as_os_str().as_bytes());
    to.i64(taken);
    to.u64(rows.tasks.len() as u64);
    for (task, folder) in rows.tasks.iter().zip(folders) {
        to.bytes(task.as_bytes());
        to.stamp(*folder);
    }
    to.u64(rows.hosts.len() as u64);
    rows.hosts.iter().for_each(|host| to.bytes(host.as_bytes()));
    rows.shapes.write(&mut to);
    to.u64(rows.rows.len() as u64);
    let rows_begin = to.0.len();
    for ((row, text), flat) in rows.rows.iter().zip(text_places).zip(flat_places) {
        write_row(&mut to, row, text, flat);
    }
    debug_assert_eq!(to.0.len() - rows_begin, rows.rows.len() * ROW);
    digests.write(&mut to);
    to.u64(places.len() as u64);
    places.iter().for_each(|place| to.u32(*place));
    let mut trailer = Writer::default();
    trailer.u64(texts);
    trailer.u64(end);
    trailer.u64(to.0.len() as u64);
    trailer.u32(super::checksum(&to.0));
    trailer.0.extend_from_slice(MAGIC);
    out.write_all(&to.0)?;
    out.write_all(&trailer.0)?;
    out.into_inner().map(drop).map_err(io::IntoInnerError::into_error)
}

/// How many bytes a row takes.
const ROW: usize = 197;

fn write_row(to: &mut Writer, row: &Row, text: u64, flat: u64) {
    to.u32(row.task);
    to.u32(row.host);
    to.0.extend_from_slice(row.identity.as_bytes());
    to.stamp(row.stamp);
    to.stamp(row.params);
    to.stamp(row.metrics);
    to.u8(row.kind as u8);
    to.u32(row.attempt);
    to.i64(row.start);
    to.i64(row.end);
    to.u64(row.cpu_seconds.to_bits());
    to.u64(row.peak_memory);
    to.u64(text);
    row.lengths.iter().for_each(|length| to.u32(*length));
    to.u32(row.checksum);
    to.u32(row.shape);
    to.u64(flat);
    to.u32(row.flat.length);
    to.u32(row.flat.checksum);
}

fn row(from: &mut Reader<'_>) -> Option<Row> {
    let (task, host) = (from.u32()?, from.u32()?);
    let mut row = Row::new(task, Identity::from_bytes(from.take()?));
    row.fresh = false;
    row.host = host;
    row.stamp = from.stamp()?;
    row.params = from.stamp()?;
    row.metrics = from.stamp()?;
    row.kind = match from.u8()? {
        0 => Kind::Done,
        1 => Kind::Failed,
        2 => Kind::Unreadable,
        3 => Kind::Open,
        _ => return None,
    };
    row.attempt = from.u32()?;
    row.start = from.i64()?;
    row.end = from.i64()?;
    row.cpu_seconds = f64::from_bits(from.u64()?);
    row.peak_memory = from.u64()?;
    row.offset = from.u64()?;
    for place in 0..TEXTS {
        row.lengths[place] = from.u32()?;
    }
    row.checksum = from.u32()?;
    row.shape = from.u32()?;
    row.flat = Span { offset: from.u64()?, length: from.u32()?, checksum: from.u32()? };
    Some(row)
}
