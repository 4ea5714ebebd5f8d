//! Which jobs a command acts on, and how it tells what it would do.

use clap::{ArgGroup, Args};
use serde_json::{Value as Json, json};
use xpm_core::state::filter::Filter;
use xpm_core::state::{JobInfo, Snapshot, filter_jobs};

use crate::context::Context;
use crate::filter::FilterText;
use crate::names::full_name;
use crate::output;

/// The jobs that a command acts on.
#[derive(Args)]
#[command(group(ArgGroup::new("which").required(true).multiple(true)))]
pub(crate) struct Targets {
    /// Jobs: the first digits of their identities, or TASK/DIGITS
    #[arg(group = "which")]
    jobs: Vec<String>,
    /// Jobs for which this holds, for instance 'state = failed and k1 > 0.9'; see docs/filter.md
    #[arg(long, short, group = "which", value_name = "FILTER", value_parser = FilterText)]
    filter: Option<Filter>,
    /// Jobs that a run of this experiment refers to
    #[arg(long, short, group = "which", value_name = "EXPERIMENT")]
    experiment: Option<String>,
    /// Do it; without, only what would be done is shown
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl Targets {
    /// Whether jobs are named one by one.
    pub(crate) fn names_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// The jobs: those that are named, or those of the experiment, for which the filter holds.
    pub(crate) fn find(&self, snapshot: &Snapshot) -> anyhow::Result<Found> {
        let mut jobs = Vec::new();
        if !self.jobs.is_empty() {
            for text in &self.jobs {
                let job = snapshot.job(text)?;
                if !jobs.iter().any(|known: &JobInfo| known.key() == job.key()) {
                    jobs.push(job);
                }
            }
        } else if let Some(id) = &self.experiment {
            jobs = snapshot.experiment(id)?.jobs();
        } else {
            jobs = snapshot.jobs();
        }
        let mut left_out = Vec::new();
        if let Some(id) = self.experiment.as_ref().filter(|_| self.names_jobs()) {
            let of = snapshot.experiment(id)?.jobs();
            let without: Vec<JobInfo> = jobs.extract_if(.., |job| !is_among(job, &of)).collect();
            let why = format!("no run of `{id}` that is kept refers to it");
            left_out.extend(without.into_iter().map(|job| (job, why.clone())));
        }
        if let Some(filter) = &self.filter {
            let asked = if self.names_jobs() { jobs.clone() } else { Vec::new() };
            jobs = filter_jobs(jobs, filter)?;
            let without = asked.into_iter().filter(|job| !is_among(job, &jobs));
            left_out.extend(without.map(|job| (job, "the filter does not hold for it".to_owned())));
        }
        Ok(Found { jobs, left_out })
    }
}

/// The jobs that a command acts on.
pub(crate) struct Found {
    pub(crate) jobs: Vec<JobInfo>,
    /// Those that were named and are not among them, and why.
    pub(crate) left_out: Vec<(JobInfo, String)>,
}

fn is_among(job: &JobInfo, jobs: &[JobInfo]) -> bool {
    jobs.iter().any(|other| other.key() == job.key())
}

/// What came of each job, or would.
#[derive(Default)]
pub(crate) struct Account {
    lines: Vec<String>,
    json: Vec<Json>,
    done: usize,
    refused: usize,
}

impl Account {
    /// Begins with the jobs that were named and are left out.
    pub(crate) fn of(left_out: &[(JobInfo, String)]) -> Self {
        let mut account = Self::default();
        left_out.iter().for_each(|(job, why)| account.refused(job, why));
        account
    }

    pub(crate) fn done(&mut self, job: &JobInfo, what: &str) {
        self.done += 1;
        self.lines.push(format!("{}  {what}", job.key()));
        self.json.push(json!({"job": full_name(job), "ok": true, "message": what}));
    }

    pub(crate) fn refused(&mut self, job: &JobInfo, why: &str) {
        self.refused += 1;
        self.lines.push(format!("{}  not: {}", job.key(), output::clean(why)));
        self.json.push(json!({"job": full_name(job), "ok": false, "message": why}));
    }

    /// Tells all of it. `would` and `did` are what is done, with `{}` for the jobs; the code is 1 if something was refused.
    pub(crate) fn tell(
        self,
        context: &Context,
        would: &str,
        did: &str,
        acted: bool,
    ) -> anyhow::Result<std::process::ExitCode> {
        if context.json {
            output::json(&json!({"dry": !acted, "done": self.done, "refused": self.refused, "jobs": self.json}))?;
        } else {
            let mut text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
            let filled = |text: &str| text.replace("{}", &output::count(self.done, "job"));
            text.push_str(&match (self.done, acted) {
                (0, _) => "nothing to do\n".to_owned(),
                (_, true) => format!("{}\n", filled(did)),
                (_, false) => format!("would {}; nothing is done without --yes\n", filled(would)),
            });
            output::page(context, &text)?;
        }
        Ok(if self.refused > 0 { crate::exit::FAILED.into() } else { std::process::ExitCode::SUCCESS })
    }
}
