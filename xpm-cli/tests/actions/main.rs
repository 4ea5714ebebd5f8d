//! What the commands that look at and act on jobs do to a workspace that a real plan makes. Only a program whose `main` is
//! marked can run jobs, so this is a test binary with a harness of its own.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, reason = "tests")]

mod acting;
mod careful;
mod documented;
mod hostile;
mod looking;
mod plan;
mod retrying;
mod told;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

const TESTS: &[(&str, fn())] = &[
    ("lists_and_shows", looking::lists_and_shows),
    ("follows_a_log_to_the_end", looking::follows_a_log_to_the_end),
    ("wrong_ways", looking::wrong_ways),
    ("json_is_as_documented", documented::json_is_as_documented),
    ("states_are_one_set_of_words", documented::states_are_one_set_of_words),
    ("says_what_shells_complete", looking::says_what_shells_complete),
    ("clean_leaves_what_runs_alone", acting::clean_leaves_what_runs_alone),
    ("kill_stops_the_one_process", acting::kill_stops_the_one_process),
    ("a_killed_job_is_not_tried_again_by_its_run", acting::a_killed_job_is_not_tried_again_by_its_run),
    ("orphans_are_what_no_run_refers_to", acting::orphans_are_what_no_run_refers_to),
    ("doctor_finds_and_mends", acting::doctor_finds_and_mends),
    ("orphans_of_a_driver_that_was_killed", careful::orphans_of_a_driver_that_was_killed),
    ("jobs_that_a_killed_driver_did_not_come_to_are_told", careful::jobs_that_a_killed_driver_did_not_come_to_are_told),
    ("orphans_that_cannot_be_told", careful::orphans_that_cannot_be_told),
    ("clean_leaves_what_is_read_alone", careful::clean_leaves_what_is_read_alone),
    ("clean_leaves_what_waits_alone", careful::clean_leaves_what_waits_alone),
    ("a_path_names_a_job_of_its_workspace", careful::a_path_names_a_job_of_its_workspace),
    ("other_folders_are_no_runs", careful::other_folders_are_no_runs),
    ("kill_says_what_it_may_not_stop", careful::kill_says_what_it_may_not_stop),
    ("paths_that_are_no_unicode", careful::paths_that_are_no_unicode),
    ("why_without_arguments", careful::why_without_arguments),
    ("a_wrong_command_line_as_json", careful::a_wrong_command_line_as_json),
    ("arguments_of_what_was_never_started", careful::arguments_of_what_was_never_started),
    ("tokens_of_what_could_start", careful::tokens_of_what_could_start),
    ("nothing_that_jobs_say_steers_the_terminal", careful::nothing_that_jobs_say_steers_the_terminal),
    ("hostile_names_are_shown_harmless_and_apart", hostile::names_are_shown_harmless_and_apart),
    ("hostile_names_are_raw_for_programs", hostile::names_are_raw_for_programs),
    ("jobs_that_were_named_and_are_left_out", told::jobs_that_were_named_and_are_left_out),
    ("clean_refuses_the_same_without_yes", told::clean_refuses_the_same_without_yes),
    ("runs_by_the_beginning_of_their_ids", told::runs_by_the_beginning_of_their_ids),
    ("a_failure_of_several_lines", told::a_failure_of_several_lines),
    ("one_of_something", told::one_of_something),
    ("retry_runs_what_failed", retrying::runs_what_failed),
    ("retry_of_a_chain", retrying::of_a_chain),
    ("retry_that_fails_again", retrying::that_fails_again),
    ("retry_waits_for_a_token", retrying::waits_for_a_token),
    ("retry_by_two_at_once", retrying::by_two_at_once),
    ("retry_with_the_program_of_before", retrying::with_the_program_of_before),
    ("retry_with_another_program", retrying::with_another_program),
    ("retry_refuses_what_it_cannot_run", retrying::refuses_what_it_cannot_run),
    ("retry_killed_and_again", retrying::killed_and_again),
    ("retry_interrupted", retrying::interrupted),
    ("retry_of_a_resumable_job", retrying::of_a_resumable_job),
    ("retry_of_a_script", retrying::of_a_script),
];

#[xpm::main]
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [command, workdir, control, steps @ ..] = args.as_slice()
        && command == "make"
    {
        return match plan::make(workdir.as_ref(), control.as_ref(), steps) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
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
