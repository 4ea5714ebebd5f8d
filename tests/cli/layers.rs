//! `--set` over `--config` over flags.

use clap::Parser;
use xpm::prelude::*;

use crate::types::{Bm25, Collection, Everything, Layer, Loss, Rank};
use crate::{error, parse};

#[derive(Parser, Debug)]
struct Cli {
    #[command(flatten)]
    rank: Flags<Rank>,
}

pub(crate) fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

fn rank(model: impl IntoArg<Bm25, xpm_core::config::ByConfig>) -> xpm::Identity {
    Rank::config().collection(Collection::config().name("robust").path("/d")).model(model).identity()
}

#[test]
fn set_is_stronger_than_a_file_and_a_file_than_flags() {
    let text = "[collection]\nname = \"robust\"\npath = \"/d\"\n[model]\nk1 = 2\nb = 0.5\n";
    let (_folder, path) = file("base.toml", text);
    let cli: Cli = parse(&["--config", &path]);
    assert_eq!(cli.rank.identity(), rank(Bm25::config().k1(2.0).b(0.5)));
    let cli: Cli = parse(&["--config", &path, "--model.k1", "3", "--model.delta"]);
    assert_eq!(cli.rank.identity(), rank(Bm25::config().k1(2.0).b(0.5).delta(true)));
    let cli: Cli = parse(&["--config", &path, "--set", "model.k1=4", "--set", "model.b=0.25"]);
    assert_eq!(cli.rank.identity(), rank(Bm25::config().k1(4.0).b(0.25)));
    let (_folder, path) = file("base.json", r#"{"collection": {"name": "robust", "path": "/d"}, "model": {"k1": 2}}"#);
    let cli: Cli = parse(&["--config", &path]);
    assert_eq!(cli.rank.identity(), rank(Bm25::config().k1(2.0)));
}

#[test]
fn mistakes_in_layers_are_told() {
    let text = error::<Cli>(&["--set", "model.k2=1"]);
    assert!(text.contains("there is no argument `model.k2`; did you mean `model.k1`?"), "{text}");
    let text = error::<Cli>(&["--set", "model.k1"]);
    assert!(text.contains("expected KEY=VALUE"), "{text}");
    let given = ["--collection.name", "r", "--collection.path", "/"];
    let text = error::<Cli>(&[&given[..], &["--set", "model.k1=high"]].concat());
    assert!(text.contains("invalid value 'high' for '--set model.k1': expected a float (f64)"), "{text}");
    let (_folder, path) = file("a.toml", "[model]\nk1 = \"high\"\n");
    let text = error::<Cli>(&[&given[..], &["--config", &path]].concat());
    assert!(text.contains("a.toml: model.k1': expected a float (f64)"), "{text}");
    let (_folder, path) = file("a.toml", "[modle]\nk1 = 1\n");
    assert!(error::<Cli>(&["--config", &path]).contains("there is no argument `modle`"));
    let (_folder, path) = file("a.toml", "[model]\nk3 = 1\n");
    assert!(error::<Cli>(&[&given[..], &["--config", &path]].concat()).contains("cli.bm25 has no argument `k3`"));
    let (_folder, path) = file("a.yaml", "collection: {name: no, path: /data}\nmodel:\n  k1: 2\n");
    let cli: Cli = parse(&["--config", &path]);
    let rank = cli.rank.value().unwrap();
    assert_eq!((rank.collection.name.as_str(), rank.model.k1), ("no", 2.0), "`no` is a text");
    let (_folder, path) = file("a.yml", "model:\n  k1: 1\n  k1: 2\n");
    let text = error::<Cli>(&[&given[..], &["--config", &path]].concat());
    assert!(text.contains("line 3, column 3: `model`: `k1` stands here for the second time"), "{text}");
    assert!(error::<Cli>(&["--config", "none.toml"]).contains("cannot be read"));
    assert!(error::<Cli>(&["--config", "none.yaml"]).contains("cannot be read"));
    for wrong in ["model.k2=1", "model.k1"] {
        assert!(error::<Cli>(&["--set", wrong]).ends_with("For more information, try '--help'.\n"));
    }
    let text = error::<Cli>(&["--set", "model.k1=2"]);
    assert!(text.contains("required arguments") && text.contains("--collection.name <TEXT>"), "{text}");
}

#[derive(Parser, Debug)]
struct Taken {
    #[arg(long)]
    set: Option<String>,
    #[command(flatten)]
    rank: Flags<Rank>,
}

#[test]
fn a_flag_that_gave_way_is_named_as_it_is() {
    let given = ["--set", "mine", "--collection.name", "r", "--collection.path", "/"];
    let cli: Taken = parse(&[&given[..], &["--xpm-set", "model.k1=2"]].concat());
    assert_eq!((cli.set.as_deref(), cli.rank.value().unwrap().model.k1), (Some("mine"), 2.0));
    let text = error::<Taken>(&[&given[..], &["--xpm-set", "model.k1=high"]].concat());
    assert!(text.contains("invalid value 'high' for '--xpm-set model.k1': expected a float (f64)"), "{text}");
}

#[derive(Parser, Debug)]
struct Aliased {
    #[arg(long, visible_alias = "set", alias = "config")]
    settings: Option<String>,
    #[command(flatten)]
    rank: Flags<Rank>,
}

#[test]
fn another_name_of_a_flag_of_the_users_is_taken_too() {
    let given = ["--set", "mine", "--collection.name", "r", "--collection.path", "/", "--xpm-set", "depth=2"];
    let cli: Aliased = parse(&given);
    assert_eq!((cli.settings.as_deref(), cli.rank.value().unwrap().depth), (Some("mine"), 2));
    assert!(crate::help::<Aliased>().contains("--xpm-config <FILE>"));
}

/// Of each kind that needs care on a command line.
#[config(id = "cli.careful")]
#[derive(Debug, PartialEq)]
pub struct Careful {
    pub name: Option<String>,
    #[param(default = vec![])]
    pub offsets: Vec<Option<i32>>,
    #[param(default = std::collections::HashMap::from([(10, 'c'), (9, 'b'), (-1, 'a')]))]
    pub letters: std::collections::HashMap<i32, char>,
}

#[derive(Parser, Debug)]
struct CarefulCli {
    #[command(flatten)]
    careful: Flags<Careful>,
}

#[test]
fn none_is_nothing_behind_set_and_a_text_in_quotes() {
    let name = |args: &[&str]| parse::<CarefulCli>(args).careful.value().unwrap().name;
    assert_eq!(name(&["--name", "none"]).as_deref(), Some("none"));
    assert_eq!(name(&["--name", "a", "--set", "name=none"]), None);
    assert_eq!(name(&["--set", "name=\"none\""]).as_deref(), Some("none"));
    assert_eq!(name(&["--set", "name=\"a\""]).as_deref(), Some("\"a\""));
}

#[test]
fn a_list_of_optional_numbers_takes_negative_ones() {
    let cli: CarefulCli = parse(&["--offsets", "-1", "--offsets", "2"]);
    assert_eq!(cli.careful.value().unwrap().offsets, [Some(-1), Some(2)]);
}

#[test]
fn the_default_of_a_hash_map_is_always_shown_alike() {
    assert!(crate::help::<CarefulCli>().contains("[default: -1=a 9=b 10=c]"), "{}", crate::help::<CarefulCli>());
}

#[derive(Parser, Debug)]
struct Whole {
    #[command(flatten)]
    all: Flags<Everything>,
}

#[test]
fn a_stronger_layer_chooses_anew() {
    let text = "verbose = true\nnames = [\"a\"]\nlayers = [{ units = 3, loss = \"mse\" }]\nweights = { a = 1 }\nrange = [1, 2]\n\
                timeout = \"5s\"\n[scorer]\ntype = \"cli.bm25\"\nk1 = 7\n[loss]\ntype = \"huber-loss\"\ndelta = 3\n";
    let (_folder, path) = file("all.toml", text);
    let cli: Whole = parse(&["--config", &path]);
    let all = cli.all.value().unwrap();
    assert_eq!(
        (all.scorer.score(), all.loss, all.range, all.weights["a"]),
        (7.0, Loss::HuberLoss { delta: 3.0 }, (1, 2), 1.0)
    );
    let cli: Whole =
        parse(&["--config", &path, "--set", "loss=mse", "--set", "scorer=constant", "--set", "scorer.value=1"]);
    let all = cli.all.value().unwrap();
    assert_eq!((all.scorer.score(), all.loss), (1.0, Loss::Mse));
}

#[derive(Parser, Debug)]
struct Own {
    #[command(flatten)]
    model: Flags<Bm25>,
    /// The user's own.
    #[arg(long)]
    config: Option<String>,
    #[command(flatten)]
    collection: Flags<Collection>,
}

#[test]
fn two_configurations_and_a_flag_of_the_users() {
    let args = ["--config", "mine", "--name", "r", "--path", "/", "--k1", "2", "--set", "limit=3", "--set", "b=0.1"];
    let cli: Own = parse(&args);
    assert_eq!(cli.config.as_deref(), Some("mine"));
    assert_eq!(cli.model.identity(), Bm25::config().k1(2.0).b(0.1).identity());
    assert_eq!(cli.collection.identity(), Collection::config().name("r").path("/").limit(3).identity());
}

#[test]
fn another_spelling_of_a_choice_is_the_same_choice() {
    let base = "verbose = true\nnames = [\"a\"]\nlayers = []\n";
    for (scorer, loss) in [("cli.bm25", "HuberLoss"), ("bm25", "huber_loss")] {
        let text = format!("{base}scorer = \"{scorer}\"\nloss = \"{loss}\"\n");
        let (_folder, path) = file("all.toml", &text);
        let flags = ["--scorer", "bm25", "--scorer.k1", "7", "--loss", "huber-loss", "--loss.delta", "3"];
        let all = parse::<Whole>(&[&flags[..], &["--config", &path]].concat()).all.value().unwrap();
        assert_eq!((all.scorer.score(), all.loss), (7.0, Loss::HuberLoss { delta: 3.0 }), "{scorer} {loss}");
        let sets = ["--set", &format!("scorer={scorer}"), "--set", &format!("loss={loss}")];
        let all = parse::<Whole>(&[&flags[..], &["--config", &path], &sets[..]].concat()).all.value().unwrap();
        assert_eq!((all.scorer.score(), all.loss), (7.0, Loss::HuberLoss { delta: 3.0 }), "{scorer} {loss}");
    }
}

#[test]
fn nothing_in_a_weaker_layer_is_something_in_a_stronger_one_and_the_other_way_round() {
    let base = "verbose: true\nnames: [a]\nlayers: []\nscorer: bm25\nloss: mse\n";
    let (_folder, path) = file("all.yaml", &format!("{base}warmup: null\n"));
    let warmup = |args: &[&str]| parse::<Whole>(&[args, &["--config", &path]].concat()).all.value().unwrap().warmup;
    assert_eq!(warmup(&["--set", "warmup.k1=2"]).unwrap().k1, 2.0);
    assert!(warmup(&["--warmup.k1", "2"]).is_none());
    assert!(warmup(&["--set", "warmup.k1=2", "--set", "warmup=none"]).is_none());
    let (_folder, path) = file("all.yaml", &format!("{base}warmup: null\nwarmup.k1: 2\n"));
    let text = error::<Whole>(&["--config", &path]);
    assert!(text.contains("warmup.k1': the file also says that there is nothing above it (null)"), "{text}");
}

#[test]
fn null_of_a_serde_type_is_none() {
    let flags = ["--loss", "mse", "--scorer", "bm25", "--layers", "[]", "--names", "a"];
    let identity = |args: &[&str]| parse::<Whole>(&[&flags[..], args].concat()).all.identity();
    let none = identity(&[]);
    assert_eq!(identity(&["--baseline", "null"]), none);
    assert_eq!(identity(&["--set", "baseline=null"]), none);
    assert_eq!(identity(&["--set", "baseline=none"]), none);
    let (_folder, path) = file("a.json", r#"{"baseline": null}"#);
    assert_eq!(identity(&["--config", &path]), none);
    let swept: Swept = parse(&[&flags[..], &["--sweep", r#"baseline=null,{"map":1}"#]].concat());
    assert_eq!(swept.all.iter().next().unwrap().identity(), none);
}

#[derive(Parser, Debug)]
struct Swept {
    #[command(flatten)]
    all: Sweep<Everything>,
}

#[config(id = "cli.odd_floats")]
pub struct OddFloats {
    pub bound: Option<f64>,
    #[param(default = "")]
    pub when: String,
}

#[derive(Parser, Debug)]
struct Odd {
    #[command(flatten)]
    odd: Flags<OddFloats>,
}

#[derive(Parser, Debug)]
struct OddSweep {
    #[command(flatten)]
    odd: Sweep<OddFloats>,
}

#[test]
fn numbers_that_json_does_not_have_keep_their_value_in_a_file() {
    for (number, value) in [("inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY), ("nan", f64::NAN)] {
        let (_folder, path) = file("a.toml", &format!("bound = {number}\nwhen = 2026-11-24\n"));
        let odd = parse::<Odd>(&["--config", &path]).odd.value().unwrap();
        assert!(odd.bound == Some(value) || value.is_nan() && odd.bound.is_some_and(f64::is_nan), "{:?}", odd.bound);
        assert_eq!(odd.when, "2026-11-24");
        let (_folder, path) = file("a.toml", &format!("bound = [{number}, 1]\n"));
        let swept: OddSweep = parse(&["--sweep-file", &path]);
        let tags: Vec<_> = swept.odd.iter().map(|odd| odd.tags()["bound"].to_string()).collect();
        assert_eq!(tags[0].to_lowercase(), number);
    }
}

#[test]
fn numbers_beyond_floats_are_refused_and_not_infinite() {
    // Each format in its own words.
    let whys = ["expected a float (f64, ", "floating-point number overflowed", "number out of range"];
    let refused =
        |text: &str, path: &str| assert!(text.contains(path) && whys.iter().any(|why| text.contains(why)), "{text}");
    for number in ["1e400", "-1e400"] {
        let flag = error::<Odd>(&[&format!("--bound={number}")]);
        let set = error::<Odd>(&["--set", &format!("bound={number}")]);
        let swept = error::<OddSweep>(&["--sweep", &format!("bound=1,{number}")]);
        for text in [flag, set, swept] {
            let why = "expected a float (f64, -1.7976931348623157e308 to 1.7976931348623157e308)";
            assert!(text.contains(why) && text.contains(number), "{text}");
        }
        for (name, text) in [
            ("a.toml", format!("bound = {number}\n")),
            ("a.json", format!("{{\"bound\": {number}}}\n")),
            ("a.yaml", format!("bound: {number}\n")),
        ] {
            let (_folder, path) = file(name, &text);
            refused(&error::<Odd>(&["--config", &path]), &path);
        }
        for (name, text) in [
            ("s.toml", format!("bound = [1.0, {number}]\n")),
            ("s.toml", format!("bound = \"1,{number}\"\n")),
            ("s.json", format!("{{\"bound\": [1, {number}]}}\n")),
            ("s.yaml", format!("bound: [1, {number}]\n")),
        ] {
            let (_folder, path) = file(name, &text);
            refused(&error::<OddSweep>(&["--sweep-file", &path]), &path);
        }
    }
}

#[derive(Parser, Debug)]
struct Layers {
    #[command(flatten)]
    layer: Flags<Layer>,
}

#[test]
fn an_argument_of_a_choice_may_stand_in_a_file_alone() {
    let loss = |args: &[&str]| parse::<Layers>(&[&["--units", "1"], args].concat()).layer.value().unwrap().loss;
    for (name, text) in [
        ("a.toml", "loss.delta = 3.0\n"),
        ("a.toml", "[loss]\ndelta = 3.0\n"),
        ("a.yaml", "loss: {delta: 3}\n"),
        ("a.yaml", "loss.delta: 3\n"),
        ("a.json", r#"{"loss": {"delta": 3}}"#),
    ] {
        let (_folder, path) = file(name, text);
        assert_eq!(loss(&["--loss", "huber-loss", "--config", &path]), Loss::HuberLoss { delta: 3.0 }, "{text}");
        assert_eq!(loss(&["--config", &path, "--set", "loss=huber-loss"]), Loss::HuberLoss { delta: 3.0 }, "{text}");
        let text = error::<Layers>(&["--units", "1", "--config", &path, "--loss", "mse"]);
        assert!(text.contains("loss.delta' cannot be used with '--loss mse'"), "{text}");
    }
    // It was chosen by a default, which nobody gave: what stands above it is named as it was written.
    for (layer, with) in [(&["--set", "loss=mse"][..], "'--set loss=mse'"), (&["--loss", "mse"], "'--loss mse'")] {
        let text = error::<Layers>(&[&["--units", "1", "--loss.delta", "2"], layer].concat());
        assert!(text.contains(&format!("'--loss.delta <X>' cannot be used with {with}")), "{text}");
    }
    for (text, message) in [
        (
            r#"{"loss": {"dleta": 3}}"#,
            "`dleta` is an argument of none of mse, huber-loss, power; a member \"type\" says which it is",
        ),
        (r#"{"loss": {"delta": 3, "Delta": 4}}"#, "the argument `delta` stands there twice, in two spellings"),
        (r#"{"loss": {}}"#, "a member \"type\" says which of mse, huber-loss, power it is: {}"),
        (r#"{"loss": {"type": 3}}"#, "a member \"type\" says which of mse, huber-loss, power it is: {\"type\":3}"),
    ] {
        let (_folder, path) = file("a.json", text);
        let said = error::<Layers>(&["--units", "1", "--config", &path, "--set", "loss=huber-loss"]);
        assert!(said.contains(message), "{text}: {said}");
    }
}

#[test]
fn a_mark_of_utf8_and_capitals_in_the_ending_are_no_matter() {
    for (name, text) in
        [("a.json", r#"{"k1": 2}"#), ("a.JSON", r#"{"k1": 2}"#), ("a.Toml", "k1 = 2"), ("a.YML", "k1: 2")]
    {
        for mark in ["", "\u{feff}"] {
            let (_folder, path) = file(name, &format!("{mark}{text}"));
            assert_eq!(parse::<Model>(&["--config", &path]).model.value().unwrap().k1, 2.0, "{name}");
        }
    }
    let (_folder, path) = file("a.txt", "k1 = 2");
    assert!(error::<Model>(&["--config", &path]).contains("a file ends with .toml, .yaml or .json"));
}

#[derive(Parser, Debug)]
struct Model {
    #[command(flatten)]
    model: Flags<Bm25>,
}
