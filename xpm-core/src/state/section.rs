//! A part of the index's file: where it lies, and the checksum of its bytes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::thread;

use super::bytes::{Reader, Writer};

/// A part of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) begin: u64,
    pub(super) length: u64,
    pub(super) checksum: u32,
}

/// Bytes are read and summed in pieces of this many, while the CPU still has them at hand.
const PIECE: usize = 256 << 10;
/// With fewer bytes than this a second thread costs more than it saves.
const FEW: usize = 2 << 20;

impl Section {
    /// How many bytes [`write`](Self::write) takes.
    pub(super) const WRITTEN: usize = 12;

    /// Writes it; sections stand one behind the other, so where it begins need not be said.
    pub(super) fn write(&self, to: &mut Writer) {
        to.u64(self.length);
        to.u32(self.checksum);
    }

    /// Reads what was written of the section that begins here.
    pub(super) fn parse(from: &mut Reader<'_>, begin: u64) -> Option<Self> {
        let section = Self { begin, length: from.u64()?, checksum: from.u32()? };
        begin.checked_add(section.length).map(|_| section)
    }

    pub(super) fn end(&self) -> u64 {
        self.begin + self.length
    }

    /// Its bytes, read on all CPUs, and whether they are what was written; `None` if they cannot be read.
    pub(super) fn read(&self, file: &File) -> Option<(Vec<u8>, bool)> {
        let length = usize::try_from(self.length).ok()?;
        let mut bytes = vec![0; length];
        let size = if length < FEW { length } else { length.div_ceil(super::cpus()) }.max(1);
        let sums: Vec<_> = thread::scope(|scope| {
            let mut parts = bytes.chunks_mut(size).zip((self.begin..).step_by(size));
            let first = parts.next();
            let rest: Vec<_> = parts.map(|(part, begin)| scope.spawn(move || read(file, part, begin))).collect();
            let first = first.map(|(part, begin)| read(file, part, begin));
            let rest =
                rest.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            first.into_iter().chain(rest).collect()
        });
        let mut all = crc32fast::Hasher::new();
        for sum in sums {
            all.combine(&sum?);
        }
        Some((bytes, all.finalize() == self.checksum))
    }

    /// Gives its bytes to `each` in pieces of a multiple of `unit`; `None` if they cannot be read, are not what was written, or
    /// `each` has enough.
    pub(super) fn stream(&self, file: &File, unit: usize, mut each: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
        let mut piece = vec![0; unit * (PIECE / unit).max(1)];
        let mut sum = crc32fast::Hasher::new();
        let mut begin = self.begin;
        while begin < self.end() {
            let size = piece.len().min(usize::try_from(self.end() - begin).unwrap_or(usize::MAX));
            let part = &mut piece[..size];
            file.read_exact_at(part, begin).ok()?;
            sum.update(part);
            each(part)?;
            begin += size as u64;
        }
        (sum.finalize() == self.checksum).then_some(())
    }
}

fn read(file: &File, bytes: &mut [u8], begin: u64) -> Option<crc32fast::Hasher> {
    let mut sum = crc32fast::Hasher::new();
    for (piece, begin) in bytes.chunks_mut(PIECE).zip((begin..).step_by(PIECE)) {
        file.read_exact_at(piece, begin).ok()?;
        sum.update(piece);
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_what_was_written_whoever_reads_it() {
        let bytes: Vec<u8> = (0..3 * FEW + 7).map(|n| (n % 251) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let write = |bytes: &[u8]| {
            crate::workspace::write_atomic(&path, bytes, crate::workspace::Durability::Lazy).unwrap();
            File::open(&path).unwrap()
        };
        let file = write(&bytes);
        let pieces = |section: Section, file: &File, unit| {
            let mut all = Vec::new();
            let whole = section.stream(file, unit, |piece| {
                all.extend_from_slice(piece);
                Some(())
            });
            (all, whole.is_some())
        };
        for (begin, end) in [(0, bytes.len()), (5, 5), (100, FEW + 99), (1, FEW), (PIECE, bytes.len() - 1)] {
            let (part, begin, length) = (&bytes[begin..end], begin as u64, (end - begin) as u64);
            let section = Section { begin, length, checksum: super::super::checksum(part) };
            let expected = (part.to_vec(), true);
            assert!(section.read(&file).unwrap() == expected && pieces(section, &file, 197) == expected, "{begin}");
        }
        let section = Section { begin: 0, length: bytes.len() as u64, checksum: super::super::checksum(&bytes) };
        let mut damaged = bytes.clone();
        damaged[FEW] ^= 1;
        let file = write(&damaged);
        assert!(!section.read(&file).unwrap().1 && !pieces(section, &file, 1).1);
        let file = write(&bytes[1..]);
        assert!(section.read(&file).is_none() && !pieces(section, &file, 1 << 20).1);
    }
}
