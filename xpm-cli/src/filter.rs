//! Filters as arguments of the command line.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Error};
use xpm_core::state::filter::Filter;

use crate::table::cut;

/// How much is shown of a filter that is none; the place that is wrong is shown behind it.
const SHOWN: usize = 60;

/// Reads a filter.
#[derive(Clone)]
pub(crate) struct FilterText;

impl TypedValueParser for FilterText {
    type Value = Filter;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Filter, Error> {
        Filter::parse.parse_ref(command, arg, value).map_err(|mut error| {
            let shown = cut(&value.to_string_lossy(), SHOWN);
            error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
            error
        })
    }
}
