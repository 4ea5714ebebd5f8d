//! What a job takes while it runs, the names of what there is to take, and the error for asking too much. Knows no amounts
//! in use: those are the pools' business.

use super::job::JobNumber;

/// Names one token within one [`Scheduler`](super::Scheduler), as given by [`add_token`](super::Scheduler::add_token).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct TokenNumber(pub(super) u32);

impl TokenNumber {
    /// Returns the number as an index, for tables kept beside the scheduler.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a job takes, all or nothing, from its start to its end. By default one CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// CPUs; 0 is allowed, for jobs that mostly wait.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// GPUs, each for this job alone.
    pub gpus: u32,
    /// Tokens with their amounts. Amounts of a token named twice are added.
    pub tokens: Vec<(TokenNumber, u64)>,
}

impl Default for Needs {
    fn default() -> Self {
        Self { cpus: 1, memory: 0, gpus: 0, tokens: Vec::new() }
    }
}

/// Something of which there is a limited amount.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Resource {
    /// CPUs of this machine.
    Cpus,
    /// Memory of this machine, in bytes.
    Memory,
    /// GPUs of this machine.
    Gpus,
    /// A token.
    Token(TokenNumber),
}

/// Says why a request can never be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsatisfiable {
    /// The request is larger than all there is.
    #[error("the job needs {needed} of {resource:?}, but there are only {capacity}")]
    TooLarge {
        /// What is asked for.
        resource: Resource,
        /// How much of it.
        needed: u64,
        /// How much there is when nobody uses any.
        capacity: u64,
    },
    /// The token is not of this scheduler.
    #[error("the job needs token {}, which does not exist", .0.0)]
    UnknownToken(TokenNumber),
    /// The dependency is not of this scheduler.
    #[error("the job depends on job {}, which does not exist", .0.0)]
    UnknownJob(JobNumber),
    /// The dependency itself waits for the job, directly or through others.
    #[error("job {} waits for this one, which so would wait for itself", .0.0)]
    Cycle(JobNumber),
    /// Job numbers have 32 bits.
    #[error("there are too many jobs in this run")]
    TooManyJobs,
}

/// The place of a resource in the table of pools.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) struct PoolNumber(pub(super) u32);

impl PoolNumber {
    pub(super) const CPUS: Self = Self(0);
    pub(super) const MEMORY: Self = Self(1);
    pub(super) const GPUS: Self = Self(2);
    const FIRST_TOKEN: u32 = 3;

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) fn of_token(token: TokenNumber) -> Self {
        Self(token.0.saturating_add(Self::FIRST_TOKEN))
    }

    pub(super) fn of(resource: Resource) -> Self {
        match resource {
            Resource::Cpus => Self::CPUS,
            Resource::Memory => Self::MEMORY,
            Resource::Gpus => Self::GPUS,
            Resource::Token(token) => Self::of_token(token),
        }
    }

    pub(super) fn is_token(self) -> bool {
        self.0 >= Self::FIRST_TOKEN
    }

    pub(super) fn resource(self) -> Resource {
        match self {
            Self::CPUS => Resource::Cpus,
            Self::MEMORY => Resource::Memory,
            Self::GPUS => Resource::Gpus,
            Self(token) => Resource::Token(TokenNumber(token - Self::FIRST_TOKEN)),
        }
    }
}

/// One line of the normal form of [`Needs`]: a pool and a positive amount.
pub(super) type Need = (PoolNumber, u64);

/// Writes the normal form of `needs` into `into`: each pool once, no zero amounts, tokens first and then GPUs, memory,
/// CPUs. The order is the one in which shortages are looked for (see `ready`).
pub(super) fn normal_form(needs: &Needs, into: &mut Vec<Need>) {
    into.clear();
    into.extend(needs.tokens.iter().map(|&(token, amount)| (PoolNumber::of_token(token), amount)));
    into.sort_unstable();
    into.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    into.push((PoolNumber::GPUS, needs.gpus.into()));
    into.push((PoolNumber::MEMORY, needs.memory));
    into.push((PoolNumber::CPUS, needs.cpus.into()));
    into.retain(|&(_, amount)| amount > 0);
}

/// Makes `needs` the larger of itself and `others` in each pool; both are in normal form, and so is what comes of it.
pub(super) fn join(needs: &mut Vec<Need>, others: &[Need]) {
    for &(pool, amount) in others {
        match needs.iter_mut().find(|need| need.0 == pool) {
            Some(need) => need.1 = need.1.max(amount),
            None => needs.push((pool, amount)),
        }
    }
    needs.sort_unstable_by_key(|&(pool, _)| match pool.is_token() {
        true => (0, pool.0),
        false => (1, PoolNumber::FIRST_TOKEN - pool.0),
    });
}
