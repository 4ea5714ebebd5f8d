//! `params.json`: the arguments of a job, every configuration once, by number.
//!
//! ```json
//! {"format": 1, "task": "ir.rank", "identity": "…",
//!  "jobs": [{"task": "prepare", "identity": "…"}],
//!  "configs": [{"type": "ir.bm25", "args": {"k1": 0.9}},
//!              {"type": "ir.rank", "args": {"model": {"$config": 0}, "data": {"$job": 0}},
//!               "set_at": {"model": "src/main.rs:12:10"}, "left_out": {"threads": "ignored"}}],
//!  "run": {"executable": "…", "tokens": {"gpu": 1}}}
//! ```
//!
//! The task's own configuration is the last; each refers only to earlier ones. Jobs that arguments refer to are named,
//! not repeated. `run` holds the [`Terms`] on which the job is run. A JSON number with a point or an exponent is a float, one
//! without is an integer; everything that JSON has no form of is an object with one `$` member.

mod read;

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

#[cfg(feature = "cli")]
pub(crate) use read::Made;
pub(crate) use read::{Recorded, parse_params, read_params};

use super::{Durability, FORMAT, JobFolder, Terms, Workspace, write_atomic};
use crate::config::RegistryError;
use crate::ids::{Identity, JobKey};
use crate::value::{JobRef, Node, Value};

#[derive(Debug, Serialize, Deserialize)]
struct ParamsFile {
    format: u32,
    task: Arc<str>,
    identity: Identity,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<JobKey>,
    configs: Vec<ConfigRecord>,
    /// Never read by the job, whose driver has seen to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Json>,
}

#[derive(Debug, Serialize, Deserialize)]
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

/// Writes the arguments of a job, and the terms on which it is run, if it is.
pub(crate) fn write_params(
    workspace: &Workspace,
    folder: &JobFolder,
    node: &Arc<Node>,
    terms: Option<&Terms>,
) -> io::Result<()> {
    write_file(folder, &params_file(workspace, folder, node, terms)?)
}

/// What [`write_params`] writes, in one line.
pub(crate) fn params_line(
    workspace: &Workspace,
    folder: &JobFolder,
    node: &Arc<Node>,
    terms: &Terms,
) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(&params_file(workspace, folder, node, Some(terms))?)?;
    text.push(b'\n');
    Ok(text)
}

/// Writes what [`params_line`] has made of a job's arguments.
pub(crate) fn write_params_line(folder: &JobFolder, line: &str) -> io::Result<()> {
    let file: ParamsFile = serde_json::from_str(line)?;
    write_file(folder, &file)
}

fn write_file(folder: &JobFolder, file: &ParamsFile) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(file)?;
    text.push(b'\n');
    write_atomic(&folder.params(), &text, Durability::Lazy)
}

fn params_file(
    workspace: &Workspace,
    folder: &JobFolder,
    node: &Arc<Node>,
    terms: Option<&Terms>,
) -> io::Result<ParamsFile> {
    let mut writer = Writer {
        root: workspace.path(),
        numbers: HashMap::new(),
        job_numbers: HashMap::new(),
        jobs: Vec::new(),
        configs: Vec::new(),
    };
    writer.config(node);
    let JobKey { task, identity } = folder.key().clone();
    let run = terms.map(serde_json::to_value).transpose()?;
    Ok(ParamsFile { format: FORMAT, task, identity, jobs: writer.jobs, configs: writer.configs, run })
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
