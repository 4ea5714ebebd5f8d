//! What a run writes into its journal.

use std::panic::Location;

use super::shared::Shared;
use super::state::{JobCell, JobState};
use crate::config::SubmitOptions;
use crate::ids::JobKey;
use crate::report::Event;
use crate::schema::Resources;
use crate::workspace::journal::{Ending, JobName, Journal, JournalEvent, JournalNeeds, StateBefore, Submitted};
use crate::workspace::{RunStatus, TokenFile};

impl Shared {
    /// Begins the journal of the run. A run without one is as good: that it cannot be written is said, and stops nothing.
    pub(super) fn begin_journal(&self) {
        match Journal::begin(&self.run().journal()) {
            Ok(journal) => {
                journal.append(&JournalEvent::Run {
                    xpm: env!("CARGO_PKG_VERSION").to_owned(),
                    host: crate::settings::host(),
                    pid: std::process::id(),
                    mode: "normal".to_owned(),
                });
                let _ = self.journal.set(journal);
            }
            Err(error) => self.warn_of_journal(&error),
        }
    }

    /// Writes an event down, if the run has a journal.
    pub(super) fn journal(&self, event: &JournalEvent) {
        if let Some(journal) = self.journal.get() {
            journal.append(event);
        }
    }

    pub(super) fn end_journal(&self, status: RunStatus) {
        let Some(journal) = self.journal.get() else { return };
        journal.append(&JournalEvent::End { status });
        if let Err(error) = journal.close() {
            self.warn_of_journal(&error);
        }
    }

    fn warn_of_journal(&self, error: &std::io::Error) {
        let path = self.run().journal();
        self.report(&Event::Warning(format!("{} cannot be written: {error}", path.display())));
    }

    pub(super) fn journal_submitted(
        &self,
        cell: &JobCell,
        name: String,
        at: &Location<'_>,
        depends_on: &[JobKey],
        options: &SubmitOptions,
    ) {
        let state = match cell.state() {
            JobState::Done => StateBefore::Done,
            JobState::Failed(_) => StateBefore::Failed,
            _ => StateBefore::Waiting,
        };
        self.journal(&JournalEvent::Submitted(Box::new(Submitted {
            job: cell.key().into(),
            name,
            tags: cell.tags.as_ref().clone(),
            at: Some(format!("{}:{}", at.file(), at.line())),
            state,
            depends_on: depends_on.iter().map(JobName::from).collect(),
            tokens: options.tokens.iter().map(|(name, amount)| (name.to_string(), *amount)).collect(),
            resources: needs(&cell.resources()),
            priority: options.priority.unwrap_or(0),
        })));
    }

    pub(super) fn journal_deferred(&self, cell: &JobCell, token: &TokenFile) {
        self.journal(&JournalEvent::Deferred { job: cell.key().into(), token: token.name().to_owned() });
    }

    pub(super) fn journal_end(&self, cell: &JobCell, state: &JobState, ran: bool) {
        let (state, failure) = match state {
            JobState::Failed(failure) => (Ending::Failed, Some(failure.clone())),
            JobState::Cancelled => (Ending::Cancelled, None),
            _ => (Ending::Done, None),
        };
        self.journal(&JournalEvent::Ended { job: cell.key().into(), state, failure, ran });
    }
}

fn needs(resources: &Resources) -> JournalNeeds {
    JournalNeeds {
        cpus: Some(resources.cpu_count()).filter(|cpus| *cpus != 1),
        memory_bytes: resources.memory_bytes(),
        gpus: Some(resources.gpu_count()).filter(|gpus| *gpus > 0),
        time_seconds: resources.time_limit().map(|time| time.as_secs_f64()),
    }
}
