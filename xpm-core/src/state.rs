//! The read model of a workspace: what its files say, made for tables, filters and monitors. It never writes to a job,
//! and does not know who shows it.

pub mod filter;
pub mod near;
