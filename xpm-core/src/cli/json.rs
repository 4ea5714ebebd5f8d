//! Values as plain JSON, as people write it in files and on command lines, both ways. Not the form of `params.json`.
//!
//! A configuration is an object; of an enum or an open family it is the name of what is chosen, or an object with a member
//! `type`, or one with that name as its only member: what has an argument `type` of its own is written so, since it cannot have two
//! members of one name. Integers are taken for floats, and texts for what they can be parsed as.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::shape::{Alternative, Shape, kebab, shape, variants};
use super::text;
use crate::schema::{ArgList, ArgSchema, Role, Type, TypeSchema};
use crate::value::{Node, Slot, Tags, Value};

/// The member that says what is chosen.
pub(super) const TYPE: &str = "type";

/// Reads a value.
///
/// # Errors
/// What was expected, and where below.
pub(crate) fn value(ty: &Type, json: &Json) -> Result<Value, String> {
    let mismatch = || Err(format!("expected {}, found {}", text::expected(ty), short(json)));
    match (ty, json) {
        (Type::Json(_), json) => Ok(Value::Json(json.clone().into())),
        (Type::Option(_) | Type::Nothing, Json::Null) => Ok(Value::Nothing),
        (Type::Option(item), json) => value(item, json),
        (Type::Bool, Json::Bool(b)) => Ok(Value::Bool(*b)),
        (Type::Int(name), Json::Number(number)) => match number.as_i128() {
            Some(i) if text::fits(name, i) => Ok(Value::Int(i)),
            _ => mismatch(),
        },
        (Type::Float(name), Json::Number(number)) => match number.as_f64() {
            Some(x) => text::rounded(name, x).map(Value::Float).map_err(|why| format!("{why}, found {}", short(json))),
            None => mismatch(),
        },
        (Type::List(item), Json::Array(items)) => sequence(item, items).map(Value::List),
        (Type::Set(item), Json::Array(items)) => sequence(item, items).map(Value::Set),
        (Type::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
            let values = types.iter().zip(items).enumerate();
            let values = values.map(|(i, (ty, json))| value(ty, json).map_err(|why| format!("[{i}]: {why}")));
            values.collect::<Result<Arc<[Value]>, _>>().map(Value::Tuple)
        }
        (Type::Map(key, item), Json::Object(members)) => {
            let mut keys = Keys::default();
            let entries = members.iter().map(|(name, json)| {
                Ok((keys.read(key, name)?, value(item, json).map_err(|why| format!("[{name}]: {why}"))?))
            });
            entries.collect::<Result<Arc<[_]>, String>>().map(Value::Map)
        }
        (Type::Map(key, item), Json::Array(pairs)) => {
            let mut keys = Keys::default();
            let entries = pairs.iter().map(|pair| match pair {
                Json::Array(pair) if pair.len() == 2 => {
                    Ok((keys.enter(value(key, &pair[0])?, &short(&pair[0]))?, value(item, &pair[1])?))
                }
                other => Err(format!("expected a pair [key, value], found {}", short(other))),
            });
            entries.collect::<Result<Arc<[_]>, String>>().map(Value::Map)
        }
        (Type::Config(_) | Type::Family(_), json) => match (shape(ty), json) {
            (Shape::Struct(schema), Json::Object(members)) => config(schema, None, &own_members(schema, members)),
            (Shape::Choice(alternatives), json) => choice(ty, &alternatives, json),
            (Shape::Job(_), Json::String(text)) => text::parse(ty, text),
            _ => mismatch(),
        },
        (Type::List(_) | Type::Set(_) | Type::Map(..) | Type::Nothing, _) => mismatch(),
        (_, Json::String(text)) => text::parse(ty, text).map_err(|why| format!("{why}, found {text:?}")),
        _ => mismatch(),
    }
}

/// The keys of a map, each once, however it is written.
#[derive(Default)]
pub(super) struct Keys(BTreeSet<String>);

impl Keys {
    pub(super) fn read(&mut self, ty: &Type, text: &str) -> Result<Value, String> {
        let key = text::parse(ty, text).map_err(|why| format!("the key `{text}`: {why}"))?;
        self.enter(key, text)
    }

    fn enter(&mut self, key: Value, text: &str) -> Result<Value, String> {
        if self.0.insert(of(&key).to_string()) { Ok(key) } else { Err(format!("the key `{text}` is given twice")) }
    }
}

fn sequence(item: &Type, items: &[Json]) -> Result<Arc<[Value]>, String> {
    let values = items.iter().enumerate();
    values.map(|(i, json)| value(item, json).map_err(|why| format!("[{i}]: {why}"))).collect()
}

/// What an enum or an open family is given as.
pub(super) fn chosen<'a>(
    alternatives: &'a [Alternative],
    json: &Json,
) -> Result<(&'a Alternative, Map<String, Json>), String> {
    let find = |name: &str| {
        alternatives.iter().find(|alternative| alternative.is_named(name)).ok_or_else(|| {
            let own = alternatives.iter().find(|alternative| has_type(alternative.arguments()));
            let hint = own.map(|alternative| around(&alternative.name)).unwrap_or_default();
            format!("{name:?} is none of {}{hint}", names(alternatives))
        })
    };
    match json {
        Json::String(name) => Ok((find(name)?, Map::new())),
        Json::Object(members) => match (members.get(TYPE), members.iter().next()) {
            (Some(Json::String(name)), _) => {
                let mut members = members.clone();
                members.remove(TYPE);
                Ok((find(name)?, members))
            }
            (_, Some((name, Json::Object(members)))) if json.as_object().is_some_and(|all| all.len() == 1) => {
                Ok((find(name)?, members.clone()))
            }
            _ => Err(format!("a member \"{TYPE}\" says which of {} it is: {}", names(alternatives), short(json))),
        },
        _ => Err(format!("expected a name or an object with a member \"{TYPE}\", found {}", short(json))),
    }
}

/// Whether these members say which alternative they are of.
pub(super) fn says_which(alternatives: &[Alternative], members: &Map<String, Json>) -> bool {
    let one = (members.len() == 1).then(|| members.iter().next()).flatten();
    let is_named = |name: &str| alternatives.iter().any(|alternative| alternative.is_named(name));
    members.contains_key(TYPE) || one.is_some_and(|(name, value)| value.is_object() && is_named(name))
}

pub(super) fn names(alternatives: &[Alternative]) -> String {
    let names: Vec<_> = alternatives.iter().map(|alternative| alternative.name.as_str()).collect();
    names.join(", ")
}

fn choice(ty: &Type, alternatives: &[Alternative], json: &Json) -> Result<Value, String> {
    let (alternative, members) =
        chosen(alternatives, json).map_err(|why| format!("expected {}: {why}", text::expected(ty)))?;
    let args = alternative.arguments();
    if let Some(own) = argument(args, TYPE)
        && args[own].required()
        && json.get(TYPE).is_some()
        && !members.keys().any(|name| argument(args, name) == Some(own))
    {
        let (own, name) = (args[own].name, &alternative.name);
        return Err(format!("the argument `{own}` of {name} is missing{}", around(name)));
    }
    config(alternative.schema, alternative.variant, &members)
}

/// Whether an argument has the name of the member that says what is chosen.
pub(super) fn has_type(args: &ArgList) -> bool {
    argument(args, TYPE).is_some()
}

/// How the argument of that name is given.
fn around(name: &str) -> String {
    format!("; an argument `{TYPE}` is given as {{\"{name}\": {{\"{TYPE}\": …}}}}")
}

/// The members without what only says which type it is: one among them, or one around them.
pub(super) fn own_members<'j>(schema: &TypeSchema, members: &'j Map<String, Json>) -> Cow<'j, Map<String, Json>> {
    let args = schema.arguments(None);
    match members.get(schema.id()) {
        Some(Json::Object(own)) if members.len() == 1 && argument(args, schema.id()).is_none() => {
            return Cow::Borrowed(own);
        }
        _ => {}
    }
    if members.get(TYPE).and_then(Json::as_str) != Some(schema.id()) || has_type(args) {
        return Cow::Borrowed(members);
    }
    let mut members = members.clone();
    members.remove(TYPE);
    Cow::Owned(members)
}

fn config(schema: &'static TypeSchema, variant: Option<usize>, members: &Map<String, Json>) -> Result<Value, String> {
    let args = schema.arguments(variant);
    let mut given: BTreeMap<usize, &Json> = BTreeMap::new();
    for (name, json) in members {
        let index = argument(args, name).ok_or_else(|| no_argument(schema, args, name))?;
        if given.insert(index, json).is_some() {
            return Err(given_twice(args[index].name));
        }
    }
    let mut slots = Vec::with_capacity(args.len());
    for (index, arg) in args.iter().enumerate() {
        let value = match given.get(&index) {
            Some(json) => value(&arg.ty, json).map_err(|why| format!("{}: {why}", arg.name))?,
            // As on a command line: without a value, a boolean is off.
            None if arg.required() && matches!(arg.ty, Type::Bool) => Value::Bool(false),
            None if arg.required() => return Err(format!("the argument `{}` of {} is missing", arg.name, schema.id())),
            None => arg.initial(),
        };
        slots.push(Slot::unset(value));
    }
    Ok(Value::Config(Node::new(schema, variant, slots, Tags::new())))
}

/// The number of the argument with this name, dashes being as good as underscores; or else of the only one that is spelled alike.
pub(super) fn argument(args: &ArgList, name: &str) -> Option<usize> {
    let exact = |arg: &ArgSchema| arg.name == name || arg.name == name.replace('-', "_");
    if let Some(index) = args.iter().position(|arg| settable(arg) && exact(arg)) {
        return Some(index);
    }
    let mut alike = (0..args.len()).filter(|index| is_alike(&args[*index], name));
    alike.next().filter(|_| alike.next().is_none())
}

fn is_alike(arg: &ArgSchema, name: &str) -> bool {
    settable(arg) && kebab(arg.name) == kebab(name)
}

/// Whether a plan can set it.
pub(super) fn settable(arg: &ArgSchema) -> bool {
    !matches!(arg.role, Role::JobPath(_))
}

pub(super) fn no_argument(schema: &TypeSchema, args: &ArgList, name: &str) -> String {
    let alike: Vec<_> = args.iter().filter(|arg| is_alike(arg, name)).map(|arg| arg.name).collect();
    if !alike.is_empty() {
        return format!("`{name}` may be `{}`: write it as it is declared", alike.join("` or `"));
    }
    let names: Vec<_> = args.iter().filter(|arg| settable(arg)).map(|arg| arg.name).collect();
    format!("{} has no argument `{name}`; it has {}", schema.id(), names.join(", "))
}

pub(super) fn given_twice(name: &str) -> String {
    format!("the argument `{name}` stands there twice, in two spellings")
}

fn short(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// A value as JSON that [`value`] reads back, as far as it is plain data.
pub(crate) fn of(value: &Value) -> Json {
    match value.unmarked() {
        Value::Nothing => Json::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(i) => serde_json::Number::from_i128(*i).map_or_else(|| i.to_string().into(), Json::Number),
        Value::Float(x) => serde_json::Number::from_f64(*x).map_or_else(|| x.to_string().into(), Json::Number),
        Value::List(items) | Value::Tuple(items) => items.iter().map(of).collect(),
        Value::Set(items) => {
            // In one order, whatever that of the set is.
            let mut items: Vec<_> = items.iter().map(of).collect();
            items.sort_by_cached_key(Json::to_string);
            items.into()
        }
        Value::Map(entries) => entries.iter().map(|(key, item)| (text::show(key).concat(), of(item))).collect(),
        Value::Json(json) => (**json).clone(),
        Value::Config(node) | Value::Produced(_, node) => of_node(node),
        other => text::show(other).concat().into(),
    }
}

fn of_node(node: &Node) -> Json {
    let schema = node.schema();
    // Variants are called as they are chosen: by their own names where these are spelled alike.
    let name = match node.variant() {
        Some(index) => variants(schema).swap_remove(index).name,
        None => schema.id().to_owned(),
    };
    // Nothing is what an argument without a default has if nothing is said of it.
    let told = |arg: &ArgSchema, slot: &Slot| {
        settable(arg) && (arg.has_default() || !matches!(slot.value.unmarked(), Value::Nothing))
    };
    let slots = node.arguments().iter().zip(node.slots()).filter(|(arg, slot)| told(arg, slot));
    let mut members: Map<_, _> = slots.map(|(arg, slot)| (arg.name.to_owned(), of(&slot.value))).collect();
    if has_type(node.arguments()) {
        return Map::from_iter([(name, Json::Object(members))]).into();
    }
    members.insert(TYPE.to_owned(), name.into());
    Json::Object(members)
}
