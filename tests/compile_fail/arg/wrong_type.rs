//! The flag of one argument given for another.

use xpm::prelude::*;

#[config]
pub struct Model {
    #[param(default = 0.9)]
    pub k1: f64,
    pub name: Option<String>,
}

fn given(k1: Forward<arg!(Model.k1)>) {
    let _ = Model::config().name(k1);
}

fn main() {}
