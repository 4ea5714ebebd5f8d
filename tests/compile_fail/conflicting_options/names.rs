use xpm::prelude::*;
use std::path::PathBuf;

#[config]
pub struct Model {
    pub depth: usize,
    #[param(id = "depth")]
    pub levels: usize,
    #[param(path = "out.txt")]
    pub one: PathBuf,
    #[param(path = "out.txt")]
    pub two: PathBuf,
}

#[config]
#[task]
pub struct Both {
    pub n: usize,
}

#[config(id = "a", id = "b")]
pub struct Twice {
    pub n: usize,
}

fn main() {}
