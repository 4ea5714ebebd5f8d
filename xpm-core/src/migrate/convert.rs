//! Converts a configuration of a deprecated type into the one in its place.
//!
//! The user's conversion sees values, as a job sees them: the output that a job has returned, the path of its file, the task
//! that it was. What it hands on unchanged, under the name that it had, keeps referring to the job.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use super::same::same;
use crate::config::{Reader, Replaced};
use crate::identity;
use crate::ids::JobKey;
use crate::job::caught;
use crate::schema::TypeKind;
use crate::value::{JobRef, KeptTags, Node, Slot, Tags, Value};

/// The configuration that has taken the place of `node`. Tasks in it are `jobs`, those that the old one refers to.
pub(super) fn convert(
    replaced: &Replaced,
    node: &Arc<Node>,
    reader: &mut Reader<'_>,
    jobs: &[JobKey],
) -> Result<Arc<Node>, String> {
    let (old, new) = ((replaced.schema)().id(), (replaced.by)().id());
    let converted = caught(AssertUnwindSafe(|| (replaced.convert)(node, reader)));
    let converted = converted.map_err(|failure| format!("the conversion of `{old}` to `{new}` failed: {failure}"))?;
    let converted = converted.map_err(|error| format!("{old}: {error}"))?;
    let mut handed_on = vec![false; node.slots().len()];
    let mut slots = Vec::with_capacity(converted.after.slots().len());
    for (arg, slot) in converted.after.arguments().iter().zip(converted.after.slots()) {
        let before = node.arguments().iter().position(|old| old.name == arg.name);
        let kept = before.filter(|place| {
            refers(&node.slots()[*place].value) && same(&converted.before.slots()[*place].value, &slot.value)
        });
        let value = match kept {
            Some(place) => {
                handed_on[place] = true;
                node.slots()[place].value.clone()
            }
            None => as_jobs(&slot.value, jobs).map_err(|task| {
                format!("the conversion of `{old}` to `{new}` gives `{}` a `{task}` that is no job", arg.name)
            })?,
        };
        slots.push(Slot::unset(value));
    }
    for ((arg, slot), handed_on) in node.arguments().iter().zip(node.slots()).zip(handed_on) {
        if !handed_on && made_by_job(&slot.value) {
            return Err(format!(
                "the argument `{0}` of `{old}` is what a job made, and a conversion keeps that only if it hands `{0}` on as it is, \
                 under the same name",
                arg.name
            ));
        }
    }
    Ok(Node::new(converted.after.schema(), converted.after.variant(), slots, Tags::new()))
}

/// Whether the value refers to a job.
fn refers(value: &Value) -> bool {
    matches!(value.unmarked(), Value::Job(_)) || made_by_job(value) || parts(value).into_iter().any(refers)
}

/// Whether the value is, or holds, an output, a file or a configuration that a job made: what cannot be told from a plain
/// value once it is read.
fn made_by_job(value: &Value) -> bool {
    matches!(value.unmarked(), Value::Promise(_) | Value::File(..) | Value::Produced(..))
        || parts(value).into_iter().any(made_by_job)
}

fn parts(value: &Value) -> Vec<&Value> {
    match value.unmarked() {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().collect(),
        Value::Map(entries) => entries.iter().flat_map(|(key, item)| [key, item]).collect(),
        Value::Config(node) if node.facts().refers => node.slots().iter().map(|slot| &slot.value).collect(),
        _ => Vec::new(),
    }
}

/// The value with the jobs that its tasks stand for; the id of a task that is none of `jobs` otherwise.
fn as_jobs(value: &Value, jobs: &[JobKey]) -> Result<Value, String> {
    let all = |items: &[Value]| items.iter().map(|item| as_jobs(item, jobs)).collect::<Result<Arc<[Value]>, _>>();
    Ok(match value {
        Value::Config(node) if node.schema().kind() == TypeKind::Task => {
            let id = node.schema().id();
            let identity = identity::digest(node).map_err(|_| id.to_owned())?;
            let job = jobs.iter().find(|job| &*job.task == id && job.identity == identity);
            let key = job.ok_or_else(|| id.to_owned())?.clone();
            Value::Job(Arc::new(JobRef { key, tags: KeptTags::default() }))
        }
        Value::Config(node) if node.facts().refers => {
            let slots = node.slots().iter().map(|slot| as_jobs(&slot.value, jobs).map(Slot::unset));
            Value::Config(Node::new(node.schema(), node.variant(), slots.collect::<Result<_, _>>()?, Tags::new()))
        }
        Value::List(items) => Value::List(all(items)?),
        Value::Tuple(items) => Value::Tuple(all(items)?),
        Value::Set(items) => Value::Set(all(items)?),
        Value::Map(entries) => {
            let pair = |(key, item): &(Value, Value)| Ok::<_, String>((as_jobs(key, jobs)?, as_jobs(item, jobs)?));
            Value::Map(entries.iter().map(pair).collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}
