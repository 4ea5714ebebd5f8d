//! Exit codes, and how an error is told.

use std::process::ExitCode;

use serde_json::json;
use xpm_core::state::FindError;

use crate::context::Context;
use crate::output;

/// It could not be done.
pub(crate) const FAILED: u8 = 1;
/// There is no such job or experiment, or several.
pub(crate) const NOT_FOUND: u8 = 3;

/// Problems were found.
pub(crate) const PROBLEMS: u8 = 4;

/// Tells an error on standard error; with `--json` as an object.
pub(crate) fn report(context: &Context, error: &anyhow::Error) -> ExitCode {
    // A reader that has seen enough closes the pipe.
    if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let code = if error.downcast_ref::<FindError>().is_some() { NOT_FOUND } else { FAILED };
    if context.json {
        output::error_line(&json!({"error": format!("{error:#}"), "code": code}).to_string());
        return code.into();
    }
    let title = output::paint(context.color_errors, output::RED, "error:");
    output::error_line(&format!("{title} {error:#}"));
    if let Some(FindError::Ambiguous { candidates, .. }) = error.downcast_ref::<FindError>()
        && let Some(first) = candidates.first()
    {
        output::error_line(&format!("hint: for instance `xpm show {}`", output::short_name(first)));
    }
    code.into()
}
