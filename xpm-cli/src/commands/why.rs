//! `xpm why JOB`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::state::{Difference, JobInfo, JobReadError, JobStatus, Snapshot, Workspace, differences};
use xpm_core::upkeep::{TokenInfo, tokens};
use xpm_core::{Failure, JobKey};

use super::diff::{describe, side_by_side};
use super::jobs::NOT_THERE;
use crate::context::Context;
use crate::names::{full_name, short_name};
use crate::output;
use crate::units;

/// Why a job waits or failed, and why it ran: the nearest earlier job of its task and the arguments that differ
#[derive(Args)]
pub(crate) struct Why {
    /// The job: the first digits of its identity, or TASK/DIGITS
    job: String,
}

pub(crate) fn run(context: &Context, args: &Why) -> anyhow::Result<ExitCode> {
    let workspace = context.workspace()?;
    let snapshot = workspace.snapshot();
    let job = snapshot.job(&args.job)?;
    let token = token(&workspace, &snapshot, &job);
    // Arguments are written when a job is first started.
    let written = job.path().is_dir();
    // What cannot be read is said in its place: the rest is told all the same.
    let compared = if written { compare(&snapshot, &job) } else { Ok(None) };
    let nearest = compared.as_ref().ok().and_then(Option::as_ref);
    if context.json {
        let attempts: Vec<Json> = job
            .earlier_failures()
            .iter()
            .map(|(number, failure)| json!({"attempt": number, "failure": failure, "why": failure.to_string()}))
            .collect();
        let state = job.state();
        let waits_for = waits_for(&snapshot, &job);
        let waits: Vec<Json> =
            waits_for.iter().map(|(key, state)| json!({"job": key.full_name(), "state": state})).collect();
        output::json(&json!({
            "job": full_name(&job),
            "state": state.name(),
            "failure": state.failure(),
            "waits_for": waits,
            "token": token,
            "earlier_attempts": attempts,
            "nearest_earlier": nearest.map(|(nearest, _)| full_name(nearest)),
            "differences": nearest.into_iter().flat_map(|(_, found)| found).map(describe).collect::<Vec<_>>(),
            "differences_problem": compared.as_ref().err().map(ToString::to_string),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    state(&mut text, &snapshot, &job, token)?;
    for (number, failure) in job.earlier_failures() {
        writeln!(text, "attempt {number} failed: {failure}")?;
    }
    text = output::clean(&text);
    match &compared {
        Ok(nearest) if written => ran(&mut text, context, &snapshot, &job, nearest.as_ref())?,
        Ok(_) => {}
        Err(error) => {
            writeln!(text, "it cannot be compared with those before it: {}", output::clean(&error.to_string()))?;
        }
    }
    output::page(context, &text)?;
    Ok(ExitCode::SUCCESS)
}

/// The earlier job that is most like another, and where they differ.
fn compare(snapshot: &Snapshot, job: &JobInfo) -> Result<Option<(JobInfo, Vec<Difference>)>, JobReadError> {
    let Some(nearest) = snapshot.nearest_earlier(job)? else { return Ok(None) };
    let found = differences(&nearest, job)?;
    Ok(Some((nearest, found)))
}

/// The jobs that a job depends on and that are not done, with their states; none for one of which there is no trace.
fn waits_for(snapshot: &Snapshot, job: &JobInfo) -> Vec<(JobKey, Option<&'static str>)> {
    let open = |key: JobKey| {
        let state = snapshot.get(&key).map(|other| other.state_name());
        (state != Some("done")).then_some((key, state))
    };
    job.dependencies().into_iter().filter_map(open).collect()
}

/// The token, or the part of the machine, that a job waits for: the one that it was put off for, else one of which `xpm tokens` says so.
fn token(workspace: &Workspace, snapshot: &Snapshot, job: &JobInfo) -> Option<String> {
    let JobStatus::Waiting { token, .. } = job.state() else { return None };
    token.or_else(|| {
        let key = job.key();
        let short = |token: &TokenInfo| token.waiting.iter().any(|(waiting, _)| *waiting == key);
        tokens(workspace, snapshot).into_iter().find(short).map(|token| token.name)
    })
}

/// How it stands and why.
fn state(text: &mut String, snapshot: &Snapshot, job: &JobInfo, token: Option<String>) -> std::fmt::Result {
    let name = short_name(job);
    match job.state() {
        JobStatus::Waiting { .. } => {
            writeln!(text, "{name} waits:")?;
            let open = waits_for(snapshot, job);
            for (other, state) in &open {
                writeln!(text, "  for {other}, which is {}", state.unwrap_or(NOT_THERE))?;
            }
            match (token, open.is_empty()) {
                (Some(folder), true) if folder.starts_with("partials/") => {
                    writeln!(text, "  for the folder {folder} of the workspace, which another job uses")?;
                }
                (Some(part), true) if [".cpus", ".memory"].contains(&&*part) => {
                    let part = if part == ".cpus" { "CPUs" } else { "memory" };
                    writeln!(text, "  for {part} of the machine, which jobs of other runs have")?;
                }
                (Some(token), true) => {
                    writeln!(
                        text,
                        "  for the token {token}, of which too little is left: `xpm tokens` shows who holds it"
                    )?;
                }
                (None, true) => writeln!(text, "  for its turn: CPUs, memory or GPUs of the machine are taken")?,
                _ => {}
            }
        }
        JobStatus::Unstarted => {
            writeln!(
                text,
                "{name} was never started, and no run that is alive will start it: run its experiment again"
            )?;
            for (other, state) in waits_for(snapshot, job) {
                writeln!(text, "  it depends on {other}, which is {}", state.unwrap_or(NOT_THERE))?;
            }
        }
        JobStatus::Failed(Failure::DependencyFailed { job: other }) => {
            writeln!(text, "{name} was not started, since a job that it depends on failed:")?;
            let mut next = Some(other);
            let mut left = 100;
            // Up to the job that really failed.
            while let Some(key) = next.take() {
                let state = snapshot.get(&key).map(|other| other.state());
                let why = state.as_ref().map_or_else(|| NOT_THERE.to_owned(), ToString::to_string);
                writeln!(text, "  {key}: {}", why.lines().next().unwrap_or_default())?;
                left -= 1;
                if let Some(JobStatus::Failed(Failure::DependencyFailed { job })) = state
                    && left > 0
                {
                    next = Some(job);
                }
            }
        }
        JobStatus::Failed(failure) => writeln!(text, "{name} failed in attempt {}: {failure}", job.attempt().max(1))?,
        JobStatus::Done => {
            let took = job.duration().map(|took| format!(" in {}", units::duration(took))).unwrap_or_default();
            let ago = job.end().map(|end| format!(", {}", units::ago(end, snapshot.taken()))).unwrap_or_default();
            writeln!(text, "{name} is done{ago}{took}")?;
        }
        other => writeln!(text, "{name} is {other}")?,
    }
    Ok(())
}

/// Why it ran though others of its task had run.
fn ran(
    text: &mut String,
    context: &Context,
    snapshot: &Snapshot,
    job: &JobInfo,
    nearest: Option<&(JobInfo, Vec<Difference>)>,
) -> std::fmt::Result {
    let Some((nearest, found)) = nearest else {
        return writeln!(text, "no earlier job of {} is there to compare it with", job.task());
    };
    let when = nearest.start().or_else(|| nearest.time());
    let when = when.map(|time| format!(", {}", units::ago(time, snapshot.taken()))).unwrap_or_default();
    let count = found.iter().filter(|difference| difference.counts()).count();
    let argument = if count == 1 { "argument" } else { "arguments" };
    writeln!(
        text,
        "it is another job than those before it: the nearest, {} ({}{when}), has {count} other {argument}:\n",
        short_name(nearest),
        nearest.state_name()
    )?;
    text.push_str(&side_by_side(context, nearest, job, found, false));
    Ok(())
}
