//! The commands, one file each.

mod clean;
mod completions;
mod diff;
mod doctor;
mod jobs;
mod kill;
mod list;
mod log;
mod new;
mod orphans;
mod path;
mod plot;
mod results;
mod retry;
mod show;
mod tokens;
mod why;

use std::process::ExitCode;

use clap::Subcommand;

use crate::context::Context;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    New(new::New),
    List(list::List),
    Jobs(jobs::Jobs),
    Show(show::Show),
    Path(path::Path),
    Results(results::Results),
    Plot(plot::Plot),
    Diff(diff::Diff),
    Why(why::Why),
    Log(log::Log),
    Tokens(tokens::Tokens),
    Kill(kill::Kill),
    Retry(retry::Retry),
    Clean(clean::Clean),
    Orphans(orphans::Orphans),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

impl Command {
    /// Does it; `command` is the whole command line, for completions.
    pub(crate) fn run(self, context: &Context, command: fn() -> clap::Command) -> anyhow::Result<ExitCode> {
        match self {
            Command::New(args) => new::run(context, &args),
            Command::List(args) => list::run(context, &args),
            Command::Jobs(args) => jobs::run(context, &args),
            Command::Show(args) => show::run(context, &args),
            Command::Path(args) => path::run(context, &args),
            Command::Results(args) => results::run(context, &args),
            Command::Plot(args) => plot::run(context, &args),
            Command::Diff(args) => diff::run(context, &args),
            Command::Why(args) => why::run(context, &args),
            Command::Log(args) => log::run(context, &args),
            Command::Tokens(args) => tokens::run(context, &args),
            Command::Kill(args) => kill::run(context, &args),
            Command::Retry(args) => retry::run(context, &args),
            Command::Clean(args) => clean::run(context, &args),
            Command::Orphans(args) => orphans::run(context, &args),
            Command::Doctor(args) => doctor::run(context, &args),
            Command::Completions(args) => completions::run(&args, command),
        }
    }
}
