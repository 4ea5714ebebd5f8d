use xpm::prelude::*;

#[config(id = "a", renamed_from = "a")]
pub struct Itself {
    pub x: u32,
}

#[config(id = "b", renamed_from = ["c", "c", "d/e"])]
pub struct Twice {
    pub x: u32,
}

#[config(renamed_from)]
pub struct Nothing {
    pub x: u32,
}

#[config]
pub struct Arguments {
    #[param(renamed_from = "x")]
    pub x: u32,
    #[param(renamed_from = "x")]
    pub y: u32,
    #[param(renamed_from = "old")]
    pub z: u32,
    #[param(renamed_from = ["older", "old"])]
    pub u: u32,
    #[param(renamed_from = "")]
    pub v: u32,
    #[param(renamed_from = old_name)]
    pub w: u32,
    #[param(path = "f", renamed_from = "g")]
    pub f: std::path::PathBuf,
    #[param(deprecated = u32)]
    pub d: u32,
}

fn main() {}
