use std::path::PathBuf;
use xpm::prelude::*;

#[config]
pub struct Files {
    #[param(path = "../x.bin")]
    pub up: PathBuf,
    #[param(path = "/tmp/x.bin")]
    pub absolute: PathBuf,
    #[param(path = "C:\\x.bin")]
    pub windows: PathBuf,
    #[param(path = "")]
    pub empty: PathBuf,
    #[param(path = "a//b")]
    pub hole: PathBuf,
    #[param(path = "params.json")]
    pub params: PathBuf,
    #[param(path = ".xpm/state")]
    pub own: PathBuf,
    #[param(path = "fine.txt")]
    pub text: String,
}

fn main() {}
