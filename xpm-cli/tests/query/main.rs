//! What `xpm results`, `plot`, `diff`, `why` and filters say of a workspace that a real plan has made. Only a program whose
//! `main` is marked can run jobs, so this is a test binary with a harness of its own.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "tests")]

mod kinds;
mod plan;
mod plot;
mod results;
mod why;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

const TESTS: &[(&str, fn())] = &[
    ("results_show_tags_what_varies_and_what_came_out", results::shows_tags_what_varies_and_what_came_out),
    ("results_in_every_form", results::in_every_form),
    #[cfg(feature = "parquet")]
    ("results_in_parquet", results::in_parquet),
    ("results_over_seeds", results::over_seeds),
    ("results_picked_sorted_filtered", results::picked_sorted_filtered),
    ("results_of_what_is_not_there", results::of_what_is_not_there),
    ("filters_of_jobs", results::filters_of_jobs),
    ("kinds_in_filters", kinds::filters_see_what_they_are),
    ("kinds_in_tables", kinds::tables_show_them_once),
    ("kinds_in_plots", kinds::plots_leave_out_what_no_axis_has),
    ("plot_of_a_column", plot::of_a_column),
    ("plot_of_names_and_of_steps", plot::of_names_and_of_steps),
    ("plot_of_what_is_not_there", plot::of_what_is_not_there),
    ("diff_side_by_side", why::side_by_side),
    ("why_it_ran", why::why_it_ran),
];

#[xpm::main]
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [command, workdir, rest @ ..] = args.as_slice()
        && command == "make"
    {
        plan::make(std::path::Path::new(workdir), &rest.join(" "));
        return ExitCode::SUCCESS;
    }
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
