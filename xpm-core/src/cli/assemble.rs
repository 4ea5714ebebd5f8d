//! From what was given to a value: defaults filled in, choices made, every mistake told with its flag.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::flag::{Flag, node_of};
use super::given::{Given, Givens, join};
use super::json::{self, settable};
use super::problem::Problem;
use super::raw::Raw;
use super::shape::{Alternative, Shape, inside, shape};
use super::text;
use crate::config::{JobSource, ReadError, Reader, Registry};
use crate::schema::{Type, TypeSchema};
use crate::value::{JobRef, Node, Slot, Tags, Value};

/// Puts values together.
pub(crate) struct Assembler<'a> {
    pub(crate) flags: &'a [Flag],
    pub(crate) givens: &'a Givens,
    missing: RefCell<Vec<String>>,
}

impl<'a> Assembler<'a> {
    pub(crate) fn new(flags: &'a [Flag], givens: &'a Givens) -> Self {
        Self { flags, givens, missing: RefCell::default() }
    }

    /// The configuration whose arguments have no name before them; what was not given is as in `base`, if there is one.
    pub(crate) fn structure(&self, schema: &'static TypeSchema, base: Option<&Node>) -> Result<Arc<Node>, Problem> {
        let node = self.node(schema, None, "", base)?;
        self.finish()?;
        check(|reader, registry| (registry.entry(schema.id()).ok()?.check)(&node, reader).err())
            .map_err(|error| self.unreadable("", &error))?;
        Ok(node)
    }

    /// The value of one argument; nothing if it was not given and need not be.
    pub(crate) fn argument(
        &self,
        path: &str,
        ty: &Type,
        default: Option<&Value>,
        required: bool,
        check_value: impl FnOnce(&Value, &mut Reader<'_>) -> Result<(), ReadError>,
    ) -> Result<Option<Value>, Problem> {
        let value = self.value(ty, path, default, required)?;
        self.finish()?;
        if let Some(value) = &value {
            check(|reader, _| check_value(value, reader).err()).map_err(|error| self.unreadable(path, &error))?;
        }
        Ok(value)
    }

    fn finish(&self) -> Result<(), Problem> {
        let missing = self.missing.take();
        if !missing.is_empty() {
            return Err(Problem::Missing(missing));
        }
        match self.givens.unused() {
            None => Ok(()),
            Some((unused, path)) => {
                let mut choice = path;
                while let Some((above, _)) = choice.rsplit_once('.') {
                    choice = above;
                    if let Some(given) = self.givens.at(choice) {
                        return Err(Problem::Conflict { flag: unused.at.clone(), with: given.told() });
                    }
                }
                Err(Problem::Other(format!("{} is of no use here", unused.at)))
            }
        }
    }

    fn node(
        &self,
        schema: &'static TypeSchema,
        variant: Option<usize>,
        path: &str,
        base: Option<&Node>,
    ) -> Result<Arc<Node>, Problem> {
        let args = schema.arguments(variant);
        let mut slots = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let initial = || base.map_or_else(|| arg.initial(), |node| node.slots()[index].value.clone());
            let known = (base.is_some() || arg.has_default()).then(initial);
            let value = match settable(arg) {
                true => self.value(&arg.ty, &join(path, arg.name), known.as_ref(), arg.required())?,
                false => None,
            };
            slots.push(Slot::unset(value.unwrap_or_else(initial)));
        }
        let tags = base.map_or_else(Tags::new, |node| node.own_tags().clone());
        Ok(Node::new(schema, variant, slots, tags))
    }

    fn value(&self, ty: &Type, path: &str, base: Option<&Value>, required: bool) -> Result<Option<Value>, Problem> {
        let inner = inside(ty);
        let required = required && base.is_none();
        let base_node = base.and_then(node_of);
        if let (Type::Option(_), Some(Given { raw: Raw::Json(Json::Null), .. })) = (ty, self.givens.at(path)) {
            return Ok(Some(Value::Nothing));
        }
        match shape(inner) {
            Shape::Struct(schema) => {
                let given = self.givens.at(path);
                let merely_present =
                    |given: &Given| matches!(&given.raw, Raw::Json(Json::Object(all)) if all.is_empty());
                if let Some(given) = given
                    && !merely_present(given)
                {
                    return self.leaf(inner, given).map(Some);
                }
                if !required && !self.givens.any(path) {
                    return Ok(None);
                }
                self.node(schema, None, path, base_node).map(|node| Some(Value::Config(node)))
            }
            Shape::Choice(alternatives) => self.choice(inner, &alternatives, path, base_node, required),
            Shape::Leaf | Shape::Job(_) => match self.givens.at(path) {
                Some(given) => self.leaf(ty, given).map(Some),
                None if required && matches!(inner, Type::Bool) => Ok(Some(Value::Bool(false))),
                None if required && matches!(inner, Type::Nothing) => Ok(Some(Value::Nothing)),
                None if required => Ok(Some(self.missing(path))),
                None => Ok(None),
            },
        }
    }

    fn choice(
        &self,
        ty: &Type,
        alternatives: &[Alternative],
        path: &str,
        base: Option<&Node>,
        required: bool,
    ) -> Result<Option<Value>, Problem> {
        let chosen = match self.givens.at(path) {
            // Deep within a family that holds itself.
            Some(given) if given.text().starts_with('{') => return self.leaf(ty, given).map(Some),
            Some(Given { raw: Raw::Texts(texts), at }) => {
                let text = texts.last().map(String::as_str).unwrap_or_default();
                let found = alternatives.iter().find(|alternative| alternative.is_named(text));
                Some(found.ok_or_else(|| {
                    let why = format!("expected {}: one of {}", text::expected(ty), json::names(alternatives));
                    Problem::Invalid { at: at.clone(), value: text.to_owned(), why }
                })?)
            }
            Some(given @ Given { raw: Raw::Json(_), .. }) => return self.leaf(ty, given).map(Some),
            None => base.and_then(|node| alternatives.iter().find(|alternative| alternative.is_of(node))),
        };
        let Some(chosen) = chosen else {
            let needed = required || self.givens.any(path);
            return Ok(needed.then(|| self.missing(path)));
        };
        if self.givens.at(path).is_none() && !self.givens.any(path) {
            return Ok(None);
        }
        let base = base.filter(|node| chosen.is_of(node));
        self.node(chosen.schema, chosen.variant, path, base).map(|node| Some(Value::Config(node)))
    }

    /// One flag's value.
    fn leaf(&self, ty: &Type, given: &Given) -> Result<Value, Problem> {
        given.raw.value(ty).map_err(|wrong| Problem::Invalid {
            at: given.at.clone(),
            value: wrong.text,
            why: wrong.why,
        })
    }

    fn missing(&self, path: &str) -> Value {
        self.missing.borrow_mut().push(self.usage(path));
        Value::Nothing
    }

    fn usage(&self, path: &str) -> String {
        let flag = self.flags.iter().find(|flag| flag.path == path);
        flag.map_or_else(|| format!("--{}", path.replace('_', "-")), Flag::usage)
    }

    /// A value that cannot be read as the user's type: too large, the wrong length, refused by `validate`.
    fn unreadable(&self, above: &str, error: &ReadError) -> Problem {
        let (below, why) = match error {
            ReadError::Argument { path, why } => (path, why.clone()),
            ReadError::Invalid { path, type_id, why } => (path, format!("`{type_id}` is not valid: {why}")),
            ReadError::NotYet(job) => return Problem::Other(format!("the output of {job} is not known yet")),
        };
        let mut path = join(above, below);
        if below.starts_with('[') {
            path = format!("{above}{below}");
        }
        let own = path.split('[').next().unwrap_or_default();
        match self.givens.at(own) {
            Some(given) => Problem::Invalid { at: given.at.clone(), value: given.text(), why },
            None if path.is_empty() => Problem::Other(why),
            None => Problem::Other(format!("--{}: {why}", path.replace('_', "-"))),
        }
    }
}

/// Reads a value back, as far as that does not need jobs.
fn check(read: impl FnOnce(&mut Reader<'_>, &Registry) -> Option<ReadError>) -> Result<(), ReadError> {
    let registry = Registry::get().map_err(|error| ReadError::new(error.to_string()))?;
    match read(&mut Reader::new(&NoJobs, Path::new("")), registry) {
        None | Some(ReadError::NotYet(_)) => Ok(()),
        Some(error) => Err(error),
    }
}

/// On a command line no job can be asked.
pub(super) struct NoJobs;

impl JobSource for NoJobs {
    fn folder(&self, _: &JobRef) -> PathBuf {
        PathBuf::new()
    }

    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError> {
        Err(ReadError::NotYet(job.key.to_string()))
    }

    fn output(&self, job: &JobRef) -> Result<Json, ReadError> {
        Err(ReadError::NotYet(job.key.to_string()))
    }
}
