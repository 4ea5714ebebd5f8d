//! What a task says with `tracing`, in the log of its job: lines on standard error.

use std::io::{self, Write};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings;
use crate::workspace::{LogFilter, LogLevel, Workspace};

/// From here on events go to standard error, if nothing else takes them already. With a filter that leaves nothing, none is
/// taken, and the task may set up a subscriber of its own.
pub(super) fn begin(workspace: &Workspace) {
    let filter = match settings::log_filter().map(|text| text.parse::<LogFilter>()) {
        Some(Ok(filter)) => filter,
        Some(Err(error)) => {
            // The plan refuses it; this job was started by hand, or by a plan that changed its own environment.
            let _ = writeln!(io::stderr(), "xpm: XPM_LOG: {error}");
            workspace.log_filter()
        }
        None => workspace.log_filter(),
    };
    if filter.is_off() {
        return;
    }
    // An event that cannot be written (a full disk) does not stop the task, as a complaint about it on the same file would.
    let lines = fmt::layer().with_ansi(false).with_writer(io::stderr).log_internal_errors(false);
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets(&filter))).try_init();
}

fn targets(filter: &LogFilter) -> Targets {
    let targets = filter.targets.iter().map(|(target, level)| (target.as_str(), level_filter(*level)));
    Targets::new().with_default(level_filter(filter.rest)).with_targets(targets)
}

fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
