use xpm::prelude::*;

#[task]
pub struct Rank {
    pub depth: usize,
}

fn main() {}
