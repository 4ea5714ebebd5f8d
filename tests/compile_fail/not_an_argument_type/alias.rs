//! An `Option` under another name.

use std::option::Option as Perhaps;

use xpm::prelude::*;

type Maybe = Option<f64>;
type Number = f64;

#[config]
pub struct Model {
    pub rate: Maybe,
    pub depth: Perhaps<usize>,
    #[param(json)]
    pub notes: Perhaps<Vec<u8>>,
    // What is optional may have another name, and anything that is no `Option`.
    pub limit: Option<Number>,
    pub bound: Number,
}

#[config]
pub enum Loss {
    Mse,
    Huber { delta: Maybe },
}

fn main() {}
