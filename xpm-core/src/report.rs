//! What an experiment tells while it runs, as events, and what a terminal shows of them.
//!
//! The experiment does not know who listens: a [`Reporter`] can be replaced. From events to the terminal: `tally` counts, `notes` says
//! what is told in lines (`text`), `region` makes the live region, both of `line`s; `writer` is the thread that writes them,
//! through `stage`, the one terminal of the process, on which `screen` knows where the region is.

mod estimate;
mod line;
mod notes;
mod pace;
mod progress;
mod region;
mod screen;
mod stage;
mod tally;
mod terminal;
mod text;
mod width;
mod writer;

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use terminal::TerminalReporter;
pub use width::{cut, width};

pub use crate::printable::line as clean;

use crate::ids::JobKey;
use crate::value::Tags;
use crate::workspace::{Failure, JobFolder};

/// Something that has happened in a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The experiment is run by somebody else; the end of that run is waited for.
    WaitingForExperiment {
        /// The experiment's id.
        experiment: String,
        /// Host and process.
        owner: String,
    },
    /// A run has begun.
    RunBegan {
        /// The experiment's id.
        experiment: String,
        /// The folder of the workspace.
        workdir: PathBuf,
        /// The folder of the run.
        run: PathBuf,
    },
    /// A job was submitted for the first time in this run.
    JobSubmitted(JobLabel),
    /// In a run that starts nothing: what would become of a job that was submitted.
    JobPlanned {
        /// The job.
        job: JobLabel,
        /// What would become of it.
        plan: JobPlan,
    },
    /// The end of a run that starts nothing.
    PlanEnded(PlanSummary),
    /// A job was submitted that was done before.
    JobFoundDone(JobLabel),
    /// A job's process was started.
    JobStarted(JobLabel),
    /// A job is run by somebody else; its end is waited for.
    JobAttached(JobLabel),
    /// Whoever ran the job is gone, and it is in the queue again.
    JobFreed(JobLabel),
    /// A job has ended well.
    JobDone(JobLabel),
    /// An attempt of a job has failed, and there will be another.
    JobRetried {
        /// The job.
        job: JobLabel,
        /// Why.
        failure: Failure,
        /// How long the other is held off.
        delay: Duration,
    },
    /// A job that had failed or was stopped was submitted again.
    JobResubmitted(JobLabel),
    /// The run was interrupted: nothing more is started.
    Interrupted {
        /// How many jobs go on by themselves.
        running: usize,
    },
    /// A job has failed.
    JobFailed {
        /// The job.
        job: JobLabel,
        /// Why.
        failure: Failure,
        /// Its standard error, if it was started.
        log: Option<PathBuf>,
    },
    /// A job was stopped before it ended.
    JobStopped(JobLabel),
    /// A callback of the plan has returned an error or panicked.
    CallbackFailed {
        /// The job that it was registered for.
        job: JobLabel,
        /// `on_completed`, `on_failed` or `on_output("…")`.
        callback: String,
        /// The error, with its causes.
        error: String,
    },
    /// The plan has returned an error, while jobs that it has submitted or its callbacks go on.
    PlanFailed {
        /// The error, with its causes.
        error: String,
        /// How many of its jobs have not ended.
        unfinished: usize,
    },
    /// Something that people should know and that stops nothing.
    Warning(String),
    /// The run is over.
    RunEnded(Summary),
}

/// A job in an event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobLabel {
    /// Its name in the workspace.
    pub key: JobKey,
    /// Its tags.
    pub tags: std::sync::Arc<Tags>,
    /// Its folder; it need not exist.
    pub folder: JobFolder,
    /// How many jobs of this run have ended, this event included.
    pub ended: usize,
    /// How many jobs were submitted so far, transient ones counted from when something needs them.
    pub submitted: usize,
}

/// What would become of a job in a run that starts nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobPlan {
    /// Nothing: it is done.
    Done,
    /// Nothing: it has failed, and its retries are spent.
    Failed,
    /// Nothing: it is transient, and nothing that would be run needs it.
    NotNeeded,
    /// It would be run.
    WouldRun {
        /// The jobs that it would wait for.
        after: Vec<JobKey>,
    },
}

/// A run that starts nothing, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanSummary {
    /// The experiment's id.
    pub experiment: String,
    /// Whether the folders of the jobs that would run were written.
    pub written: bool,
    /// Jobs that would run.
    pub would_run: usize,
    /// Jobs that are done.
    pub done: usize,
    /// Jobs that have failed and would not be run again.
    pub failed: usize,
    /// Transient jobs that nothing needs.
    pub not_needed: usize,
    /// The job whose output the plan needs to go on.
    pub stopped_at: Option<JobKey>,
}

/// A run in numbers.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The experiment's id.
    pub experiment: String,
    /// Jobs that were submitted, each counted once.
    pub submitted: usize,
    /// Jobs that ended well in this run.
    pub ran: usize,
    /// Jobs that had been done before, or by somebody else.
    pub found_done: usize,
    /// Jobs that failed or were stopped, those included that were not started.
    pub failed: usize,
    /// Transient jobs that nothing needed.
    pub skipped: usize,
    /// Jobs that have not ended, when the run was interrupted.
    pub unfinished: usize,
    /// How long the run took.
    pub elapsed: Duration,
    /// The folder of the run; empty where jobs are run again without one (`xpm retry`).
    pub run: PathBuf,
}

/// Who listens to a run. Called from several threads, in the order of the events.
pub trait Reporter: Send + Sync {
    /// Takes an event.
    fn report(&self, event: &Event);
}

/// A reporter that says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _: &Event) {}
}

/// The last `lines` lines of a file that may be huge, without stack backtraces, which would leave no room for what is said
/// above them; nothing if it cannot be read. Of lines that are very long the last 64 KiB, or 1 KiB for each of many.
pub(crate) fn tail(path: &Path, lines: usize) -> Vec<String> {
    let window = (lines as u64).saturating_mul(1 << 10).clamp(64 << 10, 64 << 20);
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = crate::files::open(path)?;
        let start = file.metadata()?.len().saturating_sub(window);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(window).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let text = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let said = without_backtraces(text.lines());
    let last = &said[said.len().saturating_sub(lines)..];
    last.iter().skip_while(|line| line.trim().is_empty()).map(|line| (*line).to_owned()).collect()
}

/// Lines but those of the backtraces that the standard library and anyhow print: a heading, frames with spaces before them, and at the end of
/// some a note.
fn without_backtraces<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut within = false;
    let is_kept = |line: &&str| {
        if line.eq_ignore_ascii_case("stack backtrace:") {
            within = true;
        } else if within && !line.starts_with(' ') {
            within = false;
            return !line.starts_with("note: Some details are omitted");
        }
        !within
    };
    lines.filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_are_shown_as_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stderr.log");
        let text: String = (0..5000).map(|line| format!("a line with the number {line}\n")).collect();
        crate::workspace::write_atomic(&path, text.as_bytes(), crate::workspace::Durability::Lazy).unwrap();
        for lines in [0, 1, 10, 3000] {
            assert_eq!(tail(&path, lines).len(), lines);
        }
        assert_eq!(tail(&path, 2)[1], "a line with the number 4999");
        assert_eq!(tail(&path, usize::MAX).len(), 5000);
    }

    #[test]
    fn a_backtrace_does_not_hide_what_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stderr.log");
        let frames: String =
            (0..200).map(|n| format!("  {n:2}: core::ops::call\n             at /src/{n}.rs:1:2\n")).collect();
        let note = "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n";
        for (end, last) in [(note, ""), ("", "and then\n"), (note, "and then\n")] {
            let text = format!(
                "epoch 1\n\nthread 'task' panicked at a.rs:1:2:\nno such wine\nstack backtrace:\n{frames}{end}{last}"
            );
            crate::workspace::write_atomic(&path, text.as_bytes(), crate::workspace::Durability::Lazy).unwrap();
            let said: Vec<&str> =
                ["thread 'task' panicked at a.rs:1:2:", "no such wine"].into_iter().chain(last.lines()).collect();
            assert_eq!(tail(&path, said.len() + 1), said, "{end:?} {last:?}");
        }
    }
}
