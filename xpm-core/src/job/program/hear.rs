//! The events of a program on their way to its job.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use super::events::{ProgramEvent, Tail, parse};
use crate::job::JobContext;

/// Reads events, and hands them to the job.
pub(super) struct Hear<'a> {
    tail: Tail,
    heard: Heard<'a>,
}

struct Heard<'a> {
    job: &'a JobContext,
    /// What the job was told already.
    known: Known,
    /// The last step of each metric.
    steps: HashMap<String, f64>,
    malformed: u64,
    /// Why something that was emitted is not on file. What was emitted after it would be told out of order, and is not.
    untold: Option<anyhow::Error>,
}

/// How much of a file of events a job was told already, by an attempt that is over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub(super) outputs: u64,
    pub(super) metrics: u64,
    /// It was also said what is wrong with the others.
    pub(super) malformed: bool,
}

impl<'a> Hear<'a> {
    pub(super) fn new(events: &Path, job: &'a JobContext) -> Self {
        Self::behind(Known::default(), events, job)
    }

    /// Goes on behind what the job was told already.
    pub(super) fn behind(known: Known, events: &Path, job: &'a JobContext) -> Self {
        let heard = Heard { job, known, steps: HashMap::new(), malformed: 0, untold: None };
        Self { tail: Tail::new(events), heard }
    }

    /// Takes what has come since the last time.
    pub(super) fn read(&mut self) {
        self.tail.read(false, |number, line| self.heard.take_line(number, line));
    }

    /// Takes the rest. Nobody writes any more: a line without an end is one.
    pub(super) fn end(&mut self) {
        self.tail.read(true, |number, line| self.heard.take_line(number, line));
        if self.heard.malformed > 1 && !self.heard.known.malformed {
            say(&format!("{} lines of XPM_EVENTS were skipped, of {}", self.heard.malformed, self.tail.line));
        }
    }

    /// Whether what is emitted is told no more.
    pub(super) fn is_deaf(&self) -> bool {
        self.heard.untold.is_some()
    }

    /// Why something that was emitted is not on file.
    pub(super) fn untold(self) -> Option<anyhow::Error> {
        self.heard.untold
    }
}

impl Heard<'_> {
    fn take_line(&mut self, number: u64, line: Result<&str, String>) {
        match line.and_then(|line| parse(line).map_err(|why| format!("{why}: {}", short(line)))) {
            Ok(event) => self.take(event),
            Err(why) => {
                self.malformed += 1;
                if self.malformed == 1 && !self.known.malformed {
                    say(&format!("line {number} of XPM_EVENTS is skipped: {why}"));
                }
            }
        }
    }

    fn take(&mut self, event: ProgramEvent) {
        match event {
            ProgramEvent::Progress { fraction, description } => {
                self.job.report_fraction(description.as_deref().unwrap_or_default(), fraction);
            }
            ProgramEvent::Metric { name, step, value } => {
                let step = step.unwrap_or_else(|| self.steps.get(&name).map_or(0.0, |step| step + 1.0));
                if !is_counted_off(&mut self.known.metrics) {
                    self.job.metric(&name, step, value);
                }
                self.steps.insert(name, step);
            }
            ProgramEvent::Emit { name, value } => {
                if !is_counted_off(&mut self.known.outputs) && self.untold.is_none() {
                    self.untold = self.job.emit(&name, &value).err();
                }
            }
        }
    }
}

/// Whether one of so many is still to come; counts it off.
fn is_counted_off(left: &mut u64) -> bool {
    let is_left = *left > 0;
    *left = left.saturating_sub(1);
    is_left
}

/// The job's log is where a program's author looks.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "xpm: {text}");
}

fn short(line: &str) -> String {
    match line.char_indices().nth(200) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
