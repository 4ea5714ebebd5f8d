//! A job submitted once more. What the later submission asks for counts as well as what the earlier ones asked for, as long
//! as the job has not been started; a failed or cancelled job waits for its turn again. It knows the graph, to refuse a job
//! that would wait for itself; it does not know why a job is submitted again.

use super::needs::{join, normal_form};
use super::{Action, JobNumber, Request, Scheduler, State, Unsatisfiable};

/// What a further submission of a job came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The job had ended badly and waits for its turn again, for as long as it takes.
    Revived,
    /// It had not started; what it waits for and takes is what all its submissions asked for.
    Joined,
    /// It has been started, or is done: nothing changes.
    TooLate,
}

impl Scheduler {
    /// Takes in another request for a job that was submitted before. Until the job is started it gets the higher priority,
    /// the dependencies of both, of each token and resource the larger amount, and the larger number of retries. One that has
    /// failed or was cancelled is queued again as this request says. If a dependency of it has failed, it fails again at
    /// once: submit that one first.
    ///
    /// # Errors
    ///
    /// When the request can never be served, or the job would wait for itself; nothing changes then.
    pub fn submit_again(
        &mut self,
        job: JobNumber,
        request: Request,
        actions: &mut Vec<Action>,
    ) -> Result<Again, Unsatisfiable> {
        let Request { mut depends_on, needs, priority, max_retries, transient: _ } = request;
        let state = self.state(job);
        if state.holds_resources() || state == State::Done {
            return Ok(Again::TooLate);
        }
        if let Some(&unknown) = depends_on.iter().find(|other| other.index() >= self.jobs.len()) {
            return Err(Unsatisfiable::UnknownJob(unknown));
        }
        let revived = matches!(state, State::Failed(_) | State::Cancelled);
        let record = &self.jobs[job.index()];
        if !revived {
            depends_on.retain(|other| !record.depends_on.contains(other));
        }
        if let Some(through) = self.leads_to(&depends_on, job) {
            return Err(Unsatisfiable::Cycle(through));
        }
        let mut both = Vec::new();
        normal_form(&needs, &mut both);
        if !revived {
            join(&mut both, &self.ready.classes.get(self.jobs[job.index()].class).needs);
        }
        if let Some(error) = self.pools.unsatisfiable(&both) {
            return Err(error);
        }
        let class = self.ready.acquire(&both);
        let record = &self.jobs[job.index()];
        let priority = if revived { priority } else { priority.max(record.priority) };
        let queued = matches!(state, State::Waiting { .. } | State::Ready);
        let same = depends_on.is_empty() && class == record.class && priority == record.priority;
        if queued && !same {
            // Out of the queue of its class, in which it stands by its priority.
            self.transition(job, State::Waiting { unmet: 0 });
        }
        let record = &mut self.jobs[job.index()];
        if !revived {
            self.ready.release(record.class);
        }
        (record.class, record.priority) = (class, priority);
        record.retries_left = if revived { max_retries } else { record.retries_left.max(max_retries) };
        if revived {
            record.stopping = false;
            // One that has failed was wanted, and one that was cancelled is.
            record.wanted = true;
        } else {
            depends_on.extend_from_slice(&record.depends_on);
        }
        depends_on.sort_unstable();
        depends_on.dedup();
        record.depends_on = depends_on.into();
        if revived || queued && !same {
            self.enqueue(job, actions);
        }
        self.settle(actions);
        Ok(if revived { Again::Revived } else { Again::Joined })
    }

    /// Finds the one of `from` that is `job` or waits for it, directly or through others.
    fn leads_to(&self, from: &[JobNumber], job: JobNumber) -> Option<JobNumber> {
        let mut seen = std::collections::BTreeSet::new();
        from.iter().copied().find(|&first| {
            let mut open = vec![first];
            while let Some(other) = open.pop() {
                if other == job {
                    return true;
                }
                // A job that is done has no dependencies any more.
                if seen.insert(other) {
                    open.extend_from_slice(&self.jobs[other.index()].depends_on);
                }
            }
            false
        })
    }
}
