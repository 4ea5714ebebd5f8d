//! Stories of jobs: short runs whose whole log of actions is asserted. Nothing is spawned; invariants are checked after each step.

use super::*;

/// A scheduler with the log of its actions as text, such as `start 0` or `ended 2`.
pub(super) struct Story {
    pub(super) scheduler: Scheduler,
    pub(super) actions: Vec<Action>,
}

impl Story {
    pub(super) fn new(cpus: u32) -> Self {
        let capacity = Capacity { cpus, memory: Some(100), gpus: vec![0, 1, 2, 3] };
        Self { scheduler: Scheduler::new(&capacity), actions: Vec::new() }
    }

    pub(super) fn token(&mut self, capacity: u64) -> TokenNumber {
        self.scheduler.add_token(capacity)
    }

    pub(super) fn request(&mut self, request: Request) -> JobNumber {
        let job = self.scheduler.submit(request, &mut self.actions).unwrap();
        self.scheduler.check_invariants().unwrap();
        job
    }

    pub(super) fn submit(&mut self, depends_on: &[JobNumber], needs: Needs) -> JobNumber {
        self.request(Request { depends_on: depends_on.to_vec(), needs, ..Request::default() })
    }

    pub(super) fn handle(&mut self, event: Event) {
        self.scheduler.handle(event, &mut self.actions);
        self.scheduler.check_invariants().unwrap();
    }

    pub(super) fn again(&mut self, job: JobNumber, request: Request) -> Result<Again, Unsatisfiable> {
        let again = self.scheduler.submit_again(job, request, &mut self.actions);
        self.scheduler.check_invariants().unwrap();
        again
    }

    pub(super) fn end(&mut self, job: JobNumber, outcome: Outcome) {
        self.handle(Event::JobStarted(job));
        self.handle(Event::JobEnded { job, outcome });
    }

    pub(super) fn done(&mut self, job: JobNumber) {
        self.end(job, Outcome::Done);
    }

    /// Takes the log since the last call.
    pub(super) fn log(&mut self) -> String {
        let lines = self.actions.drain(..).map(|action| match action {
            Action::StartJob { job, gpus } if gpus.is_empty() => format!("start {}", job.0),
            Action::StartJob { job, gpus } => format!("start {} on {gpus:?}", job.0),
            Action::StopJob(job) => format!("stop {}", job.0),
            Action::Wanted(job) => format!("wanted {}", job.0),
            Action::Ended(job) => format!("ended {}", job.0),
        });
        lines.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn short(&self, job: JobNumber) -> Vec<Resource> {
        match self.scheduler.why_waiting(job) {
            Some(WaitReason::Resources { short, .. }) => short.iter().map(|shortage| shortage.resource).collect(),
            other => panic!("{job:?} waits because of {other:?}"),
        }
    }
}

pub(super) fn cpus(cpus: u32) -> Needs {
    Needs { cpus, ..Needs::default() }
}

pub(super) fn tokens(tokens: &[(TokenNumber, u64)]) -> Needs {
    Needs { cpus: 0, tokens: tokens.to_vec(), ..Needs::default() }
}

pub(super) const FAILED: Outcome = Outcome::Failed { retry: Retry::Never };
pub(super) const RETRY: Outcome = Outcome::Failed { retry: Retry::AtOnce };

#[test]
fn a_diamond_runs_in_order() {
    let mut story = Story::new(8);
    let top = story.submit(&[], cpus(1));
    let left = story.submit(&[top, top], cpus(1));
    let right = story.submit(&[top], cpus(1));
    let bottom = story.submit(&[left, right], cpus(1));
    assert_eq!(story.log(), "start 0");
    let reason = WaitReason::Dependencies { unmet: 2, first: vec![left, right] };
    assert_eq!(story.scheduler.why_waiting(bottom), Some(reason));
    story.done(top);
    assert_eq!(story.log(), "start 1, start 2");
    story.done(right);
    assert_eq!(story.log(), "");
    story.done(left);
    assert_eq!(story.log(), "start 3");
    story.done(bottom);
    let late = story.submit(&[bottom], cpus(1));
    assert_eq!(story.log(), "start 4");
    story.done(late);
    assert_eq!((story.scheduler.unfinished(), story.scheduler.counts().done), (0, 5));
}

#[test]
fn failure_reaches_all_dependents_and_names_the_root() {
    let mut story = Story::new(2);
    let root = story.submit(&[], cpus(1));
    let other = story.submit(&[], cpus(1));
    let child = story.submit(&[root, other], cpus(1));
    let grandchild = story.submit(&[child, other], cpus(1));
    story.end(root, FAILED);
    assert_eq!(story.log(), "start 0, start 1, ended 2, ended 3");
    let late = story.submit(&[grandchild], cpus(1));
    assert_eq!(story.log(), "ended 4");
    assert_eq!(story.scheduler.state(root), State::Failed(Cause::Own));
    for job in [child, grandchild, late] {
        assert_eq!(story.scheduler.state(job), State::Failed(Cause::Dependency(root)));
    }
    // The other dependency, which still has the child in its list, does not wake it.
    story.done(other);
    assert_eq!(story.log(), "");
}

#[test]
fn cancelling_stops_what_runs_and_fails_dependents() {
    let mut story = Story::new(1);
    let running = story.submit(&[], cpus(1));
    let ready = story.submit(&[], cpus(1));
    let waiting = story.submit(&[running, ready], cpus(1));
    story.handle(Event::StopRequested(ready));
    assert_eq!(story.log(), "start 0, ended 1, ended 2");
    story.handle(Event::StopRequested(running));
    story.handle(Event::StopRequested(running));
    assert_eq!(story.log(), "stop 0");
    story.end(running, Outcome::Cancelled);
    assert_eq!(story.scheduler.state(waiting), State::Failed(Cause::Dependency(ready)));
    assert_eq!(story.scheduler.counts(), Counts { failed: 1, cancelled: 2, ..Counts::default() });
}

#[test]
fn retries_are_counted_and_end_with_a_stop() {
    let mut story = Story::new(1);
    for (outcomes, log) in [
        (&[RETRY, RETRY, RETRY][..], "start 0, start 0, start 0"),
        (&[RETRY, FAILED], "start 1, start 1"),
        (&[RETRY, RETRY, Outcome::Done], "start 2, start 2, start 2"),
    ] {
        let job = story.request(Request { max_retries: 2, ..Request::default() });
        for &outcome in outcomes {
            story.end(job, outcome);
        }
        assert_eq!(story.log(), log);
        assert!(story.scheduler.state(job).is_final());
    }
    let job = story.request(Request { max_retries: 2, ..Request::default() });
    story.handle(Event::StopRequested(job));
    story.end(job, RETRY);
    assert_eq!(story.log(), "start 3, stop 3");
    assert_eq!(story.scheduler.state(job), State::Failed(Cause::Own));
}

#[test]
fn a_failed_job_can_be_submitted_again() {
    let mut story = Story::new(2);
    let root = story.submit(&[], cpus(1));
    let slow = story.submit(&[], cpus(1));
    let child = story.submit(&[root, slow], cpus(1));
    story.end(root, FAILED);
    story.log();
    assert_eq!(story.again(child, Request { depends_on: vec![root, slow], ..Request::default() }), Ok(Again::Revived));
    assert_eq!(story.log(), "ended 2");
    assert_eq!(story.again(root, Request { max_retries: 1, ..Request::default() }), Ok(Again::Revived));
    assert_eq!(story.again(child, Request { depends_on: vec![root, slow], ..Request::default() }), Ok(Again::Revived));
    assert_eq!(story.scheduler.state(child), State::Waiting { unmet: 2 });
    // `slow` has the child in its list twice, once from before: it counts once.
    story.done(slow);
    assert_eq!(story.scheduler.state(child), State::Waiting { unmet: 1 });
    story.end(root, RETRY);
    story.done(root);
    story.done(child);
    assert_eq!(story.log(), "start 0, start 0, start 2");
    assert_eq!(story.scheduler.counts().done, 3);
}

#[test]
fn jobs_of_others_are_waited_for() {
    let mut story = Story::new(1);
    let first = story.submit(&[], cpus(1));
    let second = story.submit(&[first], cpus(1));
    let third = story.submit(&[], cpus(1));
    story.handle(Event::JobFoundElsewhere(first));
    assert_eq!(story.log(), "start 0, start 2");
    assert_eq!(story.scheduler.why_waiting(first), Some(WaitReason::Elsewhere));
    story.handle(Event::JobFreed(first));
    assert_eq!(story.scheduler.state(first), State::Ready);
    story.handle(Event::JobFoundDone(first));
    assert_eq!(story.scheduler.state(second), State::Ready);
    story.handle(Event::JobFoundDone(third));
    assert_eq!(story.log(), "start 1");
    // A late report about a job that has ended changes nothing.
    story.end(third, FAILED);
    story.handle(Event::JobFoundDone(second));
    assert_eq!(story.scheduler.counts().done, 3);
}

#[test]
fn draining_starts_nothing_more() {
    let mut story = Story::new(1);
    let first = story.request(Request { max_retries: 1, ..Request::default() });
    let second = story.submit(&[], cpus(1));
    story.handle(Event::Draining);
    story.end(first, RETRY);
    assert_eq!(story.log(), "start 0");
    assert_eq!(story.scheduler.why_waiting(second), Some(WaitReason::Draining));
    assert_eq!(story.scheduler.unfinished(), 2);
}

#[test]
fn priority_goes_before_submission_order() {
    let mut story = Story::new(1);
    let blocker = story.submit(&[], cpus(1));
    for priority in [0, 5, -1, 5, 0] {
        story.request(Request { priority, ..Request::default() });
    }
    assert_eq!(
        story.scheduler.why_waiting(JobNumber(1)),
        Some(WaitReason::Resources {
            short: vec![Shortage {
                resource: Resource::Cpus,
                needed: 1,
                free: 0,
                elsewhere: 0,
                capacity: 1,
                reserved_for: None
            }],
            ahead: 2
        })
    );
    for job in [blocker, JobNumber(2), JobNumber(4), JobNumber(1), JobNumber(5), JobNumber(3)] {
        story.done(job);
    }
    assert_eq!(story.log(), "start 0, start 2, start 4, start 1, start 5, start 3");
}

#[test]
fn what_can_never_fit_is_refused_with_what_there_is() {
    let mut story = Story::new(2);
    let token = story.token(3);
    let too_large = |resource, needed, capacity| Unsatisfiable::TooLarge { resource, needed, capacity };
    let default = Needs { cpus: 0, ..Needs::default() };
    for (needs, error) in [
        (cpus(3), too_large(Resource::Cpus, 3, 2)),
        (Needs { memory: 101, ..default.clone() }, too_large(Resource::Memory, 101, 100)),
        (Needs { gpus: 5, ..default }, too_large(Resource::Gpus, 5, 4)),
        (tokens(&[(token, 2), (token, 2)]), too_large(Resource::Token(token), 4, 3)),
        (tokens(&[(TokenNumber(7), 1)]), Unsatisfiable::UnknownToken(TokenNumber(7))),
    ] {
        let request = Request { needs, ..Request::default() };
        assert_eq!(story.scheduler.submit(request, &mut story.actions), Err(error));
    }
    let request = Request { depends_on: vec![JobNumber(0)], ..Request::default() };
    let unknown = Err(Unsatisfiable::UnknownJob(JobNumber(0)));
    assert_eq!(story.scheduler.submit(request, &mut story.actions), unknown);
    assert_eq!(story.scheduler.counts().total(), 0);
}

#[test]
fn gpus_are_exclusive_and_follow_capacity() {
    let mut story = Story::new(8);
    let gpus = |gpus| Needs { gpus, ..Needs::default() };
    let pair = story.submit(&[], gpus(2));
    let single = story.submit(&[], gpus(1));
    let trio = story.submit(&[], gpus(3));
    assert_eq!(story.log(), "start 0 on [0, 1], start 1 on [2]");
    assert_eq!(story.short(trio), [Resource::Gpus]);
    // GPU 0 is taken away while in use: it does not come back.
    story.handle(Event::CapacityChanged(Capacity { cpus: 8, memory: None, gpus: vec![1, 2, 3] }));
    story.done(pair);
    assert_eq!(story.log(), "");
    story.done(single);
    assert_eq!(story.log(), "start 2 on [1, 2, 3]");
}

#[test]
fn a_job_record_is_small() {
    assert!(size_of::<Job>() <= 64, "{}", size_of::<Job>());
}

fn transient(depends_on: &[JobNumber]) -> Request {
    Request { depends_on: depends_on.to_vec(), transient: true, needs: cpus(1), ..Request::default() }
}

#[test]
fn a_transient_job_runs_once_something_needs_it() {
    let mut story = Story::new(4);
    let root = story.request(transient(&[]));
    let middle = story.request(transient(&[root]));
    let unused = story.request(transient(&[root]));
    assert_eq!((story.log().as_str(), story.scheduler.unfinished()), ("", 0));
    assert_eq!(story.scheduler.why_waiting(middle), Some(WaitReason::NotNeeded));
    let wanted = story.submit(&[middle], cpus(1));
    assert_eq!(story.log(), "wanted 1, wanted 0, start 0");
    story.done(root);
    story.done(middle);
    story.done(wanted);
    assert_eq!(story.log(), "start 1, start 3");
    assert_eq!(story.scheduler.state(unused), State::Held);
    assert_eq!((story.scheduler.unfinished(), story.scheduler.counts().held), (0, 1));
    // Asked for by itself, and what it needs is done.
    story.handle(Event::JobNeeded(unused));
    story.handle(Event::JobNeeded(unused));
    assert_eq!(story.log(), "wanted 2, start 2");
}

#[test]
fn a_transient_job_is_not_run_for_one_that_fails_or_is_never_wanted() {
    let mut story = Story::new(4);
    let bad = story.submit(&[], cpus(1));
    story.end(bad, FAILED);
    let held = story.request(transient(&[]));
    let fails = story.submit(&[bad, held], cpus(1));
    assert_eq!(story.log(), "start 0, ended 2");
    assert_eq!(story.scheduler.state(fails), State::Failed(Cause::Dependency(bad)));
    assert_eq!(story.scheduler.state(held), State::Held);
    // One that is held on a failed one fails with it when it is wanted.
    let hopeless = story.request(transient(&[bad]));
    let late = story.submit(&[hopeless], cpus(1));
    assert_eq!(story.log(), "wanted 3, ended 3, ended 4");
    assert_eq!(story.scheduler.state(late), State::Failed(Cause::Dependency(bad)));
    story.handle(Event::StopRequested(held));
    assert_eq!(story.log(), "ended 1");
}

#[test]
fn a_chain_of_transient_jobs_is_wanted_without_recursion() {
    let mut story = Story::new(1);
    let mut last = story.scheduler.submit(transient(&[]), &mut story.actions).unwrap();
    for _ in 0..200_000 {
        last = story.scheduler.submit(transient(&[last]), &mut story.actions).unwrap();
    }
    story.submit(&[last], cpus(1));
    assert_eq!((story.scheduler.counts().held, story.scheduler.unfinished()), (0, 200_002));
}
