//! `xpm retry JOB…`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueHint};
use serde_json::{Value as Json, json};
use xpm_core::report::{Reporter, Silent, TerminalReporter};
use xpm_core::state::{JobInfo, JobStatus};
use xpm_core::upkeep::{Retry as Plan, RetryJob, RetryOptions, RetryReason};
use xpm_core::{JobKey, JobState};

use crate::context::Context;
use crate::exit;
use crate::names::full_name;
use crate::output;
use crate::targets::{Found, Targets};

/// Run failed jobs again, each with the program and the arguments that it had; shows which, unless --yes
///
/// A job is run again as it was submitted: from its frozen executable, with its tokens, resources, time limit and retries. What it
/// needs that is not done is run before it, and what was not started because of it follows. A job that is done is never run
/// again. Ctrl-C stops starting jobs and leaves those alone that run; a second one within 2 s stops them too.
#[derive(Args)]
pub(crate) struct Retry {
    #[command(flatten)]
    targets: Targets,
    /// Leave out the jobs that were not started because of these
    #[arg(long)]
    alone: bool,
    /// Run them with this program, which has to have their tasks, instead of those that ran them before
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::ExecutablePath)]
    executable: Option<PathBuf>,
}

pub(crate) fn run(context: &Context, args: &Retry) -> anyhow::Result<ExitCode> {
    let workspace = context.workspace()?;
    let snapshot = workspace.snapshot();
    let Found { jobs: mut asked, left_out } = args.targets.find(&snapshot)?;
    if !args.targets.names_jobs() {
        asked.retain(|job| job.state_name() == "failed");
    }
    let options = RetryOptions { executable: args.executable.clone(), alone: args.alone };
    let plan = Plan::choose(&workspace, &snapshot, &asked, &options);
    let why_not = plan.refused.iter().map(|(job, why)| (job.clone(), why.to_string()));
    let refused: Vec<(JobInfo, String)> = left_out.into_iter().chain(why_not).collect();
    if !args.targets.yes {
        return tell(context, &plan, &refused);
    }
    // With `--json` they are among the jobs.
    for (job, why) in refused.iter().filter(|_| !context.json) {
        output::error_line(&format!("{}  not: {why}", job.key()));
    }
    let refused: Vec<Json> = refused.iter().map(refusal).collect();
    let refusals = refused.len();
    if plan.jobs.is_empty() {
        if context.json {
            output::json(&json!({"dry": false, "done": 0, "failed": 0, "refused": refusals, "jobs": refused}))?;
        } else {
            output::page(context, "nothing to run again\n")?;
        }
        return Ok(if refusals > 0 { exit::FAILED.into() } else { ExitCode::SUCCESS });
    }
    let reporter: Arc<dyn Reporter> = if context.json { Arc::new(Silent) } else { Arc::new(TerminalReporter::new()) };
    let retried = plan.run(reporter)?;
    if context.json {
        let count = |wanted: &str| retried.jobs.iter().filter(|(_, state)| state_name(state) == wanted).count();
        let (done, failed) = (count("done"), count("failed"));
        let jobs: Vec<Json> = retried.jobs.iter().map(ending).chain(refused).collect();
        output::json(&json!({"dry": false, "done": done, "failed": failed, "refused": refusals, "jobs": jobs}))?;
    }
    Ok(if retried.is_done() && refusals == 0 { ExitCode::SUCCESS } else { exit::FAILED.into() })
}

/// Tells what would be done.
fn tell(context: &Context, plan: &Plan, refused: &[(JobInfo, String)]) -> anyhow::Result<ExitCode> {
    let code = if refused.is_empty() { ExitCode::SUCCESS } else { exit::FAILED.into() };
    if context.json {
        let would = plan.jobs.iter().map(
            |job| json!({"job": full_name(&job.info), "ok": true, "message": why(job), "executable": job.executable}),
        );
        let jobs: Vec<Json> = would.chain(refused.iter().map(refusal)).collect();
        let (count, refused) = (plan.jobs.len(), refused.len());
        output::json(&json!({"dry": true, "done": count, "refused": refused, "jobs": jobs}))?;
        return Ok(code);
    }
    let mut text = String::new();
    for job in &plan.jobs {
        text.push_str(&format!("{}  {}\n", job.info.key(), why(job)));
    }
    for (job, why) in refused {
        text.push_str(&format!("{}  not: {why}\n", job.key()));
    }
    text.push_str(&match plan.jobs.len() {
        0 => "nothing to run again\n".to_owned(),
        count => format!("would run {} again; nothing is done without --yes\n", output::count(count, "job")),
    });
    output::page(context, &text)?;
    Ok(code)
}

/// Why a job is among those that would be run, in a line.
fn why(job: &RetryJob) -> String {
    match &job.reason {
        RetryReason::NeededBy(other) => format!("{}; {other} needs it", standing(job)),
        RetryReason::Follows(other) => format!("was not started because of {other}"),
        _ => standing(job),
    }
}

/// How a job stands, in a line.
fn standing(job: &RetryJob) -> String {
    match job.info.state() {
        JobStatus::Failed(failure) => {
            let failure = failure.to_string();
            let first = failure.lines().next().unwrap_or_default();
            match job.info.attempt() {
                0 => first.to_owned(),
                attempt => format!("attempt {attempt} failed: {first}"),
            }
        }
        JobStatus::Unstarted => "was never started".to_owned(),
        other => other.name().to_owned(),
    }
}

/// How a job has ended, as JSON.
fn ending((job, state): &(JobKey, JobState)) -> Json {
    let message = match state {
        JobState::Failed(why) => json!(why.to_string()),
        JobState::Cancelled => json!("it was stopped"),
        _ => Json::Null,
    };
    let ok = *state == JobState::Done;
    json!({"job": job.full_name(), "ok": ok, "state": state_name(state), "message": message})
}

/// A job that is not run, as JSON.
fn refusal((job, why): &(JobInfo, String)) -> Json {
    json!({"job": full_name(job), "ok": false, "message": why})
}

/// The words of filters.
fn state_name(state: &JobState) -> &'static str {
    match state {
        JobState::Done => "done",
        JobState::Failed(_) | JobState::Cancelled => "failed",
        JobState::Running => "running",
        JobState::Starting => "starting",
        _ => "waiting",
    }
}
