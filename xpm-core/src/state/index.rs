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
use super::section::Section;
use super::shape::Shapes;
use crate::fault;
use crate::ids::Identity;

/// Changed whenever anything here or in what it holds changes.
const MAGIC: &[u8; 8] = b"xpmidx06";
/// The sections of the file, one behind the other: texts and values of the rows; what all rows refer to; the rows; what runs say of them.
const SECTIONS: usize = 5;
/// The length of what stands at the end: the sections, and the magic number.
pub(super) const TRAILER: usize = SECTIONS * Section::WRITTEN + 8;
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
        file.read_exact_at(&mut trailer, length.checked_sub(TRAILER as u64)?).ok()?;
        let mut from = Reader(&trailer);
        let mut sections = [Section::default(); SECTIONS];
        let mut end = 0;
        for section in &mut sections {
            *section = Section::parse(&mut from, end)?;
            end = section.end();
        }
        if from.0 != MAGIC || end != length - TRAILER as u64 {
            return None;
        }
        let [texts, values, head, of_rows, rest] = sections;
        let whole = |section: Section| section.read(&file).filter(|(_, sound)| *sound).map(|(bytes, _)| bytes);
        let bytes = whole(head)?;
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
        // Both take about as long.
        let (rows, rest) = thread::scope(|scope| {
            let rest = scope.spawn(move || {
                let bytes = whole(rest)?;
                let mut from = Reader(&bytes);
                let digests = Digests::read(&mut from)?;
                let places: Option<Vec<u32>> = (0..from.count(4)?).map(|_| from.u32()).collect();
                Some((digests, places?))
            });
            (read_rows(&file, of_rows, index.rows.tasks.len()), rest.join())
        });
        index.rows.rows = rows?;
        (index.digests, index.places) = rest.ok()??;
        let file = Arc::new(file);
        index.rows.heap = Heap::stored(file.clone(), texts);
        index.rows.flat = Heap::stored(file, values);
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
    let (texts, text_places) = write_heap(&mut out, &rows.heap, rows.rows.iter().map(Row::texts))?;
    let (values, flat_places) = write_heap(&mut out, &rows.flat, rows.rows.iter().map(|row| row.flat))?;
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
    let mut of_rows = Writer::default();
    for ((row, text), flat) in rows.rows.iter().zip(text_places).zip(flat_places) {
        write_row(&mut of_rows, row, text, flat);
    }
    debug_assert_eq!(of_rows.0.len(), rows.rows.len() * ROW);
    let mut rest = Writer::default();
    digests.write(&mut rest);
    rest.u64(places.len() as u64);
    places.iter().for_each(|place| rest.u32(*place));
    let mut trailer = Writer::default();
    texts.write(&mut trailer);
    values.write(&mut trailer);
    for part in [&to, &of_rows, &rest] {
        out.write_all(&part.0)?;
        let (length, checksum) = (part.0.len() as u64, super::checksum(&part.0));
        Section { length, checksum, ..Section::default() }.write(&mut trailer);
    }
    trailer.0.extend_from_slice(MAGIC);
    out.write_all(&trailer.0)?;
    out.into_inner().map(drop).map_err(io::IntoInnerError::into_error)
}

/// Writes what rows have in a heap, one behind the other; gives the section, and the new place of each.
fn write_heap(
    out: &mut impl io::Write,
    heap: &Heap,
    spans: impl Iterator<Item = Span>,
) -> io::Result<(Section, Vec<u64>)> {
    heap.load();
    let lost = || io::Error::other("the index that is replaced cannot be read");
    let (mut section, mut places) = (Section::default(), Vec::with_capacity(spans.size_hint().0));
    let (mut sum, mut sound) = (crc32fast::Hasher::new(), true);
    for span in spans {
        let bytes = heap.as_it_is(span).ok_or_else(lost)?;
        out.write_all(&bytes)?;
        sum.update(&bytes);
        sound &= super::checksum(&bytes) == span.checksum;
        places.push(section.length);
        section.length += bytes.len() as u64;
    }
    // Where the index that is replaced was damaged, each row is looked at by itself from now on.
    section.checksum = if sound { sum.finalize() } else { !sum.finalize() };
    Ok((section, places))
}

/// Reads all rows, of which each names one of so many tasks.
fn read_rows(file: &File, section: Section, tasks: usize) -> Option<Vec<Row>> {
    let size = usize::try_from(section.length).ok()?;
    let mut rows = Vec::with_capacity(size / ROW);
    section.stream(file, ROW, |piece| {
        let mut from = Reader(piece);
        while !from.0.is_empty() {
            rows.push(row(&mut from).filter(|row| (row.task as usize) < tasks)?);
        }
        Some(())
    })?;
    Some(rows)
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
