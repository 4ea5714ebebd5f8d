//! The table of cases of the specification, a test for each row. Rows 27 to 34 are about jobs and stand in `jobs.rs`, row
//! 37 in `refused.rs`.

mod arguments;
mod containers;
mod defaults;
mod scalars;
mod types;
