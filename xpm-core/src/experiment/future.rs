//! Jobs as futures, for plans that are async. Whoever polls is woken by the driver: no thread waits, and no runtime is
//! asked for.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::Job;
use super::calls::CallId;
use super::pool::while_blocked;
use super::shared::Shared;
use super::state::{JobCell, JobError, JobState};
use super::waiting::EverythingEnded;
use crate::job::Task;

/// The place where a handle that is polled has its waker.
#[derive(Default)]
pub(super) struct JobWait {
    kept: Option<(Arc<JobCell>, u64)>,
}

impl JobWait {
    fn poll(&mut self, shared: &Shared, cell: &Arc<JobCell>, waker: &Waker) -> Poll<Result<JobState, JobError>> {
        shared.need(cell);
        if cell.state() == JobState::Skipped {
            return Poll::Ready(Err(JobError::NotNeeded(cell.key().clone())));
        }
        let number = self.kept.as_ref().map(|kept| kept.1);
        match cell.state_or_wake(number, waker, || shared.is_interrupted()) {
            Ok(state) if state.is_final() => Poll::Ready(Ok(state)),
            Ok(_) => Poll::Ready(Err(JobError::Interrupted)),
            Err(number) => {
                self.kept = Some((cell.clone(), number));
                Poll::Pending
            }
        }
    }
}

impl Drop for JobWait {
    fn drop(&mut self) {
        if let Some((cell, number)) = self.kept.take() {
            cell.forget_waker(number);
        }
    }
}

impl fmt::Debug for JobWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobWait({:?})", self.kept.as_ref().map(|kept| kept.1))
    }
}

/// `job.await?` is [`job.output()`](Job::output) for async plans. Any executor will do, and any number of jobs can be
/// awaited at once. `(&job).await` leaves the handle.
impl<T: Task> Future for Job<T> {
    type Output = Result<T::Output, anyhow::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let job = self.get_mut();
        job.wait.poll(&job.shared, &job.cell, context.waker()).map(|ended| job.result(ended?))
    }
}

impl<T: Task> IntoFuture for &Job<T> {
    type Output = Result<T::Output, anyhow::Error>;
    type IntoFuture = Job<T>;

    fn into_future(self) -> Job<T> {
        self.clone()
    }
}

/// The future of [`Experiment::wait_async`](super::Experiment::wait_async).
pub(super) struct WaitAll {
    shared: Arc<Shared>,
    call: Option<CallId>,
    begun: Option<EverythingEnded>,
    waker: Option<u64>,
}

impl WaitAll {
    pub(super) fn new(shared: Arc<Shared>, call: Option<CallId>) -> Self {
        Self { shared, call, begun: None, waker: None }
    }
}

impl Future for WaitAll {
    type Output = Result<(), anyhow::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { shared, call, begun, waker } = self.get_mut();
        let wait = begun.get_or_insert_with(|| EverythingEnded::begin(shared, *call));
        let mut jobs = shared.jobs();
        let Some(result) = wait.look(shared, &jobs) else {
            *waker = Some(jobs.wakers.keep(*waker, context.waker()));
            return Poll::Pending;
        };
        drop(jobs);
        // Not only when it is dropped: who waits no more is waited for.
        if let Some(wait) = begun.take() {
            wait.end(shared);
        }
        Poll::Ready(Ok(result?))
    }
}

impl Drop for WaitAll {
    fn drop(&mut self) {
        if let Some(number) = self.waker {
            self.shared.jobs().wakers.forget(number);
        }
        if let Some(begun) = &self.begun {
            begun.end(&self.shared);
        }
    }
}

/// Runs a future on this thread, which sleeps while there is nothing to do.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        // A wake-up since then makes it return at once.
        while_blocked(thread::park);
    }
}
