//! Command lines made of configurations: flags for users' own [`clap`] parsers, and the commands behind `myexp xpm`.
//!
//! A type's schema becomes flags (`flag`), what was given for them is gathered in layers (`given`), and assembled
//! into a value (`assemble`) that is checked by reading it back as the user's type. Nothing here knows jobs but the roles
//! of the program, which run one.

mod assemble;
mod axis;
mod behind;
mod clash;
mod doc;
mod files;
mod flag;
mod flags;
mod forward;
mod given;
mod json;
mod json_schema;
mod layers;
mod lock;
mod problem;
mod raw;
pub(crate) mod roles;
mod shape;
mod sources;
mod split;
mod sweep;
mod takers;
mod text;
mod yaml;

use crate::config::ConfigType;

pub use flags::Flags;
pub use forward::{ByFlag, Forward};
pub use sweep::{Configs, Sweep};

/// The JSON Schema (draft 2020-12) of a configuration or a task: of its arguments as `--config` takes them from a file.
pub fn json_schema<C: ConfigType>() -> serde_json::Value {
    json_schema::json_schema(C::schema)
}

/// The shell of this name.
fn shell_of(name: &str) -> Result<clap_complete::Shell, anyhow::Error> {
    name.parse().map_err(|_| {
        anyhow::anyhow!("there are no completions for the shell `{name}`: bash, zsh, fish, elvish or powershell")
    })
}

/// Writes the completions of your own command line for a shell (`bash`, `zsh`, `fish`, `elvish`, `powershell`):
/// `xpm::completions::<Cli>("bash", &mut std::io::stdout())?`.
///
/// # Errors
/// If there is no such shell, or it cannot be written.
pub fn completions<C: clap::CommandFactory>(shell: &str, out: &mut dyn std::io::Write) -> Result<(), anyhow::Error> {
    let shell = shell_of(shell)?;
    let mut command = C::command();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    Ok(out.write_all(&script)?)
}
