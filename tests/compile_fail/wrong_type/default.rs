use xpm::prelude::*;

#[config]
pub struct Inner {
    pub n: usize,
}

#[config]
pub struct Model {
    #[param(default = "three")]
    pub depth: usize,
    #[param(default = 1)]
    pub rate: f64,
    #[param(default = 5)]
    pub limit: Option<usize>,
    #[param(default = Inner::config())]
    pub inner: Inner,
    #[param(default = vec!["a"])]
    pub sizes: Vec<usize>,
    #[param(default = Vec::<u8>::new())]
    pub texts: Vec<String>,
}

fn main() {}
