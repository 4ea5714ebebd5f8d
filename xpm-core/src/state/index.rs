//! The index: what was read of a workspace's files, kept in one file, so that the next look reads only what has changed.
//!
//! `.index/state` in the workspace. It is never the truth: every row and every run is checked against its files, and what
//! does not fit is read anew. A damaged, older or newer index, one of a workspace that was moved, and one that cannot be
//! written, are as if there was none. Whoever reads has it open, and whoever writes replaces it whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::bytes::{Reader, Writer};
use super::digest::Digests;
use super::heap::Heap;
use super::rows::{Kind, Row, Rows, Stamp, TEXTS};
use crate::fault;
use crate::ids::Identity;

/// Changed whenever anything here or in what it holds changes.
const MAGIC: &[u8; 8] = b"xpmidx01";
/// The length of what stands at the end: where the rows are, how long they are, their checksum, and the magic number.
const TRAILER: usize = 8 + 8 + 4 + 8;
/// How coarse the times of files may be. What changed this shortly before it was read may have changed again since,
/// without its time saying so.
pub(super) const COARSE: i64 = 2_000_000_000;

/// What an index holds.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// When the workspace was looked at, by the clock of its file system, in nanoseconds since 1970.
    pub(super) taken: i64,
    /// The folder of each task, in the order of the rows' tasks.
    pub(super) folders: Vec<Stamp>,
    pub(super) rows: Rows,
    pub(super) digests: Digests,
}

impl Index {
    fn path(root: &Path) -> PathBuf {
        root.join(".index").join("state")
    }

    /// The index of a workspace; `None` if there is none that can be used.
    pub(super) fn read(root: &Path) -> Option<Self> {
        let file = File::open(Self::path(root)).ok()?;
        let length = file.metadata().ok()?.len();
        let mut trailer = [0; TRAILER];
        let end = length.checked_sub(TRAILER as u64)?;
        file.read_exact_at(&mut trailer, end).ok()?;
        let mut from = Reader(&trailer);
        let (begin, size, checksum) = (from.u64()?, from.u64()?, from.u32()?);
        if from.0 != MAGIC || begin.checked_add(size)? != end {
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
            index.folders.push(stamp(&mut from)?);
        }
        for _ in 0..from.count(4)? {
            index.rows.hosts.push(from.text()?.into());
        }
        let count = from.count(100)?;
        index.rows.rows.reserve(count);
        for _ in 0..count {
            let row = row(&mut from)?;
            index.rows.tasks.get(row.task as usize)?;
            index.rows.rows.push(row);
        }
        index.digests = Digests::read(&mut from)?;
        index.rows.heap = Heap::stored(file, 0, begin);
        Some(index)
    }

    /// Writes an index. `began` is when the look at the workspace began. That it cannot be written is no matter.
    pub(super) fn write(root: &Path, folders: &[Stamp], rows: &Rows, digests: &Digests, began: Instant) {
        let path = Self::path(root);
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(format!(".state.{}-{number}.tmp", std::process::id()));
        let made = fs::create_dir(root.join(".index"));
        if made.is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
            return;
        }
        if write(&temporary, root, folders, rows, digests, began).and_then(|()| fs::rename(&temporary, &path)).is_err()
        {
            // The next look is slower.
            let _ = fs::remove_file(&temporary);
        }
    }
}

fn write(
    path: &Path,
    root: &Path,
    folders: &[Stamp],
    rows: &Rows,
    digests: &Digests,
    began: Instant,
) -> io::Result<()> {
    fault::point("create", path)?;
    let file = File::create(path)?;
    let metadata = file.metadata()?;
    let now = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
    let taken = now.saturating_sub(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
    let mut to = Writer::default();
    to.bytes(root.as_os_str().as_bytes());
    to.i64(taken);
    to.u64(rows.tasks.len() as u64);
    for (task, folder) in rows.tasks.iter().zip(folders) {
        to.bytes(task.as_bytes());
        write_stamp(&mut to, *folder);
    }
    to.u64(rows.hosts.len() as u64);
    rows.hosts.iter().for_each(|host| to.bytes(host.as_bytes()));
    // What no folder holds is known from journals alone.
    let kept = || rows.rows.iter().filter(|row| row.kind != Kind::Absent);
    to.u64(kept().count() as u64);
    rows.heap.load();
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut offset = 0;
    for row in kept() {
        let mut row = row.clone();
        let texts = rows.heap.bytes(row.offset, row.length());
        let texts = texts.ok_or_else(|| io::Error::other("the index that is replaced cannot be read"))?;
        out.write_all(&texts)?;
        row.offset = offset;
        offset += texts.len() as u64;
        write_row(&mut to, &row);
    }
    digests.write(&mut to);
    let mut trailer = Writer::default();
    trailer.u64(offset);
    trailer.u64(to.0.len() as u64);
    trailer.u32(super::checksum(&to.0));
    trailer.0.extend_from_slice(MAGIC);
    out.write_all(&to.0)?;
    out.write_all(&trailer.0)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::End(0)).map(drop)
}

fn write_stamp(to: &mut Writer, stamp: Stamp) {
    to.i64(stamp.changed);
    to.u64(stamp.inode);
    to.u64(stamp.size);
}

fn stamp(from: &mut Reader<'_>) -> Option<Stamp> {
    Some(Stamp { changed: from.i64()?, inode: from.u64()?, size: from.u64()? })
}

fn write_row(to: &mut Writer, row: &Row) {
    to.u32(row.task);
    to.u32(row.host);
    to.0.extend_from_slice(row.identity.as_bytes());
    write_stamp(to, row.stamp);
    to.u8(row.kind as u8);
    to.u32(row.attempt);
    to.i64(row.start);
    to.i64(row.end);
    to.u64(row.cpu_seconds.to_bits());
    to.u64(row.peak_memory);
    to.u64(row.offset);
    row.lengths.iter().for_each(|length| to.u32(*length));
    to.u32(row.checksum);
}

fn row(from: &mut Reader<'_>) -> Option<Row> {
    let (task, host) = (from.u32()?, from.u32()?);
    let mut row = Row::new(task, Identity::from_bytes(from.take()?));
    row.host = host;
    row.stamp = stamp(from)?;
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
    Some(row)
}
