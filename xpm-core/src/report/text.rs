//! Plain lines on standard error.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use super::{Event, JobLabel, Reporter, Summary, tail};

/// Prints a line for each job that ends, more for one that fails, and a summary.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextReporter;

/// How much of a failed job's standard error is shown.
const LOG_LINES: usize = 10;

impl Reporter for TextReporter {
    fn report(&self, event: &Event) {
        if let Some(text) = text_of(event) {
            // Nobody may listen any more (`2>&1 | head`): that is no reason to stop, and `eprintln!` would panic.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}

fn text_of(event: &Event) -> Option<String> {
    Some(match event {
        Event::JobFoundDone(_) | Event::JobStarted(_) => return None,
        Event::JobAttached(job) => format!("xpm: {} is run by another process; waiting for it", name(job)),
        Event::JobDone(job) => format!("xpm: [{}/{}] {} done", job.ended, job.submitted, name(job)),
        Event::JobStopped(job) => format!("xpm: [{}/{}] {} stopped", job.ended, job.submitted, name(job)),
        Event::JobFailed { job, failure, log } => {
            let mut text = format!("xpm: [{}/{}] {} FAILED: {failure}", job.ended, job.submitted, name(job));
            if let Some(log) = log {
                for line in tail(log, LOG_LINES) {
                    let _ = write!(text, "\n    | {line}");
                }
                let _ = write!(text, "\n    log: {}", log.display());
            }
            text
        }
        Event::JobRetried { job, failure } => format!("xpm: {} is tried again: {failure}", name(job)),
        Event::Interrupted { running: 0 } => "xpm: interrupted".to_owned(),
        Event::Interrupted { running } => format!(
            "xpm: interrupted; {running} running jobs go on by themselves and are found again by the next run; \
             Ctrl-C again within 2 s stops them too"
        ),
        Event::Warning(text) => format!("xpm: warning: {text}"),
        Event::RunEnded(summary) => summary_of(summary),
    })
}

fn name(job: &JobLabel) -> String {
    let mut text = job.key.to_string();
    for (key, value) in &*job.tags {
        let _ = write!(text, " {key}={value}");
    }
    text
}

fn summary_of(summary: &Summary) -> String {
    let mut parts = Vec::new();
    for (count, what) in [
        (summary.ran, "run"),
        (summary.found_done, "done before"),
        (summary.failed, "failed"),
        (summary.unfinished, "not ended"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let jobs = if parts.is_empty() { "no jobs".to_owned() } else { parts.join(", ") };
    let seconds = summary.elapsed.as_secs_f64();
    format!("xpm: {}: {jobs} in {seconds:.2} s; {}", summary.experiment, summary.run.display())
}
