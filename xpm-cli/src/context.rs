//! What every command gets: which workspace, and how to show things.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ColorChoice};
use xpm_core::state::{JobInfo, Snapshot, Workspace};

/// What stands on every command line.
#[derive(Args)]
pub(crate) struct Globals {
    /// The workspace: the folder that the experiment was given
    #[arg(long, short = 'w', global = true, env = "XPM_WORKDIR", value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub(crate) workdir: Option<PathBuf>,
    /// Print JSON, for programs; its members are told in docs/json.md
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours; `auto` is on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Never start a pager
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
}

/// What every command gets.
pub(crate) struct Context {
    workdir: Option<PathBuf>,
    /// Print JSON.
    pub(crate) json: bool,
    /// Use colours on standard output.
    pub(crate) color: bool,
    /// Use colours on standard error.
    pub(crate) color_errors: bool,
    /// Whether long output goes through a pager.
    pub(crate) pager: bool,
}

impl Context {
    pub(crate) fn new(globals: Globals) -> Self {
        let wanted = |terminal: bool| match globals.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !env_is_set("NO_COLOR") && read_env("TERM").as_deref() != Some("dumb"),
        };
        let terminal = std::io::stdout().is_terminal();
        Self {
            workdir: globals.workdir,
            json: globals.json,
            color: wanted(terminal) && !globals.json,
            color_errors: wanted(std::io::stderr().is_terminal()),
            pager: terminal && !globals.no_pager && !globals.json,
        }
    }

    /// The workspace that the command line names; the current folder and those above it if it names none.
    pub(crate) fn workspace(&self) -> anyhow::Result<Workspace> {
        if let Some(path) = &self.workdir {
            return Ok(Workspace::open(path)?);
        }
        let here = std::env::current_dir().context("the current folder cannot be told")?;
        match here.ancestors().find(|folder| folder.join("xpm.toml").is_file()) {
            Some(folder) => Ok(Workspace::open(folder)?),
            None => anyhow::bail!(
                "no workspace is given: use --workdir FOLDER, set XPM_WORKDIR, or be in a workspace (a folder with an xpm.toml)"
            ),
        }
    }

    /// What the workspace holds now.
    pub(crate) fn snapshot(&self) -> anyhow::Result<Snapshot> {
        Ok(self.workspace()?.snapshot())
    }

    /// The job that `text` names; runs tell of it alone.
    pub(crate) fn job(&self, text: &str) -> anyhow::Result<JobInfo> {
        Ok(self.workspace()?.snapshot_of(text).job(text)?)
    }

    /// How many columns there are; `None` where output is not a terminal, and nothing is cut.
    pub(crate) fn width(&self) -> Option<usize> {
        if !std::io::stdout().is_terminal() {
            return None;
        }
        terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
    }

    /// How many lines the terminal has.
    pub(crate) fn height(&self) -> Option<usize> {
        terminal_size::terminal_size().map(|(_, height)| usize::from(height.0))
    }
}

/// The command's own reading of the environment, in one place.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn read_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn env_is_set(name: &str) -> bool {
    read_env(name).is_some()
}
