//! Exit codes, and how an error is told.

use std::process::ExitCode;

use serde_json::json;
use xpm_core::state::FindError;

use crate::context::Context;
use crate::names::tags_text;
use crate::output;

/// It could not be done.
pub(crate) const FAILED: u8 = 1;
/// There is no such job, experiment or run, or several.
pub(crate) const NOT_FOUND: u8 = 3;

/// Problems were found.
pub(crate) const PROBLEMS: u8 = 4;

/// The command line is wrong.
pub(crate) const WRONG: u8 = 2;

/// Tells what is wrong with the command line, or what was asked of it (`--help`, `--version`).
pub(crate) fn command_line(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if json && error.use_stderr() {
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        output::error_line(&json!({"error": text, "code": WRONG}).to_string());
        return WRONG.into();
    }
    // Nobody may be there to read it.
    let _ = error.print();
    if error.use_stderr() { WRONG.into() } else { ExitCode::SUCCESS }
}

/// Tells an error on standard error; with `--json` as an object.
pub(crate) fn report(context: &Context, error: &anyhow::Error) -> ExitCode {
    // A reader that has seen enough closes the pipe.
    if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return command_line(error);
    }
    let code = if error.downcast_ref::<FindError>().is_some() { NOT_FOUND } else { FAILED };
    if context.json {
        output::error_line(&json!({"error": format!("{error:#}"), "code": code}).to_string());
        return code.into();
    }
    let title = output::paint(context.color_errors, output::RED, "error:");
    let hint = output::paint(context.color_errors, output::CYAN, "hint:");
    let Some(FindError::Ambiguous { text, count, candidates }) = error.downcast_ref::<FindError>() else {
        output::error_line(&format!("{title} {}", output::clean(&format!("{error:#}"))));
        if let Some(text) = hint_of(error) {
            output::error_line(&format!("{hint} {text}"));
        }
        return code.into();
    };
    output::error_line(&format!("{title} {count} jobs begin with `{text}`:"));
    for job in candidates {
        let (state, tags) = (job.state_name(), tags_text(job));
        let line = format!("  {}/{:.12}  ({state})  {tags}", job.task(), job.identity().to_string());
        output::error_line(line.trim_end());
    }
    if *count > candidates.len() {
        output::error_line(&format!("  and {} more", count - candidates.len()));
    }
    output::error_line(&format!("{hint} give more digits"));
    code.into()
}

/// What to do about an error, where its text does not say it.
fn hint_of(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref::<FindError>()? {
        FindError::NoExperiment { known, .. } if known.is_empty() => Some("a run of a plan makes one: see `xpm new`"),
        _ => None,
    }
}
