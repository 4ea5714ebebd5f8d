//! Never run twice, never lost: driver and jobs are killed at every fault point and at random, every step fails in turn,
//! and what else can go wrong. The program is `faults/program.rs`, the tasks of which notice when they run twice.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "tests")]
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

#[path = "faults/checks.rs"]
mod checks;
#[path = "faults/fork_server.rs"]
mod fork_server;
#[path = "faults/graph.rs"]
mod graph;
#[path = "faults/hard.rs"]
mod hard;
#[path = "faults/harness.rs"]
mod harness;
#[path = "faults/left.rs"]
mod left;
#[path = "faults/machine.rs"]
mod machine;
#[path = "faults/no_files.rs"]
mod no_files;
#[path = "faults/random.rs"]
mod random;
#[path = "faults/signals.rs"]
mod signals;
#[path = "faults/storm.rs"]
mod storm;
#[path = "faults/walk.rs"]
mod walk;
