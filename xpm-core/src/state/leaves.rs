//! Trees of arguments and outputs seen by path: `model.k1`, `layers[0].size`.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::filter::FieldValue;
use super::marks::{Special, is_mark, is_plain, special};
use super::table::Cell;

/// Calls `each` with every value of a tree that is not made of others, and its path; a configuration also gives its
/// type's name.
pub(super) fn leaves(tree: &Json, each: &mut impl FnMut(&str, Cell)) {
    walk(tree, &mut |path, value| each(path, cell(value)));
}

/// As [`leaves`], with the values themselves; for the name of its type a configuration is given whole.
pub(super) fn walk(tree: &Json, each: &mut impl FnMut(&str, &Json)) {
    let mut path = String::new();
    below(tree, &mut path, each);
}

fn below(value: &Json, path: &mut String, each: &mut impl FnMut(&str, &Json)) {
    let length = path.len();
    match value {
        Json::Object(members) => {
            if special(members).is_some() || reference(members).is_some() {
                each(path, value);
                return;
            }
            if type_name(members).is_some() && !path.is_empty() {
                each(path, value);
            }
            for (name, value) in members.iter().filter(|(name, _)| !is_mark(members, name)) {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                below(value, path, each);
                path.truncate(length);
            }
        }
        Json::Array(items) if !items.iter().all(is_plain) => {
            for (place, item) in items.iter().enumerate() {
                let _ = write!(path, "[{place}]");
                below(item, path, each);
                path.truncate(length);
            }
        }
        scalar => each(path, scalar),
    }
}

/// A value that is shown in one cell.
pub(super) fn cell(value: &Json) -> Cell {
    match value {
        Json::Null => Cell::Nothing,
        Json::Bool(b) => Cell::Bool(*b),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(i), _) => Cell::Int(i),
            (None, x) => match (number.as_u64(), x) {
                (Some(i), _) => Cell::Large(i),
                (None, Some(x)) => Cell::Float(x),
                (None, None) => Cell::Text(number.to_string().into()),
            },
        },
        Json::String(text) => Cell::Text(text.as_str().into()),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| cell(item).to_string()).collect();
            Cell::Text(format!("[{}]", items.join(", ")).into())
        }
        Json::Object(members) => match special(members) {
            Some(Special::Int(i)) => Cell::integer(i),
            Some(Special::Float(x)) => Cell::Float(x),
            Some(Special::Duration(time)) => Cell::Float(time.as_secs_f64()),
            None => Cell::Text(
                reference(members)
                    .or_else(|| type_name(members).map(str::to_owned))
                    .unwrap_or_else(|| "{}".to_owned())
                    .into(),
            ),
        },
    }
}

/// What refers to a job, or was cut, as a text.
pub(super) fn reference(members: &Map<String, Json>) -> Option<String> {
    let text = |name: &str| members.get(name).filter(|_| is_mark(members, name)).and_then(Json::as_str);
    if let Some(file) = text("$file") {
        return Some(format!("{file} of {}", short(text("$job")?)));
    }
    if let Some(job) = text("$promise") {
        return Some(format!("output of {}", short(job)));
    }
    if is_mark(members, "$config") {
        return Some("…".to_owned());
    }
    (members.len() == 1).then(|| text("$job").map(short))?
}

/// The job that a value refers to as a whole.
fn referred(members: &Map<String, Json>) -> Option<&str> {
    let mark = |name: &str| members.get(name).filter(|_| is_mark(members, name));
    let whole = members.len() == 1 || mark("$file").is_some();
    let job = if whole { mark("$job") } else { None };
    job.or_else(|| mark("$promise"))?.as_str()
}

fn short(job: &str) -> String {
    match job.rsplit_once('/') {
        Some((task, identity)) => format!("{task}/{}", identity.get(..8).unwrap_or(identity)),
        None => job.to_owned(),
    }
}

/// The variant's name, or the last part of the type's id.
pub(super) fn type_name(members: &Map<String, Json>) -> Option<&str> {
    let text = |name: &str| members.get(name).filter(|_| is_mark(members, name)).and_then(Json::as_str);
    text("$variant").or_else(|| text("$type").map(|id| id.rsplit('.').next().unwrap_or(id)))
}

/// The value at `path`, from the root of the tree.
pub(super) fn at<'t>(tree: &'t Json, path: &str) -> Option<&'t Json> {
    if path.is_empty() {
        return Some(tree);
    }
    match tree {
        Json::Object(members) => members.iter().find_map(|(name, value)| {
            let rest = path.strip_prefix(name.as_str()).filter(|_| !is_mark(members, name))?;
            match rest.as_bytes().first() {
                None | Some(b'[') => at(value, rest),
                Some(b'.') => at(value, &rest[1..]),
                Some(_) => None,
            }
        }),
        Json::Array(items) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            at(items.get(index.parse::<usize>().ok()?)?, rest.strip_prefix('.').unwrap_or(rest))
        }
        _ => None,
    }
}

/// The value at `path`, from the root or else from the only place in the tree where there is one.
pub(super) fn anywhere<'t>(tree: &'t Json, path: &str) -> Option<&'t Json> {
    if let Some(found) = at(tree, path) {
        return Some(found);
    }
    let mut found = None;
    let mut stack = vec![tree];
    while let Some(value) = stack.pop() {
        match value {
            Json::Object(members) => {
                if let Some(here) = at(value, path)
                    && found.replace(here).is_some()
                {
                    return None;
                }
                stack.extend(members.iter().filter(|(name, _)| !is_mark(members, name)).map(|(_, value)| value));
            }
            Json::Array(items) => stack.extend(items),
            _ => {}
        }
    }
    found
}

/// What a filter sees of a value.
pub(super) fn field(value: &Json) -> FieldValue<'_> {
    match value {
        Json::Array(items) if items.iter().all(is_plain) => FieldValue::AnyOf(items.iter().map(field).collect()),
        Json::Object(members) => match (special(members), referred(members), type_name(members)) {
            (Some(Special::Int(i)), ..) => FieldValue::Int(i),
            (Some(Special::Float(x)), ..) => FieldValue::Float(x),
            (Some(Special::Duration(time)), ..) => FieldValue::Duration(time),
            (None, Some(job), _) => FieldValue::Id(Cow::Borrowed(job)),
            (None, None, Some(name)) => name.into(),
            (None, None, None) => FieldValue::Text(Cow::Owned(value.to_string())),
        },
        Json::String(text) => text.as_str().into(),
        other => cell(other).field(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_values_and_leaves_have_paths() {
        let tree = json!({
            "model": {"$type": "ir.bm25", "k1": 0.9, "loss": {"$type": "loss", "$variant": "Huber", "delta": 1}},
            "layers": [{"size": 64}, {"size": 32}], "sizes": [1, 2], "train": {"$job": format!("t/{}", "ab".repeat(32))},
            "weights": {"$file": "w.bin", "$job": format!("t/{}", "cd".repeat(32))}, "none": null, "nan": {"$float": "NaN"},
            "seed": 0xdead_beef_0000_0001_u64, "mode": "inf", "wide": {"$int": "18446744073709551616"},
            "time": {"$duration": [90, 0]}, "map": {"$cash": 1, "$type": 2}, "bounds": [{"$float": "-inf"}, 1],
        });
        let mut found = Vec::new();
        leaves(&tree, &mut |path, cell| found.push(format!("{path}={cell}")));
        assert_eq!(
            found.join(" | "),
            "bounds=[-inf, 1] | layers[0].size=64 | layers[1].size=32 | map.$cash=1 | map.$type=2 | mode=inf | model=bm25 \
             | model.k1=0.9 | model.loss=Huber | model.loss.delta=1 | nan=NaN | none= | seed=16045690981097406465 \
             | sizes=[1, 2] | time=90.0 | train=t/abababab | weights=w.bin of t/cdcdcdcd | wide=18446744073709551616"
        );
        let shown = |found: Option<&Json>| found.map(|value| cell(value).to_string());
        assert_eq!(shown(at(&tree, "model.loss.delta")).as_deref(), Some("1"));
        assert_eq!(shown(at(&tree, "layers[1].size")).as_deref(), Some("32"));
        assert_eq!(at(&tree, "layers[2].size"), None);
        assert_eq!(at(&tree, "delta"), None);
        assert_eq!(shown(anywhere(&tree, "delta")).as_deref(), Some("1"));
        assert_eq!(shown(anywhere(&tree, "loss.delta")).as_deref(), Some("1"));
        assert_eq!(anywhere(&tree, "size"), None, "there are two");
        assert_eq!(field(at(&tree, "model").unwrap()), "bm25".into());
        assert!(matches!(field(at(&tree, "weights").unwrap()), FieldValue::Id(id) if id.starts_with("t/cdcd")));
        assert_eq!(field(&tree["seed"]), FieldValue::Int(0xdead_beef_0000_0001));
        // A text is no number, whatever it says.
        assert_eq!((cell(&tree["mode"]), field(&tree["mode"])), (Cell::Text("inf".into()), "inf".into()));
        assert_eq!(field(&tree["wide"]), FieldValue::Int(1 << 64));
        assert_eq!(field(&tree["time"]), FieldValue::Duration(std::time::Duration::from_secs(90)));
        assert_eq!(
            field(&tree["bounds"]),
            FieldValue::AnyOf(vec![FieldValue::Float(f64::NEG_INFINITY), FieldValue::Int(1)])
        );
        assert_eq!((at(&tree, "map.$cash"), at(&tree, "model.$type")), (Some(&json!(1)), None));
        assert_eq!(field(&json!([1, 2])), FieldValue::AnyOf(vec![FieldValue::Int(1), FieldValue::Int(2)]));
    }
}
