//! What the generated types are called is taken: `#[task(args = OtherName)]` is the way out.

use xpm::prelude::*;

pub struct RankConfig {
    pub depth: usize,
}

#[config]
pub struct Rank {
    pub depth: usize,
}

pub struct ModelBuilder;

#[config]
pub struct Model {
    pub depth: usize,
}

fn main() {
    Rank::config().depth(3).build();
}
