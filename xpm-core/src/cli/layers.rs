//! `--set` and `--config`: what they take, and how they come to a command beside the flags.

use std::path::Path;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, ValueHint};
use serde_json::{Map, Value as Json};

use super::flag::ID;
use super::sweep::{SWEEP, SWEEP_FILE, SpecFileParser, SpecParser, sweepable};

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
        .value_parser(SettingParser { known: known.clone() })
        .help("Sets an argument by its dotted name; stronger than --config [may be repeated]");
    let config = Arg::new(CONFIG)
        .long(name("config"))
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_hint(ValueHint::FilePath)
        .value_parser(FileParser { known })
        .help("Takes arguments from a TOML or JSON file; stronger than flags [may be repeated]");
    let (sweep, file) = (name("sweep"), name("sweep-file"));
    let command = command.arg(set).arg(config);
    if !command.get_arguments().any(|arg| arg.get_id() == SWEEP) {
        return command;
    }
    let known = sweepable(&command);
    let parser = SpecParser { known: known.clone() };
    command
        .mut_arg(SWEEP, |arg| arg.long(sweep).value_parser(parser))
        .mut_arg(SWEEP_FILE, |arg| arg.long(file).value_parser(SpecFileParser { known }))
}

/// Whether `key` is an argument, or holds some.
pub(super) fn is_known(known: &[String], key: &str) -> bool {
    let key = key.replace('-', "_");
    let below = format!("{key}.");
    known.iter().map(|path| path.replace('-', "_")).any(|path| path == key || path.starts_with(&below))
}

pub(super) fn nearest(known: &[String], key: &str) -> String {
    let near = known.iter().min_by_key(|path| distance(path, key));
    match near.filter(|path| distance(path, key) <= key.len() / 3 + 1) {
        Some(path) => format!("; did you mean `{path}`?"),
        None => format!("; there are {}", known.join(", ")),
    }
}

/// How many letters to change, add or remove.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let change = diagonal + usize::from(b[j] != c);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

pub(super) fn refuse(command: &Command, arg: Option<&Arg>, value: &str, why: &str) -> clap::Error {
    let flag = arg.map(ToString::to_string).unwrap_or_default();
    // With the usage and where to find help, as clap's own errors.
    command.clone().error(ErrorKind::ValueValidation, format!("invalid value '{value}' for '{flag}': {why}"))
}

#[derive(Clone)]
struct SettingParser {
    known: Vec<String>,
}

impl TypedValueParser for SettingParser {
    type Value = Setting;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &std::ffi::OsStr) -> Result<Setting, clap::Error> {
        let text = value.to_string_lossy();
        let Some((path, value)) = text.split_once('=') else {
            return Err(refuse(cmd, arg, &text, "expected KEY=VALUE, for instance model.k1=1.2"));
        };
        if !is_known(&self.known, path) {
            let why = format!("there is no argument `{path}`{}", nearest(&self.known, path));
            return Err(refuse(cmd, arg, &text, &why));
        }
        let flag = format!("--{}", arg.and_then(Arg::get_long).unwrap_or("set"));
        Ok(Setting { flag, path: path.to_owned(), text: value.to_owned() })
    }
}

#[derive(Clone)]
struct FileParser {
    known: Vec<String>,
}

impl TypedValueParser for FileParser {
    type Value = ConfigFile;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &std::ffi::OsStr) -> Result<ConfigFile, clap::Error> {
        let name = value.to_string_lossy().into_owned();
        let members = read_file(Path::new(value)).map_err(|why| refuse(cmd, arg, &name, &why))?;
        if let Some(key) = members.keys().find(|key| !is_known(&self.known, key)) {
            let why = format!("there is no argument `{key}`{}", nearest(&self.known, key));
            return Err(refuse(cmd, arg, &name, &why));
        }
        Ok(ConfigFile { name, members })
    }
}

/// The members of a TOML or JSON file.
pub(super) fn read_file(path: &Path) -> Result<Map<String, Json>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    match kind {
        "toml" => toml::from_str(&text).map_err(|error| error.to_string()),
        "json" => serde_json::from_str(&text).map_err(|error| error.to_string()),
        "yaml" | "yml" => Err("YAML is not read: write it as .toml or .json".to_owned()),
        _ => Err("a file ends with .toml or .json".to_owned()),
    }
}
