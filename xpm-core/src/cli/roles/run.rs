//! `run`: the program's own `main`, in another run mode.
//!
//! The arguments of a process cannot be changed, and a user's parser reads them itself: so the process becomes the program
//! anew, with the arguments that are its own, and the mode, and whether it is to be quiet, in its environment.

use std::ffi::OsString;
use std::io;
use std::process::Command as Process;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use super::failed;
use crate::experiment::RunMode;
use crate::settings;

const OWN: &str = "own";
const QUIET: &str = "quiet";

pub(super) fn command() -> Command {
    let flag = |mode: RunMode, help: &'static str| {
        Arg::new(mode.name()).long(mode.name()).action(ArgAction::SetTrue).help(help)
    };
    Command::new("run")
        .about("Runs the program itself, with the arguments behind `--` as its own")
        .arg(flag(RunMode::DryRun, "Says what would be run and what is done, and writes nothing"))
        .arg(
            flag(RunMode::GenerateOnly, "Writes the folders and arguments of jobs, and starts nothing")
                .conflicts_with(RunMode::DryRun.name()),
        )
        .arg(
            Arg::new(QUIET)
                .long(QUIET)
                .action(ArgAction::SetTrue)
                .help("Says nothing of how it goes but failures and warnings"),
        )
        .arg(
            Arg::new(OWN)
                .value_name("ARGUMENTS")
                .num_args(0..)
                .last(true)
                .value_hint(ValueHint::Other)
                .value_parser(value_parser!(OsString))
                .help("The program's own arguments"),
        )
}

/// Becomes the program's own `main`; returns only if that cannot be.
pub(super) fn run(matches: &ArgMatches) -> u8 {
    let own: Vec<&OsString> = matches.get_many(OWN).into_iter().flatten().collect();
    if own.first().is_some_and(|first| *first == "xpm") {
        failed(
            "the program's own arguments begin with `xpm`: that is one of these commands; call it without `xpm run --`",
        );
        return 2;
    }
    let asked = [RunMode::DryRun, RunMode::GenerateOnly].into_iter().find(|mode| matches.get_flag(mode.name()));
    // Of two modes the one that does less counts, as in code; what is no mode is told by the experiment.
    let outside = settings::run_mode().map(|text| text.parse::<RunMode>());
    let mode = match (asked, outside) {
        (asked, Some(Ok(outside))) => asked.max(Some(outside)),
        (_, Some(Err(error))) => return failed(&format!("XPM_RUN_MODE: {error}")),
        (asked, None) => asked,
    };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(&format!("where this program lies is not known: {error}")),
    };
    let mut process = Process::new(&program);
    process.args(own);
    if let Some(mode) = mode {
        process.env("XPM_RUN_MODE", mode.name());
    }
    if matches.get_flag(QUIET) {
        process.env("XPM_QUIET", "1");
    }
    match become_it(process) {
        Ok(code) => code,
        Err(error) => failed(&format!("{} cannot be started: {error}", program.display())),
    }
}

#[cfg(unix)]
fn become_it(mut process: Process) -> io::Result<u8> {
    use std::os::unix::process::CommandExt as _;
    // The same process, so signals, the terminal and the exit code are the program's own.
    Err(process.arg0(std::env::args_os().next().unwrap_or_default()).exec())
}

#[cfg(not(unix))]
fn become_it(mut process: Process) -> io::Result<u8> {
    let status = process.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
