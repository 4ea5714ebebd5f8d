//! The explanation of an identity: every argument below, its value, and whether and why it was left out.

use std::collections::HashSet;
use std::fmt;
use std::panic::Location;

use super::{LeftOut, Refused, Sink, digest, visit};
use crate::ids::Identity;
use crate::schema::{ArgSchema, Role};
use crate::value::{Node, Slot, Value};

/// Whether an argument takes part in the identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It takes part.
    TakesPart,
    /// It is left out.
    LeftOut(LeftOut),
}

/// One argument of an explanation.
#[derive(Clone, Debug)]
pub struct ExplainedArgument {
    /// Its path, dotted from the configuration that was asked for: `model.k1`.
    pub path: String,
    /// Its value as a short text.
    pub value: String,
    /// Whether it takes part in the identity of the configuration that it is an argument of.
    pub standing: Standing,
    /// Where the plan set it; `None` for a default.
    pub set_at: Option<&'static Location<'static>>,
}

/// Everything that an identity was computed from, and what was left out of it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The type's id.
    pub type_id: String,
    /// Its declared version.
    pub version: Option<u64>,
    /// The identity.
    pub identity: Identity,
    /// Every argument, nested ones behind the configuration that holds them. A configuration that is shared is
    /// explained where it is met first, and named where it is met again.
    pub arguments: Vec<ExplainedArgument>,
}

/// Explains the identity of `node`.
///
/// # Errors
/// If a value below cannot be an argument; names the argument.
pub fn explain(node: &Node) -> Result<Explanation, Refused> {
    let mut explanation = Explanation {
        type_id: node.schema().id().to_owned(),
        version: node.schema().version(),
        identity: digest(node)?,
        arguments: Vec::new(),
    };
    let mut explainer = Explainer { out: &mut explanation.arguments, prefix: String::new(), seen: HashSet::new() };
    visit(node, &mut explainer)?;
    Ok(explanation)
}

struct Explainer<'a> {
    out: &'a mut Vec<ExplainedArgument>,
    prefix: String,
    seen: HashSet<*const Node>,
}

impl Explainer<'_> {
    fn push(&mut self, arg: &ArgSchema, slot: &Slot, standing: Standing) {
        let path = format!("{}{}", self.prefix, arg.name);
        let value = match (nested(&slot.value), arg.role) {
            (Some(node), _) => match node.variant() {
                Some(_) => format!("{}::{}", node.schema().id(), node.short_name()),
                None => node.schema().id().to_owned(),
            },
            // The job's folder is not known here.
            (None, Role::JobPath(file)) => file.to_owned(),
            (None, _) => slot.value.to_string(),
        };
        self.out.push(ExplainedArgument { path: path.clone(), value, standing, set_at: slot.set_at });
        if standing == Standing::TakesPart {
            self.below(&slot.value, &path);
        }
    }

    fn below(&mut self, value: &Value, path: &str) {
        match value.unmarked() {
            Value::Config(node) | Value::Produced(_, node) => {
                let address = std::ptr::from_ref(&**node);
                if !self.seen.insert(address) {
                    return;
                }
                let outer = std::mem::replace(&mut self.prefix, format!("{path}."));
                // What is refused below has been refused by the digest already.
                let _ = visit(node, self);
                self.prefix = outer;
            }
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.below(item, &format!("{path}[{i}]"));
                }
            }
            Value::Map(entries) => {
                for (key, item) in entries.iter() {
                    self.below(item, &format!("{path}[{key}]"));
                }
            }
            _ => {}
        }
    }
}

fn nested(value: &Value) -> Option<&Node> {
    match value.unmarked() {
        Value::Config(node) => Some(node),
        _ => None,
    }
}

impl Sink for Explainer<'_> {
    fn takes_part(&mut self, arg: &'static ArgSchema, slot: &Slot, _: &[u8]) {
        self.push(arg, slot, Standing::TakesPart);
    }

    fn left_out(&mut self, arg: &'static ArgSchema, slot: &Slot, why: LeftOut) {
        self.push(arg, slot, Standing::LeftOut(why));
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.type_id)?;
        if let Some(version) = self.version {
            write!(f, " version {version}")?;
        }
        writeln!(f, " {}", self.identity)?;
        for arg in &self.arguments {
            write!(f, "  {} = {}", arg.path, arg.value)?;
            if let Standing::LeftOut(why) = arg.standing {
                write!(f, "  (left out: {why})")?;
            }
            match arg.set_at {
                Some(place) => writeln!(f, "  set at {place}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
