//! Everything that is known of a workspace at one moment.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::experiment::{Counts, ExperimentInfo, RunInfo};
use super::job::JobInfo;
use super::read;
use super::rows::{Kind, Rows, Stamp};
use super::runs::{self, Experiment, Run};
use super::status::JobStatus;
use super::{FindError, parse_full_name};
use crate::ids::{Identity, JobKey};
use crate::value::Tags;
use crate::workspace::Workspace as Layout;

/// Everything that is known of a workspace at one moment: its experiments, runs and jobs.
#[derive(Clone)]
pub struct Snapshot {
    shared: Arc<Shared>,
}

/// What all views of a snapshot share.
pub(super) struct Shared {
    pub(super) layout: Layout,
    taken: SystemTime,
    /// In order of task and identity.
    pub(super) rows: Rows,
    /// How jobs without a terminal record stand.
    pub(super) live: HashMap<u32, JobStatus>,
    pub(super) experiments: Vec<Experiment>,
    pub(super) runs: Vec<Run>,
    tags: HashMap<u32, Tags>,
    added: HashMap<u32, Vec<JobKey>>,
    /// The places of the runs of each job, once somebody asks.
    runs_of: OnceLock<HashMap<u32, Vec<u32>>>,
}

static NO_TAGS: Tags = Tags::new();

impl Shared {
    pub(super) fn tags(&self, place: u32) -> &Tags {
        self.tags.get(&place).unwrap_or(&NO_TAGS)
    }

    /// The places of the runs that refer to a job, oldest first.
    pub(super) fn runs_of(&self, place: u32) -> &[u32] {
        let runs_of = self.runs_of.get_or_init(|| {
            let mut runs_of: HashMap<u32, Vec<u32>> = HashMap::new();
            for (run, place) in self.runs.iter().zip(0..) {
                run.jobs.iter().for_each(|job| runs_of.entry(*job).or_default().push(place));
            }
            runs_of
        });
        runs_of.get(&place).map_or(&[], Vec::as_slice)
    }

    pub(super) fn added_dependencies(&self, place: u32) -> Vec<JobKey> {
        self.added.get(&place).cloned().unwrap_or_default()
    }

    /// Sorts places so that what runs comes first, then what something happened to last.
    pub(super) fn newest_first(&self, places: &mut [u32]) {
        let order = |place: &u32| {
            let running = matches!(self.live.get(place), Some(JobStatus::Running(_) | JobStatus::Starting));
            (std::cmp::Reverse((running, self.rows.rows[*place as usize].time())), *place)
        };
        places.sort_by_cached_key(order);
    }

    fn state_name(&self, place: u32) -> &'static str {
        if let Some(live) = self.live.get(&place) {
            return live.name();
        }
        match self.rows.rows[place as usize].kind {
            Kind::Done => "done",
            Kind::Failed => "failed",
            Kind::Unreadable => "unreadable",
            Kind::Open | Kind::Absent => "unstarted",
        }
    }

    pub(super) fn count(&self, places: impl Iterator<Item = u32>) -> Counts {
        let mut counts = Counts::default();
        places.for_each(|place| counts.add(self.state_name(place)));
        counts
    }

    /// The place of a job.
    fn find(&self, key: &JobKey) -> Option<u32> {
        let rows = &self.rows.rows;
        let place = rows.binary_search_by(|row| {
            (&*self.rows.tasks[row.task as usize], row.identity).cmp(&(&*key.task, key.identity))
        });
        place.ok().and_then(|place| u32::try_from(place).ok())
    }
}

impl Snapshot {
    /// Reads a workspace.
    pub(super) fn take(layout: Layout) -> Self {
        let taken = crate::clock::now();
        let mut rows = Rows::default();
        let mut live = HashMap::new();
        let mut names: Vec<String> = fs::read_dir(layout.jobs())
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable();
        for name in names {
            let entries = fs::read_dir(layout.jobs().join(&name)).into_iter().flatten().flatten();
            let identities = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<Identity>().ok());
            let mut identities: Vec<Identity> = identities.collect();
            identities.sort_unstable();
            if identities.is_empty() {
                continue;
            }
            let task = rows.task(&name);
            let task_name = rows.tasks[task as usize].clone();
            for identity in identities {
                let folder = layout.job(&JobKey { task: task_name.clone(), identity });
                let found = read::read(&folder, layout.path(), task, identity, Stamp::default());
                let row = found.enter(&mut rows);
                if row.kind == Kind::Open {
                    live.insert(rows.rows.len() as u32, read::look(&folder));
                }
                rows.rows.push(row);
            }
        }
        let (experiments, runs) = runs::read(&layout);
        let mut shared = Shared {
            layout,
            taken,
            rows,
            live,
            experiments,
            runs,
            tags: HashMap::new(),
            added: HashMap::new(),
            runs_of: OnceLock::new(),
        };
        for place in 0..shared.runs.len() {
            let keys = runs::linked_jobs(&shared.runs[place].path);
            let places = keys.iter().filter_map(|key| shared.find(key)).collect();
            shared.runs[place].jobs = places;
        }
        Self { shared: Arc::new(shared) }
    }

    /// When it was taken.
    pub fn taken(&self) -> SystemTime {
        self.shared.taken
    }

    /// Every experiment, in order of id.
    pub fn experiments(&self) -> Vec<ExperimentInfo> {
        (0..self.shared.experiments.len()).map(|place| ExperimentInfo { shared: self.shared.clone(), place }).collect()
    }

    /// An experiment, by its id.
    ///
    /// # Errors
    /// If there is none; names those that there are.
    pub fn experiment(&self, id: &str) -> Result<ExperimentInfo, FindError> {
        let place = self.shared.experiments.iter().position(|experiment| experiment.id == id);
        let place = place.ok_or_else(|| FindError::NoExperiment {
            id: id.to_owned(),
            known: self.shared.experiments.iter().map(|experiment| experiment.id.clone()).collect(),
        })?;
        Ok(ExperimentInfo { shared: self.shared.clone(), place })
    }

    /// Every run of every experiment.
    pub fn runs(&self) -> Vec<RunInfo> {
        (0..self.shared.runs.len()).map(|place| RunInfo { shared: self.shared.clone(), place }).collect()
    }

    /// How many jobs there are.
    pub fn job_count(&self) -> usize {
        self.shared.rows.rows.len()
    }

    /// How many jobs are in each state.
    pub fn counts(&self) -> Counts {
        self.shared.count(0..self.job_count() as u32)
    }

    /// Every job, newest first: what runs, then what something happened to last.
    pub fn jobs(&self) -> Vec<JobInfo> {
        let mut places: Vec<u32> = (0..self.job_count() as u32).collect();
        self.shared.newest_first(&mut places);
        places.into_iter().map(|place| self.at(place)).collect()
    }

    /// Every job of a task, in order of identity.
    pub fn jobs_of(&self, task: &str) -> Vec<JobInfo> {
        let rows = &self.shared.rows;
        let of_task = |place: &u32| &*rows.tasks[rows.rows[*place as usize].task as usize] == task;
        (0..self.job_count() as u32).filter(of_task).map(|place| self.at(place)).collect()
    }

    fn at(&self, place: u32) -> JobInfo {
        JobInfo { shared: self.shared.clone(), place }
    }

    /// The job of this name.
    pub fn get(&self, key: &JobKey) -> Option<JobInfo> {
        self.shared.find(key).map(|place| self.at(place))
    }

    /// The one job that `text` names: its identity or the beginning of it, alone or behind the task's id or the beginning
    /// of that (`ir.rank/3f2a`), or the path of its folder.
    ///
    /// # Errors
    /// If there is none, or more than one; lists the candidates.
    pub fn job(&self, text: &str) -> Result<JobInfo, FindError> {
        let trimmed = text.trim_end_matches('/');
        if let Some(found) = parse_full_name(trimmed).and_then(|key| self.get(&key)) {
            return Ok(found);
        }
        let (task, digits) = trimmed.rsplit_once('/').map_or(("", trimmed), |(task, digits)| (task, digits));
        let task = task.rsplit('/').next().unwrap_or(task);
        let digits = digits.to_ascii_lowercase();
        let none = || FindError::NoJob { text: text.to_owned(), jobs: self.job_count() };
        if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(FindError::NoId { text: text.to_owned() });
        }
        let matches = |place: &u32| {
            let row = &self.shared.rows.rows[*place as usize];
            self.shared.rows.tasks[row.task as usize].starts_with(task) && has_prefix(&row.identity, &digits)
        };
        let mut found: Vec<u32> = (0..self.job_count() as u32).filter(matches).collect();
        match found[..] {
            [] => Err(none()),
            [place] => Ok(self.at(place)),
            _ => {
                let count = found.len();
                self.shared.newest_first(&mut found);
                let candidates = found.iter().take(SHOWN).map(|place| self.at(*place)).collect();
                Err(FindError::Ambiguous { text: text.to_owned(), count, candidates })
            }
        }
    }
}

/// How many candidates are listed.
const SHOWN: usize = 10;

/// Whether the digits of an identity begin with these.
fn has_prefix(identity: &Identity, digits: &str) -> bool {
    let bytes = identity.as_bytes();
    digits.bytes().enumerate().all(|(place, digit)| {
        let byte = bytes[place / 2];
        let nibble = if place % 2 == 0 { byte >> 4 } else { byte & 15 };
        char::from(digit).to_digit(16) == Some(u32::from(nibble))
    })
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({}, {} jobs)", self.shared.layout.path().display(), self.job_count())
    }
}
