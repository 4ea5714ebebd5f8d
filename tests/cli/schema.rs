//! The JSON Schema of a configuration takes the defaults that it has.

use serde_json::json;
use xpm::prelude::*;

#[config(id = "cli.tuned")]
pub struct Tuned {
    pub k: u32,
}

#[config(id = "cli.schema")]
pub struct Schema {
    #[param(default = Tuned { k: 2 })]
    pub tuned: Tuned,
    #[param(default = u64::MAX)]
    pub most: u64,
    #[param(default = i128::MAX)]
    pub huge: i128,
    #[param(default = 1)]
    pub count: u128,
    #[param(default = f64::INFINITY)]
    pub limit: f64,
}

#[test]
fn defaults_are_as_the_schema_asks() {
    let schema = xpm::json_schema::<Schema>();
    let properties = &schema["properties"];
    assert_eq!(properties["tuned"]["default"], json!({"type": "cli.tuned", "k": 2}));
    let tuned = &schema["$defs"]["cli.tuned"];
    assert_eq!((&tuned["properties"]["type"], &tuned["required"]), (&json!({"const": "cli.tuned"}), &json!(["k"])));
    assert_eq!(properties["most"], json!({"type": "integer", "minimum": 0, "default": u64::MAX}));
    let text = json!({"type": "string", "pattern": "^-?[0-9]+$"});
    let huge = json!({"anyOf": [{"type": "integer"}, text], "default": i128::MAX.to_string()});
    assert_eq!(properties["huge"], huge);
    assert_eq!((&properties["count"]["anyOf"][0]["minimum"], &properties["count"]["default"]), (&json!(0), &json!(1)));
    let limit = json!({"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf", "NaN"]}], "default": "inf"});
    assert_eq!(properties["limit"], limit);
}
