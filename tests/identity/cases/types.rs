//! Rows 21, 26 and 35: configurations in others, closed and open families.

use std::sync::Arc;

use xpm::prelude::*;

use crate::compare::{different, same};

#[config(id = "case.bm25")]
#[derive(Clone)]
struct Bm25 {
    #[param(default = 0.9)]
    k1: f64,
}

#[config(id = "case.dirichlet")]
struct Dirichlet {
    #[param(default = 0.9)]
    k1: f64,
}

#[config]
trait Scorer {
    fn score(&self) -> f64;
}

#[config]
impl Scorer for Bm25 {
    fn score(&self) -> f64 {
        self.k1
    }
}

#[config]
impl Scorer for Dirichlet {
    fn score(&self) -> f64 {
        self.k1
    }
}

#[test]
fn row_21_how_a_configuration_is_held_does_not_count() {
    let model = Bm25::config().k1(1.2).build();
    let value = Bm25 { k1: 1.2 };
    same([
        ("by value", one!(Bm25, value.clone())),
        ("by reference to a value", one!(Bm25, &value)),
        ("by reference", one!(Bm25, &model)),
        ("moved", one!(Bm25, model.clone())),
        ("builder", one!(Bm25, Bm25::config().k1(1.2))),
        ("shared arguments", one!(Bm25, Arc::new(model.clone()))),
        ("Arc", one!(Arc<Bm25>, &model)),
        ("Arc of a value", one!(Arc<Bm25>, Arc::new(value.clone()))),
        ("Box", one!(Box<Bm25>, &model)),
        ("Box of a value", one!(Box<Bm25>, Box::new(value.clone()))),
        ("Arc of Box", one!(Arc<Box<Bm25>>, &model)),
        ("in a family", one!(Box<dyn Scorer>, &model)),
        ("in a family by value", one!(Box<dyn Scorer>, value)),
        ("in a shared family", one!(Arc<dyn Scorer>, &model)),
        ("optional", one!(Option<Bm25>, &model)),
        ("optional, in a family", one!(Option<Box<dyn Scorer>>, &model)),
    ]);
}

#[test]
fn row_26_variants_differ() {
    #[config(id = "case.loss")]
    enum Loss {
        Mse,
        Mae,
        Huber { delta: u8 },
        Smooth { delta: u8 },
        Power(u8),
        Wrapped(Box<Loss>),
    }
    mod other {
        #[xpm::config(id = "case.other")]
        pub(super) enum Other {
            Mse,
            Huber { delta: u8 },
        }
    }
    mod structs {
        #[xpm::config(id = "case.huber")]
        pub(super) struct Huber {
            pub(super) delta: u8,
        }
    }
    use other::Other;
    use structs::Huber;
    different([
        ("Mse", one!(Loss, Loss::Mse)),
        ("Mae", one!(Loss, Loss::Mae)),
        ("Huber 0", one!(Loss, Loss::Huber { delta: 0 })),
        ("Huber 1", one!(Loss, Loss::Huber { delta: 1 })),
        ("Smooth 1", one!(Loss, Loss::Smooth { delta: 1 })),
        ("Power 1", one!(Loss, Loss::Power(1))),
        ("wrapped", one!(Loss, Loss::Wrapped(Box::new(Loss::Mse)))),
        ("wrapped twice", one!(Loss, Loss::Wrapped(Box::new(Loss::Wrapped(Box::new(Loss::Mse)))))),
        ("Mse of another enum", one!(Other, Other::Mse)),
        ("Huber of another enum", one!(Other, Other::Huber { delta: 1 })),
        ("a struct", one!(Huber, Huber { delta: 1 })),
        ("its number", one!(u8, 0)),
        ("its name", one!(String, "Mse")),
    ]);
    same([
        ("value", one!(Loss, Loss::Huber { delta: 1 })),
        ("builder", one!(Loss, Loss::config().huber().delta(1))),
        ("built", one!(Loss, &Loss::config().huber().delta(1).build())),
        ("boxed", one!(Box<Loss>, Loss::Huber { delta: 1 })),
    ]);
    same([("value", one!(Loss, Loss::Mse)), ("built", one!(Loss, Loss::config().mse()))]);
}

#[test]
fn row_26_variants_may_move_and_grow() {
    mod before {
        #[xpm::config(id = "case.moved")]
        pub(super) enum Before {
            A { x: u8, y: bool },
            B,
        }
    }
    use before::Before;
    #[config(id = "case.moved")]
    enum After {
        B,
        C,
        A {
            #[param(default = 1, ignore_default)]
            z: u8,
            #[param(id = "y")]
            yes: bool,
            x: u64,
            w: Option<u8>,
        },
    }
    same([
        ("before", one!(Before, Before::A { x: 1, y: true })),
        ("after", one!(After, After::config().a().x(1).yes(true))),
    ]);
    same([("before", one!(Before, Before::B)), ("after", one!(After, After::B))]);
    different([("B", one!(After, After::B)), ("C", one!(After, After::C))]);
}

#[test]
fn row_35_a_member_of_a_family_is_itself() {
    type Family = Box<dyn Scorer>;
    same([
        ("in the family", one!(Family, Bm25::config().k1(1.2))),
        ("itself", one!(Bm25, Bm25::config().k1(1.2))),
        ("by value", one!(Box<dyn Scorer>, Bm25 { k1: 1.2 })),
    ]);
    different([
        ("Bm25", one!(Family, Bm25::config())),
        ("Dirichlet, equal arguments", one!(Family, Dirichlet::config())),
        ("Bm25, other argument", one!(Family, Bm25::config().k1(1.0))),
        ("a list of it", one!(Vec<Family>, [Bm25::config()])),
    ]);
    assert_eq!(Bm25 { k1: 1.2 }.score() + Dirichlet { k1: 1.2 }.score(), 2.4);
}
