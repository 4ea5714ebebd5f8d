//! The commands behind `myexp xpm`, for people: what the program has, one task by hand, the lock file, migrating.
//!
//! Exit codes: 0 done · 1 it failed, or identities would change · 2 a wrong command line · 3 `lock --check` found harmless
//! changes only.

mod describe;
mod lock;
mod migrate;
mod run;
mod task;

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::{Registry, RegistryError};
use crate::near::{did_you_mean, near_names};
use crate::schema::{TypeKind, TypeSchema};

/// Runs the command that these arguments, those behind `xpm`, ask for.
pub(crate) fn run(args: &[OsString]) -> u8 {
    let registry = match Registry::get() {
        Ok(registry) => registry,
        Err(error) => return failed(&error.to_string()),
    };
    let words = std::iter::once(OsString::from(format!("{} xpm", program()))).chain(args.iter().cloned());
    let matches = match command(registry).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::InvalidSubcommand && args.first().is_some_and(|arg| arg == "task") => {
            let name = match error.get(ContextKind::InvalidSubcommand) {
                Some(ContextValue::String(name)) => name.clone(),
                _ => String::new(),
            };
            let tasks = registry.schemas().into_iter().filter(|schema| schema.kind() == TypeKind::Task);
            let tasks: Vec<_> = tasks.map(TypeSchema::id).collect();
            let hint = did_you_mean(&name, tasks.iter().copied());
            let hint = if hint.is_empty() { format!("; it has {}", tasks.join(", ")) } else { hint };
            failed(&format!("this program has no task `{name}`{hint}"));
            return 2;
        }
        Err(error) => {
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    match matches.subcommand() {
        Some(("tasks", matches)) => describe::tasks(registry, matches.get_flag("json")),
        Some(("describe", matches)) => {
            describe::describe(registry, text(matches, "id"), matches.get_flag("json-schema"))
        }
        Some(("task", matches)) => match matches.subcommand() {
            Some((id, matches)) => match registry.entry(id) {
                Ok(entry) => task::run(entry, matches),
                Err(error) => unknown(&error),
            },
            None => 2,
        },
        Some(("run", matches)) => run::run(matches),
        Some(("lock", matches)) => lock::run(registry, matches),
        Some(("migrate", matches)) => migrate::run(registry, matches),
        Some(("completions", matches)) => match super::shell_of(text(matches, "shell")) {
            Ok(shell) => {
                let name = program();
                // Whether the program itself has a `--help` is its own affair.
                let whole = Command::new(name.clone()).disable_help_flag(true).disable_help_subcommand(true);
                let mut whole = whole.subcommand(command(registry).name("xpm"));
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut whole, name, &mut script);
                say(&String::from_utf8_lossy(&script));
                0
            }
            Err(error) => {
                failed(&error.to_string());
                2
            }
        },
        _ => 2,
    }
}

/// The name that the program was called by.
fn program() -> String {
    let first = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&first).file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "program".to_owned())
}

fn command(registry: &Registry) -> Command {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON");
    let mut task = Command::new("task")
        .about("Runs one task, its arguments as flags: the same job, in the same folder, as from a plan")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("TASK")
        .subcommand_help_heading("Tasks")
        .disable_help_subcommand(true);
    for schema in registry.schemas() {
        if schema.kind() == TypeKind::Task
            && let Ok(entry) = registry.entry(schema.id())
        {
            task = task.subcommand(task::command(entry));
        }
    }
    Command::new("xpm")
        .bin_name(format!("{} xpm", program()))
        .about("What this program has, and what it can do beside its own command line")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .after_help("Exit codes: 0 done, 1 failed, 2 wrong command line, 3 `lock --check` found harmless changes only.")
        .subcommand(Command::new("tasks").about("Tasks and configurations of this program").arg(json))
        .subcommand(
            Command::new("describe")
                .about("The arguments of a task or a configuration: types, defaults, help")
                .arg(Arg::new("id").required(true).value_name("ID").help("Its id, as `tasks` shows it"))
                .arg(Arg::new("json-schema").long("json-schema").action(ArgAction::SetTrue).help("As JSON Schema")),
        )
        .subcommand(task)
        .subcommand(run::command())
        .subcommand(lock::command())
        .subcommand(migrate::command())
        .subcommand(
            Command::new("completions").about("Completions of these commands for a shell, to be sourced").arg(
                Arg::new("shell").required(true).value_name("SHELL").help("bash, zsh, fish, elvish or powershell"),
            ),
        )
        .subcommand(
            Command::new("job").about("Runs the job in a folder: experiments call this, people need not").arg(
                Arg::new("rest").action(ArgAction::Append).num_args(0..).value_name("FOLDER ATTEMPT [MILLISECONDS]"),
            ),
        )
}

fn text<'m>(matches: &'m ArgMatches, id: &str) -> &'m str {
    matches.get_one::<String>(id).map_or("", String::as_str)
}

/// What is asked for: a closed pipe is no failure.
fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn failed(message: &str) -> u8 {
    let _ = writeln!(std::io::stderr(), "error: {message}");
    1
}

/// No such type: the nearest name first.
fn unknown(error: &RegistryError) -> u8 {
    let hint = match error {
        RegistryError::Unknown { id, known, .. } => {
            let near = near_names(id, known.iter().map(String::as_str)).first().copied();
            near.map_or_else(String::new, |near| format!("\n\n  tip: the nearest is '{near}'"))
        }
        _ => String::new(),
    };
    failed(&format!("{error}{hint}"));
    2
}
