//! Simulations: random plans in a random world, checked against a plain model of what is taken. Small ones check all invariants
//! after each event, large ones what must hold at the end.

use std::collections::BTreeMap;

use super::*;

/// xorshift64*, so that each seed is one run for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit.max(1)
    }

    fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }
}

/// A token as the world has it, whatever the scheduler has been told.
#[derive(Clone, Copy)]
struct WorldToken {
    capacity: u64,
    used: u64,
    elsewhere: u64,
}

/// Everything that is outside the scheduler.
struct World {
    random: Random,
    scheduler: Scheduler,
    actions: Vec<Action>,
    checked: bool,
    capacity: Capacity,
    used: (u32, u64),
    gpus: BTreeMap<u32, JobNumber>,
    tokens: Vec<(TokenNumber, WorldToken)>,
    jobs: Vec<(JobNumber, Request)>,
    starts: Vec<u32>,
    all_starts: u32,
    starting: Vec<JobNumber>,
    running: Vec<JobNumber>,
}

const FULL: Capacity = Capacity { cpus: 8, memory: Some(64), gpus: Vec::new() };

impl World {
    fn new(seed: u64, checked: bool) -> Self {
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
            gpus: BTreeMap::new(),
            tokens,
            jobs: Vec::new(),
            starts: Vec::new(),
            all_starts: 0,
            starting: Vec::new(),
            running: Vec::new(),
        }
    }

    fn submit(&mut self, request: Request) {
        let job = self.scheduler.submit(request.clone(), &mut self.actions);
        if let Ok(job) = job {
            assert_eq!(job.index(), self.jobs.len());
            self.jobs.push((job, request));
            self.starts.push(0);
        }
        self.act();
    }

    fn handle(&mut self, event: Event) {
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
        self.used.0 -= needs.cpus;
        self.used.1 -= needs.memory;
        self.gpus.retain(|_, owner| *owner != job);
        for &(token, amount) in &needs.tokens {
            self.tokens[token.index()].1.used -= amount;
        }
    }

    /// Lets one starting job go on: it starts, or is refused a token that others have.
    fn launch(&mut self) {
        let index = self.random.below(self.starting.len() as u64) as usize;
        let job = self.starting.swap_remove(index);
        let mut wanted = self.jobs[job.index()].1.needs.tokens.iter().copied();
        let lacking = wanted.find(|(token, _)| {
            let token = self.tokens[token.index()].1;
            token.used + token.elsewhere > token.capacity
        });
        if let Some((token, _)) = lacking {
            self.leave(job);
            self.handle(Event::StartDeferred { job, token });
        } else if self.random.one_in(40) {
            self.leave(job);
            self.handle(Event::JobFoundElsewhere(job));
        } else {
            self.running.push(job);
            self.handle(Event::JobStarted(job));
        }
    }

    fn end_one(&mut self, failing: u64) {
        let index = self.random.below(self.running.len() as u64) as usize;
        let job = self.running.swap_remove(index);
        let outcome = match self.random.below(failing) {
            0 => Outcome::Failed { retry: true },
            1 => Outcome::Failed { retry: false },
            2 => Outcome::Cancelled,
            _ => Outcome::Done,
        };
        self.leave(job);
        self.handle(Event::JobEnded { job, outcome });
    }

    fn some_job(&mut self) -> JobNumber {
        JobNumber(self.random.below(self.jobs.len() as u64) as u32)
    }

    fn random_request(&mut self) -> Request {
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
        Request { depends_on, needs, priority: random.below(3) as i64, max_retries: random.below(3) as u32 }
    }

    /// Something from outside: a stop, a resubmission, somebody else's result, a change of what there is.
    fn disturb(&mut self) {
        let job = self.some_job();
        let held = self.scheduler.state(job).holds_resources();
        match self.random.below(9) {
            0 => self.handle(Event::StopRequested(job)),
            1 => self.handle(Event::JobResubmitted { job, max_retries: 1 }),
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

    fn report(&mut self, token: TokenNumber) {
        let WorldToken { capacity, elsewhere, .. } = self.tokens[token.index()].1;
        self.handle(Event::TokenChanged { token, capacity, elsewhere });
    }

    /// Ends all disturbance and runs to the end: every job has to get there.
    fn finish(&mut self) {
        self.change_capacity(Capacity { gpus: vec![0, 2, 3, 5], ..FULL });
        for index in 0..self.tokens.len() {
            self.tokens[index].1.capacity = 6;
            self.tokens[index].1.elsewhere = 0;
            self.report(self.tokens[index].0);
        }
        while self.scheduler.unfinished() > 0 {
            if !self.starting.is_empty() {
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

#[test]
fn random_worlds_keep_the_invariants_and_end() {
    let (seeds, steps) = if cfg!(debug_assertions) { (200, 600) } else { (600, 1_500) };
    for seed in 0..seeds {
        let mut world = World::new(seed, true);
        // Worlds differ in how much is disturbed, in how much fails, and in how wide plans are.
        let (calm, failing) = (2 + world.random.below(30), 12 << world.random.below(6));
        let (independent, crowded) = (world.random.one_in(3), world.random.below(3));
        for _ in 0..steps {
            match world.random.below(8 + crowded) {
                0 | 1 | 8.. => {
                    let mut request = world.random_request();
                    request.depends_on.truncate(if independent { 0 } else { 3 });
                    world.submit(request);
                }
                2..=4 if !world.starting.is_empty() => world.launch(),
                5..=7 if !world.running.is_empty() => world.end_one(failing),
                _ if !world.jobs.is_empty() && world.random.one_in(calm) => world.disturb(),
                _ => {}
            }
        }
        world.finish();
    }
}

#[test]
fn a_large_plan_ends() {
    let jobs = if cfg!(debug_assertions) { 60_000 } else { 1_000_000 };
    let mut world = World::new(7, false);
    while world.jobs.len() < jobs {
        let mut request = world.random_request();
        // Deep rather than wide: most dependencies are recent.
        let count = world.jobs.len() as u64;
        for dependency in &mut request.depends_on {
            *dependency = JobNumber((count - 1 - world.random.below(count.min(1_000))) as u32);
        }
        request.depends_on.truncate(2);
        world.submit(request);
    }
    world.scheduler.check_invariants().unwrap();
    while world.scheduler.unfinished() > 0 {
        if world.starting.is_empty() {
            assert!(!world.running.is_empty() || world.scheduler.counts().elsewhere > 0, "stuck");
            if world.running.is_empty() {
                break;
            }
            world.end_one(2_000);
        } else {
            world.launch();
        }
    }
    world.finish();
    world.scheduler.check_invariants().unwrap();
    for ((job, request), starts) in world.jobs.iter().zip(&world.starts) {
        match world.scheduler.state(*job) {
            State::Done | State::Failed(Cause::Own) | State::Cancelled => assert!(*starts > 0, "{job:?}"),
            State::Failed(Cause::Dependency(_)) => {
                assert!(*starts == 0 && !request.depends_on.is_empty(), "{job:?} ran");
            }
            state => panic!("{job:?} is {state:?}"),
        }
    }
    assert!(world.scheduler.counts().done > jobs / 10, "{:?}", world.scheduler.counts());
}

#[test]
fn a_long_chain_fails_and_succeeds_without_recursion() {
    let jobs = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
    for outcome in [Outcome::Done, Outcome::Failed { retry: false }] {
        let (mut scheduler, mut actions) = (Scheduler::new(&FULL), Vec::new());
        let mut last = None;
        for _ in 0..jobs {
            let request = Request { depends_on: last.into_iter().collect(), ..Request::default() };
            last = Some(scheduler.submit(request, &mut actions).unwrap());
        }
        let mut events = 0;
        while scheduler.unfinished() > 0 {
            let Some(&Action::StartJob { job, .. }) = actions.last() else { panic!("nothing to start") };
            actions.clear();
            scheduler.handle(Event::JobEnded { job, outcome }, &mut actions);
            events += 1;
        }
        let (counts, endings) = (scheduler.counts(), actions.len());
        match outcome {
            Outcome::Done => assert_eq!((counts.done, events), (jobs, jobs)),
            _ => assert_eq!((counts.failed, endings, events), (jobs, jobs - 1, 1)),
        }
    }
}

/// A stream of small jobs that never dries up, and now and then a large one: each large one starts within a bounded number
/// of other starts.
#[test]
fn nothing_starves_in_an_endless_stream() {
    for seed in 0..10 {
        let mut world = World::new(seed, false);
        let sizes: Vec<_> = world.tokens.iter().map(|token| token.1.capacity).collect();
        let mut waiting = BTreeMap::<JobNumber, u32>::new();
        let mut worst = 0;
        for step in 0..3_000_u64 {
            let large = step % 100 == 0;
            let mut tokens: BTreeMap<_, _> = BTreeMap::new();
            for _ in 0..if large { 3 } else { 1 } {
                let index = world.random.below(4) as usize;
                tokens.insert(TokenNumber(index as u32), if large { sizes[index] } else { 1 });
            }
            let cpus = if large { 8 } else { world.random.below(3) as u32 };
            let needs = Needs { cpus, tokens: tokens.into_iter().collect(), ..Needs::default() };
            // The stream is kept from growing, so that waiting is by ageing and not by the queue's length.
            if large || world.scheduler.counts().ready < 40 {
                world.submit(Request { needs, ..Request::default() });
                if large {
                    waiting.insert(world.jobs.last().unwrap().0, world.all_starts);
                }
            }
            while !world.starting.is_empty() {
                let job = world.starting.remove(0);
                world.running.push(job);
                if let Some(since) = waiting.remove(&job) {
                    worst = worst.max(world.all_starts - since);
                }
                world.handle(Event::JobStarted(job));
            }
            if step % 100 == 0 {
                world.scheduler.check_invariants().unwrap();
            }
            if world.running.len() > 3 || world.random.one_in(2) && !world.running.is_empty() {
                world.end_one(u64::MAX);
            }
        }
        world.finish();
        assert!(waiting.len() <= 2, "seed {seed}: {waiting:?} starve");
        assert!(worst < 400, "seed {seed}: one waited for {worst} starts");
    }
}
