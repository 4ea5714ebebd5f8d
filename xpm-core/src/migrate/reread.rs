//! Reads the arguments of jobs with today's types, upstream jobs first, and tells which identity they have now.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::Reason;
use super::convert::convert;
use super::kinds::{retyped, too_fine};
use crate::config::{JobSource, ReadError, Reader, Registry, RegistryError};
use crate::identity::{self, LeftOut};
use crate::ids::JobKey;
use crate::job::{JobsOnDisk, read_output};
use crate::schema::TypeKind;
use crate::value::{JobRef, Node};
use crate::workspace::{Made, ParamsError, Recorded, Workspace};

/// What a job is today.
#[derive(Debug)]
pub(super) enum Now {
    /// The same.
    Same,
    /// Another one, with these arguments.
    Moved { to: JobKey, why: Vec<String>, node: Arc<Node> },
    /// It cannot be told.
    Unknown(Reason),
    /// Its arguments are gone.
    Gone,
}

/// What is known of jobs so far.
pub(super) struct Reread<'a> {
    workspace: &'a Workspace,
    registry: &'static Registry,
    known: HashMap<JobKey, Now>,
    /// By its name today, the name that a job was run by.
    origins: HashMap<JobKey, JobKey>,
}

/// How deep deprecated types may stand for each other.
const CONVERSIONS: usize = 64;

impl<'a> Reread<'a> {
    pub(super) fn new(workspace: &'a Workspace, registry: &'static Registry) -> Self {
        Self { workspace, registry, known: HashMap::new(), origins: HashMap::new() }
    }

    /// What the job is today.
    pub(super) fn job(&mut self, key: &JobKey) -> &Now {
        let mut stack = Vec::new();
        let mut entered = HashSet::new();
        self.enter(key, &mut stack, &mut entered);
        // Not recursion: chains of jobs are long.
        while let Some((key, recorded)) = stack.pop() {
            let above = recorded.jobs().iter().find(|job| !self.known.contains_key(*job)).cloned();
            match above {
                Some(above) if entered.contains(&above) => {
                    let why = format!("it says that it depends on itself, through {above}");
                    self.known.insert(key, Now::Unknown(Reason::Arguments(why)));
                }
                Some(above) => {
                    stack.push((key, recorded));
                    self.enter(&above, &mut stack, &mut entered);
                }
                None => {
                    let now = self.today(&key, recorded).unwrap_or_else(Now::Unknown);
                    if let Now::Moved { to, .. } = &now {
                        self.origins.insert(to.clone(), key.clone());
                    }
                    self.known.insert(key, now);
                }
            }
        }
        self.known.entry(key.clone()).or_insert(Now::Gone)
    }

    fn enter(&mut self, key: &JobKey, stack: &mut Vec<(JobKey, Recorded)>, entered: &mut HashSet<JobKey>) {
        if self.known.contains_key(key) {
            return;
        }
        entered.insert(key.clone());
        match Recorded::read(&self.workspace.job(key)) {
            Ok(recorded) => stack.push((key.clone(), recorded)),
            Err(ParamsError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                self.known.insert(key.clone(), Now::Gone);
            }
            Err(error) => {
                let why = format!("{:#}", anyhow::Error::from(error));
                self.known.insert(key.clone(), Now::Unknown(Reason::Arguments(why)));
            }
        }
    }

    /// What the job is today; all that it depends on is known.
    fn today(&self, key: &JobKey, recorded: Recorded) -> Result<Now, Reason> {
        let mut why: Vec<String> = Vec::new();
        let mut say = |sentence: String| {
            if !why.contains(&sentence) {
                why.push(sentence);
            }
        };
        let mut gone = None;
        let mut jobs = Vec::with_capacity(recorded.jobs().len());
        for above in recorded.jobs() {
            jobs.push(match self.known.get(above) {
                Some(Now::Moved { to, .. }) => {
                    say(format!("a job of {} that it depends on has moved", to.task));
                    to.clone()
                }
                Some(Now::Unknown(_)) => return Err(Reason::DependsOn(above.clone())),
                Some(Now::Same) => above.clone(),
                Some(Now::Gone) | None => {
                    gone = Some(above.clone());
                    above.clone()
                }
            });
        }
        let source = Above(self);
        let mut reader = Reader::new(&source, self.workspace.job(key).path());
        let mut refused = false;
        let mut make = |made: Made<'_>| {
            declared(&made, &mut say)?;
            let mut node = retyped(made.node, &mut say);
            for _ in 0..CONVERSIONS {
                let id = node.schema().id();
                let Some(replaced) = self.registry.replaced(id) else { return Ok(node) };
                node = convert(replaced, &node, &mut reader, &jobs)?;
                say(format!("`{id}` is deprecated, and `{}` in its place", node.schema().id()));
            }
            Err(format!("the types in the place of `{}` are deprecated in a circle", node.schema().id()))
        };
        let node = recorded
            .into_node(self.workspace, jobs.clone(), &mut |made| make(made).inspect_err(|_: &String| refused = true));
        let node = node.map_err(|error| reason(error, refused))?;
        let id = node.schema().id();
        if node.schema().kind() != TypeKind::Task {
            return Err(Reason::Arguments(format!("`{id}` is no task any more")));
        }
        let identity = identity::digest(&node).map_err(|error| Reason::Arguments(error.to_string()))?;
        let to = JobKey { task: id.into(), identity };
        match gone {
            // What depends on it cannot be read, and need not be.
            Some(_) if to == *key => return Ok(Now::Same),
            Some(above) => return Err(Reason::Gone(above)),
            None => {}
        }
        let entry = self.registry.entry(id).map_err(|error| Reason::Arguments(error.to_string()))?;
        let mut reader = Reader::new(&source, self.workspace.job(key).path());
        match (entry.check)(&node, &mut reader) {
            // An output may have been removed since: the job is done, and has seen it.
            Ok(()) | Err(ReadError::NotYet(_)) if to == *key => Ok(Now::Same),
            Ok(()) | Err(ReadError::NotYet(_)) => Ok(Now::Moved { to, why, node }),
            Err(error) => Err(Reason::Arguments(format!(
                "{id}: {error}; if its type has changed, keep the old one, `deprecated`, with a conversion"
            ))),
        }
    }
}

/// Says what has moved the identity of one configuration; refuses what the types do not declare.
fn declared(made: &Made<'_>, say: &mut impl FnMut(String)) -> Result<(), String> {
    let schema = made.node.schema();
    let id = schema.id();
    if made.version != schema.version() {
        let shown = |version: Option<u64>| version.map_or_else(|| "none".to_owned(), |version| version.to_string());
        return Err(format!(
            "the version of `{id}` was {}, and is {} now: what it means has changed, and such jobs are run again",
            shown(made.version),
            shown(schema.version())
        ));
    }
    if made.type_id != id {
        say(format!("`{}` is called `{id}` now", made.type_id));
    }
    let left_out: HashMap<&str, LeftOut> = identity::left_out(&made.node).into_iter().collect();
    for arg in &made.added {
        if !left_out.contains_key(arg.name) {
            return Err(format!(
                "the argument `{0}` of `{id}` is new, and in the identity at its default {1}: if that is what the code did before, \
                 write `ignore_default` beside it, and these jobs keep what they have",
                arg.name,
                arg.initial()
            ));
        }
    }
    for (arg, slot) in made.node.arguments().iter().zip(made.node.slots()) {
        if !left_out.contains_key(arg.name)
            && let Some(x) = too_fine(&slot.value, &arg.ty)
        {
            return Err(format!(
                "the argument `{}` of `{id}` was {x:?}, which is {:?} as {}: such jobs are run again",
                arg.name,
                crate::value::narrow(x),
                arg.ty
            ));
        }
    }
    for (before, arg) in &made.renamed {
        if arg.identity_name != *before && !left_out.contains_key(arg.name) {
            say(format!("the argument `{before}` of `{id}` is called `{}` now", arg.name));
        }
    }
    for arg in made.node.arguments().iter().filter(|arg| !made.added.iter().any(|added| added.name == arg.name)) {
        let before = made.renamed.iter().find(|(_, other)| other.name == arg.name).map_or(arg.name, |(name, _)| name);
        match (made.left_out.contains_key(before), left_out.get(arg.name)) {
            (false, Some(why)) if *why != LeftOut::Absent => {
                say(format!("the argument `{}` of `{id}` is not in the identity any more ({why})", arg.name));
            }
            (true, None) => say(format!("the argument `{}` of `{id}` is in the identity now", arg.name)),
            _ => {}
        }
    }
    Ok(())
}

/// Why the arguments are none of today's: `refused` by what the types declare, or they do not fit at all.
fn reason(error: ParamsError, refused: bool) -> Reason {
    match error {
        ParamsError::OtherBuild { why, .. } if refused => Reason::Arguments(why),
        ParamsError::OtherBuild { why, .. } => Reason::Arguments(format!(
            "{why}: write `renamed_from` on what has another name, or keep the old type, `deprecated`, with a conversion"
        )),
        ParamsError::Unknown { why: RegistryError::Unknown { id, .. }, .. } => Reason::NoType(id),
        error => Reason::Arguments(format!("{:#}", anyhow::Error::from(error))),
    }
}

/// The jobs that arguments refer to, by the names that they have today.
struct Above<'r, 'a>(&'r Reread<'a>);

impl Above<'_, '_> {
    fn origin<'k>(&'k self, job: &'k JobRef) -> &'k JobKey {
        self.0.origins.get(&job.key).unwrap_or(&job.key)
    }
}

impl JobSource for Above<'_, '_> {
    fn folder(&self, job: &JobRef) -> PathBuf {
        self.0.workspace.job(self.origin(job)).path().to_owned()
    }

    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError> {
        match self.0.known.get(self.origin(job)) {
            Some(Now::Moved { to, node, .. }) if *to == job.key => Ok(node.clone()),
            _ => JobsOnDisk(self.0.workspace).node(job),
        }
    }

    fn output(&self, job: &JobRef) -> Result<serde_json::Value, ReadError> {
        read_output(self.0.workspace, self.origin(job)).map_err(|_| ReadError::NotYet(job.key.to_string()))
    }
}
