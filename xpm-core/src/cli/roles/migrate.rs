//! `migrate`: finished jobs whose identity moved by a declared change are found under their new one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use serde_json::{Value as Json, json};

use super::{failed, say};
use crate::config::Registry;
use crate::ids::JobKey;
use crate::job::on_large_stack;
use crate::migrate::{FolderError, Move, Moved, Plan, Right, moved, plan, put, take_back};
use crate::near::did_you_mean;
use crate::schema::TypeKind;
use crate::sys;
use crate::workspace::{Workspace, in_use};

/// How many jobs of a kind are listed one by one.
const LISTED: usize = 10;

pub(super) fn command() -> Command {
    let workdir = Arg::new("workdir")
        .long("workdir")
        .value_name("WORKDIR")
        .required(true)
        .value_hint(ValueHint::DirPath)
        .help("The workspace");
    let task = Arg::new("task")
        .long("task")
        .value_name("TASK")
        .action(ArgAction::Append)
        .help("Only the jobs of this task, by the id that it has or had; may be given several times");
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("migrate")
        .about("Makes finished jobs found whose identity moved by a declared change; shows what it would do, unless --yes")
        .after_help(
            "Declared changes: `renamed_from` on a type or an argument, `deprecated = NewType` with `impl From`, and `ignored` or \
             `ignore_default` put on or taken off an argument. Nothing is copied, and the old folders stay as they are.\n\n\
             Exit codes: 0 done, 1 a job could not be migrated or taken back, 2 wrong command line.",
        )
        .arg(workdir)
        .arg(task)
        .arg(flag("undo", "Takes back what was migrated before"))
        .arg(flag("yes", "Does it"))
        .arg(flag("json", "As JSON"))
}

/// What is asked for.
struct Asked {
    workspace: Workspace,
    tasks: Vec<String>,
    yes: bool,
    json: bool,
    /// The command line that does what is shown.
    command: String,
}

pub(super) fn run(registry: &Registry, matches: &ArgMatches) -> u8 {
    let workdir = PathBuf::from(super::text(matches, "workdir"));
    let workspace = match Workspace::open(&workdir) {
        Ok(workspace) => workspace,
        Err(error) => return failed(&error.to_string()),
    };
    let tasks: Vec<String> = matches.get_many("task").into_iter().flatten().cloned().collect();
    if let Some(why) = tasks.iter().find_map(|task| no_such_task(registry, &workspace, task)) {
        failed(&why);
        return 2;
    }
    let mut command = format!("{} xpm migrate --workdir {}", super::program(), workdir.display());
    tasks.iter().for_each(|task| command.push_str(&format!(" --task {task}")));
    let (yes, json) = (matches.get_flag("yes"), matches.get_flag("json"));
    let asked = Asked { workspace, tasks, yes, json, command };
    // Tasks that are given tasks are read to the end of the chain.
    let work = || if matches.get_flag("undo") { undo(&asked) } else { migrate(&asked) };
    let Some(done) = on_large_stack(work) else { return failed("it panicked: please report this") };
    done.unwrap_or_else(|error| failed(&format!("{:#}", anyhow::Error::from(error))))
}

/// Why nothing has to do with a task of this id: neither this program nor the workspace has it.
fn no_such_task(registry: &Registry, workspace: &Workspace, id: &str) -> Option<String> {
    let tasks = registry.schemas().into_iter().filter(|schema| schema.kind() == TypeKind::Task);
    let mut known: BTreeSet<String> = tasks.map(|schema| schema.id().to_owned()).collect();
    known.extend(workspace.job_keys().into_iter().map(|key| key.task.to_string()));
    let hint = || did_you_mean(id, known.iter().map(String::as_str));
    (!known.contains(id)).then(|| format!("neither this program nor the workspace has a task `{id}`{}", hint()))
}

/// Standard output goes to standard error until this is dropped: what the conversions of users print is no part of the JSON.
struct Aside(OwnedFd);

impl Aside {
    /// `None` if the output cannot be put aside: it is then printed where it belongs.
    fn begin() -> Option<Self> {
        let _ = io::stdout().flush();
        let own = io::stdout().as_fd().try_clone_to_owned().ok()?;
        sys::replace_stream(io::stdout().as_fd(), io::stderr().as_fd()).ok()?;
        Some(Self(own))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = io::stdout().flush();
        let _ = sys::replace_stream(io::stdout().as_fd(), self.0.as_fd());
    }
}

fn migrate(asked: &Asked) -> Result<u8, crate::migrate::MigrateError> {
    let aside = asked.json.then(Aside::begin);
    let right = asked.yes.then(|| Right::take(&asked.workspace, false)).transpose()?;
    let plan = plan(&asked.workspace, &asked.tasks)?;
    let ends: Vec<Option<FolderError>> = match &right {
        Some(right) => plan.moves.iter().map(|one| put(&asked.workspace, one, right).err()).collect(),
        None => plan.moves.iter().map(|_| None).collect(),
    };
    drop(aside);
    let failures = ends.iter().flatten().count();
    if asked.json {
        say(&format!("{:#}\n", as_json(&plan, &ends, asked.yes)));
    } else {
        say(&as_text(&plan, &ends, asked));
    }
    Ok(u8::from(failures > 0))
}

fn as_json(plan: &Plan, ends: &[Option<FolderError>], yes: bool) -> Json {
    let moves = plan.moves.iter().zip(ends).map(|(one, end)| {
        json!({"from": one.from.full_name(), "to": one.to.full_name(), "why": one.why, "moved": yes && end.is_none(),
               "error": end.as_ref().map(ToString::to_string)})
    });
    let stays = plan.stays.iter().map(|stay| json!({"job": stay.job.full_name(), "why": stay.why.to_string()}));
    json!({"format": 1, "dry": !yes, "moves": moves.collect::<Vec<_>>(), "stays": stays.collect::<Vec<_>>(),
           "same": plan.same, "found": plan.found})
}

fn as_text(plan: &Plan, ends: &[Option<FolderError>], asked: &Asked) -> String {
    let mut out = String::new();
    let mut kinds: BTreeMap<(&str, &str, &[String]), Vec<&Move>> = BTreeMap::new();
    for one in &plan.moves {
        kinds.entry((&one.from.task, &one.to.task, &one.why)).or_default().push(one);
    }
    for ((from, to, why), moves) in kinds {
        let name = if from == to { from.to_owned() } else { format!("{from} → {to}") };
        let _ = writeln!(out, "{name}: {}", jobs(moves.len()));
        why.iter().for_each(|why| {
            let _ = writeln!(out, "  {why}");
        });
        for one in moves.iter().take(LISTED) {
            let _ = writeln!(out, "    {} → {}", one.from.identity.short(), one.to.identity.short());
        }
        if moves.len() > LISTED {
            let _ = writeln!(out, "    and {} more (--json lists them all)", moves.len() - LISTED);
        }
        out.push('\n');
    }
    let mut stays: BTreeMap<(&str, String), Vec<&JobKey>> = BTreeMap::new();
    for stay in &plan.stays {
        stays.entry((&stay.job.task, stay.why.to_string())).or_default().push(&stay.job);
    }
    for ((task, why), keys) in stays {
        let like = keys.first().map_or_else(String::new, |key| key.identity.short());
        let like = if keys.len() == 1 { like } else { format!("{like}, …") };
        let _ = writeln!(out, "not migrated: {} of {task} ({like})\n  {why}\n", jobs(keys.len()));
    }
    let failures = failures(&mut out, plan.moves.iter().map(|one| &one.from).zip(ends), "not migrated");
    if plan.same > 0 {
        let (keep, their) = if plan.same == 1 { ("keeps", "its") } else { ("keep", "their") };
        let _ = writeln!(out, "{} {keep} {their} identity.", jobs(plan.same));
    }
    if plan.found > 0 {
        let (are, their) = if plan.found == 1 { ("is", "its") } else { ("are", "their") };
        let _ = writeln!(out, "{} {are} found under {their} new identity already.", jobs(plan.found));
    }
    let count = plan.moves.len() - failures;
    let _ = match (asked.yes, count) {
        (_, 0) if failures > 0 => writeln!(out, "None of the {} could be migrated: see above.", jobs(failures)),
        (_, 0) => writeln!(out, "There is nothing to migrate."),
        (false, _) => writeln!(
            out,
            "Nothing has been changed. `{} --yes` makes {} found under {} new identity; the old folders stay.",
            asked.command,
            jobs(count),
            if count == 1 { "its" } else { "their" }
        ),
        (true, _) => writeln!(
            out,
            "{} found under {} new identity now; the old folders stay as they are. `{} --undo --yes` takes it back.",
            if count == 1 { "1 finished job is".to_owned() } else { format!("{count} finished jobs are") },
            if count == 1 { "its" } else { "their" },
            asked.command
        ),
    };
    out
}

fn undo(asked: &Asked) -> Result<u8, crate::migrate::MigrateError> {
    let right = asked.yes.then(|| Right::take(&asked.workspace, true)).transpose()?;
    let moved = moved(&asked.workspace, &asked.tasks);
    let ends: Vec<Option<FolderError>> = match &right {
        Some(right) => {
            let in_use = in_use(&asked.workspace);
            let one = |one: &Moved| match in_use.contains_key(&one.to) {
                true => Some(FolderError::Busy),
                false => take_back(&asked.workspace, one, right).err(),
            };
            moved.iter().map(one).collect()
        }
        None => moved.iter().map(|_| None).collect(),
    };
    let failed = ends.iter().flatten().count();
    if asked.json {
        let jobs = moved.iter().zip(&ends).map(|(one, end)| {
            json!({"from": one.from.full_name(), "to": one.to.full_name(), "taken_back": asked.yes && end.is_none(),
                   "error": end.as_ref().map(ToString::to_string)})
        });
        say(&format!("{:#}\n", json!({"format": 1, "dry": !asked.yes, "undo": jobs.collect::<Vec<_>>()})));
        return Ok(u8::from(failed > 0));
    }
    let mut out = String::new();
    let mut kinds: BTreeMap<(&str, &str), Vec<&Moved>> = BTreeMap::new();
    for one in &moved {
        kinds.entry((&one.to.task, &one.from.task)).or_default().push(one);
    }
    for ((to, from), all) in kinds {
        let name = if from == to { from.to_owned() } else { format!("{to}, once {from}") };
        let _ = writeln!(out, "{name}: {}", jobs(all.len()));
        for one in all.iter().take(LISTED) {
            let _ = writeln!(out, "    {}, once {}", one.to.identity.short(), one.from.identity.short());
        }
        if all.len() > LISTED {
            let _ = writeln!(out, "    and {} more (--json lists them all)", all.len() - LISTED);
        }
        out.push('\n');
    }
    failures(&mut out, moved.iter().map(|one| &one.to).zip(&ends), "not taken back");
    let count = moved.len() - failed;
    let _ = match (asked.yes, count) {
        (_, 0) if failed > 0 => writeln!(out, "None of the {} could be taken back: see above.", jobs(failed)),
        (_, 0) => writeln!(out, "There is nothing to take back."),
        (false, _) => writeln!(
            out,
            "Nothing has been changed. `{} --undo --yes` takes {} back to the identity from before; no result goes.",
            asked.command,
            jobs(count)
        ),
        (true, 1) => writeln!(out, "1 finished job is taken back; it has the identity from before."),
        (true, _) => writeln!(out, "{count} finished jobs are taken back; they have the identities from before."),
    };
    say(&out);
    Ok(u8::from(failed > 0))
}

/// Tells of those that failed; gives how many.
fn failures<'a>(
    out: &mut String,
    ends: impl Iterator<Item = (&'a JobKey, &'a Option<FolderError>)>,
    what: &str,
) -> usize {
    let mut count = 0;
    for (job, error) in ends.filter_map(|(job, end)| Some((job, end.as_ref()?))) {
        count += 1;
        let _ = writeln!(out, "{what}: {} {}\n  {error}\n", job.task, job.identity.short());
    }
    count
}

fn jobs(count: usize) -> String {
    if count == 1 { "1 finished job".to_owned() } else { format!("{count} finished jobs") }
}
