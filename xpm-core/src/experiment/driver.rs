//! The driver: a thread that owns the scheduler, tells the launcher what to start and the plan what has become of it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::message::Message;
use super::retries::Retries;
use super::shared::Shared;
use super::source::max_retries;
use super::state::{JobCell, JobState};
use super::watch::Watch;
use crate::clock::FOREVER;
use crate::config::SubmitOptions;
use crate::ids::JobKey;
use crate::launcher::{End, Lack, Local, Order, Progress};
use crate::report::Event as Report;
use crate::scheduler::{
    Action, Capacity, Cause, Event, JobNumber, Needs, Outcome, Request, Resource, Retry, Scheduler, State, TokenNumber,
};
use crate::workspace::{Failure, Part, TokenFile, Turns};

pub(crate) struct Driver {
    pub(super) shared: Arc<Shared>,
    pub(super) scheduler: Scheduler,
    pub(super) launcher: Local,
    to_self: Sender<Message>,
    pub(super) cells: Vec<Arc<JobCell>>,
    pub(super) numbers: HashMap<JobKey, JobNumber>,
    pub(super) retries: Retries,
    /// What jobs hold beside what the scheduler counts; few have any.
    pub(super) tokens_of: HashMap<JobNumber, Vec<(TokenNumber, u64)>>,
    /// What was asked for at submission; most jobs ask for nothing.
    pub(super) options: HashMap<JobNumber, SubmitOptions>,
    nothing_asked: SubmitOptions,
    /// Jobs that failed with another one before the scheduler heard of them.
    pub(super) unheard: Vec<(Arc<JobCell>, SubmitOptions)>,
    pub(super) tokens: Vec<TokenFile>,
    token_numbers: HashMap<Arc<str>, TokenNumber>,
    turns: Turns,
    watch: Option<Watch>,
    /// The GPUs of this machine, shared with other drivers; which of them are a job's is decided where they are taken, and not
    /// by the scheduler, which does not know those of others.
    gpus: Option<TokenNumber>,
    pub(super) actions: Vec<Action>,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, launcher: Local, capacity: &Capacity, to_self: Sender<Message>) -> Self {
        let scheduler = Scheduler::new(capacity);
        let turns = Turns::new(shared.workspace());
        Self {
            shared,
            scheduler,
            launcher,
            to_self,
            cells: Vec::new(),
            numbers: HashMap::new(),
            retries: Retries::default(),
            tokens_of: HashMap::new(),
            options: HashMap::new(),
            nothing_asked: SubmitOptions::default(),
            unheard: Vec::new(),
            tokens: Vec::new(),
            token_numbers: HashMap::new(),
            turns,
            watch: None,
            gpus: None,
            actions: Vec::new(),
        }
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
        while let Some(message) = self.next(messages) {
            match message {
                Message::Submitted { cell, depends_on, options } => self.submitted(cell, &depends_on, &options),
                Message::SubmittedAgain { cell, depends_on, options, answer } => {
                    // A plan that does not listen has gone.
                    let _ = answer.send(self.submitted_again(cell, &depends_on, &options));
                }
                Message::Why { job, answer } => drop(answer.send(self.why(&job))),
                Message::Needed(key) => {
                    if let Some(&job) = self.numbers.get(&key) {
                        self.scheduler.handle(Event::JobNeeded(job), &mut self.actions);
                    }
                }
                Message::TokenDeclared { name, capacity } => self.token_declared(name, capacity),
                Message::TokenMended { name } => self.shared.token_mended(&name),
                Message::TokenChanged { token, capacity, elsewhere } => {
                    let event = Event::TokenChanged { token, capacity, elsewhere };
                    self.scheduler.handle(event, &mut self.actions);
                    self.tokens[token.index()].lacks(self.scheduler.lacks_token(token));
                }
                Message::MachineChanged(elsewhere) => {
                    let event = Event::MachineChanged { cpus: elsewhere.cpus, memory: elsewhere.memory };
                    self.scheduler.handle(event, &mut self.actions);
                    self.tell_lack();
                }
                Message::Progress { job, progress } => self.progress(job, progress),
                Message::GpusFound(names) => {
                    let gpus = (0..).take(names.len()).collect();
                    self.gpus_found(&names);
                    let capacity = Capacity { gpus, ..self.shared.capacity().clone() };
                    self.scheduler.handle(Event::CapacityChanged(capacity), &mut self.actions);
                }
                Message::Draining => {
                    self.scheduler.handle(Event::Draining, &mut self.actions);
                    self.turns.end();
                }
                Message::StopAll { kept } => {
                    self.stop_all();
                    let _ = kept.send(self.launcher.stop_attached());
                }
                Message::Closed => {
                    self.write_unstarted();
                    break;
                }
            }
            self.act();
        }
    }

    /// Tells the watch whether jobs wait for what others have of the machine.
    fn tell_lack(&self) {
        let Some(watch) = &self.watch else { return };
        if self.scheduler.lacks_machine() {
            watch.lacks_machine(true);
        } else if self.scheduler.counts().starting == 0 {
            // One that is starting may yet be refused.
            watch.lacks_machine(false);
        }
    }

    /// The next message; until it comes, retries begin when they are due. Nothing when the plan is gone.
    fn next(&mut self, messages: &Receiver<Message>) -> Option<Message> {
        loop {
            let Some(due) = self.retries.next() else { return messages.recv().ok() };
            match messages.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    while let Some(job) = self.retries.pop(Instant::now()) {
                        self.scheduler.handle(Event::RetryDue(job), &mut self.actions);
                    }
                    self.act();
                }
            }
        }
    }

    fn token_declared(&mut self, name: Arc<str>, capacity: u64) {
        if let Some(&token) = self.token_numbers.get(&name) {
            let event = Event::TokenChanged { token, capacity, elsewhere: 0 };
            self.scheduler.handle(event, &mut self.actions);
            return;
        }
        let file = TokenFile::new(self.shared.workspace().clone(), &name).with_turns(&self.turns);
        let number = self.add_token(file, capacity);
        self.token_numbers.insert(name, number);
    }

    /// The GPUs become a token of as many units, since other drivers have some of them.
    fn gpus_found(&mut self, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let file = TokenFile::gpus(self.shared.workspace().clone(), names).with_turns(&self.turns);
        let capacity = names.len() as u64;
        if let Err(error) = file.declare(capacity) {
            // No job gets any without this file, and says so.
            self.shared.report(&Report::Warning(format!("{:#}", anyhow::Error::from(error))));
        }
        self.gpus = Some(self.add_token(file, capacity));
    }

    fn add_token(&mut self, file: TokenFile, capacity: u64) -> TokenNumber {
        let number = self.number_token(file.clone(), capacity);
        if let Some(watch) = &self.watch {
            watch.add(number, file, capacity);
        }
        number
    }

    /// Gives a token its number, and sees to it that tokens are watched.
    fn number_token(&mut self, file: TokenFile, capacity: u64) -> TokenNumber {
        let number = self.scheduler.add_token(capacity);
        debug_assert_eq!(number.index(), self.tokens.len(), "numbers are given in order of declaration");
        self.tokens.push(file);
        self.start_watch();
        number
    }

    fn start_watch(&mut self) {
        if self.watch.is_some() {
            return;
        }
        let (holders, machine) = (self.launcher.holders(), self.launcher.machine().clone());
        match Watch::start(self.to_self.clone(), holders, machine, self.turns.clone()) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => {
                let text = format!("tokens and the machine cannot be watched ({error})");
                self.shared.report(&Report::Warning(format!("{text}: what other processes give back is not seen")));
            }
        }
    }

    /// The right to use a folder that jobs share.
    fn folder_token(&mut self, folder: &Path) -> TokenNumber {
        let file = TokenFile::partial(self.shared.workspace().clone(), folder).with_turns(&self.turns);
        if let Some(&number) = self.token_numbers.get(file.name()) {
            return number;
        }
        let name = file.name().into();
        let number = self.number_token(file, 1);
        self.token_numbers.insert(name, number);
        number
    }

    pub(super) fn submitted(&mut self, cell: Arc<JobCell>, depends_on: &[JobKey], options: &SubmitOptions) {
        if let Some(failure) = self.failed_before(depends_on) {
            self.unheard.push((cell.clone(), options.clone()));
            self.shared.job_ended(&cell, JobState::Failed(failure), false);
            return;
        }
        let tokens = self.tokens(&cell, options);
        let request = self.request(&cell, depends_on, options, tokens.clone());
        // The numbers are given in order, so what the job holds is known before it can be started.
        match self.scheduler.submit(request, &mut self.actions) {
            Ok(number) => {
                debug_assert_eq!(number.index(), self.cells.len(), "numbers are given in order of submission");
                if !tokens.is_empty() {
                    self.tokens_of.insert(number, tokens);
                }
                if let Some(first) = options.retry_delay {
                    self.retries.set_first(number, first);
                }
                if !options.is_nothing() {
                    self.options.insert(number, options.clone());
                }
                self.numbers.insert(cell.key().clone(), number);
                self.cells.push(cell);
                self.attach(number);
            }
            Err(error) => {
                let failure = Failure::LaunchFailed { message: error.to_string() };
                self.shared.job_ended(&cell, JobState::Failed(failure), false);
            }
        }
    }

    /// Waits for a job that somebody runs already, such as one of a driver that is gone. It needs nothing to be started with:
    /// what it has now, another job could wait for instead.
    fn attach(&mut self, job: JobNumber) {
        let waits = matches!(self.scheduler.state(job), State::Waiting { .. } | State::Ready);
        if !waits || !self.cells[job.index()].folder.is_running() {
            return;
        }
        self.scheduler.handle(Event::JobFoundElsewhere(job), &mut self.actions);
        let to_self = self.to_self.clone();
        self.launcher
            .attach_to(self.order(job), move |progress| drop(to_self.send(Message::Progress { job, progress })));
    }

    /// Why a job that depends on these cannot be run, if one of them had failed already when it was submitted: the scheduler does
    /// not know such jobs.
    pub(super) fn failed_before(&self, jobs: &[JobKey]) -> Option<Failure> {
        jobs.iter().filter(|key| !self.numbers.contains_key(*key)).find_map(|key| {
            match self.shared.find(key)?.state() {
                JobState::Done => None,
                JobState::Failed(failure @ Failure::DependencyFailed { .. }) => Some(failure),
                JobState::Failed(_) | JobState::Cancelled => Some(Failure::DependencyFailed { job: key.clone() }),
                // Never started before what it needs, whatever has gone wrong.
                _ => {
                    let message = format!("{key}, which it depends on, was not submitted before it");
                    Some(Failure::LaunchFailed { message })
                }
            }
        })
    }

    /// The tokens that a submission asks for, and the folders that its job shares. Every token was declared before it could be
    /// asked for.
    pub(super) fn tokens(&mut self, cell: &JobCell, options: &SubmitOptions) -> Vec<(TokenNumber, u64)> {
        let tokens = options.tokens.iter();
        let tokens = tokens.filter_map(|(name, amount)| Some((*self.token_numbers.get(name)?, *amount)));
        let gpus = u64::from(cell.resources().gpu_count());
        let mut tokens: Vec<_> = tokens.chain(self.gpus.filter(|_| gpus > 0).map(|token| (token, gpus))).collect();
        let folders = cell.source.partials(self.shared.workspace());
        tokens.extend(folders.iter().map(|folder| (self.folder_token(folder), 1)));
        tokens
    }

    /// What the scheduler is asked for.
    pub(super) fn request(
        &self,
        cell: &JobCell,
        depends_on: &[JobKey],
        options: &SubmitOptions,
        tokens: Vec<(TokenNumber, u64)>,
    ) -> Request {
        let resources = cell.resources();
        let needs = Needs {
            cpus: resources.cpu_count(),
            memory: resources.memory_bytes().unwrap_or(0),
            gpus: resources.gpu_count(),
            tokens,
        };
        let depends_on = depends_on.iter().filter_map(|key| self.numbers.get(key).copied()).collect();
        Request {
            depends_on,
            needs,
            priority: options.priority.unwrap_or(0),
            max_retries: max_retries(cell.source.resumable(), options),
            transient: cell.state() == JobState::Skipped,
        }
    }

    fn progress(&mut self, job: JobNumber, progress: Progress) {
        if self.scheduler.state(job).is_final() {
            // It has failed with what it depends on, or was given up, while a thread waited for somebody else's attempt.
            return;
        }
        let cell = self.cells[job.index()].clone();
        let event = match progress {
            Progress::Started { attempt } => {
                self.shared.job_runs(&cell, Some(attempt));
                Event::JobStarted(job)
            }
            Progress::Recording => Event::JobRecording(job),
            Progress::Attached => {
                self.shared.job_runs(&cell, None);
                Event::JobFoundElsewhere(job)
            }
            Progress::Freed => {
                self.shared.job_freed(&cell);
                Event::JobFreed(job)
            }
            Progress::Deferred(lack) => {
                cell.set(JobState::Waiting);
                let Some(resource) = self.deferred(job, &cell, lack) else { return };
                Event::StartDeferred { job, resource }
            }
            Progress::Ended(End::Done { ran }) => {
                self.shared.job_ended(&cell, JobState::Done, ran);
                Event::JobEnded { job, outcome: Outcome::Done }
            }
            Progress::Ended(End::Failed(Failure::Stopped)) => {
                self.shared.job_ended(&cell, JobState::Cancelled, true);
                Event::JobEnded { job, outcome: Outcome::Cancelled }
            }
            Progress::Ended(End::Failed(failure)) => return self.failed(job, &cell, failure),
        };
        self.scheduler.handle(event, &mut self.actions);
    }

    /// There was too little left of something: sees to it that it is told when there is more.
    fn deferred(&mut self, job: JobNumber, cell: &JobCell, lack: Lack) -> Option<Resource> {
        match lack {
            Lack::Token(place) => {
                let &(token, _) = self.tokens_of.get(&job)?.get(place)?;
                let file = &self.tokens[token.index()];
                self.shared.journal_deferred(cell, file.name());
                if let Some(watch) = &self.watch {
                    watch.is_short(token, file);
                }
                Some(Resource::Token(token))
            }
            Lack::Machine(part) => {
                let (resource, name) = match part {
                    Part::Cpus => (Resource::Cpus, ".cpus"),
                    Part::Memory => (Resource::Memory, ".memory"),
                };
                self.shared.journal_deferred(cell, name);
                self.start_watch();
                if let Some(watch) = &self.watch {
                    watch.machine_is_short();
                }
                Some(resource)
            }
        }
    }

    /// An attempt has failed: the scheduler knows whether there is another one.
    fn failed(&mut self, job: JobNumber, cell: &Arc<JobCell>, failure: Failure) {
        let delay = match failure {
            // A resumable job is no worse off than before: it only goes on.
            Failure::TimedOut { .. } => Duration::ZERO,
            _ => self.retries.delay(job),
        };
        let retry = match failure.may_pass(cell.source.resumable()) {
            false => Retry::Never,
            true if delay.is_zero() => Retry::AtOnce,
            true => Retry::Later,
        };
        let event = Event::JobEnded { job, outcome: Outcome::Failed { retry } };
        self.scheduler.handle(event, &mut self.actions);
        let state = self.scheduler.state(job);
        if state.is_final() {
            self.shared.job_ended(cell, JobState::Failed(failure), true);
            return;
        }
        self.retries.count(job);
        self.shared.job_retried(cell, &failure, delay);
        if state == State::Delayed {
            self.retries.hold(job, Instant::now() + delay.min(FOREVER), failure);
        }
    }

    /// Does what the scheduler has decided.
    fn act(&mut self) {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::StartJob { job, .. } => self.start(job),
                Action::Wanted(job) => {
                    self.shared.job_wanted(&self.cells[job.index()]);
                    self.attach(job);
                }
                Action::Ended(job) => self.ended_unstarted(job),
                Action::StopJob(job) => self.launcher.stop(self.cells[job.index()].key()),
            }
        }
    }

    fn start(&mut self, job: JobNumber) {
        self.cells[job.index()].set(JobState::Starting);
        let to_self = self.to_self.clone();
        // If the driver is gone, the job's own record tells the next one.
        self.launcher.start(self.order(job), move |progress| drop(to_self.send(Message::Progress { job, progress })));
    }

    /// What the launcher is asked to run.
    fn order(&self, job: JobNumber) -> Order {
        let cell = &self.cells[job.index()];
        let resources = cell.resources();
        let options = self.options.get(&job).unwrap_or(&self.nothing_asked);
        let tokens = self.tokens_of.get(&job).into_iter().flatten();
        let tokens = tokens.map(|&(token, amount)| (self.tokens[token.index()].clone(), amount)).collect();
        Order {
            folder: cell.folder.clone(),
            with: cell.source.run_with(self.shared.workspace(), &resources, options),
            keep_files: cell.source.resumable(),
            tokens,
            cpus: resources.cpu_count(),
            memory: resources.memory_bytes(),
            time: resources.time_limit().filter(|&limit| limit < FOREVER),
        }
    }

    fn stop_all(&mut self) {
        // Jobs are numbered in order of submission.
        for job in self.numbers.values().copied().collect::<Vec<_>>() {
            if self.scheduler.state(job).holds_resources() {
                self.scheduler.handle(Event::StopRequested(job), &mut self.actions);
            }
        }
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
