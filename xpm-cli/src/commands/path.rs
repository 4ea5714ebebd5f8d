//! `xpm path JOB`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::names::{full_name, path_text};
use crate::output;

/// Print a job's folder: `cd $(xpm path 3f2a)`
#[derive(Args)]
pub(crate) struct Path {
    /// The job: the first digits of its identity, or TASK/DIGITS
    job: String,
}

pub(crate) fn run(context: &Context, args: &Path) -> anyhow::Result<ExitCode> {
    let job = context.job(&args.job)?;
    let path = job.path();
    if context.json {
        output::json(&json!({"job": full_name(&job), "path": path_text(&path)}))?;
    } else {
        output::page(context, &format!("{}\n", path.display()))?;
    }
    if !path.is_dir() && !context.json {
        // What has failed without one was not started, since another job failed.
        let yet = if job.state_name() == "failed" { "" } else { " yet" };
        output::error_line(&format!("note: {} is {} and has no folder{yet}", job.key(), job.state_name()));
    }
    Ok(ExitCode::SUCCESS)
}
