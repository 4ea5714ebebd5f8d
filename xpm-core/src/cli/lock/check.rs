//! Reading a lock file that may have been edited, merged or cut: everything that makes no sense is told with its place.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{FORMAT, Lock, LockedArg, LockedType};

/// Why a file is no lock file that can be compared with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Written by a newer xpm.
    #[error("it has format {0}, and this program knows formats up to {FORMAT}: build it with a newer xpm")]
    Newer(u64),
    /// It is not what `lock` writes.
    #[error("it is no lock file: {0}")]
    NoLock(String),
    /// It is what `lock` writes, but for this.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl Lock {
    /// Reads a file.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn read(text: &str) -> Result<Self, LockError> {
        #[derive(Deserialize)]
        struct Head {
            format: u64,
        }
        if let Some((line, mark)) = merge_mark(text) {
            let why = format!("a merge left the mark `{mark}` in line {line}: settle it as in code");
            return Err(LockError::Damaged(why));
        }
        let head: Head = toml::from_str(text).map_err(|error| LockError::NoLock(error.to_string()))?;
        if head.format > u64::from(FORMAT) {
            return Err(LockError::Newer(head.format));
        }
        if head.format == 0 {
            return Err(LockError::NoLock("no xpm has written format 0".to_owned()));
        }
        let lock: Self = toml::from_str(text).map_err(|error| LockError::Damaged(error.to_string()))?;
        for (id, ty) in &lock.types {
            ty.check().map_err(|(at, why)| LockError::Damaged(format!("types.{id}{at}: {why}")))?;
        }
        Ok(lock)
    }
}

/// The line of a mark that a merge has left, from 1.
fn merge_mark(text: &str) -> Option<(usize, &str)> {
    let mark = |line: &str| ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let (number, line) = text.lines().enumerate().find(|(_, line)| mark(line))?;
    Some((number + 1, &line[..7]))
}

impl LockedType {
    /// What makes no sense, and where.
    fn check(&self) -> Result<(), (String, String)> {
        let here = |why: &str| Err((String::new(), why.to_owned()));
        match (self.kind.as_str(), self.args.is_empty(), self.variants.is_empty()) {
            ("family", true, false) | ("task" | "config", _, true) => {}
            ("family", false, _) => return here("a family has variants, and no arguments of its own"),
            ("family", true, true) => return here("a family without variants"),
            ("task" | "config", _, false) => {
                return here(&format!("a {} has arguments, and no variants", self.kind));
            }
            _ => return here(&format!("the kind is task, config or family, not `{}`", self.kind)),
        }
        arguments("args", &self.args)?;
        self.variants.iter().try_for_each(|(name, args)| arguments(&format!("variants.{name}"), args))
    }
}

fn arguments(of: &str, args: &BTreeMap<String, LockedArg>) -> Result<(), (String, String)> {
    let mut ids: HashMap<String, &str> = HashMap::new();
    for (name, arg) in args {
        let wrong = |why: String| Err((format!(".{of}.{name}"), why));
        if let Some(default) = &arg.default
            && let Err(error) = serde_json::from_str::<serde_json::Value>(default)
        {
            return wrong(format!(
                "the default `{default}` is no JSON ({error}); a text stands in quotes inside the quotes"
            ));
        }
        if arg.ignore_default && arg.default.is_none() {
            return wrong("`ignore_default` without a default".to_owned());
        }
        if let Some(other) = ids.insert(arg.identity_name(name), name) {
            let id = arg.identity_name(name);
            return wrong(format!("`{other}` is `{id}` in the identity too"));
        }
    }
    Ok(())
}
