use xpm::prelude::*;

pub struct Plain {
    pub n: usize,
}

pub enum Choice {
    One,
}

#[config]
pub struct Model {
    pub plain: Plain,
    pub list: Vec<Plain>,
    pub maybe: Option<Choice>,
    pub twice: Option<Option<u8>>,
    pub text: &'static str,
    pub boxed: Box<dyn std::fmt::Debug>,
    pub function: fn() -> u8,
}

fn main() {}
