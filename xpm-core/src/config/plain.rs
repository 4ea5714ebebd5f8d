//! A task's arguments as plain data, for programs that know nothing of xpm: promises as what they have become, upstream
//! tasks as their arguments, paths absolute. Told in docs/programs.md.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use super::{ReadError, Reader};
use crate::schema::{Role, Type, TypeSchema};
use crate::value::{Node, Value};

/// A value as a program gets it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    /// `None`.
    Nothing,
    /// A boolean.
    Bool(bool),
    /// A number or a text.
    Scalar(Json),
    /// A path, as the system has it.
    Path(PathBuf),
    /// A list, a tuple or a set.
    List(Vec<Plain>),
    /// A map, its keys as text.
    Map(Vec<(String, Plain)>),
    /// A JSON argument.
    Json(Json),
    /// A configuration.
    Config {
        /// Which member of a family it is.
        member: Option<String>,
        /// Its arguments, in the order of declaration.
        arguments: Vec<PlainArgument>,
    },
}

/// One argument as a program gets it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlainArgument {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its value.
    pub(crate) value: Plain,
    /// Whether a program that is told nothing of it may take a boolean for `false`.
    pub(crate) unset_is_false: bool,
}

impl Plain {
    /// The value as JSON.
    ///
    /// # Errors
    /// If a path is not UTF-8; names the argument.
    pub(crate) fn to_json(&self) -> Result<Json, ReadError> {
        Ok(match self {
            Plain::Nothing => Json::Null,
            Plain::Bool(b) => Json::Bool(*b),
            Plain::Scalar(json) | Plain::Json(json) => json.clone(),
            Plain::Path(path) => match path.to_str() {
                Some(text) => text.into(),
                None => {
                    let why = format!("the path {} is not UTF-8, and programs are told paths as text", path.display());
                    return Err(ReadError::new(why));
                }
            },
            Plain::List(items) => Json::Array(items.iter().map(Plain::to_json).collect::<Result<_, _>>()?),
            Plain::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((key.clone(), value.to_json()?)));
                Json::Object(entries.collect::<Result<_, ReadError>>()?)
            }
            Plain::Config { member, arguments } => {
                let mut object = Map::new();
                if let Some(member) = member {
                    object.insert("$type".to_owned(), member.as_str().into());
                }
                for PlainArgument { name, value, .. } in arguments {
                    object.insert((*name).to_owned(), value.to_json().map_err(|error| error.under(name))?);
                }
                Json::Object(object)
            }
        })
    }
}

impl Reader<'_> {
    /// The configuration that `node` holds, as plain data.
    ///
    /// # Errors
    /// If what a job has made cannot be read; names the argument.
    pub(crate) fn plain(&mut self, node: &Arc<Node>, in_family: bool) -> Result<Plain, ReadError> {
        let mut arguments = Vec::with_capacity(node.slots().len());
        for (arg, slot) in node.arguments().iter().zip(node.slots()) {
            let value = match arg.role {
                Role::JobPath(name) => Plain::Path(self.job_path(node, name)),
                Role::Argument | Role::Ignored => {
                    self.step(arg.name, |reader| reader.plain_value(&slot.value, &arg.ty))?
                }
            };
            let initial = arg.initial();
            let unset_is_false = matches!(arg.ty, Type::Bool) && !matches!(initial.unmarked(), Value::Bool(true));
            arguments.push(PlainArgument { name: arg.name, value, unset_is_false });
        }
        let member = match node.variant() {
            Some(variant) => Some(member_name(node.schema(), variant)),
            None => in_family.then(|| node.schema().id().to_owned()),
        };
        Ok(Plain::Config { member, arguments })
    }

    fn plain_value(&mut self, value: &Value, ty: &Type) -> Result<Plain, ReadError> {
        let ty = match ty {
            Type::Option(item) => &**item,
            ty => ty,
        };
        let value = match (value.unmarked(), ty) {
            (Value::Promise(job), Type::Json(_)) => return Ok(Plain::Json(self.output(job)?)),
            (value @ Value::Promise(_), _) => self.resolved(value)?,
            (value, _) => Cow::Borrowed(value),
        };
        Ok(match value.unmarked() {
            Value::Nothing => Plain::Nothing,
            Value::Bool(b) => Plain::Bool(*b),
            Value::Int(i) => Plain::Scalar(integer(*i)),
            Value::Float(x) => Plain::Scalar(float(*x)),
            Value::Str(text) => Plain::Scalar((&**text).into()),
            // Whole seconds as an integer: what shell programs read.
            Value::Duration(time) if time.subsec_nanos() == 0 => Plain::Scalar(time.as_secs().into()),
            Value::Duration(time) => Plain::Scalar(float(time.as_secs_f64())),
            Value::List(items) | Value::Tuple(items) => Plain::List(self.plain_items(items, ty)?),
            Value::Set(items) => {
                let mut items = self.plain_items(items, ty)?;
                items.sort_by(in_order);
                Plain::List(items)
            }
            Value::Map(entries) => Plain::Map(self.plain_entries(entries, ty)?),
            Value::Path(path) => Plain::Path(absolute(path.to_path_buf())),
            Value::File(job, path) => Plain::Path(absolute(self.job_folder(job)?.join(path))),
            Value::Json(json) => Plain::Json((**json).clone()),
            other @ (Value::Config(_) | Value::Job(_) | Value::Produced(..)) => {
                let in_family = matches!(ty, Type::Family(_));
                self.located(other, || ty.clone(), |reader, node| reader.plain(node, in_family))?
            }
            other => return Err(ReadError::mismatch(ty, other)),
        })
    }

    fn plain_items(&mut self, items: &[Value], ty: &Type) -> Result<Vec<Plain>, ReadError> {
        let ty_of = |i: usize| match ty {
            Type::List(item) | Type::Set(item) => &**item,
            Type::Tuple(items) => items.get(i).unwrap_or(ty),
            ty => ty,
        };
        let items = items.iter().enumerate();
        items.map(|(i, item)| self.step(&format!("[{i}]"), |reader| reader.plain_value(item, ty_of(i)))).collect()
    }

    fn plain_entries(&mut self, entries: &[(Value, Value)], ty: &Type) -> Result<Vec<(String, Plain)>, ReadError> {
        let (key_ty, value_ty) = match ty {
            Type::Map(key, value) => (&**key, &**value),
            ty => (ty, ty),
        };
        let mut found = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let entry = self.step(&format!("[{key}]"), |reader| {
                let key = match reader.plain_value(key, key_ty)? {
                    Plain::Scalar(Json::String(text)) => text,
                    Plain::Path(path) => path.to_string_lossy().into_owned(),
                    other => other.to_json()?.to_string(),
                };
                Ok((key, reader.plain_value(value, value_ty)?))
            })?;
            found.push(entry);
        }
        // In the order of the plan's hash map it would be another one each time.
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }
}

/// An integer that JSON readers may not hold exactly is a text.
fn integer(i: i128) -> Json {
    i64::try_from(i)
        .map_or_else(|_| u64::try_from(i).map_or_else(|_| Json::String(i.to_string()), Json::from), Json::from)
}

/// What JSON has no number for is a text that C, Python and Rust read: `nan`, `inf`, `-inf`.
fn float(x: f64) -> Json {
    match Number::from_f64(x) {
        Some(number) => Json::Number(number),
        None if x.is_nan() => "nan".into(),
        None => if x > 0.0 { "inf" } else { "-inf" }.into(),
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// Numbers by size, everything else by its text.
fn in_order(a: &Plain, b: &Plain) -> std::cmp::Ordering {
    match (a, b) {
        (Plain::Scalar(Json::Number(a)), Plain::Scalar(Json::Number(b))) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(std::cmp::Ordering::Equal)
        }
        (a, b) => format!("{a:?}").cmp(&format!("{b:?}")),
    }
}

/// A variant as the method of `config()` is named: two that differ in case only keep their own spelling.
fn member_name(schema: &TypeSchema, variant: usize) -> String {
    let own = schema.variants()[variant].name;
    let snake = snake_case(own);
    let unique = schema.variants().iter().filter(|other| snake_case(other.name) == snake).count() == 1;
    if unique { snake } else { own.to_owned() }
}

/// `HuberLoss` as `huber_loss`.
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_lower = i > 0 && !chars[i - 1].is_uppercase() && chars[i - 1] != '_';
        let starts_word = i > 0 && chars[i - 1].is_uppercase() && chars.get(i + 1).is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (after_lower || starts_word) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}
