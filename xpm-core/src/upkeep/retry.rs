//! Chooses the jobs that are run again, and runs them as they were run before: with the arguments in their folders, the
//! programs that they were run from, and on the terms of their submission.
//!
//! What a job needs that is not done is run before it, and what was not started because of it follows. A job that is done is
//! never run again.

mod again;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::experiment::{AgainJob, FromFolder, JobState, StartError, run_again};
use crate::ids::JobKey;
use crate::report::Reporter;
use crate::state::{JobInfo, JobStatus, Process, Snapshot, Workspace};
use crate::workspace::frozen::Program;
use crate::workspace::{Failure, ParamsError};

/// Why a job is not run again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryError {
    /// It is done.
    #[error("it is done, and nothing runs it again but its experiment after `xpm clean {}`", .0.identity.short())]
    Done(JobKey),
    /// It runs.
    #[error("it runs{}", by.as_ref().map_or(String::new(), |by| format!(" ({by})")))]
    Running {
        /// Who runs it.
        by: Option<Process>,
    },
    /// Somebody else will run it.
    #[error("a run that is going on will run it")]
    Waiting,
    /// Its record cannot be used.
    #[error("{0}; run its experiment again, which puts that aside")]
    Unreadable(String),
    /// Nothing of it is written down.
    #[error("its arguments are not written down, since it was never started: run its experiment again")]
    NoArguments,
    /// Its arguments cannot be used.
    #[error(transparent)]
    Arguments(#[from] ParamsError),
    /// It is not known what it needs.
    #[error(
        "its params.json does not say on which terms it is run, since an older xpm wrote it: run its experiment again"
    )]
    NoTerms,
    /// It is not known what runs it.
    #[error(
        "it is not on record which program ran it: run its experiment again, or name a program that has its task: \
         --executable PROGRAM"
    )]
    NoExecutable,
    /// The program that ran it is gone.
    #[error("{why}: run its experiment again, or name a program that has its task: --executable PROGRAM")]
    ExecutableGone {
        /// What has become of it.
        why: String,
    },
    /// The program that was named cannot run it.
    #[error("{} cannot run it: {why}", program.display())]
    OtherExecutable {
        /// The program.
        program: PathBuf,
        /// Why.
        why: String,
    },
    /// A token that it holds is not what it was.
    #[error("it holds {wanted} of the token `{token}`, {there}: run its experiment again, which declares it")]
    Token {
        /// The token.
        token: String,
        /// How much of it.
        wanted: u64,
        /// What there is.
        there: String,
    },
    /// A job that has to be done first cannot be run.
    #[error("it needs {job}, which is not done and cannot be run again: {why}")]
    Needs {
        /// The job.
        job: JobKey,
        /// Why.
        why: Box<RetryError>,
    },
}

/// Why a job is among those that are run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryReason {
    /// It was asked for.
    Chosen,
    /// This one needs it.
    NeededBy(JobKey),
    /// It was not started because of this one.
    Follows(JobKey),
}

/// A job that is to be run again.
#[derive(Clone, Debug)]
pub struct RetryJob {
    /// How it stood.
    pub info: JobInfo,
    /// Why it is among these.
    pub reason: RetryReason,
    /// What runs it: the name of a frozen executable. `None` for one that is frozen first.
    pub executable: Option<String>,
    from: FromFolder,
    depends_on: Vec<JobKey>,
}

/// What is asked for beside jobs.
#[derive(Clone, Debug, Default)]
pub struct RetryOptions {
    /// The program that runs them, instead of those that ran them before.
    pub executable: Option<PathBuf>,
    /// Leave out what was not started because of these jobs.
    pub alone: bool,
}

/// The jobs that are run again, in order: each behind those that it needs.
#[derive(Debug)]
pub struct Retry {
    workspace: Workspace,
    program: Option<PathBuf>,
    /// The jobs.
    pub jobs: Vec<RetryJob>,
    /// Those that were asked for and are not run, and why.
    pub refused: Vec<(JobInfo, RetryError)>,
}

/// What came of running jobs again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Retried {
    /// How each has ended; one that goes on is `Running`.
    pub jobs: Vec<(JobKey, JobState)>,
    /// It was interrupted: what had not begun was not begun.
    pub interrupted: bool,
}

impl Retry {
    /// Chooses: these jobs, what they need that is not done, and unless it is left out what was not started because of them.
    /// Changes nothing.
    pub fn choose(workspace: &Workspace, snapshot: &Snapshot, asked: &[JobInfo], options: &RetryOptions) -> Self {
        let mut chosen = again::Chosen::new(workspace, snapshot, options.executable.as_deref());
        let mut refused = Vec::new();
        for job in asked {
            if let Err(error) = chosen.add(job, RetryReason::Chosen) {
                refused.push((job.clone(), error));
            }
        }
        if !options.alone {
            chosen.follow();
        }
        let jobs = in_order(chosen.jobs);
        Self { workspace: workspace.clone(), program: options.executable.clone(), jobs, refused }
    }

    /// Runs them, and waits for their ends. Ctrl-C stops starting jobs and leaves alone those that run; a second one stops them too.
    ///
    /// # Errors
    /// If nothing can be run: a program that was named cannot be kept, or the driver cannot be started.
    pub fn run(mut self, reporter: Arc<dyn Reporter>) -> Result<Retried, StartError> {
        let mut in_use = None;
        if let Some(path) = &self.program
            && !self.jobs.is_empty()
        {
            let failed =
                |source| StartError::Driver { what: "the program that was named cannot be kept in `bin`", source };
            let frozen =
                Program::at(path).and_then(|program| program.freeze(self.workspace.layout())).map_err(failed)?;
            for job in &mut self.jobs {
                job.from.executable.digest = frozen.digest.as_deref().unwrap_or_default().to_owned();
            }
            in_use = Some(frozen);
        }
        let jobs = self.jobs.into_iter().map(|job| AgainJob {
            key: job.info.key(),
            tags: job.info.tags().clone(),
            from: job.from,
            depends_on: job.depends_on,
        });
        let (jobs, interrupted) = run_again(self.workspace.layout(), jobs.collect(), reporter)?;
        drop(in_use);
        Ok(Retried { jobs, interrupted })
    }
}

impl Retried {
    /// Whether every job is done.
    pub fn is_done(&self) -> bool {
        !self.interrupted && self.jobs.iter().all(|(_, state)| *state == JobState::Done)
    }
}

/// Brings jobs into an order in which each stands behind those that it depends on.
fn in_order(jobs: Vec<RetryJob>) -> Vec<RetryJob> {
    let places: HashMap<JobKey, usize> = jobs.iter().zip(0..).map(|(job, place)| (job.info.key(), place)).collect();
    let mut order = Vec::with_capacity(jobs.len());
    let mut seen = HashSet::new();
    // A list instead of recursion, for long chains.
    let mut stack: Vec<(usize, bool)> = (0..jobs.len()).rev().map(|place| (place, false)).collect();
    while let Some((place, done)) = stack.pop() {
        if done {
            order.push(place);
        } else if seen.insert(place) {
            stack.push((place, true));
            stack
                .extend(jobs[place].depends_on.iter().filter_map(|job| places.get(job)).map(|before| (*before, false)));
        }
    }
    let mut jobs: Vec<Option<RetryJob>> = jobs.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| jobs[place].take()).collect()
}

/// The jobs that failed because of another, in order of name, and that other one.
fn not_started(snapshot: &Snapshot) -> BTreeSet<(JobKey, JobKey)> {
    let failed = snapshot.jobs().into_iter().filter(|job| job.state_name() == "failed");
    let because = failed.filter_map(|job| match job.state() {
        JobStatus::Failed(Failure::DependencyFailed { job: root }) => Some((job.key(), root)),
        _ => None,
    });
    because.collect()
}
