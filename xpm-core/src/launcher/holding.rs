//! The tokens that jobs of this driver hold while they run.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ids::JobKey;
use crate::workspace::{Holding, Taken, TokenError, TokenFile};

/// The jobs that hold tokens for this driver, which counts them itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnHolders(Arc<Mutex<HashSet<JobKey>>>);

impl OwnHolders {
    pub(crate) fn contains(&self, job: &JobKey) -> bool {
        self.lock().contains(job)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<JobKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tokens that a job holds, given back when it is dropped.
pub(super) struct HeldTokens<'a> {
    tokens: &'a [(TokenFile, u64)],
    job: &'a JobKey,
    holders: &'a OwnHolders,
    /// `None` while nothing is held.
    holding: Option<Holding>,
}

/// What came of asking for a job's tokens.
pub(super) enum Asked<'a> {
    /// It has them all.
    Held(HeldTokens<'a>),
    /// There is too little left of the token with this place.
    Short(usize),
}

impl<'a> HeldTokens<'a> {
    /// Takes the job's tokens, all or none. The caller has the job's lock.
    pub(super) fn take(
        tokens: &'a [(TokenFile, u64)],
        job: &'a JobKey,
        holders: &'a OwnHolders,
    ) -> Result<Asked<'a>, TokenError> {
        if tokens.is_empty() {
            return Ok(Asked::Held(Self { tokens, job, holders, holding: None }));
        }
        // Before the files say so, so that a look at them never takes the job for another driver's.
        holders.lock().insert(job.clone());
        let mut held = Self { tokens, job, holders, holding: None };
        match TokenFile::take_all(tokens, job)? {
            Taken::All(holding) => {
                held.holding = Some(holding);
                Ok(Asked::Held(held))
            }
            Taken::Short(place) => Ok(Asked::Short(place)),
        }
    }
}

impl HeldTokens<'_> {
    /// Leaves the tokens to the job's process, which may run though this driver cannot see it: they are held as long as the job's
    /// lock is, and whoever asks then strikes them out.
    pub(super) fn leave(mut self) {
        self.holding = None;
    }

    /// The units that the job has of tokens whose units are told apart: its GPUs.
    pub(super) fn units(&self) -> &[String] {
        self.holding.as_ref().map_or(&[], |holding| &holding.units)
    }
}

impl Drop for HeldTokens<'_> {
    fn drop(&mut self) {
        if self.tokens.is_empty() {
            return;
        }
        if let Some(holding) = &self.holding {
            for (token, _) in self.tokens {
                // What cannot be given back is struck out by the next one who asks, since the job is gone.
                let _ = token.give_back(holding);
            }
        }
        self.holders.lock().remove(self.job);
    }
}
