//! `task ID`: one task by hand. The same job as from a plan, in the same folder.

use std::fmt::Write as _;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::{failed, say};
use crate::cli::flag;
use crate::cli::flags::{Layers, augment, parse};
use crate::cli::{layers, takers};
use crate::config::{Registered, SubmitOptions, references};
use crate::experiment::{JobState, experiment};
use crate::identity;
use crate::ids::{Identity, JobKey};
use crate::job::read_output;
use crate::value::Node;
use crate::workspace::Workspace;

const WORKDIR: &str = "xpm-workdir";
const DRY_RUN: &str = "xpm-dry-run";
const QUIET: &str = "xpm-quiet";

/// The command of one task.
pub(super) fn command(entry: &'static Registered) -> Command {
    let schema = (entry.schema)();
    let flags = flag::of_type(entry.schema);
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
    let quiet = Arg::new(QUIET)
        .long(name("quiet"))
        .action(ArgAction::SetTrue)
        .help("Says nothing of how it goes but failures and warnings")
        .display_order(0);
    let command =
        Command::new(schema.id().to_owned()).about(schema.help().lines().next().unwrap_or_default().to_owned());
    let mut command = command.arg(workdir).arg(dry_run).arg(quiet);
    if taken("help") {
        let help = Arg::new("xpm-help").short('h').long("xpm-help").action(ArgAction::Help).help("Print help");
        command = command.disable_help_flag(true).arg(help);
    }
    augment(command, &flags, takers::of_flags(schema), Layers::Settings, false).defer(layers::add)
}

/// Runs the task.
pub(super) fn run(entry: &'static Registered, matches: &ArgMatches) -> u8 {
    let schema = (entry.schema)();
    let node = match parse(entry.schema, matches, None) {
        Ok(node) => node,
        Err(error) => {
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
    let workspace = match Workspace::planned(&workdir) {
        Ok(workspace) => workspace,
        Err(error) => return failed(&error.to_string()),
    };
    let missing = unfinished(&workspace, &node);
    if matches.get_flag(DRY_RUN) {
        return dry_run(&workspace, &node, identity, missing);
    }
    if let Some(job) = missing {
        let (by_hand, workdir) = (format!("{} xpm task {}", super::program(), job.task), workdir.display());
        return failed(&format!("{job} is not done in {workdir}; run it first, from its plan or with `{by_hand}`"));
    }
    let id = format!("{}.{}", schema.id(), identity.short());
    let (mut value, mut planned) = (None, false);
    let experiment = experiment(&workdir, id);
    let experiment = if matches.get_flag(QUIET) { experiment.quiet() } else { experiment };
    let result = experiment.run(|xp| {
        let options = SubmitOptions::default();
        let cell = xp.shared.submit(&node, &options, Location::caller(), |reader| (entry.check)(&node, reader))?;
        // Somebody waits for it, so it runs although it may be transient.
        xp.shared.need(&cell);
        xp.wait()?;
        planned = cell.state() == JobState::Planned;
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
        (Ok(()), None) => u8::from(!planned),
        (Err(error), _) => failed(&format!("{error:#}")),
    }
}

/// A job that the arguments refer to and that is not done: one task by hand runs no other.
fn unfinished(workspace: &Workspace, node: &Node) -> Option<JobKey> {
    let done = |key: &JobKey| matches!(workspace.job(key).read_status(), Ok(Some(status)) if status.is_done());
    references(node, &workspace.jobs()).jobs.into_keys().find(|key| !done(key))
}

fn dry_run(workspace: &Workspace, node: &Arc<Node>, identity: Identity, missing: Option<JobKey>) -> u8 {
    let explanation = match identity::explain(node) {
        Ok(explanation) => explanation,
        Err(error) => return failed(&error.to_string()),
    };
    let key = JobKey { task: node.schema().id().into(), identity };
    let folder = workspace.job(&key);
    let state = match (folder.read_status(), missing) {
        (Ok(Some(status)), _) if status.is_done() => "done: it would not run again".to_owned(),
        (_, Some(job)) => format!("it would not run before {job} is done"),
        (Ok(Some(_)), None) => "failed: it would run again".to_owned(),
        (Ok(None), None) => "it would run".to_owned(),
        (Err(_), None) => "its record cannot be read: it would run again".to_owned(),
    };
    let mut out = String::new();
    let _ = write!(out, "{explanation}");
    let _ = writeln!(out, "folder  {}\nstate   {state}", folder.path().display());
    say(&out);
    0
}
