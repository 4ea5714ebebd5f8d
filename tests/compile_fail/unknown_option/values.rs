use xpm::prelude::*;

#[config(id = model, version = "two", args = "Args", validate = 3)]
pub struct Model {
    #[param(default)]
    pub depth: usize,
    #[param(ignored = true)]
    pub threads: usize,
    #[param(path)]
    pub file: std::path::PathBuf,
    #[param(default 3)]
    pub width: usize,
    #[param(default = )]
    pub height: usize,
    #[param("name")]
    pub name: usize,
    #[param(id("x"))]
    pub other: usize,
}

fn main() {}
