//! Which jobs of an experiment a command looks at.

use clap::Args;
use xpm_core::near::near_names;
use xpm_core::state::filter::Filter;
use xpm_core::state::{FindError, JobInfo, filter_jobs};

use crate::context::Context;
use crate::filter::FilterText;

/// Which jobs of which run.
#[derive(Args)]
pub(crate) struct Select {
    /// The experiment
    #[arg(value_name = "EXPERIMENT")]
    pub(crate) experiment: String,
    /// The run, by the beginning of its id; the newest if not given
    #[arg(long, value_name = "RUN", conflicts_with = "all_runs")]
    run: Option<String>,
    /// The jobs of every run that is kept, each once
    #[arg(long)]
    all_runs: bool,
    /// Only jobs of this task
    #[arg(long, short, value_name = "TASK")]
    task: Option<String>,
    /// Only jobs for which this holds, for instance 'state = done and k1 in [0.6, 0.9]'; see docs/filter.md
    #[arg(long, short, value_name = "FILTER", value_parser = FilterText)]
    filter: Option<Filter>,
}

impl Select {
    /// The jobs, in the order in which they were submitted.
    pub(crate) fn jobs(&self, context: &Context) -> anyhow::Result<Vec<JobInfo>> {
        let snapshot = context.snapshot()?;
        let experiment = snapshot.experiment(&self.experiment).map_err(|error| match error {
            FindError::NoExperiment { id, known } => {
                // Those that are meant first.
                let near: Vec<String> =
                    near_names(&id, known.iter().map(String::as_str)).into_iter().map(str::to_owned).collect();
                let rest = known.into_iter().filter(|name| !near.contains(name));
                let known = near.iter().cloned().chain(rest).collect();
                FindError::NoExperiment { id, known }
            }
            other => other,
        })?;
        let mut jobs = if self.all_runs { experiment.jobs() } else { experiment.run(self.run.as_deref())?.jobs() };
        if let Some(task) = &self.task {
            let mut tasks: Vec<String> = jobs.iter().map(|job| job.task().to_owned()).collect();
            jobs.retain(|job| job.task() == task);
            if jobs.is_empty() {
                tasks.sort();
                tasks.dedup();
                anyhow::bail!("no job here is one of the task `{task}`; there are jobs of: {}", tasks.join(", "));
            }
        }
        Ok(match &self.filter {
            Some(filter) => filter_jobs(jobs, filter)?,
            None => jobs,
        })
    }
}
