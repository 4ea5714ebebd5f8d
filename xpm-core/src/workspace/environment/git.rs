//! What git says of the code, within a time, without writing into the repository.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::workspace::said::{Said, said};
use crate::workspace::{Durability, write_atomic};

/// How long one call of git may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How much of the changes is kept, in bytes.
const MOST: usize = 1 << 20;

/// How many files that git does not know are named.
const NAMED: usize = 100;

/// The state of the repository that the code is in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct GitState {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// The commit; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    /// The branch; none between branches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
    /// Whether anything differs from the commit, files that git does not know included.
    pub(crate) dirty: bool,
    /// The file in the run's folder that has the changes, if there are any: `dirty.diff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
    /// Whether the changes were too many for it to be whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) diff_cut: bool,
    /// Files that git does not know and does not ignore, of which the changes say nothing; at most a hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) untracked: Vec<String>,
}

/// The repository that `folder` is in, if it is in one and there is a git. Changes are written to `diff`.
pub(super) fn look_at(folder: &Path, diff: &Path) -> Option<GitState> {
    let root = git(folder, &["rev-parse", "--show-toplevel"])?;
    let root = PathBuf::from(String::from_utf8_lossy(&root.text).trim_end());
    let status = git(folder, &["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z"])?;
    let status = String::from_utf8_lossy(&status.text).into_owned();
    let mut state =
        GitState { root, commit: None, branch: None, dirty: false, diff: None, diff_cut: false, untracked: Vec::new() };
    let mut changed = false;
    let mut lines = status.split('\0');
    while let Some(line) = lines.next() {
        let named = |name: &str| line.strip_prefix(name).filter(|value| !value.starts_with('(')).map(str::to_owned);
        match line.as_bytes().first() {
            Some(b'#') => {
                state.commit = state.commit.or_else(|| named("# branch.oid "));
                state.branch = state.branch.or_else(|| named("# branch.head "));
            }
            Some(b'?') => state.untracked.extend(line.get(2..).map(str::to_owned)),
            // A renamed file has its old name in a record of its own.
            Some(b'2') => {
                lines.next();
                changed = true;
            }
            Some(_) => changed = true,
            None => {}
        }
    }
    state.dirty = changed || !state.untracked.is_empty();
    state.untracked.truncate(NAMED);
    if changed && state.commit.is_some() {
        let changes = git(folder, &["diff", "--no-color", "--no-ext-diff", "--no-textconv", "HEAD"]);
        if let Some(Said { text, cut }) = changes
            && write_atomic(diff, &text, Durability::Lazy).is_ok()
        {
            state.diff = diff.file_name().map(|name| name.to_string_lossy().into_owned());
            state.diff_cut = cut;
        }
    }
    Some(state)
}

fn git(folder: &Path, args: &[&str]) -> Option<Said> {
    let mut command = Command::new("git");
    // Whoever works in the repository at the same time must not find it locked.
    command.arg("--no-optional-locks").arg("-C").arg(folder).args(args);
    said(command, LIMIT, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn changes_are_kept_and_files_that_git_does_not_know_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let diff = root.join("out.diff");
        let run = |script: &str| {
            let git = "git() { command git -c user.name=n -c user.email=e@x -c init.defaultBranch=trunk \"$@\"; }";
            let status = sh(&format!("cd '{}' && {git} && {{ {script}; }} >/dev/null 2>&1", root.display())).status();
            status.unwrap().success()
        };
        if !run("git init repo") {
            println!("skipped: there is no git");
            return;
        }
        let repo = root.join("repo");
        let state = look_at(&repo, &diff).unwrap();
        assert_eq!((state.commit, state.branch, state.dirty), (None, Some("trunk".into()), false));
        assert!(run("cd repo && echo one > a && git add a && git commit -m first"));
        let state = look_at(&repo, &diff).unwrap();
        assert_eq!((&state.root, state.dirty, &state.diff), (&repo, false, &None));
        assert_eq!(state.commit.map(|commit| commit.len()), Some(40));
        assert!(run("cd repo && git mv a b && echo two >> b && echo new > 'new file'"));
        let state = look_at(&repo, &diff).unwrap();
        assert!(state.dirty && !state.diff_cut);
        assert_eq!((state.diff.as_deref(), &*state.untracked), (Some("out.diff"), &["new file".to_owned()][..]));
        assert!(std::fs::read_to_string(&diff).unwrap().contains("+two"));
        assert_eq!(look_at(Path::new("/"), &diff), None);
    }
}
