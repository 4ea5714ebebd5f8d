//! The `xpm` command. For now it tells its version; the commands that look at workspaces come with the command-line work.

use clap::Parser;

/// Looks at and acts on xpm workspaces, whatever binary made them.
#[derive(Parser)]
#[command(name = "xpm", version, arg_required_else_help = true)]
struct Cli {}

fn main() {
    Cli::parse();
}
