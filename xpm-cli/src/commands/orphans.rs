//! `xpm orphans`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::printable::bytes;
use xpm_core::upkeep::{self, Remover};

use crate::context::Context;
use crate::output;
use crate::table::{Cell, Table};
use crate::targets::Account;
use crate::units;

/// List job folders that no kept run refers to, not even through another job
#[derive(Args)]
pub(crate) struct Orphans {
    /// How much each takes on disk
    #[arg(long, short)]
    size: bool,
    /// Remove them; shows what would be removed, unless --yes
    #[arg(long)]
    clean: bool,
    /// With --clean: do it
    #[arg(long, short, requires = "clean")]
    yes: bool,
}

pub(crate) fn run(context: &Context, args: &Orphans) -> anyhow::Result<ExitCode> {
    if args.clean {
        return clean(context, args.yes);
    }
    let snapshot = context.snapshot()?;
    let orphans = snapshot.orphans();
    let sizes: Vec<u64> = orphans.iter().map(|job| if args.size { upkeep::size(job) } else { 0 }).collect();
    let total = sizes.iter().sum();
    if context.json {
        let jobs: Vec<Json> = orphans
            .iter()
            .zip(&sizes)
            .map(|(job, size)| {
                let mut members = super::jobs::summary(job);
                members["bytes"] = if args.size { (*size).into() } else { Json::Null };
                members
            })
            .collect();
        output::json(&json!({"count": orphans.len(), "bytes": args.size.then_some(total), "jobs": jobs}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(["ID", "TASK", "STATE", "ENDED", "SIZE"]);
    for (job, size) in orphans.iter().zip(&sizes) {
        table.push(vec![
            job.identity().short().into(),
            job.task().into(),
            Cell::colored(job.state_name(), output::state_color(job.state_name())),
            job.end().map(|end| units::ago(end, snapshot.taken())).unwrap_or_default().into(),
            Cell::number(if args.size { bytes(*size) } else { String::new() }),
        ]);
    }
    let mut text = if orphans.is_empty() { String::new() } else { table.render(context) };
    text.push_str(&output::count(orphans.len(), "orphan"));
    if args.size {
        text.push_str(&format!(", {}", bytes(total)));
    }
    text.push_str(match orphans.len() {
        0 => "\n",
        1 => "; `xpm orphans --clean` removes it\n",
        _ => "; `xpm orphans --clean` removes them\n",
    });
    output::page(context, &text)?;
    Ok(ExitCode::SUCCESS)
}

/// Removes them, or tells which it would remove; none of them if it cannot be told which they are.
fn clean(context: &Context, yes: bool) -> anyhow::Result<ExitCode> {
    let workspace = context.workspace()?;
    let (remover, snapshot) = if yes {
        Remover::alone(&workspace)?
    } else {
        let snapshot = workspace.snapshot();
        (Remover::new(&workspace, &snapshot), snapshot)
    };
    let doubts = snapshot.orphan_doubts();
    if !doubts.is_empty() {
        anyhow::bail!(
            "which jobs no run refers to cannot be told, and none is removed: {}; mend what is named, or remove the folder of a run \
             that is not needed; `xpm clean` removes jobs by their names",
            doubts.join("; ")
        );
    }
    super::clean::remove(context, Account::default(), remover, snapshot.orphans(), yes)
}
