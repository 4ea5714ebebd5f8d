//! `xpm doctor`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::upkeep::{self, Kind};

use crate::context::Context;
use crate::exit::PROBLEMS;
use crate::names::path_text;
use crate::output::{self, GREEN, RED, YELLOW, paint};

/// Check a workspace: unreadable files, dead owners, tokens held by nobody, files left behind, links, impossible times
///
/// Tells what it would mend; with --yes it does. The exit code is 4 if problems are left.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Mend what can be mended
    #[arg(long, short)]
    yes: bool,
}

pub(crate) fn run(context: &Context, args: &Doctor) -> anyhow::Result<ExitCode> {
    let workspace = context.workspace()?;
    let snapshot = workspace.snapshot();
    let findings = upkeep::diagnose(&workspace, &snapshot);
    let (mut left, mut mended) = (0, 0);
    let mut text = String::new();
    let mut members: Vec<Json> = Vec::new();
    for finding in &findings {
        let result = if args.yes && finding.can_be_mended() { Some(upkeep::mend(finding)) } else { None };
        let (mark, color, what) = match &result {
            Some(Ok(())) => ("mended", GREEN, String::new()),
            Some(Err(error)) => ("not mended", RED, format!(" ({error})")),
            None if finding.can_be_mended() => ("can be mended", YELLOW, String::new()),
            None => (finding.kind.name(), if finding.kind == Kind::Stray { YELLOW } else { RED }, String::new()),
        };
        if matches!(result, Some(Ok(()))) {
            mended += 1;
        } else {
            left += 1;
        }
        let path = finding.path.strip_prefix(workspace.path()).unwrap_or(&finding.path);
        let mark = paint(context.color, color, mark);
        let told = output::clean(&format!("{}\n    {}{what}", path.display(), finding.message));
        text.push_str(&format!("{mark}: {told}\n"));
        members.push(json!({
            "kind": finding.kind.name(), "path": path_text(&finding.path), "message": finding.message,
            "can_be_mended": finding.can_be_mended(), "mended": matches!(result, Some(Ok(()))),
            "error": result.and_then(Result::err).map(|error| error.to_string()),
        }));
    }
    if context.json {
        output::json(&json!({"jobs": snapshot.job_count(), "findings": members, "mended": mended, "left": left}))?;
    } else {
        let can = findings.iter().filter(|finding| finding.can_be_mended()).count();
        text.push_str(&format!("{} looked at: ", output::count(snapshot.job_count(), "job")));
        text.push_str(&match (findings.len(), mended, can) {
            (0, ..) => "nothing is wrong\n".to_owned(),
            _ if args.yes && can > 0 => format!("{mended} mended, {left} left\n"),
            (1, 0, 0) => "1 finding, which cannot be mended here\n".to_owned(),
            (1, 0, _) => "1 finding, which can be mended with --yes\n".to_owned(),
            (_, _, 0) => format!("{left} findings, none of which can be mended here\n"),
            (_, _, can) => format!("{left} findings, {can} can be mended with --yes\n"),
        });
        output::page(context, &text)?;
    }
    Ok(if left > 0 { PROBLEMS.into() } else { ExitCode::SUCCESS })
}
