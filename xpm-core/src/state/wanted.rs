//! Which jobs a text may name, so that nobody looks at 100,000 of them to tell of one.

use std::collections::HashSet;

use crate::ids::{Identity, JobKey};

/// Jobs whose task and identity begin so, and others by name.
#[derive(Debug)]
pub(super) struct Wanted {
    task: String,
    digits: String,
    pub(super) keys: HashSet<JobKey>,
}

impl Wanted {
    /// The jobs that `text` may name: the beginning of an identity, alone or behind the beginning of a task's id. `None` if it can
    /// name none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (task, digits) = text.rsplit_once('/').unwrap_or(("", text));
        let digits = digits.to_ascii_lowercase();
        let is_one = (1..=64).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self { task: task.to_owned(), digits, keys: HashSet::new() })
    }

    /// Whether the text may name this job.
    pub(super) fn names(&self, task: &str, identity: &Identity) -> bool {
        task.starts_with(&self.task) && has_prefix(identity, &self.digits)
    }

    /// Whether it is one of these jobs.
    pub(super) fn has(&self, key: &JobKey) -> bool {
        self.names(&key.task, &key.identity) || self.keys.contains(key)
    }

    /// Those of these identities of a task that are wanted, in their order.
    pub(super) fn of_task(&self, task: &str, identities: impl Iterator<Item = Identity>) -> Vec<Identity> {
        let keys: HashSet<Identity> =
            self.keys.iter().filter(|key| &*key.task == task).map(|key| key.identity).collect();
        identities.filter(|identity| self.names(task, identity) || keys.contains(identity)).collect()
    }
}

/// Whether the digits of an identity begin with these.
fn has_prefix(identity: &Identity, digits: &str) -> bool {
    let bytes = identity.as_bytes();
    digits.bytes().enumerate().all(|(place, digit)| {
        let byte = bytes[place / 2];
        let nibble = if place % 2 == 0 { byte >> 4 } else { byte & 15 };
        char::from(digit).to_digit(16) == Some(u32::from(nibble))
    })
}
