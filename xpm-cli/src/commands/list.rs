//! `xpm list`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::state::{Counts, ExperimentInfo, RunInfo};

use crate::context::Context;
use crate::names::path_text;
use crate::output::{self, state_color};
use crate::table::{Cell, Table};
use crate::units;

/// List experiments, their last run, and how many of its jobs are done, running and failed
#[derive(Args)]
pub(crate) struct List {
    /// Every run that is kept, not only the last one of each experiment
    #[arg(long)]
    runs: bool,
}

pub(crate) fn run(context: &Context, args: &List) -> anyhow::Result<ExitCode> {
    let snapshot = context.snapshot()?;
    let experiments = snapshot.experiments();
    if context.json {
        let all: Vec<Json> = experiments.iter().map(|experiment| describe(experiment, args.runs)).collect();
        output::json(&json!({"experiments": all, "jobs": counts(&snapshot.counts())}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let titles = [
        "EXPERIMENT",
        "RUNS",
        "LAST RUN",
        "STATE",
        "STARTED",
        "TOOK",
        "DONE",
        "RUNNING",
        "WAITING",
        "FAILED",
        "UNREADABLE",
        "ERROR",
    ];
    let mut table = Table::new(titles);
    for experiment in &experiments {
        let runs = experiment.runs();
        for run in runs.iter().take(if args.runs { usize::MAX } else { 1 }) {
            table.push(row(experiment, run, runs.len(), snapshot.taken()));
        }
        if runs.is_empty() {
            table.push(vec![experiment.id().into(), Cell::number(0)]);
        }
    }
    let mut text = match experiments.len() {
        0 => String::new(),
        _ => table.render(context),
    };
    let all = snapshot.counts();
    let (experiments, jobs) = (output::count(experiments.len(), "experiment"), output::count(all.total(), "job"));
    text.push_str(&format!("{experiments}, {jobs}{}\n", in_words(&all)));
    output::page(context, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn row(experiment: &ExperimentInfo, run: &RunInfo, runs: usize, now: std::time::SystemTime) -> Vec<Cell> {
    let counts = run.counts();
    let number = |count: usize| Cell::number(if count == 0 { "-".to_owned() } else { count.to_string() });
    let state = run.state().name();
    vec![
        experiment.id().into(),
        Cell::number(runs),
        run.id().into(),
        Cell::colored(state, state_color(state)),
        run.start().map(|time| units::ago(time, now)).unwrap_or_default().into(),
        run.duration().map(units::duration).unwrap_or_default().into(),
        number(counts.done),
        number(counts.running),
        number(counts.waiting + counts.unstarted),
        number(counts.failed),
        // A column that is empty everywhere is left out.
        Cell::number(if counts.unreadable == 0 { String::new() } else { counts.unreadable.to_string() }),
        run.error().and_then(|error| error.lines().next()).unwrap_or_default().into(),
    ]
}

/// `: 3 done, 1 failed`.
pub(crate) fn in_words(counts: &Counts) -> String {
    let parts: Vec<String> = [
        (counts.running, "running"),
        (counts.waiting, "waiting"),
        (counts.done, "done"),
        (counts.failed, "failed"),
        (counts.unstarted, "unstarted"),
        (counts.unreadable, "unreadable"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, name)| format!("{count} {name}"))
    .collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

/// Counts as JSON.
pub(crate) fn counts(counts: &Counts) -> Json {
    json!({
        "total": counts.total(), "unstarted": counts.unstarted, "waiting": counts.waiting, "running": counts.running,
        "done": counts.done, "failed": counts.failed, "unreadable": counts.unreadable,
    })
}

fn describe(experiment: &ExperimentInfo, all: bool) -> Json {
    let runs = experiment.runs();
    let mut members = json!({
        "experiment": experiment.id(),
        "path": path_text(&experiment.path()),
        "run_count": runs.len(),
        "last_run": runs.first().map(describe_run),
    });
    if all {
        members["runs"] = runs.iter().map(describe_run).collect();
    }
    members
}

fn describe_run(run: &RunInfo) -> Json {
    json!({
        "run": run.id(),
        "path": path_text(&run.path()),
        "state": run.state().name(),
        "start": units::rfc3339(run.start()),
        "end": units::rfc3339(run.end()),
        "seconds": run.duration().map(|duration| duration.as_secs_f64()),
        "host": run.host(),
        "pid": run.pid(),
        "error": run.error(),
        "jobs": counts(&run.counts()),
    })
}
