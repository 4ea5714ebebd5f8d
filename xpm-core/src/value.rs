//! Argument values: what every argument of every configuration is turned into before anything else looks at it.
//!
//! One small tree serves the identity, the explanation, `params.json`, tags and the search for dependencies. It knows
//! types only through [`crate::schema`], and nothing of files, processes or time. Cloning a value is cheap: everything
//! that can be large is shared.

mod job_ref;
mod node;
mod tags;

use std::cmp::Ordering;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use job_ref::JobRef;

pub use node::{Node, Slot};
pub use tags::{KeptTags, TagValue, Tags, tags_path};
pub(crate) use tags::{TagText, read_tags, shortened};

/// The value of an argument.
#[derive(Clone)]
#[non_exhaustive]
pub enum Value {
    /// `None` or `()`.
    Nothing,
    /// A boolean.
    Bool(bool),
    /// An integer of any width.
    Int(i128),
    /// A float; an `f32` comes as the `f64` that its shortest decimal form reads as.
    Float(f64),
    /// A string or a character.
    Str(Arc<str>),
    /// A duration, exact to the nanosecond.
    Duration(Duration),
    /// A list or an array.
    List(Arc<[Value]>),
    /// A tuple.
    Tuple(Arc<[Value]>),
    /// A set, in any order.
    Set(Arc<[Value]>),
    /// A map, in any order.
    Map(Arc<[(Value, Value)]>),
    /// A path on this machine; never in the identity.
    Path(Arc<Path>),
    /// A serde value (`#[param(json)]`).
    Json(Arc<serde_json::Value>),
    /// A configuration, or a variant of a closed family.
    Config(Arc<Node>),
    /// A submitted task, given as itself.
    Job(Arc<JobRef>),
    /// The value a job will return.
    Promise(Arc<JobRef>),
    /// A file in a job's folder.
    File(Arc<JobRef>, Arc<Path>),
    /// A configuration that stands for something a job made.
    Produced(Arc<JobRef>, Arc<Node>),
    /// A value marked with [`tag`](crate::tag): its tag is named after the argument that it is given to.
    Tagged(Arc<Value>),
    /// A value whose tags stay hidden from what it is part of.
    TagsStopped(Arc<Value>),
    /// Something that cannot be an argument; why is told at submit, with the argument's path.
    Refused(Arc<str>),
}

impl Value {
    /// The value below [`tag`](crate::tag) and [`stop_tags`](crate::stop_tags) marks.
    pub fn unmarked(&self) -> &Value {
        let mut value = self;
        while let Value::Tagged(inner) | Value::TagsStopped(inner) = value {
            value = inner;
        }
        value
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.unmarked() {
            Value::Nothing => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Str(_) => "a string",
            Value::Duration(_) => "a duration",
            Value::List(_) => "a list",
            Value::Tuple(_) => "a tuple",
            Value::Set(_) => "a set",
            Value::Map(_) => "a map",
            Value::Path(_) => "a path",
            Value::Json(_) => "a JSON value",
            Value::Config(_) => "a configuration",
            Value::Job(_) => "a job",
            Value::Promise(_) => "the output of a job",
            Value::File(..) => "a file of a job",
            Value::Produced(..) => "a configuration made by a job",
            Value::Refused(_) => "a refused value",
            Value::Tagged(_) | Value::TagsStopped(_) => "a marked value",
        }
    }

    /// Whether both are the same small value or share the same large one. Says `false` for two equal large values that
    /// were made apart: it decides sharing, never identity.
    pub(crate) fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Nothing, Value::Nothing) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Duration(a), Value::Duration(b)) => a == b,
            (Value::Str(a), Value::Str(b)) | (Value::Refused(a), Value::Refused(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) | (Value::Set(a), Value::Set(b)) => {
                Arc::ptr_eq(a, b)
            }
            (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
            (Value::Path(a), Value::Path(b)) => Arc::ptr_eq(a, b),
            (Value::Json(a), Value::Json(b)) => Arc::ptr_eq(a, b),
            (Value::Config(a), Value::Config(b)) => Arc::ptr_eq(a, b),
            (Value::Job(a), Value::Job(b)) | (Value::Promise(a), Value::Promise(b)) => Arc::ptr_eq(a, b),
            (Value::File(a, p), Value::File(b, q)) => Arc::ptr_eq(a, b) && p == q,
            (Value::Produced(a, m), Value::Produced(b, n)) => Arc::ptr_eq(a, b) && Arc::ptr_eq(m, n),
            (Value::Tagged(a), Value::Tagged(b)) | (Value::TagsStopped(a), Value::TagsStopped(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Value {
    /// An order in which parts of sets and maps are shown: hash tables have another one each time.
    pub(crate) fn shown_order(&self, other: &Self) -> Ordering {
        match (self.unmarked(), other.unmarked()) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
            (Value::Str(a), Value::Str(b)) => a.cmp(b),
            (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
            (a, b) => a.to_string().cmp(&b.to_string()),
        }
    }
}

/// A short text, as in tags, tables and explanations. Long lists are cut; a configuration shows its type and arguments.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nothing => f.write_str("none"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Float(x) => write!(f, "{x:?}"),
            Value::Str(s) => write!(f, "{s:?}"),
            Value::Duration(d) => write!(f, "{d:?}"),
            Value::List(items) => sequence(f, '[', items, ']'),
            Value::Tuple(items) => sequence(f, '(', items, ')'),
            Value::Set(items) => {
                let mut items: Vec<&Value> = items.iter().collect();
                items.sort_by(|a, b| a.shown_order(b));
                sequence(f, '{', &items, '}')
            }
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|(a, _), (b, _)| a.shown_order(b));
                f.write_str("{")?;
                for (i, (key, value)) in entries.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{key}: {value}", if i > 0 { ", " } else { "" })?;
                }
                more(f, entries.len())?;
                f.write_str("}")
            }
            Value::Path(path) => write!(f, "{}", path.display()),
            Value::Json(json) => write!(f, "{json}"),
            Value::Config(node) => write!(f, "{node}"),
            Value::Job(job) => write!(f, "{}", job.key),
            Value::Promise(job) => write!(f, "output of {}", job.key),
            Value::File(job, path) => write!(f, "{} of {}", path.display(), job.key),
            Value::Produced(job, node) => write!(f, "{node} made by {}", job.key),
            Value::Tagged(value) | Value::TagsStopped(value) => write!(f, "{value}"),
            Value::Refused(why) => write!(f, "<{why}>"),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The `f64` that the shortest decimal form of `value` reads as, so that `0.1f32` and `0.1f64` are one value.
pub(crate) fn widen(value: f32) -> f64 {
    if value.is_finite() { value.to_string().parse().unwrap_or(f64::from(value)) } else { f64::from(value) }
}

/// The `f32` that [`widen`] made `value` from.
pub(crate) fn narrow(value: f64) -> f32 {
    if value.is_finite() { value.to_string().parse().unwrap_or(value as f32) } else { value as f32 }
}

/// Whether no `f32` is this number: as one it would be another, and have another identity.
#[cfg(feature = "cli")]
pub(crate) fn is_too_fine(value: f64) -> bool {
    !value.is_nan() && widen(narrow(value)) != value
}

/// How many items of a list a short text shows.
const SHOWN: usize = 8;

fn sequence(f: &mut fmt::Formatter<'_>, open: char, items: &[impl fmt::Display], close: char) -> fmt::Result {
    write!(f, "{open}")?;
    for (i, item) in items.iter().take(SHOWN).enumerate() {
        write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
    }
    more(f, items.len())?;
    write!(f, "{close}")
}

fn more(f: &mut fmt::Formatter<'_>, len: usize) -> fmt::Result {
    if len > SHOWN { write!(f, ", … {} more", len - SHOWN) } else { Ok(()) }
}
