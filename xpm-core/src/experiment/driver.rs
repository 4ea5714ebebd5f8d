//! The driver: a thread that owns the scheduler, tells the launcher what to start and the plan what has become of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use super::shared::Shared;
use super::state::{JobCell, JobState};
use crate::ids::JobKey;
use crate::launcher::{End, Local, Order, Progress};
use crate::scheduler::{Action, Capacity, Cause, Event, JobNumber, Outcome, Request, Scheduler, State};
use crate::workspace::Failure;

/// What the driver is told.
pub(crate) enum Message {
    /// A job to run, and the jobs that have to be done first.
    Submitted { cell: Arc<JobCell>, depends_on: Vec<JobKey> },
    /// A launcher's report.
    Progress { job: JobNumber, progress: Progress },
    /// The plan is over; everything submitted has ended.
    Closed,
}

pub(crate) struct Driver {
    shared: Arc<Shared>,
    scheduler: Scheduler,
    launcher: Local,
    to_self: Sender<Message>,
    cells: Vec<Arc<JobCell>>,
    numbers: HashMap<JobKey, JobNumber>,
    actions: Vec<Action>,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, launcher: Local, cpus: u32, to_self: Sender<Message>) -> Self {
        let scheduler = Scheduler::new(&Capacity { cpus, memory: None, gpus: Vec::new() });
        Self { shared, scheduler, launcher, to_self, cells: Vec::new(), numbers: HashMap::new(), actions: Vec::new() }
    }

    /// Works until the plan is over. If it ends otherwise, whoever waits for a job is told.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        struct Guard(Arc<Shared>);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.break_down();
            }
        }
        let _guard = Guard(self.shared.clone());
        while let Ok(message) = messages.recv() {
            match message {
                Message::Submitted { cell, depends_on } => self.submitted(cell, &depends_on),
                Message::Progress { job, progress } => self.progress(job, progress),
                Message::Closed => break,
            }
            self.act();
        }
    }

    fn submitted(&mut self, cell: Arc<JobCell>, depends_on: &[JobKey]) {
        // Jobs that the scheduler does not know were done when they were submitted.
        let depends_on = depends_on.iter().filter_map(|key| self.numbers.get(key).copied()).collect();
        let request = Request { depends_on, ..Request::default() };
        match self.scheduler.submit(request, &mut self.actions) {
            Ok(number) => {
                debug_assert_eq!(number.index(), self.cells.len(), "numbers are given in order of submission");
                self.numbers.insert(cell.key().clone(), number);
                self.cells.push(cell);
            }
            Err(error) => {
                let failure = Failure::LaunchFailed { message: error.to_string() };
                self.shared.job_ended(&cell, JobState::Failed(failure), false);
            }
        }
    }

    fn progress(&mut self, job: JobNumber, progress: Progress) {
        let cell = self.cells[job.index()].clone();
        let event = match progress {
            Progress::Started => {
                self.shared.job_runs(&cell, false);
                Event::JobStarted(job)
            }
            Progress::Attached => {
                self.shared.job_runs(&cell, true);
                Event::JobFoundElsewhere(job)
            }
            Progress::Ended(End::Done { ran }) => {
                self.shared.job_ended(&cell, JobState::Done, ran);
                Event::JobEnded { job, outcome: Outcome::Done }
            }
            Progress::Ended(End::Failed(failure)) => {
                self.shared.job_ended(&cell, JobState::Failed(failure), true);
                Event::JobEnded { job, outcome: Outcome::Failed { retry: false } }
            }
        };
        self.scheduler.handle(event, &mut self.actions);
    }

    /// Does what the scheduler has decided.
    fn act(&mut self) {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::StartJob { job, gpus: _ } => self.start(job),
                Action::Ended(job) => self.ended_unstarted(job),
                // Nothing asks for it yet: the plan has no way to stop a job.
                Action::StopJob(_) => {}
            }
        }
    }

    fn start(&mut self, job: JobNumber) {
        let cell = &self.cells[job.index()];
        cell.set(JobState::Starting);
        let order = Order { folder: cell.folder.clone(), node: cell.node.clone() };
        let to_self = self.to_self.clone();
        // If the driver is gone, the job's own record tells the next one.
        self.launcher.start(order, move |progress| drop(to_self.send(Message::Progress { job, progress })));
    }

    fn ended_unstarted(&mut self, job: JobNumber) {
        let state = match self.scheduler.state(job) {
            State::Failed(Cause::Dependency(root)) => {
                JobState::Failed(Failure::DependencyFailed { job: self.cells[root.index()].key().clone() })
            }
            _ => JobState::Cancelled,
        };
        let cell = self.cells[job.index()].clone();
        self.shared.job_ended(&cell, state, false);
    }
}
