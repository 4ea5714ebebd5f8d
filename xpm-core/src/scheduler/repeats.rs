//! Stories of jobs that come back: retries after a delay, and jobs submitted again. Tests only.

use super::stories::{FAILED, RETRY, Story, cpus, tokens};
use super::*;

const LATER: Outcome = Outcome::Failed { retry: Retry::Later };

#[test]
fn a_delayed_job_takes_nothing_and_waits_for_its_turn_when_the_delay_is_over() {
    let mut story = Story::new(1);
    let flaky = story.request(Request { max_retries: 2, ..Request::default() });
    let other = story.submit(&[], cpus(1));
    story.end(flaky, LATER);
    assert_eq!(story.log(), "start 0, start 1");
    assert_eq!(story.scheduler.why_waiting(flaky), Some(WaitReason::Delayed));
    assert_eq!(story.scheduler.counts(), Counts { delayed: 1, starting: 1, ..Counts::default() });
    story.handle(Event::RetryDue(flaky));
    assert_eq!(story.scheduler.state(flaky), State::Ready);
    story.done(other);
    story.end(flaky, LATER);
    story.handle(Event::RetryDue(flaky));
    assert_eq!(story.log(), "start 0, start 0");
    // The retries are spent.
    story.end(flaky, LATER);
    assert_eq!(story.scheduler.state(flaky), State::Failed(Cause::Own));
    story.handle(Event::RetryDue(flaky));
    assert_eq!(story.log(), "");
}

#[test]
fn a_delayed_job_can_be_stopped_found_done_found_elsewhere_and_does_not_start_while_draining() {
    let mut story = Story::new(8);
    let delayed = [0; 4].map(|_| {
        let job = story.request(Request { max_retries: 1, ..Request::default() });
        story.end(job, LATER);
        job
    });
    story.log();
    story.handle(Event::StopRequested(delayed[0]));
    story.handle(Event::JobFoundDone(delayed[1]));
    story.handle(Event::JobFoundElsewhere(delayed[2]));
    story.handle(Event::Draining);
    delayed.iter().for_each(|&job| story.handle(Event::RetryDue(job)));
    assert_eq!(story.log(), "ended 0");
    let states = delayed.map(|job| story.scheduler.state(job));
    assert_eq!(states, [State::Cancelled, State::Done, State::Elsewhere, State::Ready]);
}

#[test]
fn a_cancelled_job_and_what_failed_with_it_can_be_submitted_again() {
    let mut story = Story::new(1);
    let blocker = story.submit(&[], cpus(1));
    let job = story.submit(&[], cpus(1));
    let dependent = story.submit(&[job], cpus(1));
    story.handle(Event::StopRequested(job));
    assert_eq!(story.log(), "start 0, ended 1, ended 2");
    assert_eq!(story.again(job, Request::default()), Ok(Again::Revived));
    assert_eq!(story.again(dependent, Request { depends_on: vec![job], ..Request::default() }), Ok(Again::Revived));
    assert_eq!(story.scheduler.state(dependent), State::Waiting { unmet: 1 });
    for job in [blocker, job, dependent] {
        story.done(job);
    }
    assert_eq!(story.log(), "start 1, start 2");
    assert_eq!(story.scheduler.counts(), Counts { done: 3, ..Counts::default() });
}

#[test]
fn a_job_that_fails_for_ever_can_be_submitted_again_for_ever() {
    let mut story = Story::new(1);
    let job = story.submit(&[], cpus(1));
    for _ in 0..50 {
        story.end(job, FAILED);
        assert_eq!(story.again(job, Request { max_retries: 1, ..Request::default() }), Ok(Again::Revived));
        story.end(job, RETRY);
    }
    assert_eq!(story.log().matches("start 0").count(), 101);
}

#[test]
fn what_waits_takes_the_higher_priority_and_what_runs_takes_nothing() {
    let mut story = Story::new(1);
    let running = story.submit(&[], cpus(1));
    let (first, second) = (story.submit(&[], cpus(1)), story.submit(&[], cpus(1)));
    let urgent = |priority| Request { priority, ..Request::default() };
    assert_eq!(story.again(second, urgent(3)), Ok(Again::Joined));
    assert_eq!(story.again(second, urgent(-3)), Ok(Again::Joined));
    assert_eq!(story.again(running, Request { depends_on: vec![second], ..urgent(1) }), Ok(Again::TooLate));
    for job in [running, second, first] {
        story.done(job);
    }
    assert_eq!(story.again(first, urgent(9)), Ok(Again::TooLate));
    assert_eq!(story.log(), "start 0, start 2, start 1");
}

#[test]
fn what_waits_takes_the_dependencies_and_the_larger_needs_of_both() {
    let mut story = Story::new(2);
    let token = story.token(2);
    let holder = story.submit(&[], tokens(&[(token, 1)]));
    let busy = story.submit(&[], cpus(2));
    let job = story.submit(&[], cpus(1));
    let later = story.submit(&[], cpus(2));
    let again = Request { depends_on: vec![later], needs: tokens(&[(token, 2)]), ..Request::default() };
    assert_eq!(story.again(job, again), Ok(Again::Joined));
    assert_eq!(story.scheduler.state(job), State::Waiting { unmet: 1 });
    story.done(busy);
    story.done(later);
    assert_eq!(story.short(job), [Resource::Token(token)]);
    let filler = story.submit(&[], cpus(2));
    story.done(holder);
    // The CPU of the first submission is needed too.
    assert_eq!(story.short(job), [Resource::Cpus]);
    story.done(filler);
    story.done(job);
    assert_eq!(story.log(), "start 0, start 1, start 3, start 4, start 2");
}

#[test]
fn a_job_never_waits_for_itself() {
    let mut story = Story::new(1);
    story.submit(&[], cpus(1));
    let first = story.submit(&[], cpus(1));
    let second = story.submit(&[first], cpus(1));
    let third = story.submit(&[second], cpus(1));
    let after = |other| Request { depends_on: vec![other], ..Request::default() };
    for other in [first, second, third] {
        assert_eq!(story.again(first, after(other)), Err(Unsatisfiable::Cycle(other)));
    }
    let too_large = Request { needs: cpus(2), ..Request::default() };
    assert!(matches!(story.again(first, too_large), Err(Unsatisfiable::TooLarge { needed: 2, .. })));
    assert_eq!(story.scheduler.counts(), Counts { starting: 1, ready: 1, waiting: 2, ..Counts::default() });
}

/// As many ready jobs as a grid has, two at a time.
#[test]
fn five_thousand_ready_jobs_run_two_at_a_time_in_order() {
    let mut story = Story::new(64);
    let token = story.token(2);
    let jobs = (0..5_000).map(|_| {
        let request = Request { needs: tokens(&[(token, 1)]), ..Request::default() };
        story.scheduler.submit(request, &mut story.actions).unwrap()
    });
    let jobs = jobs.collect::<Vec<_>>();
    let mut started = Vec::new();
    while story.scheduler.unfinished() > 0 {
        started.extend(story.actions.drain(..).filter_map(|action| match action {
            Action::StartJob { job, .. } => Some(job),
            _ => None,
        }));
        assert!(story.scheduler.counts().starting == 2.min(story.scheduler.unfinished()));
        let job = started[story.scheduler.counts().done];
        story.scheduler.handle(Event::JobEnded { job, outcome: Outcome::Done }, &mut story.actions);
    }
    assert_eq!(started, jobs);
    story.scheduler.check_invariants().unwrap();
}
