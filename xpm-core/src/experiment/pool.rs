//! The threads that callbacks run on.
//!
//! A few threads, and one more whenever one of them waits for a job, so that callbacks that wait never hold up those
//! that they wait for. What blocks a callback without xpm knowing (a channel, a lock, a download) is noticed when nothing
//! has begun for a while though something is to be done.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How many callbacks run at once unless they wait.
const USUAL: usize = 4;

/// How long nothing may begin before there is another thread.
const STALL: Duration = Duration::from_millis(20);

/// Something to run; it does not panic.
pub(super) type Work = Box<dyn FnOnce() + Send>;

/// Runs what it is given, on threads that are started when they are needed and end with it.
pub(super) struct Pool {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    queue: Mutex<Queue>,
    /// There is something to do.
    work: Condvar,
    /// There is something to do and nobody to do it.
    unserved: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Work>,
    threads: usize,
    /// Threads that have nothing to do.
    idle: usize,
    /// Threads that wait for a job.
    blocked: usize,
    /// How much was begun so far.
    begun: u64,
    watched: bool,
    closed: bool,
}

thread_local! {
    /// The pool that this thread belongs to.
    static OWN: RefCell<Option<Arc<State>>> = const { RefCell::new(None) };
}

impl Pool {
    pub(super) fn new() -> Self {
        Self { state: Arc::default() }
    }

    /// Runs `work` soon, in the order of the calls as far as several threads have one.
    ///
    /// # Errors
    /// If there is no thread and none can be started; the work is then dropped.
    pub(super) fn run(&self, work: Work) -> io::Result<()> {
        let mut queue = self.state.lock();
        queue.waiting.push_back(work);
        let served = self.state.serve(&mut queue);
        if queue.threads == 0
            && let Err(error) = served
        {
            let work = queue.waiting.pop_back();
            drop(queue);
            drop(work);
            return Err(error);
        }
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.state.lock().closed = true;
        self.state.work.notify_all();
        self.state.unserved.notify_all();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.state.lock();
        write!(f, "Pool({} waiting, {} threads)", queue.waiting.len(), queue.threads)
    }
}

/// Waits with `wait`; if this is a thread of a pool, another one does its work in the meantime.
pub(super) fn while_blocked<T>(wait: impl FnOnce() -> T) -> T {
    struct Blocked(Arc<State>);
    impl Drop for Blocked {
        fn drop(&mut self) {
            self.0.lock().blocked -= 1;
        }
    }
    let own = OWN.with(|own| own.borrow().clone());
    let _blocked = own.map(|state| {
        let mut queue = state.lock();
        queue.blocked += 1;
        // Where no thread can be started, one that ends its work goes on with this.
        let _ = state.serve(&mut queue);
        drop(queue);
        Blocked(state)
    });
    wait()
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that what waits is begun: now if fewer threads than usual are busy, or when nothing begins for a while.
    fn serve(self: &Arc<Self>, queue: &mut Queue) -> io::Result<()> {
        if queue.waiting.is_empty() {
            return Ok(());
        }
        if queue.idle >= queue.waiting.len() {
            self.work.notify_one();
            return Ok(());
        }
        if queue.threads - queue.blocked < USUAL {
            return self.add_thread(queue);
        }
        if !queue.watched {
            let state = self.clone();
            thread::Builder::new().name("xpm-stalls".to_owned()).spawn(move || state.watch())?;
            queue.watched = true;
        }
        self.unserved.notify_one();
        Ok(())
    }

    fn add_thread(self: &Arc<Self>, queue: &mut Queue) -> io::Result<()> {
        let state = self.clone();
        thread::Builder::new().name("xpm-callback".to_owned()).spawn(move || state.work())?;
        queue.threads += 1;
        Ok(())
    }

    fn work(self: Arc<Self>) {
        OWN.with(|own| *own.borrow_mut() = Some(self.clone()));
        let mut queue = self.lock();
        loop {
            if let Some(work) = queue.waiting.pop_front() {
                queue.begun += 1;
                drop(queue);
                work();
                queue = self.lock();
                continue;
            }
            if queue.closed || queue.idle >= USUAL {
                queue.threads -= 1;
                return;
            }
            queue.idle += 1;
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }

    fn watch(self: Arc<Self>) {
        let mut queue = self.lock();
        while !queue.closed {
            if queue.waiting.is_empty() {
                queue = self.unserved.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let begun = queue.begun;
            // The more threads are busy with nobody knows what, the slower more are added: they may just be computing.
            let more = (queue.threads - queue.blocked).saturating_sub(USUAL) / 8;
            let pause = STALL * u32::try_from(more + 1).unwrap_or(u32::MAX);
            queue = self.unserved.wait_timeout(queue, pause).unwrap_or_else(PoisonError::into_inner).0;
            if queue.begun == begun && !queue.waiting.is_empty() {
                // Where no thread can be started, one that ends its work goes on with this.
                let _ = self.add_thread(&mut queue);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_blocks_does_not_hold_up_the_rest() {
        let pool = Pool::new();
        let (ended, ends) = channel();
        let mut releases = Vec::new();
        for i in 0..50 {
            let (release, released) = channel::<()>();
            let ended = ended.clone();
            releases.push(release);
            let work = move || {
                // Every other one blocks in a way that is known.
                let _ = if i % 2 == 0 { while_blocked(|| released.recv()) } else { released.recv() };
                ended.send(i).unwrap();
            };
            pool.run(Box::new(work)).unwrap();
        }
        // The last one is released first.
        while let Some(release) = releases.pop() {
            drop(release);
            assert_eq!(ends.recv_timeout(Duration::from_secs(60)).unwrap(), releases.len());
        }
    }

    #[test]
    fn short_work_needs_few_threads() {
        let pool = Pool::new();
        let (sender, receiver) = channel();
        for i in 0..10_000 {
            let sender = sender.clone();
            pool.run(Box::new(move || sender.send(i).unwrap())).unwrap();
        }
        drop(sender);
        assert_eq!(receiver.iter().sum::<u32>(), 49_995_000);
        // A machine that is busy may stall a little.
        assert!(pool.state.lock().threads <= 4 * USUAL, "{pool:?}");
    }
}
