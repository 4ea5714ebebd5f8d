use xpm::prelude::*;

#[config]
pub trait Scorer {}

pub struct Plain;

#[config]
impl Scorer for Plain {}

pub trait NoFamily {}

#[config]
pub struct Config;

#[config]
impl NoFamily for Config {}

#[config]
impl Config {}

#[config]
impl<T> Scorer for Vec<T> {}

#[config]
pub trait Generic<T> {}

#[config]
pub trait NotForObjects {
    fn new() -> Self;
}

#[config]
fn function() {}

fn main() {}
