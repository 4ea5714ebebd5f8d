//! `xpm new NAME`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::names::path_text;
use crate::output;

/// Make a crate with an experiment that builds, runs and is tested
#[derive(Args)]
pub(crate) struct New {
    /// The crate's name; or a path, of which the last part is the name
    #[arg(value_name = "NAME")]
    path: PathBuf,
    /// Depend on the xpm in this folder, not on the one that is published
    #[arg(long, value_name = "FOLDER", hide = true)]
    path_dependency: Option<PathBuf>,
}

/// Path in the new crate, and text; `{name}` and `{xpm}` are filled in.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("README.md", include_str!("../../template/README.md.in")),
    ("rustfmt.toml", include_str!("../../template/rustfmt.toml")),
    (".gitignore", include_str!("../../template/gitignore")),
    (".github/workflows/ci.yml", include_str!("../../template/ci.yml")),
    ("src/main.rs", include_str!("../../template/src/main.rs.in")),
    ("src/tasks.rs", include_str!("../../template/src/tasks.rs")),
    ("tests/plan.rs", include_str!("../../template/tests/plan.rs.in")),
];

pub(crate) fn run(context: &Context, args: &New) -> anyhow::Result<ExitCode> {
    let name = name_of(&args.path)?;
    if args.path.symlink_metadata().is_ok() {
        bail!("{} exists already, and is left as it is; choose another name", args.path.display());
    }
    let dependency = match &args.path_dependency {
        None => format!("\"{}\"", version()),
        Some(folder) => {
            let folder = folder.canonicalize().with_context(|| format!("there is no folder {}", folder.display()))?;
            // A JSON text is a TOML text too.
            format!("{{ path = {} }}", json!(folder.to_str().context("the folder's path is not Unicode")?))
        }
    };
    let failed = || format!("{} cannot be made", args.path.display());
    if let Some(parent) = args.path.parent() {
        fs::create_dir_all(parent).with_context(failed)?;
    }
    // Fails if somebody made it meanwhile, so that what is removed below is ours.
    fs::create_dir(&args.path).with_context(failed)?;
    if let Err(error) = fill(&args.path, name, &dependency) {
        let _ = fs::remove_dir_all(&args.path);
        return Err(error.context(failed()));
    }
    if context.json {
        output::json(&json!({"name": name, "path": path_text(&args.path)}))?;
    } else {
        let path = args.path.display();
        let text = format!("made {path}, a crate with an experiment; now:\n\n  cd {path}\n  cargo run --release\n");
        output::page(context, &text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a new crate asks for: any xpm that is compatible with this one.
fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) => format!("{major}.{minor}"),
        _ => version.to_owned(),
    }
}

fn fill(folder: &Path, name: &str, dependency: &str) -> anyhow::Result<()> {
    for (path, text) in FILES {
        let mut text = text.replace("{name}", name).replace("{xpm}", dependency);
        if path == "Cargo.toml" && is_inside_workspace(folder) {
            text.push_str(
                "\n# A workspace of its own, not a member of the one that its folder lies in.\n[workspace]\n",
            );
        }
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        File::create_new(&path)?.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Whether Cargo would take the crate for a member of a workspace around it, and refuse it.
fn is_inside_workspace(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let is_workspace = |folder: &Path| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line.trim_start().starts_with("[workspace"))
    };
    folder.ancestors().skip(1).any(is_workspace)
}

/// The name that the last part of a path gives a crate.
fn name_of(path: &Path) -> anyhow::Result<&str> {
    let Some(name) = path.file_name() else {
        bail!("`{}` names no folder; give a name, for instance `xpm new my-experiment`", path.display());
    };
    let shown = name.to_string_lossy();
    let why = match name.to_str().map(problem) {
        None => Some("it is not Unicode"),
        Some(problem) => problem,
    };
    match why {
        None => Ok(name.to_str().unwrap_or_default()),
        Some(why) => bail!("`{shown}` cannot be the name of a crate: {why}; write for instance `{}`", mend(&shown)),
    }
}

/// Why Cargo, or rustc, does not take `name`.
fn problem(name: &str) -> Option<&'static str> {
    let keyword = name.replace('-', "_").to_ascii_lowercase();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some("it does not begin with a letter from a to z");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Some("only letters from a to z, digits, `-` and `_` may stand in one");
    }
    if name.len() > 64 {
        return Some("it is longer than 64 characters");
    }
    if KEYWORDS.contains(&&*keyword) {
        return Some("it is a keyword of Rust");
    }
    if matches!(&*keyword, "test" | "core" | "std" | "alloc" | "proc_macro") {
        return Some("a crate of Rust itself has it");
    }
    if matches!(&*keyword, "xpm" | "xpm_core" | "xpm_macros" | "serde") {
        return Some("it depends on a crate of that name");
    }
    if matches!(&*keyword, "deps" | "examples" | "build" | "incremental") {
        return Some("Cargo has a folder of that name among what it builds");
    }
    let device = |prefix: &str| keyword.strip_prefix(prefix).is_some_and(|n| n.len() == 1 && n.parse::<u8>().is_ok());
    if matches!(&*keyword, "con" | "prn" | "aux" | "nul") || device("com") || device("lpt") {
        return Some("Windows has a device of that name");
    }
    None
}

/// A name like `name` that can be one.
fn mend(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let mended: String = name.to_ascii_lowercase().chars().map(allowed).take(50).collect();
    let mended = mended.trim_matches('-');
    match problem(mended) {
        None => mended.to_owned(),
        Some(_) if mended.is_empty() => "my-experiment".to_owned(),
        Some(_) => format!("my-{mended}"),
    }
}

const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cargo_takes_are_taken() {
        for name in ["a", "bm25-grid", "my_experiment2", "tests", "Grid", "com", "com10", "typed"] {
            assert_eq!(name_of(Path::new(name)).unwrap(), name);
            assert_eq!(name_of(&Path::new("some/where").join(name)).unwrap(), name);
        }
    }

    #[test]
    fn names_that_it_does_not_take_are_refused_with_the_reason_and_another() {
        for (name, why, other) in [
            ("2026-grid", "begin with a letter", "my-2026-grid"),
            ("-x", "begin with a letter", "x"),
            ("étude", "begin with a letter", "tude"),
            ("bm 25", "only letters", "bm-25"),
            ("a.b", "only letters", "a-b"),
            ("type", "keyword", "my-type"),
            ("Self", "keyword", "my-self"),
            ("test", "of Rust itself", "my-test"),
            ("proc-macro", "of Rust itself", "my-proc-macro"),
            ("xpm", "depends on", "my-xpm"),
            ("build", "Cargo has a folder", "my-build"),
            ("com1", "Windows", "my-com1"),
            ("!", "begin with a letter", "my-experiment"),
        ] {
            let message = name_of(Path::new(name)).unwrap_err().to_string();
            assert!(message.starts_with(&format!("`{name}` cannot be the name of a crate: ")), "{message}");
            assert!(message.contains(why) && message.ends_with(&format!("write for instance `{other}`")), "{message}");
        }
        assert!(name_of(Path::new(&"x".repeat(65))).unwrap_err().to_string().contains("longer than 64"));
        for path in ["/", "..", "a/.."] {
            assert!(name_of(Path::new(path)).unwrap_err().to_string().contains("names no folder"));
        }
    }

    #[test]
    fn what_is_made_is_whole_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid");
        fs::create_dir(&path).unwrap();
        fill(&path, "grid", "\"0.1\"").unwrap();
        for (file, _) in FILES {
            let text = fs::read_to_string(path.join(file)).unwrap();
            assert!(!text.contains("{name}") && !text.contains("{xpm}"), "{file}");
        }
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"grid\"") && manifest.ends_with("xpm = \"0.1\"\n"), "{manifest}");
        assert!(fill(&path, "grid", "\"0.1\"").is_err(), "files that are there are not written over");
        let below = path.join("member");
        fs::create_dir(&below).unwrap();
        File::create(path.join("Cargo.toml")).unwrap().write_all(b"[workspace]\nmembers = []\n").unwrap();
        fill(&below, "member", "\"0.1\"").unwrap();
        assert!(fs::read_to_string(below.join("Cargo.toml")).unwrap().ends_with("[workspace]\n"));
    }
}
