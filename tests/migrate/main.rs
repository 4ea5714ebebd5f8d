//! `myexp xpm migrate`: a user's program runs its jobs, its types are changed, and nothing is run again.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod harness;
mod kept;
mod lock;
mod moves;
mod walk;
