//! `lock`: the schema of every type as a file, and what an edit of the types would do to finished jobs.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::{failed, say};
use crate::cli::lock::{Census, Change, Lock, LockError, compare};
use crate::config::Registry;
use crate::workspace::{Durability, write_atomic};

/// Only harmless changes: the file wants to be written again.
const HARMLESS: u8 = 3;

pub(super) fn command() -> Command {
    let check = Arg::new("check")
        .long("check")
        .action(ArgAction::SetTrue)
        .help("Compares instead: fails if the identity of finished jobs would change, and says how to avoid it");
    let workdir = Arg::new("workdir")
        .long("workdir")
        .value_name("WORKDIR")
        .value_hint(ValueHint::DirPath)
        .requires("check")
        .help("With --check: counts the finished jobs of this workspace that would change");
    let file = Arg::new("file")
        .long("file")
        .value_name("FILE")
        .default_value("xpm.lock")
        .value_hint(ValueHint::FilePath)
        .help("The lock file");
    Command::new("lock")
        .about("Writes xpm.lock, the schema of every type; with --check, compares with it")
        .after_help("Exit codes of --check: 0 nothing changed, 1 identities would change, or files would not be found, 3 harmless changes only: run `lock` again.")
        .arg(check)
        .arg(workdir)
        .arg(file)
}

pub(super) fn run(registry: &Registry, matches: &ArgMatches) -> u8 {
    let file = PathBuf::from(super::text(matches, "file"));
    let now = Lock::of(registry);
    if !matches.get_flag("check") {
        return match write_atomic(&file, now.to_text().as_bytes(), Durability::Synced) {
            Ok(()) => {
                say(&format!("{}: {} types\n", file.display(), now.len()));
                0
            }
            Err(error) => failed(&format!("{} cannot be written: {error}", file.display())),
        };
    }
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            let tip = match error.kind() {
                ErrorKind::NotFound => format!("; write it first: {} xpm lock", super::program()),
                ErrorKind::InvalidData => taken_back(),
                _ => String::new(),
            };
            return failed(&format!("{} cannot be read: {error}{tip}", file.display()));
        }
    };
    let old = match Lock::read(&text) {
        Ok(old) => old,
        Err(why) => {
            let tip = match why {
                LockError::Newer(_) => String::new(),
                _ => taken_back(),
            };
            return failed(&format!("{}: {why}{tip}", file.display()));
        }
    };
    let changes = compare(&old, &now);
    let workdir = matches.get_one::<String>("workdir").map(PathBuf::from);
    match report(&changes, workdir.as_deref(), &file) {
        Ok(code) => code,
        Err(why) => failed(&why),
    }
}

/// What to do about a file that is damaged.
fn taken_back() -> String {
    let program = super::program();
    format!("\n\n  tip: take it back from version control; `{program} xpm lock` writes it anew, as the types are now")
}

fn report(changes: &[Change], workdir: Option<&Path>, file: &Path) -> Result<u8, String> {
    if changes.is_empty() {
        say(&format!("{}: nothing changed\n", file.display()));
        return Ok(0);
    }
    let mut out = String::new();
    let mut moved = false;
    let moves = changes.iter().any(|change| change.moves.is_some());
    let census = workdir.filter(|_| moves).map(Census::read).transpose()?;
    for change in changes {
        let Some(moves) = &change.moves else {
            out.push_str(&format!("harmless: {}: {}\n", change.at, change.what));
            continue;
        };
        moved = true;
        out.push_str(&format!("error: {}: {}\n", change.at, change.what));
        let (of, becomes) = match moves.file {
            true => ("a file of", "would not be found"),
            false => ("the identity of", "would change"),
        };
        let effect = match &census {
            Some(census) => {
                let count = census.affected(moves);
                let jobs = if count == 1 { "job" } else { "jobs" };
                format!("{of} {count} finished {jobs} {becomes}")
            }
            None => format!("{of} finished jobs {becomes} (--workdir WORKDIR counts them)"),
        };
        out.push_str(&format!("  effect: {effect}{}\n  to avoid it: {}\n", change.note, change.fix));
    }
    let again = format!("run `{} xpm lock`", super::program());
    if moved {
        out.push_str(&format!("\nIf that is meant, {again} and commit {}.\n", file.display()));
        let _ = std::io::stderr().write_all(out.as_bytes());
        return Ok(1);
    }
    out.push_str(&format!("\nNo identity changes: {again} and commit {}.\n", file.display()));
    say(&out);
    Ok(HARMLESS)
}
