//! Goes through the folders of all jobs: what the index knows and still holds is kept, everything else is read.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use super::index::{COARSE, Index};
use super::read::{self, Found};
use super::rows::{Kind, Row, Rows, Stamp};
use super::status::JobStatus;
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
    /// How many rows were read from files.
    pub(super) fresh: usize,
}

/// A job of the task that is looked at.
enum Slot {
    /// As the index has it, at this place.
    Known(u32),
    /// As the index has it, without a terminal record.
    KnownOpen(u32, Box<JobStatus>),
    /// Read just now.
    Fresh(Box<Found>, Option<JobStatus>),
    /// Its folder is gone.
    Gone,
}

/// Looks at all jobs. The index's rows and digests are used up.
pub(super) fn scan(layout: &Layout, index: &mut Index) -> Scan {
    let taken = index.taken;
    let known = std::mem::take(&mut index.rows);
    let mut scan = Scan { rows: Rows { heap: known.heap, hosts: known.hosts, ..Rows::default() }, ..Scan::default() };
    let mut names: Vec<String> = fs::read_dir(layout.jobs())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    for name in names {
        let Ok(folder) = File::open(layout.jobs().join(&name)) else { continue };
        // Before its entries are read: what comes later is seen by the next look.
        let folder_stamp = folder.metadata().map(|metadata| sys::stamp(&metadata)).unwrap_or_default();
        let place = known.tasks.iter().position(|task| **task == *name);
        let rows = place.map_or(&[][..], |place| {
            let place = place as u32;
            let begin = known.rows.partition_point(|row| *known.tasks[row.task as usize] < *name);
            let count = known.rows[begin..].iter().take_while(|row| row.task == place).count();
            &known.rows[begin..begin + count]
        });
        let same = place.is_some_and(|place| index.folders.get(place) == Some(&folder_stamp))
            && folder_stamp.changed < taken - COARSE;
        let listed;
        let identities: &mut dyn Iterator<Item = Identity> = if same {
            &mut rows.iter().map(|row| row.identity)
        } else {
            listed = list(layout, &name);
            &mut listed.into_iter()
        };
        let identities: Vec<Identity> = identities.collect();
        if identities.is_empty() {
            continue;
        }
        let task = scan.rows.task(&name);
        scan.folders.push(folder_stamp);
        let task_name = scan.rows.tasks[task as usize].clone();
        let look = Look { layout, folder: &folder, name: &task_name, task, rows, taken };
        for slot in look.all(&identities) {
            let (row, live) = match slot {
                Slot::Known(place) => (Row { task, ..rows[place as usize].clone() }, None),
                Slot::KnownOpen(place, live) => (Row { task, ..rows[place as usize].clone() }, Some(*live)),
                Slot::Fresh(found, live) => {
                    scan.fresh += 1;
                    (found.enter(&mut scan.rows), live)
                }
                Slot::Gone => {
                    scan.fresh += 1;
                    continue;
                }
            };
            if let Some(live) = live {
                scan.live.insert(scan.rows.rows.len() as u32, live);
            }
            scan.rows.rows.push(row);
        }
    }
    scan.fresh += known.rows.len().saturating_sub(scan.rows.rows.len());
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
    folder: &'a File,
    name: &'a Arc<str>,
    task: u32,
    /// What the index has of this task, in order of identity.
    rows: &'a [Row],
    taken: i64,
}

/// Below this many jobs a second thread costs more than it saves.
const FEW: usize = 500;

impl Look<'_> {
    fn all(&self, identities: &[Identity]) -> Vec<Slot> {
        let cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get).clamp(1, 8);
        let look = |part: &[Identity]| {
            // Both are in order, so the next one mostly stands behind the last.
            let mut next = 0;
            let one = |identity: &Identity| {
                let place = match self.rows.get(next) {
                    Some(row) if row.identity == *identity => Some(next),
                    _ => self.rows.binary_search_by(|row| row.identity.cmp(identity)).ok(),
                };
                next = place.map_or(next, |place| place + 1);
                self.one(*identity, place)
            };
            part.iter().map(one).collect::<Vec<_>>()
        };
        if identities.len() < FEW {
            return look(identities);
        }
        // More threads than CPUs: on a cold cache they wait for the disk.
        let size = identities.len().div_ceil(cpus * 2).max(FEW);
        thread::scope(|scope| {
            let parts: Vec<_> = identities.chunks(size).map(|part| scope.spawn(move || look(part))).collect();
            let mut slots = Vec::with_capacity(identities.len());
            for part in parts {
                slots.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            slots
        })
    }

    fn one(&self, identity: Identity, place: Option<usize>) -> Slot {
        let digits = identity.digits();
        let stamp_of = |file: &[u8; 13]| {
            let mut path = [0; 64 + 13];
            path[..64].copy_from_slice(&digits);
            path[64..].copy_from_slice(file);
            sys::stamp_at(self.folder, CStr::from_bytes_until_nul(&path).ok()?)
        };
        let status = stamp_of(b"/status.json\0");
        let stamp = status.or_else(|| stamp_of(b"/params.json\0")).unwrap_or_default();
        let folder = || self.layout.job(&JobKey { task: self.name.clone(), identity });
        if let Some(place) = place {
            let row = &self.rows[place];
            let same = row.stamp == stamp && (row.kind == Kind::Open) == status.is_none();
            if same && stamp.changed != 0 && stamp.changed < self.taken - COARSE {
                let place = place as u32;
                return match status {
                    Some(_) => Slot::Known(place),
                    None => Slot::KnownOpen(place, Box::new(read::look(&folder()))),
                };
            }
        }
        let folder = folder();
        if stamp == Stamp::default() && !folder.path().exists() {
            return Slot::Gone;
        }
        let found = read::read(&folder, self.layout.path(), self.task, identity, stamp);
        let live = (found.row.kind == Kind::Open).then(|| read::look(&folder));
        Slot::Fresh(Box::new(found), live)
    }
}
