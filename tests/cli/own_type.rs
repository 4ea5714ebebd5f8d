//! Arguments that are called `type`, as the member of files that says what is chosen.

use clap::Parser;
use serde_json::json;
use xpm::prelude::*;

use crate::layers::file;
use crate::{error, help, parse};

#[config(id = "cli.kind")]
#[derive(Debug, PartialEq)]
pub enum Kind {
    A { r#type: String },
    B { r#type: String },
    C,
}

#[config]
pub trait Named: Send + Sync {
    fn name(&self) -> String;
}

#[config(id = "cli.named")]
#[derive(Debug, PartialEq)]
pub struct Typed {
    #[param(default = "none")]
    pub r#type: String,
}

#[config]
impl Named for Typed {
    fn name(&self) -> String {
        self.r#type.clone()
    }
}

/// Spelled alike.
#[config(id = "cli.alike")]
#[derive(Debug, PartialEq)]
#[allow(clippy::upper_case_acronyms, reason = "what is tested")]
pub enum Alike {
    HttpGet,
    HTTPGet,
}

#[config(id = "cli.own_types")]
pub struct OwnTypes {
    pub named: Box<dyn Named>,
    #[param(default = vec![Kind::B { r#type: "z".to_owned() }])]
    pub kinds: Vec<Kind>,
    #[param(default = vec![Typed { r#type: "t".to_owned() }])]
    pub all: Vec<Typed>,
    #[param(default = vec![Alike::HTTPGet])]
    pub alike: Vec<Alike>,
    #[param(default = vec![Ranged { least: None }])]
    pub ranged: Vec<Ranged>,
}

#[config(id = "cli.ranged")]
#[derive(Debug, PartialEq)]
pub struct Ranged {
    #[param(default = Some(2))]
    pub least: Option<u32>,
}

#[derive(Parser, Debug)]
struct Cli {
    #[command(flatten)]
    all: Flags<OwnTypes>,
}

#[test]
fn what_is_shown_as_a_default_gives_it_back() {
    let defaults = [
        ("--kinds", r#"{"b":{"type":"z"}}"#),
        ("--all", r#"{"cli.named":{"type":"t"}}"#),
        ("--alike", r#"{"type":"HTTPGet"}"#),
        ("--ranged", r#"{"least":null,"type":"cli.ranged"}"#),
    ];
    let mut args = vec!["--named", "named"];
    for (flag, text) in defaults {
        assert!(help::<Cli>().contains(&format!("[default: {text}]")), "{text}: {}", help::<Cli>());
        args.extend([flag, text]);
    }
    let given = parse::<Cli>(&args).all.value().unwrap();
    assert_eq!(given.kinds, [Kind::B { r#type: "z".to_owned() }]);
    assert_eq!(given.all, [Typed { r#type: "t".to_owned() }]);
    assert_eq!((given.alike, given.ranged), (vec![Alike::HTTPGet], vec![Ranged { least: None }]));
}

#[test]
fn files_give_both_what_is_chosen_and_its_type() {
    let text =
        r#"{"named": {"cli.named": {"type": "x"}}, "kinds": [{"a": {"type": "y"}}, "c"], "all": [{"type": "u"}]}"#;
    let (_folder, path) = file("a.json", text);
    let given = parse::<Cli>(&["--config", &path]).all.value().unwrap();
    assert_eq!((given.named.name().as_str(), &given.kinds), ("x", &vec![Kind::A { r#type: "y".to_owned() }, Kind::C]));
    assert_eq!(given.all, [Typed { r#type: "u".to_owned() }]);
    let set = ["--set", "named=named", "--set", "named.type=v"];
    assert_eq!(parse::<Cli>(&set).all.value().unwrap().named.name(), "v");
}

#[test]
fn what_takes_the_type_for_the_name_is_told_how_to_give_both() {
    let how = r#"an argument `type` is given as {"a": {"type": …}}"#;
    for (json, why) in
        [(r#"{"type": "z"}"#, r#""z" is none of a, b, c"#), (r#"{"type": "a"}"#, "the argument `type` of a is missing")]
    {
        let text = error::<Cli>(&["--named", "named", "--kinds", json]);
        assert!(text.contains(&format!("{why}; {how}")), "{text}");
    }
}

#[test]
fn the_json_schema_knows_both() {
    let schema = xpm::json_schema::<OwnTypes>();
    let object = |ty: &str| {
        let members = json!({"type": ty});
        json!({"type": "object", "properties": {"type": members}, "required": ["type"], "additionalProperties": false})
    };
    let around = |name: &str| {
        let members = json!({name: object("string")});
        json!({"type": "object", "properties": members, "required": [name], "additionalProperties": false})
    };
    assert_eq!(schema["$defs"]["cli.kind"]["oneOf"][0], around("a"));
    assert_eq!(schema["$defs"]["cli.kind"]["oneOf"][1], around("b"));
    assert_eq!(schema["$defs"]["any-Named"]["oneOf"][0]["anyOf"][1]["required"], json!(["cli.named"]));
    assert_eq!(schema["$defs"]["cli.named"]["anyOf"][0]["required"], json!([]));
    assert_eq!(schema["$defs"]["cli.named"]["anyOf"][1]["required"], json!(["cli.named"]));
    assert_eq!(schema["properties"]["all"]["default"], json!([{"cli.named": {"type": "t"}}]));
}
