//! A configuration as a value: its type and a slot per argument, shared by everything that refers to it.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::{KeptTags, TagValue, Tags, Value};
use crate::ids::Identity;
use crate::schema::{ArgList, TypeKind, TypeSchema};

/// How deep configurations may nest. Far above any real plan, and low enough for a walk to be plain recursion.
const MAX_DEPTH: u32 = 1_000;

/// The value of one argument and where the plan set it.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The value.
    pub value: Value,
    /// Where it was set; `None` for a default.
    pub set_at: Option<&'static Location<'static>>,
}

impl Slot {
    /// A slot that the plan did not fill itself.
    pub fn unset(value: Value) -> Self {
        Self { value, set_at: None }
    }
}

/// A configuration, or one variant of a closed family.
pub struct Node {
    schema: &'static TypeSchema,
    variant: Option<usize>,
    slots: Box<[Slot]>,
    own_tags: Tags,
    facts: Facts,
    /// Computed once, by [`crate::identity`].
    pub(crate) digest: OnceLock<Result<Identity, crate::identity::Refused>>,
    tags: OnceLock<KeptTags>,
}

/// What is asked of a whole subtree again and again, gathered when a node is made.
#[derive(Clone, Copy, Default)]
pub(crate) struct Facts {
    pub(crate) depth: u32,
    /// A type below has a `validate` function.
    pub(crate) validated: bool,
    /// Something below is no plain data: a job, a task, a path, or a value that is refused.
    pub(crate) refers: bool,
}

impl Node {
    /// A node of `schema` (its variant number `variant` if it is a closed family), with one slot per argument in the
    /// order of the schema.
    ///
    /// # Panics
    /// If the number of slots is not the number of arguments: the macros see to it.
    pub fn new(schema: &'static TypeSchema, variant: Option<usize>, mut slots: Vec<Slot>, own_tags: Tags) -> Arc<Self> {
        assert_eq!(slots.len(), schema.arguments(variant).len(), "a slot for each argument of {}", schema.id());
        let mut facts = Facts { validated: schema.validated(), ..Facts::default() };
        for slot in &mut slots {
            facts.add(&slot.value);
            if facts.depth > MAX_DEPTH {
                slot.value = Value::Refused(format!("configurations are nested more than {MAX_DEPTH} deep").into());
                facts.depth = 0;
                facts.refers = true;
            }
        }
        let node = Arc::new(Self {
            schema,
            variant,
            slots: slots.into(),
            own_tags,
            facts,
            digest: OnceLock::new(),
            tags: OnceLock::new(),
        });
        // Parts are made before what they are part of, so this never goes deeper than one level, on however small a stack.
        let _ = crate::identity::digest(&node);
        node.tags();
        node
    }

    /// The type of this configuration.
    pub fn schema(&self) -> &'static TypeSchema {
        self.schema
    }

    /// The number of its variant in the schema, for a closed family.
    pub fn variant(&self) -> Option<usize> {
        self.variant
    }

    /// What the schema says of its arguments.
    pub fn arguments(&self) -> &'static ArgList {
        self.schema.arguments(self.variant)
    }

    /// Its arguments, in the order of the schema.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The tags set on this configuration itself.
    pub fn own_tags(&self) -> &Tags {
        &self.own_tags
    }

    pub(crate) fn facts(&self) -> Facts {
        self.facts
    }

    /// The variant's name, or the last part of the type's id.
    pub(crate) fn short_name(&self) -> &str {
        match self.variant {
            Some(index) => self.schema.variants()[index].name,
            None => self.schema.id().rsplit('.').next().unwrap_or(self.schema.id()),
        }
    }

    /// Its tags and those of everything below it. An outer tag hides an inner one of the same name; where two parts
    /// beside each other disagree about a tag, it is left out, since it says nothing of the whole. Computed once for each
    /// node, so shared parts cost nothing.
    pub fn tags(&self) -> KeptTags {
        self.tags
            .get_or_init(|| {
                let mut found = Gathered::default();
                for (arg, slot) in self.arguments().iter().zip(&self.slots) {
                    found.value(&slot.value, arg.name);
                }
                let mut tags: Tags = found.below.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
                tags.append(&mut found.marked);
                tags.extend(self.own_tags.iter().map(|(k, v)| (k.clone(), v.clone())));
                tags.into()
            })
            .clone()
    }
}

/// The tags that a node's arguments bring.
#[derive(Default)]
struct Gathered {
    /// Those marked right here, by `tag(value)`.
    marked: Tags,
    /// Those of configurations and jobs below; `None` where two disagree.
    below: BTreeMap<String, Option<TagValue>>,
}

impl Gathered {
    fn value(&mut self, value: &Value, name: &str) {
        match value {
            Value::Tagged(inner) => {
                self.value(inner, name);
                self.marked.insert(name.to_owned(), TagValue::of(inner));
            }
            Value::Config(node) => self.tags(&node.tags()),
            Value::Produced(job, node) => {
                self.tags(&job.tags);
                self.tags(&node.tags());
            }
            Value::Job(job) | Value::Promise(job) | Value::File(job, _) => self.tags(&job.tags),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.item(item, name, &i);
                }
            }
            Value::Map(entries) => {
                for (key, item) in entries.iter() {
                    self.item(item, name, &TagValue::of(key));
                }
            }
            _ => {}
        }
    }

    /// An item marked inside a container is named `argument.index` or `argument.key`.
    fn item(&mut self, item: &Value, name: &str, step: &dyn fmt::Display) {
        match item {
            Value::Tagged(_) | Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Map(_) => {
                self.value(item, &format!("{name}.{step}"));
            }
            _ => self.value(item, name),
        }
    }

    fn tags(&mut self, tags: &KeptTags) {
        for (name, value) in tags.iter() {
            match self.below.get_mut(&**name) {
                Some(known) if known.as_ref() != Some(value) => *known = None,
                Some(_) => {}
                None => {
                    self.below.insert(String::from(&**name), Some(value.clone()));
                }
            }
        }
    }
}

impl Facts {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Config(node) => self.add_node(node),
            Value::Produced(_, node) => {
                self.refers = true;
                self.add_node(node);
            }
            Value::Job(_) | Value::Promise(_) | Value::File(..) | Value::Path(_) | Value::Refused(_) => {
                self.refers = true;
            }
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().for_each(|v| self.add(v)),
            Value::Map(entries) => entries.iter().for_each(|(k, v)| {
                self.add(k);
                self.add(v);
            }),
            Value::Tagged(inner) | Value::TagsStopped(inner) => self.add(inner),
            _ => {}
        }
    }

    fn add_node(&mut self, node: &Node) {
        self.depth = self.depth.max(node.facts.depth + 1);
        self.validated |= node.facts.validated;
        self.refers |= node.facts.refers || node.schema.kind() == TypeKind::Task;
    }
}

/// Type and arguments, nested ones by type only.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short_name())?;
        let mut shown = 0;
        for (arg, slot) in self.arguments().iter().zip(&self.slots) {
            if matches!(slot.value.unmarked(), Value::Nothing) {
                continue;
            }
            f.write_str(if shown == 0 { "(" } else { ", " })?;
            shown += 1;
            match slot.value.unmarked() {
                Value::Config(node) => write!(f, "{}={}", arg.name, node.short_name())?,
                other => write!(f, "{}={other}", arg.name)?,
            }
        }
        if shown > 0 { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
