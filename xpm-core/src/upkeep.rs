//! Acts on a workspace that jobs and drivers may be using at the same time: removes job folders, asks jobs to stop, runs them again, finds
//! what is damaged or left behind and mends it.
//!
//! Knows the locks and keeps to them: the folder of a job is touched only by who has its lock, and nothing outside of the
//! workspace is touched at all. It does not know why somebody wants it, and asks nobody.

mod doctor;
mod kill;
mod remove;
mod retry;
mod tokens;

pub use doctor::{Finding, Kind, diagnose, mend};
pub use kill::{KillError, Victim, kill, victim};
pub use remove::{RemoveError, Remover, size};
pub use retry::{Retried, Retry, RetryError, RetryJob, RetryOptions, RetryReason};
pub use tokens::{HolderInfo, TokenInfo, tokens};
