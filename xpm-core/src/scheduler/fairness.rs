//! Stories of tokens and resources: who may go before whom, what is reserved, and what is not. Tests only.

use super::stories::{Story, cpus, tokens};
use super::*;

#[test]
fn a_job_waiting_for_one_token_does_not_delay_another() {
    let mut story = Story::new(1);
    let (one, two) = (story.token(1), story.token(1));
    let holder = story.submit(&[], tokens(&[(one, 1)]));
    let blocked = story.submit(&[], tokens(&[(one, 1), (two, 1)]));
    for _ in 0..PATIENCE * 3 {
        let needs = Needs { cpus: 1, ..tokens(&[(two, 1)]) };
        let free = story.submit(&[], needs);
        assert_eq!(story.scheduler.state(free), State::Starting);
        story.done(free);
    }
    assert_eq!(story.short(blocked), [Resource::Token(one)]);
    story.done(holder);
    assert_eq!(story.scheduler.state(blocked), State::Starting);
}

#[test]
fn a_refused_token_is_asked_for_again_when_it_changes() {
    let mut story = Story::new(8);
    let token = story.token(4);
    let large = story.submit(&[], tokens(&[(token, 3)]));
    story.handle(Event::StartDeferred { job: large, resource: Resource::Token(token) });
    // Two units may still be there, so a smaller request is tried.
    let small = story.submit(&[], tokens(&[(token, 2)]));
    assert_eq!(story.log(), "start 0, start 1");
    assert_eq!(story.short(large), [Resource::Token(token)]);
    story.handle(Event::TokenChanged { token, capacity: 4, elsewhere: 1 });
    assert_eq!(story.log(), "");
    story.done(small);
    assert_eq!(story.log(), "start 0");
    story.handle(Event::StopRequested(large));
    story.handle(Event::StartDeferred { job: large, resource: Resource::Token(token) });
    assert_eq!(story.log(), "stop 0, ended 0");
}

#[test]
fn a_job_lacks_a_token_that_others_have_unless_it_lacks_the_machine_as_well() {
    let mut story = Story::new(2);
    let (token, other) = (story.token(2), story.token(1));
    let both = story.submit(&[], tokens(&[(token, 1), (other, 1)]));
    assert_eq!(story.log(), "start 0");
    let waits = story.submit(&[], Needs { cpus: 2, ..tokens(&[(token, 2), (other, 1)]) });
    assert!(!story.scheduler.lacks_token(token), "it is a job of this driver that has it");
    story.handle(Event::TokenChanged { token, capacity: 2, elsewhere: 1 });
    assert!(story.scheduler.lacks_token(token), "whatever else it lacks of tokens");
    assert!(!story.scheduler.lacks_token(other));
    let wide = story.submit(&[], cpus(1));
    assert_eq!(story.log(), "start 2");
    assert!(!story.scheduler.lacks_token(token), "there is no CPU for it");
    story.done(wide);
    assert!(story.scheduler.lacks_token(token));
    story.handle(Event::StopRequested(waits));
    assert!(!story.scheduler.lacks_token(token));
    story.done(both);
    story.submit(&[], tokens(&[(token, 2)]));
    assert!(story.scheduler.lacks_token(token));
    story.handle(Event::Draining);
    assert!(!story.scheduler.lacks_token(token));
}

#[test]
fn refused_cpus_and_memory_are_asked_for_again_when_others_give_some_back() {
    let mut story = Story::new(4);
    let large = story.submit(&[], cpus(3));
    let memory = story.submit(&[], Needs { memory: 80, ..cpus(0) });
    story.handle(Event::StartDeferred { job: large, resource: Resource::Cpus });
    story.handle(Event::StartDeferred { job: memory, resource: Resource::Memory });
    assert_eq!(story.log(), "start 0, start 1");
    assert_eq!(story.short(large), [Resource::Cpus]);
    assert_eq!(story.short(memory), [Resource::Memory]);
    assert!(story.scheduler.lacks_machine());
    let small = story.submit(&[], cpus(1));
    story.handle(Event::MachineChanged { cpus: 2, memory: 30 });
    assert_eq!(story.log(), "start 2");
    story.handle(Event::MachineChanged { cpus: 1, memory: 20 });
    assert_eq!(story.log(), "start 1");
    story.handle(Event::MachineChanged { cpus: 0, memory: 20 });
    assert_eq!(story.log(), "start 0");
    story.done(small);
    story.done(memory);
    assert!(!story.scheduler.lacks_machine());
}

#[test]
fn a_capacity_change_takes_effect_at_once() {
    let mut story = Story::new(8);
    let token = story.token(2);
    let jobs = [0; 3].map(|_| story.submit(&[], tokens(&[(token, 1)])));
    assert_eq!(story.log(), "start 0, start 1");
    story.handle(Event::TokenChanged { token, capacity: 1, elsewhere: 0 });
    story.done(jobs[0]);
    assert_eq!(story.log(), "");
    story.handle(Event::TokenChanged { token, capacity: 2, elsewhere: 0 });
    assert_eq!(story.log(), "start 2");
    story.handle(Event::CapacityChanged(Capacity { cpus: 0, memory: None, gpus: vec![] }));
    let waits = story.scheduler.submit(Request::default(), &mut story.actions);
    assert!(matches!(waits, Err(Unsatisfiable::TooLarge { capacity: 0, .. })));
}

#[test]
fn large_requests_are_not_starved_by_small_ones() {
    let mut story = Story::new(2);
    let (one, two) = (story.token(1), story.token(1));
    for (small, large) in
        [([cpus(1), cpus(1)], cpus(2)), ([tokens(&[(one, 1)]), tokens(&[(two, 1)])], tokens(&[(one, 1), (two, 1)]))]
    {
        // One small job ends when the next one has started: both halves are never free at the same time.
        let mut running = VecDeque::from([story.submit(&[], small[0].clone())]);
        let large = story.submit(&[], large);
        let mut starts = 0;
        while story.scheduler.state(large) == State::Ready {
            let next = story.submit(&[], small[(starts + 1) % 2].clone());
            if story.scheduler.state(next) == State::Starting {
                running.push_back(next);
                starts += 1;
            } else {
                story.handle(Event::StopRequested(next));
            }
            let oldest = running.pop_front().unwrap();
            story.done(oldest);
        }
        // One more than its patience may pass while it is short of the other token only.
        assert!((PATIENCE..=PATIENCE + 1).contains(&(starts as u64)), "{starts} small jobs went before");
        story.done(large);
    }
}

#[test]
fn a_reservation_does_not_bind_a_higher_priority() {
    let mut story = Story::new(2);
    let holder = story.submit(&[], cpus(1));
    let large = story.submit(&[], cpus(2));
    for _ in 0..PATIENCE {
        let small = story.submit(&[], cpus(1));
        story.done(small);
    }
    let later = story.submit(&[], cpus(1));
    let urgent = story.request(Request { priority: 1, ..Request::default() });
    assert_eq!(story.scheduler.state(later), State::Ready);
    assert_eq!(story.scheduler.state(urgent), State::Starting);
    story.done(urgent);
    story.done(holder);
    assert_eq!(story.scheduler.state(large), State::Starting);
}

#[test]
fn a_reservation_keeps_only_what_the_aged_job_needs() {
    let mut story = Story::new(4);
    let token = story.token(2);
    let holder = story.submit(&[], tokens(&[(token, 1)]));
    let large = story.submit(&[], Needs { cpus: 4, ..tokens(&[(token, 2)]) });
    for _ in 0..PATIENCE + 1 {
        let other = story.submit(&[], cpus(1));
        story.done(other);
    }
    // The large job has aged: it has the token reserved, but no CPU as long as the token is short.
    let wants_token = story.submit(&[], tokens(&[(token, 1)]));
    let wants_cpus = story.submit(&[], cpus(4));
    assert_eq!(story.scheduler.state(wants_token), State::Ready);
    assert_eq!(story.scheduler.state(wants_cpus), State::Starting);
    let Some(WaitReason::Resources { short, .. }) = story.scheduler.why_waiting(wants_token) else { panic!() };
    assert_eq!((short[0].free, short[0].reserved_for), (1, Some(large)));
    // Now only CPUs are short, so they are reserved too; a higher priority is not bound by that.
    story.done(holder);
    story.done(wants_cpus);
    assert_eq!(story.scheduler.state(large), State::Starting);
    story.done(large);
    assert_eq!(story.scheduler.state(wants_token), State::Starting);
}

#[test]
fn an_aged_job_that_cannot_fit_any_more_reserves_nothing() {
    let mut story = Story::new(8);
    let token = story.token(2);
    let holder = story.submit(&[], tokens(&[(token, 1)]));
    let large = story.submit(&[], tokens(&[(token, 2)]));
    for _ in 0..PATIENCE + 1 {
        let other = story.submit(&[], cpus(1));
        story.done(other);
    }
    let small = story.submit(&[], tokens(&[(token, 1)]));
    assert_eq!(story.scheduler.state(small), State::Ready);
    story.done(holder);
    assert_eq!(story.scheduler.state(large), State::Starting);
    story.handle(Event::TokenChanged { token, capacity: 1, elsewhere: 0 });
    story.handle(Event::StartDeferred { job: large, resource: Resource::Token(token) });
    // Back in the queue and as old as before, but it can no longer fit.
    assert_eq!(story.scheduler.state(small), State::Starting);
    story.done(small);
    story.handle(Event::TokenChanged { token, capacity: 2, elsewhere: 0 });
    assert_eq!(story.scheduler.state(large), State::Starting);
}

#[test]
fn a_reservation_goes_to_the_next_of_its_kind() {
    let mut story = Story::new(2);
    let _holder = story.submit(&[], cpus(1));
    let (large, next) = (story.submit(&[], cpus(2)), story.submit(&[], cpus(2)));
    for _ in 0..PATIENCE {
        let small = story.submit(&[], cpus(1));
        story.done(small);
    }
    let small = story.submit(&[], cpus(1));
    for reserved_for in [large, next] {
        let Some(WaitReason::Resources { short, .. }) = story.scheduler.why_waiting(small) else { panic!() };
        assert_eq!(short[0].reserved_for, Some(reserved_for));
        story.handle(Event::StopRequested(reserved_for));
    }
    assert_eq!(story.scheduler.state(small), State::Starting);
}

#[test]
fn a_start_that_came_to_nothing_does_not_make_young_again() {
    let mut story = Story::new(8);
    let token = story.token(2);
    let holder = story.submit(&[], tokens(&[(token, 1)]));
    let large = story.submit(&[], tokens(&[(token, 2)]));
    for _ in 0..PATIENCE {
        let other = story.submit(&[], cpus(1));
        story.done(other);
    }
    story.done(holder);
    let small = story.submit(&[], tokens(&[(token, 1)]));
    assert_eq!(story.scheduler.state(large), State::Starting);
    story.handle(Event::StartDeferred { job: large, resource: Resource::Token(token) });
    let Some(WaitReason::Resources { short, .. }) = story.scheduler.why_waiting(small) else { panic!() };
    assert_eq!((short[0].free, short[0].elsewhere, short[0].reserved_for), (1, 1, Some(large)));
}
