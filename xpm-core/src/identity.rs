//! The identity: which arguments take part in it, their encoding, the digest, and the explanation of all that.
//!
//! The traversal is written once, in `visit`, and has two sinks: the digest and the explanation, so they cannot
//! disagree. The format is specified in `docs/identity.md` and held by golden vectors; any change of it raises
//! [`FORMAT`]. This room does not know who asks, nor anything of files and processes.

mod canonical_json;
mod encode;
mod explain;

pub use canonical_json::canonical_json;
#[cfg(feature = "cli")]
pub(crate) use encode::encoded;
pub use encode::{digest, digest_without};
pub use explain::{ExplainedArgument, Explanation, Standing, explain};

use serde::{Deserialize, Serialize};

use crate::schema::{ArgSchema, Role, Type};
use crate::value::{Node, Slot, Value};

/// The format byte of the encoding.
pub const FORMAT: u8 = b'1';

/// Why an argument is not in the identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// `#[param(ignored)]`.
    Ignored,
    /// `#[param(path = "…")]`: a file of the job's own folder.
    JobPath,
    /// Its type is a path, or an option, list or set of paths.
    Path,
    /// It is `None` and has no default.
    Absent,
    /// `#[param(ignore_default)]`, and it equals its default.
    Default,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LeftOut::Ignored => "ignored",
            LeftOut::JobPath => "a file of the job's folder",
            LeftOut::Path => "a path",
            LeftOut::Absent => "not set",
            LeftOut::Default => "equal to its default",
        })
    }
}

/// A value that has no identity, and so cannot be an argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("argument `{path}`: {why}")]
pub struct Refused {
    /// The argument, dotted from the configuration that was asked for: `model.k1`, `weights["a"]`.
    pub path: String,
    /// What is wrong.
    pub why: String,
}

impl Refused {
    fn new(why: impl Into<String>) -> Self {
        Self { path: String::new(), why: why.into() }
    }

    /// The same error seen from one step further out.
    fn under(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

/// What a traversal of one configuration's arguments is told.
trait Sink {
    /// The argument takes part, with this encoding.
    fn takes_part(&mut self, arg: &'static ArgSchema, slot: &Slot, encoding: &[u8]);
    /// The argument is left out.
    fn left_out(&mut self, arg: &'static ArgSchema, slot: &Slot, why: LeftOut);
}

/// Tells `sink` of every argument of `node`, in the order in which they enter the identity.
fn visit(node: &Node, sink: &mut impl Sink) -> Result<(), Refused> {
    let args = node.arguments();
    let mut encoding = Vec::new();
    for &index in args.in_identity_order() {
        let (arg, slot) = (&args[index], &node.slots()[index]);
        if let Some(why) = left_out_unseen(arg, &slot.value) {
            sink.left_out(arg, slot, why);
            continue;
        }
        encoding.clear();
        encode::value(&slot.value, &mut encoding).map_err(|error| error.under(arg.name))?;
        let encode_default = |value: &Value| {
            let mut out = Vec::new();
            encode::value(value, &mut out).ok().map(|()| out)
        };
        if arg.ignore_default && arg.is_default(&encoding, encode_default) {
            sink.left_out(arg, slot, LeftOut::Default);
        } else {
            sink.takes_part(arg, slot, &encoding);
        }
    }
    Ok(())
}

/// The arguments of `node` that are not in its identity, and why.
pub(crate) fn left_out(node: &Node) -> Vec<(&'static str, LeftOut)> {
    struct Names(Vec<(&'static str, LeftOut)>);
    impl Sink for Names {
        fn takes_part(&mut self, _: &'static ArgSchema, _: &Slot, _: &[u8]) {}

        fn left_out(&mut self, arg: &'static ArgSchema, _: &Slot, why: LeftOut) {
            self.0.push((arg.name, why));
        }
    }
    let mut names = Names(Vec::new());
    // What is refused has no identity, and was refused when it was submitted.
    let _ = visit(node, &mut names);
    names.0
}

/// Why an argument is left out, as far as that shows without its encoding.
fn left_out_unseen(arg: &ArgSchema, value: &Value) -> Option<LeftOut> {
    match arg.role {
        Role::Ignored => Some(LeftOut::Ignored),
        Role::JobPath(_) => Some(LeftOut::JobPath),
        Role::Argument if arg.ty.is_path() && !made_by_job(value) => Some(LeftOut::Path),
        Role::Argument if is_absent(arg, value) => Some(LeftOut::Absent),
        Role::Argument => None,
    }
}

fn is_absent(arg: &ArgSchema, value: &Value) -> bool {
    matches!(arg.ty, Type::Option(_)) && !arg.has_default() && matches!(value.unmarked(), Value::Nothing)
}

fn made_by_job(value: &Value) -> bool {
    match value.unmarked() {
        Value::File(..) | Value::Promise(_) | Value::Refused(_) => true,
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().any(made_by_job),
        _ => false,
    }
}
