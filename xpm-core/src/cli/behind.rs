//! What stands behind a flag that names arguments: one parser for `--set`, `--config`, `--sweep` and `--sweep-file`.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

use crate::near::distance;

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind<'a> {
    /// The flag without its dashes.
    pub(crate) flag: &'a str,
    /// The arguments that there are.
    known: &'a [String],
}

impl Behind<'_> {
    /// Checks that `path` is an argument, or holds some. `purpose` says what for.
    pub(crate) fn check(&self, path: &str, purpose: &str) -> Result<(), String> {
        let dashed = |path: &str| path.replace('-', "_");
        let (wanted, below) = (dashed(path), format!("{}.", dashed(path)));
        if self.known.iter().map(|known| dashed(known)).any(|known| known == wanted || known.starts_with(&below)) {
            return Ok(());
        }
        let near = self.known.iter().min_by_key(|known| distance(known, path));
        let hint = match near.filter(|known| distance(known, path) <= path.len() / 3 + 1) {
            Some(known) => format!("; did you mean `{known}`?"),
            None => format!("; there are {}", self.known.join(", ")),
        };
        Err(format!("there is no argument `{path}`{purpose}{hint}"))
    }
}

/// Reads what stands behind a flag; a refusal is told as clap tells its own.
#[derive(Clone)]
pub(crate) struct Reads<T> {
    pub(crate) known: Vec<String>,
    pub(crate) read: fn(Behind<'_>, &OsStr) -> Result<T, String>,
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Reads<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let flag = arg.and_then(Arg::get_long).unwrap_or_default();
        (self.read)(Behind { flag, known: &self.known }, value).map_err(|why| {
            let (value, flag) = (value.to_string_lossy(), arg.map(ToString::to_string).unwrap_or_default());
            // With the usage and where to find help, as clap's own errors.
            command.clone().error(ErrorKind::ValueValidation, format!("invalid value '{value}' for '{flag}': {why}"))
        })
    }
}
