//! Files with values of arguments, TOML, YAML or JSON, as the JSON values that all three are taken for.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::yaml;

/// The members of a file.
pub(super) fn read(path: &Path) -> Result<Map<String, Json>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))?;
    // Some editors mark a text as UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_ascii_lowercase();
    let members = match &kind[..] {
        "toml" => from_toml(toml::Value::Table(toml::from_str(text).map_err(|error| error.to_string())?)),
        "json" => json(text)?,
        "yaml" | "yml" => yaml::parse(text)?.into(),
        _ => return Err("a file ends with .toml, .yaml or .json".to_owned()),
    };
    match members {
        Json::Object(members) => Ok(members),
        _ => Err("it holds no names with values".to_owned()),
    }
}

/// Reads JSON, in which no name stands twice: the first value would be lost.
pub(super) fn json(text: &str) -> Result<Json, String> {
    serde_json::from_str::<Once>(text).and_then(|_| serde_json::from_str(text)).map_err(|error| error.to_string())
}

/// Numbers that JSON does not have are texts, which arguments read as well.
fn from_toml(value: toml::Value) -> Json {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => {
            serde_json::Number::from_f64(number).map_or_else(|| number.to_string().into(), Json::Number)
        }
        toml::Value::Boolean(boolean) => boolean.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(from_toml).collect(),
        toml::Value::Table(members) => {
            Json::Object(members.into_iter().map(|(name, value)| (name, from_toml(value))).collect())
        }
    }
}

/// JSON in which no object has a name twice.
struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                return Err(serde::de::Error::custom(format!("`{name}` stands here for the second time")));
            }
            map.next_value::<Once>()?;
            names.insert(name);
        }
        Ok(Once)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Once, A::Error> {
        while seq.next_element::<Once>()?.is_some() {}
        Ok(Once)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_str<E>(self, _: &str) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once)
    }
}
