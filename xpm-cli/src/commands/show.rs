//! `xpm show JOB`.

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::printable::{bytes, escaped};
use xpm_core::state::{EmittedSummary, JobInfo, JobStatus, Snapshot, is_mark};

use super::jobs::{NOT_THERE, summary};
use crate::context::Context;
use crate::names::{full_name, path_text, tags_text};
use crate::output::{self, BOLD, DIM, paint, state_color};
use crate::units;

/// Show all about a job: arguments, tags, state, times, dependencies, output, and why it failed
#[derive(Args)]
pub(crate) struct Show {
    /// The job: the first digits of its identity, or TASK/DIGITS
    job: String,
    /// How many of the last lines of standard error to show of a job that failed
    #[arg(long, value_name = "N", default_value_t = 10)]
    lines: usize,
}

pub(crate) fn run(context: &Context, args: &Show) -> anyhow::Result<ExitCode> {
    let snapshot = context.workspace()?.snapshot_of(&args.job);
    let job = snapshot.job(&args.job)?;
    if context.json {
        output::json(&describe(&snapshot, &job, args.lines))?;
    } else {
        output::page(context, &text(context, &snapshot, &job, args.lines))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(snapshot: &Snapshot, job: &JobInfo, lines: usize) -> Json {
    let mut members = summary(job);
    let dependencies: Vec<Json> = job
        .dependencies()
        .iter()
        .map(|key| {
            let state = snapshot.get(key).map(|job| job.state_name());
            json!({"job": key.full_name(), "state": state})
        })
        .collect();
    let (arguments, problem) = match job.arguments() {
        Ok(arguments) => (arguments, None),
        Err(error) => (Json::Null, Some(error.to_string())),
    };
    members["arguments"] = arguments;
    members["arguments_problem"] = problem.into();
    members["dependencies"] = dependencies.into();
    members["migrated_from"] = job.migrated_from().map(|key| key.full_name()).into();
    members["value"] = job.value().ok().flatten().unwrap_or_default();
    members["metrics"] = json!(job.metric_summaries());
    members["emitted"] = json!(job.emitted_summaries().ok());
    members["progress"] = json!(job.progress());
    members["runs"] = job.runs().iter().map(|run| json!({"experiment": run.experiment(), "run": run.id()})).collect();
    members["stdout"] = path_text(&job.stdout_path()).into();
    members["stderr"] = path_text(&job.stderr_path()).into();
    if job.state().failure().is_some() {
        members["stderr_tail"] = json!(job.stderr_tail(lines));
    }
    members
}

fn text(context: &Context, snapshot: &Snapshot, job: &JobInfo, lines: usize) -> String {
    let mut text = Sheet { context, text: String::new() };
    let state = job.state();
    text.line(&paint(context.color, BOLD, &full_name(job)));
    text.field("state", &paint(context.color, state_color(state.name()), state.name()));
    let why = super::jobs::why(&state);
    if !why.is_empty() {
        text.field(if state.failure().is_some() { "failure" } else { "" }, &output::clean(&why));
    }
    if !job.tags().is_empty() {
        text.field("tags", &tags_text(job));
    }
    text.field("folder", &escaped(&path_text(&job.path())));
    if let Some(before) = job.migrated_from() {
        text.field("migrated", &format!("from {before}"));
    }
    times(&mut text, job, snapshot.taken());
    let progress: Vec<String> = job
        .progress()
        .iter()
        .map(|level| match level.total {
            Some(total) => format!("{} {}/{total}", level.description, level.done),
            None => format!("{} {}", level.description, level.done),
        })
        .collect();
    if !progress.is_empty() && matches!(state, JobStatus::Running(_)) {
        text.field("progress", &output::clean(&progress.join(", ")));
    }
    let runs: Vec<String> = job.runs().iter().map(|run| format!("{}/{}", run.experiment(), run.id())).collect();
    match &runs[..] {
        [] => text.field("runs", "none that is kept refers to it (see `xpm orphans`)"),
        [.., _] => text.field("runs", &escaped(&shortened(&runs, 3))),
    }
    text.heading("arguments");
    match job.arguments() {
        Ok(arguments) => text.tree(&arguments),
        Err(error) => text.line(&output::clean(&format!("  {error}"))),
    }
    let dependencies = job.dependencies();
    if !dependencies.is_empty() {
        text.heading("depends on");
        for key in &dependencies {
            let state = snapshot.get(key).map_or(NOT_THERE, |job| job.state_name());
            text.line(&format!("  {key}  {}", paint(context.color, state_color(state), state)));
        }
    }
    match job.value() {
        Ok(Some(Json::Null) | None) => {}
        Ok(Some(value)) => {
            text.heading("output");
            text.tree(&value);
        }
        Err(error) => text.field("output", &output::clean(&error.to_string())),
    }
    let metrics = job.metric_summaries();
    if !metrics.is_empty() {
        text.heading("metrics");
        for (name, metric) in &metrics {
            let name = output::clean(name);
            text.line(&format!(
                "  {name}: {} at step {} (least {}, most {}, {} values)",
                metric.last, metric.last_step, metric.min, metric.max, metric.count
            ));
        }
    }
    match job.emitted_summaries() {
        Ok(emitted) if emitted.is_empty() => {}
        Ok(emitted) => {
            text.heading("emitted");
            for (name, EmittedSummary { count, last }) in &emitted {
                let values = if *count == 1 { "1 value".to_owned() } else { format!("{count} values") };
                text.line(&output::clean(&format!("  {name}: {last} ({values})")));
            }
        }
        Err(error) => text.field("emitted", &output::clean(&error.to_string())),
    }
    if state.failure().is_some() {
        let tail = job.stderr_tail(lines);
        if !tail.is_empty() {
            text.heading("end of stderr");
            tail.iter().for_each(|line| text.line(&format!("  | {}", output::clean(line))));
            text.line(&format!("  all of it: xpm log --err {}", job.identity().short()));
        }
    }
    text.text
}

fn times(text: &mut Sheet<'_>, job: &JobInfo, now: SystemTime) {
    let time = |time: SystemTime| format!("{} ({})", humantime::format_rfc3339_seconds(time), units::ago(time, now));
    if let Some(start) = job.start() {
        text.field("started", &time(start));
    }
    match (job.end(), job.duration()) {
        (Some(end), Some(took)) => text.field("ended", &format!("{}, took {}", time(end), units::duration(took))),
        (Some(end), None) => text.field("ended", &time(end)),
        _ => {}
    }
    let used: Vec<String> = [
        job.cpu_seconds().map(|seconds| {
            let seconds = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
            format!("cpu {}", units::duration(seconds))
        }),
        job.peak_memory().map(|peak| format!("memory {}", bytes(peak))),
        job.host().map(|host| format!("on {}", escaped(&host))),
        Some(job.attempt()).filter(|attempt| *attempt > 1).map(|attempt| format!("attempt {attempt}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !used.is_empty() {
        text.field("used", &used.join(", "));
    }
}

fn shortened(names: &[String], most: usize) -> String {
    let mut text = names[..names.len().min(most)].join(", ");
    if names.len() > most {
        text.push_str(&format!(" and {} more", names.len() - most));
    }
    text
}

/// A page of fields.
struct Sheet<'a> {
    context: &'a Context,
    text: String,
}

impl Sheet<'_> {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A field; of a value of several lines the others stand below the first.
    fn field(&mut self, name: &str, value: &str) {
        let name = format!("{name:<9}");
        let value = value.trim_end().replace('\n', "\n          ");
        self.line(&format!("{} {value}", paint(self.context.color, DIM, &name)));
    }

    fn heading(&mut self, name: &str) {
        let name = paint(self.context.color, BOLD, name);
        self.line(&name);
    }

    /// Values by dotted path, a line each, in the form that `--filter` takes.
    fn tree(&mut self, value: &Json) {
        let mut lines = Vec::new();
        flatten(String::new(), value, &mut lines);
        for (path, value) in lines {
            let value = escaped(&value);
            if path.is_empty() {
                self.line(&format!("  {value}"));
            } else {
                self.line(&format!("  {} = {value}", escaped(&path)));
            }
        }
    }
}

/// Leaves by dotted path; objects that say only their type, and lists, are one line.
fn flatten(path: String, value: &Json, lines: &mut Vec<(String, String)>) {
    match value {
        Json::Object(members) if members.keys().any(|name| !is_mark(members, name)) => {
            let kinds = ["$type", "$variant", "$job"].iter().filter(|name| is_mark(members, name));
            let kinds = kinds.filter_map(|name| members.get(*name)?.as_str());
            let kinds: Vec<&str> = kinds.collect();
            if !kinds.is_empty() {
                lines.push((path.clone(), kinds.join(" ")));
            }
            for (name, member) in members.iter().filter(|(name, _)| !is_mark(members, name)) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(path, member, lines);
            }
        }
        Json::Object(members) => {
            let parts: Vec<String> =
                members.values().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
            lines.push((path, if parts.is_empty() { "{}".to_owned() } else { parts.join(" ") }));
        }
        other => lines.push((path, other.to_string())),
    }
}
