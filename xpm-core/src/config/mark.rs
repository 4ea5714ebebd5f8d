//! Marks that a plan puts on values: tags, and where they stop.

/// A value whose argument becomes a tag. Made by [`tag`].
#[derive(Clone, Copy, Debug)]
pub struct Tagged<X>(pub(crate) X);

/// Marks a value: the argument that it is given to becomes a tag of the configuration, named after the argument.
/// Tags are not in the identity.
///
/// ```
/// use xpm_core::{Arg, IntoArg, tag};
/// let rate: Arg<f64> = tag(0.1).into_arg();
/// assert_eq!(rate.to_string(), "0.1");
/// ```
pub fn tag<X>(value: X) -> Tagged<X> {
    Tagged(value)
}

/// A value whose tags stay its own. Made by [`stop_tags`].
#[derive(Clone, Copy, Debug)]
pub struct StopTags<X>(pub(crate) X);

/// Keeps the tags of a configuration, and of everything below it, from what it is given to.
///
/// ```
/// use xpm_core::{Arg, IntoArg, stop_tags, tag};
/// let rate: Arg<f64> = stop_tags(tag(0.1)).into_arg();
/// assert_eq!(rate.to_string(), "0.1");
/// ```
pub fn stop_tags<X>(value: X) -> StopTags<X> {
    StopTags(value)
}
