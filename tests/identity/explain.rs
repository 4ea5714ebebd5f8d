//! Explanations: path, value, standing and place of every argument, nested ones included.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use xpm::prelude::*;
use xpm::{Explanation, LeftOut, Standing};

#[config(id = "explain.leaf")]
struct Leaf {
    n: u32,
    #[param(default = 0.5)]
    rate: f64,
}

#[config(id = "explain.loss")]
enum Loss {
    Mse,
    Huber {
        #[param(default = 1.0)]
        delta: f64,
    },
}

#[config(id = "explain.model", version = 3)]
struct Model {
    leaf: Arc<Leaf>,
    other: Option<Arc<Leaf>>,
    loss: Loss,
    #[param(id = "a name of old")]
    renamed: String,
    list: Vec<Leaf>,
    map: BTreeMap<String, Leaf>,
    data: PathBuf,
    absent: Option<u8>,
    #[param(ignored, default = 4)]
    threads: u8,
    #[param(default = 3, ignore_default)]
    later: u8,
    #[param(json)]
    json: Vec<u8>,
}

#[config(id = "explain.plan")]
struct Plan {
    model: Model,
}

/// Path, value and standing of each argument, and whether the plan set it.
fn rows(explanation: &Explanation) -> Vec<(&str, &str, Option<LeftOut>, bool)> {
    let rows = explanation.arguments.iter().map(|arg| {
        let why = match arg.standing {
            Standing::TakesPart => None,
            Standing::LeftOut(why) => Some(why),
        };
        (arg.path.as_str(), arg.value.as_str(), why, arg.set_at.is_some())
    });
    rows.collect()
}

#[test]
fn every_argument_is_told_with_its_standing() {
    let leaf = Leaf::config().n(1).build();
    let model = Model::config()
        .leaf(&leaf)
        .other(&leaf)
        .loss(Loss::config().huber())
        .renamed(tag("é"))
        .list([Leaf { n: 2, rate: 1.0 }])
        .map([("a", Leaf { n: 3, rate: 1.0 })])
        .data("/data")
        .threads(8)
        .json(vec![1, 2]);
    let explanation = Plan::config().model(model).explain();
    let shared = "explain.leaf";
    assert_eq!(
        rows(&explanation),
        [
            ("model", "explain.model", None, true),
            ("model.renamed", "\"é\"", None, true),
            ("model.absent", "none", Some(LeftOut::Absent), false),
            ("model.data", "/data", Some(LeftOut::Path), true),
            ("model.json", "[1,2]", None, true),
            ("model.later", "3", Some(LeftOut::Default), false),
            ("model.leaf", shared, None, true),
            ("model.leaf.n", "1", None, true),
            ("model.leaf.rate", "0.5", None, false),
            ("model.list", "[leaf(n=2, rate=1.0)]", None, true),
            ("model.list[0].n", "2", None, false),
            ("model.list[0].rate", "1.0", None, false),
            ("model.loss", "explain.loss::Huber", None, true),
            ("model.loss.delta", "1.0", None, false),
            ("model.map", "{\"a\": leaf(n=3, rate=1.0)}", None, true),
            ("model.map[\"a\"].n", "3", None, false),
            ("model.map[\"a\"].rate", "1.0", None, false),
            // Shared, and explained above.
            ("model.other", shared, None, true),
            ("model.threads", "8", Some(LeftOut::Ignored), true),
        ]
    );
}

#[test]
fn the_head_is_that_of_the_configuration() {
    let model = Model::config().leaf(Leaf::config().n(1)).loss(Loss::Mse).renamed("x").data("/d").json(vec![0u8]);
    let model = model.list(Vec::<Leaf>::new()).map(BTreeMap::<String, Leaf>::new()).build();
    let explanation = model.explain();
    assert_eq!((explanation.type_id.as_str(), explanation.version), ("explain.model", Some(3)));
    assert_eq!(explanation.identity, model.identity());
    assert!(rows(&explanation).contains(&("loss", "explain.loss::Mse", None, true)));
    assert_eq!(Leaf::config().n(1).explain().version, None);
}

#[test]
#[rustfmt::skip]
fn set_at_is_where_the_plan_set_it() {
    let first = line!() + 1;
    let mut leaf = Leaf::config()
        .n(1)
        .build();
    let explanation = Plan::config().model(model(&leaf)).explain();
    let place = |explanation: &Explanation, path: &str| {
        let arg = explanation.arguments.iter().find(|arg| arg.path == path).expect("the argument is explained");
        arg.set_at.map(|place| (place.file(), place.line()))
    };
    assert_eq!(place(&explanation, "model.leaf.n"), Some((file!(), first + 1)));
    assert_eq!(place(&explanation, "model.leaf.rate"), None);
    assert_eq!(place(&explanation, "model.leaf"), Some((file!(), model_line())));
    let again = line!() + 1;
    leaf.set_n(2).set_rate(tag(0.25));
    assert_eq!(place(&leaf.explain(), "n"), Some((file!(), again)));
    assert_eq!(place(&leaf.explain(), "rate"), Some((file!(), again)));
    let assigned = line!() + 1;
    leaf.n = 3.into_arg();
    let assigned_at = place(&leaf.explain(), "n");
    assert!(assigned_at.is_none() || assigned_at == Some((file!(), assigned)), "{assigned_at:?}");
}

#[rustfmt::skip]
fn model(leaf: &LeafConfig) -> ModelConfig {
    let model = Model::config().loss(Loss::Mse).renamed("x").data("/d").json(vec![0u8]).list([leaf]).map([("k", leaf)]);
    model.leaf(leaf).build()
}

/// Where `model` sets `leaf`.
fn model_line() -> u32 {
    line!() - 5
}

#[test]
fn its_text_is_a_table() {
    let leaf = Leaf::config().n(1).build();
    let place = leaf.explain().arguments[0].set_at.expect("it was set");
    let expected = format!("explain.leaf {}\n  n = 1  set at {place}\n  rate = 0.5\n", leaf.identity());
    assert_eq!(leaf.explain().to_string(), expected);
    let model = model(&leaf).explain().to_string();
    for line in
        ["\n  threads = 4  (left out: ignored)\n", "\n  data = /d  (left out: a path)", "explain.model version 3 "]
    {
        assert!(model.contains(line), "{line:?} is missing in:\n{model}");
    }
    for why in ["\n  absent = none  (left out: not set)\n", "\n  later = 3  (left out: equal to its default)\n"] {
        assert!(model.contains(why), "{why:?} is missing in:\n{model}");
    }
}

#[test]
fn a_file_of_the_jobs_folder_is_told() {
    #[task(id = "explain.train")]
    struct Train {
        #[param(path = "w.bin")]
        weights: PathBuf,
    }
    impl Task for Train {
        type Output = PathBuf;
        fn execute(&self, _: &JobContext) -> TaskResult<PathBuf> {
            Ok(self.weights.clone())
        }
    }
    let explanation = Train::config().explain();
    let [arg] = explanation.arguments.as_slice() else { panic!("{explanation}") };
    assert_eq!((arg.path.as_str(), arg.standing), ("weights", Standing::LeftOut(LeftOut::JobPath)));
    assert!(explanation.to_string().contains("\n  weights = w.bin  (left out: a file of the job's folder)"));
}

#[test]
fn what_is_left_out_is_not_entered() {
    #[config(id = "explain.ignoring")]
    struct Ignoring {
        #[param(ignored)]
        leaf: Leaf,
        #[param(default = Leaf { n: 1, rate: 2.0 }, ignore_default)]
        default: Leaf,
    }
    let explanation = Ignoring::config().leaf(Leaf::config().n(1)).explain();
    let paths: Vec<_> = rows(&explanation).into_iter().map(|(path, _, why, _)| (path, why)).collect();
    assert_eq!(paths, [("default", Some(LeftOut::Default)), ("leaf", Some(LeftOut::Ignored))]);
}
