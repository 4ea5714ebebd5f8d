//! What a run has come to so far, kept from its events: counts, what runs, how long jobs took.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use super::estimate::Work;
use super::region::{Counts, Row, Step, View, fraction};
use super::{Event, JobLabel};
use crate::ids::JobKey;
use crate::value::Tags;
use crate::workspace::JobFolder;

#[derive(Debug)]
pub(super) struct Tally {
    experiment: String,
    counts: Counts,
    running: IndexMap<JobKey, Running>,
    waiting: HashMap<Arc<str>, usize>,
    ran: HashMap<Arc<str>, (u32, Duration)>,
    first: Option<Instant>,
}

#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) key: JobKey,
    tags: Arc<Tags>,
    pub(super) folder: JobFolder,
    begin: Instant,
    elsewhere: bool,
}

impl Tally {
    pub(super) fn new(experiment: String) -> Self {
        Self {
            experiment,
            counts: Counts::default(),
            running: IndexMap::new(),
            waiting: HashMap::new(),
            ran: HashMap::new(),
            first: None,
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { running: self.running.len(), ..self.counts }
    }

    pub(super) fn note(&mut self, event: &Event, now: Instant) {
        match event {
            Event::JobSubmitted(job) => {
                *self.waiting.entry(job.key.task.clone()).or_default() += 1;
                self.submitted(job);
            }
            Event::JobStarted(job) => self.runs(job, now, false),
            Event::JobAttached(job) => self.runs(job, now, true),
            Event::JobRetried { job, .. } | Event::JobFreed(job) => {
                let ran = usize::from(self.running.shift_remove(&job.key).is_some());
                *self.waiting.entry(job.key.task.clone()).or_default() += ran;
            }
            Event::JobDone(job) => {
                if let Some(ran) = self.leaves(job).filter(|running| !running.elsewhere) {
                    let (count, total) = self.ran.entry(job.key.task.clone()).or_default();
                    *count += 1;
                    *total += now.saturating_duration_since(ran.begin);
                }
                self.counts.done += 1;
            }
            Event::JobFoundDone(job) => {
                self.leaves(job);
                self.counts.cached += 1;
            }
            Event::JobFailed { job, .. } | Event::JobStopped(job) => {
                self.leaves(job);
                self.counts.failed += 1;
            }
            Event::JobResubmitted(job) => {
                self.counts.failed = self.counts.failed.saturating_sub(1);
                *self.waiting.entry(job.key.task.clone()).or_default() += 1;
            }
            _ => {}
        }
    }

    fn submitted(&mut self, job: &JobLabel) {
        self.counts.submitted = self.counts.submitted.max(job.submitted);
    }

    fn runs(&mut self, job: &JobLabel, now: Instant, elsewhere: bool) {
        self.first.get_or_insert(now);
        let running =
            Running { key: job.key.clone(), tags: job.tags.clone(), folder: job.folder.clone(), begin: now, elsewhere };
        if self.running.insert(job.key.clone(), running).is_none() {
            self.waits_no_more(job);
        }
    }

    fn leaves(&mut self, job: &JobLabel) -> Option<Running> {
        self.submitted(job);
        let running = self.running.shift_remove(&job.key);
        if running.is_none() {
            self.waits_no_more(job);
        }
        running
    }

    fn waits_no_more(&mut self, job: &JobLabel) {
        if let Some(waiting) = self.waiting.get_mut(&job.key.task) {
            *waiting = waiting.saturating_sub(1);
        }
    }

    /// The jobs that have run for longest, at most `most`.
    pub(super) fn longest_running(&self, most: usize) -> Vec<Running> {
        self.running.values().take(most).cloned().collect()
    }

    /// What is shown, with `steps` of the first jobs that run.
    pub(super) fn view(&self, steps: &HashMap<JobKey, Vec<Step>>, most: usize, now: Instant) -> View {
        let rows = self.running.values().take(most).map(|running| Row {
            task: running.key.task.to_string(),
            tags: tags_text(&running.tags),
            steps: steps.get(&running.key).cloned().unwrap_or_default(),
            elapsed: now.saturating_duration_since(running.begin),
            elsewhere: running.elsewhere,
        });
        View {
            experiment: self.experiment.clone(),
            counts: self.counts(),
            rows: rows.collect(),
            left: self.work(steps, now).left(),
        }
    }

    fn work(&self, steps: &HashMap<JobKey, Vec<Step>>, now: Instant) -> Work {
        let running = self.running.values().map(|running| {
            let fraction = steps.get(&running.key).and_then(|steps| fraction(steps));
            // How long a job has run elsewhere is not known, so that neither is how long it will take.
            let fraction = fraction.filter(|_| !running.elsewhere);
            (running.key.task.clone(), now.saturating_duration_since(running.begin), fraction)
        });
        Work {
            ran: self.ran.clone(),
            waiting: self.waiting.clone(),
            running: running.collect(),
            elapsed: self.first.map_or(Duration::ZERO, |first| now.saturating_duration_since(first)),
        }
    }
}

/// `key=value` of each tag, separated by blanks.
pub(super) fn tags_text(tags: &Tags) -> String {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
