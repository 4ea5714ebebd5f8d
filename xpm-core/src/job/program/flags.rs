//! Arguments as flags of a command line: `--lr 0.1 --model.layers 3`. The rules are told in docs/programs.md.

use std::ffi::OsString;

use serde_json::Value as Json;

use crate::config::{PlainArgument, PlainData as Plain, ReadError};

/// The flags of a task's arguments.
pub(super) fn flags(arguments: &[PlainArgument]) -> Result<Vec<OsString>, ReadError> {
    let mut flags = Vec::new();
    config(arguments, "", &mut flags)?;
    Ok(flags)
}

fn config(arguments: &[PlainArgument], prefix: &str, flags: &mut Vec<OsString>) -> Result<(), ReadError> {
    for PlainArgument { name, value, unset_is_false } in arguments {
        let name = format!("{prefix}{name}");
        match value {
            Plain::Bool(true) => flags.push(format!("--{name}").into()),
            Plain::Bool(false) if *unset_is_false => {}
            Plain::Bool(false) => flags.push(format!("--no-{name}").into()),
            value => argument(value, &name, flags)?,
        }
    }
    Ok(())
}

fn argument(value: &Plain, name: &str, flags: &mut Vec<OsString>) -> Result<(), ReadError> {
    match value {
        Plain::Nothing | Plain::Json(Json::Null) => {}
        Plain::Bool(b) => flag(name, b.to_string(), flags),
        Plain::Scalar(json) | Plain::Json(json) => flag(name, text(json), flags),
        Plain::Path(path) => flag(name, path, flags),
        Plain::List(items) => {
            for (i, item) in items.iter().enumerate() {
                match item {
                    Plain::Config { .. } => argument(item, &format!("{name}.{i}"), flags)?,
                    // A list of lists has no flags: each inner one is JSON.
                    Plain::List(_) | Plain::Map(_) => flag(name, item.to_json()?.to_string(), flags),
                    Plain::Nothing => flag(name, "null", flags),
                    item => argument(item, name, flags)?,
                }
            }
        }
        Plain::Map(entries) => {
            for (key, item) in entries {
                match item {
                    Plain::Config { .. } => argument(item, &format!("{name}.{key}"), flags)?,
                    Plain::Scalar(json) | Plain::Json(json) => flag(name, format!("{key}={}", text(json)), flags),
                    Plain::Path(path) => {
                        let mut entry = OsString::from(format!("{key}="));
                        entry.push(path);
                        flag(name, entry, flags);
                    }
                    item => flag(name, format!("{key}={}", item.to_json()?), flags),
                }
            }
        }
        Plain::Config { member, arguments } => {
            if let Some(member) = member {
                flag(name, member.as_str(), flags);
            }
            config(arguments, &format!("{name}."), flags)?;
        }
    }
    Ok(())
}

/// A text as it is, anything else as JSON.
fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        json => json.to_string(),
    }
}

/// `--name value`, or `--name=value` where the value would be taken for a flag.
fn flag(name: &str, value: impl Into<OsString>, flags: &mut Vec<OsString>) {
    let value = value.into();
    let mut flag = OsString::from(format!("--{name}"));
    if value.as_encoded_bytes().starts_with(b"-") {
        flag.push("=");
        flag.push(value);
        flags.push(flag);
    } else {
        flags.extend([flag, value]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Plain, unset_is_false: bool) -> String {
        let flags = flags(&[PlainArgument { name: "x", value, unset_is_false }]).unwrap();
        flags.iter().map(|flag| flag.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    fn number(x: f64) -> Plain {
        Plain::Scalar(x.into())
    }

    #[test]
    fn each_kind_of_value_has_one_form() {
        let text = |text: &str| Plain::Scalar(text.into());
        let config = |member: Option<&str>| Plain::Config {
            member: member.map(str::to_owned),
            arguments: vec![PlainArgument { name: "delta", value: number(2.0), unset_is_false: false }],
        };
        let json = |json: serde_json::Value| Plain::Json(json);
        for (value, expected) in [
            (Plain::Nothing, ""),
            (number(0.1), "--x 0.1"),
            (number(1e-7), "--x 1e-7"),
            (number(-1.5), "--x=-1.5"),
            (text("a b"), "--x a b"),
            (text("--help"), "--x=--help"),
            (text(""), "--x "),
            (Plain::Path("/a/b".into()), "--x /a/b"),
            (Plain::List(vec![]), ""),
            (Plain::List(vec![number(1.0), number(2.0)]), "--x 1.0 --x 2.0"),
            (Plain::List(vec![Plain::Bool(true), Plain::Bool(false)]), "--x true --x false"),
            (Plain::List(vec![Plain::List(vec![number(1.0)]), Plain::List(vec![])]), "--x [1.0] --x []"),
            (Plain::List(vec![config(None), config(Some("huber"))]), "--x.0.delta 2.0 --x.1 huber --x.1.delta 2.0"),
            (Plain::Map(vec![("a".into(), number(1.0)), ("b c".into(), text("-"))]), "--x a=1.0 --x b c=-"),
            (Plain::Map(vec![("a".into(), config(None)), ("b".into(), Plain::Nothing)]), "--x.a.delta 2.0 --x b=null"),
            (config(Some("huber")), "--x huber --x.delta 2.0"),
            (json(serde_json::Value::Null), ""),
            (json(serde_json::json!({"a": [1, "b"]})), "--x {\"a\":[1,\"b\"]}"),
            (json(serde_json::json!("text")), "--x text"),
        ] {
            assert_eq!(shown(value.clone(), false), expected, "{value:?}");
        }
    }

    #[test]
    fn a_boolean_is_a_flag_or_its_absence_unless_that_says_something_else() {
        assert_eq!(shown(Plain::Bool(true), true), "--x");
        assert_eq!(shown(Plain::Bool(false), true), "");
        assert_eq!(shown(Plain::Bool(true), false), "--x");
        assert_eq!(shown(Plain::Bool(false), false), "--no-x");
    }
}
