//! Single arguments.

use clap::Parser;
use xpm::prelude::*;

use crate::types::{Bm25, Collection, Everything, Loss, Metrics, Rank};
use crate::{error, parse};

#[derive(Parser, Debug, Clone)]
struct Cli {
    workdir: std::path::PathBuf,
    #[command(flatten)]
    depth: Forward<arg!(Rank.depth)>,
    #[command(flatten)]
    model: Forward<arg!(Rank.model)>,
    #[command(flatten)]
    limit: Forward<arg!(Collection.limit)>,
    #[command(flatten)]
    topics: Forward<arg!(Rank.max_topics as "at-most")>,
    #[command(flatten)]
    nested: Forward<arg!(Rank.model.k1 as "the-k1")>,
    #[command(flatten)]
    dotted: Forward<arg!(Everything.warmup.b)>,
    #[command(flatten)]
    loss: Forward<arg!(Everything.loss)>,
}

fn rank(cli: &Cli) -> RankParts {
    let collection = Collection::config().name("robust").path("/data").limit(&cli.limit).build();
    let again = Collection::config().name("robust").path("/data").maybe_limit(cli.limit.clone()).build();
    assert_eq!(collection.identity(), again.identity());
    let rank = Rank::config()
        .collection(&collection)
        .model(cli.model.clone())
        .depth(cli.depth.clone())
        .max_topics(cli.topics.clone())
        .build();
    RankParts { rank: rank.identity(), model: Bm25::config().k1(cli.nested.clone()).b(&cli.dotted).identity() }
}

#[derive(PartialEq, Debug)]
struct RankParts {
    rank: xpm::Identity,
    model: xpm::Identity,
}

#[test]
fn what_is_not_given_is_as_without_the_setter() {
    let cli: Cli = parse(&["work", "--loss", "mse"]);
    let plain =
        Rank::config().collection(Collection::config().name("robust").path("/data")).model(Bm25::config()).build();
    let plain = RankParts { rank: plain.identity(), model: Bm25::config().identity() };
    assert_eq!(rank(&cli), plain);
    assert!(!cli.depth.is_given());
    // Given, and equal to the default: the same.
    let cli: Cli = parse(&["work", "--loss", "mse", "--depth", "1000", "--model.k1=0.9", "--the-k1", "0.9"]);
    assert_eq!(rank(&cli), plain);
}

#[test]
fn what_is_given_is_as_in_a_plan() {
    let cli: Cli = parse(&[
        "work",
        "--depth=100",
        "--limit",
        "7",
        "--at-most",
        "3",
        "--model.delta",
        "--model.k1",
        "1.2",
        "--the-k1",
        "2",
        "--warmup.b",
        "0.1",
        "--loss",
        "huber-loss",
        "--loss.delta",
        "3",
    ]);
    let plain = Rank::config()
        .collection(Collection::config().name("robust").path("/data").limit(7))
        .model(Bm25::config().k1(1.2).delta(true))
        .depth(100)
        .max_topics(3)
        .build();
    assert_eq!(rank(&cli), RankParts { rank: plain.identity(), model: Bm25::config().k1(2.0).b(0.1).identity() });
    let layer = crate::types::Layer::config().units(1).loss(&cli.loss).build();
    let same = crate::types::Layer::config().units(1).loss(Loss::HuberLoss { delta: 3.0 }).build();
    assert_eq!(layer.identity(), same.identity());
    assert_eq!(cli.depth.to_string(), "100");
}

#[test]
fn flags_are_tagged_as_values_are() {
    let cli: Cli = parse(&["work", "--loss", "mse", "--the-k1", "1.5"]);
    let model = Bm25::config().k1(tag(cli.nested)).build();
    assert_eq!(tagspath(&model), "k1=1.5");
}

#[test]
fn mistakes_are_told_as_clap_tells_them() {
    let text = error::<Cli>(&["work", "--loss", "mse", "--depth", "many"]);
    assert!(text.contains("error: invalid value 'many' for '--depth <N>': expected an integer (usize)"), "{text}");
    assert!(text.contains("Usage: "), "{text}");
    let text = error::<Cli>(&["work", "--loss", "mse", "--at-most", "300"]);
    assert!(text.contains("'300' for '--at-most <N>': expected an integer (u8, 0 to 255)"), "{text}");
    let text = error::<Cli>(&["work"]);
    assert!(text.contains("required arguments were not provided") && text.contains("--loss <LOSS>"), "{text}");
    let text = error::<Cli>(&["work", "--loss", "huber"]);
    assert!(text.contains("possible values: mse, huber-loss, power") && text.contains("'huber-loss'"), "{text}");
    let text = error::<Cli>(&["work", "--loss", "mse", "--loss.delta", "2"]);
    assert!(text.contains("'--loss.delta <X>' cannot be used with '--loss mse'"), "{text}");
    let text = error::<Cli>(&["work", "--loss", "power"]);
    assert!(text.contains("--loss.0 <N>"), "{text}");
    let text = error::<Cli>(&["work", "--loss", "mse", "--dept", "1"]);
    assert!(text.contains("unexpected argument '--dept'") && text.contains("'--depth'"), "{text}");
    let text = error::<Cli>(&["work", "--loss", "mse", "--model.b", "2"]);
    assert!(text.contains("b is 2: at most 1"), "{text}");
}

#[derive(Parser, Debug)]
struct Json {
    #[command(flatten)]
    baseline: Forward<arg!(Everything.baseline)>,
}

#[test]
fn a_serde_value_is_json() {
    let cli: Json = parse(&["--baseline", r#"{"map": 0.5}"#]);
    assert_eq!(cli.baseline.to_string(), r#"{"map":0.5}"#);
    let text = error::<Json>(&["--baseline", r#"{"mop": 0.5}"#]);
    assert!(text.contains("for '--baseline <JSON>': missing field `map`"), "{text}");
    let text = error::<Json>(&["--baseline", "robust"]);
    assert!(text.contains("a text has quotes"), "{text}");
    let _ = Metrics { map: 0.0 };
}

#[derive(Parser, Debug)]
struct Optional {
    #[command(flatten)]
    depth: Option<Forward<arg!(Rank.depth)>>,
    #[command(flatten)]
    model: Option<Flags<Bm25>>,
}

#[derive(Parser, Debug)]
struct OptionalSweep {
    #[command(flatten)]
    model: Option<Sweep<Bm25>>,
}

#[test]
fn an_option_is_none_if_no_flag_of_it_is_given() {
    let cli: Optional = parse(&[]);
    assert!(cli.depth.is_none() && cli.model.is_none());
    let cli: Optional = parse(&["--depth", "5"]);
    assert_eq!((cli.depth.unwrap().to_string(), cli.model.is_none()), ("5".to_owned(), true));
    let cli: Optional = parse(&["--b", "0.1", "--set", "k1=2"]);
    assert!(cli.depth.is_none());
    assert_eq!(cli.model.unwrap().identity(), Bm25::config().k1(2.0).b(0.1).identity());
    assert!(parse::<OptionalSweep>(&[]).model.is_none());
    assert_eq!(parse::<OptionalSweep>(&["--k1", "1"]).model.unwrap().len(), 1);
    assert_eq!(parse::<OptionalSweep>(&["--sweep", "k1=1,2"]).model.unwrap().len(), 2);
}

#[derive(Parser, Debug)]
struct Updated {
    #[command(flatten)]
    name: Forward<arg!(Collection.name)>,
    #[command(flatten)]
    depth: Forward<arg!(Rank.depth)>,
    #[command(flatten)]
    act: Forward<arg!(Activated.act)>,
}

#[config(id = "cli.activation")]
pub enum Activation {
    Leaky {
        #[param(default = 0.1)]
        slope: f64,
        #[param(default = 1.0)]
        scale: f64,
    },
    Relu,
}

#[config(id = "cli.activated")]
pub struct Activated {
    pub act: Activation,
}

#[test]
fn an_update_keeps_what_it_does_not_say() {
    let mut cli: Updated = parse(&["--name", "robust", "--depth", "7", "--act", "leaky", "--act.slope", "3"]);
    let seen = |cli: &Updated| {
        let act = Activated::config().act(&cli.act).identity();
        (cli.name.to_string(), cli.depth.to_string(), act)
    };
    let made = |slope, scale| Activated::config().act(Activation::Leaky { slope, scale }).identity();
    cli.update_from(["prog", "--depth", "8"]);
    assert_eq!(seen(&cli), ("\"robust\"".to_owned(), "8".to_owned(), made(3.0, 1.0)));
    cli.update_from(["prog", "--act.scale", "2"]);
    assert_eq!(seen(&cli).2, made(3.0, 2.0));
    cli.update_from(["prog", "--act", "leaky", "--act.scale", "4"]);
    assert_eq!(seen(&cli).2, made(3.0, 4.0));
    cli.update_from(["prog", "--act", "relu", "--name", "new"]);
    let relu = Activated::config().act(Activation::Relu).identity();
    assert_eq!(seen(&cli), ("\"new\"".to_owned(), "8".to_owned(), relu));
}

/// How fast.
#[config(id = "cli.pace")]
#[derive(Debug, Clone)]
pub enum Pace {
    Slow,
    VeryFast,
}

#[config(id = "cli.places")]
pub struct Places {
    /// How it goes
    #[param(default = Pace::VeryFast)]
    pub pace: Pace,
    /// How else
    pub other: Option<Pace>,
    /// One after another
    pub paces: Vec<Pace>,
    /// Where the data are
    pub data: std::path::PathBuf,
    /// Where to write
    #[param(default = "out")]
    pub out: std::path::PathBuf,
    /// What is kept
    pub cache: Option<std::path::PathBuf>,
    /// What is read
    pub inputs: Vec<std::path::PathBuf>,
}

#[derive(Parser, Debug, Clone)]
struct PlacesCli {
    #[command(flatten)]
    pace: Forward<arg!(Places.pace)>,
    #[command(flatten)]
    other: Forward<arg!(Places.other)>,
    #[command(flatten)]
    paces: Forward<arg!(Places.paces)>,
    #[command(flatten)]
    data: Forward<arg!(Places.data)>,
    #[command(flatten)]
    out: Forward<arg!(Places.out)>,
    #[command(flatten)]
    cache: Forward<arg!(Places.cache)>,
    #[command(flatten)]
    inputs: Forward<arg!(Places.inputs)>,
}

#[test]
fn enums_and_paths_are_flags() {
    let help = crate::help::<PlacesCli>();
    for line in [
        "--pace <PACE>",
        "How it goes [default: very-fast] [possible values: slow, very-fast]",
        "How else [possible values: slow, very-fast]",
        "--paces <NAME>",
        "One after another [possible values: slow, very-fast, may be repeated, required]",
        "--data <PATH>",
        "Where the data are [required]",
        "Where to write [default: out]",
        "--inputs <PATH>",
    ] {
        assert!(help.contains(line), "{line}: {help}");
    }
    let given = ["--data", "/d", "--paces", "slow", "--paces", "VeryFast", "--inputs", "a", "--inputs", "b"];
    let cli: PlacesCli = parse(&given);
    let places = |cli: PlacesCli| {
        Places::config()
            .pace(cli.pace)
            .maybe_other(cli.other)
            .paces(cli.paces)
            .data(cli.data)
            .out(cli.out)
            .maybe_cache(cli.cache)
            .inputs(cli.inputs)
            .build()
    };
    let own = Places::config().paces(vec![Pace::Slow, Pace::VeryFast]).data("/d").inputs(["a", "b"]).build();
    assert_eq!(places(cli.clone()).identity(), own.identity());
    assert_eq!(places(cli).explain().to_string().matches("(left out: a path)").count(), 4);
    let cli: PlacesCli = parse(&[&given[..], &["--other", "slow", "--cache", "c", "--pace=slow"]].concat());
    assert_eq!(
        (cli.other.to_string(), cli.cache.to_string(), cli.pace.to_string()),
        ("Slow".into(), "c".into(), "Slow".into())
    );
    let text = error::<PlacesCli>(&[&given[..], &["--pace", "slo"]].concat());
    assert!(text.contains("[possible values: slow, very-fast]") && text.contains("'slow'"), "{text}");
    let text = error::<PlacesCli>(&[&given[..], &["--paces", "slo"]].concat());
    assert!(text.contains("'--paces <NAME>'") && text.contains("\"slo\" is none of slow, very-fast"), "{text}");
    let text = error::<PlacesCli>(&[&given[..], &["--out="]].concat());
    assert!(text.contains("invalid value '' for '--out <PATH>': a path is not empty"), "{text}");
}
