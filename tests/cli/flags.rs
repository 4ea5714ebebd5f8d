//! Every argument of a configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Parser;
use xpm::prelude::*;

use crate::types::{Bm25, Collection, Constant, Everything, Layer, Loss, Rank};
use crate::{error, parse};

#[derive(Parser, Debug, Clone)]
struct Cli {
    workdir: std::path::PathBuf,
    #[command(flatten)]
    model: Flags<Bm25>,
}

#[derive(Parser, Debug)]
struct Whole {
    #[command(flatten)]
    all: Flags<Everything>,
}

#[derive(Parser, Debug)]
struct RankCli {
    #[command(flatten)]
    rank: Flags<Rank>,
}

#[test]
fn flags_are_given_where_the_configuration_is_expected() {
    let cli: Cli = parse(&["work", "--k1", "1.2", "--delta", "--threads", "8"]);
    let plain = Bm25::config().k1(1.2).delta(true).build();
    assert_eq!(cli.model.identity(), plain.identity());
    let robust = Collection::config().name("robust").path("/data").build();
    let by_flags = Rank::config().collection(&robust).model(&cli.model).build();
    assert_eq!(by_flags.identity(), Rank::config().collection(&robust).model(&plain).build().identity());
    assert_eq!(Layer::config().units(1).identity(), Layer::config().units(1).loss(Loss::Mse).identity());
    let everything =
        Everything::config().scorer(cli.model.clone()).loss(Loss::Mse).layers([&Layer::config().units(1).build()]);
    let _ = everything.names(["a"]).verbose(false).warmup(cli.model.clone()).build();
    assert_eq!(cli.model.value().unwrap(), Bm25 { k1: 1.2, b: 0.4, delta: true, threads: 8 });
    assert_eq!(cli.model.k1.to_string(), "1.2");
    let cli: Cli = parse(&["work", "--delta=false", "--k1=0.9"]);
    assert_eq!(cli.model.identity(), Bm25::config().identity());
}

#[test]
fn flags_of_a_task_are_its_arguments() {
    let cli: RankCli =
        parse(&["--collection.name", "robust", "--collection.path", "/d", "--model.k1", "2", "--max-topics", "9"]);
    let plain = Rank::config()
        .collection(Collection::config().name("robust").path("/e"))
        .model(Bm25::config().k1(2.0))
        .max_topics(9);
    assert_eq!(cli.rank.identity(), plain.identity());
    let same: RankCli =
        parse(&["--collection.name", "robust", "--collection.path", "/d", "--model.k1", "2", "--max_topics", "9"]);
    assert_eq!(same.rank.identity(), plain.identity());
    let text = error::<RankCli>(&["--model.k1", "1"]);
    assert!(text.contains("--collection.name <TEXT>") && text.contains("--collection.path <PATH>"), "{text}");
    let text = error::<RankCli>(&["--collection.name", "r", "--collection.path", "/", "--model.b", "1.5"]);
    assert!(text.contains("b is 1.5: at most 1"), "{text}");
}

#[test]
fn every_type_has_its_form() {
    let base = [
        "--loss",
        "mse",
        "--scorer",
        "constant",
        "--scorer.value",
        "2.5",
        "--layers",
        r#"{"units": 32}"#,
        "--layers",
        r#"{"units": 64, "loss": {"type": "huber-loss", "delta": 2}}"#,
        "--names",
        "b",
        "--names",
        "a",
    ];
    let cli: Whole = parse(&base);
    let plain = || {
        Everything::config()
            .loss(Loss::Mse)
            .scorer(Constant::config().value(2.5))
            .layers([Layer { units: 32, loss: Loss::Mse }, Layer { units: 64, loss: Loss::HuberLoss { delta: 2.0 } }])
            .names(BTreeSet::from(["a".to_owned(), "b".to_owned()]))
            .verbose(false)
    };
    assert_eq!(cli.all.identity(), plain().identity());
    let more = [
        "--sizes",
        "7",
        "--sizes",
        "8",
        "--weights",
        "x=0.1",
        "--weights",
        "y=2",
        "--range",
        "-3,4",
        "--point",
        "-1",
        "--point",
        "0",
        "--point",
        "1e3",
        "--timeout",
        "1h30m",
        "--letter",
        "é",
        "--warmup.k1",
        "3",
        "--no-shuffle",
        "--verbose",
        "--type",
        "cpu",
        "--offset",
        "-5",
    ];
    let args: Vec<_> = base.iter().chain(&more).copied().collect();
    let cli: Whole = parse(&args);
    let full = plain()
        .sizes(vec![7, 8])
        .weights(BTreeMap::from([("x".to_owned(), 0.1f32), ("y".to_owned(), 2.0)]))
        .range((-3, 4))
        .point([-1.0, 0.0, 1e3])
        .timeout(Duration::from_secs(5400))
        .letter('é')
        .warmup(Bm25::config().k1(3.0))
        .shuffle(false)
        .verbose(true)
        .r#type("cpu")
        .offset(-5);
    assert_eq!(cli.all.identity(), full.identity());
    assert!(cli.all.value().is_ok());
    let with = |more: &[&'static str]| base.iter().chain(more).copied().collect::<Vec<_>>();
    let cli: Whole = parse(&with(&["--sizes", "[7, 8]", "--warmup"]));
    assert_eq!(cli.all.identity(), plain().sizes(vec![7, 8]).warmup(Bm25::config()).identity());
    for (args, message) in [
        (&["--sizes", "300"][..], "'300' for '--sizes <N>': expected an integer (u8, 0 to 255)"),
        (&["--weights", "x"], "'x' for '--weights <KEY=X>': expected KEY=VALUE"),
        (&["--weights", "x=1", "--weights", "x=2"], "for '--weights <KEY=X>': the key `x` is given twice"),
        (&["--point", "1"], "for '--point <X>': expected 3 items, found 1"),
        (&["--timeout", "soon"], "for '--timeout <DURATION>': expected a duration such as 1h30m"),
        (&["--letter", "ab"], "expected one character"),
        (&["--range", "1"], "expected 2 values with commas between"),
        (
            &["--sizes", "[1,2"],
            "'[1,2' for '--sizes <N>': what begins with `[` is the whole list as JSON: EOF while parsing",
        ),
        (&["--sizes", "[300]"], "'[300]' for '--sizes <N>': [0]: expected an integer (u8, 0 to 255), found 300"),
        (&["--sizes", "[1]", "--sizes", "2"], "what begins with `[` is the whole list as JSON, given once"),
        (&["--names", "[a]"], "is the whole list as JSON, given once; a text that begins so is written '[\"[a]\"]'"),
        (
            &["--weights", "{a=1"],
            "'{a=1' for '--weights <KEY=X>': what begins with `{` is the whole map as JSON: key must",
        ),
        (&["--weights", "{\"a\":1}", "--weights", "b=1"], "what begins with `{` is the whole map as JSON, given once"),
        (&["--layers", "{\"unit\": 3}"], "cli.layer has no argument `unit`; it has units, loss"),
    ] {
        let text = error::<Whole>(&with(args));
        assert!(text.contains(message), "{args:?}: {text}");
    }
}

#[derive(Parser, Debug)]
struct LossCli {
    #[command(flatten)]
    loss: Flags<Loss>,
}

#[test]
fn an_enum_of_its_own() {
    let cli: LossCli = parse(&["--loss", "HuberLoss", "--loss.delta", "2"]);
    assert_eq!(cli.loss.value().unwrap(), Loss::HuberLoss { delta: 2.0 });
    let cli: LossCli = parse(&["--loss", "power", "--loss.0", "3"]);
    assert_eq!(
        Layer::config().units(1).loss(&cli.loss).identity(),
        Layer::config().units(1).loss(Loss::Power(3)).identity()
    );
    assert!(error::<LossCli>(&[]).contains("--loss <LOSS>"));
    assert!(error::<LossCli>(&["--loss", "power", "--loss.0", "-1"]).contains("expected an integer (u8, 0 to 255)"));
}

#[config(id = "cli.listed")]
#[derive(Debug)]
pub struct Listed {
    #[param(default = vec![])]
    pub names: Vec<String>,
    #[param(default = vec![])]
    pub rows: Vec<Vec<u8>>,
    #[param(default = vec![])]
    pub pairs: Vec<(u8, u8)>,
    #[param(default = ("x,y".to_owned(), 1, false))]
    pub tup: (String, u8, bool),
    #[param(default = 0.0)]
    pub single: f32,
    #[param(default = 0.0)]
    pub double: f64,
    #[param(default = BTreeMap::new())]
    pub counts: BTreeMap<i8, u8>,
    #[param(json)]
    pub plain: Option<i64>,
    pub wait: Option<Duration>,
    #[param(default = 0)]
    pub large: u128,
}

#[derive(Parser, Debug)]
struct ListedCli {
    #[command(flatten)]
    all: Flags<Listed>,
}

#[derive(Parser, Debug)]
struct ListedSweep {
    #[command(flatten)]
    all: Sweep<Listed>,
}

#[test]
fn what_begins_with_a_bracket_is_json_or_an_error() {
    let written = "; a text that begins so is written '[\"[a,b]\"]'";
    for (args, message) in [
        (&["--names", "[a,b]"][..], written),
        (&["--set", "names=[a,b]"], written),
        (&["--names", "[\"a\",1]"], "'[\"a\",1]' for '--names <TEXT>': [1]: expected a string, found 1"),
        (
            &["--names", "[\"x\"]", "--names", "y"],
            "the whole list as JSON, given once; a text that begins so is written",
        ),
        (
            &["--set", "names=[\"a\"]", "--set", "names=b"],
            "'[\"a\"]' for '--set names': what begins with `[` is the whole list",
        ),
    ] {
        let text = error::<ListedCli>(args);
        assert!(text.contains(message), "{args:?}: {text}");
    }
    let text = error::<ListedSweep>(&["--sweep", "names=[a,b],[c]"]);
    assert!(
        text.contains("'--sweep names': what begins with `[` is the whole list as JSON: ") && text.contains(written),
        "{text}"
    );
    let listed = |args: &[&str]| parse::<ListedCli>(args).all.value().unwrap();
    assert_eq!(listed(&["--names", "[\"[a,b]\"]"]).names, ["[a,b]"]);
    assert_eq!(listed(&["--names", "a[", "--names", "b"]).names, ["a[", "b"]);
    let rows = [vec![1, 2], vec![3]];
    assert_eq!(listed(&["--rows", "[1,2]", "--rows", "[3]"]).rows, rows);
    assert_eq!(listed(&["--rows", "[[1,2],[3]]"]).rows, rows);
    assert_eq!(listed(&["--rows", "[1,2]"]).rows, rows[..1]);
    assert_eq!(listed(&["--pairs", "[1,2]"]).pairs, [(1, 2)]);
}

#[test]
fn texts_of_a_tuple_may_stand_in_quotes() {
    let tup = |args: &[&str]| parse::<ListedCli>(args).all.value().unwrap().tup;
    assert_eq!(tup(&[]), ("x,y".to_owned(), 1, false), "its default reads back");
    assert_eq!(tup(&["--tup", "a,2,true"]), ("a".to_owned(), 2, true));
    assert_eq!(tup(&["--tup", "\"b,c\",2,true"]), ("b,c".to_owned(), 2, true));
    assert_eq!(tup(&["--tup", "[\"b,c\",2,true]"]), ("b,c".to_owned(), 2, true));
    let swept: ListedSweep = parse(&["--sweep", "tup=(\"a\",1,true),(\"b,c\",2,false),(d,3,true)"]);
    let plain = |text: &str, n, on| Listed::config().tup((text.to_owned(), n, on)).identity();
    let seen: Vec<_> = swept.all.iter().map(|all| all.identity()).collect();
    assert_eq!(seen, [plain("a", 1, true), plain("b,c", 2, false), plain("d", 3, true)]);
    let text = error::<ListedCli>(&["--tup", "\"a,2,true"]);
    assert!(text.contains("for '--tup <TEXT,N,BOOL>': a quote is not closed in `\"a,2,true`"), "{text}");
    let text = error::<ListedCli>(&["--tup", "\"a\"b,2,true"]);
    assert!(text.contains("`\"a\"b` is no quoted text: trailing characters"), "{text}");
}

#[test]
fn numbers_are_in_range_and_underscores_between_digits() {
    let range = "expected a float (f32, -3.4028235e38 to 3.4028235e38)";
    for (args, message) in [
        (["--single", "1e39"], range),
        (["--single", "-1e39"], range),
        (["--set", "single=1e39"], range),
        (["--double", "1e400"], "(f64, -1.7976931348623157e308 to 1.7976931348623157e308)"),
        (["--double", "n_a_n"], "expected a float (f64)"),
        (["--double", "1__0"], "expected a float (f64)"),
        (["--double", "_1"], "expected a float (f64)"),
        (["--double", "1_"], "expected a float (f64)"),
        (
            ["--large", "170141183460469231731687303715884105728"],
            "an integer (u128, here at most 170141183460469231731687303715884105727)",
        ),
        (["--rows", "[[1_0]]"], "expected a list of integer (u8) as JSON"),
        (["--tup", "a,1__0,true"], "expected an integer (u8, 0 to 255)"),
    ] {
        let text = error::<ListedCli>(&args);
        assert!(text.contains(message), "{args:?}: {text}");
    }
    let (_folder, path) = crate::layers::file("a.json", "{\"single\": 1e39}");
    let text = error::<ListedCli>(&["--config", &path]);
    assert!(
        text.contains(&format!("a.json: single': {range}, found 1e39"))
            || text.contains(&format!("{range}, found 1e+39")),
        "{text}"
    );
    let double = |text: &str| parse::<ListedCli>(&["--double", text]).all.value().unwrap().double;
    assert_eq!((double("1_000.5"), double("inf"), double("-inf")), (1000.5, f64::INFINITY, f64::NEG_INFINITY));
    assert!(double("nan").is_nan());
}

#[test]
fn what_begins_with_a_minus_is_a_value() {
    let listed = |args: &[&str]| parse::<ListedCli>(args).all.value().unwrap();
    assert_eq!(listed(&["--counts", "-1=2", "--counts", "3=4"]).counts, BTreeMap::from([(-1, 2), (3, 4)]));
    assert_eq!(listed(&["--plain", "-1", "--counts", "1=1"]).plain, Some(-1));
    let text = error::<ListedCli>(&["--wait", "-1s"]);
    assert!(text.contains("'-1s' for '--wait <DURATION>': expected a duration such as 1h30m or 250ms"), "{text}");
}

#[test]
fn a_key_stands_once_in_a_map_however_it_is_written() {
    for (args, message) in [
        (&["--counts", "1=2", "--counts", "01=3"][..], "'01=3' for '--counts <N=N>': the key `01` is given twice"),
        (&["--counts", r#"{"1": 2, "01": 3}"#], "the key `1` is given twice"),
        (&["--counts", r#"{"a": 2}"#], "the key `a`: expected an integer (i8, -128 to 127)"),
        (&["--counts", "a=2"], "the key `a`: expected an integer (i8, -128 to 127)"),
    ] {
        let text = error::<ListedCli>(args);
        assert!(text.contains(message), "{args:?}: {text}");
    }
    let (_folder, path) = crate::layers::file("a.json", r#"{"counts": [[1, 2], ["01", 3]]}"#);
    let text = error::<ListedCli>(&["--config", &path]);
    assert!(text.contains("a.json: counts': the key `\"01\"` is given twice"), "{text}");
}
