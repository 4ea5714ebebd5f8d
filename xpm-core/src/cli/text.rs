//! Values as texts on a command line, both ways.

use std::path::PathBuf;
use std::sync::Arc;

use super::shape::{Shape, job_of, shape};
use super::split::{split, unquoted};
use super::{files, json};
use crate::schema::Type;
use crate::value::{Value, narrow, widen};

/// Reads one value.
///
/// # Errors
/// What was expected, in words that follow the flag and the text.
pub(crate) fn parse(ty: &Type, text: &str) -> Result<Value, String> {
    let expected = || format!("expected {}", expected(ty));
    match ty {
        Type::Nothing => Ok(Value::Nothing),
        Type::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err("expected true or false".to_owned()),
        },
        Type::Int(name) => integer(name, text).ok_or_else(expected),
        Type::Float(name) => float(name, text),
        Type::Str => Ok(Value::Str(text.into())),
        Type::Char => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(_), None) => Ok(Value::Str(text.into())),
                _ => Err(expected()),
            }
        }
        Type::Duration => match humantime::parse_duration(text) {
            Ok(duration) => Ok(Value::Duration(duration)),
            Err(error) => Err(format!("{}: {error}", expected())),
        },
        Type::Path if text.is_empty() => Err("a path is not empty".to_owned()),
        Type::Path => Ok(Value::Path(PathBuf::from(text).into())),
        // `null` of a serde type is none, as in a plan.
        Type::Option(item) => match parse(item, text)? {
            Value::Json(json) if json.is_null() => Ok(Value::Nothing),
            value => Ok(value),
        },
        Type::Tuple(items) if !text.starts_with('[') => {
            let parts = split(text)?;
            if parts.len() != items.len() {
                return Err(expected());
            }
            let values = items.iter().zip(parts).map(|(item, part)| match unquoted(part) {
                Some(text) if !matches!(item, Type::Json(_)) => parse(item, &text?),
                _ => parse(item, part),
            });
            values.collect::<Result<Arc<[Value]>, _>>().map(Value::Tuple)
        }
        Type::Json(_) => match files::json(text) {
            Ok(json) => Ok(Value::Json(json.into())),
            Err(error) => Err(format!("expected JSON: {error}{}", quotes(text))),
        },
        Type::Config(_) | Type::Family(_) => match shape(ty) {
            Shape::Job(schema) => job_of(schema, text),
            Shape::Choice(_) if !text.starts_with('{') => json::value(ty, &text.into()),
            _ => from_json_text(ty, text),
        },
        Type::Tuple(_) | Type::List(_) | Type::Set(_) | Type::Map(..) => from_json_text(ty, text),
    }
}

fn from_json_text(ty: &Type, text: &str) -> Result<Value, String> {
    let json = files::json(text).map_err(|error| format!("expected {} as JSON: {error}", expected(ty)))?;
    json::value(ty, &json)
}

/// A text without quotes is the likely mistake.
fn quotes(text: &str) -> String {
    match text.chars().next() {
        Some(c) if c.is_alphabetic() => format!("; a text has quotes, '\"{text}\"'"),
        _ => String::new(),
    }
}

/// An integer that fits the type of that name.
pub(super) fn integer(name: &str, text: &str) -> Option<Value> {
    let value = without_underscores(text)?.parse::<i128>().ok()?;
    fits(name, value).then_some(Value::Int(value))
}

/// Whether an integer fits the type of that name.
pub(super) fn fits(name: &str, value: i128) -> bool {
    range(name).is_none_or(|(low, high)| (low..=high).contains(&value))
}

fn range(name: &str) -> Option<(i128, i128)> {
    macro_rules! of {
        ($($ty:ident)*) => {
            match name {
                $(stringify!($ty) => Some(($ty::MIN as i128, $ty::MAX as i128)),)*
                "u128" => Some((0, i128::MAX)),
                _ => None,
            }
        };
    }
    of!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize)
}

/// A number without its underscores, each of which stands between two digits.
pub(super) fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let between = text.match_indices('_').all(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    between.then(|| text.replace('_', ""))
}

fn float(name: &str, text: &str) -> Result<Value, String> {
    let plain = without_underscores(text).unwrap_or_default();
    let Ok(value) = plain.parse::<f64>() else { return Err(format!("expected a float ({name})")) };
    // `inf` is meant, `1e999` is not.
    let meant = value.is_infinite() && !plain.contains(|c: char| c.is_ascii_digit());
    if meant { Ok(Value::Float(value)) } else { rounded(name, value).map(Value::Float) }
}

/// What is left of a float in the type of that name.
///
/// # Errors
/// If it is beyond what the type holds.
pub(super) fn rounded(name: &str, value: f64) -> Result<f64, String> {
    let (rounded, most) = match name {
        "f32" => (widen(narrow(value)), format!("{:?}", f32::MAX)),
        _ => (value, format!("{:?}", f64::MAX)),
    };
    match rounded.is_infinite() {
        true => Err(format!("expected a float ({name}, -{most} to {most})")),
        false => Ok(rounded),
    }
}

/// What a flag of a type expects.
pub(crate) fn expected(ty: &Type) -> String {
    match ty {
        Type::Nothing => "nothing".to_owned(),
        Type::Bool => "true or false".to_owned(),
        Type::Int(name) => match range(name) {
            Some((low, high)) if high <= u16::MAX.into() => format!("an integer ({name}, {low} to {high})"),
            Some((_, most)) if *name == "u128" => format!("an integer (u128, here at most {most})"),
            _ => format!("an integer ({name})"),
        },
        Type::Float(name) => format!("a float ({name})"),
        Type::Str => "a string".to_owned(),
        Type::Char => "one character".to_owned(),
        Type::Duration => "a duration such as 1h30m or 250ms".to_owned(),
        Type::Path => "a path".to_owned(),
        Type::Option(item) => expected(item),
        Type::Tuple(items) => {
            let items: Vec<_> = items.iter().map(ToString::to_string).collect();
            format!("{} values with commas between: {}", items.len(), items.join(", "))
        }
        Type::Config(schema) => format!("a value of `{}`", schema().id()),
        Type::Family(family) => format!("a value of `{}`", family.name),
        Type::Json(_) => "JSON".to_owned(),
        Type::List(_) | Type::Set(_) | Type::Map(..) => format!("a {ty}"),
    }
}

/// The texts that give this value back: several for a list or a map, none for nothing.
pub(crate) fn show(value: &Value) -> Vec<String> {
    match value.unmarked() {
        Value::Nothing => Vec::new(),
        Value::List(items) => items.iter().map(show_one).collect(),
        Value::Set(items) => {
            let mut texts: Vec<_> = items.iter().map(show_one).collect();
            texts.sort();
            texts
        }
        // Hash maps have another order each time.
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.shown_order(b));
            entries.into_iter().map(|(key, value)| format!("{}={}", show_one(key), show_one(value))).collect()
        }
        other => vec![show_one(other)],
    }
}

fn show_one(value: &Value) -> String {
    match value.unmarked() {
        Value::Str(text) => text.to_string(),
        Value::Float(x) => format!("{x:?}"),
        Value::Duration(duration) => humantime::format_duration(*duration).to_string().replace(' ', ""),
        Value::Tuple(items) if items.iter().all(is_word) => items.iter().map(show_one).collect::<Vec<_>>().join(","),
        Value::Job(job) | Value::Promise(job) => job.key.to_string(),
        Value::Json(json) => json.to_string(),
        Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Map(_) | Value::Config(_) => {
            json::of(value).to_string()
        }
        other => other.to_string(),
    }
}

fn is_word(value: &Value) -> bool {
    match value.unmarked() {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => true,
        Value::Str(text) => !text.contains([',', '"', '(', ')', '[', ']', '{', '}']) && text.trim() == &**text,
        _ => false,
    }
}
