//! What happens from end to end: a user's program (`stories/program`) as a process, its jobs as processes, real signals,
//! bad input. A module a story; what they share is in `harness`.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests damage files")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests; clippy knows the functions marked `#[test]` only")]

#[path = "stories/async_plans.rs"]
mod async_plans;
#[path = "stories/bad_files.rs"]
mod bad_files;
#[path = "stories/bad_ids.rs"]
mod bad_ids;
#[path = "stories/bad_jobs.rs"]
mod bad_jobs;
#[path = "stories/bad_workdir.rs"]
mod bad_workdir;
#[path = "stories/external.rs"]
mod external;
#[path = "stories/frozen.rs"]
mod frozen;
#[path = "stories/gpus.rs"]
mod gpus;
#[path = "stories/harness.rs"]
mod harness;
#[path = "stories/history.rs"]
mod history;
#[path = "stories/journal.rs"]
mod journal;
#[path = "stories/limits.rs"]
mod limits;
#[path = "stories/live.rs"]
mod live;
#[path = "stories/locks.rs"]
mod locks;
#[path = "stories/logs.rs"]
mod logs;
#[path = "stories/modes.rs"]
mod modes;
#[path = "stories/needs.rs"]
mod needs;
#[path = "stories/partial.rs"]
mod partial;
#[path = "stories/plans.rs"]
mod plans;
#[path = "stories/react.rs"]
mod react;
#[path = "stories/reads.rs"]
mod reads;
#[path = "stories/repeats.rs"]
mod repeats;
#[path = "stories/retried.rs"]
mod retried;
#[path = "stories/sizes.rs"]
mod sizes;
#[path = "stories/submit_errors.rs"]
mod submit_errors;
#[path = "stories/terminal.rs"]
mod terminal;
#[path = "stories/together.rs"]
mod together;
#[path = "stories/transient.rs"]
mod transient;
#[path = "stories/watched.rs"]
mod watched;
