//! What stands behind a flag that names arguments: one parser for `--set`, `--config`, `--sweep` and `--sweep-file`.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

use super::given::spelled;
use super::takers::Taker;
use crate::config::Registry;
use crate::near::near_names;

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind<'a> {
    /// The flag without its dashes.
    pub(crate) flag: &'a str,
    /// Who takes what it gives.
    takers: &'a [Taker],
}

impl Behind<'_> {
    /// Whether `path` is an argument.
    pub(crate) fn takes(&self, path: &str) -> bool {
        self.takers.iter().any(|taker| taker.takes(path))
    }

    /// Whether `path` is none itself, and arguments have names below it.
    pub(crate) fn is_above(&self, path: &str) -> bool {
        self.takers.iter().any(|taker| taker.is_below(path))
    }

    /// Checks that `path` is an argument. `purpose` says what for.
    pub(crate) fn check(&self, path: &str, purpose: &str) -> Result<(), String> {
        if self.takes(path) { Ok(()) } else { Err(self.no_argument(path, purpose)) }
    }

    /// Why `path` is none.
    pub(crate) fn no_argument(&self, path: &str, purpose: &str) -> String {
        if let Err(error) = Registry::get() {
            return error.to_string();
        }
        let known: Vec<_> = self.takers.iter().flat_map(Taker::known).collect();
        let alike: Vec<_> = known.iter().filter(|known| spelled(known) == spelled(path)).copied().collect();
        if alike.len() > 1 {
            return format!("`{path}` may be `{}`: write it as it is declared", alike.join("` or `"));
        }
        let hint = match near_names(path, known.iter().copied()).first() {
            Some(near) => format!("; did you mean `{near}`?"),
            None => format!("; there are {}", known.join(", ")),
        };
        format!("there is no argument `{path}`{purpose}{hint}")
    }
}

/// Reads what stands behind a flag; a refusal is told as clap tells its own.
#[derive(Clone)]
pub(crate) struct Reads<T> {
    pub(crate) takers: Vec<Taker>,
    pub(crate) read: fn(Behind<'_>, &OsStr) -> Result<T, String>,
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Reads<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let flag = arg.and_then(Arg::get_long).unwrap_or_default();
        (self.read)(Behind { flag, takers: &self.takers }, value).map_err(|why| {
            let (value, flag) = (value.to_string_lossy(), arg.map(ToString::to_string).unwrap_or_default());
            // With the usage and where to find help, as clap's own errors.
            command.clone().error(ErrorKind::ValueValidation, format!("invalid value '{value}' for '{flag}': {why}"))
        })
    }
}

/// A value that is text.
///
/// # Errors
/// If it is not UTF-8: what it stands for cannot be told.
pub(crate) fn utf8(value: &OsStr) -> Result<&str, String> {
    value.to_str().ok_or_else(|| "it is not UTF-8".to_owned())
}
