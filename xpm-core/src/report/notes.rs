//! Which events are told in lines, how fully, and which are gathered into one line.

use std::path::PathBuf;
use std::time::Instant;

use indexmap::IndexMap;

use super::Event;
use super::line::{Line, Style};
use super::pace::Pace;
use super::text;
use crate::ids::JobKey;
use crate::workspace::Failure;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every job that ends, and a summary.
    #[default]
    Lines,
    /// What the live region does not show.
    Region,
    /// What people must know.
    Quiet,
}

/// Of so many failed jobs the log is shown. Later ones look alike.
const FULL: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) detail: Detail,
    workdir: Option<PathBuf>,
    ends: Pace,
    failures: Pace,
    shown: usize,
    /// Jobs that are not started, by the job that failed.
    not_started: IndexMap<JobKey, usize>,
    last: (usize, usize),
}

impl Notes {
    pub(super) fn new(detail: Detail) -> Self {
        Self { detail, ..Self::default() }
    }

    /// What is said of `event`.
    pub(super) fn note(&mut self, event: &Event, now: Instant) -> Vec<Line> {
        match event {
            Event::RunBegan { workdir, .. } => {
                self.workdir = Some(workdir.clone());
                Vec::new()
            }
            Event::JobAttached(job) if self.detail == Detail::Lines => {
                let mut line = text::said();
                line.append(text::name(job));
                vec![line.with(Style::Plain, " is run by another process; waiting for it")]
            }
            Event::JobDone(job) | Event::JobStopped(job) => {
                self.last = (job.ended, job.submitted);
                if self.detail != Detail::Lines {
                    return Vec::new();
                }
                let how = if matches!(event, Event::JobDone(_)) { "done" } else { "stopped" };
                let told = self.ends.ask(now).map(|held| match held {
                    0 => text::ended(job, Style::Good, how),
                    _ => text::ended(job, Style::Good, how).with(Style::Plain, format!(", and {held} more")),
                });
                told.into_iter().collect()
            }
            Event::JobFailed { failure: Failure::DependencyFailed { job }, .. } => {
                *self.not_started.entry(job.clone()).or_default() += 1;
                Vec::new()
            }
            Event::JobFailed { job, failure, log } => {
                self.last = (job.ended, job.submitted);
                self.shown += 1;
                if self.shown > FULL {
                    return match self.failures.ask(now) {
                        Some(0) => text::failed(job, failure),
                        Some(held) => {
                            let mut lines = text::failed(job, failure);
                            lines.push(text::plain(format!("{held} more failed")));
                            lines
                        }
                        None => Vec::new(),
                    };
                }
                let mut lines = text::failed(job, failure);
                if let Some(log) = log {
                    lines.extend(text::failed_log(job, log, self.workdir.as_deref()));
                }
                lines
            }
            Event::JobRetried { job, failure, delay } if self.detail != Detail::Quiet => {
                let mut line = text::said();
                line.append(text::name(job));
                let delay = if delay.is_zero() { "" } else { &*format!(" in {}", humantime::format_duration(*delay)) };
                let line = line.with(Style::Warn, " is tried again");
                vec![line.with(Style::Plain, format!("{delay}: {failure}"))]
            }
            Event::JobResubmitted(job) if self.detail != Detail::Quiet => {
                let mut line = text::said();
                line.append(text::name(job));
                vec![line.with(Style::Plain, " is submitted again")]
            }
            Event::CallbackFailed { job, callback, error } => {
                self.shown += 1;
                match if self.shown > FULL { self.failures.ask(now) } else { Some(0) } {
                    Some(0) => text::callback_failed(job, callback, error),
                    Some(held) => {
                        let mut lines = text::callback_failed(job, callback, error);
                        lines.push(text::plain(format!("{held} more failed")));
                        lines
                    }
                    None => Vec::new(),
                }
            }
            Event::PlanFailed { error, unfinished } => text::plan_failed(error, *unfinished),
            Event::Interrupted { running } => {
                let mut lines = self.flush();
                lines.push(text::interrupted(*running));
                lines
            }
            Event::WaitingForExperiment { experiment, owner } => {
                vec![text::plain(format!("experiment `{experiment}` is run by {owner}; waiting for it to end"))]
            }
            Event::Warning(warning) => text::warning(warning),
            Event::JobPlanned { job, plan } => vec![text::planned(job, plan)],
            Event::PlanEnded(summary) => text::plan_ended(summary),
            Event::RunEnded(summary) => {
                let mut lines = self.flush();
                if self.detail != Detail::Quiet {
                    lines.push(text::summary(summary));
                }
                lines
            }
            _ => Vec::new(),
        }
    }

    /// Whether something is held back that `flush` would say.
    pub(super) fn holds(&self) -> bool {
        self.ends.holds() || self.failures.holds() || !self.not_started.is_empty()
    }

    /// What was held back.
    pub(super) fn flush(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        let (ended, submitted) = self.last;
        for (pace, what) in [(&mut self.ends, "done"), (&mut self.failures, "failed")] {
            match pace.take_held() {
                0 => {}
                held => lines.push(text::plain(format!("[{ended}/{submitted}] {held} more {what}"))),
            }
        }
        lines.extend(self.not_started.drain(..).map(|(cause, count)| text::not_started(&cause, count)));
        lines
    }
}

#[cfg(test)]
#[path = "notes_tests.rs"]
mod tests;
