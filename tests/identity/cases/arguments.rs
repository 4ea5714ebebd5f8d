//! Rows 1 to 4, 10, 12 and 17 to 20: arguments, their names, and which of them take part.

use std::collections::BTreeSet;
use std::path::PathBuf;

use xpm::prelude::*;

use crate::compare::{different, same};

#[config(id = "case.a")]
#[derive(Clone)]
struct A {
    x: u8,
}

#[config(id = "case.b")]
struct B {
    x: u8,
}

#[test]
fn row_01_built_separately() {
    let mut changed = A::config().x(2).build();
    changed.set_x(1);
    let mut assigned = A::config().x(2).build();
    assigned.identity();
    assigned.x = 1.into_arg();
    same([
        ("builder", A::config().x(1).identity()),
        ("argument struct", A::config().x(1).build().identity()),
        ("set again", changed.identity()),
        ("assigned after its identity was asked", assigned.identity()),
        ("copy", changed.clone().identity()),
    ]);
}

#[test]
fn rows_02_and_03_other_values_and_other_types() {
    different([
        ("A{1}", A::config().x(1).identity()),
        ("A{2}", A::config().x(2).identity()),
        ("B{1}", B::config().x(1).identity()),
    ]);
}

#[test]
fn row_04_order_does_not_count() {
    #[config(id = "case.order")]
    struct Forth {
        a: u8,
        b: String,
        c: bool,
    }
    #[config(id = "case.order")]
    struct Back {
        c: bool,
        b: String,
        a: u8,
    }
    same([
        ("abc", Forth::config().a(1).b("b").c(true).identity()),
        ("set cab", Forth::config().c(true).a(1).b("b").identity()),
        ("declared cba", Back::config().a(1).b("b").c(true).identity()),
        ("declared cba, set bca", Back::config().b("b").c(true).a(1).identity()),
    ]);
}

#[test]
fn row_10_names_count_and_can_be_kept() {
    #[config(id = "case.name")]
    struct Old {
        a: u8,
    }
    #[config(id = "case.name")]
    struct New {
        b: u8,
    }
    #[config(id = "case.name")]
    struct Renamed {
        #[param(id = "a")]
        b: u8,
    }
    let old = Old::config().a(2).identity();
    different([("a", old), ("b", New::config().b(2).identity())]);
    same([("a", old), ("b, once a", Renamed::config().b(2).identity())]);
}

#[test]
fn row_12_tags_do_not_count() {
    #[config(id = "case.outer")]
    struct Outer {
        a: A,
        list: Vec<u8>,
        #[param(default = 5, ignore_default)]
        n: u8,
    }
    let plain = A::config().x(1).build();
    let tagged = A::config().x(tag(1)).tag("name", "value").build();
    let outer = || Outer::config().list([1, 2]);
    assert_eq!((plain.tags().len(), tagged.tags().len()), (0, 2));
    same([("plain", plain.identity()), ("tagged", tagged.identity())]);
    same([
        ("plain", outer().a(&plain).identity()),
        ("below", outer().a(&tagged).identity()),
        ("above", outer().a(&plain).tag("y", 1).identity()),
        ("the argument itself", outer().a(tag(&plain)).identity()),
        ("stopped", outer().a(stop_tags(&tagged)).identity()),
        ("a list", Outer::config().list(tag([1, 2])).a(&plain).identity()),
        ("items of a list", Outer::config().list([tag(1), tag(2)]).a(&plain).identity()),
        ("a value equal to its default", outer().a(&plain).n(tag(5)).identity()),
    ]);
}

#[test]
fn row_17_none_adds_nothing() {
    #[config(id = "case.option")]
    struct With {
        x: u8,
        y: Option<u8>,
    }
    #[config(id = "case.option")]
    struct Without {
        x: u8,
    }
    let with = || With::config().x(1);
    same([
        ("None", with().maybe_y(None).identity()),
        ("not set", with().identity()),
        ("tagged None", with().maybe_y(tag(None)).identity()),
        ("without it", Without::config().x(1).identity()),
    ]);
    different([("None", with().identity()), ("0", with().y(0).identity()), ("1", with().y(1).identity())]);
}

#[test]
fn row_18_ignored_arguments_never_count() {
    #[config(id = "case.ignored")]
    struct With {
        x: u8,
        #[param(ignored, default = 4)]
        threads: usize,
        #[param(ignored)]
        a: Option<A>,
    }
    #[config(id = "case.ignored")]
    struct Without {
        x: u8,
    }
    same([
        ("default", With::config().x(1).identity()),
        ("set", With::config().x(1).threads(8).a(A::config().x(1)).identity()),
        ("without it", Without::config().x(1).identity()),
    ]);
}

#[test]
fn row_19_paths_never_count() {
    #[config(id = "case.path")]
    struct With {
        x: u8,
        one: PathBuf,
        maybe: Option<PathBuf>,
        many: Vec<PathBuf>,
        set: BTreeSet<PathBuf>,
        boxed: Box<PathBuf>,
        #[param(default = "/default")]
        given: PathBuf,
    }
    #[config(id = "case.path")]
    struct Without {
        x: u8,
    }
    let some = With::config().x(1).one("/a").many(["b", "c"]).set(["d"]).boxed("e");
    let others = With::config().x(1).one("relative").many(Vec::<PathBuf>::new()).set(["f", "g"]).boxed("/");
    same([
        ("some", some.identity()),
        ("others", others.maybe("/h").given("i").identity()),
        ("without them", Without::config().x(1).identity()),
    ]);
}

#[test]
fn row_20_a_version_counts() {
    #[config(id = "case.a", version = 1)]
    struct First {
        x: u8,
    }
    #[config(id = "case.a", version = 2)]
    struct Second {
        x: u8,
    }
    different([
        ("no version", A::config().x(1).identity()),
        ("version 1", First::config().x(1).identity()),
        ("version 2", Second::config().x(1).identity()),
    ]);
    different([("none, nested", one!(A, A { x: 1 })), ("2, nested", one!(Second, Second { x: 1 }))]);
}
