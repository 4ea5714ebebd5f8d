//! Jobs that were not started since another one failed: at the end of a run their arguments are written down, so that
//! `xpm retry` can run them. They have no folder; the arguments lie in that of the run.

use std::sync::Arc;

use super::driver::Driver;
use super::source::terms;
use super::state::{JobCell, JobState};
use crate::config::SubmitOptions;
use crate::report::Event;
use crate::scheduler::{Cause, JobNumber, State};
use crate::workspace::{Failure, Terms, params_line, unstarted_of};

impl Driver {
    /// Keeps what a further submission of a job asks for, beside what earlier ones did.
    pub(super) fn ask_too(&mut self, job: JobNumber, options: &SubmitOptions) {
        if options.is_nothing() {
            return;
        }
        let Some(known) = self.options.get_mut(&job) else {
            self.options.insert(job, options.clone());
            return;
        };
        for dependency in &options.depends_on {
            if !known.depends_on.contains(dependency) {
                known.depends_on.push(dependency.clone());
            }
        }
        for (name, amount) in &options.tokens {
            match known.tokens.iter_mut().find(|(other, _)| other == name) {
                Some((_, held)) => *held = (*held).max(*amount),
                None => known.tokens.push((name.clone(), *amount)),
            }
        }
        known.priority = known.priority.max(options.priority);
        known.max_retries = options.max_retries.or(known.max_retries);
        known.retry_delay = options.retry_delay.or(known.retry_delay);
    }

    /// Writes down the arguments of the jobs that failed with another one. That it cannot be done stops nothing: the plan has them
    /// still.
    pub(super) fn write_unstarted(&mut self) {
        let mut unstarted: Vec<(Arc<JobCell>, SubmitOptions)> = std::mem::take(&mut self.unheard);
        for &job in self.numbers.values() {
            if let State::Failed(Cause::Dependency(_)) = self.scheduler.state(job) {
                let options = self.options.get(&job).cloned().unwrap_or_default();
                unstarted.push((self.cells[job.index()].clone(), options));
            }
        }
        unstarted.retain(|(cell, _)| matches!(cell.state(), JobState::Failed(Failure::DependencyFailed { .. })));
        let mut text = Vec::new();
        let mut executable = None;
        for (cell, options) in &unstarted {
            let Some(node) = cell.source.node() else { continue };
            let executable = executable.get_or_insert_with(|| self.launcher.own_digest()).clone();
            let terms = terms(node, self.shared.workspace(), &cell.resources(), options);
            let line = params_line(self.shared.workspace(), &cell.folder, node, &Terms { executable, ..terms });
            // What cannot be written as JSON cannot be run either.
            text.append(&mut line.unwrap_or_default());
        }
        if text.is_empty() {
            return;
        }
        if let Err(error) = self.shared.run().write_unstarted(&text) {
            let path = unstarted_of(self.shared.run().path());
            let text = format!(
                "{} cannot be written: {error}; what was not started can be run by this plan only",
                path.display()
            );
            self.shared.report(&Event::Warning(text));
        }
    }
}
