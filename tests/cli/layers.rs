//! `--set` over `--config` over flags.

use clap::Parser;
use xpm::prelude::*;

use crate::types::{Bm25, Collection, Everything, Loss, Rank};
use crate::{error, parse};

#[derive(Parser, Debug)]
struct Cli {
    #[command(flatten)]
    rank: Flags<Rank>,
}

fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
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
