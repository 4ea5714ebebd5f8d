//! Command lines made of configurations: flags for users' own [`clap`] parsers, and the commands behind `myexp xpm`.
//!
//! A type's schema becomes flags ([`flag`]), what was given for them is gathered in layers ([`given`]), and assembled
//! into a value ([`assemble`]) that is checked by reading it back as the user's type. Nothing here knows jobs but the roles
//! of the program, which run one.

mod assemble;
mod flag;
mod flags;
mod forward;
mod given;
mod json;
mod layers;
mod problem;
mod shape;
mod text;

pub use flags::Flags;
pub use forward::{ByFlag, Forward};
