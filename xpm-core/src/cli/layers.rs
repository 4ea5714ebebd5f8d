//! `--set` and `--config`: what they take, and how they come to a command beside the flags.

use std::ffi::OsStr;
use std::path::Path;

use clap::{Arg, ArgAction, Command, ValueHint};
use serde_json::{Map, Value as Json};

use super::behind::{Behind, Reads};
use super::flag::ID;
use super::sweep::{SWEEP, SWEEP_FILE, axis};

/// The id of `--set`.
pub(crate) const SET: &str = "xpm-set";
/// The id of `--config`.
pub(crate) const CONFIG: &str = "xpm-config";

/// `--set KEY=VALUE`.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// What it was given with: `--set`, or `--xpm-set` where the user has a flag of that name.
    pub(crate) flag: String,
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A file with values of arguments.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    pub(crate) name: String,
    pub(crate) members: Map<String, Json>,
}

/// Adds `--set` and `--config`, unless they are there, and what `--sweep` takes. Called when all flags of the command are known: where the user has
/// flags of these names, ours are called `--xpm-set` and `--xpm-config`.
pub(crate) fn add(command: Command) -> Command {
    if command.get_arguments().any(|arg| arg.get_id() == SET) {
        return command;
    }
    let taken = |name: &str| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    let name = |name: &str| if taken(name) { format!("xpm-{name}") } else { name.to_owned() };
    let known: Vec<String> =
        command.get_arguments().filter_map(|arg| arg.get_id().as_str().strip_prefix(ID).map(str::to_owned)).collect();
    let set = Arg::new(SET)
        .long(name("set"))
        .value_name("KEY=VALUE")
        .action(ArgAction::Append)
        .value_parser(Reads { known: known.clone(), read: setting })
        .help("Sets an argument by its dotted name; stronger than --config [may be repeated]");
    let config = Arg::new(CONFIG)
        .long(name("config"))
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_hint(ValueHint::FilePath)
        .value_parser(Reads { known, read: file })
        .help("Takes arguments from a TOML, YAML or JSON file; stronger than flags [may be repeated]");
    let (sweep, sweep_file) = (name("sweep"), name("sweep-file"));
    let command = command.arg(set).arg(config);
    if !command.get_arguments().any(|arg| arg.get_id() == SWEEP) {
        return command;
    }
    let known = axis::sweepable(&command);
    let parser = Reads { known: known.clone(), read: axis::spec };
    command
        .mut_arg(SWEEP, |arg| arg.long(sweep).value_parser(parser))
        .mut_arg(SWEEP_FILE, |arg| arg.long(sweep_file).value_parser(Reads { known, read: axis::spec_file }))
}

/// `KEY=VALUE`.
fn setting(behind: Behind<'_>, value: &OsStr) -> Result<Setting, String> {
    let text = value.to_string_lossy();
    let Some((path, value)) = text.split_once('=') else {
        return Err("expected KEY=VALUE, for instance model.k1=1.2".to_owned());
    };
    behind.check(path, "")?;
    Ok(Setting { flag: format!("--{}", behind.flag), path: path.to_owned(), text: value.to_owned() })
}

/// The name of a file with values.
fn file(behind: Behind<'_>, value: &OsStr) -> Result<ConfigFile, String> {
    let members = read_file(Path::new(value))?;
    members.keys().try_for_each(|key| behind.check(key, ""))?;
    Ok(ConfigFile { name: value.to_string_lossy().into_owned(), members })
}

/// The members of a TOML, YAML or JSON file.
pub(super) fn read_file(path: &Path) -> Result<Map<String, Json>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    match kind {
        "toml" => toml::from_str(&text).map_err(|error| error.to_string()),
        "json" => serde_json::from_str(&text).map_err(|error| error.to_string()),
        "yaml" | "yml" => super::yaml::parse(&text),
        _ => Err("a file ends with .toml, .yaml or .json".to_owned()),
    }
}
