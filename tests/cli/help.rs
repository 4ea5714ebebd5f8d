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

#[config(id = "cli.laid_out")]
pub struct LaidOut {
    /// How it is done:
    /// - fast, which is
    ///   also rough
    /// - exact
    ///
    /// As in
    /// ```toml
    /// [a]
    ///   how = "fast"
    /// ```
    #[param(default = "fast")]
    pub how: String,
}

#[derive(Parser)]
struct LaidOutCli {
    #[command(flatten)]
    all: Flags<LaidOut>,
}

#[test]
fn lists_and_code_keep_their_lines() {
    use clap::CommandFactory as _;
    assert!(help::<LaidOutCli>().contains("  How it is done: [default: fast]"), "{}", help::<LaidOutCli>());
    let text = LaidOutCli::command().term_width(0).render_long_help().to_string();
    let lines: Vec<_> = text.lines().skip_while(|line| !line.contains("How it is done:")).collect();
    let indent = lines[0].len() - "How it is done:".len();
    let lines: Vec<_> = lines[1..7].iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    assert_eq!(lines, ["- fast, which is also rough", "- exact", "", "As in", "[a]", "  how = \"fast\""], "{text}");
}
