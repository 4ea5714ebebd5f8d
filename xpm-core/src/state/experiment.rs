//! Experiments and their runs, as their files tell.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::FindError;
use super::job::JobInfo;
use super::migrated::told_once;
use super::runs::Run;
use super::snapshot::Shared;
use super::status::{Process, RunState};

/// An experiment of a workspace.
#[derive(Clone)]
pub struct ExperimentInfo {
    pub(super) shared: Arc<Shared>,
    pub(super) place: usize,
}

impl ExperimentInfo {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.shared.experiments[self.place].id
    }

    /// Its folder.
    pub fn path(&self) -> PathBuf {
        self.shared.layout.experiment(self.id())
    }

    /// Its runs that are kept, newest first.
    pub fn runs(&self) -> Vec<RunInfo> {
        let runs = self.shared.experiments[self.place].runs.clone();
        runs.rev().map(|place| RunInfo { shared: self.shared.clone(), place }).collect()
    }

    /// Its newest run.
    pub fn last_run(&self) -> Option<RunInfo> {
        let place = self.shared.experiments[self.place].runs.clone().next_back()?;
        Some(RunInfo { shared: self.shared.clone(), place })
    }

    /// The one run whose id begins with `wanted`; the newest if nothing is wanted.
    ///
    /// # Errors
    /// If there is none, or more than one; names them.
    pub fn run(&self, wanted: Option<&str>) -> Result<RunInfo, FindError> {
        let mut runs = self.runs();
        let ids = |runs: &[RunInfo]| runs.iter().map(|run| run.id().to_owned()).collect();
        let experiment = self.id().to_owned();
        let no_run =
            |known| FindError::NoRun { experiment: self.id().to_owned(), wanted: wanted.map(str::to_owned), known };
        let Some(wanted) = wanted else { return self.last_run().ok_or_else(|| no_run(Vec::new())) };
        let known = ids(&runs);
        if let Some(place) = runs.iter().position(|run| run.id() == wanted) {
            return Ok(runs.swap_remove(place));
        }
        // What names nothing means none of them, also where there is only one.
        runs.retain(|run| !wanted.is_empty() && run.id().starts_with(wanted));
        match (runs.pop(), &runs[..]) {
            (None, _) => Err(no_run(known)),
            (Some(run), []) => Ok(run),
            (Some(run), _) => {
                runs.push(run);
                Err(FindError::AmbiguousRun { experiment, wanted: wanted.to_owned(), known: ids(&runs) })
            }
        }
    }

    /// The driver that runs it now.
    pub fn driver(&self) -> Option<&Process> {
        self.shared.experiments[self.place].driver.as_ref()
    }

    /// Every job that a kept run of it refers to, newest first, each once, also one that was migrated between two runs.
    pub fn jobs(&self) -> Vec<JobInfo> {
        let runs = &self.shared.runs[self.shared.experiments[self.place].runs.clone()];
        let mut places: Vec<u32> = runs.iter().flat_map(|run| run.jobs.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        told_once(&self.shared, &mut places);
        self.shared.newest_first(&mut places);
        places.into_iter().map(|place| JobInfo { shared: self.shared.clone(), place }).collect()
    }
}

impl fmt::Debug for ExperimentInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExperimentInfo({})", self.id())
    }
}

/// One run of an experiment.
#[derive(Clone)]
pub struct RunInfo {
    pub(super) shared: Arc<Shared>,
    pub(super) place: usize,
}

impl RunInfo {
    fn run(&self) -> &Run {
        &self.shared.runs[self.place]
    }

    /// The experiment's id.
    pub fn experiment(&self) -> &str {
        &self.run().experiment
    }

    /// Its id, made of the time when it began.
    pub fn id(&self) -> &str {
        &self.run().id
    }

    /// Its folder.
    pub fn path(&self) -> PathBuf {
        self.run().path.clone()
    }

    /// The folder of the files that the plan has written.
    pub fn results_path(&self) -> PathBuf {
        self.run().path.join("results")
    }

    /// How it stands: `Running` only if its driver holds the experiment's lock.
    pub fn state(&self) -> RunState {
        self.run().state
    }

    /// When it began.
    pub fn start(&self) -> Option<SystemTime> {
        parse(&self.run().record.as_ref().ok()?.start)
    }

    /// When it ended.
    pub fn end(&self) -> Option<SystemTime> {
        parse(self.run().record.as_ref().ok()?.end.as_ref()?)
    }

    /// How long it took; `None` while it runs and if it died.
    pub fn duration(&self) -> Option<Duration> {
        self.end()?.duration_since(self.start()?).ok()
    }

    /// The machine of its driver.
    pub fn host(&self) -> Option<&str> {
        Some(&self.run().record.as_ref().ok()?.host)
    }

    /// The number of its driver's process.
    pub fn pid(&self) -> Option<u32> {
        Some(self.run().record.as_ref().ok()?.pid)
    }

    /// Why it failed, if the plan did; or what is wrong with its record.
    pub fn error(&self) -> Option<&str> {
        match &self.run().record {
            Ok(record) => record.error.as_deref(),
            Err(why) => Some(why),
        }
    }

    /// How many of its jobs are in each state.
    pub fn counts(&self) -> Counts {
        self.shared.count(self.run().jobs.iter().copied())
    }

    /// The jobs that it has submitted, in order of submission.
    pub fn jobs(&self) -> Vec<JobInfo> {
        let job = |place: &u32| JobInfo { shared: self.shared.clone(), place: *place };
        self.run().jobs.iter().map(job).collect()
    }
}

fn parse(time: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(time).ok()
}

impl fmt::Debug for RunInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunInfo({}/{}, {})", self.experiment(), self.id(), self.state())
    }
}

/// How many jobs are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Never started.
    pub unstarted: usize,
    /// Submitted by a run that is alive.
    pub waiting: usize,
    /// Started or running.
    pub running: usize,
    /// Ended well.
    pub done: usize,
    /// Ended badly.
    pub failed: usize,
    /// Of which the files cannot be used.
    pub unreadable: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.unstarted + self.waiting + self.running + self.done + self.failed + self.unreadable
    }

    /// Counts a job.
    pub fn count(&mut self, job: &JobInfo) {
        self.add(job.state_name());
    }

    pub(super) fn add(&mut self, state: &str) {
        *match state {
            "done" => &mut self.done,
            "failed" => &mut self.failed,
            "running" | "starting" => &mut self.running,
            "waiting" => &mut self.waiting,
            "unreadable" => &mut self.unreadable,
            _ => &mut self.unstarted,
        } += 1;
    }
}
