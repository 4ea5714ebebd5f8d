//! `--help` reads as if it were written by hand. `XPM_BLESS=1` writes the texts anew; read them.

use clap::Parser;
use xpm::prelude::*;

use crate::help;
use crate::types::{Bm25, Everything, Rank};

#[derive(Parser)]
#[command(name = "myexp")]
struct Cli {
    workdir: std::path::PathBuf,
    #[command(flatten)]
    depth: Forward<arg!(Rank.depth)>,
    #[command(flatten)]
    model: Flags<Bm25>,
}

#[derive(Parser)]
#[command(name = "myexp")]
struct Nested {
    #[command(flatten)]
    rank: Flags<Rank>,
}

#[derive(Parser)]
#[command(name = "myexp")]
struct Whole {
    #[command(flatten)]
    all: Flags<Everything>,
}

#[track_caller]
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cli/help").join(name);
    if std::env::var_os("XPM_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{}", path.display());
}

#[test]
fn the_guides_command() {
    golden("guide.txt", &help::<Cli>());
}

#[test]
fn nested_configurations_have_headings() {
    golden("nested.txt", &help::<Nested>());
}

#[test]
fn every_type() {
    golden("every_type.txt", &help::<Whole>());
}
