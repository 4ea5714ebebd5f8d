//! What an argument struct carries beside its arguments: tags, what `submit` needs to know, and the node made of it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ids::JobKey;
use crate::schema::{Resources, TypeSchema};
use crate::value::{Node, Slot, TagValue, Tags};

/// What `submit` is told beside the arguments. Never in the identity.
#[derive(Clone, Debug, Default)]
pub struct SubmitOptions {
    /// Jobs to wait for that no argument refers to.
    pub depends_on: Vec<JobKey>,
    /// Tokens and how much of each.
    pub tokens: Vec<(Arc<str>, u64)>,
    /// What the job needs, where it differs from what its task declares.
    pub resources: Resources,
    /// Higher first; `None` for the usual one, 0.
    pub priority: Option<i64>,
    /// How often a failed attempt is followed by another; `None` for what the task or the workspace says.
    pub max_retries: Option<u32>,
    /// How long the first retry is held off; `None` for the usual delay.
    pub retry_delay: Option<Duration>,
}

impl SubmitOptions {
    /// Whether a job that waits already has nothing to learn from this.
    pub(crate) fn asks_nothing(&self) -> bool {
        let Self { depends_on, tokens, resources: _, priority, max_retries, retry_delay } = self;
        let lists = depends_on.is_empty() && tokens.is_empty();
        lists && priority.is_none() && max_retries.is_none() && retry_delay.is_none()
    }

    /// Whether it asks for nothing at all.
    pub(crate) fn is_nothing(&self) -> bool {
        self.asks_nothing() && self.resources == Resources::default()
    }
}

/// The part of an argument struct that is no argument.
#[derive(Default)]
pub struct Meta {
    tags: Tags,
    options: SubmitOptions,
    /// The node last made, handed out again as long as no argument has changed: what is shared stays shared.
    node: Mutex<Option<Arc<Node>>>,
}

impl Meta {
    /// Adds a tag.
    pub fn tag(&mut self, name: String, value: TagValue) {
        self.tags.insert(name, value);
    }

    /// What `submit` is told.
    pub fn options(&self) -> &SubmitOptions {
        &self.options
    }

    /// What `submit` is told.
    pub fn options_mut(&mut self) -> &mut SubmitOptions {
        &mut self.options
    }

    /// The node with these slots: the last one if nothing has changed since.
    pub(super) fn node(&self, schema: &'static TypeSchema, variant: Option<usize>, slots: Vec<Slot>) -> Arc<Node> {
        let mut last = self.node.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = &*last
            && node.own_tags() == &self.tags
            && node.slots().iter().zip(&slots).all(|(old, new)| old.value.same(&new.value))
        {
            return node.clone();
        }
        let node = Node::new(schema, variant, slots, self.tags.clone());
        *last = Some(node.clone());
        node
    }
}

impl Clone for Meta {
    fn clone(&self) -> Self {
        let node = self.node.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { tags: self.tags.clone(), options: self.options.clone(), node: Mutex::new(node) }
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta").field("tags", &self.tags).field("options", &self.options).finish_non_exhaustive()
    }
}
