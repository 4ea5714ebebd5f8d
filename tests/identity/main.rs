//! The identity, held to docs/identity.md: its table of cases, golden vectors of a second implementation, laws that
//! random values obey, its size and depth, its explanation and its refusals.
//!
//! Many types here share an id on purpose, so that two declarations can be compared. A registry would refuse them: no
//! test of this binary runs an experiment. What needs jobs is in `jobs.rs`, a binary of its own.

/// The identity of a configuration `golden.x` with the one argument `x` of this type and value.
macro_rules! one {
    ($ty:ty, $value:expr) => {{
        #[config(id = "golden.x")]
        struct X {
            x: $ty,
        }
        X::config().x($value).identity()
    }};
}

mod cases;
mod compare;
mod explain;
mod golden;
mod partial;
mod properties;
mod refused;
mod scale;
