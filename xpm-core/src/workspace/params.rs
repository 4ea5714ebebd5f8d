//! `params.json`: the arguments of a job, every configuration once, by number.
//!
//! ```json
//! {"format": 1, "task": "ir.rank", "identity": "…",
//!  "jobs": [{"task": "prepare", "identity": "…"}],
//!  "configs": [{"type": "ir.bm25", "args": {"k1": 0.9}},
//!              {"type": "ir.rank", "args": {"model": {"$config": 0}, "data": {"$job": 0}},
//!               "set_at": {"model": "src/main.rs:12:10"}, "left_out": {"threads": "ignored"}}]}
//! ```
//!
//! The task's own configuration is the last; each refers only to earlier ones. Jobs that arguments refer to are named,
//! not repeated. A JSON number with a point or an exponent is a float, one without is an integer; everything that JSON
//! has no form of is an object with one `$` member.

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::{Durability, FORMAT, JobFolder, Workspace, write_atomic};
use crate::config::{Registry, RegistryError};
use crate::fault;
use crate::ids::{Identity, JobKey};
use crate::schema::{ArgList, TypeSchema};
use crate::value::{JobRef, Node, Slot, Tags, Value};

#[derive(Serialize, Deserialize)]
struct ParamsFile {
    format: u32,
    task: Arc<str>,
    identity: Identity,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<JobKey>,
    configs: Vec<ConfigRecord>,
}

#[derive(Serialize, Deserialize)]
struct ConfigRecord {
    #[serde(rename = "type")]
    type_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    args: Map<String, Json>,
    /// Where the plan set each argument, `file:line:column`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    set_at: Map<String, Json>,
    /// The version that the type declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The arguments that are not in the identity, and why: for whoever compares jobs without knowing their types. Never
    /// read by the job.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    left_out: Map<String, Json>,
}

/// Why `params.json` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// It cannot be read from disk.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is not what xpm writes.
    #[error("{} is damaged ({why}); submit the job again and it is written anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was written by a newer xpm.
    #[error("{} has format {found}, and this binary knows formats up to {FORMAT}: build it with a newer xpm", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// It names a type that this binary does not have.
    #[error("{}: {why}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// Which type, and which there are.
        why: RegistryError,
    },
    /// The types have changed since the job was submitted.
    #[error("{}: {why}; it was written by another build of this program: submit the job again", path.display())]
    OtherBuild {
        /// The file.
        path: PathBuf,
        /// What has changed.
        why: String,
    },
}

/// Writes the arguments of a job.
pub(crate) fn write_params(workspace: &Workspace, folder: &JobFolder, node: &Arc<Node>) -> io::Result<()> {
    let mut writer = Writer {
        root: workspace.path(),
        numbers: HashMap::new(),
        job_numbers: HashMap::new(),
        jobs: Vec::new(),
        configs: Vec::new(),
    };
    writer.config(node);
    let JobKey { task, identity } = folder.key().clone();
    let file = ParamsFile { format: FORMAT, task, identity, jobs: writer.jobs, configs: writer.configs };
    let mut text = serde_json::to_vec_pretty(&file).map_err(io::Error::other)?;
    text.push(b'\n');
    write_atomic(&folder.params(), &text, Durability::Lazy)
}

struct Writer<'a> {
    root: &'a Path,
    numbers: HashMap<*const Node, usize>,
    job_numbers: HashMap<JobKey, usize>,
    jobs: Vec<JobKey>,
    configs: Vec<ConfigRecord>,
}

impl Writer<'_> {
    /// Writes every configuration below `root`, parts first. Iterative: the threads that write have small stacks.
    fn config(&mut self, root: &Arc<Node>) {
        let mut stack = vec![(root.clone(), false)];
        while let Some((node, parts_written)) = stack.pop() {
            if self.numbers.contains_key(&Arc::as_ptr(&node)) {
                continue;
            }
            if parts_written {
                self.record(&node);
                continue;
            }
            stack.push((node.clone(), true));
            for slot in node.slots() {
                parts(&slot.value, &mut |part| stack.push((part.clone(), false)));
            }
        }
    }

    /// Writes one configuration, the parts of which are written.
    fn record(&mut self, node: &Arc<Node>) {
        let mut record = ConfigRecord {
            type_id: node.schema().id().to_owned(),
            variant: node.variant().map(|index| node.schema().variants()[index].name.to_owned()),
            args: Map::new(),
            set_at: Map::new(),
            version: node.schema().version(),
            left_out: Map::new(),
        };
        for (arg, slot) in node.arguments().iter().zip(node.slots()) {
            // What is nothing by itself need not be said.
            if matches!(slot.value.unmarked(), Value::Nothing) && !arg.has_default() && !arg.required() {
                continue;
            }
            record.args.insert(arg.name.to_owned(), self.value(&slot.value));
            if let Some(place) = slot.set_at {
                record.set_at.insert(arg.name.to_owned(), place.to_string().into());
            }
        }
        for (name, why) in crate::identity::left_out(node) {
            if record.args.contains_key(name) {
                record.left_out.insert(name.to_owned(), json!(why));
            }
        }
        self.numbers.insert(Arc::as_ptr(node), self.configs.len());
        self.configs.push(record);
    }

    fn number(&self, node: &Arc<Node>) -> Json {
        self.numbers.get(&Arc::as_ptr(node)).copied().into()
    }

    fn job(&mut self, job: &JobRef) -> usize {
        let jobs = &mut self.jobs;
        *self.job_numbers.entry(job.key.clone()).or_insert_with(|| {
            jobs.push(job.key.clone());
            jobs.len() - 1
        })
    }

    fn value(&mut self, value: &Value) -> Json {
        match value {
            Value::Nothing => Json::Null,
            Value::Bool(b) => (*b).into(),
            Value::Int(i) => match i64::try_from(*i) {
                Ok(i) => i.into(),
                Err(_) => json!({"$int": i.to_string()}),
            },
            Value::Float(x) => match serde_json::Number::from_f64(*x) {
                Some(number) => Json::Number(number),
                None => json!({"$float": x.to_string()}),
            },
            Value::Str(s) => (&**s).into(),
            Value::Duration(d) => json!({"$duration": [d.as_secs(), d.subsec_nanos()]}),
            Value::List(items) => Json::Array(items.iter().map(|item| self.value(item)).collect()),
            Value::Tuple(items) => json!({"$tuple": items.iter().map(|item| self.value(item)).collect::<Vec<_>>()}),
            Value::Set(items) => json!({"$set": items.iter().map(|item| self.value(item)).collect::<Vec<_>>()}),
            Value::Map(entries) => {
                let pairs = entries.iter().map(|(k, v)| Json::Array(vec![self.value(k), self.value(v)]));
                json!({"$map": pairs.collect::<Vec<_>>()})
            }
            Value::Path(path) => self.path(path),
            Value::Json(json) => json!({"$json": **json}),
            Value::Config(node) => json!({"$config": self.number(node)}),
            Value::Job(job) => json!({"$job": self.job(job)}),
            Value::Promise(job) => json!({"$promise": self.job(job)}),
            Value::File(job, path) => json!({"$file": path.to_string_lossy(), "job": self.job(job)}),
            Value::Produced(job, node) => json!({"$produced": self.number(node), "job": self.job(job)}),
            Value::Tagged(inner) | Value::TagsStopped(inner) => self.value(inner),
            // Refused at submit; written so that a reader says why.
            Value::Refused(why) => json!({"$refused": &**why}),
        }
    }

    /// Relative to the workspace inside it, so that it can be moved; by its bytes if it is not UTF-8.
    fn path(&self, path: &Path) -> Json {
        let (path, name) = match path.strip_prefix(self.root) {
            Ok(inside) => (inside, "$path_in_workspace"),
            Err(_) => (path, "$path"),
        };
        match path.to_str() {
            Some(text) => json!({name: text}),
            None => json!({name: {"bytes": path.as_os_str().as_bytes()}}),
        }
    }
}

/// The configurations that `value` holds directly.
fn parts<'v>(value: &'v Value, found: &mut impl FnMut(&'v Arc<Node>)) {
    match value {
        Value::Config(node) | Value::Produced(_, node) => found(node),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            items.iter().for_each(|item| parts(item, found));
        }
        Value::Map(entries) => entries.iter().for_each(|(key, item)| {
            parts(key, found);
            parts(item, found);
        }),
        Value::Tagged(inner) | Value::TagsStopped(inner) => parts(inner, found),
        _ => {}
    }
}

/// Reads the arguments of a job, with the types of this binary.
pub(crate) fn read_params(workspace: &Workspace, folder: &JobFolder) -> Result<Arc<Node>, ParamsError> {
    let path = folder.params();
    let text = fault::point("read", &path).and_then(|()| std::fs::read(&path));
    let text = text.map_err(|source| ParamsError::Unreadable { path: path.clone(), source })?;
    let damaged = |why: String| ParamsError::Damaged { path: path.clone(), why };
    let file: Result<ParamsFile, _> = serde_json::from_slice(&text);
    let file = match (file, super::status::newer_format(&text)) {
        (_, Some(found)) => return Err(ParamsError::Newer { path, found }),
        (Ok(file), None) => file,
        (Err(error), None) => return Err(damaged(error.to_string())),
    };
    if file.task != folder.key().task || file.identity != folder.key().identity {
        return Err(damaged(format!("it holds the arguments of {}/{}", file.task, file.identity)));
    }
    let tags = Arc::new(Tags::new());
    let jobs = file.jobs.into_iter().map(|key| Arc::new(JobRef { key, tags: tags.clone() })).collect();
    let unknown = |why| ParamsError::Unknown { path: path.clone(), why };
    let registry = Registry::get().map_err(unknown)?;
    let mut nodes = FileReader { root: workspace.path(), jobs, nodes: Vec::new() };
    for record in file.configs {
        let schema = registry.schema(&record.type_id).map_err(unknown)?;
        let node = nodes.config(schema, record).map_err(|wrong| match wrong {
            Wrong::Damaged(why) => damaged(why),
            Wrong::OtherBuild(why) => ParamsError::OtherBuild { path: path.clone(), why },
        })?;
        nodes.nodes.push(node);
    }
    nodes.nodes.pop().ok_or_else(|| damaged("it holds no configuration".to_owned()))
}

enum Wrong {
    Damaged(String),
    OtherBuild(String),
}

struct FileReader<'a> {
    root: &'a Path,
    jobs: Vec<Arc<JobRef>>,
    nodes: Vec<Arc<Node>>,
}

impl FileReader<'_> {
    fn config(&self, schema: &'static TypeSchema, mut record: ConfigRecord) -> Result<Arc<Node>, Wrong> {
        let other_build = |what: String| Wrong::OtherBuild(format!("{}: {what}", schema.id()));
        let variant = match (&record.variant, schema.variants()) {
            (None, []) => None,
            (Some(name), variants) => match variants.iter().position(|variant| variant.name == name) {
                Some(index) => Some(index),
                None => return Err(other_build(format!("there is no variant `{name}`"))),
            },
            (None, _) => return Err(other_build("it has become an enum".to_owned())),
        };
        let args: &ArgList = schema.arguments(variant);
        let mut slots = Vec::with_capacity(args.len());
        for arg in args.iter() {
            let value = match record.args.remove(arg.name) {
                Some(json) => {
                    self.value(json).map_err(|why| Wrong::Damaged(format!("{}.{}: {why}", schema.id(), arg.name)))?
                }
                None if arg.required() => return Err(other_build(format!("the argument `{}` is missing", arg.name))),
                None => arg.initial(),
            };
            slots.push(Slot::unset(value));
        }
        match record.args.keys().next() {
            Some(name) => Err(other_build(format!("there is no argument `{name}`"))),
            None => Ok(Node::new(schema, variant, slots, Tags::new())),
        }
    }

    fn value(&self, json: Json) -> Result<Value, String> {
        Ok(match json {
            Json::Null => Value::Nothing,
            Json::Bool(b) => Value::Bool(b),
            Json::Number(number) => match (number.as_i128(), number.as_f64()) {
                (Some(i), _) => Value::Int(i),
                (None, Some(x)) => Value::Float(x),
                (None, None) => return Err(format!("{number} is no number that xpm writes")),
            },
            Json::String(text) => Value::Str(text.into()),
            Json::Array(items) => Value::List(self.values(items)?),
            Json::Object(members) => self.special(members)?,
        })
    }

    fn values(&self, items: Vec<Json>) -> Result<Arc<[Value]>, String> {
        items.into_iter().map(|item| self.value(item)).collect()
    }

    /// What JSON has no form of: an object whose first member tells what it is.
    fn special(&self, members: Map<String, Json>) -> Result<Value, String> {
        let mut kind = None;
        let mut job = None;
        for (name, content) in members {
            match name.as_str() {
                "job" => job = Some(content),
                _ => kind = Some((name, content)),
            }
        }
        let (name, content) = kind.ok_or("an object tells nothing")?;
        let job = || self.job(job.as_ref());
        match (name.as_str(), content) {
            ("$int", Json::String(text)) => text.parse().map(Value::Int).map_err(|_| format!("{text} is no integer")),
            ("$float", Json::String(text)) => text.parse().map(Value::Float).map_err(|_| format!("{text} is no float")),
            ("$duration", content) => {
                let parts: (u64, u32) = serde_json::from_value(content).map_err(|error| error.to_string())?;
                if parts.1 >= 1_000_000_000 {
                    return Err("a duration has a billion nanoseconds or more".to_owned());
                }
                Ok(Value::Duration(Duration::new(parts.0, parts.1)))
            }
            ("$tuple", Json::Array(items)) => self.values(items).map(Value::Tuple),
            ("$set", Json::Array(items)) => self.values(items).map(Value::Set),
            ("$map", Json::Array(pairs)) => {
                let pair = |pair: Json| match pair {
                    Json::Array(pair) => match <[Json; 2]>::try_from(pair) {
                        Ok([key, value]) => Ok((self.value(key)?, self.value(value)?)),
                        Err(_) => Err("an entry of a map is no pair".to_owned()),
                    },
                    _ => Err("an entry of a map is no pair".to_owned()),
                };
                pairs.into_iter().map(pair).collect::<Result<_, _>>().map(Value::Map)
            }
            ("$path", content) => Ok(Value::Path(path(content)?.into())),
            ("$path_in_workspace", content) => {
                let inside = path(content)?;
                // Joining nothing would leave a trailing slash.
                let whole = inside.as_os_str().is_empty().then(|| self.root.to_owned());
                Ok(Value::Path(whole.unwrap_or_else(|| self.root.join(inside)).into()))
            }
            ("$json", content) => Ok(Value::Json(content.into())),
            ("$config", content) => self.node(&content).map(Value::Config),
            ("$job", content) => self.job(Some(&content)).map(Value::Job),
            ("$promise", content) => self.job(Some(&content)).map(Value::Promise),
            ("$file", content) => Ok(Value::File(job()?, path(content)?.into())),
            ("$produced", content) => Ok(Value::Produced(job()?, self.node(&content)?)),
            (name, _) => Err(format!("`{name}` is nothing that xpm writes")),
        }
    }

    fn node(&self, number: &Json) -> Result<Arc<Node>, String> {
        numbered(&self.nodes, Some(number)).ok_or_else(|| format!("there is no configuration {number} before it"))
    }

    fn job(&self, number: Option<&Json>) -> Result<Arc<JobRef>, String> {
        numbered(&self.jobs, number).ok_or_else(|| "it names no job".to_owned())
    }
}

fn numbered<T: Clone>(items: &[T], number: Option<&Json>) -> Option<T> {
    items.get(usize::try_from(number?.as_u64()?).ok()?).cloned()
}

fn path(content: Json) -> Result<PathBuf, String> {
    #[derive(Deserialize)]
    struct Bytes {
        bytes: Vec<u8>,
    }
    match content {
        Json::String(text) => Ok(text.into()),
        other => match serde_json::from_value::<Bytes>(other) {
            Ok(Bytes { bytes }) => Ok(std::ffi::OsString::from_vec(bytes).into()),
            Err(error) => Err(error.to_string()),
        },
    }
}
