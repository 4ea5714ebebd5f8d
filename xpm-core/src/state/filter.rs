//! The filter language: `state = failed and k1 in [0.6, 0.9]`.
//!
//! A [`Filter`] is parsed once and asked of many jobs; it sees a job only through [`Fields`]. The language, with its
//! grammar and what it does with fields that are missing or of another kind, is in `docs/filter.md`.

mod compare;
mod error;
mod expr;
mod known;
mod lexer;
mod literal;
mod parser;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod table;
mod times;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::time::{Duration, SystemTime};

pub(super) use compare::compare;
pub use error::FilterError;
use expr::Expr;
pub use known::{FieldKind, KNOWN_FIELDS};
pub(super) use literal::Number;
pub(super) use times::of_tag;

use crate::near::did_you_mean;

/// What a filter asks of a job (or of anything that has fields).
pub trait Fields {
    /// The value of the field that is written `path` in a filter; `None` if there is no such field here.
    fn field(&self, path: &str) -> Option<FieldValue<'_>>;
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldValue<'a> {
    /// The field is there and holds nothing. A filter sees no difference to a field that is missing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer; also a size in bytes.
    Int(i128),
    /// A float.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// An identity, which equals every beginning of it.
    Id(Cow<'a, str>),
    /// A time.
    Time(SystemTime),
    /// A length of time.
    Duration(Duration),
    /// Several values at once, as of a job that is in several runs. A comparison holds if it holds for one of them,
    /// and `!=` if none of them is equal.
    AnyOf(Vec<FieldValue<'a>>),
}

impl FieldValue<'_> {
    /// The same value, with its texts.
    pub(super) fn into_owned(self) -> FieldValue<'static> {
        match self {
            Self::Null => FieldValue::Null,
            Self::Bool(b) => FieldValue::Bool(b),
            Self::Int(i) => FieldValue::Int(i),
            Self::Float(x) => FieldValue::Float(x),
            Self::Text(text) => FieldValue::Text(Cow::Owned(text.into_owned())),
            Self::Id(id) => FieldValue::Id(Cow::Owned(id.into_owned())),
            Self::Time(time) => FieldValue::Time(time),
            Self::Duration(duration) => FieldValue::Duration(duration),
            Self::AnyOf(values) => FieldValue::AnyOf(values.into_iter().map(FieldValue::into_owned).collect()),
        }
    }
}

impl<'a> From<&'a str> for FieldValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// A parsed filter.
///
/// ```
/// use xpm_core::state::filter::{FieldValue, Fields, Filter};
///
/// struct Job { state: &'static str, k1: f64 }
/// impl Fields for Job {
///     fn field(&self, path: &str) -> Option<FieldValue<'_>> {
///         match path {
///             "state" => Some(self.state.into()),
///             "k1" | "model.k1" => Some(FieldValue::Float(self.k1)),
///             _ => None,
///         }
///     }
/// }
///
/// let filter = Filter::parse("state = failed and k1 in [0.6, 0.9]")?;
/// assert!(filter.matches(&Job { state: "failed", k1: 0.9 }));
/// assert!(!filter.matches(&Job { state: "done", k1: 0.9 }));
/// # Ok::<(), xpm_core::state::filter::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    source: String,
    expr: Expr,
    fields: Vec<FieldName>,
}

/// A field that a filter names, and where.
#[derive(Clone, Debug, PartialEq)]
struct FieldName {
    path: String,
    span: std::ops::Range<usize>,
}

impl Filter {
    /// Parses a filter. `today`, `-2d` and the like are counted from now.
    ///
    /// # Errors
    /// If the text is no filter; the message shows where, with what was expected there.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::parse_at(text, crate::clock::now())
    }

    /// The same, with `today` and the like counted from `now`.
    ///
    /// # Errors
    /// If the text is no filter.
    pub fn parse_at(text: &str, now: SystemTime) -> Result<Self, FilterError> {
        parser::parse(text, now).map_err(|wrong| wrong.into_error(text))
    }

    /// Whether the filter holds.
    pub fn matches(&self, job: &impl Fields) -> bool {
        compare::holds(&self.expr, &mut |index| job.field(&self.fields[index].path))
    }

    /// The fields that it names, as they are written, each once.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.path.as_str())
    }

    /// A matcher that notes which fields were there at all, so that a mistyped one does not pass for an empty result.
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher { filter: self, seen: vec![Cell::new(false); self.fields.len()] }
    }

    /// Of the fields `missing`, which nobody has asked a job for in vain yet, names the first that none of `jobs` has.
    pub(super) fn check_missing<J>(
        &self,
        mut missing: Vec<&str>,
        jobs: impl IntoIterator<Item = J>,
        has: impl Fn(&J, &str) -> bool,
        names: impl FnOnce() -> Vec<String>,
    ) -> Result<(), FilterError> {
        missing.retain(|path| KNOWN_FIELDS.iter().all(|(name, _)| name != path));
        for job in jobs {
            if missing.is_empty() {
                break;
            }
            missing.retain(|path| !has(&job, path));
        }
        match missing.first() {
            Some(path) => Err(self.unknown_field(path, names().iter().map(String::as_str))),
            None => Ok(()),
        }
    }

    /// The error for a field that nothing has: `names` are the fields that there are.
    pub fn unknown_field<'n>(&self, path: &str, names: impl IntoIterator<Item = &'n str>) -> FilterError {
        let span = self.fields.iter().find(|field| field.path == path).map_or(0..0, |field| field.span.clone());
        let known = KNOWN_FIELDS.iter().map(|(name, _)| *name);
        let meant = did_you_mean(path, known.chain(names));
        error::Wrong::at(span, format!("no job here has a field `{path}`{meant}")).into_error(&self.source)
    }
}

/// The filter as it is normally written: parsing it again gives an equal filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.write(f, &self.fields)
    }
}

/// A filter that is being asked of many jobs.
#[derive(Debug)]
pub struct Matcher<'f> {
    filter: &'f Filter,
    seen: Vec<Cell<bool>>,
}

impl<'f> Matcher<'f> {
    /// Whether the filter holds.
    pub fn matches(&self, job: &impl Fields) -> bool {
        compare::holds(&self.filter.expr, &mut |index| {
            let value = job.field(&self.filter.fields[index].path);
            if value.is_some() {
                self.seen[index].set(true);
            }
            value
        })
    }

    /// The fields that no job had so far. One that was never asked for (`false and x = 1` does not look at `x`) is among
    /// them: ask the jobs for it before saying that there is none.
    pub fn never_seen(&self) -> Vec<&'f str> {
        let fields = self.filter.fields.iter().zip(&self.seen);
        fields.filter(|(_, seen)| !seen.get()).map(|(field, _)| field.path.as_str()).collect()
    }

    /// Checks that every field was had by some of `jobs`, the same jobs that it was asked of. The fields that xpm itself
    /// knows always count as had.
    ///
    /// # Errors
    /// Names the first field that none has, with near ones among `names`.
    pub fn check<'j, F: Fields + 'j>(
        &self,
        jobs: impl IntoIterator<Item = &'j F>,
        names: impl FnOnce() -> Vec<String>,
    ) -> Result<(), FilterError> {
        self.filter.check_missing(self.never_seen(), jobs, |job, path| job.field(path).is_some(), names)
    }
}
