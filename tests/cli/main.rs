//! `Forward` and `Flags` in a user's own command line.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod flags;
mod forward;
mod help;
mod layers;
mod names;
mod own_type;
mod run;
mod schema;
mod sweep;
mod types;

/// What clap says of a command line that is wrong.
#[track_caller]
pub fn error<C: clap::Parser + std::fmt::Debug>(args: &[&str]) -> String {
    match C::try_parse_from(std::iter::once("prog").chain(args.iter().copied())) {
        Ok(cli) => panic!("it is taken: {cli:?}"),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
pub fn parse<C: clap::Parser>(args: &[&str]) -> C {
    match C::try_parse_from(std::iter::once("prog").chain(args.iter().copied())) {
        Ok(cli) => cli,
        Err(error) => panic!("{error}"),
    }
}

pub fn help<C: clap::Parser>() -> String {
    // Lines are not broken: whether clap can is a matter of what else is built.
    let mut command = C::command().term_width(0);
    command.build();
    command.render_help().to_string()
}
