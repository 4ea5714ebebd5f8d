//! The attributes of xpm: `#[config]`, `#[task]` and `#[xpm::main]`.
//!
//! Parse → model → check → expand. [`options`] has the table of what may be written where, [`parse`] reads options and
//! items, [`model`] is what they mean, [`check`] refuses what cannot be, and [`expand`] writes one thing per file. All
//! mistakes of an item are gathered in [`errors`] and reported at once, and the item itself always survives.
//!
//! On structs and enums the attributes only add a derive, which does the work: a derive sees the item after `cfg`.
//! Knows nothing of values, identities or jobs; generated code calls typed functions of `::xpm::__private`.

mod check;
mod errors;
mod expand;
mod model;
mod names;
mod options;
mod parse;
mod types;

use proc_macro::TokenStream;

/// Makes a configuration of a struct, a closed family of an enum, an open family of a trait, and a member of an open
/// family of an `impl` of such a trait.
///
/// On a struct: `id = "…"`, `version = N`, `validate = path::to::function`, `args = Name` and `builder = Name` (the
/// names of the generated types). On an enum: `id`, `validate`, and `builder`. Each field takes `#[param(…)]` with
/// `default = VALUE`, `ignore_default`, `ignored`, `path = "file"`, `id = "older name"`, `json`.
#[proc_macro_attribute]
pub fn config(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(expand::Attribute::Config, options.into(), item.into()).into()
}

/// Makes a task of a struct, which then implements `Task`.
///
/// Takes what `#[config]` takes on a struct.
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(expand::Attribute::Task, options.into(), item.into()).into()
}

/// Lets the binary run single jobs: goes on the function `main` of a program that has tasks.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::main_fn(options.into(), item.into()).into()
}

/// What `#[config]` and `#[task]` add to a struct or an enum.
#[doc(hidden)]
#[proc_macro_derive(ConfigDerive, attributes(__xpm, param))]
pub fn config_derive(item: TokenStream) -> TokenStream {
    expand::derive(item.into()).into()
}
