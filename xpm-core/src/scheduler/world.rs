//! A random world for simulations: it submits, launches, ends, fails, stops and changes things at random, and checks each action
//! against its own plain account of what is taken. Tests only.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// xorshift64*, so that each seed is one run for ever.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit.max(1)
    }

    pub(super) fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }
}

/// A token as the world has it, whatever the scheduler has been told.
#[derive(Clone, Copy)]
pub(super) struct WorldToken {
    pub(super) capacity: u64,
    used: u64,
    elsewhere: u64,
}

/// Everything that is outside the scheduler.
pub(super) struct World {
    pub(super) random: Random,
    pub(super) scheduler: Scheduler,
    actions: Vec<Action>,
    checked: bool,
    capacity: Capacity,
    used: (u32, u64),
    /// CPUs and memory that others have.
    elsewhere: (u64, u64),
    gpus: BTreeMap<u32, JobNumber>,
    pub(super) tokens: Vec<(TokenNumber, WorldToken)>,
    pub(super) jobs: Vec<(JobNumber, Request)>,
    pub(super) starts: Vec<u32>,
    pub(super) all_starts: u32,
    pub(super) starting: Vec<JobNumber>,
    pub(super) running: Vec<JobNumber>,
    /// Jobs that have given their CPUs back before their end.
    recording: BTreeSet<JobNumber>,
    /// The jobs of which a retry was held off; they may have gone on otherwise since.
    pub(super) delayed: Vec<JobNumber>,
}

pub(super) const FULL: Capacity = Capacity { cpus: 8, memory: Some(64), gpus: Vec::new() };

impl World {
    pub(super) fn new(seed: u64, checked: bool) -> Self {
        let capacity = Capacity { gpus: vec![0, 2, 3, 5], ..FULL };
        let mut scheduler = Scheduler::new(&capacity);
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let tokens = (0..4).map(|_| {
            let capacity = 1 + random.below(6);
            (scheduler.add_token(capacity), WorldToken { capacity, used: 0, elsewhere: 0 })
        });
        let tokens = tokens.collect();
        Self {
            random,
            scheduler,
            actions: Vec::new(),
            checked,
            capacity,
            used: (0, 0),
            elsewhere: (0, 0),
            gpus: BTreeMap::new(),
            tokens,
            jobs: Vec::new(),
            starts: Vec::new(),
            all_starts: 0,
            starting: Vec::new(),
            running: Vec::new(),
            recording: BTreeSet::new(),
            delayed: Vec::new(),
        }
    }

    pub(super) fn submit(&mut self, request: Request) {
        let job = self.scheduler.submit(request.clone(), &mut self.actions);
        if let Ok(job) = job {
            assert_eq!(job.index(), self.jobs.len());
            self.jobs.push((job, request));
            self.starts.push(0);
        }
        self.act();
    }

    pub(super) fn handle(&mut self, event: Event) {
        self.scheduler.handle(event, &mut self.actions);
        self.act();
    }

    /// Does what the scheduler asks, and checks that it may ask it.
    fn act(&mut self) {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::StartJob { job, gpus } => {
                    let request = &self.jobs[job.index()].1.clone();
                    for &dependency in &request.depends_on {
                        assert_eq!(self.scheduler.state(dependency), State::Done, "{job:?} started too early");
                    }
                    self.starts[job.index()] += 1;
                    self.all_starts += 1;
                    self.take(job, request, &gpus);
                    self.starting.push(job);
                }
                Action::StopJob(job) => assert!(self.starting.contains(&job) || self.running.contains(&job)),
                Action::Wanted(job) => {
                    assert!(self.jobs[job.index()].1.transient && self.scheduler.state(job) != State::Held);
                }
                Action::Ended(job) => assert!(self.scheduler.state(job).is_final()),
            }
        }
        if self.checked {
            self.scheduler.check_invariants().unwrap();
        }
    }

    fn take(&mut self, job: JobNumber, request: &Request, gpus: &[u32]) {
        let needs = &request.needs;
        self.used.0 += needs.cpus;
        self.used.1 += needs.memory;
        // What shrank below its use may stay so while jobs start that need none of it.
        assert!(needs.cpus == 0 || self.used.0 <= self.capacity.cpus, "{} CPUs in use", self.used.0);
        assert!(needs.memory == 0 || self.used.1 <= self.capacity.memory.unwrap(), "{} bytes in use", self.used.1);
        assert_eq!(gpus.len(), needs.gpus as usize);
        for gpu in gpus {
            assert!(self.capacity.gpus.contains(gpu) && self.gpus.insert(*gpu, job).is_none(), "GPU {gpu}");
        }
        for &(token, amount) in &needs.tokens {
            let token = &mut self.tokens[token.index()].1;
            token.used += amount;
            assert!(amount == 0 || token.used <= token.capacity, "{} of {} in use", token.used, token.capacity);
        }
    }

    fn leave(&mut self, job: JobNumber) {
        let needs = &self.jobs[job.index()].1.needs;
        if !self.recording.remove(&job) {
            self.used.0 -= needs.cpus;
        }
        self.used.1 -= needs.memory;
        self.gpus.retain(|_, owner| *owner != job);
        for &(token, amount) in &needs.tokens {
            self.tokens[token.index()].1.used -= amount;
        }
    }

    /// Lets one starting job go on: it starts, or is refused a token that others have.
    pub(super) fn launch(&mut self) {
        let index = self.random.below(self.starting.len() as u64) as usize;
        let job = self.starting.swap_remove(index);
        let mut wanted = self.jobs[job.index()].1.needs.tokens.iter().copied();
        let lacking = wanted.find(|(token, _)| {
            let token = self.tokens[token.index()].1;
            token.used + token.elsewhere > token.capacity
        });
        if let Some((token, _)) = lacking {
            self.leave(job);
            self.handle(Event::StartDeferred { job, resource: Resource::Token(token) });
        } else if let Some(resource) = self.lacking_machine(job) {
            self.leave(job);
            self.handle(Event::StartDeferred { job, resource });
        } else if self.random.one_in(40) {
            self.leave(job);
            self.handle(Event::JobFoundElsewhere(job));
        } else {
            self.running.push(job);
            self.handle(Event::JobStarted(job));
        }
    }

    /// What others have so much of that the job, which has its own, has too little.
    fn lacking_machine(&self, job: JobNumber) -> Option<Resource> {
        let (needs, (cpus, memory)) = (&self.jobs[job.index()].1.needs, self.elsewhere);
        let over = |used: u64, elsewhere: u64, capacity: u64| elsewhere > 0 && used + elsewhere > capacity;
        if needs.cpus > 0 && over(self.used.0.into(), cpus, self.capacity.cpus.into()) {
            return Some(Resource::Cpus);
        }
        let full = over(self.used.1, memory, self.capacity.memory.unwrap_or(u64::MAX));
        (needs.memory > 0 && full).then_some(Resource::Memory)
    }

    pub(super) fn end_one(&mut self, failing: u64) {
        let index = self.random.below(self.running.len() as u64) as usize;
        let job = self.running[index];
        if self.random.one_in(3) && self.recording.insert(job) {
            self.used.0 -= self.jobs[job.index()].1.needs.cpus;
            self.handle(Event::JobRecording(job));
            return;
        }
        let job = self.running.swap_remove(index);
        let outcome = match self.random.below(failing) {
            0 => Outcome::Failed { retry: if self.random.one_in(2) { Retry::AtOnce } else { Retry::Later } },
            1 => Outcome::Failed { retry: Retry::Never },
            2 => Outcome::Cancelled,
            _ => Outcome::Done,
        };
        self.leave(job);
        self.handle(Event::JobEnded { job, outcome });
        if self.scheduler.state(job) == State::Delayed {
            self.delayed.push(job);
        }
    }

    /// Has the delay of one job come to its end.
    pub(super) fn retry_one(&mut self) {
        let index = self.random.below(self.delayed.len() as u64) as usize;
        let job = self.delayed.swap_remove(index);
        self.handle(Event::RetryDue(job));
    }

    /// Submits a job once more, with other dependencies and needs.
    pub(super) fn submit_again(&mut self, job: JobNumber, request: Request) {
        let again = self.scheduler.submit_again(job, request.clone(), &mut self.actions);
        let known = &mut self.jobs[job.index()].1;
        if again == Ok(Again::Revived) {
            *known = request;
        } else if again == Ok(Again::Joined) {
            known.depends_on.extend(request.depends_on);
            known.needs.cpus = known.needs.cpus.max(request.needs.cpus);
            known.needs.memory = known.needs.memory.max(request.needs.memory);
            known.needs.gpus = known.needs.gpus.max(request.needs.gpus);
            for (token, amount) in request.needs.tokens {
                match known.needs.tokens.iter_mut().find(|known| known.0 == token) {
                    Some(known) => known.1 = known.1.max(amount),
                    None => known.needs.tokens.push((token, amount)),
                }
            }
        }
        self.act();
    }

    fn some_job(&mut self) -> JobNumber {
        JobNumber(self.random.below(self.jobs.len() as u64) as u32)
    }

    pub(super) fn random_request(&mut self) -> Request {
        let random = &mut self.random;
        let count = self.jobs.len() as u64;
        let depends_on = (0..random.below(4).min(count)).map(|_| JobNumber(random.below(count) as u32)).collect();
        let tokens = (0..random.below(3).saturating_sub(random.below(2)))
            .map(|_| (TokenNumber(random.below(4) as u32), random.below(4)))
            .collect::<BTreeMap<_, _>>();
        let needs = Needs {
            cpus: if random.one_in(20) { 8 } else { random.below(4) as u32 },
            memory: random.below(3) * random.below(20),
            gpus: if random.one_in(4) { random.below(5) as u32 } else { 0 },
            tokens: tokens.into_iter().collect(),
        };
        // Half of the jobs are like an earlier one, so that classes have queues.
        let like = random.below(2 * count + 1) as usize;
        let needs = self.jobs.get(like).map_or(needs, |earlier| earlier.1.needs.clone());
        Request {
            depends_on,
            needs,
            priority: random.below(3) as i64,
            max_retries: random.below(3) as u32,
            transient: random.one_in(6),
        }
    }

    /// Something from outside: a stop, a resubmission, somebody else's result, a change of what there is.
    pub(super) fn disturb(&mut self) {
        let job = self.some_job();
        let held = self.scheduler.state(job).holds_resources();
        match self.random.below(12) {
            10 => self.change_elsewhere(),
            11 => self.report_machine(),
            9 => self.handle(Event::JobNeeded(job)),
            0 => self.handle(Event::StopRequested(job)),
            1 if self.random.one_in(2) => {
                let request = self.random_request();
                self.submit_again(job, request);
            }
            1 => {
                let needs = Needs { cpus: 0, ..Needs::default() };
                self.submit_again(job, Request { max_retries: 1, needs, ..Request::default() });
            }
            2 if !held => self.handle(Event::JobFoundDone(job)),
            3 if !held => self.handle(Event::JobFoundElsewhere(job)),
            4 => self.handle(Event::JobFreed(job)),
            5 => {
                let gpus = [0, 2, 3, 5].into_iter().filter(|_| !self.random.one_in(3)).collect();
                let (cpus, memory) = (self.random.below(9) as u32, Some(self.random.below(65)));
                self.change_capacity(Capacity { cpus, memory, gpus });
            }
            6 => self.change_capacity(Capacity { gpus: vec![0, 2, 3, 5], ..FULL }),
            _ => {
                let index = self.random.below(4) as usize;
                let (token, mut state) = self.tokens[index];
                if self.random.one_in(3) {
                    state.capacity = 1 + self.random.below(6);
                }
                state.elsewhere = self.random.below(4).min(state.capacity.saturating_sub(state.used));
                let resized = state.capacity != self.tokens[index].1.capacity;
                self.tokens[index].1 = state;
                // The use by others may stay unknown until a start is refused, a new size does not.
                if resized || self.random.one_in(2) {
                    self.report(token);
                }
            }
        }
    }

    fn change_capacity(&mut self, capacity: Capacity) {
        self.capacity = capacity.clone();
        self.handle(Event::CapacityChanged(capacity));
    }

    /// Others take or give back some of the machine, which may stay unknown until a start is refused.
    fn change_elsewhere(&mut self) {
        let free = |capacity: u64, used: u64| capacity.saturating_sub(used);
        let cpus = self.random.below(5).min(free(self.capacity.cpus.into(), self.used.0.into()));
        let memory = self.random.below(40).min(free(self.capacity.memory.unwrap_or(0), self.used.1));
        self.elsewhere = (cpus, memory);
        if self.random.one_in(2) {
            self.report_machine();
        }
    }

    fn report_machine(&mut self) {
        let (cpus, memory) = self.elsewhere;
        self.handle(Event::MachineChanged { cpus, memory });
    }

    fn report(&mut self, token: TokenNumber) {
        let WorldToken { capacity, elsewhere, .. } = self.tokens[token.index()].1;
        self.handle(Event::TokenChanged { token, capacity, elsewhere });
    }

    /// Ends all disturbance and runs to the end: every job has to get there.
    pub(super) fn finish(&mut self) {
        self.change_capacity(Capacity { gpus: vec![0, 2, 3, 5], ..FULL });
        self.elsewhere = (0, 0);
        self.report_machine();
        for index in 0..self.tokens.len() {
            self.tokens[index].1.capacity = 6;
            self.tokens[index].1.elsewhere = 0;
            self.report(self.tokens[index].0);
        }
        while self.scheduler.unfinished() > 0 {
            if !self.delayed.is_empty() {
                self.retry_one();
            } else if !self.starting.is_empty() {
                self.launch();
            } else if !self.running.is_empty() {
                self.end_one(30);
            } else {
                let elsewhere = (0..).map(JobNumber).take(self.jobs.len());
                let elsewhere = elsewhere.filter(|&job| self.scheduler.state(job) == State::Elsewhere);
                let elsewhere: Vec<_> = elsewhere.collect();
                assert!(!elsewhere.is_empty(), "stuck: {:?}", self.scheduler.counts());
                for job in elsewhere {
                    self.handle(Event::JobFreed(job));
                }
            }
        }
        assert_eq!((self.used, self.gpus.len()), ((0, 0), 0));
        assert!(self.tokens.iter().all(|token| token.1.used == 0));
    }
}
