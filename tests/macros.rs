//! What `#[config]`, `#[task]` and `#[xpm::main]` make of items that are right; `compile_fail.rs` has the others.

#![allow(
    missing_docs,
    dead_code,
    missing_debug_implementations,
    unreachable_pub,
    reason = "the items of these tests are examples"
)]

#[path = "macros/argument_types.rs"]
mod argument_types;
#[path = "macros/attributes.rs"]
mod attributes;
#[path = "macros/conversions.rs"]
mod conversions;
#[path = "macros/families.rs"]
mod families;
#[path = "macros/hostile.rs"]
mod hostile;
#[path = "macros/identity.rs"]
mod identity;
#[path = "macros/main_fn.rs"]
mod main_fn;
#[path = "macros/names.rs"]
mod names;
#[path = "macros/reading.rs"]
mod reading;
#[path = "macros/schema.rs"]
mod schema;
#[path = "macros/setters.rs"]
mod setters;
#[path = "macros/visibility.rs"]
mod visibility;
