//! Everything that is known of a workspace at one moment.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};

use super::digest::{Digests, More, NONE, RunJob, Seen};
use super::experiment::{Counts, ExperimentInfo, RunInfo};
use super::index::{COARSE, Contents, Index};
use super::job::JobInfo;
use super::migrated::{Migrated, told_once};
use super::named::{self, Named};
use super::read;
use super::rows::{Kind, Row, Rows, Stamp};
use super::runs::{self, Experiment, Run};
use super::scan::{self, Scan};
use super::status::{JobStatus, Process, RunState};
use super::wanted::Wanted;
use super::{FindError, parse_full_name};
use crate::ids::{Identity, JobKey};
use crate::value::{TagText, Tags, read_tags};
use crate::workspace::{Failure, Unstarted, Workspace as Layout, history};

/// Everything that is known of a workspace at one moment: its experiments, runs and jobs.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) shared: Arc<Shared>,
}

/// What all views of a snapshot share.
pub(super) struct Shared {
    pub(super) layout: Layout,
    taken: SystemTime,
    /// In order of task and identity.
    pub(super) rows: Rows,
    /// How jobs without a terminal record stand.
    live: HashMap<u32, JobStatus>,
    /// Of the jobs that wait, where a run that is alive says so.
    waiting: HashMap<u32, RunJob>,
    pub(super) experiments: Vec<Experiment>,
    pub(super) runs: Vec<Run>,
    digests: Digests,
    /// By place, what the newest run that submitted the job says of it: places of its tags and of what else it says.
    submitted: Vec<(u32, u32)>,
    /// The runs that refer to each job, made when somebody asks.
    runs_of: OnceLock<HashMap<u32, Vec<u32>>>,
    /// By run, the arguments of the jobs that it did not start, read when somebody asks.
    unstarted: OnceLock<Vec<OnceLock<Unstarted>>>,
    /// The jobs that lie there under two identities, looked for when somebody asks.
    pub(super) migrated: OnceLock<Migrated>,
}

impl Shared {
    /// Rows, of which nothing else is known.
    fn of(layout: Layout, rows: Rows) -> Self {
        Self {
            layout,
            taken: crate::clock::now(),
            rows,
            live: HashMap::new(),
            waiting: HashMap::new(),
            experiments: Vec::new(),
            runs: Vec::new(),
            digests: Digests::default(),
            submitted: Vec::new(),
            runs_of: OnceLock::new(),
            unstarted: OnceLock::new(),
            migrated: OnceLock::new(),
        }
    }

    pub(super) fn tags(&self, place: u32) -> &Tags {
        self.digests.tags(self.submitted.get(place as usize).map_or(NONE, |(tags, _)| *tags))
    }

    /// The tags of a job one by one.
    pub(super) fn each_tag(&self, place: u32, each: impl FnMut(&str, TagText<'_>)) {
        let text = self.submitted.get(place as usize).and_then(|(tags, _)| self.digests.text(*tags));
        if let Some(text) = text {
            read_tags(text, each);
        }
    }

    /// What the newest run that submitted the job says beside its tags.
    pub(super) fn more(&self, place: u32) -> More {
        self.digests.more(self.submitted.get(place as usize).map_or(NONE, |(_, more)| *more))
    }

    /// How a job stands that has no terminal record.
    pub(super) fn live(&self, place: u32) -> Option<JobStatus> {
        let Some(job) = self.waiting.get(&place) else { return self.live.get(&place).cloned() };
        let not_done = |key: &JobKey| self.find(key).is_none_or(|place| self.state_name(place) != "done");
        let jobs = self.digests.more(job.more).jobs.into_iter().map(|name| name.0).filter(not_done);
        Some(JobStatus::Waiting { jobs: jobs.collect(), token: self.digests.text(job.note).map(str::to_owned) })
    }

    /// The process that runs a job.
    pub(super) fn process(&self, place: u32) -> Option<&Process> {
        match self.live.get(&place) {
            Some(JobStatus::Running(process)) => Some(process),
            _ => None,
        }
    }

    /// The places of the runs that refer to a job, oldest first.
    pub(super) fn runs_of(&self, place: u32) -> &[u32] {
        let all = self.runs_of.get_or_init(|| {
            let mut all: HashMap<u32, Vec<u32>> = HashMap::with_capacity(self.rows.rows.len());
            for (number, run) in (0u32..).zip(&self.runs) {
                run.jobs.iter().for_each(|job| all.entry(*job).or_default().push(number));
            }
            all
        });
        all.get(&place).map_or(&[], Vec::as_slice)
    }

    /// What the newest run that did not start a job has written of its arguments, as `params.json` would have them.
    pub(super) fn unstarted(&self, place: u32) -> Option<&str> {
        let key = self.rows.key(self.rows.rows.get(place as usize)?);
        let all = self.unstarted.get_or_init(|| self.runs.iter().map(|_| OnceLock::new()).collect());
        let of_run = |number: &u32| {
            let run = self.runs.get(*number as usize)?;
            all.get(*number as usize)?.get_or_init(|| Unstarted::read(&run.path)).get(&key)
        };
        self.runs_of(place).iter().rev().find_map(of_run)
    }

    /// Sorts places so that what runs comes first, then what something happened to last.
    pub(super) fn newest_first(&self, places: &mut Vec<u32>) {
        let order = |place: u32| {
            let row = &self.rows.rows[place as usize];
            let running = row.kind == Kind::Open
                && matches!(self.live.get(&place), Some(JobStatus::Running(_) | JobStatus::Starting));
            (Reverse((running, row.time())), place)
        };
        let mut keyed: Vec<_> = places.iter().map(|place| order(*place)).collect();
        keyed.sort_unstable();
        places.clear();
        places.extend(keyed.into_iter().map(|(_, place)| place));
    }

    pub(super) fn state_name(&self, place: u32) -> &'static str {
        // Most are, and what is done neither waits nor runs.
        if self.rows.rows[place as usize].kind == Kind::Done {
            return "done";
        }
        if self.waiting.contains_key(&place) {
            return "waiting";
        }
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
    pub(super) fn find(&self, key: &JobKey) -> Option<u32> {
        let place = search(&self.rows, &key.task, key.identity);
        place.ok().and_then(|place| u32::try_from(place).ok())
    }
}

/// With fewer jobs than this a workspace gets no index: it is read as fast without.
const WORTH_AN_INDEX: usize = 500;

/// The jobs that the newest run of an experiment knows and that were not started: they wait, or another one failed, or they could
/// not be started. Few of them have a folder. Places of keys.
fn absent(experiments: &[Experiment], runs: &[Run], digests: &Digests) -> Vec<RunJob> {
    let newest = experiments.iter().filter_map(|experiment| runs.get(experiment.runs.clone().next_back()?));
    let mut absent = Vec::new();
    for run in newest {
        let Some(digest) = digests.runs.get(&(run.experiment.clone(), run.id.clone())) else { continue };
        // What a run that is over has left waiting are transient jobs that nobody wanted.
        let unfinished = matches!(run.state, RunState::Running | RunState::Dead | RunState::Interrupted);
        let wanted = |job: &&RunJob| match job.seen {
            Seen::Waiting => unfinished,
            Seen::Failed => {
                let failure = digests.text(job.note).and_then(|note| serde_json::from_str(note).ok());
                matches!(failure, Some(Failure::DependencyFailed { .. } | Failure::LaunchFailed { .. }))
            }
            _ => false,
        };
        absent.extend(digest.jobs.iter().filter(wanted));
    }
    absent
}

/// The place of a job among rows in order of task and identity; as an error, where it would be.
fn search(rows: &Rows, task: &str, identity: Identity) -> Result<usize, usize> {
    rows.rows.binary_search_by(|row| (&*rows.tasks[row.task as usize], row.identity).cmp(&(task, identity)))
}

/// How a job stands that was not started.
fn why_absent(job: &RunJob, digests: &Digests) -> JobStatus {
    let failure = digests.text(job.note).and_then(|note| serde_json::from_str(note).ok());
    failure.map_or(JobStatus::Unstarted, JobStatus::Failed)
}

/// Puts rows for jobs without a folder among the others, and says of those with one that was never used why they were not started;
/// gives the places before which rows were put.
fn add_absent(scan: &mut Scan, absent: Vec<RunJob>, digests: &Digests) -> Vec<usize> {
    let mut new: HashMap<u32, (usize, JobKey, RunJob)> = HashMap::new();
    for job in absent {
        let key = digests.key(job.key);
        match search(&scan.rows, &key.task, key.identity) {
            Err(place) => {
                new.entry(job.key).or_insert((place, key, job));
            }
            Ok(place) => {
                if let Some(live @ JobStatus::Unstarted) = scan.live.get_mut(&(place as u32)) {
                    *live = why_absent(&job, digests);
                }
            }
        }
    }
    let mut new: Vec<(usize, JobKey, RunJob)> = new.into_values().collect();
    if new.is_empty() {
        return Vec::new();
    }
    new.sort_unstable_by(|a, b| (a.0, &a.1.task, a.1.identity).cmp(&(b.0, &b.1.task, b.1.identity)));
    let inserted: Vec<usize> = new.iter().map(|(place, ..)| *place).collect();
    let rows = &mut scan.rows;
    let mut live = std::mem::take(&mut scan.live);
    let mut before = (0..).zip(std::mem::take(&mut rows.rows)).peekable();
    let mut new = new.into_iter().peekable();
    while before.peek().is_some() || new.peek().is_some() {
        let place = rows.rows.len() as u32;
        let (row, status) = match new.next_if(|next| before.peek().is_none_or(|(place, _)| next.0 <= *place)) {
            Some((_, key, job)) => (Row::new(rows.task(&key.task), key.identity), Some(why_absent(&job, digests))),
            None => match before.next() {
                Some((old, row)) => (row, live.remove(&(old as u32))),
                None => break,
            },
        };
        scan.live.extend(status.map(|status| (place, status)));
        rows.rows.push(row);
    }
    inserted
}

/// The rows that the keys of the digests belong to; `known` are those of earlier rows, `moved` where these are now.
fn places_of_keys(rows: &Rows, digests: &Digests, known: &[u32], moved: Option<&[u32]>) -> Vec<u32> {
    let place = |(key, (task, identity)): (usize, &(u32, Identity))| {
        let known = known.get(key).filter(|place| **place != NONE);
        let now = known.and_then(|place| moved.map_or(Some(place), |moved| moved.get(*place as usize)));
        now.copied().unwrap_or_else(|| {
            let place = search(rows, &digests.tasks[*task as usize], *identity).ok();
            place.and_then(|place| u32::try_from(place).ok()).unwrap_or(NONE)
        })
    };
    digests.keys.iter().enumerate().map(place).collect()
}

impl Shared {
    /// Finds the jobs of runs among the rows, and what the newest run says of each. `places` are the rows of the keys.
    fn refer(&mut self, runs: &mut [Run], places: &[u32]) {
        self.submitted = vec![(NONE, NONE); self.rows.rows.len()];
        let mut oldest_first: Vec<usize> = (0..runs.len()).collect();
        oldest_first.sort_by_key(|number| history::order_of(&runs[*number].id));
        for number in oldest_first {
            let run = &mut runs[number];
            let Some(digest) = self.digests.runs.get(&(run.experiment.clone(), run.id.clone())) else { continue };
            let alive = run.state == RunState::Running;
            run.jobs.reserve(digest.jobs.len());
            for job in &digest.jobs {
                let place = places[job.key as usize];
                if place == NONE {
                    continue;
                }
                run.jobs.push(place);
                if job.seen != Seen::Linked {
                    self.submitted[place as usize] = (job.tags, job.more);
                }
                if alive && job.seen == Seen::Waiting {
                    let stands = self.live.get(&place).map_or("", JobStatus::name);
                    let done = self.rows.rows[place as usize].kind == Kind::Done;
                    if !done && !matches!(stands, "running" | "starting") {
                        self.waiting.insert(place, *job);
                    }
                }
            }
        }
    }
}

impl Snapshot {
    /// Reads a workspace: all jobs, or those that are wanted.
    pub(super) fn take(layout: Layout, wanted: Option<&Wanted>) -> Self {
        let (taken, began) = (crate::clock::now(), Instant::now());
        let mut index = Index::read(layout.path()).unwrap_or_default();
        let (known, settled) = (index.rows.rows.len(), index.taken - COARSE);
        let mut scan = scan::scan(&layout, &mut index, wanted);
        let (experiments, mut runs) = runs::read(&layout);
        let mut digests = std::mem::take(&mut index.digests);
        let kept: HashSet<(&str, &str)> = runs.iter().map(|run| (&*run.experiment, &*run.id)).collect();
        digests.runs.retain(|name, _| kept.contains(&(&*name.0, &*name.1)));
        for run in &runs {
            digests.refresh((run.experiment.clone(), run.id.clone()), &run.path, settled);
        }
        let mut places = places_of_keys(&scan.rows, &digests, &index.places, scan.moved.as_deref());
        let many = wanted.is_none() && scan.rows.rows.len() >= WORTH_AN_INDEX;
        if many && (known == 0 || scan.fresh > 64 + known / 400 || digests.fresh > 4 << 20) {
            let contents = Contents { folders: &scan.folders, rows: &scan.rows, digests: &digests, places: &places };
            Index::write(layout.path(), contents, began);
        }
        let mut absent = absent(&experiments, &runs, &digests);
        absent.retain(|job| wanted.is_none_or(|wanted| wanted.has(&digests.key(job.key))));
        let before = scan.rows.rows.len();
        let inserted = add_absent(&mut scan, absent, &digests);
        if !inserted.is_empty() {
            let behind = |place: usize| place + inserted.partition_point(|before| *before <= place);
            let moved: Vec<u32> = (0..before).map(|place| behind(place) as u32).collect();
            places = places_of_keys(&scan.rows, &digests, &places, Some(&moved));
        }
        let mut shared = Shared { taken, experiments, digests, live: scan.live, ..Shared::of(layout, scan.rows) };
        shared.refer(&mut runs, &places);
        shared.runs = runs;
        Self { shared: Arc::new(shared) }
    }

    /// The jobs that `text` may name, and what they depend on.
    pub(super) fn take_named(layout: &Layout, text: &str) -> Option<Self> {
        let mut wanted = match named::job_of(text.trim_end_matches('/'), layout.path()) {
            Named::Text(named) => Wanted::parse(&named)?,
            Named::Job(key) => Wanted::parse(&key.full_name())?,
            Named::Elsewhere => return None,
        };
        let take = |wanted: &Wanted| Self::take(layout.clone(), Some(wanted));
        let named = take(&wanted);
        let Ok(job) = named.job(text) else { return (named.job_count() > 0).then_some(named) };
        wanted.keys = job.dependencies().into_iter().collect();
        Some(if wanted.keys.is_empty() { named } else { take(&wanted) })
    }

    /// One job, and nothing else.
    pub(super) fn of_one(layout: Layout, key: &JobKey) -> JobInfo {
        let mut rows = Rows::default();
        let task = rows.task(&key.task);
        let folder = layout.job(key);
        let stamps = (Stamp::default(), Stamp::default());
        let row = read::read(&folder, layout.path(), task, key.identity, stamps).enter(&mut rows);
        let live = if row.kind == Kind::Open { HashMap::from([(0, read::look(&folder))]) } else { HashMap::new() };
        rows.rows.push(row);
        JobInfo { shared: Arc::new(Shared { live, ..Shared::of(layout, rows) }), place: 0 }
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

    /// How many jobs there are, under whatever identity.
    pub fn job_count(&self) -> usize {
        self.shared.rows.rows.len()
    }

    /// How many jobs are in each state; those of [`jobs`](Self::jobs).
    pub fn counts(&self) -> Counts {
        let mut places: Vec<u32> = (0..self.job_count() as u32).collect();
        told_once(&self.shared, &mut places);
        self.shared.count(places.into_iter())
    }

    /// Every job, newest first: what runs, then what something happened to last. A finished job that was migrated is told
    /// once, under its new identity.
    pub fn jobs(&self) -> Vec<JobInfo> {
        let mut places: Vec<u32> = (0..self.job_count() as u32).collect();
        told_once(&self.shared, &mut places);
        self.newest_first(places)
    }

    /// Every job, also what [`jobs`](Self::jobs) tells under its new identity only, newest first.
    pub(crate) fn all_jobs(&self) -> Vec<JobInfo> {
        self.newest_first((0..self.job_count() as u32).collect())
    }

    fn newest_first(&self, mut places: Vec<u32>) -> Vec<JobInfo> {
        self.shared.newest_first(&mut places);
        places.into_iter().map(|place| self.at(place)).collect()
    }

    /// Every job of a task, in order of identity.
    pub fn jobs_of(&self, task: &str) -> Vec<JobInfo> {
        let rows = &self.shared.rows;
        let of_task = |place: &u32| &*rows.tasks[rows.rows[*place as usize].task as usize] == task;
        (0..self.job_count() as u32).filter(of_task).map(|place| self.at(place)).collect()
    }

    pub(super) fn at(&self, place: u32) -> JobInfo {
        JobInfo { shared: self.shared.clone(), place }
    }

    /// The job of this name.
    pub fn get(&self, key: &JobKey) -> Option<JobInfo> {
        self.shared.find(key).map(|place| self.at(place))
    }

    /// The one job that `text` names: its identity or the beginning of it, alone or behind the task's id or the beginning
    /// of that (`ir.rank/3f2a`), or the path of its folder, or of a link to it.
    ///
    /// # Errors
    /// If there is none, or more than one; lists the candidates. If it is the path of a folder of another workspace.
    pub fn job(&self, text: &str) -> Result<JobInfo, FindError> {
        let trimmed = text.trim_end_matches('/');
        let named = match named::job_of(trimmed, self.shared.layout.path()) {
            Named::Text(named) => named,
            Named::Job(key) => key.full_name(),
            Named::Elsewhere => {
                let workspace = self.shared.layout.path().to_owned();
                return Err(FindError::Elsewhere { text: text.to_owned(), workspace });
            }
        };
        if let Some(found) = parse_full_name(&named).and_then(|key| self.get(&key)) {
            return Ok(found);
        }
        let none = || FindError::NoJob { text: text.to_owned(), jobs: self.job_count() };
        let wanted = Wanted::parse(&named).ok_or_else(|| FindError::NoId { text: text.to_owned() })?;
        let matches = |place: &u32| {
            let row = &self.shared.rows.rows[*place as usize];
            wanted.names(&self.shared.rows.tasks[row.task as usize], &row.identity)
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

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({}, {} jobs)", self.shared.layout.path().display(), self.job_count())
    }
}
