//! Where arguments come from beside their flags, `--set`, `--config`, `--sweep` and `--sweep-file`: under which ids a command has
//! these, and what was read behind the first two.

use serde_json::Value as Json;

/// The id of `--set`.
pub(crate) const SET: &str = "xpm-set";
/// The id of `--config`.
pub(crate) const CONFIG: &str = "xpm-config";
/// The id of `--sweep`.
pub(crate) const SWEEP: &str = "xpm-sweep";
/// The id of `--sweep-file`.
pub(crate) const SWEEP_FILE: &str = "xpm-sweep-file";

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
    /// Its values by the names of arguments, dotted ones where no argument has the first part.
    pub(crate) entries: Vec<(String, Json)>,
}
