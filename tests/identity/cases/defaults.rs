//! Rows 13 to 16 and 36: defaults.

use xpm::Identity;
use xpm::prelude::*;

use crate::compare::{different, same};

#[config(id = "case.default")]
struct Before {
    x: u8,
}

#[config(id = "case.default")]
struct Ignoring {
    x: u8,
    #[param(default = 3, ignore_default)]
    y: u32,
}

#[config(id = "case.default")]
struct Plain {
    x: u8,
    #[param(default = 3)]
    y: u32,
}

fn before() -> Identity {
    Before::config().x(1).identity()
}

#[test]
fn row_13_ignore_default_at_its_default() {
    let mut set_back = Ignoring::config().x(1).y(4).build();
    set_back.set_y(3);
    same([
        ("before the argument existed", before()),
        ("not given", Ignoring::config().x(1).identity()),
        ("given", Ignoring::config().x(1).y(3).identity()),
        ("set back", set_back.identity()),
    ]);
}

#[test]
fn row_14_ignore_default_at_another_value() {
    different([
        ("default", Ignoring::config().x(1).identity()),
        ("4", Ignoring::config().x(1).y(4).identity()),
        ("5", Ignoring::config().x(1).y(5).identity()),
    ]);
}

#[test]
fn row_15_a_plain_default_counts() {
    same([("not given", Plain::config().x(1).identity()), ("given", Plain::config().x(1).y(3).identity())]);
    different([("default", Plain::config().x(1).identity()), ("without the argument", before())]);
}

#[test]
fn row_16_both_defaults_agree_elsewhere() {
    same([("ignoring", Ignoring::config().x(1).y(4).identity()), ("plain", Plain::config().x(1).y(4).identity())]);
    different([("ignoring", Ignoring::config().x(1).identity()), ("plain", Plain::config().x(1).identity())]);
}

#[test]
fn row_36_a_nested_default_is_compared_by_content() {
    #[config(id = "case.inner")]
    struct Inner {
        #[param(default = 1.0)]
        rate: f64,
        #[param(ignored, default = 1)]
        threads: u8,
    }
    #[config(id = "case.default")]
    struct Nested {
        x: u8,
        #[param(default = Inner::config(), ignore_default)]
        inner: Inner,
        #[param(default = [1, 2], ignore_default)]
        list: Vec<u8>,
        #[param(default = [("a", 1)], ignore_default)]
        map: std::collections::BTreeMap<String, u8>,
    }
    let nested = || Nested::config().x(1);
    same([
        ("before the argument existed", before()),
        ("not given", nested().identity()),
        ("built", nested().inner(Inner::config()).identity()),
        ("by value", nested().inner(Inner { rate: 1.0, threads: 1 }).identity()),
        ("equal in what takes part", nested().inner(Inner::config().rate(1.0).threads(8).tag("a", 1)).identity()),
        ("containers", nested().list(vec![1, 2]).map([("a", 1)]).identity()),
    ]);
    different([
        ("default", nested().identity()),
        ("another configuration", nested().inner(Inner::config().rate(2.0)).identity()),
        ("another list", nested().list([2, 1]).identity()),
        ("another map", nested().map([("a", 2)]).identity()),
    ]);
}

#[test]
fn none_of_a_default_counts() {
    #[config(id = "case.default")]
    struct Optional {
        x: u8,
        #[param(default = Some(3))]
        y: Option<u32>,
    }
    let none = Optional::config().x(1).maybe_y(None).identity();
    different([("None", none), ("default", Optional::config().x(1).identity()), ("without it", before())]);
    same([("default", Optional::config().x(1).identity()), ("plain", Plain::config().x(1).identity())]);
}
