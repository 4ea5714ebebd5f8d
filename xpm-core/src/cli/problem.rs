//! What is wrong with a command line, as clap says it.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What is wrong.
#[derive(Debug)]
pub(crate) enum Problem {
    /// Flags that must be given, as `--k1 <X>`.
    Missing(Vec<String>),
    /// A value that is none.
    Invalid {
        /// Where it was given: `--k1 <X>`, `--set k1`, `base.toml: k1`.
        at: String,
        value: String,
        why: String,
    },
    /// A flag that what is chosen does not have.
    Conflict { flag: String, with: String },
    /// Values that do not go together.
    Other(String),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Missing(flags) => {
                let mut error = Error::new(ErrorKind::MissingRequiredArgument);
                error.insert(ContextKind::InvalidArg, ContextValue::Strings(flags));
                error
            }
            Problem::Invalid { at, value, why } => {
                Error::raw(ErrorKind::ValueValidation, format!("invalid value '{value}' for '{at}': {why}"))
            }
            Problem::Conflict { flag, with } => {
                let mut error = Error::new(ErrorKind::ArgumentConflict);
                error.insert(ContextKind::InvalidArg, ContextValue::String(flag));
                error.insert(ContextKind::PriorArg, ContextValue::String(with));
                error
            }
            Problem::Other(why) => Error::raw(ErrorKind::ValueValidation, why),
        }
    }
}
