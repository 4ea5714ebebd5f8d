use xpm::prelude::*;
use std::path::PathBuf;

#[config]
pub struct Model {
    #[param(path = "a.bin", default = "x")]
    pub a: PathBuf,
    #[param(path = "b.bin", ignored)]
    pub b: PathBuf,
    #[param(ignored, default = 1, ignore_default)]
    pub c: usize,
    #[param(ignore_default)]
    pub d: usize,
    #[param(default = 1, default = 2)]
    pub e: usize,
    #[param(default = 1)]
    #[param(default = 2)]
    pub f: usize,
    #[param]
    pub g: usize,
    #[param()]
    pub h: usize,
    #[param(ignored, id = "older")]
    pub i: usize,
    #[param(path = "j.bin", json)]
    pub j: PathBuf,
}

fn main() {}
