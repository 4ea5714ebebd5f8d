//! `xpm jobs`.

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use serde_json::{Map, Value as Json, json};
use xpm_core::state::filter::Filter;
use xpm_core::state::{Counts, JobInfo, JobStatus, filter_jobs};

use super::list::{counts, in_words};
use crate::context::Context;
use crate::output::{self, state_color};
use crate::table::{Cell, Table};
use crate::units;

/// List jobs, newest first
#[derive(Args)]
pub(crate) struct Jobs {
    /// Only jobs that a run of this experiment refers to
    #[arg(long, short, value_name = "EXPERIMENT")]
    experiment: Option<String>,
    /// Only jobs for which this holds, for instance 'state = failed and k1 in [0.6, 0.9]'; see docs/filter.md
    #[arg(long, short, value_name = "FILTER", value_parser = Filter::parse)]
    filter: Option<Filter>,
    /// Tags as well
    #[arg(long)]
    tags: bool,
    /// How many to show
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50, conflicts_with = "all")]
    limit: usize,
    /// Show every one
    #[arg(long, short)]
    all: bool,
}

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
    let limit = if args.all { usize::MAX } else { args.limit };
    let mut all = Counts::default();
    jobs.iter().for_each(|job| all.count(job));
    if context.json {
        let shown: Vec<Json> = jobs.iter().take(limit).map(summary).collect();
        output::json(&json!({"count": jobs.len(), "states": counts(&all), "jobs": shown}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(["ID", "TASK", "STATE", "TRY", "ENDED", "TOOK", "TAGS", "WHY"]);
    for job in jobs.iter().take(limit) {
        table.push(row(job, args.tags, snapshot.taken()));
    }
    let mut text = if jobs.is_empty() { String::new() } else { table.render(context) };
    text.push_str(&format!("{} jobs{}", jobs.len(), in_words(&all)));
    if jobs.len() > limit {
        text.push_str(&format!("; the newest {limit} are shown, --all shows every one"));
    }
    text.push('\n');
    output::page(context, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn row(job: &JobInfo, tags: bool, now: SystemTime) -> Vec<Cell> {
    let state = job.state();
    let when = match (&state, job.start(), job.end()) {
        (JobStatus::Running(_), Some(start), _) => format!("since {}", units::ago(start, now).trim_end_matches(" ago")),
        (_, _, Some(end)) => units::ago(end, now),
        _ => String::new(),
    };
    let attempt = job.attempt();
    vec![
        job.identity().short().into(),
        job.task().into(),
        Cell::colored(state.name(), state_color(state.name())),
        Cell::number(if attempt > 1 { attempt.to_string() } else { String::new() }),
        when.into(),
        job.duration().map(units::duration).unwrap_or_default().into(),
        if tags { tags_text(job) } else { String::new() }.into(),
        why(&state).into(),
    ]
}

/// `b=0.4 k1=0.9`.
pub(crate) fn tags_text(job: &JobInfo) -> String {
    let tags: Vec<String> = job.tags().iter().map(|(name, value)| format!("{name}={value}")).collect();
    tags.join(" ")
}

/// Why a job is as it is, in one line.
pub(crate) fn why(state: &JobStatus) -> String {
    match state {
        JobStatus::Failed(failure) => failure.to_string(),
        JobStatus::Unreadable(why) => why.clone(),
        JobStatus::Running(process) => process.to_string(),
        JobStatus::Waiting { jobs, token } => match (&jobs[..], token) {
            ([], None) => String::new(),
            ([], Some(token)) => format!("for token {token}"),
            ([one], _) => format!("for {one}"),
            ([one, rest @ ..], _) => format!("for {one} and {} more", rest.len()),
        },
        _ => String::new(),
    }
}

/// `task/identity`, all digits.
pub(crate) fn full_name(job: &JobInfo) -> String {
    format!("{}/{}", job.task(), job.identity())
}

/// A job in short, as JSON.
pub(crate) fn summary(job: &JobInfo) -> Json {
    let state = job.state();
    let tags: Map<String, Json> = job.tags().iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "job": full_name(job),
        "task": job.task(),
        "identity": job.identity(),
        "path": job.path(),
        "state": state.name(),
        "failure": state.failure(),
        "why": Some(why(&state)).filter(|why| !why.is_empty()),
        "attempt": job.attempt(),
        "start": units::rfc3339(job.start()),
        "end": units::rfc3339(job.end()),
        "seconds": job.duration().map(|duration| duration.as_secs_f64()),
        "host": job.host(),
        "cpu_seconds": job.cpu_seconds(),
        "peak_memory_bytes": job.peak_memory(),
        "tags": tags,
    })
}
