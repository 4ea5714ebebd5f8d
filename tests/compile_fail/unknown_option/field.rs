use xpm::prelude::*;

#[config]
pub struct Model {
    #[param(defualt = 3)]
    pub depth: usize,
    #[param(default = 3, ignore_defaults)]
    pub width: usize,
    #[param(ignore)]
    pub threads: usize,
    #[param(banana)]
    pub fruit: usize,
    #[param(version = 2)]
    pub version: usize,
}

fn main() {}
