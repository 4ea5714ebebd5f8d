//! Canonical JSON (RFC 8785, the JSON Canonicalization Scheme): one text for each JSON value.

use serde_json::{Number, Value};

/// The canonical text of `value`: no white space, members in order of their names' UTF-16 code units, numbers in the
/// shortest form that ECMAScript prints.
///
/// RFC 8785 knows only numbers that a double holds. An integer beyond ±2⁵³, which it would round so that different
/// integers share a text, is written with all its digits and an `n` behind them.
///
/// ```
/// let value = serde_json::json!({"b": 1.0, "a": [1e21, "é", null]});
/// assert_eq!(xpm_core::canonical_json(&value), r#"{"a":[1e+21,"é",null],"b":1}"#);
/// ```
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (i, (name, item)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
    }
}

fn write_number(number: &Number, out: &mut String) {
    const EXACT: i128 = 1 << 53;
    match number.as_i128() {
        Some(integer) if integer.abs() <= EXACT => out.push_str(&integer.to_string()),
        Some(integer) => {
            out.push_str(&integer.to_string());
            out.push('n');
        }
        // A serde_json number that is no integer is a finite float.
        None => out.push_str(ryu_js::Buffer::new().format_finite(number.as_f64().unwrap_or_default())),
    }
}

/// RFC 8785 §3.2.2.2: only `"`, `\` and control characters are escaped, with the short form where there is one.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfc_examples() {
        // RFC 8785 §3.2.3 and appendix B.
        let text = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
            \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(canonical_json(&serde_json::from_str(text).unwrap()), expected);
        let keys = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
        assert_eq!(canonical_json(&serde_json::from_str(keys).unwrap()), expected);
    }

    #[test]
    fn large_integers_keep_every_digit() {
        let a = serde_json::json!(9_007_199_254_740_993_u64);
        let b = serde_json::json!(9_007_199_254_740_992_u64);
        assert_eq!(canonical_json(&a), "9007199254740993n");
        assert_eq!(canonical_json(&b), "9007199254740992");
        assert_eq!(canonical_json(&serde_json::json!(-0.0)), "0");
    }
}
