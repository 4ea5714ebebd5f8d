//! `#[param(json)]`: any serde type as an argument, and how a task's output value comes in.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ReadError, Reader};
use crate::finite;
use crate::schema::Type;
use crate::value::Value;

/// The type of a `#[param(json)]` argument whose field has type `T`. Only ever a type parameter of
/// [`Arg`](super::Arg).
pub struct Json<T>(PhantomData<fn() -> T>);

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json")
    }
}

impl<T: DeserializeOwned> Json<T> {
    pub(super) fn read(value: &Value, reader: &mut Reader<'_>) -> Result<T, ReadError> {
        let json = to_json(value, reader)?;
        T::deserialize(json).map_err(|error| ReadError::new(error.to_string()))
    }

    /// The type of an optional argument, as data. Called by generated code.
    pub fn optional_ty() -> Type {
        Type::Option(Box::new(json_ty::<T>()))
    }
}

/// The type as data.
pub fn json_ty<T>() -> Type {
    Type::Json(std::any::type_name::<T>())
}

/// How deep JSON may nest: what readers of JSON commonly allow, less what stands around it in `params.json`.
const MAX_JSON_DEPTH: usize = 100;

fn depth_exceeds(json: &serde_json::Value, limit: usize) -> bool {
    match json {
        serde_json::Value::Array(items) => limit == 0 || items.iter().any(|item| depth_exceeds(item, limit - 1)),
        serde_json::Value::Object(members) => limit == 0 || members.values().any(|item| depth_exceeds(item, limit - 1)),
        _ => false,
    }
}

/// The value as data.
pub fn json_value<T: Serialize>(value: &T) -> Value {
    if let Some(found) = finite::exception(value) {
        return Value::Refused(
            format!("it holds {found}, for which JSON has no number: give a text or an `Option` in its place").into(),
        );
    }
    match serde_json::to_value(value) {
        Ok(json) if depth_exceeds(&json, MAX_JSON_DEPTH) => {
            Value::Refused(format!("its JSON is nested more than {MAX_JSON_DEPTH} deep").into())
        }
        Ok(json) => Value::Json(json.into()),
        Err(error) => Value::Refused(format!("it cannot be written as JSON: {error}").into()),
    }
}

/// JSON of a JSON argument: as it was given, or what promised values have become.
fn to_json(value: &Value, reader: &mut Reader<'_>) -> Result<serde_json::Value, ReadError> {
    match value.unmarked() {
        Value::Json(json) => Ok((**json).clone()),
        Value::Promise(job) => reader.output(job),
        Value::List(items) => {
            let items = items.iter().map(|item| to_json(item, reader));
            items.collect::<Result<Vec<_>, _>>().map(serde_json::Value::Array)
        }
        Value::Nothing => Ok(serde_json::Value::Null),
        other => Err(ReadError::new(format!("expected JSON, found {}", other.kind()))),
    }
}

/// An output as the value of a scalar argument or a list of these.
pub(super) fn to_plain_value(json: serde_json::Value) -> Value {
    use serde_json::Value as J;
    match json {
        J::Null => Value::Nothing,
        J::Bool(b) => Value::Bool(b),
        J::Number(number) => match number.as_i128() {
            Some(integer) => Value::Int(integer),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        J::String(text) => Value::Str(text.into()),
        J::Array(items) => Value::List(items.into_iter().map(to_plain_value).collect()),
        object @ J::Object(_) => Value::Json(object.into()),
    }
}
