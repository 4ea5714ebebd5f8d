//! Names that are no arguments, and what is not written as an argument is named.

use xpm::prelude::*;

#[config]
pub struct Model {
    #[param(default = 0.9)]
    pub k1: f64,
}

#[config]
pub struct Rank {
    pub model: Model,
    #[param(default = 10)]
    pub depth: usize,
}

type Misspelt = arg!(Rank.dept);
type BelowANumber = arg!(Rank.depth.k1);
type MisspeltBelow = arg!(Rank.model.k2);
type NoConfig = arg!(String.len);
type NoField = arg!(Rank);
type Dashes = arg!(Rank.depth as "--depth");
type Blank = arg!(Rank.depth as "the depth");

fn main() {
    let _: Option<(Misspelt, BelowANumber, MisspeltBelow, NoConfig, NoField, Dashes, Blank)> = None;
}
