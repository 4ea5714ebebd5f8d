//! Vectors of configurations and closed families inside other values.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use xpm::Identity;
use xpm::prelude::*;

#[config(id = "golden.leaf")]
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Leaf {
    n: u32,
}

#[config]
trait Plant {}

#[config]
impl Plant for Leaf {}

#[config(id = "golden.colour")]
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Colour {
    Red,
    Blue,
}

#[config(id = "golden.shape")]
enum Shape {
    Empty,
    Named {
        width: f32,
        depth: Option<u8>,
    },
    Unnamed(u8, String),
    Defaults {
        #[param(default = 0.5)]
        rate: f64,
        #[param(default = false, ignore_default)]
        later: bool,
        #[param(default = 4, ignored)]
        threads: u8,
        #[param(id = "old")]
        new: u8,
    },
    Nested(Box<Shape>),
    Holds {
        leaf: Leaf,
    },
}

pub(super) fn vectors() -> Vec<(&'static str, Identity)> {
    [variants(), nested(), collections()].concat()
}

fn variants() -> Vec<(&'static str, Identity)> {
    let unnamed = || Shape::config().unnamed()._0(1)._1("a");
    vec![
        ("variant without fields", one!(Shape, Shape::Empty)),
        ("variant with named fields", one!(Shape, Shape::config().named().width(2.0))),
        ("variant with named fields, all set", one!(Shape, Shape::Named { width: 2.0, depth: Some(1) })),
        ("variant with unnamed fields", one!(Arc<Shape>, unnamed())),
        ("variant with defaults", one!(Shape, Shape::config().defaults().new(9))),
        ("variant in a variant", one!(Shape, Shape::config().nested()._0(unnamed()))),
        ("variant in a list", one!(Vec<Shape>, [Shape::Empty, Shape::Unnamed(2, String::new())])),
        ("variant as a key", one!(BTreeMap<Colour, u8>, [(Colour::Red, 1), (Colour::Blue, 2)])),
        ("variant with a configuration", one!(Shape, Shape::config().holds().leaf(Leaf::config().n(5)))),
    ]
}

fn nested() -> Vec<(&'static str, Identity)> {
    #[config(id = "golden.nothing")]
    struct Nothing;
    #[config(id = "golden.x")]
    struct Inner {
        x: Leaf,
    }
    #[config(id = "golden.x")]
    struct Middle {
        x: Inner,
    }
    let leaf = Leaf::config().n(5).build();
    vec![
        ("no arguments", Nothing::config().identity()),
        ("one argument", leaf.identity()),
        ("nested", one!(Leaf, Leaf { n: 5 })),
        ("nested, shared", one!(Leaf, &leaf)),
        ("nested in a box", one!(Box<Leaf>, Leaf { n: 5 })),
        ("nested in an arc", one!(Arc<Leaf>, Arc::new(Leaf { n: 5 }))),
        ("nested in a family", one!(Box<dyn Plant>, Leaf::config().n(5))),
        ("nested, optional", one!(Option<Leaf>, &leaf)),
        ("nested three deep", one!(Middle, Middle::config().x(Inner::config().x(&leaf)))),
    ]
}

fn collections() -> Vec<(&'static str, Identity)> {
    let leaf = |n: u32| Leaf::config().n(n).build();
    let set: HashSet<Leaf> = (1..=3).map(|n| Leaf { n }).collect();
    let sorted: BTreeSet<Leaf> = set.iter().cloned().collect();
    assert_eq!(one!(HashSet<Leaf>, set), one!(BTreeSet<Leaf>, &sorted));
    vec![
        ("list of configurations", one!(Vec<Leaf>, [leaf(1), leaf(2), leaf(1)])),
        ("map of configurations", one!(BTreeMap<String, Leaf>, [("a", leaf(1))])),
        ("tuple of configurations", one!((Arc<Leaf>, u8), (leaf(1), 2))),
        ("set of configurations", one!(BTreeSet<Leaf>, sorted)),
    ]
}
