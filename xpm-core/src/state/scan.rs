//! Goes through the folders of all jobs: what the index knows and still holds is kept, everything else is read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::UNIX_EPOCH;

use super::index::{COARSE, GRACE, Index};
use super::read::{self, Found};
use super::rows::{Kind, METRICS, PARAMS, Row, Rows, STATUS, Stamp, stamp_of};
use super::status::JobStatus;
use super::wanted::Wanted;
use crate::ids::{Identity, JobKey};
use crate::sys;
use crate::workspace::Workspace as Layout;

/// What a look at all folders has found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// In order of task and identity.
    pub(super) rows: Rows,
    /// The folder of each task.
    pub(super) folders: Vec<Stamp>,
    /// How jobs without a terminal record stand.
    pub(super) live: HashMap<u32, JobStatus>,
    /// How many rows another index would spare the next look.
    pub(super) fresh: usize,
    /// Where the rows of the index are now; `None` where each of them is where it was.
    pub(super) moved: Option<Vec<u32>>,
}

/// What was found of a job.
struct Slot {
    /// Its place among the index's rows.
    known: Option<u32>,
    found: Option<Box<Found>>,
    /// How it stands, without a terminal record.
    live: Option<Box<JobStatus>>,
    /// When the last of its files was changed, if it has ended and all of them had to be looked at.
    looked_at_all: Option<i64>,
    gone: bool,
}

impl Slot {
    fn of(known: Option<u32>) -> Self {
        Self { known, found: None, live: None, looked_at_all: None, gone: false }
    }
}

/// What was found of a task.
struct Part {
    name: String,
    folder: Stamp,
    slots: Vec<Slot>,
}

/// Until when what was changed last is known to be what the index has of it.
#[derive(Clone, Copy, Debug)]
struct Until {
    /// A single file: later, it may have changed again since, without its stamp saying so.
    settled: i64,
    /// The files of a job that has ended: later, others than its record may have changed since.
    complete: i64,
}

impl Until {
    /// What was read at this time, in nanoseconds since 1970.
    fn read_at(time: i64) -> Self {
        Self { settled: time.saturating_sub(COARSE), complete: time.saturating_sub(GRACE) }
    }
}

/// Looks at all jobs, or at those that are wanted. The index's rows are used up.
///
/// Of a job that has ended the record is looked at, and its arguments and metrics too if the index was made shortly after the last of
/// these files was changed. Three files of each of 100,000 jobs would take three times as long; and the identity that a job has
/// by its arguments vouches for these. Of few jobs, every file is looked at.
pub(super) fn scan(layout: &Layout, index: &mut Index, wanted: Option<&Wanted>) -> Scan {
    let known = std::mem::take(&mut index.rows);
    let mut until = Until::read_at(index.taken);
    if wanted.is_some() {
        until.complete = i64::MIN;
    }
    let mut names: Vec<String> = fs::read_dir(layout.jobs())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    let mut parts = Vec::new();
    for name in names {
        let Ok(folder) = File::open(layout.jobs().join(&name)) else { continue };
        // Before its entries are read: what comes later is seen by the next look.
        let stamp = folder.metadata().map(|metadata| sys::stamp(&metadata)).unwrap_or_default();
        let place = known.tasks.iter().position(|task| **task == *name);
        let (begin, rows) = place.map_or((0, &[][..]), |place| {
            let begin = known.rows.partition_point(|row| *known.tasks[row.task as usize] < *name);
            let place = place as u32;
            let count = known.rows[begin..].partition_point(|row| row.task == place);
            (begin as u32, &known.rows[begin..begin + count])
        });
        let same = place.is_some_and(|place| index.folders.get(place) == Some(&stamp)) && stamp.changed < until.settled;
        let identities = match (wanted, same) {
            (None, true) => None,
            (None, false) => Some(list(layout, &name)),
            (Some(wanted), true) => Some(wanted.of_task(&name, rows.iter().map(|row| row.identity))),
            (Some(wanted), false) => Some(wanted.of_task(&name, list(layout, &name).into_iter())),
        };
        let task = name.as_str().into();
        let look = Look { layout, name: &task, rows, begin, until };
        let slots = look.all(identities.as_deref());
        if !slots.is_empty() {
            parts.push(Part { name, folder: stamp, slots });
        }
    }
    // What changed just now would be read again all the same.
    let now = crate::clock::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as i64);
    merge(known, parts, Until::read_at(now))
}

/// Makes rows of what the index has and what was found.
fn merge(mut known: Rows, parts: Vec<Part>, until: Until) -> Scan {
    let mut scan = Scan { folders: parts.iter().map(|part| part.folder).collect(), ..Scan::default() };
    let tasks = known.tasks.iter().map(|task| &**task).eq(parts.iter().map(|part| part.name.as_str()));
    let slots = || parts.iter().flat_map(|part| &part.slots);
    let in_place = tasks
        && slots().count() == known.rows.len()
        && slots().zip(0..).all(|(slot, place)| slot.known == Some(place) && !slot.gone);
    let mut before = Vec::new();
    let mut moved = vec![u32::MAX; if in_place { 0 } else { known.rows.len() }];
    if !in_place {
        before = std::mem::take(&mut known.rows);
        known.tasks.clear();
    }
    let mut place = 0;
    for part in parts {
        let task = if in_place { 0 } else { known.task(&part.name) };
        for slot in part.slots {
            let settles = |found: &Found| found.row.stamp.changed < until.settled;
            let completes = slot.looked_at_all.is_some_and(|changed| changed < until.complete);
            scan.fresh += usize::from(slot.gone || completes || slot.found.as_deref().is_some_and(settles));
            if slot.gone {
                continue;
            }
            let row = slot.found.map(|found| found.enter(&mut known));
            if let (false, Some(old)) = (in_place, slot.known) {
                moved[old as usize] = place;
            }
            match (row, in_place, slot.known) {
                (None, true, _) => {}
                (Some(row), true, _) => {
                    let task = known.rows[place as usize].task;
                    known.rows[place as usize] = Row { task, ..row };
                }
                (Some(row), false, _) => known.rows.push(Row { task, ..row }),
                (None, false, Some(old)) => known.rows.push(Row { task, ..before[old as usize].clone() }),
                (None, false, None) => continue,
            }
            if let Some(live) = slot.live {
                scan.live.insert(place, *live);
            }
            place += 1;
        }
    }
    scan.fresh += before.len().saturating_sub(known.rows.len());
    scan.moved = (!in_place).then_some(moved);
    scan.rows = known;
    scan
}

/// The identities of the folders of a task, in order.
fn list(layout: &Layout, task: &str) -> Vec<Identity> {
    let entries = fs::read_dir(layout.jobs().join(task)).into_iter().flatten().flatten();
    let mut identities: Vec<Identity> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse::<Identity>().ok()).collect();
    identities.sort_unstable();
    identities
}

/// A look at the jobs of one task.
struct Look<'a> {
    layout: &'a Layout,
    name: &'a Arc<str>,
    /// What the index has of this task, in order of identity, and the place of the first.
    rows: &'a [Row],
    begin: u32,
    until: Until,
}

/// The slots of jobs of which the task's folder has gone while it was looked at.
fn gone(count: usize) -> Vec<Slot> {
    (0..count).map(|_| Slot { gone: true, ..Slot::of(None) }).collect()
}

/// Below this many jobs a second thread costs more than it saves.
const FEW: usize = 500;

impl Look<'_> {
    /// Looks at all of these jobs; at those of the index if none are given.
    fn all(&self, identities: Option<&[Identity]>) -> Vec<Slot> {
        let Some(identities) = identities else {
            return in_parts(self.rows, |part, from| {
                let Some(folder) = self.folder() else { return gone(part.len()) };
                part.iter().zip(from..).map(|(row, place)| self.one(&folder, row.identity, Some(place))).collect()
            });
        };
        in_parts(identities, |part, _| {
            let Some(folder) = self.folder() else { return gone(part.len()) };
            // Both are in order, so the next one mostly stands behind the last.
            let mut next = 0;
            let one = |identity: &Identity| {
                let place = match self.rows.get(next) {
                    Some(row) if row.identity == *identity => Some(next),
                    _ => self.rows.binary_search_by(|row| row.identity.cmp(identity)).ok(),
                };
                next = place.map_or(next, |place| place + 1);
                self.one(&folder, *identity, place)
            };
            part.iter().map(one).collect()
        })
    }

    /// The folder of the task, opened anew: threads that share an open file wait for each other at every look.
    fn folder(&self) -> Option<File> {
        File::open(self.layout.jobs().join(&**self.name)).ok()
    }

    fn one(&self, folder: &File, identity: Identity, place: Option<usize>) -> Slot {
        let status = stamp_of(folder, &identity, STATUS);
        let params = || stamp_of(folder, &identity, PARAMS).unwrap_or_default();
        let metrics = || stamp_of(folder, &identity, METRICS).unwrap_or_default();
        let known = place.map(|place| self.begin + place as u32);
        let mut slot = Slot::of(known);
        let folder = || self.layout.job(&JobKey { task: self.name.clone(), identity });
        let stamp = status.unwrap_or_else(params);
        if let Some(row) = place.map(|place| &self.rows[place]) {
            let settled = |stamp: Stamp| stamp.changed != 0 && stamp.changed < self.until.settled;
            let mut same = row.stamp == stamp && (row.kind == Kind::Open) == status.is_none() && settled(stamp);
            let changed = row.stamp.changed.max(row.params.changed).max(row.metrics.changed);
            if same && status.is_some() && changed >= self.until.complete {
                slot.looked_at_all = Some(changed);
                same = row.params == params() && settled(row.params);
                same &= row.metrics == metrics() && row.metrics.changed < self.until.settled;
            }
            if same {
                slot.live = status.is_none().then(|| Box::new(read::look(&folder())));
                return slot;
            }
        }
        let folder = folder();
        if stamp == Stamp::default() && !folder.path().exists() {
            slot.gone = true;
            return slot;
        }
        let params = if status.is_some() { params() } else { stamp };
        let found = read::read(&folder, self.layout.path(), 0, identity, (stamp, params));
        slot.live = (found.row.kind == Kind::Open).then(|| Box::new(read::look(&folder)));
        slot.found = Some(Box::new(found));
        slot
    }
}

/// Does something with parts of a list, on several threads; gives all results, in order.
fn in_parts<I: Sync>(items: &[I], look: impl Fn(&[I], usize) -> Vec<Slot> + Sync) -> Vec<Slot> {
    if items.len() < FEW {
        return look(items, 0);
    }
    // More threads than CPUs: on a cold cache they wait for the disk. Each takes the next small part, so that all end together.
    let threads = super::cpus() * 2;
    let size = items.len().div_ceil(threads * 16).max(FEW);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let begin = next.fetch_add(size, Ordering::Relaxed);
            let Some(rest) = items.get(begin..).filter(|rest| !rest.is_empty()) else { return found };
            found.push((begin, look(&rest[..size.min(rest.len())], begin)));
        }
    };
    let mut parts: Vec<(usize, Vec<Slot>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.flat_map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    parts.sort_unstable_by_key(|(begin, _)| *begin);
    let mut slots = Vec::with_capacity(items.len());
    parts.into_iter().for_each(|(_, part)| slots.extend(part));
    slots
}
