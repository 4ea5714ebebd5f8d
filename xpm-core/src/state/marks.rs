//! What JSON has no form of, in a tree of arguments: objects with marks, which are members whose names begin with `$`. What
//! users call so, in maps and in outputs, has another form and is a member like others.

use std::time::Duration;

use serde_json::{Map, Value as Json};

/// A value that JSON has no form of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Special {
    /// An integer of more than 64 bits.
    Int(i128),
    /// NaN or an infinity.
    Float(f64),
    /// A length of time.
    Duration(Duration),
}

/// The value that an object stands for as a whole.
pub(super) fn special(members: &Map<String, Json>) -> Option<Special> {
    if members.len() != 1 {
        return None;
    }
    let (name, content) = members.iter().next()?;
    Some(match (name.as_str(), content) {
        ("$int", Json::String(text)) => Special::Int(text.parse().ok()?),
        ("$float", Json::String(text)) => Special::Float(match text.as_str() {
            "NaN" => f64::NAN,
            "inf" => f64::INFINITY,
            "-inf" => f64::NEG_INFINITY,
            _ => return None,
        }),
        ("$duration", Json::Array(parts)) => match &parts[..] {
            [seconds, nanoseconds] => {
                let nanoseconds = u32::try_from(nanoseconds.as_u64()?).ok();
                Special::Duration(Duration::new(seconds.as_u64()?, nanoseconds.filter(|part| *part < 1_000_000_000)?))
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether a value is not made of others.
pub(super) fn is_plain(value: &Json) -> bool {
    match value {
        Json::Array(_) => false,
        Json::Object(members) => special(members).is_some(),
        _ => true,
    }
}

/// Whether the member `name` of an object of a tree of arguments says what the object is, and is no part of it.
pub fn is_mark(members: &Map<String, Json>, name: &str) -> bool {
    if !name.starts_with('$') {
        return false;
    }
    let text = |name: &str| members.get(name).is_some_and(Json::is_string);
    let number = |name: &str| members.get(name).is_some_and(Json::is_u64);
    let count = members.len();
    match name {
        "$type" => text("$type"),
        "$variant" => text("$variant") && text("$type"),
        "$file" => text("$file") && text("$job") && count == 2,
        "$promise" => text("$promise") && count == 1,
        "$config" => number("$config") && (count == 1 || text("$job") && count == 2),
        "$job" => {
            let beside = text("$type") || count == 2 && (text("$file") || number("$config"));
            text("$job") && (count == 1 || beside)
        }
        _ => special(members).is_some(),
    }
}

/// A tree as others read it, who know no marks of numbers: these as texts, a length of time as seconds.
pub(super) fn plain(tree: Json) -> Json {
    match tree {
        Json::Object(members) => match special(&members) {
            Some(Special::Int(i)) => i.to_string().into(),
            Some(Special::Float(x)) => x.to_string().into(),
            Some(Special::Duration(time)) => time.as_secs_f64().into(),
            None => members.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        },
        Json::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

/// The integer that a tag's text stands for: a tag has those so that do not fit into 64 bits with a sign.
pub(super) fn large(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() < 19 || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|i| i64::try_from(*i).is_err())
}

/// Puts the items of a set into one order: that of the record is that of the table from which it was written.
pub(super) fn in_order(items: &mut Vec<Json>) {
    let mut keyed: Vec<_> = items.drain(..).map(|item| (item.as_f64(), item.to_string(), item)).collect();
    keyed.sort_by(|(a, a_text, _), (b, b_text, _)| match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(b).then_with(|| a_text.cmp(b_text)),
        _ => b.is_some().cmp(&a.is_some()).then_with(|| a_text.cmp(b_text)),
    });
    items.extend(keyed.into_iter().map(|(.., item)| item));
}
#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_has_exactly_the_form_is_a_mark() {
        let job = format!("t/{}", "ab".repeat(32));
        let marks = |tree: Json| {
            let members = tree.as_object().unwrap();
            members.keys().filter(|name| is_mark(members, name)).cloned().collect::<Vec<_>>().join(" ")
        };
        for (tree, expected) in [
            (json!({"$type": "m", "$variant": "V", "$job": job, "k": 1}), "$job $type $variant"),
            (json!({"$file": "w.bin", "$job": job}), "$file $job"),
            (json!({"$promise": job}), "$promise"),
            (json!({"$config": 3}), "$config"),
            (json!({"$config": 3, "$job": job}), "$config $job"),
            (json!({"$int": "-18446744073709551616"}), "$int"),
            (json!({"$float": "inf"}), "$float"),
            (json!({"$duration": [1, 500_000_000]}), "$duration"),
            (json!({"$cash": 1, "k": 2}), ""),
            (json!({"$cash": 1}), ""),
            (json!({"$type": 1, "$variant": "V"}), ""),
            (json!({"$job": job, "k": 1}), ""),
            (json!({"$promise": job, "k": 1}), ""),
            (json!({"$int": 5}), ""),
            (json!({"$float": "0.5"}), ""),
            (json!({"$float": "inf", "k": 1}), ""),
            (json!({"$duration": [1, 1_000_000_000]}), ""),
        ] {
            assert_eq!(marks(tree.clone()), expected, "{tree}");
        }
    }

    #[test]
    fn whoever_knows_no_marks_reads_texts_and_seconds() {
        let tree = json!({
            "i": {"$int": "-18446744073709551616"}, "x": [{"$float": "NaN"}, 1], "d": {"$duration": [1, 500_000_000]},
            "m": {"$cash": {"$float": "-inf"}}, "text": "inf",
        });
        assert_eq!(
            plain(tree),
            json!({"i": "-18446744073709551616", "x": ["NaN", 1], "d": 1.5, "m": {"$cash": "-inf"}, "text": "inf"})
        );
    }

    #[test]
    fn the_items_of_a_set_have_one_order() {
        let ordered = |tree: Json| {
            let Json::Array(mut items) = tree else { panic!("{tree} is a list") };
            in_order(&mut items);
            Json::Array(items)
        };
        assert_eq!(ordered(json!([10, 9, -1.5])), json!([-1.5, 9, 10]));
        assert_eq!(ordered(json!(["b", 2, "a", null, [1]])), json!([2, "a", "b", [1], null]));
    }

    #[test]
    fn texts_of_tags_that_are_integers() {
        for text in ["9223372036854775808", "-9223372036854775809", "18446744073709551615"] {
            assert_eq!(large(text).map(|i| i.to_string()).as_deref(), Some(text));
        }
        for text in ["", "-", "12", "9223372036854775807", "00000000000000000000", "9223372036854775808x", "1e30"] {
            assert_eq!(large(text), None, "{text}");
        }
    }
}
