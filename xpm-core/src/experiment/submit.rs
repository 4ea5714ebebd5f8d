//! Submitting: from an argument struct to a job of the run.

use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::message::Message;
use super::mode::RunMode;
use super::refusal::SubmitError;
use super::source::{Source, max_retries, terms};
use super::state::{JobCell, JobError, JobState};
use super::{Experiment, Job, Shared};
use crate::config::{ArgStruct, Complete, Configure, ReadError, Reader, References, SubmitOptions, references};
use crate::identity::{self, Refused};
use crate::ids::JobKey;
use crate::job::Task;
use crate::printable::bytes;
use crate::report::Event;
use crate::schema::{Resources, Transient};
use crate::value::{Node, Value};
use crate::workspace::journal::{JobName, JournalEvent};
use crate::workspace::{Failure, JobFolder, Status, StatusError, Terms};

/// Something that a job waits for before it starts: a job (`&job`, or what it hands on: its promise, its files, what it
/// produces), or some of a token (`token.dependency(n)`). [`Job::dependency`] makes one where several kinds stand in a list.
#[derive(Clone, Debug)]
pub struct Dependency(What);

#[derive(Clone, Debug)]
enum What {
    Job(JobKey),
    Token(Arc<str>, u64),
}

impl Dependency {
    pub(super) fn job(key: JobKey) -> Self {
        Self(What::Job(key))
    }

    pub(super) fn token(name: Arc<str>, amount: u64) -> Self {
        Self(What::Token(name, amount))
    }

    fn add_to(self, options: &mut SubmitOptions) {
        match self.0 {
            What::Job(key) => options.depends_on.push(key),
            What::Token(name, amount) => match options.tokens.iter_mut().find(|(other, _)| *other == name) {
                Some((_, sum)) => *sum = sum.saturating_add(amount),
                None => options.tokens.push((name, amount)),
            },
        }
    }
}

/// Submitting, for the argument structs and complete builders of tasks. In the prelude.
pub trait Submit: Configure {
    /// Makes a job of these arguments. From here on they cannot be changed. The same arguments give the same job, which
    /// runs once: within this plan, and if it was done in an earlier run it is not run again.
    ///
    /// A job that has failed or was cancelled in this run is run again when it is submitted again; what depends on it and
    /// failed with it, when that is submitted again after it. All handles of the job see the new attempt. What the later
    /// submission says counts then: priority, tokens, resources, retries. A job that waits when it is submitted again takes the
    /// higher priority, waits for the dependencies of both submissions, and holds the larger amount of each token; its resources
    /// stay those of the first. For a job that runs or is done the second submission only gives another handle. Tags and
    /// ignored arguments are always those of the first.
    ///
    /// # Errors
    /// If an argument cannot be one (a number too large, a path into a job's folder, a value that `validate` refuses),
    /// naming the argument and where it was set. The error holds a [`SubmitError`].
    #[track_caller]
    fn submit<T>(self, xp: &Experiment) -> Result<Job<T>, anyhow::Error>
    where
        Self: Complete,
        Self::Built: ArgStruct<Target = T>,
        T: Task<Args = Self::Built>,
    {
        let args = self.into_args();
        let node = args.node();
        let cell = xp
            .shared
            .submit(&node, args.meta().options(), Location::caller(), |reader| reader.config::<T>(&node).map(drop))?;
        Ok(Job::new(xp.shared.clone(), cell, node.tags(), args))
    }

    /// Makes the job wait for another one that no argument refers to (`&job`, or what it produces), or hold some of a token
    /// while it runs (`token.dependency(n)`). Not in the identity.
    #[must_use]
    fn add_dependency(mut self, dependency: impl Into<Dependency>) -> Self
    where
        <Self::Built as ArgStruct>::Target: Task,
    {
        dependency.into().add_to(self.args_mut().meta_mut().options_mut());
        self
    }

    /// [`add_dependency`](Self::add_dependency) for several; of different kinds, as
    /// `[train.dependency(), gpu.dependency(1)]`.
    #[must_use]
    fn add_dependencies<D: Into<Dependency>>(mut self, dependencies: impl IntoIterator<Item = D>) -> Self
    where
        <Self::Built as ArgStruct>::Target: Task,
    {
        let options = self.args_mut().meta_mut().options_mut();
        dependencies.into_iter().for_each(|dependency| dependency.into().add_to(options));
        self
    }

    /// What this job needs, where it differs from what its task declares. Not in the identity.
    #[must_use]
    fn resources(mut self, resources: Resources) -> Self
    where
        <Self::Built as ArgStruct>::Target: Task,
    {
        self.args_mut().meta_mut().options_mut().resources = resources;
        self
    }

    /// How often a failed attempt is followed by another one: retries, not attempts. Without it none, but 3 for a task
    /// that is resumable. What would fail the same way again is not retried: arguments that cannot be read back, a stop on
    /// request, a failed dependency, and the time limit of a task that is not resumable. Not in the identity.
    #[must_use]
    fn max_retries(mut self, max_retries: u32) -> Self
    where
        <Self::Built as ArgStruct>::Target: Task,
    {
        self.args_mut().meta_mut().options_mut().max_retries = Some(max_retries);
        self
    }

    /// How long the first retry is held off after the failed attempt, 1 second without it; each further delay is twice the
    /// one before, up to a minute or the first delay, if that is longer. A resumable task that ran out of time goes on
    /// without delay. `Duration::ZERO` for no delays. Not in the identity.
    #[must_use]
    fn retry_delay(mut self, first: Duration) -> Self
    where
        <Self::Built as ArgStruct>::Target: Task,
    {
        self.args_mut().meta_mut().options_mut().retry_delay = Some(first);
        self
    }

    /// Jobs with a higher priority start first; among equals, those submitted first. Not in the identity.
    #[must_use]
    fn priority(mut self, priority: i64) -> Self
    where
        <Self::Built as ArgStruct>::Target: Task,
    {
        self.args_mut().meta_mut().options_mut().priority = Some(priority);
        self
    }
}

impl<B: Configure> Submit for B {}

impl Shared {
    /// Enters a job, unless it is there already, and hands it to the driver, unless it is done already.
    pub(crate) fn submit(
        &self,
        node: &Arc<Node>,
        options: &SubmitOptions,
        at: &'static Location<'static>,
        validate: impl FnOnce(&mut Reader<'_>) -> Result<(), ReadError>,
    ) -> Result<Arc<JobCell>, SubmitError> {
        if self.is_interrupted() {
            return Err(JobError::Interrupted.into());
        }
        let task = || node.schema().id().to_owned();
        let identity = identity::digest(node).map_err(|why| SubmitError::Refused {
            task: task(),
            place: place_of(node, &why.path),
            why,
        })?;
        let found = references(node, &self.jobs_folder());
        self.check(node, &found)?;
        let key = JobKey { task: node.schema().id().into(), identity };
        if let Some(known) = self.find(&key) {
            self.journal(&JournalEvent::Resubmitted { job: JobName(key) });
            return self.submit_again(known, options);
        }
        let resources = options.resources.clone().or(node.schema().resources());
        self.check_needs(node.schema().id(), &resources, options)?;
        let folder = self.workspace().job(&key);
        if node.facts().validated {
            match validate(&mut Reader::new(self, folder.path())) {
                // What depends on an output that is not known yet is checked by the job, before it executes.
                Ok(()) | Err(ReadError::NotYet(_)) => {}
                Err(why) => {
                    let place = match &why {
                        ReadError::Argument { path, .. } | ReadError::Invalid { path, .. } => place_of(node, path),
                        ReadError::NotYet(_) => None,
                    };
                    return Err(SubmitError::Invalid { task: task(), place, why });
                }
            }
        }
        let status = self.status_before(&folder)?;
        let mut depends_on: Vec<JobKey> = found.jobs.into_keys().chain(options.depends_on.iter().cloned()).collect();
        depends_on.retain(|job| *job != key);
        let mut state = state_before(node, options, &folder, status.as_ref());
        match &state {
            JobState::Done if self.mode() == RunMode::Normal => {
                let executable = status.as_ref().and_then(|status| status.executable.clone());
                let terms = || Terms { executable, ..terms(node, self.workspace(), &resources, options) };
                self.mend_arguments(&folder, node, terms);
            }
            JobState::Failed(failure) => self.say_spent(&key, failure, max_retries(node.schema().resumable(), options)),
            _ => {}
        }
        if matches!(state, JobState::Waiting | JobState::Skipped) {
            self.check_known(node.schema().id(), &depends_on)?;
            if self.mode() != RunMode::Normal && state == JobState::Waiting {
                state = JobState::Planned;
            }
        }
        let source = Source::Plan(node.clone());
        let cell = Arc::new(JobCell::new(folder, source, node.tags(), resources, state));
        // Before it is entered: what is entered is waited for.
        let link = self.link(&cell).map_err(|source| SubmitError::Link { task: task(), source })?;
        let submitting = self.submitting();
        let (cell, new) = self.enter(cell);
        if !new {
            // Another thread was quicker.
            drop(submitting);
            return self.submit_again(cell, options);
        }
        self.journal_submitted(&cell, link, at, &depends_on, options);
        let generates = self.mode() == RunMode::GenerateOnly;
        if generates && matches!(cell.state(), JobState::Planned | JobState::Skipped) {
            let path = cell.folder.path().to_owned();
            let terms = terms(node, self.workspace(), &cell.resources(), options);
            self.generate(&cell, node, &terms).map_err(|source| SubmitError::Generate {
                task: task(),
                path,
                source,
            })?;
        }
        self.plan_job(&cell, &depends_on);
        self.add_consumer(&cell, &depends_on);
        let runs = self.mode() == RunMode::Normal;
        if runs && matches!(cell.state(), JobState::Waiting | JobState::Skipped) {
            let options = Box::new(options.clone());
            self.send(Message::Submitted { cell: cell.clone(), depends_on, options })?;
        }
        drop(submitting);
        Ok(cell)
    }

    /// What an earlier attempt has recorded; a damaged record is said and counts as none.
    pub(super) fn status_before(&self, folder: &JobFolder) -> Result<Option<Status>, SubmitError> {
        match folder.read_status() {
            Ok(status) => Ok(status),
            Err(error @ StatusError::Damaged { .. }) => {
                self.report(&Event::Warning(format!("{error}; the job is run again, and the file is kept")));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Says why a job that has failed is not run again although it is submitted.
    pub(super) fn say_spent(&self, key: &JobKey, failure: &Failure, retries: u32) {
        let had = match retries {
            0 => "it may have no retries".to_owned(),
            1 => "it has had its 1 retry".to_owned(),
            _ => format!("it has had its {retries} retries"),
        };
        self.report(&Event::Warning(format!(
            "{key} is not run again: {had}, and its last attempt failed ({failure}); allow it more with `.max_retries(n)`"
        )));
    }

    fn check(&self, node: &Node, found: &References) -> Result<(), SubmitError> {
        let task = node.schema().id().to_owned();
        if let Some(mention) = found.unsubmitted.first() {
            let (argument, place) = (mention.path.clone(), mention.place.clone());
            return Err(SubmitError::NotSubmitted { task, argument, place });
        }
        if let Some((mention, why)) = found.refused.first() {
            let why = Refused { path: mention.path.clone(), why: why.clone() };
            return Err(SubmitError::Refused { task, place: mention.place.clone(), why });
        }
        if let Some((mention, path)) = found.inside.first() {
            let inside = path.strip_prefix(self.jobs_folder()).unwrap_or(path);
            let file: PathBuf = inside.components().skip(2).collect();
            let give = match file.as_os_str().is_empty() {
                true => "job.file(\".\")".to_owned(),
                false => format!("job.file(\"{}\")", file.display()),
            };
            let (argument, place) = (mention.path.clone(), mention.place.clone());
            return Err(SubmitError::PathIntoJob { task, argument, place, path: path.clone(), give });
        }
        Ok(())
    }

    /// What can never be had is refused, saying what there is.
    pub(super) fn check_needs(
        &self,
        task: &str,
        resources: &Resources,
        options: &SubmitOptions,
    ) -> Result<(), SubmitError> {
        let task = || task.to_owned();
        for (name, wanted) in &options.tokens {
            let Some(capacity) = self.token_capacity(name) else {
                return Err(SubmitError::UnknownToken { task: task(), token: name.to_string() });
            };
            if *wanted > capacity {
                let token = name.to_string();
                return Err(SubmitError::TokenTooSmall { task: task(), token, wanted: *wanted, capacity });
            }
        }
        if let Some(why) = resources.problem() {
            return Err(SubmitError::Resources { task: task(), why: why.to_owned() });
        }
        let capacity = self.capacity();
        let too_large = |wanted: String, there: String, hint: &'static str| {
            Err(SubmitError::TooLarge { task: task(), wanted, there, hint })
        };
        if resources.cpu_count() > capacity.cpus {
            let hint = " (`[local] cpus` in xpm.toml, or `.cpus(n)` of the experiment)";
            return too_large(format!("{} CPUs", resources.cpu_count()), capacity.cpus.to_string(), hint);
        }
        if let (Some(wanted), Some(there)) = (resources.memory_bytes(), capacity.memory)
            && wanted > there
        {
            let hint = " (`[local] memory_bytes` in xpm.toml)";
            return too_large(format!("{} of memory", bytes(wanted)), bytes(there), hint);
        }
        if resources.gpu_count() > 0 && resources.gpu_count() as usize > self.gpu_count() {
            let hint = " (`CUDA_VISIBLE_DEVICES`, `nvidia-smi`, or `[local] gpus` in xpm.toml)";
            return too_large(format!("{} GPUs", resources.gpu_count()), self.gpu_count().to_string(), hint);
        }
        Ok(())
    }

    /// Every dependency must be a job of this run, or be done on disk.
    pub(super) fn check_known(&self, task: &str, depends_on: &[JobKey]) -> Result<(), SubmitError> {
        for job in depends_on {
            if self.find(job).is_none() && !self.workspace().job(job).read_status()?.is_some_and(|s| s.is_done()) {
                return Err(SubmitError::UnknownJob { task: task.to_owned(), job: job.clone() });
            }
        }
        Ok(())
    }
}

/// What an earlier run has left of the job. A failed job is run again; one that is resumable and has had all its retries
/// is not, since another attempt would only go on from where those ended: it needs more of them.
pub(super) fn state_before(
    node: &Node,
    options: &SubmitOptions,
    folder: &JobFolder,
    status: Option<&Status>,
) -> JobState {
    let resumable = node.schema().resumable();
    match status.map(Status::result) {
        Some(Ok(_)) => JobState::Done,
        Some(Err(failure))
            if resumable
                && failure.may_pass(true)
                && attempts_used(folder, failure) > max_retries(resumable, options) as usize =>
        {
            JobState::Failed(failure.clone())
        }
        _ if node.schema().transient() != Transient::No => JobState::Skipped,
        _ => JobState::Waiting,
    }
}

/// How many attempts a job has had of those that it may have; `last` is how the last one failed.
fn attempts_used(folder: &JobFolder, last: &Failure) -> usize {
    let earlier = folder.earlier_failures();
    earlier.iter().map(|(_, failure)| failure).chain([last]).filter(|failure| failure.uses_up_a_retry()).count()
}

/// Where the argument at `path`, dotted, was set: as deep as the path can be followed. Of a configuration, where the
/// first of its own arguments was set, which is closer to what is wrong with it than where it was given.
fn place_of(node: &Node, path: &str) -> Option<String> {
    if path.is_empty() {
        return node.slots().iter().find_map(|slot| slot.set_at).map(ToString::to_string);
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let name = first.split('[').next().unwrap_or(first);
    let index = node.arguments().iter().position(|arg| arg.name == name)?;
    let slot = &node.slots()[index];
    let below = match slot.value.unmarked() {
        Value::Config(inner) => place_of(inner, rest),
        _ => None,
    };
    below.or_else(|| slot.set_at.map(ToString::to_string))
}
