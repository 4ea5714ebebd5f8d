//! `xpm jobs`.

use std::borrow::Cow;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use serde::Serialize;
use serde_json::{Value as Json, json};
use xpm_core::state::filter::Filter;
use xpm_core::state::{Counts, JobInfo, JobStatus, filter_jobs};
use xpm_core::{Failure, Identity, TagValue, Tags};

use super::list::{counts, in_words};
use crate::context::Context;
use crate::filter::FilterText;
use crate::names::{full_name, path_text, tags_text};
use crate::output::{self, state_color};
use crate::parallel;
use crate::table::{Rows, Table};
use crate::units;

/// List jobs, newest first
#[derive(Args)]
pub(crate) struct Jobs {
    /// Only jobs that a run of this experiment refers to
    #[arg(long, short, value_name = "EXPERIMENT")]
    experiment: Option<String>,
    /// Only jobs for which this holds, for instance 'state = failed and k1 in [0.6, 0.9]'; see docs/filter.md
    #[arg(long, short, value_name = "FILTER", value_parser = FilterText)]
    filter: Option<Filter>,
    /// Tags as well
    #[arg(long)]
    tags: bool,
    /// How many to show [default: 50 on a terminal, else every one]
    #[arg(long, short = 'n', value_name = "N", conflicts_with = "all")]
    limit: Option<usize>,
    /// Show every one, on a terminal too
    #[arg(long, short)]
    all: bool,
}

/// How many are shown on a terminal unless it is said.
const ON_A_TERMINAL: usize = 50;

pub(crate) fn run(context: &Context, args: &Jobs) -> anyhow::Result<ExitCode> {
    let snapshot = context.snapshot()?;
    let jobs = match &args.experiment {
        Some(id) => snapshot.experiment(id)?.jobs(),
        None => snapshot.jobs(),
    };
    let jobs = match &args.filter {
        Some(filter) => filter_jobs(jobs, filter)?,
        None => jobs,
    };
    // Whoever counts or searches what comes out of a pipe wants all of it.
    let people = context.width().is_some() && !context.json && !args.all;
    let limit = args.limit.unwrap_or(if people { ON_A_TERMINAL } else { usize::MAX });
    let shown = jobs.len().min(limit);
    let mut all = Counts::default();
    jobs.iter().for_each(|job| all.count(job));
    if context.json {
        return json(&jobs[..shown], jobs.len(), &all);
    }
    let mut table = Table::new(["ID", "TASK", "STATE", "TRY", "ENDED", "TOOK", "TAGS", "WHY"]);
    table.fill(shown, |rows, number| row(rows, &jobs[number], args.tags, snapshot.taken()));
    let mut text = if shown == 0 { Vec::new() } else { table.pieces(context) };
    let mut summary = format!("{}{}", output::count(jobs.len(), "job"), in_words(&all));
    if jobs.len() > limit {
        let newest = match limit {
            0 => "none is".to_owned(),
            1 => "the newest is".to_owned(),
            _ => format!("the newest {limit} are"),
        };
        summary.push_str(&format!("; {newest} shown, --all shows every one"));
    }
    text.push(summary + "\n");
    output::page_pieces(context, &text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the jobs one a line: with 100,000 of them a tree of values would take longer than all else.
fn json(jobs: &[JobInfo], count: usize, states: &Counts) -> anyhow::Result<ExitCode> {
    let head = format!("{{\n\"count\": {count},\n\"states\": {},\n\"jobs\": [", counts(states));
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(head.as_bytes())?;
    parallel::write(&mut stdout, jobs.len(), |bytes, number| {
        bytes.extend_from_slice(if number == 0 { b"\n" } else { b",\n" });
        // What is made of texts and numbers can be written.
        let _ = serde_json::to_writer(bytes, &Summary::of(&jobs[number]));
    })?;
    stdout.write_all(b"\n]\n}\n")?;
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn row(cells: &mut Rows, job: &JobInfo, tags: bool, now: SystemTime) {
    let state = job.state();
    let when = match (&state, job.start(), job.end()) {
        (JobStatus::Running(_), Some(start), _) => format!("since {}", units::ago(start, now).trim_end_matches(" ago")),
        (_, _, Some(end)) => units::ago(end, now),
        _ => String::new(),
    };
    let attempt = job.attempt();
    cells.add(job.identity().short());
    cells.add(job.task());
    cells.add_colored(state.name(), state_color(state.name()));
    cells.add_number(if attempt > 1 { attempt.to_string() } else { String::new() });
    cells.add(when);
    cells.add(job.duration().map(units::duration).unwrap_or_default());
    cells.add(if tags { tags_text(job) } else { String::new() });
    cells.add(why(&state));
}

/// Why a job is as it is, in one line.
pub(crate) fn why(state: &JobStatus) -> String {
    match state {
        JobStatus::Failed(failure) => failure.to_string(),
        JobStatus::Unreadable(why) => why.clone(),
        JobStatus::Running(process) => process.to_string(),
        JobStatus::Waiting { jobs, token } => match (&jobs[..], token) {
            ([], None) => String::new(),
            ([], Some(part)) if part == ".cpus" => "for CPUs".to_owned(),
            ([], Some(part)) if part == ".memory" => "for memory".to_owned(),
            ([], Some(token)) => format!("for token {token}"),
            ([one], _) => format!("for {one}"),
            ([one, rest @ ..], _) => format!("for {one} and {} more", rest.len()),
        },
        _ => String::new(),
    }
}

/// What people read in the place of a state for a job that others depend on and of which there is no trace. It is no state,
/// and `--json` has null.
pub(crate) const NOT_THERE: &str = "not there";

/// A job in short, as `--json` prints it.
#[derive(Serialize)]
struct Summary<'j> {
    job: String,
    task: &'j str,
    identity: Identity,
    path: String,
    state: &'static str,
    failure: Option<Failure>,
    why: Option<String>,
    attempt: u32,
    start: Option<String>,
    end: Option<String>,
    seconds: Option<f64>,
    host: Option<Cow<'j, str>>,
    cpu_seconds: Option<f64>,
    peak_memory_bytes: Option<u64>,
    #[serde(serialize_with = "plain")]
    tags: &'j Tags,
}

impl<'j> Summary<'j> {
    fn of(job: &'j JobInfo) -> Self {
        let state = job.state();
        Self {
            job: full_name(job),
            task: job.task(),
            identity: job.identity(),
            path: path_text(&job.path()),
            state: state.name(),
            failure: state.failure().cloned(),
            why: Some(why(&state)).filter(|why| !why.is_empty()),
            attempt: job.attempt(),
            start: units::rfc3339(job.start()),
            end: units::rfc3339(job.end()),
            seconds: job.duration().map(|duration| duration.as_secs_f64()),
            host: job.host(),
            cpu_seconds: job.cpu_seconds(),
            peak_memory_bytes: job.peak_memory(),
            tags: job.tags(),
        }
    }
}

/// The same, for whoever adds to it.
pub(crate) fn summary(job: &JobInfo) -> Json {
    json!(Summary::of(job))
}

/// Tags as tables have them: floats that JSON has no number for as texts.
fn plain<S: serde::Serializer>(tags: &Tags, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(tags.iter().map(|(name, value)| {
        let value = match value {
            TagValue::Float(x) if !x.is_finite() => TagValue::Text(x.to_string()),
            value => value.clone(),
        };
        (name, value)
    }))
}
