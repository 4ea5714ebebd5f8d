//! What a task registers beside its schema: how one of its jobs is run.

use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::context::OutOfTime;
use super::program::ProgramError;
use super::{JobContext, Task};
use crate::config::{MadeFrom, ReadError, Reader, Registry, RegistryError, Replaced};
use crate::finite;
use crate::schema::{TypeKind, TypeSchema};
use crate::value::Node;
use crate::workspace::Failure;

/// Builds a task from its arguments, executes it and serialises what it returns.
pub type TaskRun = fn(&Arc<Node>, &mut Reader<'_>, &JobContext) -> Result<Box<RawValue>, Failure>;

/// What a task registers.
pub struct TaskEntry {
    schema: fn() -> &'static TypeSchema,
    run: TaskRun,
}

impl TaskEntry {
    /// What the task `T` registers.
    pub const fn of<T: Task>() -> Self {
        Self { schema: T::schema, run: run::<T> }
    }

    /// How jobs of the task with this id are run.
    pub(crate) fn find(id: &str) -> Result<TaskRun, RegistryError> {
        let registry = Registry::get()?;
        match inventory::iter::<TaskEntry>.into_iter().find(|entry| (entry.schema)().id() == id) {
            Some(entry) => Ok(entry.run),
            None => Err(registry.unknown("task", id, |schema| schema.kind() == TypeKind::Task)),
        }
    }
}

inventory::collect!(TaskEntry);

impl Replaced {
    /// A task `O` that `N` has taken the place of.
    pub const fn of_task<O: Task, N: Task + MadeFrom<O>>() -> Self {
        Self::of::<O, N>()
    }
}

impl fmt::Debug for TaskEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskEntry({})", (self.schema)().id())
    }
}

/// What is told of a float that is not finite.
const NO_JSON: &str = "for which JSON has no number: return a text or an `Option` in its place";

fn run<T: Task>(node: &Arc<Node>, reader: &mut Reader<'_>, job: &JobContext) -> Result<Box<RawValue>, Failure> {
    let task: T = reader.config(node).map_err(|error: ReadError| Failure::Arguments { message: error.to_string() })?;
    job.make_nested_folders(node);
    let output = task.execute(job).map_err(|error| failure_of(&error))?;
    let text = serde_json::to_string(&output)
        .map_err(|error| Failure::Output { message: format!("it cannot be written as JSON: {error}") })?;
    let lost = finite::exception(&output);
    // What cannot be read back is no result: better now, by the one who made it, than later by every consumer.
    let back: T::Output = serde_json::from_str(&text).map_err(|error| Failure::Output {
        message: format!(
            "written as JSON it cannot be read back: {error}{}",
            lost.as_ref().map_or_else(String::new, |found| format!("; it holds {found}, {NO_JSON}"))
        ),
    })?;
    // JSON has `null` for such a float, which an `Option` reads as no value; a type may read it as what it was.
    if let Some(found) = lost.filter(|found| finite::exception(&back).as_ref() != Some(found)) {
        let message = format!("it holds {found}, {NO_JSON}, and would be read back as no value");
        return Err(Failure::Output { message });
    }
    RawValue::from_string(text).map_err(|error| Failure::Output { message: error.to_string() })
}

/// What an error of `execute` is recorded as.
fn failure_of(error: &anyhow::Error) -> Failure {
    if let Some(OutOfTime { limit }) = error.downcast_ref() {
        return Failure::TimedOut { limit: *limit };
    }
    match error.downcast_ref::<ProgramError>() {
        Some(error) => error.failure(),
        None => Failure::Error { chain: error.chain().map(ToString::to_string).collect() },
    }
}
