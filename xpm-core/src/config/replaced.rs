//! Types that others have taken the place of: what `deprecated = NewType` registers.

use std::fmt;
use std::sync::Arc;

use super::{ConfigType, Plain, ReadError, Reader};
use crate::schema::TypeSchema;
use crate::value::Node;

/// A deprecated type, and how its values become those of the type in its place.
pub struct Replaced {
    /// The deprecated type.
    pub schema: fn() -> &'static TypeSchema,
    /// The type in its place.
    pub by: fn() -> &'static TypeSchema,
    /// The conversion.
    pub convert: Convert,
}

/// Reads a deprecated configuration and converts it.
pub type Convert = fn(&Arc<Node>, &mut Reader<'_>) -> Result<Converted, ReadError>;

/// What a conversion has made. Both are plain: what referred to a job holds the value that was read for it.
#[derive(Debug)]
pub struct Converted {
    /// The deprecated configuration as it was read.
    pub before: Arc<Node>,
    /// What it has become.
    pub after: Arc<Node>,
}

/// What takes the place of a deprecated type `O`.
#[diagnostic::on_unimplemented(
    message = "`{O}` is deprecated for `{Self}`, and there is no `impl From<{O}> for {Self}`",
    label = "finished jobs of `{O}` cannot be found as this",
    note = "write `impl From<{O}> for {Self} {{ fn from(old: {O}) -> Self {{ … }} }}`"
)]
pub trait MadeFrom<O> {
    /// The conversion.
    fn made_from(old: O) -> Self;
}

#[diagnostic::do_not_recommend]
impl<O, N: From<O>> MadeFrom<O> for N {
    fn made_from(old: O) -> Self {
        N::from(old)
    }
}

/// What can take the place of a configuration: another one, or a closed family.
#[diagnostic::on_unimplemented(
    message = "a configuration cannot become the task `{Self}`",
    label = "`{Self}` is a task",
    note = "`#[config(deprecated = …)]` names a configuration, `#[task(deprecated = …)]` a task"
)]
pub trait NoTask {}

#[diagnostic::do_not_recommend]
impl<T: Plain> NoTask for T {}

impl Replaced {
    /// A configuration or closed family `O` that `N` has taken the place of.
    pub const fn of_config<O: ConfigType, N: ConfigType + NoTask + MadeFrom<O>>() -> Self {
        Self::of::<O, N>()
    }

    pub(crate) const fn of<O: ConfigType, N: ConfigType + MadeFrom<O>>() -> Self {
        let convert: Convert = |node, reader| {
            let old = reader.config::<O>(node)?;
            let before = old.to_node();
            Ok(Converted { before, after: N::made_from(old).to_node() })
        };
        Self { schema: O::schema, by: N::schema, convert }
    }
}

impl fmt::Debug for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", (self.schema)().id(), (self.by)().id())
    }
}

inventory::collect!(Replaced);
