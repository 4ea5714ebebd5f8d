//! `task ID`: one task by hand. The same job as from a plan, in the same folder.

use std::fmt::Write as _;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::{failed, say, schema_of};
use crate::cli::flag;
use crate::cli::flags::{Layers, augment, parse};
use crate::cli::layers;
use crate::config::{Registered, SubmitOptions};
use crate::experiment::{JobState, experiment};
use crate::identity;
use crate::ids::{Identity, JobKey};
use crate::job::read_output;
use crate::value::Node;
use crate::workspace::Status;

const WORKDIR: &str = "xpm-workdir";
const DRY_RUN: &str = "xpm-dry-run";

/// The command of one task.
pub(super) fn command(entry: &'static Registered) -> Command {
    let schema = (entry.schema)();
    let flags = flag::of_type(schema_of(entry));
    // A task may have an argument of our name.
    let taken = |name: &str| flags.iter().any(|flag| flag.name() == name);
    let name = |name: &str| if taken(name) { format!("xpm-{name}") } else { name.to_owned() };
    let workdir = Arg::new(WORKDIR)
        .long(name("workdir"))
        .value_name("WORKDIR")
        .required(true)
        .value_hint(ValueHint::DirPath)
        .help("The workspace [required]")
        .display_order(0);
    let dry_run = Arg::new(DRY_RUN)
        .long(name("dry-run"))
        .action(ArgAction::SetTrue)
        .help("Shows the job, its folder and its arguments, and writes nothing")
        .display_order(0);
    let command =
        Command::new(schema.id().to_owned()).about(schema.help().lines().next().unwrap_or_default().to_owned());
    augment(command.arg(workdir).arg(dry_run), &flags, Layers::Settings, false).defer(layers::add)
}

/// Runs the task.
pub(super) fn run(entry: &'static Registered, matches: &ArgMatches) -> u8 {
    let schema = (entry.schema)();
    let node = match parse(schema_of(entry), matches) {
        Ok(node) => node,
        Err(error) => {
            let shown = super::text(matches, WORKDIR);
            let _ = shown;
            let mut command = command(entry).bin_name(format!("{} xpm task {}", super::program(), schema.id()));
            let _ = error.format(&mut command).print();
            return 2;
        }
    };
    let workdir = PathBuf::from(super::text(matches, WORKDIR));
    let identity = match identity::digest(&node) {
        Ok(identity) => identity,
        Err(error) => return failed(&error.to_string()),
    };
    if matches.get_flag(DRY_RUN) {
        return dry_run(&workdir, &node, identity);
    }
    let id = format!("{}.{}", schema.id(), identity.short());
    let mut value = None;
    let result = experiment(&workdir, id).run(|xp| {
        let options = SubmitOptions::default();
        let cell = xp.shared.submit(&node, &options, Location::caller(), |reader| (entry.check)(&node, reader))?;
        xp.wait()?;
        if cell.state() == JobState::Done {
            let key = JobKey { task: schema.id().into(), identity };
            let output: serde_json::Value = read_output(xp.shared.workspace(), &key).map_err(anyhow::Error::msg)?;
            value = Some((cell.folder.path().to_owned(), output));
        }
        Ok(())
    });
    match (result, value) {
        (Ok(()), Some((folder, output))) => {
            say(&format!("{}\n", folder.display()));
            if !output.is_null() {
                say(&format!("{output:#}\n"));
            }
            0
        }
        (Ok(()), None) => 1,
        (Err(error), _) => failed(&format!("{error:#}")),
    }
}

fn dry_run(workdir: &Path, node: &Arc<Node>, identity: Identity) -> u8 {
    let explanation = match identity::explain(node) {
        Ok(explanation) => explanation,
        Err(error) => return failed(&error.to_string()),
    };
    let root = workdir.canonicalize().or_else(|_| std::path::absolute(workdir)).unwrap_or_else(|_| workdir.to_owned());
    let folder = root.join("jobs").join(node.schema().id()).join(identity.to_string());
    let key = JobKey { task: node.schema().id().into(), identity };
    let state = match Status::read(&folder.join("status.json"), &key) {
        Ok(Some(status)) if status.is_done() => "done: it would not run again",
        Ok(Some(_)) => "failed: it would run again",
        Ok(None) => "it would run",
        Err(_) => "its record cannot be read: it would run again",
    };
    let mut out = String::new();
    let _ = write!(out, "{explanation}");
    let _ = writeln!(out, "folder  {}\nstate   {state}", folder.display());
    say(&out);
    0
}
