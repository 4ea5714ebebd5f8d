//! `xpm kill JOB…`.

use std::process::ExitCode;

use clap::Args;
use xpm_core::upkeep;

use crate::context::Context;
use crate::targets::{Account, Targets};

/// Ask running jobs to stop (SIGTERM); shows which, unless --yes
///
/// Only the process that has the job's lock is asked, on the machine where it runs. Runs that
/// wait for the job do not try it again; submitted again, it runs again.
#[derive(Args)]
pub(crate) struct Kill {
    #[command(flatten)]
    targets: Targets,
}

pub(crate) fn run(context: &Context, args: &Kill) -> anyhow::Result<ExitCode> {
    let snapshot = context.snapshot()?;
    let found = args.targets.find(&snapshot)?;
    let mut account = Account::of(&found.left_out);
    for job in found.jobs {
        let named = args.targets.names_jobs();
        if !named && !matches!(job.state_name(), "running" | "starting") {
            continue;
        }
        let result = if args.targets.yes { upkeep::kill(&job) } else { upkeep::victim(&job) };
        match result {
            Ok(victim) if args.targets.yes => account.done(&job, &format!("process {} is asked to stop", victim.pid)),
            Ok(victim) => account.done(&job, &format!("runs as process {}", victim.pid)),
            Err(error) => account.refused(&job, &error.to_string()),
        }
    }
    account.tell(context, "ask {} to stop", "asked {} to stop", args.targets.yes)
}
