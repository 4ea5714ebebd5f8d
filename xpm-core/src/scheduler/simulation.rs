//! Simulations: random plans in a random world, which checks each action against its own account. Small ones check all
//! invariants after each event, large ones now and then. Tests only.
//!
//! The ordinary suite runs small and middle sizes. A million jobs at a time, in under a minute:
//! `cargo test --release -p xpm-core --lib scheduler::simulation`.

use std::collections::BTreeMap;

use super::world::{FULL, World};
use super::*;

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
                5..=7 if !world.delayed.is_empty() => world.retry_one(),
                _ if !world.jobs.is_empty() && world.random.one_in(calm) => world.disturb(),
                _ => {}
            }
        }
        world.finish();
    }
}

#[test]
fn a_large_plan_ends() {
    let jobs = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
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
    let mut next_check = jobs;
    while world.scheduler.unfinished() > 0 {
        if world.scheduler.unfinished() < next_check {
            world.scheduler.check_invariants().unwrap();
            next_check = next_check.saturating_sub(jobs / 10);
        }
        if !world.delayed.is_empty() && world.random.one_in(4) {
            world.retry_one();
        } else if world.starting.is_empty() {
            if !world.delayed.is_empty() && world.running.is_empty() {
                world.retry_one();
                continue;
            }
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
            State::Held => assert!(request.transient && *starts == 0, "{job:?} ran"),
            state => panic!("{job:?} is {state:?}"),
        }
    }
    assert!(world.scheduler.counts().done > jobs / 10, "{:?}", world.scheduler.counts());
}

/// The plan goes on while jobs run, end, are stopped and submitted again, and while what there is changes.
#[test]
fn a_large_plan_in_an_unquiet_world_ends() {
    let jobs = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };
    let mut world = World::new(11, false);
    let mut next_check = 0;
    while world.jobs.len() < jobs {
        for _ in 0..world.random.below(4) {
            let mut request = world.random_request();
            request.depends_on.truncate(1);
            world.submit(request);
        }
        match world.random.below(500) {
            0 => world.disturb(),
            1..40 if !world.delayed.is_empty() => world.retry_one(),
            40..200 if !world.starting.is_empty() => world.launch(),
            200.. if !world.running.is_empty() => world.end_one(100),
            _ => {}
        }
        if world.jobs.len() >= next_check {
            world.scheduler.check_invariants().unwrap();
            next_check += jobs / 10;
        }
    }
    let ready = world.scheduler.counts().ready;
    assert!(ready > jobs / 10, "{ready} are ready");
    world.finish();
    world.scheduler.check_invariants().unwrap();
    let (classes, held) = (world.scheduler.ready.classes.iter().count(), world.scheduler.counts().held);
    assert!(classes <= held, "{classes} classes are left for the {held} jobs that are held");
}

/// What an event costs is counted, since time depends on the machine.
#[test]
fn the_cost_of_an_event_does_not_grow_with_the_number_of_different_needs() {
    let cost = [1_500, 15_000].map(|jobs| {
        let mut world = World::new(5, false);
        for number in 0..jobs {
            let mut request = world.random_request();
            // Contended tokens, and more and more sizes of memory.
            request.needs.memory = 1 + number % (jobs / 250);
            (request.needs.cpus, request.needs.gpus) = (1 + world.random.below(2) as u32, 0);
            world.submit(Request { needs: request.needs, ..Request::default() });
        }
        let classes = world.scheduler.ready.classes.iter().count();
        world.finish();
        (classes, world.scheduler.ready.steps() / u64::from(world.all_starts))
    });
    let [few, many] = cost;
    assert!(many.0 > 5 * few.0 && many.1 <= 1 + few.1, "classes, and steps for each start: {cost:?}");
}

#[test]
fn a_long_chain_fails_and_succeeds_without_recursion() {
    let jobs = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
    for outcome in [Outcome::Done, Outcome::Failed { retry: Retry::Never }] {
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
