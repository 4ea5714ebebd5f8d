//! What a configuration refers to: the jobs that it depends on, and what must not be there.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;

use crate::ids::JobKey;
use crate::schema::TypeKind;
use crate::value::{Node, Slot, Value};

/// What the arguments of a configuration refer to.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// The jobs, each once, in the order in which they are met.
    pub(crate) jobs: IndexMap<JobKey, ()>,
    /// Tasks that were given without being submitted.
    pub(crate) unsubmitted: Vec<Mention>,
    /// Values that cannot be arguments, and why. Those that enter the identity are refused there already.
    pub(crate) refused: Vec<(Mention, String)>,
    /// Plain paths that lie inside the folder that was asked about.
    pub(crate) inside: Vec<(Mention, PathBuf)>,
}

/// An argument, and where it was set.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    /// Its path, dotted.
    pub(crate) path: String,
    /// `file:line:column`, if the plan set it.
    pub(crate) place: Option<String>,
}

/// Gathers what `node` refers to. Plain paths are compared with `folder`, which is absolute. Each shared part is walked
/// once.
pub(crate) fn references(node: &Node, folder: &Path) -> References {
    let mut walk = Walk { folder, found: References::default(), seen: HashSet::new(), path: Vec::new() };
    walk.node(node);
    walk.found
}

struct Walk<'a> {
    folder: &'a Path,
    found: References,
    seen: HashSet<*const Node>,
    path: Vec<String>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node) {
        if !self.seen.insert(std::ptr::from_ref(node)) {
            return;
        }
        for (arg, slot) in node.arguments().iter().zip(node.slots()) {
            self.path.push(arg.name.to_owned());
            self.value(&slot.value, slot);
            self.path.pop();
        }
    }

    fn value(&mut self, value: &Value, slot: &Slot) {
        match value {
            Value::Config(node) => {
                if node.schema().kind() == TypeKind::Task {
                    let mention = self.mention(slot);
                    self.found.unsubmitted.push(mention);
                }
                if node.facts().refers {
                    self.node(node);
                }
            }
            Value::Produced(job, node) => {
                self.found.jobs.insert(job.key.clone(), ());
                self.node(node);
            }
            Value::Refused(why) => {
                let refused = (self.mention(slot), why.to_string());
                self.found.refused.push(refused);
            }
            Value::Job(job) | Value::Promise(job) | Value::File(job, _) => {
                self.found.jobs.insert(job.key.clone(), ());
            }
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                // Lists of numbers can be long, and hold nothing to find.
                for (i, item) in items.iter().enumerate().filter(|(_, item)| refers(item)) {
                    self.path.push(format!("[{i}]"));
                    self.value(item, slot);
                    self.path.pop();
                }
            }
            Value::Map(entries) => {
                for (key, item) in entries.iter() {
                    self.path.push(format!("[{key}]"));
                    self.value(key, slot);
                    self.value(item, slot);
                    self.path.pop();
                }
            }
            Value::Path(path) => {
                let absolute = normalised(path);
                if absolute.starts_with(self.folder) {
                    let mention = self.mention(slot);
                    self.found.inside.push((mention, absolute));
                }
            }
            Value::Tagged(inner) | Value::TagsStopped(inner) => self.value(inner, slot),
            _ => {}
        }
    }

    fn mention(&self, slot: &Slot) -> Mention {
        let path = self.path.join(".").replace(".[", "[");
        Mention { path, place: slot.set_at.map(ToString::to_string) }
    }
}

fn refers(value: &Value) -> bool {
    !matches!(value, Value::Nothing | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_))
}

/// The absolute path with `.` and `..` taken out, links resolved as far as the path exists.
pub(crate) fn normalised(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    let mut rest = PathBuf::new();
    let mut known = clean.as_path();
    loop {
        if let Ok(real) = known.canonicalize() {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
        let (Some(parent), Some(name)) = (known.parent(), known.file_name()) else { return clean };
        rest = if rest.as_os_str().is_empty() { PathBuf::from(name) } else { Path::new(name).join(rest) };
        known = parent;
    }
}
