//! The identity where it takes jobs: rows 27 to 34 of the table of cases. Only a program whose `main` is marked can run
//! jobs, so this is a test binary with a harness of its own.

mod compare;
#[path = "jobs/everything.rs"]
mod everything;
#[path = "jobs/rows.rs"]
mod rows;
#[path = "jobs/tasks.rs"]
mod tasks;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use xpm::Experiment;

const TESTS: &[(&str, fn())] = &[
    ("row_27_before_and_after_submit", rows::row_27_before_and_after_submit),
    ("rows_28_and_29_a_task_as_an_argument", rows::rows_28_and_29_a_task_as_an_argument),
    ("row_30_promises", rows::row_30_promises),
    ("row_30_promises_of_paths_and_durations", rows::row_30_promises_of_paths_and_durations),
    ("row_31_files", rows::row_31_files),
    ("row_32_what_a_job_made", rows::row_32_what_a_job_made),
    ("row_33_every_type_reads_back", everything::row_33_every_type_reads_back),
    ("row_33_nothing_reads_back", everything::row_33_nothing_reads_back),
    ("row_33_what_other_jobs_made_reads_back", rows::row_33_what_other_jobs_made_reads_back),
    ("row_34_what_is_no_argument", rows::row_34_what_is_no_argument),
    ("golden_vectors_of_jobs", rows::golden_vectors_of_jobs),
    ("row_33_deep_configurations_read_back", everything::row_33_deep_configurations_read_back),
];

#[xpm::main]
fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(1);
    let tests = TESTS.iter().map(|(name, test)| {
        Trial::test(*name, || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, tests.collect()).exit_code()
}

/// Runs a plan in a workspace.
#[track_caller]
fn run(workdir: &Path, plan: impl FnOnce(&Experiment) -> xpm::Result<()>) {
    let ended = xpm::experiment(workdir, "identity").reporter(xpm::report::Silent).run(plan);
    if let Err(error) = ended {
        panic!("{error:?}");
    }
}

/// Runs a plan in a workspace of its own.
#[track_caller]
fn run_anew(plan: impl FnOnce(&Experiment) -> xpm::Result<()>) {
    let workdir = tempfile::tempdir().expect("a folder");
    run(workdir.path(), plan);
}
