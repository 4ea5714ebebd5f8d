//! The ids of the project, one newtype each: what names a type, a job, an experiment and a run.
//!
//! Knows how an id is written and what may stand in it (every id is also the name of a folder); it does not know how
//! an identity is computed, which is [`crate::identity`]'s.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The SHA-256 digest of a configuration: its type and its arguments. Written as 64 lower-case hexadecimal digits.
///
/// ```
/// let id: xpm_core::Identity = "00".repeat(32).parse().unwrap();
/// assert_eq!(id.as_bytes(), &[0; 32]);
/// assert_eq!(id.to_string().len(), 64);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity([u8; 32]);

impl Identity {
    /// An identity from the 32 bytes of its digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight digits, enough to tell jobs apart in a message.
    pub fn short(&self) -> String {
        self.digits::<8>().map(char::from).iter().collect()
    }
}

impl Identity {
    /// Its first `N` hexadecimal digits, of which there are 64.
    pub(crate) fn digits<const N: usize>(&self) -> [u8; N] {
        let mut digits = [b'0'; N];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        digits
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits::<64>();
        f.pad(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({self})")
    }
}

/// A text that is no identity.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an identity: it takes 64 hexadecimal digits")]
pub struct ParseIdentityError(String);

impl FromStr for Identity {
    type Err = ParseIdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseIdentityError(text.to_owned());
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refused());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8).ok_or_else(refused);
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What names a job in a workspace: the id of its task and its identity.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct JobKey {
    /// The task's type id, for instance `ir.rank`.
    pub task: Arc<str>,
    /// The digest of the task and its arguments.
    pub identity: Identity,
}

impl JobKey {
    /// `task/identity` with all digits, as files and `--json` name jobs; people read the [`Display`](fmt::Display) of it.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.task, self.identity)
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.task, self.identity.short())
    }
}

/// Why a text cannot be the id of an experiment or of a type.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("`{text}` cannot be the id of {what}: {why}; an id names a folder, write for instance `{mend}`")]
pub struct InvalidId {
    text: String,
    what: &'static str,
    why: &'static str,
    mend: String,
}

/// Checks that `id` can name an experiment: not empty, at most 200 bytes, no `/`, `\`, `..` or control character, no
/// leading or trailing dot or blank.
///
/// # Errors
/// Says what is wrong with the id and proposes another.
pub fn check_experiment_id(id: &str) -> Result<(), InvalidId> {
    check(
        id,
        "an experiment",
        |c| !c.is_control() && c != '/' && c != '\\',
        "it holds `/`, `\\` or a control character",
    )
}

/// Checks that `id` can name a type: what [`check_experiment_id`] asks, and only ASCII letters, digits, `_`, `-` and `.`.
///
/// # Errors
/// Says what is wrong with the id and proposes another.
pub fn check_type_id(id: &str) -> Result<(), InvalidId> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    check(id, "a type", allowed, "it holds a character that is none of A-Z a-z 0-9 _ - .")
}

/// Checks that `name` can name a token: what [`check_experiment_id`] asks.
///
/// # Errors
/// Says what is wrong with the name and proposes another.
pub fn check_token_name(name: &str) -> Result<(), InvalidId> {
    check(name, "a token", |c| !c.is_control() && c != '/' && c != '\\', "it holds `/`, `\\` or a control character")
}

/// Checks that `name` can name a saved value: what [`check_experiment_id`] asks.
///
/// # Errors
/// Says what is wrong with the name and proposes another.
pub fn check_saved_name(name: &str) -> Result<(), InvalidId> {
    let allowed = |c: char| !c.is_control() && c != '/' && c != '\\';
    check(name, "a saved value", allowed, "it holds `/`, `\\` or a control character")
}

fn check(id: &str, what: &'static str, allowed: impl Fn(char) -> bool, charset: &'static str) -> Result<(), InvalidId> {
    let edge = |c: char| c == '.' || c.is_whitespace();
    let why = if id.is_empty() {
        "it is empty"
    } else if id.len() > 200 {
        "it is longer than 200 bytes"
    } else if !id.chars().all(&allowed) {
        charset
    } else if id.contains("..") {
        "it holds `..`"
    } else if id.starts_with(edge) || id.ends_with(edge) {
        "it begins or ends with a dot or a blank"
    } else {
        return Ok(());
    };
    let mut mend: String = id.chars().map(|c| if allowed(c) { c } else { '-' }).take(60).collect();
    while mend.contains("..") {
        mend = mend.replace("..", ".");
    }
    let mend = mend.trim_matches(|c| edge(c) || c == '-');
    let mend = if mend.is_empty() { "first-try" } else { mend }.to_owned();
    Err(InvalidId { text: id.chars().take(80).collect(), what, why, mend })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_read_back_and_reject_other_text() {
        let id = Identity::from_bytes(std::array::from_fn(|i| (i * 7) as u8));
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "00", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(bad.parse::<Identity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_names_one_folder() {
        for good in ["bm25-grid", "a.b_c", "été 2026", "0"] {
            assert_eq!(check_experiment_id(good), Ok(()), "{good}");
        }
        for bad in ["", "a/b", "..", "a..b", ".hidden", "a\\b", "a\nb", " a", &"x".repeat(201)] {
            let error = check_experiment_id(bad).unwrap_err();
            assert_eq!(check_experiment_id(&error.mend), Ok(()), "{error}");
        }
        assert!(check_type_id("ir/rank").unwrap_err().to_string().contains("`ir-rank`"));
        assert!(check_type_id("é").is_err());
        assert_eq!(check_type_id("ir.rank"), Ok(()));
    }
}
