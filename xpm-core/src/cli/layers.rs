//! `--set` and `--config`: what they take, and how they come to a command beside the flags.

use std::ffi::OsStr;
use std::path::Path;

use clap::{Arg, ArgAction, Command, ValueHint};
use serde_json::{Map, Value as Json};

use super::behind::{Behind, Reads, utf8};
use super::flag::ID;
use super::given::join;
use super::sources::{CONFIG, ConfigFile, SET, SWEEP, SWEEP_FILE, Setting};
use super::takers::{self, Taker};
use super::{axis, clash, files};

/// Adds `--set` and `--config`, unless they are there or nobody asks for them, and what `--sweep` takes. Called when all flags of the
/// command are known: where the user has flags of these names, ours are called `--xpm-set` and `--xpm-config`.
///
/// # Panics
/// If a flag of ours is called as another one.
pub(crate) fn add(command: Command) -> Command {
    clash::refuse(&command);
    clash::refuse_claps(&command);
    let takers = takers::of_command(&command);
    if command.get_arguments().any(|arg| arg.get_id() == SET) || !takers.iter().any(|taker| taker.settable) {
        return command;
    }
    let taken = |name: &str| command.get_arguments().any(|arg| clash::names(arg).any(|taken| taken == name));
    let name = |name: &str| if taken(name) { format!("xpm-{name}") } else { name.to_owned() };
    let sweeping: Vec<Taker> = takers.iter().filter(|taker| taker.sweeps).cloned().collect();
    let set = Arg::new(SET)
        .long(name("set"))
        .value_name("KEY=VALUE")
        .action(ArgAction::Append)
        .value_parser(Reads { takers: takers.clone(), read: setting })
        .help("Sets an argument by its dotted name; stronger than --config [may be repeated]");
    let config = Arg::new(CONFIG)
        .long(name("config"))
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_hint(ValueHint::FilePath)
        .value_parser(Reads { takers, read: file })
        .help("Takes arguments from a TOML, YAML or JSON file; stronger than flags [may be repeated]");
    let (sweep, sweep_file) = (name("sweep"), name("sweep-file"));
    // A `Forward` did not know that there is another way to give its argument.
    let command = command.arg(set).arg(config).mut_args(|arg| {
        let forwarded = arg.get_id().as_str().starts_with(ID) && arg.is_required_set();
        if forwarded { arg.required(false).required_unless_present_any([SET, CONFIG]) } else { arg }
    });
    if !command.get_arguments().any(|arg| arg.get_id() == SWEEP) {
        return command;
    }
    let parser = Reads { takers: sweeping.clone(), read: axis::spec };
    command
        .mut_arg(SWEEP, |arg| arg.long(sweep).value_parser(parser))
        .mut_arg(SWEEP_FILE, |arg| arg.long(sweep_file).value_parser(Reads { takers: sweeping, read: axis::spec_file }))
}

/// `KEY=VALUE`.
fn setting(behind: Behind<'_>, value: &OsStr) -> Result<Setting, String> {
    let Some((path, value)) = utf8(value)?.split_once('=') else {
        return Err("expected KEY=VALUE, for instance model.k1=1.2".to_owned());
    };
    behind.check(path, "")?;
    Ok(Setting { flag: format!("--{}", behind.flag), path: path.to_owned(), text: value.to_owned() })
}

/// The name of a file with values.
fn file(behind: Behind<'_>, value: &OsStr) -> Result<ConfigFile, String> {
    let mut entries = Vec::new();
    gather(behind, "", files::read(Path::new(value))?, &mut entries)?;
    Ok(ConfigFile { name: value.to_string_lossy().into_owned(), entries })
}

fn gather(
    behind: Behind<'_>,
    above: &str,
    members: Map<String, Json>,
    entries: &mut Vec<(String, Json)>,
) -> Result<(), String> {
    members.into_iter().try_for_each(|(name, value)| {
        let path = join(above, &name);
        match value {
            value if behind.takes(&path) => {
                entries.push((path, value));
                Ok(())
            }
            Json::Object(members) if behind.is_above(&path) => gather(behind, &path, members, entries),
            _ => Err(behind.no_argument(&path, "")),
        }
    })
}
