//! Measures the pure scheduler: events per second by number of jobs, over plans of several shapes. An event is a submission,
//! a `JobStarted` or a `JobEnded`. Time is the CPU time of this thread where the kernel tells it, so that other programs on the
//! machine change little. Run with `cargo bench -p xpm-core --bench scheduler`; a word after `--` chooses the shapes by name.
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs the bench")]

use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::Instant;

use xpm_core::scheduler::{Action, Capacity, Event, JobNumber, Needs, Outcome, Request, Scheduler, TokenNumber};

/// Builds the request of the job of an index.
type Shape = fn(u32, &[JobNumber], &[TokenNumber]) -> Request;

fn main() {
    let shapes: [(&str, Shape); 5] = [
        ("independent", |_, _, _| Request::default()),
        ("chain", |index, jobs, _| after(jobs, [index.checked_sub(1), None])),
        ("random graph", |index, jobs, _| {
            let pick = |salt: u32| index.checked_sub(1).map(|last| mix(index ^ salt) % (last + 1));
            after(jobs, [pick(0x5bd1), pick(0xe995)])
        }),
        ("random graph, 64 classes, 8 tokens, priorities", |index, jobs, tokens| {
            let bits = mix(index);
            let pick = |shift: u32| index.checked_sub(1_000).map(|last| mix(bits >> shift) % (last + 1));
            let token = tokens[(bits % 8) as usize];
            let tokens = if bits & 8 == 0 { vec![(token, 1 + u64::from(bits >> 9 & 3))] } else { Vec::new() };
            let needs = Needs { cpus: 1 + (bits >> 11 & 3), tokens, ..Needs::default() };
            Request { needs, priority: i64::from(bits >> 4 & 3), ..after(jobs, [pick(3), None]) }
        }),
        ("independent, 10,000 classes", |index, _, _| {
            let needs = Needs { memory: u64::from(1 + mix(index) % 10_000) << 20, ..Needs::default() };
            Request { needs, ..Request::default() }
        }),
    ];
    let chosen = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    for (name, shape) in shapes.into_iter().filter(|(name, _)| name.contains(&chosen)) {
        println!("{name}");
        for jobs in [10_000, 100_000, 1_000_000] {
            // Small runs are repeated, so that each figure comes from about as many events.
            let rounds = 1_000_000 / jobs;
            let seconds = (0..rounds).map(|_| run(jobs, shape)).sum::<f64>();
            let events = f64::from(3 * jobs * rounds);
            println!("  {jobs:>9} jobs  {:>12.0} events/s", events / seconds);
        }
    }
}

/// Runs a plan to its end and returns the seconds spent in the scheduler and this loop; requests are built before.
fn run(jobs: u32, shape: Shape) -> f64 {
    let capacity = Capacity { cpus: 64, memory: Some(64 << 30), gpus: Vec::new() };
    let mut scheduler = Scheduler::new(&capacity);
    let tokens: Vec<_> = (0..8).map(|size| scheduler.add_token(4 + size)).collect();
    let numbers = numbers(jobs);
    let requests: Vec<_> = (0..jobs).map(|index| shape(index, &numbers, &tokens)).collect();
    let (mut actions, mut running) = (Vec::new(), VecDeque::new());
    let start = seconds_of_work();
    for request in requests {
        scheduler.submit(request, &mut actions).expect("the request fits");
    }
    loop {
        for action in actions.drain(..) {
            if let Action::StartJob { job, .. } = action {
                running.push_back(job);
            }
        }
        let Some(job) = running.pop_front() else { break };
        scheduler.handle(Event::JobStarted(job), &mut actions);
        scheduler.handle(Event::JobEnded { job, outcome: Outcome::Done }, &mut actions);
    }
    let seconds = seconds_of_work() - start;
    assert_eq!(scheduler.counts().done, jobs as usize, "every job is done");
    seconds
}

/// The CPU time of this thread in seconds, or else the time since the first call.
fn seconds_of_work() -> f64 {
    static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = nanoseconds.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGINNING.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Job numbers are given in order of submission, so that those of one scheduler serve to plan for another.
fn numbers(jobs: u32) -> Vec<JobNumber> {
    let mut scheduler = Scheduler::new(&Capacity { cpus: 1, memory: None, gpus: Vec::new() });
    let mut actions = Vec::new();
    (0..jobs).map(|_| scheduler.submit(Request::default(), &mut actions).expect("one CPU is there")).collect()
}

fn after(jobs: &[JobNumber], earlier: [Option<u32>; 2]) -> Request {
    Request {
        depends_on: earlier.into_iter().flatten().map(|index| jobs[index as usize]).collect(),
        ..Request::default()
    }
}

/// A hash, to have the same plan in every run.
fn mix(index: u32) -> u32 {
    let bits = (index ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    let bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^ (bits >> 16)
}
