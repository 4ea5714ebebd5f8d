//! What a filter sees of a job.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use super::filter::{FieldValue, Fields, Filter, FilterError, KNOWN_FIELDS};
use super::flat::Values;
use super::job::JobInfo;
use super::leaves::{anywhere, at, field, leaves};
use super::marks::large;
use super::series::MetricSummary;
use super::shape::Shape;
use super::table::{Cell, Source};
use crate::value::TagValue;

/// A job as a filter sees it: see `docs/filter.md` for the names. What has to be read for it is read once, when a field
/// asks for it.
///
/// ```no_run
/// use xpm_core::state::{JobFields, Workspace, filter::Filter};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let filter = Filter::parse("state = failed and k1 in [0.6, 0.9]")?;
/// let jobs = Workspace::open("/data/work")?.jobs();
/// let found: Vec<_> = jobs.iter().filter(|job| filter.matches(&JobFields::new(job))).collect();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct JobFields<'j> {
    job: &'j JobInfo,
    values: OnceCell<Option<Values<'j>>>,
    arguments: OnceCell<Option<Json>>,
    value: OnceCell<Option<Json>>,
    metrics: OnceCell<BTreeMap<String, MetricSummary>>,
    key: OnceCell<String>,
}

impl<'j> JobFields<'j> {
    /// The fields of a job.
    pub fn new(job: &'j JobInfo) -> Self {
        Self {
            job,
            values: OnceCell::new(),
            arguments: OnceCell::new(),
            value: OnceCell::new(),
            metrics: OnceCell::new(),
            key: OnceCell::new(),
        }
    }

    /// What the index has of it: as good as the trees, where these need not be asked.
    fn values(&self) -> Option<&Values<'j>> {
        self.values.get_or_init(|| self.job.values()).as_ref()
    }

    /// The argument at `path`, or at the only path that ends so.
    fn argument(&self, path: &str) -> Option<FieldValue<'_>> {
        match self.values().and_then(|values| values.get(values.shape.anywhere(Source::Argument, path))) {
            Some(leaf) => leaf?.field(),
            None => self.arguments().and_then(|tree| anywhere(tree, path)).map(field),
        }
    }

    /// The field of the output at `path`, or at the only path that ends so.
    fn output(&self, path: &str, whole: bool) -> Option<FieldValue<'_>> {
        let find = if whole { Shape::at } else { Shape::anywhere };
        match self.values().and_then(|values| values.get(find(values.shape, Source::Output, path))) {
            Some(leaf) => leaf?.field(),
            None => {
                let find = if whole { at } else { anywhere };
                self.value().and_then(|tree| find(tree, path)).map(field)
            }
        }
    }

    fn arguments(&self) -> Option<&Json> {
        self.arguments.get_or_init(|| self.job.marked_arguments().ok()).as_ref()
    }

    fn value(&self) -> Option<&Json> {
        self.value.get_or_init(|| self.job.value().ok().flatten()).as_ref()
    }

    fn metrics(&self) -> &BTreeMap<String, MetricSummary> {
        self.metrics.get_or_init(|| match self.values().filter(|_| !self.job.is_open()) {
            Some(values) => values.summaries(),
            None => self.job.metric_summaries(),
        })
    }

    /// The names of all its fields that filters know.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = KNOWN_FIELDS.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.extend(self.job.tags().keys().cloned());
        for (prefix, tree) in [("", self.arguments()), ("output.", self.value())] {
            if let Some(tree) = tree {
                leaves(tree, &mut |path, _| names.push(format!("{prefix}{path}")));
            }
        }
        names.extend(self.metrics().keys().map(|name| format!("metric.{name}")));
        names
    }

    fn own(&self, path: &str) -> Option<FieldValue<'_>> {
        let job = self.job;
        Some(match path {
            "state" => job.state_name().into(),
            "task" => job.task().into(),
            "id" => FieldValue::Id(Cow::Borrowed(self.key.get_or_init(|| job.key().full_name()))),
            "experiment" => {
                let runs = job.runs();
                FieldValue::AnyOf(runs.iter().map(|run| text(run.experiment().to_owned())).collect())
            }
            "run" => FieldValue::AnyOf(job.runs().iter().map(|run| text(run.id().to_owned())).collect()),
            "start" => FieldValue::Time(job.start()?),
            "end" => FieldValue::Time(job.end()?),
            "duration" => FieldValue::Duration(match (job.start(), job.end(), job.state_name()) {
                (Some(start), _, "running") => crate::clock::now().duration_since(start).ok()?,
                _ => job.duration()?,
            }),
            "attempt" => FieldValue::Int(job.attempt().into()),
            "host" => FieldValue::Text(job.host()?),
            "cpu" => FieldValue::Duration(Duration::try_from_secs_f64(job.cpu_seconds()?).ok()?),
            "memory" => FieldValue::Int(job.peak_memory()?.into()),
            _ => return None,
        })
    }

    fn tag(&self, name: &str) -> Option<FieldValue<'_>> {
        Some(match self.job.tags().get(name)? {
            TagValue::Bool(b) => FieldValue::Bool(*b),
            TagValue::Int(i) => FieldValue::Int((*i).into()),
            TagValue::Float(x) => FieldValue::Float(*x),
            TagValue::Text(text) => large(text).map_or_else(|| text.as_str().into(), FieldValue::Int),
        })
    }

    /// `loss`, `loss.last`, `loss.min`, `loss.max`; a metric's own name may hold dots.
    fn metric(&self, path: &str) -> Option<FieldValue<'_>> {
        let metrics = self.metrics();
        let number = |metric: &MetricSummary, which: &str| {
            Some(FieldValue::Float(match which {
                "last" => metric.last,
                "min" => metric.min,
                "max" => metric.max,
                "count" => return Some(FieldValue::Int(metric.count.into())),
                _ => return None,
            }))
        };
        if let Some(metric) = metrics.get(path) {
            return number(metric, "last");
        }
        let (name, which) = path.rsplit_once('.')?;
        number(metrics.get(name)?, which)
    }
}

fn text(text: String) -> FieldValue<'static> {
    FieldValue::Text(Cow::Owned(text))
}

impl Fields for JobFields<'_> {
    fn field(&self, path: &str) -> Option<FieldValue<'_>> {
        if KNOWN_FIELDS.iter().any(|(name, _)| *name == path) {
            return self.own(path);
        }
        if let Some((kind, rest)) = path.split_once('.') {
            let found = match kind {
                "tag" => self.tag(rest),
                "arg" => self.argument(rest),
                "output" => self.output(rest, true),
                "metric" => self.metric(rest),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        if path == "output" {
            return self.value().map(field);
        }
        self.tag(path)
            .or_else(|| self.argument(path))
            .or_else(|| self.output(path, false))
            .or_else(|| self.metric(path))
    }
}

/// The jobs for which a filter holds, in their order. Looks at them on all CPUs.
///
/// # Errors
/// If the filter names a field that none of the jobs has, though there are jobs; proposes near names.
pub fn filter_jobs(jobs: Vec<JobInfo>, filter: &Filter) -> Result<Vec<JobInfo>, FilterError> {
    let read = |jobs: &[JobInfo]| {
        let matcher = filter.matcher();
        let kept: Vec<bool> = jobs.iter().map(|job| matcher.matches(&JobFields::new(job))).collect();
        let missing: Vec<&str> = matcher.never_seen();
        (kept, missing)
    };
    let parts = on_all_cpus(&jobs, read);
    let mut kept = Vec::with_capacity(jobs.len());
    let mut missing: Vec<&str> = filter.fields().collect();
    for (part, never_seen) in parts {
        kept.extend(part);
        missing.retain(|path| never_seen.contains(path));
    }
    if !jobs.is_empty() {
        let names = || {
            let names: BTreeSet<String> =
                jobs.iter().take(SAMPLE).flat_map(|job| JobFields::new(job).names()).collect();
            names.into_iter().collect()
        };
        let fields = jobs.iter().map(JobFields::new);
        filter.check_missing(missing, fields, |fields, path| fields.field(path).is_some(), names)?;
    }
    let mut kept = kept.into_iter();
    Ok(jobs.into_iter().filter(|_| kept.next().unwrap_or(false)).collect())
}

/// How many jobs are asked for names to propose.
const SAMPLE: usize = 1_000;
/// Below this many jobs a second thread costs more than it saves.
pub(super) const FEW: usize = 2_000;

/// Does something with the jobs, cut into parts, on as many threads; gives what came of each part, in order.
pub(crate) fn on_all_cpus<'j, T: Send>(jobs: &'j [JobInfo], read: impl Fn(&'j [JobInfo]) -> T + Sync) -> Vec<T> {
    let cpus = super::cpus();
    if jobs.len() < FEW || cpus == 1 {
        return vec![read(jobs)];
    }
    let read = &read;
    thread::scope(|scope| {
        let parts = jobs.chunks(jobs.len().div_ceil(cpus));
        let readers: Vec<_> = parts.map(|part| scope.spawn(move || read(part))).collect();
        let joined = readers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

impl Cell {
    /// What a filter sees of it.
    pub(super) fn field(&self) -> FieldValue<'static> {
        match self {
            Cell::Nothing => FieldValue::Null,
            Cell::Bool(b) => FieldValue::Bool(*b),
            Cell::Int(i) => FieldValue::Int((*i).into()),
            Cell::Large(i) => FieldValue::Int((*i).into()),
            Cell::Huge(i) => FieldValue::Int(**i),
            Cell::Float(x) => FieldValue::Float(*x),
            Cell::Text(value) => text(value.to_string()),
        }
    }
}
