//! One job as its files tell of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::arguments::Arguments;
use super::emitted::{self, Emitted, EmittedSummary};
use super::experiment::RunInfo;
use super::flat::Values;
use super::marks;
use super::read;
use super::rows::{Kind, NEVER, Row, Text};
use super::series::{self, MetricSummary, Metrics, ProgressLevel};
use super::snapshot::{Shared, Snapshot};
use super::status::JobStatus;
use crate::config::Reader;
use crate::ids::{Identity, JobKey};
use crate::job::{JobsOnDisk, Task};
use crate::value::{TagText, Tags};
use crate::workspace::{
    Failure, JobFolder, ParamsError, Status, StatusError, StoredOutputs, parse_params, read_params,
};

/// A job of a workspace, as its files told when the [`Snapshot`](super::Snapshot) was taken.
///
/// Cheap to clone. What is short ([`state`](Self::state), times, tags) is at hand; arguments, output and logs are read
/// when they are asked for.
#[derive(Clone)]
pub struct JobInfo {
    pub(super) shared: Arc<Shared>,
    pub(super) place: u32,
}

/// Why something of a job cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobReadError {
    /// Its arguments cannot be read. Says which file and why.
    #[error("{0}")]
    Arguments(String),
    /// Its arguments are not those of a type of this binary.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// Its arguments cannot be made the type that was asked for.
    #[error("the arguments of {job} are not those of this type: {why}")]
    OtherType {
        /// The job.
        job: JobKey,
        /// What is wrong.
        why: String,
    },
    /// It has not ended well, so there is no output.
    #[error("{job} has no output: it is {state}")]
    NoOutput {
        /// The job.
        job: JobKey,
        /// How it stands.
        state: String,
    },
    /// Its terminal record cannot be read.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// What it emitted cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Emitted {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A value that it emitted is not of the type that was asked for.
    #[error("what {job} emitted as `{name}` (number {number}) is not of the type that was asked for: {why}")]
    OtherEmitted {
        /// The job.
        job: JobKey,
        /// The name that the value was emitted under.
        name: String,
        /// Its number among all values of the job, from 1.
        number: u64,
        /// What is wrong.
        why: String,
    },
    /// Its output is not of the type that was asked for.
    #[error("what {job} returned is not of the type that was asked for: {why}")]
    Output {
        /// The job.
        job: JobKey,
        /// What is wrong.
        why: String,
    },
}

impl JobInfo {
    fn row(&self) -> &Row {
        &self.shared.rows.rows[self.place as usize]
    }

    /// The job's files by name.
    pub(crate) fn folder(&self) -> JobFolder {
        self.shared.layout.job(&self.key())
    }

    /// Another job of the same workspace.
    pub(super) fn other(&self, key: &JobKey) -> Self {
        match self.shared.find(key) {
            Some(place) => Self { shared: self.shared.clone(), place },
            None => Snapshot::of_one(self.shared.layout.clone(), key),
        }
    }

    /// Its name in the workspace: task and identity.
    pub fn key(&self) -> JobKey {
        self.shared.rows.key(self.row())
    }

    /// The id of its task.
    pub fn task(&self) -> &str {
        &self.shared.rows.tasks[self.row().task as usize]
    }

    /// Its identity.
    pub fn identity(&self) -> Identity {
        self.row().identity
    }

    /// Its folder. It is not there for a job that waits, or that was never started because another one failed.
    pub fn path(&self) -> PathBuf {
        self.folder().path().to_owned()
    }

    /// How it stands.
    pub fn state(&self) -> JobStatus {
        let row = self.row();
        if row.kind == Kind::Done {
            return JobStatus::Done;
        }
        if let Some(live) = self.shared.live(self.place) {
            return live;
        }
        let text = || self.text(Text::Failure).unwrap_or_default();
        match row.kind {
            Kind::Done => JobStatus::Done,
            Kind::Failed => {
                let failure = serde_json::from_slice::<Failure>(&text());
                JobStatus::Failed(failure.ok().or_else(|| self.recorded_failure()).unwrap_or(Failure::Lost))
            }
            Kind::Unreadable => JobStatus::Unreadable(String::from_utf8_lossy(&text()).into_owned()),
            Kind::Open | Kind::Absent => JobStatus::Unstarted,
        }
    }

    /// The name of its state, without reading why it failed.
    pub fn state_name(&self) -> &'static str {
        self.shared.state_name(self.place)
    }

    fn recorded_failure(&self) -> Option<Failure> {
        self.folder().read_status().ok()??.result().err().cloned()
    }

    /// Whether its terminal record is still this one, or still missing.
    pub(crate) fn is_recorded_as(&self, now: &Result<Option<Status>, StatusError>) -> bool {
        let row = self.row();
        match (row.kind, now) {
            (Kind::Done | Kind::Failed, Ok(Some(status))) => {
                (status.is_done(), status.attempt) == (row.kind == Kind::Done, row.attempt)
                    && read::milliseconds(&status.end) == row.end
            }
            (Kind::Unreadable, Err(_)) | (Kind::Open | Kind::Absent, Ok(None)) => true,
            _ => false,
        }
    }

    /// The number of the attempt that its state is about, from 1; 0 before the first.
    pub fn attempt(&self) -> u32 {
        match self.shared.process(self.place) {
            Some(process) => process.attempt,
            None => self.row().attempt,
        }
    }

    /// When its last attempt began.
    pub fn start(&self) -> Option<SystemTime> {
        match self.shared.process(self.place) {
            Some(process) => process.start,
            None => time(self.row().start),
        }
    }

    /// When its last attempt ended.
    pub fn end(&self) -> Option<SystemTime> {
        time(self.row().end)
    }

    /// How long its last attempt took; `None` while it runs.
    pub fn duration(&self) -> Option<Duration> {
        self.end()?.duration_since(self.start()?).ok()
    }

    /// When something last happened to it that is known: it ended, started, or was written.
    pub fn time(&self) -> Option<SystemTime> {
        time(self.row().time())
    }

    /// The machine that its last attempt ran on, or runs on.
    pub fn host(&self) -> Option<Cow<'_, str>> {
        match self.shared.process(self.place) {
            Some(process) => Some(Cow::Borrowed(&process.host)),
            None => self.shared.rows.hosts.get(self.row().host as usize).map(|host| Cow::Borrowed(&**host)),
        }
    }

    /// The CPU time that its last attempt took, in seconds, user and system.
    pub fn cpu_seconds(&self) -> Option<f64> {
        Some(self.row().cpu_seconds).filter(|seconds| !seconds.is_nan())
    }

    /// The most memory that its last attempt had, in bytes.
    pub fn peak_memory(&self) -> Option<u64> {
        Some(self.row().peak_memory).filter(|bytes| *bytes != u64::MAX)
    }

    /// Its tags, as the newest run that submitted it gave them; none if no run that is kept did.
    pub fn tags(&self) -> &Tags {
        self.shared.tags(self.place)
    }

    /// Where the newest run submitted it, `file:line`.
    pub fn submitted_at(&self) -> Option<String> {
        self.shared.more(self.place).at
    }

    /// How much of which tokens it holds while it runs.
    pub fn tokens(&self) -> BTreeMap<String, u64> {
        self.shared.more(self.place).tokens
    }

    /// The kept runs that refer to it, newest first.
    pub fn runs(&self) -> Vec<RunInfo> {
        let runs = self.shared.runs_of(self.place).iter().rev();
        runs.map(|place| RunInfo { shared: self.shared.clone(), place: *place as usize }).collect()
    }

    pub(super) fn text(&self, text: Text) -> Option<Cow<'_, [u8]>> {
        let row = self.row();
        let (offset, length) = row.span(text)?;
        let all = self.shared.rows.heap.bytes(row.texts())?;
        let begin = usize::try_from(offset - row.offset).ok()?;
        let range = begin..begin + length as usize;
        Some(match all {
            Cow::Borrowed(all) => Cow::Borrowed(all.get(range)?),
            Cow::Owned(mut all) => {
                all.truncate(range.end);
                all.drain(..range.start);
                Cow::Owned(all)
            }
        })
    }

    /// Its values, as the index has them, if there are any. Metrics are among them only if it has ended.
    pub(super) fn values(&self) -> Option<Values<'_>> {
        let row = self.row();
        let shape = self.shared.rows.shapes.get(row.shape)?;
        self.shared.rows.flat.bytes(row.flat).map(|bytes| Values { shape, bytes })
    }

    /// Whether both are jobs of one task.
    pub(super) fn is_of_task_of(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.shared, &other.shared) {
            return self.row().task == other.row().task;
        }
        self.task() == other.task()
    }

    /// Its tags one by one, without making a map of them.
    pub(super) fn each_tag(&self, each: impl FnMut(&str, TagText<'_>)) {
        self.shared.each_tag(self.place, each);
    }

    /// Whether its files were read just now, and not what the index has of them.
    #[cfg(test)]
    pub(super) fn is_fresh(&self) -> bool {
        self.row().fresh
    }

    /// Whether its metrics may change all the time, so that the index has none.
    pub(super) fn is_open(&self) -> bool {
        self.row().kind == Kind::Open
    }

    /// Its arguments, as a tree: see the table in [`state`](super).
    ///
    /// # Errors
    /// If `params.json` cannot be read.
    pub fn arguments(&self) -> Result<Json, JobReadError> {
        self.marked_arguments().map(marks::plain)
    }

    /// The same, where what JSON has no form of has its mark.
    pub(super) fn marked_arguments(&self) -> Result<Json, JobReadError> {
        if let Some(text) = self.text(Text::Arguments).filter(|text| !text.is_empty())
            && let Ok(tree) = serde_json::from_slice(&text)
        {
            return Ok(tree);
        }
        self.recorded_arguments().map(|arguments| arguments.tree).map_err(JobReadError::Arguments)
    }

    /// As [`arguments`](Self::arguments), and always from the file.
    ///
    /// # Errors
    /// If `params.json` cannot be read.
    pub fn read_arguments(&self) -> Result<Json, JobReadError> {
        let read = self.recorded_arguments().map_err(JobReadError::Arguments)?;
        Ok(marks::plain(read.tree))
    }

    fn recorded_arguments(&self) -> Result<Arguments, String> {
        let path = self.folder().params();
        let text = self.params().map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Arguments::parse(&text, self.workdir()).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// The text of `params.json`; of a job without one what the run that did not start it has written in its place.
    pub(super) fn params(&self) -> io::Result<Cow<'_, [u8]>> {
        match crate::files::read(&self.folder().params()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self.shared.unstarted(self.place) {
                Some(line) => Ok(Cow::Borrowed(line.as_bytes())),
                None => Err(error),
            },
            read => read.map(Cow::Owned),
        }
    }

    /// Its task with its arguments, as the job's own process had it. The type must be that of this binary.
    ///
    /// # Errors
    /// If the arguments are not those of `T`, or cannot be read.
    pub fn config<T: Task>(&self) -> Result<T, JobReadError> {
        let folder = self.folder();
        let other_type = |why: String| JobReadError::OtherType { job: self.key(), why };
        if T::schema().id() != self.task() {
            return Err(other_type(format!("the job is one of {}, not of {}", self.task(), T::schema().id())));
        }
        let node = match self.params() {
            Ok(Cow::Borrowed(line)) => parse_params(&self.shared.layout, &folder, line)?,
            _ => read_params(&self.shared.layout, &folder)?,
        };
        let jobs = JobsOnDisk(&self.shared.layout);
        Reader::new(&jobs, folder.path()).config(&node).map_err(|error| other_type(error.to_string()))
    }

    /// What it returned, as JSON; `None` if it has not ended well.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn value(&self) -> Result<Option<Json>, JobReadError> {
        match self.raw_value()? {
            Some(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| JobReadError::Output { job: self.key(), why: error.to_string() }),
            None => Ok(None),
        }
    }

    fn raw_value(&self) -> Result<Option<Cow<'_, [u8]>>, JobReadError> {
        if self.row().kind != Kind::Done {
            return Ok(None);
        }
        if let Some(text) = self.text(Text::Value).filter(|text| !text.is_empty()) {
            return Ok(Some(text));
        }
        let status = self.folder().read_status()?;
        let value = status.as_ref().and_then(|status| status.result().ok());
        Ok(value.map(|value| Cow::Owned(value.get().as_bytes().to_vec())))
    }

    /// What it returned, typed: `job.output::<<Rank as Task>::Output>()`.
    ///
    /// # Errors
    /// If it has not ended well, or its value is none of `O`.
    pub fn output<O: DeserializeOwned>(&self) -> Result<O, JobReadError> {
        let Some(text) = self.raw_value()? else {
            return Err(JobReadError::NoOutput { job: self.key(), state: self.state().to_string() });
        };
        serde_json::from_slice(&text).map_err(|error| JobReadError::Output { job: self.key(), why: error.to_string() })
    }

    /// The jobs that it depends on: those that its arguments refer to, and those that a plan has added.
    pub fn dependencies(&self) -> Vec<JobKey> {
        let text = self.text(Text::Jobs);
        let text = text.map(|text| serde_json::from_slice::<Vec<String>>(&text).unwrap_or_default());
        let mut jobs: Vec<JobKey> = match text {
            Some(names) => names.iter().filter_map(|name| super::parse_full_name(name)).collect(),
            None => self.recorded_arguments().map(|read| read.jobs).unwrap_or_default(),
        };
        for added in self.shared.more(self.place).jobs {
            if !jobs.contains(&added.0) {
                jobs.push(added.0);
            }
        }
        jobs
    }

    /// Its metrics: time series by name. A torn last line is skipped.
    pub fn metrics(&self) -> Metrics {
        series::read_metrics(&self.folder().metrics())
    }

    /// Its metrics in numbers: last, least and largest values.
    pub fn metric_summaries(&self) -> BTreeMap<String, MetricSummary> {
        series::summarise(&self.folder().metrics())
    }

    /// What it emitted while it ran, in order, under whatever names: read value by value from what is on file now.
    ///
    /// An attempt begins anew with no values, unless the task resumes; those of a job that was killed are kept up to that moment.
    ///
    /// ```no_run
    /// # mod xpm { pub use xpm_core::state::Workspace; }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let job = xpm::Workspace::open("/data/work")?.job("3f2a")?;
    /// for value in job.emitted() {
    ///     let value = value?;
    ///     println!("{} {}: {}", value.number(), value.name(), value.json());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn emitted(&self) -> Emitted {
        Emitted::new(self.key(), StoredOutputs::new(self.folder().outputs()))
    }

    /// What it emitted under one name, typed and in order: `job.emitted_as::<Checkpoint>("checkpoint")`. None if it has emitted
    /// nothing under this name.
    ///
    /// All values are in memory at once; with [`emitted`](Self::emitted) and [`EmittedValue::get`](super::EmittedValue::get)
    /// only one is.
    ///
    /// # Errors
    /// If a value is none of `T`, or what was emitted cannot be read.
    pub fn emitted_as<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, JobReadError> {
        let named = self.emitted().filter(|value| value.as_ref().map_or(true, |value| value.name() == name));
        named.map(|value| value?.get()).collect()
    }

    /// What it emitted, by name, in short: how many values, and the last one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn emitted_summaries(&self) -> Result<BTreeMap<String, EmittedSummary>, JobReadError> {
        emitted::summarise(self.emitted())
    }

    /// How far it is: what it counts, outermost first.
    pub fn progress(&self) -> Vec<ProgressLevel> {
        series::read_progress(&self.folder().progress())
    }

    /// The last lines of its standard error, without stack backtraces.
    pub fn stderr_tail(&self, lines: usize) -> Vec<String> {
        crate::report::tail(&self.folder().stderr(), lines)
    }

    /// The file of its standard output; it need not be there.
    pub fn stdout_path(&self) -> PathBuf {
        self.folder().stdout()
    }

    /// The file of its standard error; it need not be there.
    pub fn stderr_path(&self) -> PathBuf {
        self.folder().stderr()
    }

    /// Why its earlier attempts failed, as far as their records are kept: number and failure, oldest first.
    pub fn earlier_failures(&self) -> Vec<(u32, Failure)> {
        self.folder().earlier_failures()
    }

    /// The workspace's folder.
    pub fn workdir(&self) -> &Path {
        self.shared.layout.path()
    }
}

impl fmt::Debug for JobInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobInfo({}, {})", self.key(), self.state_name())
    }
}

/// A time from milliseconds since 1970.
fn time(milliseconds: i64) -> Option<SystemTime> {
    if milliseconds == NEVER {
        return None;
    }
    UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(milliseconds).ok()?))
}
