//! What arguments are called on a command line: two of one name, several spellings of one, types within themselves.

use clap::{CommandFactory, Parser};
use xpm::prelude::*;

use crate::layers::file;
use crate::types::{Bm25, Collection, Rank};
use crate::{error, help, parse};

/// The command line of the guide: one argument forwarded, all those of a configuration.
#[derive(Parser, Debug)]
struct Guide {
    #[command(flatten)]
    depth: Forward<arg!(Rank.depth)>,
    #[command(flatten)]
    model: Flags<Bm25>,
}

fn depth(cli: &Guide) -> xpm::Identity {
    let collection = Collection::config().name("r").path("/");
    Rank::config().collection(collection).model(&cli.model).depth(&cli.depth).identity()
}

#[test]
fn layers_give_forwarded_arguments_too() {
    let five = depth(&parse(&["--depth", "5"]));
    assert_eq!(depth(&parse(&["--set", "depth=5"])), five);
    assert_eq!(depth(&parse(&["--depth", "7", "--set", "Depth=5"])), five);
    let (_folder, path) = file("a.yaml", "depth: 5\n");
    let cli: Guide = parse(&["--config", &path]);
    assert!(cli.depth.is_given());
    assert_eq!(depth(&cli), five);
    let text = error::<Guide>(&["--set", "depth=many"]);
    assert!(text.contains("invalid value 'many' for '--set depth': expected an integer (usize)"), "{text}");
    let text = error::<Guide>(&["--set", "dept=5"]);
    assert!(text.contains("there is no argument `dept`; did you mean `depth`?"), "{text}");
}

#[derive(Parser, Debug)]
struct Dotted {
    #[command(flatten)]
    name: Forward<arg!(Collection.name as "from.name")>,
    #[command(flatten)]
    model: Flags<Bm25>,
}

#[test]
fn a_required_forward_may_be_given_by_a_layer_and_by_a_table() {
    for text in ["[from]\nname = \"robust\"\n", "\"from.name\" = \"robust\"\n"] {
        let (_folder, path) = file("a.toml", text);
        let cli: Dotted = parse(&["--config", &path]);
        assert_eq!(cli.name.to_string(), "\"robust\"");
    }
    let text = error::<Dotted>(&["--set", "k1=2"]);
    assert!(text.contains("required arguments") && text.contains("--from.name <TEXT>"), "{text}");
    let text = error::<Dotted>(&[]);
    assert!(text.contains("required arguments") && text.contains("--from.name <TEXT>"), "{text}");
    let (_folder, path) = file("a.toml", "[from]\nnam = \"robust\"\n");
    let text = error::<Dotted>(&["--config", &path]);
    assert!(text.contains("there is no argument `from.nam`; did you mean `from.name`?"), "{text}");
}

#[derive(Parser, Debug)]
struct OnlyForward {
    #[command(flatten)]
    depth: Forward<arg!(Rank.depth)>,
}

#[test]
fn a_forward_alone_adds_no_layers() {
    assert!(error::<OnlyForward>(&["--set", "depth=5"]).contains("unexpected argument '--set'"));
}

#[derive(Parser, Debug)]
struct Ranks {
    #[command(flatten)]
    rank: Flags<Rank>,
}

const GIVEN: [&str; 4] = ["--collection.name", "r", "--collection.path", "/"];

#[test]
fn dotted_names_at_the_top_of_a_file() {
    for (name, text) in [
        ("a.yaml", "model.k1: 1.2\n"),
        ("a.json", r#"{"model.k1": 1.2}"#),
        ("a.toml", "model.k1 = 1.2\n"),
        ("a.toml", "\"model.k1\" = 1.2\n"),
        ("a.json", r#"{"Model.K1": 1.2}"#),
    ] {
        let (_folder, path) = file(name, text);
        let cli: Ranks = parse(&[&GIVEN[..], &["--config", &path]].concat());
        assert_eq!(cli.rank.value().unwrap().model.k1, 1.2, "{text}");
    }
    let (_folder, path) = file("a.yaml", "model.k2: 1.2\n");
    let text = error::<Ranks>(&[&GIVEN[..], &["--config", &path]].concat());
    assert!(text.contains("there is no argument `model.k2`; did you mean `model.k1`?"), "{text}");
    let (_folder, path) = file("a.yaml", "model.k1: 1.2\nmodel: {k1: 2}\n");
    let text = error::<Ranks>(&[&GIVEN[..], &["--config", &path]].concat());
    assert!(text.contains("model.k1': this argument stands in the file for the second time"), "{text}");
}

#[config(id = "cli.spelled")]
#[allow(non_snake_case, reason = "what is tested")]
pub struct Spelled {
    pub k: i64,
    pub K: i64,
    #[param(default = 0)]
    pub max_depth: i64,
}

#[config(id = "cli.spelled.holder")]
pub struct Holder {
    pub spelled: Spelled,
}

#[derive(Parser, Debug)]
struct Spellings {
    #[command(flatten)]
    all: Flags<Holder>,
}

fn spelled(args: &[&str]) -> (i64, i64, i64) {
    let spelled = parse::<Spellings>(args).all.value().unwrap().spelled;
    (spelled.k, spelled.K, spelled.max_depth)
}

#[test]
fn the_argument_that_is_spelled_so_goes_first() {
    assert_eq!(spelled(&["--set", "spelled.k=1", "--set", "spelled.K=2"]), (1, 2, 0));
    assert_eq!(spelled(&["--spelled.k", "1", "--spelled.K", "2", "--set", "spelled.maxDepth=3"]), (1, 2, 3));
    let (_folder, path) = file("a.json", r#"{"spelled": {"K": 2, "k": 1, "max-depth": 3}}"#);
    assert_eq!(spelled(&["--config", &path]), (1, 2, 3));
    for (text, said) in [
        (
            r#"{"spelled": {"K": 2, "k": 1, "max-depth": 3, "max_depth": 4}}"#,
            "the argument `max_depth` stands there twice, in two spellings",
        ),
        (r#"{"spelled": {"K": 2, "k": 1, "k": 3}}"#, "`k` stands here for the second time at line 1 column"),
    ] {
        let (_folder, path) = file("a.json", text);
        let text = error::<Spellings>(&["--config", &path]);
        assert!(text.contains(said), "{text}");
    }
}

#[config(id = "cli.shouted")]
#[allow(non_snake_case, reason = "what is tested")]
pub struct Shouted {
    #[param(default = 1)]
    pub kA: i64,
    #[param(default = 1)]
    pub k_a: i64,
}

#[derive(Parser, Debug)]
struct Shouts {
    #[command(flatten)]
    all: Flags<Shouted>,
}

#[test]
fn a_name_that_may_be_either_of_two_is_refused() {
    let text = error::<Shouts>(&["--set", "KA=2"]);
    assert!(text.contains("there is no argument `KA`; did you mean `kA`?"), "{text}");
    let text = error::<Shouts>(&["--set", "K-a=2"]);
    assert!(text.contains("`K-a` may be `kA` or `k_a`: write it as it is declared"), "{text}");
    assert_eq!(parse::<Shouts>(&["--set", "k-a=2"]).all.value().unwrap().k_a, 2);
    assert_eq!(parse::<Shouts>(&["--set", "kA=2"]).all.value().unwrap().kA, 2);
}

#[config(id = "cli.own")]
pub struct Own {
    #[param(default = 0.9)]
    pub k1: f64,
}

#[derive(Parser, Debug)]
struct Twice {
    #[command(flatten)]
    model: Flags<Bm25>,
    #[command(flatten)]
    own: Flags<Own>,
}

#[derive(Parser, Debug)]
struct TwiceUsers {
    #[command(flatten)]
    own: Flags<Own>,
    #[arg(long)]
    k1: f64,
}

#[config(id = "cli.asks_help")]
pub struct AsksHelp {
    #[param(default = 1)]
    pub help: i64,
    #[param(default = true)]
    pub x: bool,
    #[param(default = 2)]
    pub no_x: i64,
}

#[derive(Parser, Debug)]
struct Helps {
    #[command(flatten)]
    all: Flags<AsksHelp>,
}

#[derive(Parser, Debug)]
#[command(disable_help_flag = true)]
struct HelpsNot {
    #[command(flatten)]
    all: Flags<AsksHelp>,
}

/// What a program says that is wrong whatever it is given.
fn panic_of<C: CommandFactory>() -> String {
    let panic = std::panic::catch_unwind(|| C::command().build()).unwrap_err();
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn two_flags_of_one_name_are_refused() {
    let way_out =
        "give the flag of an argument a name of its own, with `Forward<arg!(Type.argument as \"another-name\")>`";
    for said in [panic_of::<Twice>(), panic_of::<TwiceUsers>()] {
        assert!(said.contains("are called `--k1`: ") && said.contains(way_out), "{said}");
    }
    let said = panic_of::<Helps>();
    assert!(said.contains("`--help`") && said.contains("`#[command(disable_help_flag = true)]`"), "{said}");
    let all = parse::<HelpsNot>(&["--help", "3", "--no-x", "4"]).all.value().unwrap();
    assert_eq!((all.help, all.x, all.no_x), (3, true, 4));
}

/// Deferred work of the user's own.
fn own_defer(command: clap::Command) -> clap::Command {
    command.about("own")
}

#[derive(Parser, Debug)]
struct Deferred {
    #[command(flatten)]
    model: Sweep<Bm25>,
}

#[test]
fn what_takes_the_place_of_our_deferred_work_is_told() {
    use clap::FromArgMatches as _;
    let command = Deferred::command().defer(own_defer);
    let matches = command.try_get_matches_from(["prog", "--xpm-sweep", "k1=1,2"]).unwrap();
    let text = Deferred::from_arg_matches(&matches).unwrap_err().to_string();
    assert!(text.contains("the program calls `Command::defer` itself"), "{text}");
}

#[config(id = "cli.expression")]
#[derive(Debug, PartialEq)]
pub enum Expression {
    Number {
        #[param(default = 1)]
        value: i64,
    },
    Negative(Box<Expression>),
    Sum {
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Product {
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Power {
        base: Box<Expression>,
        exponent: Box<Expression>,
    },
}

#[config(id = "cli.expressions")]
#[derive(Debug, PartialEq)]
pub struct Expressions {
    pub of: Expression,
}

#[derive(Parser, Debug)]
struct Trees {
    #[command(flatten)]
    all: Flags<Expressions>,
}

#[test]
fn a_type_within_itself_has_flags_once_more_and_then_is_json() {
    use Expression::{Negative, Number, Sum};
    let boxed = |value| Box::new(Number { value });
    let args = ["--of", "sum", "--of.left", "number", "--of.left.value", "3", "--of.right", "number"];
    assert_eq!(parse::<Trees>(&args).all.value().unwrap().of, Sum { left: boxed(3), right: boxed(1) });
    let args = ["--of", "negative", "--of.0", "negative", "--of.0.0", r#"{"type": "number", "value": 4}"#];
    let twice = Negative(Box::new(Negative(boxed(4))));
    assert_eq!(parse::<Trees>(&args).all.value().unwrap().of, twice);
    let args = ["--of", "negative", "--of.0", "negative", "--of.0.0", "number", "--set", "of.0.0.value=4"];
    assert_eq!(parse::<Trees>(&args).all.value().unwrap().of, twice);
    let flags = help::<Trees>().lines().filter(|line| line.trim_start().starts_with("--of")).count();
    assert!(flags < 60, "{flags}");
}

#[config(id = "cli.switch")]
pub struct Switch {
    pub on: bool,
    pub level: u8,
}

#[config(id = "cli.switches")]
pub struct Switches {
    pub all: Vec<Switch>,
    pub main: Switch,
}

#[derive(Parser, Debug)]
struct Switched {
    #[command(flatten)]
    switches: Flags<Switches>,
}

#[test]
fn a_boolean_that_is_left_out_is_off_wherever_it_is() {
    let (_folder, path) = file("a.yaml", "all: [{level: 1}, {level: 2, on: true}]\nmain: {level: 3}\n");
    for args in [
        &["--config", &path][..],
        &["--all", "{\"level\": 1}", "--all", "{\"level\": 2, \"on\": true}", "--main.level", "3"],
    ] {
        let switches = parse::<Switched>(args).switches.value().unwrap();
        let on: Vec<_> = switches.all.iter().map(|switch| switch.on).collect();
        assert_eq!((on, switches.main.on), (vec![false, true], false));
    }
    let required = |ty: serde_json::Value| ty["required"].clone();
    assert_eq!(required(xpm::json_schema::<Switch>()), serde_json::json!(["level"]));
}

#[derive(Parser, Debug)]
struct Limits {
    #[command(flatten)]
    limit: Forward<arg!(Collection.limit)>,
}

#[test]
fn a_flag_that_was_not_given_is_no_value() {
    let depth = |args: &[&str]| {
        let collection = Collection::config().name("r").path("/");
        let limit = parse::<Limits>(args).limit;
        Rank::config().collection(collection).model(Bm25::config()).depth(limit).try_identity()
    };
    let text = depth(&[]).unwrap_err().to_string();
    assert!(text.contains("`depth`: it needs a value, and `--limit` was not given"), "{text}");
    assert!(depth(&["--limit", "3"]).is_ok());
}

#[derive(Parser, Debug)]
struct Updated {
    #[command(flatten)]
    collection: Flags<Collection>,
}

#[test]
fn what_an_update_does_not_say_stays() {
    let mut cli: Updated = parse(&["--name", "robust", "--path", "/d", "--limit", "3"]);
    cli.update_from(["prog", "--limit", "4"]);
    let collection = cli.collection.value().unwrap();
    assert_eq!((collection.name.as_str(), collection.limit), ("robust", Some(4)));
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let value = std::ffi::OsStr::from_bytes(b"name=\xff");
    let error = Updated::try_parse_from([std::ffi::OsStr::new("prog"), "--set".as_ref(), value]).unwrap_err();
    assert!(error.to_string().contains("it is not UTF-8"), "{error}");
}

/// Fields of one name and several types.
#[config(id = "cli.act")]
#[derive(Debug, PartialEq)]
pub enum Act {
    Small {
        n: u8,
        x: f64,
        #[param(default = vec![])]
        all: Vec<u8>,
    },
    Signed {
        n: i32,
        x: String,
        #[param(default = vec![])]
        all: Vec<String>,
    },
}

#[config(id = "cli.acting")]
#[derive(Debug, PartialEq)]
pub struct Acting {
    pub act: Act,
}

#[derive(Parser, Debug)]
struct Acts {
    #[command(flatten)]
    all: Flags<Acting>,
}

#[test]
fn an_argument_that_two_choices_have_with_two_types() {
    let text = help::<Acts>();
    assert!(text.contains("--act.n <N>") && text.contains("--act.x <X|TEXT>"), "{text}");
    let repeated: Vec<_> =
        text.lines().filter(|line| line.contains("--act") && line.contains("may be repeated")).collect();
    assert!(matches!(&repeated[..], [line] if line.contains("--act.all <N|TEXT>")), "{text}");
    let act = |args: &[&str]| parse::<Acts>(args).all.value().unwrap().act;
    let all = vec!["a".to_owned(), "-b".to_owned()];
    assert_eq!(
        act(&["--act", "signed", "--act.n", "-5", "--act.x", "-1", "--act.all", "a", "--act.all=-b"]),
        Act::Signed { n: -5, x: "-1".to_owned(), all }
    );
    assert_eq!(act(&["--act", "small", "--act.n", "5", "--act.x", "-1"]), Act::Small { n: 5, x: -1.0, all: vec![] });
    let text = error::<Acts>(&["--act", "small", "--act.n", "1", "--act.n", "2", "--act.x", "1"]);
    assert!(text.contains("'--act.n <N>' cannot be used multiple times"), "{text}");
    let text = error::<Acts>(&["--act", "small", "--act.n", "-5", "--act.x", "1"]);
    assert!(text.contains("'-5' for '--act.n <N>': expected an integer (u8, 0 to 255)"), "{text}");
}

#[derive(Parser, Debug)]
struct ActSweeps {
    #[command(flatten)]
    all: Sweep<Acting>,
}

#[test]
fn what_is_swept_has_the_type_of_the_choice_that_is_made() {
    let swept = |args: &[&str]| parse::<ActSweeps>(args).all.iter().map(|all| all.identity()).collect::<Vec<_>>();
    let signed = |x: &str| Acting::config().act(Act::Signed { n: 1, x: x.to_owned(), all: vec![] }).identity();
    let args = ["--act", "signed", "--act.n", "1"];
    // As floats these are one value.
    assert_eq!(swept(&[&args[..], &["--sweep", "act.x=1,1.0"]].concat()), [signed("1"), signed("1.0")]);
    assert_eq!(swept(&["--act.n", "1", "--sweep", "act=signed", "--sweep", "act.x=a,b"]), [signed("a"), signed("b")]);
    let text = error::<ActSweeps>(&[&args[..], &["--sweep", "act.x=range(0,1)"]].concat());
    assert!(text.contains("`range(0,1)` gives numbers, the argument is string"), "{text}");
    let small = ["--act", "small", "--act.n", "1"];
    let text = error::<ActSweeps>(&[&small[..], &["--sweep", "act.x=1,1.0"]].concat());
    assert!(text.contains("invalid value '1.0' for '--sweep act.x': it stands there for the second time"), "{text}");
    let text = error::<ActSweeps>(&[&small[..], &["--sweep", "act.x=1,high"]].concat());
    assert!(text.contains("invalid value 'high' for '--sweep act.x': expected a float (f64)"), "{text}");
}
