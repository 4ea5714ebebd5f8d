//! What the journals of runs say of their jobs, small enough to keep: the jobs in order of submission, each with its tags
//! and how it last stood.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::bytes::{Reader, Writer};
use crate::ids::{Identity, JobKey};
use crate::value::Tags;
use crate::workspace::journal::{Ending, JobName, JournalEvent, JournalReader, StateBefore};

/// How a job last stood, as the run's driver saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Seen {
    Waiting = 0,
    Started = 1,
    Done = 2,
    Failed = 3,
    Cancelled = 4,
    /// There is no journal: a link is all that is known.
    Linked = 5,
}

/// What a link costs, in bytes of a journal.
const LINK: u64 = 400;

/// No text.
pub(super) const NONE: u32 = u32::MAX;

/// A job of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunJob {
    /// The job's place among the keys.
    pub(super) key: u32,
    /// Places among the texts.
    pub(super) tags: u32,
    pub(super) more: u32,
    /// The token that it was put off for, or why it failed, as JSON.
    pub(super) note: u32,
    pub(super) seen: Seen,
}

/// What a run's submission of a job says beside its tags.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct More {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) jobs: Vec<JobName>,
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub(super) tokens: std::collections::BTreeMap<String, u64>,
}

/// The jobs of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct RunDigest {
    /// Which file it was read from, and up to where.
    pub(super) inode: u64,
    pub(super) next: u64,
    pub(super) jobs: Vec<RunJob>,
}

/// The jobs of all runs: keys and texts are kept once.
#[derive(Debug, Default)]
pub(super) struct Digests {
    pub(super) tasks: Vec<Arc<str>>,
    pub(super) keys: Vec<(u32, Identity)>,
    /// The texts one behind the other, and where each begins and ends.
    buffer: String,
    texts: Vec<(u32, u32)>,
    /// The texts that are tags, once somebody has asked.
    tags: OnceLock<Vec<OnceLock<Tags>>>,
    /// By experiment and run.
    pub(super) runs: HashMap<(String, String), RunDigest>,
    key_places: OnceLock<HashMap<(u32, Identity), u32>>,
    text_places: OnceLock<HashMap<Box<str>, u32>>,
    /// How many bytes of journals were read beyond what the index knew.
    pub(super) fresh: u64,
}

static NO_TAGS: Tags = Tags::new();

impl Digests {
    pub(super) fn text(&self, place: u32) -> Option<&str> {
        let (begin, end) = *self.texts.get(place as usize)?;
        self.buffer.get(begin as usize..end as usize)
    }

    /// The tags that a text holds.
    pub(super) fn tags(&self, place: u32) -> &Tags {
        let Some(text) = self.text(place) else { return &NO_TAGS };
        let all = self.tags.get_or_init(|| std::iter::repeat_with(OnceLock::new).take(self.texts.len()).collect());
        all.get(place as usize)
            .map_or(&NO_TAGS, |tags| tags.get_or_init(|| serde_json::from_str(text).unwrap_or_default()))
    }

    pub(super) fn more(&self, place: u32) -> More {
        self.text(place).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub(super) fn key(&self, place: u32) -> JobKey {
        let (task, identity) = self.keys[place as usize];
        JobKey { task: self.tasks[task as usize].clone(), identity }
    }

    fn enter_key(&mut self, key: &JobKey) -> u32 {
        let task = match self.tasks.iter().position(|task| *task == key.task) {
            Some(place) => place,
            None => {
                self.tasks.push(key.task.clone());
                self.tasks.len() - 1
            }
        } as u32;
        self.key_places.get_or_init(|| (0u32..).zip(&self.keys).map(|(place, key)| (*key, place)).collect());
        let next = self.keys.len() as u32;
        let place =
            self.key_places.get_mut().map_or(next, |places| *places.entry((task, key.identity)).or_insert(next));
        if place == next {
            self.keys.push((task, key.identity));
        }
        place
    }

    fn enter_text(&mut self, text: &str) -> u32 {
        if self.text_places.get().is_none() {
            let all = (0..self.texts.len() as u32).filter_map(|place| Some((self.text(place)?.into(), place)));
            let all: HashMap<Box<str>, u32> = all.collect();
            let _ = self.text_places.set(all);
        }
        let places = self.text_places.get_mut();
        if let Some(place) = places.as_ref().and_then(|places| places.get(text)) {
            return *place;
        }
        let (place, begin) = (self.texts.len() as u32, self.buffer.len());
        let Ok(end) = u32::try_from(begin + text.len()) else { return NONE };
        if let Some(places) = places {
            places.insert(text.into(), place);
        }
        self.buffer.push_str(text);
        self.texts.push((begin as u32, end));
        place
    }

    fn enter_json(&mut self, value: &impl Serialize) -> u32 {
        serde_json::to_string(value).map_or(NONE, |text| self.enter_text(&text))
    }

    /// Brings what is known of a run up to date.
    pub(super) fn refresh(&mut self, name: (String, String), path: &Path, settled: i64) {
        let journal = path.join("journal.jsonl");
        let mut digest = self.runs.remove(&name).unwrap_or_default();
        let Ok(metadata) = std::fs::metadata(&journal) else {
            self.read_links(&mut digest, path, settled);
            self.runs.insert(name, digest);
            return;
        };
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        if digest.inode != inode || metadata.len() < digest.next {
            digest = RunDigest { inode, ..RunDigest::default() };
        }
        if metadata.len() > digest.next
            && let Ok(read) = JournalReader::read(&journal, digest.next)
        {
            self.fresh += read.next - digest.next;
            digest.next = read.next;
            let mut places: Option<HashMap<u32, usize>> = None;
            for event in read.events {
                self.take(&mut digest, &mut places, event.event);
            }
        }
        self.runs.insert(name, digest);
    }

    /// A run without a journal. What was changed later than `settled` may have changed again since it was read.
    fn read_links(&mut self, digest: &mut RunDigest, path: &Path, settled: i64) {
        let changed = std::fs::metadata(path.join("jobs")).map_or(0, |links| crate::sys::stamp(&links).changed);
        let known = changed != 0 && changed < settled;
        let changed = u64::try_from(changed).unwrap_or(0);
        if known && digest.inode == 0 && digest.next == changed {
            return;
        }
        *digest = RunDigest { inode: 0, next: changed, jobs: Vec::new() };
        for key in super::runs::linked_jobs(path) {
            let key = self.enter_key(&key);
            digest.jobs.push(RunJob { key, tags: NONE, more: NONE, note: NONE, seen: Seen::Linked });
            self.fresh += LINK;
        }
    }

    fn take(&mut self, digest: &mut RunDigest, places: &mut Option<HashMap<u32, usize>>, event: JournalEvent) {
        let places =
            places.get_or_insert_with(|| digest.jobs.iter().enumerate().map(|(place, job)| (job.key, place)).collect());
        let (job, seen, note) = match event {
            JournalEvent::Submitted(submitted) => {
                let key = self.enter_key(&submitted.job.0);
                let tags = if submitted.tags.is_empty() { NONE } else { self.enter_json(&submitted.tags) };
                let more = More { at: submitted.at, jobs: submitted.depends_on, tokens: submitted.tokens };
                let more = self.enter_json(&more);
                let seen = match submitted.state {
                    StateBefore::Waiting => Seen::Waiting,
                    StateBefore::Done => Seen::Done,
                    StateBefore::Failed => Seen::Failed,
                };
                places.insert(key, digest.jobs.len());
                digest.jobs.push(RunJob { key, tags, more, note: NONE, seen });
                return;
            }
            JournalEvent::Started { job, .. } | JournalEvent::Attached { job } => (job, Seen::Started, NONE),
            JournalEvent::Deferred { job, token } => (job, Seen::Waiting, self.enter_text(&token)),
            JournalEvent::Retried { job, .. } => (job, Seen::Waiting, NONE),
            JournalEvent::Ended { job, state, failure, .. } => {
                let note = failure.map_or(NONE, |failure| self.enter_json(&failure));
                let seen = match state {
                    Ending::Done => Seen::Done,
                    Ending::Failed => Seen::Failed,
                    Ending::Cancelled => Seen::Cancelled,
                };
                (job, seen, note)
            }
            _ => return,
        };
        let key = self.enter_key(&job.0);
        if let Some(place) = places.get(&key) {
            let job = &mut digest.jobs[*place];
            (job.seen, job.note) = (seen, note);
        }
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.u64(self.tasks.len() as u64);
        self.tasks.iter().for_each(|task| to.bytes(task.as_bytes()));
        to.u64(self.keys.len() as u64);
        for (task, identity) in &self.keys {
            to.u32(*task);
            to.0.extend_from_slice(identity.as_bytes());
        }
        to.bytes(self.buffer.as_bytes());
        to.u64(self.texts.len() as u64);
        self.texts.iter().for_each(|(begin, end)| {
            to.u32(*begin);
            to.u32(*end);
        });
        to.u64(self.runs.len() as u64);
        for ((experiment, run), digest) in &self.runs {
            to.bytes(experiment.as_bytes());
            to.bytes(run.as_bytes());
            to.u64(digest.inode);
            to.u64(digest.next);
            to.u64(digest.jobs.len() as u64);
            for job in &digest.jobs {
                [job.key, job.tags, job.more, job.note].iter().for_each(|place| to.u32(*place));
                to.u8(job.seen as u8);
            }
        }
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut digests = Self::default();
        for _ in 0..from.count(4)? {
            digests.tasks.push(from.text()?.into());
        }
        let count = from.count(36)?;
        digests.keys.reserve(count);
        for _ in 0..count {
            let task = from.u32()?;
            digests.tasks.get(task as usize)?;
            digests.keys.push((task, Identity::from_bytes(from.take()?)));
        }
        from.text()?.clone_into(&mut digests.buffer);
        let count = from.count(8)?;
        digests.texts.reserve(count);
        for _ in 0..count {
            digests.texts.push((from.u32()?, from.u32()?));
        }
        for _ in 0..from.count(32)? {
            let name = (from.text()?.to_owned(), from.text()?.to_owned());
            let mut digest = RunDigest { inode: from.u64()?, next: from.u64()?, jobs: Vec::new() };
            let count = from.count(17)?;
            digest.jobs.reserve(count);
            for _ in 0..count {
                let [key, tags, more, note] = [from.u32()?, from.u32()?, from.u32()?, from.u32()?];
                let seen = match from.u8()? {
                    0 => Seen::Waiting,
                    1 => Seen::Started,
                    2 => Seen::Done,
                    3 => Seen::Failed,
                    4 => Seen::Cancelled,
                    5 => Seen::Linked,
                    _ => return None,
                };
                digests.keys.get(key as usize)?;
                digest.jobs.push(RunJob { key, tags, more, note, seen });
            }
            digests.runs.insert(name, digest);
        }
        Some(digests)
    }
}
