//! Reading arguments back: from values to the user's own types, in the job's process and, to validate, in the plan.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ConfigType, Json};
use crate::schema::Type;
use crate::value::{JobRef, Node, Value};

/// What a reader asks of the jobs that arguments refer to.
pub trait JobSource {
    /// The job's folder.
    fn folder(&self, job: &JobRef) -> PathBuf;

    /// The job's arguments.
    ///
    /// # Errors
    /// If they cannot be read.
    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError>;

    /// The value that the job returned.
    ///
    /// # Errors
    /// [`ReadError::NotYet`] if the job has not ended; otherwise if it cannot be read.
    fn output(&self, job: &JobRef) -> Result<serde_json::Value, ReadError>;
}

/// Why arguments could not be read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A value is wrong.
    #[error("argument `{path}`: {why}")]
    Argument {
        /// The argument, dotted from the task.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A `validate` function refused a configuration.
    #[error("{}`{type_id}` is not valid: {why}", at(path))]
    Invalid {
        /// Where the configuration stands, dotted from the task; empty for the task itself.
        path: String,
        /// The configuration's type id.
        type_id: String,
        /// What the function said.
        why: String,
    },
    /// A value is known only when another job has ended.
    #[error("the output of {0} is not known yet")]
    NotYet(String),
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("argument `{path}`: ") }
}

impl ReadError {
    /// A wrong value; the reader adds the path.
    pub fn new(why: impl Into<String>) -> Self {
        Self::Argument { path: String::new(), why: why.into() }
    }

    pub(crate) fn mismatch(expected: &Type, found: &Value) -> Self {
        Self::new(format!("expected {expected}, found {} ({found})", found.kind()))
    }

    pub(super) fn under(mut self, step: &str) -> Self {
        if let Self::Argument { path, .. } | Self::Invalid { path, .. } = &mut self {
            let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            *path = format!("{step}{dot}{path}");
        }
        self
    }
}

/// Where the files of `#[param(path = "…")]` lie while a configuration is read.
#[derive(Clone)]
struct Base {
    /// The folder of the job that the configuration belongs to.
    folder: PathBuf,
    /// The argument path from that job's task to the configuration: its files lie in a sub-folder of that name.
    inside: PathBuf,
}

/// The type of a `#[param(path = "…")]` argument: `PathBuf`.
#[diagnostic::on_unimplemented(
    message = "a `#[param(path = \"…\")]` argument is a `PathBuf`, not `{Self}`",
    label = "write `PathBuf`"
)]
pub trait JobPath {
    /// The path itself.
    fn from_path(path: PathBuf) -> Self;
}

impl JobPath for PathBuf {
    fn from_path(path: PathBuf) -> Self {
        path
    }
}

/// `Argument::read`.
pub type ReadArgument<T> = fn(&Value, &mut Reader<'_>) -> Result<T, ReadError>;

/// Reads a task's arguments back into the user's types.
pub struct Reader<'a> {
    jobs: &'a dyn JobSource,
    base: Base,
    /// What `Arc`s have been read, so that what was shared in the plan is shared in the job.
    shared: HashMap<(*const Node, PathBuf, TypeId), Arc<dyn Any>>,
    /// Nodes of other jobs, kept so that their addresses stay theirs, and each is read once.
    upstream: HashMap<crate::ids::JobKey, Arc<Node>>,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("folder", &self.base.folder).finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// A reader for the job whose folder is `folder`.
    pub fn new(jobs: &'a dyn JobSource, folder: &Path) -> Self {
        let base = Base { folder: folder.to_owned(), inside: PathBuf::new() };
        Self { jobs, base, shared: HashMap::new(), upstream: HashMap::new() }
    }

    /// Reads the configuration that `node` holds, and validates it.
    ///
    /// # Errors
    /// If an argument is not what the type expects, or the type's `validate` function refuses the value.
    pub fn config<C: ConfigType>(&mut self, node: &Arc<Node>) -> Result<C, ReadError> {
        if !std::ptr::eq(node.schema(), C::schema()) {
            return Err(ReadError::new(format!("expected {}, found {}", C::schema().id(), node.schema().id())));
        }
        let config = C::read_from(node, self)?;
        config.check().map_err(|why| ReadError::Invalid {
            path: String::new(),
            type_id: node.schema().id().to_owned(),
            why: format!("{why:#}"),
        })?;
        Ok(config)
    }

    /// Reads the value of a configuration's argument: the configuration itself, a job, or what a job made.
    ///
    /// # Errors
    /// As [`Self::config`], and if a job's arguments cannot be read.
    pub fn config_value<C: ConfigType>(&mut self, value: &Value) -> Result<C, ReadError> {
        self.located(value, || Type::Config(C::schema), Reader::config::<C>)
    }

    /// Calls `read` with the node that `value` stands for, files lying where they belong.
    pub(super) fn located<T>(
        &mut self,
        value: &Value,
        expected: impl FnOnce() -> Type,
        read: impl FnOnce(&mut Self, &Arc<Node>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        match value.unmarked() {
            Value::Config(node) => read(self, node),
            Value::Produced(job, node) => self.inside_job(job, |reader| read(reader, node)),
            Value::Job(job) => {
                let node = match self.upstream.get(&job.key) {
                    Some(node) => node.clone(),
                    None => self.jobs.node(job)?,
                };
                self.upstream.insert(job.key.clone(), node.clone());
                self.inside_job(job, |reader| read(reader, &node))
            }
            other => Err(ReadError::mismatch(&expected(), other)),
        }
    }

    fn inside_job<T>(&mut self, job: &JobRef, read: impl FnOnce(&mut Self) -> T) -> T {
        let base = Base { folder: self.jobs.folder(job), inside: PathBuf::new() };
        let outer = std::mem::replace(&mut self.base, base);
        let result = read(self);
        self.base = outer;
        result
    }

    /// Reads argument number `index` of `node`, with the `Argument::read` of its type: a bound here would report a type
    /// that is no argument type twice.
    ///
    /// # Errors
    /// If the value is none of type `T`; names the argument.
    pub fn arg<T>(&mut self, node: &Node, index: usize, read: ReadArgument<T>) -> Result<T, ReadError> {
        let value = &node.slots()[index].value;
        self.step(node.arguments()[index].name, |reader| read(value, reader))
    }

    /// Reads argument number `index` of `node`, which is `#[param(json)]`.
    ///
    /// # Errors
    /// If the value is none of type `T`; names the argument.
    pub fn json<T: for<'de> serde::Deserialize<'de>>(&mut self, node: &Node, index: usize) -> Result<T, ReadError> {
        let value = &node.slots()[index].value;
        self.step(node.arguments()[index].name, |reader| Json::<T>::read(value, reader))
    }

    /// Reads the value of a `#[param(json)]` argument.
    ///
    /// # Errors
    /// If the value is none of type `T`.
    pub fn json_value<T: for<'de> serde::Deserialize<'de>>(&mut self, value: &Value) -> Result<T, ReadError> {
        Json::<T>::read(value, self)
    }

    /// The path of the file `name` that argument number `index` of `node` stands for.
    pub fn job_path<T: JobPath>(&mut self, _node: &Node, name: &str) -> T {
        T::from_path(self.base.folder.join(&self.base.inside).join(name))
    }

    /// Calls `read` one step further down the argument path.
    pub(super) fn step<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.base.inside.push(name.trim_matches(['[', ']']).replace('/', "%2F"));
        let result = read(self);
        self.base.inside.pop();
        result.map_err(|error| error.under(name))
    }

    pub(super) fn job_folder(&self, job: &JobRef) -> Result<PathBuf, ReadError> {
        Ok(self.jobs.folder(job))
    }

    pub(super) fn output(&self, job: &JobRef) -> Result<serde_json::Value, ReadError> {
        self.jobs.output(job)
    }

    /// `value` itself, or for a promise what the job has returned.
    pub(super) fn resolved<'v>(&self, value: &'v Value) -> Result<Cow<'v, Value>, ReadError> {
        match value.unmarked() {
            Value::Promise(job) => Ok(Cow::Owned(super::json::to_plain_value(self.output(job)?))),
            other => Ok(Cow::Borrowed(other)),
        }
    }

    /// The `Arc` that `value` was read into before in the same place, or what `read` makes of it.
    pub(super) fn share<T: ?Sized + 'static>(
        &mut self,
        value: &Value,
        read: impl FnOnce(&mut Self) -> Result<Arc<T>, ReadError>,
    ) -> Result<Arc<T>, ReadError>
    where
        Arc<T>: Any,
    {
        let node = match value.unmarked() {
            Value::Config(node) => Arc::as_ptr(node),
            _ => return read(self),
        };
        let key = (node, self.base.folder.clone(), TypeId::of::<T>());
        if let Some(known) = self.shared.get(&key).and_then(|any| any.downcast_ref::<Arc<T>>()) {
            return Ok(known.clone());
        }
        let new = read(self)?;
        self.shared.insert(key, Arc::new(new.clone()));
        Ok(new)
    }
}
