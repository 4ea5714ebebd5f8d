//! The fields that every job has, and of what kind they are, so that a value of another kind is an error and not an
//! empty result.

use super::error::Wrong;
use super::literal::Literal;
use crate::near::did_you_mean;
use crate::state::status::JobStatus;

/// The kind of a field that every job has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// One of the states of a job.
    State,
    /// A text.
    Text,
    /// An identity.
    Id,
    /// A number.
    Number,
    /// An amount of bytes.
    Bytes,
    /// A time.
    Time,
    /// A length of time.
    Duration,
}

/// The fields that xpm itself gives every job.
pub const KNOWN_FIELDS: &[(&str, FieldKind)] = &[
    ("state", FieldKind::State),
    ("task", FieldKind::Text),
    ("id", FieldKind::Id),
    ("experiment", FieldKind::Text),
    ("run", FieldKind::Text),
    ("start", FieldKind::Time),
    ("end", FieldKind::Time),
    ("duration", FieldKind::Duration),
    ("attempt", FieldKind::Number),
    ("host", FieldKind::Text),
    ("cpu", FieldKind::Duration),
    ("memory", FieldKind::Bytes),
];

/// Checks that a literal can be compared with the field at all.
pub(super) fn check(path: &str, literal: &Literal, span: std::ops::Range<usize>) -> Result<(), Wrong> {
    let Some((name, kind)) = KNOWN_FIELDS.iter().find(|(name, _)| *name == path) else { return Ok(()) };
    let readings = literal.readings();
    let (fits, wanted) = match kind {
        FieldKind::State => {
            let states = JobStatus::NAMES;
            if states.contains(&literal.text()) || readings.null {
                return Ok(());
            }
            let meant = did_you_mean(literal.text(), states);
            let meant = if meant.is_empty() { format!("; states are {}", states.join(", ")) } else { meant };
            return Err(Wrong::at(span, format!("`{}` is no state{meant}", literal.text())));
        }
        FieldKind::Text => (true, ""),
        FieldKind::Id => {
            let digits = literal.text().rsplit('/').next().unwrap_or_default();
            let hexadecimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
            (hexadecimal, "hexadecimal digits, the first few are enough")
        }
        FieldKind::Number => (readings.number.is_some(), "a number"),
        FieldKind::Bytes => (readings.number.is_some(), "an amount of bytes, for instance 4GiB, 500MB or 1024"),
        FieldKind::Time => {
            (readings.time.is_some(), "a time, for instance 2026-11-01, 2026-11-01T10:00, today, -2d or `3h ago`")
        }
        FieldKind::Duration => (
            readings.duration.is_some() || readings.number.is_some(),
            "a length of time, for instance 90s or 2h30m; a number counts seconds",
        ),
    };
    if fits || readings.null {
        return Ok(());
    }
    Err(Wrong::at(span, format!("`{name}` takes {wanted}, and `{}` is none", literal.text())))
}
