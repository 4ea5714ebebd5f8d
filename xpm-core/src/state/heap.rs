//! The texts of rows: those that the index holds, read when they are asked for, and those read just now.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// After so many texts it is time to read all of them at once.
const MANY: u32 = 200;

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
    /// Where they begin in the file.
    begin: u64,
    length: u64,
    /// All of them, once somebody needs most.
    loaded: OnceLock<Vec<u8>>,
    /// How many texts were read one by one.
    asked: AtomicU32,
}

impl Heap {
    /// The texts that lie in `file` from `begin`.
    pub(super) fn stored(file: Arc<File>, begin: u64, length: u64) -> Self {
        let stored = Stored { file, begin, length, loaded: OnceLock::new(), asked: AtomicU32::new(0) };
        Self { file: Some(stored), fresh: Vec::new() }
    }

    fn stored_length(&self) -> u64 {
        self.file.as_ref().map_or(0, |stored| stored.length)
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
            stored.loaded.get_or_init(|| {
                let mut bytes = vec![0; usize::try_from(stored.length).unwrap_or(0)];
                match stored.file.read_exact_at(&mut bytes, stored.begin) {
                    Ok(()) => bytes,
                    Err(_) => Vec::new(),
                }
            });
        }
    }

    /// The bytes of a span; `None` if they cannot be read.
    pub(super) fn bytes(&self, offset: u64, length: u64) -> Option<Cow<'_, [u8]>> {
        let size = usize::try_from(length).ok()?;
        let stored_length = self.stored_length();
        if let Some(begin) = offset.checked_sub(stored_length) {
            let begin = usize::try_from(begin).ok()?;
            return self.fresh.get(begin..begin.checked_add(size)?).map(Cow::Borrowed);
        }
        let stored = self.file.as_ref().filter(|stored| offset.saturating_add(length) <= stored.length)?;
        if stored.loaded.get().is_none() && stored.asked.fetch_add(1, Ordering::Relaxed) >= MANY {
            self.load();
        }
        if let Some(loaded) = stored.loaded.get() {
            let begin = usize::try_from(offset).ok()?;
            return loaded.get(begin..begin.checked_add(size)?).map(Cow::Borrowed);
        }
        let mut bytes = vec![0; size];
        stored.file.read_exact_at(&mut bytes, stored.begin + offset).ok()?;
        Some(Cow::Owned(bytes))
    }
}
