//! What a run writes into its journal.

use std::panic::Location;
use std::sync::Arc;

use super::shared::Shared;
use super::state::{JobCell, JobState};
use crate::config::SubmitOptions;
use crate::ids::JobKey;
use crate::launcher::{Freezer, Freezing};
use crate::report::{Event, Reporter};
use crate::scheduler::Capacity;
use crate::workspace::environment::Recorder;
use crate::workspace::frozen::{Program, collect_if_many};
use crate::workspace::history::remove_old_runs;
use crate::workspace::journal::{Ending, JobName, Journal, JournalEvent, MachineNeeds, StateBefore, Submitted};
use crate::workspace::{MachineFile, RunStatus, Workspace};

impl Shared {
    /// Begins the journal of the run. A run without one is as good: that it cannot be written is said, and stops nothing.
    pub(super) fn begin_journal(&self) {
        match Journal::begin(&self.run().journal()) {
            Ok(journal) => {
                journal.append(&JournalEvent::Run {
                    xpm: env!("CARGO_PKG_VERSION").to_owned(),
                    host: crate::settings::host(),
                    pid: std::process::id(),
                    mode: self.mode().to_string(),
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

    /// Ends what is recorded of the run, and removes the runs that are not to be kept any more. Nothing of it can make a run fail.
    pub(super) fn end_records(&self, status: RunStatus) {
        if let Some(journal) = self.journal.get() {
            journal.append(&JournalEvent::End { status });
            if let Err(error) = journal.close() {
                self.warn_of_journal(&error);
            }
        }
        if let Some(Err(error)) = self.environment.get().map(|environment| environment.finish()) {
            let path = self.run().path().join("environment.json");
            self.report(&Event::Warning(format!("{} cannot be written: {error}", path.display())));
        }
        let experiment = self.workspace().experiment(self.id());
        if let Some(keep) = self.keep.get()
            && let Err(error) = remove_old_runs(&experiment, self.run().id(), *keep)
        {
            let text = format!("old runs in {} cannot be removed: {error}", experiment.display());
            self.report(&Event::Warning(text));
        }
    }

    /// Removes executables that no job refers to, if there are many.
    pub(super) fn collect_executables(&self) {
        if let Err(error) = collect_if_many(self.workspace()) {
            let bin = self.workspace().bin();
            let text = format!("unused executables in {} cannot be removed: {error}", bin.display());
            self.report(&Event::Warning(text));
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
            tags: cell.tags.to_map(),
            at: Some(format!("{}:{}", at.file(), at.line())),
            state,
            depends_on: depends_on.iter().map(JobName::from).collect(),
            tokens: options.tokens.iter().map(|(name, amount)| (name.to_string(), *amount)).collect(),
            resources: MachineNeeds::of(&cell.resources()),
            priority: options.priority.unwrap_or(0),
        })));
    }

    pub(super) fn journal_deferred(&self, cell: &JobCell, token: &str) {
        self.journal(&JournalEvent::Deferred { job: cell.key().into(), token: token.to_owned() });
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

/// What freezes the program of a run, and says so.
pub(super) fn freezer(
    workspace: &Workspace,
    program: Program,
    reporter: Arc<dyn Reporter>,
    environment: Option<Arc<Recorder>>,
) -> Freezer {
    let bin = workspace.bin();
    Freezer::new(workspace.clone(), program, move |freezing| match freezing {
        Freezing::Frozen(digest) => {
            if let Some(environment) = &environment {
                environment.started_from(digest);
            }
        }
        Freezing::Failed(error) => {
            let text = format!("the program cannot be kept in {}: {error}", bin.display());
            let text = format!("{text}; jobs run the program of this process, and none is kept to run them again");
            reporter.report(&Event::Warning(text));
        }
    })
}

/// What counts the CPUs and the memory of all drivers' jobs, and says so where it cannot.
pub(super) fn machine(workspace: &Workspace, capacity: &Capacity, reporter: Arc<dyn Reporter>) -> MachineFile {
    MachineFile::new(workspace, capacity.cpus, capacity.memory, move |path, error| {
        let text = format!("ranges of {} cannot be locked ({error})", path.display());
        let text = format!("{text}: this run counts CPUs and memory for itself, and takes no notice of other runs");
        reporter.report(&Event::Warning(text));
    })
}
