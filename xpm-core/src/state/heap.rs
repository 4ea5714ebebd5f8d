//! The texts of rows: those that the index holds, read when they are asked for, and those read just now.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::rows::Span;
use super::section::Section;

/// After so many texts it is time to read all of them at once, if that is not much.
const MANY: u64 = 200;
/// To read one text takes as long as to read so many bytes with all others.
const EACH: u64 = 8 << 10;

/// Texts by offset: first those of the index's file, then those in memory.
#[derive(Debug, Default)]
pub(super) struct Heap {
    file: Option<Stored>,
    fresh: Vec<u8>,
}

/// The texts in the index's file.
#[derive(Debug)]
struct Stored {
    file: Arc<File>,
    section: Section,
    /// All of them, once somebody needs most, and whether all are what was written.
    loaded: OnceLock<(Vec<u8>, bool)>,
    /// How many texts were read one by one.
    asked: AtomicU32,
}

impl Heap {
    /// The texts that lie in a section of `file`.
    pub(super) fn stored(file: Arc<File>, section: Section) -> Self {
        let stored = Stored { file, section, loaded: OnceLock::new(), asked: AtomicU32::new(0) };
        Self { file: Some(stored), fresh: Vec::new() }
    }

    fn stored_length(&self) -> u64 {
        self.file.as_ref().map_or(0, |stored| stored.section.length)
    }

    /// Adds a text; gives its offset.
    pub(super) fn push(&mut self, text: &[u8]) -> u64 {
        let offset = self.stored_length() + self.fresh.len() as u64;
        self.fresh.extend_from_slice(text);
        offset
    }

    /// Reads all texts of the index at once, since most will be asked for.
    pub(super) fn load(&self) {
        if let Some(stored) = &self.file {
            stored.loaded.get_or_init(|| stored.section.read(&stored.file).unwrap_or_default());
        }
    }

    /// The bytes of a span; `None` if they cannot be read or are damaged: a damaged index is never taken for what the files say.
    pub(super) fn bytes(&self, span: Span) -> Option<Cow<'_, [u8]>> {
        let bytes = self.as_it_is(span)?;
        let stored = self.file.as_ref().filter(|stored| span.offset < stored.section.length);
        let known = stored.is_some_and(|stored| matches!(stored.loaded.get(), Some((_, true))));
        (known || super::checksum(&bytes) == span.checksum).then_some(bytes)
    }

    /// The bytes of a span, damaged or not; `None` if they cannot be read.
    pub(super) fn as_it_is(&self, Span { offset, length, .. }: Span) -> Option<Cow<'_, [u8]>> {
        let size = length as usize;
        if let Some(begin) = offset.checked_sub(self.stored_length()) {
            let begin = usize::try_from(begin).ok()?;
            return self.fresh.get(begin..begin.checked_add(size)?).map(Cow::Borrowed);
        }
        let stored =
            self.file.as_ref().filter(|stored| offset.saturating_add(length.into()) <= stored.section.length)?;
        let many = MANY.max(stored.section.length / EACH);
        if stored.loaded.get().is_none() && u64::from(stored.asked.fetch_add(1, Ordering::Relaxed)) >= many {
            self.load();
        }
        if let Some((loaded, _)) = stored.loaded.get() {
            let begin = usize::try_from(offset).ok()?;
            return loaded.get(begin..begin.checked_add(size)?).map(Cow::Borrowed);
        }
        let mut bytes = vec![0; size];
        stored.file.read_exact_at(&mut bytes, stored.section.begin + offset).ok()?;
        Some(Cow::Owned(bytes))
    }
}
