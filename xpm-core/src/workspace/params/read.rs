//! Reads `params.json` with the types of this binary, which may not be those that it was written with.
//!
//! An argument is found by its name, or by a name that it had before (`#[param(id = "…")]`, `renamed_from`); a type by its
//! id, or by one that it had before. What is not there any more is passed over if it was not in the identity.

use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{ConfigRecord, ParamsError, ParamsFile};
use crate::config::Registry;
use crate::fault;
use crate::ids::JobKey;
use crate::schema::{ArgList, ArgSchema, TypeSchema};
use crate::value::{JobRef, KeptTags, Node, Slot, Tags, Value};
use crate::workspace::{JobFolder, Workspace, newer_format};

/// Reads the arguments of a job, with the types of this binary.
pub(crate) fn read_params(workspace: &Workspace, folder: &JobFolder) -> Result<Arc<Node>, ParamsError> {
    Recorded::read(folder)?.into_own_node(workspace)
}

/// Reads arguments that are not, or not yet, in the folder of the job.
pub(crate) fn parse_params(workspace: &Workspace, folder: &JobFolder, text: &[u8]) -> Result<Arc<Node>, ParamsError> {
    Recorded::parse(folder, text)?.into_own_node(workspace)
}

/// The arguments of a job as they were written, before any type is looked at.
#[derive(Debug)]
pub(crate) struct Recorded {
    path: PathBuf,
    file: ParamsFile,
}

/// A configuration that was made of what is recorded, parts first.
#[derive(Debug)]
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "for `myexp xpm migrate`"))]
pub(crate) struct Made<'a> {
    pub(crate) node: Arc<Node>,
    /// The id and the version that its type had.
    pub(crate) type_id: &'a str,
    pub(crate) version: Option<u64>,
    /// The arguments that are recorded under another name.
    pub(crate) renamed: Vec<(&'a str, &'static ArgSchema)>,
    /// The arguments that are not recorded, and have what they have when a plan does not set them.
    pub(crate) added: Vec<&'static ArgSchema>,
    /// By recorded name, the arguments that were not in the identity, and why.
    pub(crate) left_out: &'a Map<String, Json>,
}

/// What may be made of a configuration, or why it is none of today's.
pub(crate) type Making<'m> = &'m mut dyn FnMut(Made<'_>) -> Result<Arc<Node>, String>;

impl Recorded {
    /// Reads the file.
    pub(crate) fn read(folder: &JobFolder) -> Result<Self, ParamsError> {
        let path = folder.params();
        let text = fault::point("read", &path).and_then(|()| crate::files::read(&path));
        let text = text.map_err(|source| ParamsError::Unreadable { path, source })?;
        Self::parse(folder, &text)
    }

    fn parse(folder: &JobFolder, text: &[u8]) -> Result<Self, ParamsError> {
        let path = folder.params();
        let file: Result<ParamsFile, _> = serde_json::from_slice(text);
        let file = match (file, newer_format(text)) {
            (_, Some(found)) => return Err(ParamsError::Newer { path, found }),
            (Ok(file), None) => file,
            (Err(error), None) => return Err(ParamsError::Damaged { path, why: error.to_string() }),
        };
        if file.task != folder.key().task || file.identity != folder.key().identity {
            let why = format!("it holds the arguments of {}/{}", file.task, file.identity);
            return Err(ParamsError::Damaged { path, why });
        }
        Ok(Self { path, file })
    }

    /// The arguments as values, as they were meant.
    fn into_own_node(self, workspace: &Workspace) -> Result<Arc<Node>, ParamsError> {
        let jobs = self.jobs().to_vec();
        self.into_node(workspace, jobs, &mut |made| Ok(made.node))
    }

    /// The jobs that the arguments refer to.
    pub(crate) fn jobs(&self) -> &[JobKey] {
        &self.file.jobs
    }

    /// The arguments as values. They refer to `jobs`, one for each of [`jobs`](Self::jobs); `make` may make another
    /// configuration of each.
    pub(crate) fn into_node(
        self,
        workspace: &Workspace,
        jobs: Vec<JobKey>,
        make: Making<'_>,
    ) -> Result<Arc<Node>, ParamsError> {
        let Self { path, file } = self;
        let damaged = |why: String| ParamsError::Damaged { path: path.clone(), why };
        let jobs = jobs.into_iter().map(|key| Arc::new(JobRef { key, tags: KeptTags::default() })).collect();
        let unknown = |why| ParamsError::Unknown { path: path.clone(), why };
        let registry = Registry::get().map_err(unknown)?;
        let mut nodes = FileReader { root: workspace.path(), jobs, nodes: Vec::new() };
        for record in file.configs {
            let schema = (registry.entry_or_older(&record.type_id).map_err(unknown)?.schema)();
            let node = nodes.config(schema, record, make).map_err(|wrong| match wrong {
                Wrong::Damaged(why) => damaged(why),
                Wrong::OtherBuild(why) => ParamsError::OtherBuild { path: path.clone(), why },
            })?;
            nodes.nodes.push(node);
        }
        nodes.nodes.pop().ok_or_else(|| damaged("it holds no configuration".to_owned()))
    }
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
    fn config(
        &self,
        schema: &'static TypeSchema,
        mut record: ConfigRecord,
        make: Making<'_>,
    ) -> Result<Arc<Node>, Wrong> {
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
        // Those that still have their name first: what is left may be an older name of another one.
        let mut found: Vec<_> = args.iter().map(|arg| record.args.remove_entry(arg.name)).collect();
        for (arg, found) in args.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            *found = arg.names().find_map(|name| record.args.remove_entry(name));
        }
        let (mut slots, mut added) = (Vec::with_capacity(args.len()), Vec::new());
        let mut names = Vec::with_capacity(args.len());
        for (arg, found) in args.iter().zip(found) {
            let value = match found {
                Some((name, json)) => {
                    names.push((name, arg));
                    self.value(json).map_err(|why| Wrong::Damaged(format!("{}.{}: {why}", schema.id(), arg.name)))?
                }
                None if arg.required() => return Err(other_build(format!("the argument `{}` is missing", arg.name))),
                None => {
                    added.push(arg);
                    arg.initial()
                }
            };
            slots.push(Slot::unset(value));
        }
        if let Some(name) = record.args.keys().find(|name| !record.left_out.contains_key(*name)) {
            return Err(other_build(format!("there is no argument `{name}`")));
        }
        let renamed = names.iter().filter(|(name, arg)| name != arg.name);
        let made = Made {
            node: Node::new(schema, variant, slots, Tags::new()),
            type_id: &record.type_id,
            version: record.version,
            renamed: renamed.map(|(name, arg)| (name.as_str(), *arg)).collect(),
            added,
            left_out: &record.left_out,
        };
        make(made).map_err(Wrong::OtherBuild)
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
