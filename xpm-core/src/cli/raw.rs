//! What is given for one argument, before it is read: texts of a command line, or JSON of a file.

use std::sync::Arc;

use serde_json::Value as Json;

use super::shape::inside;
use super::{files, json, text};
use crate::schema::Type;
use crate::value::Value;

/// What was given for one argument.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    /// As texts, one for each time.
    Texts(Vec<String>),
    /// In a file, or as JSON.
    Json(Json),
}

/// A text that is no value of its type.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) text: String,
    pub(super) why: String,
}

impl Raw {
    /// As it shows in messages.
    pub(super) fn text(&self) -> String {
        match self {
            Raw::Texts(texts) => texts.join(" "),
            Raw::Json(Json::String(text)) => text.clone(),
            Raw::Json(json) => json.to_string(),
        }
    }

    /// Whether it says that there is none.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Raw::Json(Json::Null))
    }

    /// The value of one flag.
    pub(super) fn value(&self, ty: &Type) -> Result<Value, Wrong> {
        let texts = match self {
            Raw::Json(value) => return json::value(ty, value).map_err(|why| Wrong { text: self.text(), why }),
            Raw::Texts(texts) => texts,
        };
        if let Some(value) = whole(inside(ty), texts)? {
            return Ok(value);
        }
        match inside(ty) {
            Type::List(of) | Type::Set(of) => {
                let items = texts.iter().map(|text| one(of, text)).collect::<Result<Arc<[Value]>, _>>()?;
                Ok(if matches!(inside(ty), Type::List(_)) { Value::List(items) } else { Value::Set(items) })
            }
            Type::Map(key, of) => entries(key, of, texts),
            _ => match texts.last() {
                Some(text) => one(ty, text),
                None => Ok(Value::Nothing),
            },
        }
    }

    /// The value as it compares with others of the type, however it is written; what is none compares as its text.
    pub(super) fn compared(&self, ty: &Type) -> String {
        self.value(ty).map_or_else(|_| self.text(), |value| json::of(&value).to_string())
    }
}

fn one(ty: &Type, text: &str) -> Result<Value, Wrong> {
    text::parse(ty, text).map_err(|why| wrong(text, why))
}

/// A list or a map that is written whole, as JSON: what begins with its bracket is that, or wrong.
fn whole(ty: &Type, texts: &[String]) -> Result<Option<Value>, Wrong> {
    let (open, name) = match ty {
        Type::List(_) | Type::Set(_) => ('[', "list"),
        Type::Map(..) => ('{', "map"),
        _ => return Ok(None),
    };
    let Some(text) = texts.iter().find(|text| text.starts_with(open)) else { return Ok(None) };
    let read = match texts {
        [text] => match files::json(text) {
            Ok(json) => json::value(ty, &json),
            Err(error) => {
                Err(format!("what begins with `{open}` is the whole {name} as JSON: {error}{}", quoted(ty, text)))
            }
        },
        _ => Err(format!("what begins with `{open}` is the whole {name} as JSON, given once{}", quoted(ty, text))),
    };
    match (read, ty) {
        (Ok(value), _) => Ok(Some(value)),
        // One item may be written so.
        (Err(_), Type::List(item) | Type::Set(item)) if has_brackets(item) => Ok(None),
        (Err(why), _) => Err(wrong(text, why)),
    }
}

/// Whether a value of the type may itself begin with `[`.
fn has_brackets(ty: &Type) -> bool {
    matches!(inside(ty), Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Map(..) | Type::Json(_))
}

/// How a text that begins with a bracket is given as the item of a list.
fn quoted(ty: &Type, text: &str) -> String {
    match ty {
        Type::List(item) | Type::Set(item) if matches!(inside(item), Type::Str | Type::Path | Type::Char) => {
            format!("; a text that begins so is written '{}'", Json::from(vec![text]))
        }
        _ => String::new(),
    }
}

fn entries(key: &Type, of: &Type, texts: &[String]) -> Result<Value, Wrong> {
    let mut keys = json::Keys::default();
    let entries = texts.iter().map(|text| match text.split_once('=') {
        Some((name, value)) => Ok((
            keys.read(key, name).map_err(|why| wrong(text, why))?,
            text::parse(of, value).map_err(|why| wrong(text, why))?,
        )),
        None => Err(wrong(text, "expected KEY=VALUE".to_owned())),
    });
    Ok(Value::Map(entries.collect::<Result<Arc<[_]>, _>>()?))
}

fn wrong(text: &str, why: String) -> Wrong {
    Wrong { text: text.to_owned(), why }
}
