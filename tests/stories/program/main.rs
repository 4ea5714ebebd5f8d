//! The program of the stories: written like a user's, run by `tests/stories.rs` as a process.
//!
//! `story SCENARIO WORKDIR CONTROL [ARGUMENT…]`. CONTROL is a folder outside of the workspace where the test and the
//! tasks meet; see [`steps::Control`].

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program, not a library")]
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, reason = "written as users write")]
#![allow(clippy::exit, reason = "some tasks end their process")]

mod async_plans;
mod bad_jobs;
mod external;
mod gpus;
mod limits;
mod live;
mod logs;
mod needs;
mod partial;
mod plans;
mod react;
mod reads;
mod repeats;
mod retried;
mod runs;
mod sizes;
mod steps;
mod submit_errors;
mod terminal;
mod together;
mod transient;
mod watched;

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;

use steps::{Control, ControlConfig};
use xpm::prelude::*;

/// What the test asks for.
pub struct Call {
    pub workdir: PathBuf,
    pub control: PathBuf,
    pub rest: Vec<OsString>,
}

impl Call {
    pub fn texts(&self) -> Vec<&str> {
        self.rest.iter().map(|argument| argument.to_str().expect("these arguments are text")).collect()
    }

    pub fn number(&self, index: usize) -> usize {
        self.texts()[index].parse().expect("this argument is a number")
    }

    pub fn control(&self) -> ControlConfig {
        Control::config().folder(&*self.control).build()
    }

    pub fn run(&self, cpus: usize, plan: impl FnOnce(&Experiment) -> xpm::Result<()>) -> xpm::Result<()> {
        let cpus = NonZeroU32::new(u32::try_from(cpus)?).expect("some CPUs");
        xpm::experiment(&self.workdir, "story").cpus(cpus).run(plan)
    }
}

#[xpm::main]
fn main() -> xpm::Result<()> {
    let mut args = std::env::args_os().skip(1);
    let mut next = || args.next().ok_or_else(|| xpm::Error::msg("usage: story SCENARIO WORKDIR CONTROL [ARGUMENT…]"));
    let (scenario, workdir, control) = (next()?, next()?.into(), next()?.into());
    let call = Call { workdir, control, rest: args.collect() };
    match scenario.to_str().unwrap_or_default() {
        "steps" => steps::steps(&call),
        "once" => steps::once(&call),
        "depends" => plans::depends(&call),
        "typed" => plans::typed(&call),
        "handles" => plans::handles(&call),
        "run-error" => plans::run_error(&call),
        "plan-error" => plans::plan_error(&call),
        "plan-error-early" => plans::plan_error_early(&call),
        "alone" => plans::alone(&call),
        "plan-panic" => plans::plan_panic(&call),
        "parallel" => plans::parallel(&call),
        "bytes" => plans::bytes(&call),
        "id" => plans::id(&call),
        "limits" => limits::limits(&call),
        "bad" => bad_jobs::bad(&call),
        "fill" => bad_jobs::fill(&call),
        "bad-output" => bad_jobs::bad_output(&call),
        "second-time" => runs::second_time(&call),
        "logs" => logs::logs(&call),
        "keep" => runs::keep(&call),
        "load" => runs::load(&call),
        "mode" => runs::mode(&call),
        "port" => runs::port(&call),
        "fraction" => runs::fraction(&call),
        "size" => sizes::size(&call),
        "program" => external::how(&call),
        "program-arguments" => external::arguments(&call),
        "program-tells" => external::tells(&call),
        "program-cannot-start" => external::cannot_start(&call),
        "terminal" => terminal::terminal(&call),
        "live" => live::live(&call),
        "async" => async_plans::async_plan(&call),
        "react" => react::react(&call),
        "together" => together::together(&call),
        "gpus" => gpus::gpus(&call),
        "retried" => retried::retried(&call),
        "measured" => reads::measured(&call),
        "reads" => reads::reads(&call),
        "emitted" => reads::emitted(&call),
        "repeats" => repeats::repeats(&call),
        "needs" => needs::needs(&call),
        "token" => needs::token(&call),
        "token-relay" => needs::token_relay(&call),
        "partial" => partial::partial(&call),
        "transient" => transient::transient(&call),
        "burns" => watched::burns(&call),
        "seeded" => watched::seeded(&call),
        "writes" => watched::writes(&call),
        "counts" => watched::counts(&call),
        "refused" => submit_errors::refused(&call),
        other => Err(xpm::Error::msg(format!("there is no scenario `{other}`"))),
    }
}
