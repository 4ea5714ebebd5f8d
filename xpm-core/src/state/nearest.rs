//! The earlier job that is most like another.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::differences::left_out;
use super::fields::on_all_cpus;
use super::job::{JobInfo, JobReadError};
use super::leaves::leaves;
use super::snapshot::Snapshot;
use super::table::{Cell, Source};

/// Whether an argument, or one that it is a part of, is not in the identity.
fn is_left_out(ignored: &HashSet<String>, path: &str) -> bool {
    let mut ends = path.match_indices(['.', '[']).map(|(place, _)| place).chain([path.len()]);
    !ignored.is_empty() && ends.any(|end| ignored.contains(&path[..end]))
}

fn digest(cell: &Cell) -> u64 {
    let mut hasher = DefaultHasher::new();
    match cell {
        Cell::Nothing => 0u8.hash(&mut hasher),
        Cell::Bool(b) => (1u8, b).hash(&mut hasher),
        Cell::Int(i) => (2u8, i).hash(&mut hasher),
        Cell::Float(x) => (3u8, x.to_bits()).hash(&mut hasher),
        Cell::Text(text) => (4u8, text).hash(&mut hasher),
        Cell::Large(i) => (5u8, i).hash(&mut hasher),
        Cell::Huge(i) => (6u8, i).hash(&mut hasher),
    }
    hasher.finish()
}

impl Snapshot {
    /// The job of the same task, begun or ended before `job`, that differs from it in the fewest arguments of the identity;
    /// of several the newest. Reads the arguments of every job of the task, on all CPUs.
    ///
    /// # Errors
    /// If the arguments of `job` cannot be read.
    pub fn nearest_earlier(&self, job: &JobInfo) -> Result<Option<JobInfo>, JobReadError> {
        let ignored = left_out(job);
        let mut wanted: HashMap<String, u64> = HashMap::new();
        leaves(&job.marked_arguments()?, &mut |path, cell| {
            if !is_left_out(&ignored, path) {
                wanted.insert(path.to_owned(), digest(&cell));
            }
        });
        let began = job.start().or_else(|| job.time());
        let earlier = |other: &JobInfo| match (began, other.start().or_else(|| other.time())) {
            (Some(began), Some(time)) => time < began,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let candidates: Vec<JobInfo> =
            self.jobs_of(job.task()).into_iter().filter(|other| other.identity() != job.identity()).collect();
        let read = |jobs: &[JobInfo]| {
            let mut best: Option<(usize, std::cmp::Reverse<Option<std::time::SystemTime>>, JobInfo)> = None;
            for other in jobs.iter().filter(|other| earlier(other)) {
                let (mut equal, mut differ) = (0, 0);
                let mut count = |path: &str, cell: &Cell| match wanted.get(path) {
                    Some(digest_of) if *digest_of == digest(cell) => equal += 1,
                    Some(_) => {}
                    None if is_left_out(&ignored, path) => {}
                    None => differ += 1,
                };
                if let Some(values) = other.values() {
                    let paths = values.shape.paths.iter().zip(values.leaves());
                    let arguments = paths.filter(|((source, _), _)| *source == Source::Argument);
                    arguments.for_each(|((_, path), leaf)| count(path, &leaf.cell()));
                } else {
                    let Ok(tree) = other.marked_arguments() else { continue };
                    leaves(&tree, &mut |path, cell| count(path, &cell));
                }
                let differences = differ + wanted.len() - equal;
                let time = std::cmp::Reverse(other.start().or_else(|| other.time()));
                if best.as_ref().is_none_or(|(least, newest, _)| (differences, time) < (*least, *newest)) {
                    best = Some((differences, time, other.clone()));
                }
            }
            best
        };
        let found = on_all_cpus(&candidates, read).into_iter().flatten();
        Ok(found.min_by_key(|(differences, time, _)| (*differences, *time)).map(|(_, _, job)| job))
    }
}
