//! Defaults of lock files: as the identity sees them, and as they stand in an attribute.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::types::Ty;
use super::{Lock, LockedArg, LockedType};
use crate::cli::json::TYPE;
use crate::cli::shape::kebab;

/// What defaults are in the identity.
pub(super) struct Seen<'l> {
    /// The lock that they stand in.
    pub(super) lock: &'l Lock,
    /// The types of today, for the names that they declare for what is in a lock of before.
    pub(super) today: &'l Lock,
    /// The ids of types by those that they had before.
    pub(super) renamed: &'l BTreeMap<String, String>,
}

impl Seen<'_> {
    /// A default, without what is not in the identity: two of them are the same there if these are equal.
    pub(super) fn default(&self, arg: &LockedArg) -> Option<Json> {
        let default = arg.default.as_ref()?;
        Some(
            serde_json::from_str(default)
                .map_or_else(|_| default.as_str().into(), |json| self.value(&Ty::of(&arg.ty), &json)),
        )
    }

    fn value(&self, ty: &Ty<'_>, json: &Json) -> Json {
        let all = |items: &[Json], ty: &Ty<'_>| items.iter().map(|item| self.value(ty, item)).collect::<Vec<_>>();
        match (ty, json) {
            (Ty::Optional(item), json) if !json.is_null() => self.value(item, json),
            // Older files have large integers as texts.
            (Ty::Int(_), Json::String(text)) => text.parse::<u64>().map_or_else(|_| json.clone(), Json::from),
            (Ty::Float(_), Json::Number(number)) if number.as_f64() == Some(0.0) => 0.0.into(),
            (Ty::List(item), Json::Array(items)) => all(items, item).into(),
            (Ty::Set(item), Json::Array(items)) => {
                let mut items = all(items, item);
                items.sort_by_cached_key(Json::to_string);
                items.into()
            }
            (Ty::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
                types.iter().zip(items).map(|(ty, item)| self.value(ty, item)).collect()
            }
            (Ty::Map(_, item), Json::Object(entries)) => {
                entries.iter().map(|(key, json)| (key.clone(), self.value(item, json))).collect()
            }
            (Ty::Named(id), Json::Object(members)) => self.config(id, members).unwrap_or_else(|| json.clone()),
            (Ty::Family(_), Json::Object(members)) => {
                let id = members.get(TYPE).and_then(Json::as_str).or_else(|| members.keys().next().map(String::as_str));
                id.and_then(|id| self.config(id, members)).unwrap_or_else(|| json.clone())
            }
            _ => json.clone(),
        }
    }

    fn config(&self, id: &str, members: &Map<String, Json>) -> Option<Json> {
        let ty = self.lock.types.get(id)?;
        let (variant, members) = ty.chosen(id, members)?;
        let args = ty.arguments_of(variant)?;
        let id = self.renamed.get(id).map_or(id, String::as_str);
        let today = self.today.types.get(id).and_then(|ty| ty.arguments_of(variant));
        let mut seen = Map::new();
        for (name, json) in members.iter().filter(|(name, _)| *name != TYPE || args.contains_key(TYPE)) {
            // What is no argument was edited by hand.
            let arg = args.get(name)?;
            if arg.leaves_out(json) {
                continue;
            }
            let declared = today.and_then(|args| args.iter().find(|(_, arg)| arg.renamed_from.contains(name)));
            let (name, named) = declared.map_or((name, arg), |(name, named)| (name, named));
            seen.insert(named.identity_name(name), self.value(&Ty::of(&arg.ty), json));
        }
        Some(serde_json::json!({"type": id, "variant": variant, "args": seen}))
    }
}

impl LockedType {
    /// The variant that a configuration is of, if the type has any, and its members.
    fn chosen<'j>(&self, id: &str, members: &'j Map<String, Json>) -> Option<(Option<&str>, &'j Map<String, Json>)> {
        let (name, own) = match (members.get(TYPE), members.iter().next()) {
            (_, Some((name, Json::Object(own)))) if members.len() == 1 => (name.as_str(), own),
            (Some(Json::String(name)), _) => (name.as_str(), members),
            _ => (id, members),
        };
        if self.variants.is_empty() {
            return Some((None, if name == id { own } else { members }));
        }
        let exact = self.variants.get_key_value(name);
        let (variant, _) = exact.or_else(|| self.variants.iter().find(|(variant, _)| kebab(variant) == name))?;
        Some((Some(variant), own))
    }

    fn arguments_of(&self, variant: Option<&str>) -> Option<&BTreeMap<String, LockedArg>> {
        variant.map_or(Some(&self.args), |variant| self.variants.get(variant))
    }
}

impl LockedArg {
    /// Whether the argument is not in the identity with this value.
    fn leaves_out(&self, json: &Json) -> bool {
        let default = || self.default.as_ref().and_then(|default| serde_json::from_str::<Json>(default).ok());
        self.left_out
            || self.ignore_default && default().as_ref() == Some(json)
            || self.default.is_none() && json.is_null()
    }

    /// Its default as it stands behind `default =`, if that can be told from its JSON.
    fn rust(&self) -> Option<String> {
        rust(&Ty::of(&self.ty), &serde_json::from_str(self.default.as_ref()?).ok()?, false)
    }

    /// How to write the attribute that leaves it out at its default.
    pub(super) fn ignoring_default(&self) -> String {
        match self.rust() {
            Some(rust) => format!("write `#[param(default = {rust}, ignore_default)]`"),
            None => {
                format!("write `#[param(default = …, ignore_default)]` with the default that it has, {}", self.shown())
            }
        }
    }

    /// How to keep the default.
    pub(super) fn keeping_default(&self) -> String {
        match self.rust() {
            Some(rust) => format!("keep `default = {rust}`"),
            None => format!("keep the default that it had ({})", self.shown()),
        }
    }

    /// The default as JSON.
    fn shown(&self) -> &str {
        self.default.as_deref().unwrap_or("none")
    }
}

/// A value as Rust has it, if it is a simple one; `within` another one nothing is converted.
fn rust(ty: &Ty<'_>, json: &Json, within: bool) -> Option<String> {
    Some(match (ty, json) {
        (Ty::Named("boolean"), Json::Bool(b)) => b.to_string(),
        (Ty::Named("nothing"), Json::Null) => "()".to_owned(),
        (Ty::Int(_), Json::Number(number)) => number.to_string(),
        (Ty::Int(_), Json::String(digits)) => digits.clone(),
        (Ty::Float(_), Json::Number(number)) => format!("{:?}", number.as_f64()?),
        (Ty::Float(name), Json::String(text)) => match text.as_str() {
            "inf" => format!("{name}::INFINITY"),
            "-inf" => format!("{name}::NEG_INFINITY"),
            "NaN" => format!("{name}::NAN"),
            _ => return None,
        },
        (Ty::Named("string"), Json::String(text)) if within => format!("{text:?}.to_owned()"),
        (Ty::Named("string"), Json::String(text)) => format!("{text:?}"),
        (Ty::Named("character"), Json::String(text)) => format!("{:?}", text.chars().next()?),
        (Ty::Optional(_), Json::Null) => "None".to_owned(),
        (Ty::Optional(item), json) => format!("Some({})", rust(item, json, true)?),
        (Ty::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
            let items = types.iter().zip(items).map(|(ty, item)| rust(ty, item, true)).collect::<Option<Vec<_>>>()?;
            format!("({}{})", items.join(", "), if items.len() == 1 { "," } else { "" })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_rust() {
        let proposed = |ty: &str, default: &str| {
            let arg = format!("type = '{ty}'\ndefault = '{default}'");
            toml::from_str::<LockedArg>(&arg).unwrap().ignoring_default()
        };
        for (ty, default, rust) in [
            ("boolean", "true", "true"),
            ("integer (u64)", "18446744073709551615", "18446744073709551615"),
            ("integer (i128)", "\"-18446744073709551616\"", "-18446744073709551616"),
            ("float (f64)", "1000", "1000.0"),
            ("float (f64)", "1e-7", "1e-7"),
            ("float (f32)", "\"inf\"", "f32::INFINITY"),
            ("float (f64)", "\"-inf\"", "f64::NEG_INFINITY"),
            ("float (f64)", "\"NaN\"", "f64::NAN"),
            ("string", r#""a\"b""#, r#""a\"b""#),
            ("character", "\"c\"", "'c'"),
            ("optional integer (u32)", "3", "Some(3)"),
            ("optional string", "null", "None"),
            ("optional string", "\"a\"", "Some(\"a\".to_owned())"),
            ("tuple (integer (u8), boolean)", "[1, false]", "(1, false)"),
            ("tuple (character)", "[\"x\"]", "('x',)"),
        ] {
            assert_eq!(proposed(ty, default), format!("write `#[param(default = {rust}, ignore_default)]`"));
        }
        for (ty, default) in
            [("duration", "\"1m 30s\""), ("list of integer (u8)", "[1]"), ("a.b", "{\"type\":\"a.b\"}")]
        {
            let said = format!("write `#[param(default = …, ignore_default)]` with the default that it has, {default}");
            assert_eq!(proposed(ty, default), said);
        }
    }
}
