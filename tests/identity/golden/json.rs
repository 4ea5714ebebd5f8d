//! Vectors of `#[param(json)]`: canonical JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use xpm::Identity;
use xpm::prelude::*;

#[config(id = "golden.x")]
struct Any {
    #[param(json)]
    x: Value,
}

fn any(value: Value) -> Identity {
    Any::config().x(value).identity()
}

pub(super) fn vectors() -> Vec<(&'static str, Identity)> {
    vec![
        ("json null", any(Value::Null)),
        ("json true", any(json!(true))),
        ("json integer", any(json!(3))),
        ("json float that is an integer", any(json!(3.0))),
        ("json string", any(json!("a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{2028}é😀"))),
        ("json numbers", any(numbers())),
        (
            "json large integers",
            any(json!([9_007_199_254_740_993_u64, -9_007_199_254_740_993_i64, u64::MAX, i64::MIN])),
        ),
        ("json empty", any(json!([{}, [], ""]))),
        ("json order of members", any(members())),
        ("json nested", any(json!({"a": {"c": {"d": {"e": false}}}, "b": [{"a": [1, [2.5, "x"]], "z": null}, {}]}))),
        ("json, optional, none", none()),
        ("json of a struct", of_a_struct()),
    ]
}

fn numbers() -> Value {
    json!([
        0,
        -0.0,
        1e21,
        1e20,
        123_456_789_012_345_680_000.0,
        1e-6,
        1e-7,
        5e-324,
        f64::MAX,
        0.1,
        -1.5,
        333_333_333.333_333_3,
        4.50,
        2e-3,
        1e23,
        9_007_199_254_740_992_u64,
        -9_007_199_254_740_992_i64,
        4_294_967_296.5,
        0.000_012_34
    ])
}

fn members() -> Value {
    let names = ["€", "\r", "\u{fb33}", "1", "😀", "\u{80}", "ö", "", "aa", "a", "A"];
    let members: BTreeMap<_, _> = names.into_iter().zip(1..).collect();
    json!(members)
}

fn none() -> Identity {
    #[config(id = "golden.x")]
    struct Optional {
        #[param(json)]
        x: Option<Vec<u8>>,
    }
    Optional::config().identity()
}

fn of_a_struct() -> Identity {
    #[derive(Serialize, Deserialize)]
    struct Metrics {
        name: char,
        map: f32,
        at: (u8, u64),
    }
    #[config(id = "golden.x")]
    struct Typed {
        #[param(json)]
        x: Metrics,
    }
    Typed::config().x(Metrics { name: 'm', map: 0.25, at: (1, 2) }).identity()
}
