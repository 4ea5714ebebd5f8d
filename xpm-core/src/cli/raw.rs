//! What is given for one argument, before it is read: texts of a command line, or JSON of a file.

use std::collections::BTreeSet;
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
        let whole = |open: char| match &texts[..] {
            [text] if text.starts_with(open) => files::json(text).ok().and_then(|json| json::value(ty, &json).ok()),
            _ => None,
        };
        match inside(ty) {
            Type::List(of) | Type::Set(of) => {
                if let Some(value) = whole('[') {
                    return Ok(value);
                }
                let items = texts.iter().map(|text| one(of, text)).collect::<Result<Arc<[Value]>, _>>()?;
                Ok(if matches!(inside(ty), Type::List(_)) { Value::List(items) } else { Value::Set(items) })
            }
            Type::Map(key, of) => {
                if let Some(value) = whole('{') {
                    return Ok(value);
                }
                entries(key, of, texts)
            }
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

fn entries(key: &Type, of: &Type, texts: &[String]) -> Result<Value, Wrong> {
    let mut names = BTreeSet::new();
    let entries = texts.iter().map(|text| match text.split_once('=') {
        Some((name, _)) if !names.insert(name) => Err(wrong(text, format!("`{name}` is given twice"))),
        Some((name, value)) => Ok((
            text::parse(key, name).map_err(|why| wrong(text, format!("the key: {why}")))?,
            text::parse(of, value).map_err(|why| wrong(text, why))?,
        )),
        None => Err(wrong(text, "expected KEY=VALUE".to_owned())),
    });
    Ok(Value::Map(entries.collect::<Result<Arc<[_]>, _>>()?))
}

fn wrong(text: &str, why: String) -> Wrong {
    Wrong { text: text.to_owned(), why }
}
