//! `xpm clean JOB…`.

use std::process::ExitCode;

use clap::Args;
use xpm_core::printable::bytes;
use xpm_core::state::JobInfo;
use xpm_core::upkeep::{self, Remover};

use crate::context::Context;
use crate::targets::{Account, Found, Targets};

/// Remove job folders, with all results in them; shows which, unless --yes
///
/// A job that runs, or that a run which is going on will run, is left alone. A job that is removed runs again when it is submitted again.
#[derive(Args)]
pub(crate) struct Clean {
    #[command(flatten)]
    targets: Targets,
}

pub(crate) fn run(context: &Context, args: &Clean) -> anyhow::Result<ExitCode> {
    let workspace = context.workspace()?;
    let snapshot = workspace.snapshot();
    let Found { jobs, left_out } = args.targets.find(&snapshot)?;
    let named = args.targets.names_jobs();
    // What waits without a folder has nothing to remove.
    let jobs = jobs.into_iter().filter(|job| named || job.path().is_dir());
    let account = Account::of(&left_out);
    remove(context, account, Remover::new(&workspace, &snapshot), jobs, args.targets.yes)
}

/// Removes folders, or tells which it would remove, and adds what comes of it to the account.
pub(crate) fn remove(
    context: &Context,
    mut account: Account,
    remover: Remover,
    jobs: impl IntoIterator<Item = JobInfo>,
    yes: bool,
) -> anyhow::Result<ExitCode> {
    let mut total = 0;
    for job in jobs {
        let size = upkeep::size(&job);
        let what = format!("{}  {}  {}", job.state_name(), bytes(size), crate::names::tags_text(&job));
        match if yes { remover.remove(&job) } else { remover.check(&job) } {
            Ok(()) => {
                total += size;
                account.done(&job, what.trim_end());
            }
            Err(error) => account.refused(&job, &format!("{:#}", anyhow::Error::from(error))),
        }
    }
    // Drivers may begin again before somebody has read all of it.
    drop(remover);
    let size = bytes(total);
    account.tell(context, &format!("remove {{}} ({size})"), &format!("removed {{}} ({size})"), yes)
}
