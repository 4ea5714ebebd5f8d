//! Tokens as a plan uses them.

use std::sync::Arc;

use super::submit::Dependency;

/// A named, limited amount that the jobs of all processes of a workspace share. Made by
/// [`Experiment::token`](super::Experiment::token).
#[derive(Clone, Debug)]
pub struct Token {
    pub(super) name: Arc<str>,
}

impl Token {
    /// So much of the token, held by a job while it runs: give it to `add_dependency`.
    pub fn dependency(&self, amount: u64) -> Dependency {
        Dependency::token(self.name.clone(), amount)
    }

    /// The token's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
