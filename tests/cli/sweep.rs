//! `Sweep`: one configuration for each point of a grid.

use clap::Parser;
use xpm::prelude::*;
use xpm::{TagValue, Tags};

use crate::types::{Bm25, Collection, Everything, Rank};
use crate::{error, help, parse};

#[derive(Parser, Debug)]
struct Cli {
    #[command(flatten)]
    model: Sweep<Bm25>,
}

#[derive(Parser, Debug)]
struct Ranks {
    #[command(flatten)]
    rank: Sweep<Rank>,
}

#[derive(Parser, Debug)]
struct Whole {
    #[command(flatten)]
    all: Sweep<Everything>,
}

fn pairs(args: &[&str]) -> Vec<(f64, f64)> {
    let cli: Cli = parse(args);
    let models: Vec<_> =
        cli.model.iter().map(|model| (number(&model.tags(), "k1"), number(&model.tags(), "b"))).collect();
    assert_eq!(models.len(), cli.model.len());
    models
}

fn number(tags: &Tags, name: &str) -> f64 {
    match tags.get(name) {
        Some(TagValue::Float(x)) => *x,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn the_first_sweep_is_the_slowest() {
    let grid = pairs(&["--sweep", "k1=0.6,0.9", "--sweep", "b=range(0, 0.3, 0.1)"]);
    assert_eq!(grid, [(0.6, 0.0), (0.6, 0.1), (0.6, 0.2), (0.6, 0.3), (0.9, 0.0), (0.9, 0.1), (0.9, 0.2), (0.9, 0.3)]);
    let grid = pairs(&["--sweep", "k1, b=(0.6,0.3),(0.9, 0.4)"]);
    assert_eq!(grid, [(0.6, 0.3), (0.9, 0.4)]);
    let grid = pairs(&["--sweep", "b=-1,0", "--sweep", "k1=2,geom(1e-4,1,3)"]);
    assert_eq!(grid[..4], [(2.0, -1.0), (0.0001, -1.0), (0.01, -1.0), (1.0, -1.0)]);
}

#[test]
fn tags_say_what_varies_and_identities_know_nothing_of_it() {
    let args = ["--collection.name", "robust", "--collection.path", "/d", "--model.b", "0.5", "--set", "depth=7"];
    let cli: Ranks = parse(&[&args[..], &["--sweep", "model.k1=0.6,1.2"]].concat());
    let ranks: Vec<_> = (&cli.rank).into_iter().collect();
    for (rank, k1) in ranks.iter().zip([0.6, 1.2]) {
        let collection = Collection::config().name("robust").path("/d");
        let plain = Rank::config().collection(collection).model(Bm25::config().k1(k1).b(0.5)).depth(7);
        assert_eq!(rank.identity(), plain.identity());
        assert_eq!(rank.tags(), Tags::from([("k1".to_owned(), k1.into())]));
    }
    let cli: Ranks = parse(&args);
    assert_eq!((cli.rank.len(), cli.rank.iter().all(|rank| rank.tags().is_empty())), (1, true));
    // What is required may be swept instead.
    let args =
        ["--sweep", "collection.name=a,\"b,c\"", "--sweep", "collection.path=/x", "--sweep", "max-topics=none,3"];
    let cli: Ranks = parse(&args);
    let names: Vec<_> = cli.rank.iter().map(|rank| rank.tags()["name"].to_string()).collect();
    assert_eq!(names, ["a", "a", "b,c", "b,c"]);
    let rank =
        Rank::config().collection(Collection::config().name("b,c").path("/x")).model(Bm25::config()).max_topics(3);
    assert_eq!(cli.rank.iter().last().unwrap().identity(), rank.identity());
}

#[test]
fn it_goes_to_a_setter_with_its_tags() {
    let cli: Cli = parse(&["--sweep", "k1=0.6,0.9"]);
    for model in &cli.model {
        let k1 = number(&model.tags(), "k1");
        let rank = Rank::config().collection(Collection::config().name("r").path("/")).model(model);
        assert_eq!(number(&rank.tags(), "k1"), k1);
    }
}

const ALL: [&str; 8] =
    ["--scorer", "constant", "--scorer.value", "1", "--layers", "{\"units\": 1, \"loss\": \"mse\"}", "--names", "n"];

#[test]
fn choices_lists_tuples_and_numbers_of_every_type() {
    let all = [&ALL[..], &["--loss", "huber-loss", "--loss.delta", "5"]].concat();
    let cli: Whole = parse(&[&all[..], &["--sweep", "loss=mse,huber-loss"]].concat());
    let tags: Vec<_> = cli.all.iter().map(|all| all.tags()["loss"].to_string()).collect();
    assert_eq!(tags.len(), 2);
    assert_ne!(tags[0], tags[1]);
    for (sweep, count) in [
        ("sizes=[1,2],[3],4", 3),
        ("range=(1,5),(2,6)", 2),
        ("range,offset=((1,5),3),((2,6),-4)", 2),
        ("offset=range(3,-3,-2)", 4),
        ("shuffle=true,false", 2),
        ("timeout=5s,1h30m", 2),
        ("type=\"range(0,1)\",cpu", 2),
        ("scorer={\"type\":\"cli.constant\",\"value\":3},{\"type\":\"cli.bm25\",\"k1\":3}", 2),
        ("loss.delta,loss=(1,huber-loss),(2,huber-loss)", 2),
        ("point=[1,2,3],[4,5,6]", 2),
        ("letter=none,x", 2),
    ] {
        let cli: Whole = parse(&[&all[..], &["--sweep", sweep]].concat());
        let identities: std::collections::BTreeSet<_> = cli.all.iter().map(|all| all.identity().to_string()).collect();
        assert_eq!((cli.all.len(), identities.len()), (count, count), "{sweep}");
    }
    let cli: Whole = parse(&[&ALL[..], &["--sweep", "loss.delta=1,2", "--sweep", "loss=huber-loss"]].concat());
    assert_eq!(cli.all.len(), 2);
}

fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

#[test]
fn a_file_of_sweeps() {
    let (_folder, path) = file("s.toml", "k1 = \"range(0, 0.2, 0.1)\"\n[[sweep]]\nb = [0.5, 1]\n");
    let slow_b = [(0.0, 0.5), (0.1, 0.5), (0.2, 0.5), (0.0, 1.0), (0.1, 1.0), (0.2, 1.0)];
    assert_eq!(pairs(&["--sweep-file", &path]), slow_b);
    let (_folder, path) = file("s.json", r#"{"sweep": [{"k1": [1, 2], "b": [0.5, 0.75]}]}"#);
    assert_eq!(pairs(&["--sweep-file", &path]), [(1.0, 0.5), (2.0, 0.75)]);
    let (_folder, path) = file("s.toml", "k1 = [1, 2]\n");
    assert_eq!(pairs(&["--sweep", "b=0,1", "--sweep-file", &path])[..2], [(1.0, 0.0), (2.0, 0.0)]);
    let (_folder, path) =
        file("s.toml", "model.k1 = [1, 2]\n[[sweep]]\ncollection.name = [\"a\", \"b\"]\nmodel.b = [0, 1]\n");
    let cli: Ranks = parse(&["--collection.path", "/", "--collection.name", "x", "--sweep-file", &path]);
    assert_eq!(cli.rank.len(), 4);
    for (text, message) in [
        ("k2 = [1]", "there is no argument `k2` to sweep; did you mean `k1`?"),
        ("k1 = 1", "s.toml: k1': expected a list of values"),
        ("k1 = []", "s.toml: k1': it is empty"),
        ("k1 = [\"high\"]", "s.toml: k1': expected a float (f64)"),
        ("[[sweep]]\nk1 = [1, 2]\nb = [1]", "what varies together has as many"),
        ("[[sweep]]", "is empty"),
        ("", "it sweeps nothing"),
        ("k1 = [1, 2", "s.toml"),
    ] {
        let (_folder, path) = file("s.toml", text);
        let said = error::<Cli>(&["--sweep-file", &path]);
        assert!(said.contains(message), "{text}: {said}");
    }
    let tables = "`sweep` is a list of tables, [[sweep]] in TOML: each with lists for what varies together";
    for (name, text) in [
        ("s.json", r#"{"sweep": [1]}"#),
        ("s.yaml", "sweep: {k1: [1]}"),
        ("s.toml", "sweep = \"x\""),
        ("s.toml", "[sweep]\nk1 = [1]"),
    ] {
        let (_folder, path) = file(name, text);
        let said = error::<Cli>(&["--sweep-file", &path]);
        assert!(said.contains(tables), "{text}: {said}");
    }
    assert!(error::<Cli>(&["--sweep-file", "none.toml"]).contains("cannot be read"));
}

#[test]
fn mistakes_name_the_flag_the_argument_and_the_type() {
    for (sweep, message) in [
        (&["k2=1,2"][..], "there is no argument `k2` to sweep; did you mean `k1`?"),
        (&["k1"], "expected KEY=VALUES"),
        (&["k1="], "invalid value '' for '--sweep k1': it is empty"),
        (&["k1=0.6,high"], "invalid value 'high' for '--sweep k1': expected a float (f64)"),
        (&["k1=0.6,,1"], "one of its values is empty"),
        (&["k1=range(0,1,0)"], "'--sweep k1': `range(0,1,0)`: its step is 0"),
        (&["k1=range(1,0,0.1)"], "it is empty: its step leads away"),
        (&["k1=range(0,1,1e-9)"], "it has 1000000001 values: a sweep has at most 1000000"),
        (&["k1=range(0,1000)", "b=range(0,1,1e-3)"], "1001 × 1001 configurations"),
        (&["k1=geom(0,1,3)"], "its ends are both above 0"),
        (&["k1=range(0,1"], "`)` is missing"),
        (&["k1=1)"], "`)` closes nothing"),
        (&["k1,b=(1,2),3"], "expected groups of 2 values, as in (1,2): found `3`"),
        (&["k1,b=(1,2,3)"], "expected groups of 2 values"),
        (&["k1=1,2", "k1=3"], "--sweep k1: this argument is swept already"),
        (&["threads=1,2.5"], "'--sweep threads': expected an integer (usize)"),
        (&["delta=range(0,1)"], "gives numbers, the argument is boolean"),
        (&["b=0.5,1.5"], "b is 1.5: at most 1 (with --sweep b=1.5)"),
        (&["k1=1,2,1"], "invalid value '1' for '--sweep k1': it stands there for the second time"),
        (&["k1=0.5,range(0,1,0.5)"], "invalid value '0.5' for '--sweep k1': it stands there for the second time"),
        (&["k1=1,1.0"], "invalid value '1.0' for '--sweep k1': it stands there"),
        (&["k1,b=(1,0),(2,0),(1,0)"], "invalid value '1,0' for '--sweep k1,b': it stands there"),
    ] {
        let args: Vec<_> = sweep.iter().flat_map(|sweep| ["--sweep", sweep]).collect();
        let said = error::<Cli>(&args);
        assert!(said.contains(message) && said.contains("--sweep"), "{sweep:?}: {said}");
    }
    let said = error::<Ranks>(&["--sweep", "depth=1,2"]);
    assert!(said.contains("required arguments") && said.contains("--collection.name <TEXT>"), "{said}");
    let said = error::<Whole>(&[&ALL[..], &["--sweep", "loss=mse,huber-loss", "--sweep", "loss.delta=1,2"]].concat());
    assert!(said.contains("--sweep loss.delta") && said.contains("--sweep loss=mse"), "{said}");
    let said = error::<Whole>(&[&ALL[..], &["--sweep", "loss=mse,hubber"]].concat());
    assert!(said.contains("one of mse, huber-loss, power"), "{said}");
}

#[derive(Parser, Debug)]
struct Own {
    #[command(flatten)]
    collection: Flags<Collection>,
    #[command(flatten)]
    model: Sweep<Bm25>,
    /// The user's own.
    #[arg(long)]
    sweep: bool,
}

#[test]
fn beside_flags_of_others_and_a_flag_of_the_users() {
    let cli: Own = parse(&["--name", "r", "--path", "/", "--sweep", "--xpm-sweep", "k1=1,2", "--set", "b=0.1"]);
    assert!(cli.sweep);
    assert_eq!(cli.model.len(), 2);
    assert_eq!(cli.collection.identity(), Collection::config().name("r").path("/").identity());
    // What is not swept is not taken for it.
    let said = error::<Own>(&["--name", "r", "--path", "/", "--xpm-sweep", "name=a,b"]);
    assert!(said.contains("there is no argument `name` to sweep"), "{said}");
    let text = help::<Cli>();
    assert!(text.contains("--sweep <KEY=VALUES>") && text.contains("--sweep-file <FILE>"), "{text}");
}

#[test]
fn what_an_update_does_not_say_stays() {
    let given = ["--collection.name", "r", "--collection.path", "/d", "--model.b", "0.5", "--depth", "3"];
    let mut cli: Ranks = parse(&[&given[..], &["--sweep", "model.k1=1,2", "--sweep", "depth=5,6,7"]].concat());
    let seen = |cli: &Ranks| cli.rank.iter().map(|rank| rank.identity()).collect::<Vec<_>>();
    let made = |k1: f64, b: f64| {
        let collection = Collection::config().name("s").path("/d");
        Rank::config().collection(collection).model(Bm25::config().k1(k1).b(b)).depth(9).identity()
    };
    let all = seen(&cli);
    assert_eq!(all.len(), 6);
    cli.update_from(["prog"]);
    assert_eq!(seen(&cli), all);
    // What is given anew is not swept any more, and what is swept anew is so as this command line says.
    cli.update_from(["prog", "--depth", "9", "--collection.name", "s"]);
    assert_eq!(seen(&cli), [made(1.0, 0.5), made(2.0, 0.5)]);
    cli.update_from(["prog", "--sweep", "model.k1=3", "--sweep", "model.b=0.1,0.2"]);
    assert_eq!(seen(&cli), [made(3.0, 0.1), made(3.0, 0.2)]);
}

#[config(id = "cli.maybe")]
pub struct Maybe {
    pub on: Option<bool>,
    pub name: Option<String>,
}

#[derive(Parser, Debug)]
struct Maybes {
    #[command(flatten)]
    all: Sweep<Maybe>,
}

#[test]
fn no_value_among_values() {
    let maybes = |args: &[&str]| parse::<Maybes>(args).all.iter().map(|all| all.identity()).collect::<Vec<_>>();
    let on = |on: Option<bool>| Maybe::config().maybe_on(on).identity();
    let named = |name: Option<&str>| Maybe::config().maybe_name(name.map(str::to_owned)).identity();
    for (name, text) in [
        ("s.json", r#"{"on": [true, null]}"#),
        ("s.json", r#"{"on": [true, "none"]}"#),
        ("s.yaml", "on: [true, null]"),
        ("s.toml", "on = [true, \"none\"]"),
        ("s.toml", "on = \"true,none\""),
    ] {
        let (_folder, path) = file(name, text);
        assert_eq!(maybes(&["--sweep-file", &path]), [on(Some(true)), on(None)], "{text}");
    }
    let (_folder, path) = file("s.toml", "name = [\"a\", \"none\"]");
    assert_eq!(maybes(&["--sweep-file", &path]), [named(Some("a")), named(Some("none"))], "a text");
    let (_folder, path) = file("s.toml", "name = \"a,none\"");
    assert_eq!(maybes(&["--sweep-file", &path]), [named(Some("a")), named(None)], "as behind --sweep");
    assert_eq!(maybes(&["--sweep", "name=\"none\",a"]), [named(Some("none")), named(Some("a"))]);
    let text = error::<Maybes>(&["--sweep", "name=none,\"none\""]);
    assert!(
        text.contains("invalid value 'none' for '--sweep name': another value of this sweep has the same tag"),
        "{text}"
    );
}
