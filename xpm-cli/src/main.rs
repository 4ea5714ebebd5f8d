//! The `xpm` command: looks at and acts on workspaces, whatever binary made them. One file a command.

mod columns;
mod commands;
mod context;
mod exit;
mod filter;
mod formats;
mod names;
mod output;
mod parallel;
mod plot;
mod select;
mod table;
mod targets;
mod units;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use commands::Command;
use context::{Context, Globals};

/// Looks at and acts on xpm workspaces, whatever binary made them.
///
/// Jobs are named by the first digits of their identity, alone (`3f2a`) or behind their task (`ir.rank/3f2a`).
///
/// Exit codes: 0 well; 1 it could not be done, or not for every job; 2 wrong command line; 3 there is no such job, experiment
/// or run, or several; 4 problems were found (`doctor`).
#[derive(Parser)]
#[command(name = "xpm", version, arg_required_else_help = true, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::command_line(&error),
    };
    let context = Context::new(cli.globals);
    match cli.command.run(&context, Cli::command) {
        Ok(code) => code,
        Err(error) => exit::report(&context, &error),
    }
}
