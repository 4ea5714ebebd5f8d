//! The scheduler against a naive one, which goes through all ready jobs in order and starts what fits: same events, same
//! starts in the same order. Runs stay below the patience, since the naive one knows no ageing. Tests only.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Submit {
        cpus: u32,
        memory: u64,
        tokens: Vec<(u32, u64)>,
        priority: i64,
    },
    /// Ends one of the running jobs.
    End(usize),
    /// Cancels one of the ready jobs.
    Cancel(usize),
    SetToken {
        token: u32,
        capacity: u64,
        elsewhere: u64,
    },
    SetCpus(u32),
}

const MEMORY: u64 = 10;

#[derive(Debug)]
struct Naive {
    cpus: u32,
    /// Capacity, and what others have.
    tokens: [(u64, u64); 3],
    ready: Vec<(JobNumber, Request)>,
    running: Vec<(JobNumber, Request)>,
}

impl Naive {
    fn fits(&self, needs: &Needs) -> bool {
        let cpus = self.running.iter().map(|(_, other)| other.needs.cpus).sum::<u32>();
        let memory = self.running.iter().map(|(_, other)| other.needs.memory).sum::<u64>();
        let fits_token = |&(token, amount): &(TokenNumber, u64)| {
            let (capacity, elsewhere) = self.tokens[token.index()];
            let held = self.running.iter().flat_map(|(_, other)| &other.needs.tokens);
            let used = held.filter(|other| other.0 == token).map(|other| other.1).sum::<u64>();
            amount == 0 || used + elsewhere + amount <= capacity
        };
        (needs.cpus == 0 || cpus + needs.cpus <= self.cpus)
            && memory + needs.memory <= MEMORY
            && needs.tokens.iter().all(fits_token)
    }

    fn start(&mut self) -> Vec<JobNumber> {
        self.ready.sort_by_key(|(job, request)| (std::cmp::Reverse(request.priority), *job));
        let mut started = Vec::new();
        for (job, request) in std::mem::take(&mut self.ready) {
            if self.fits(&request.needs) {
                started.push(job);
                self.running.push((job, request));
            } else {
                self.ready.push((job, request));
            }
        }
        started
    }
}

fn step() -> impl Strategy<Value = Step> {
    let tokens = vec((0_u32..3, 0_u64..4), 0..3).prop_map(|mut tokens| {
        tokens.sort_unstable();
        tokens.dedup_by_key(|token| token.0);
        tokens
    });
    prop_oneof![
        4 => (0_u32..4, 0_u64..7, tokens, 0_i64..3)
            .prop_map(|(cpus, memory, tokens, priority)| Step::Submit { cpus, memory, tokens, priority }),
        3 => any::<usize>().prop_map(Step::End),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => (0_u32..3, 0_u64..5, 0_u64..3)
            .prop_map(|(token, capacity, elsewhere)| Step::SetToken { token, capacity, elsewhere }),
        1 => (1_u32..5).prop_map(Step::SetCpus),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn starts_what_a_scan_of_all_jobs_starts(steps in vec(step(), 1..PATIENCE as usize)) {
        let mut scheduler = Scheduler::new(&Capacity { cpus: 4, memory: Some(MEMORY), gpus: Vec::new() });
        let mut naive = Naive { cpus: 4, tokens: [(3, 0); 3], ready: Vec::new(), running: Vec::new() };
        let tokens = naive.tokens.map(|(capacity, _)| scheduler.add_token(capacity));
        let mut actions = Vec::new();
        for step in steps {
            match step {
                Step::Submit { cpus, memory, tokens: amounts, priority } => {
                    let amounts = amounts.into_iter().map(|(token, amount)| (tokens[token as usize], amount)).collect();
                    let needs = Needs { cpus, memory, tokens: amounts, ..Needs::default() };
                    let request = Request { needs, priority, ..Request::default() };
                    if let Ok(job) = scheduler.submit(request.clone(), &mut actions) {
                        naive.ready.push((job, request));
                    }
                }
                Step::End(index) if !naive.running.is_empty() => {
                    let (job, _) = naive.running.remove(index % naive.running.len());
                    scheduler.handle(Event::JobEnded { job, outcome: Outcome::Done }, &mut actions);
                }
                Step::Cancel(index) if !naive.ready.is_empty() => {
                    let (job, _) = naive.ready.remove(index % naive.ready.len());
                    scheduler.handle(Event::StopRequested(job), &mut actions);
                }
                Step::End(_) | Step::Cancel(_) => {}
                Step::SetToken { token, capacity, elsewhere } => {
                    naive.tokens[token as usize] = (capacity, elsewhere);
                    let token = tokens[token as usize];
                    scheduler.handle(Event::TokenChanged { token, capacity, elsewhere }, &mut actions);
                }
                Step::SetCpus(cpus) => {
                    naive.cpus = cpus;
                    let capacity = Capacity { cpus, memory: Some(MEMORY), gpus: Vec::new() };
                    scheduler.handle(Event::CapacityChanged(capacity), &mut actions);
                }
            }
            scheduler.check_invariants().map_err(TestCaseError::fail)?;
            let started = actions.drain(..).filter_map(|action| match action {
                Action::StartJob { job, .. } => Some(job),
                Action::StopJob(_) | Action::Wanted(_) | Action::Ended(_) => None,
            });
            prop_assert_eq!(started.collect::<Vec<_>>(), naive.start());
        }
    }
}
