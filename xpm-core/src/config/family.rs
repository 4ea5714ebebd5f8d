//! Open families: traits whose implementors are configurations, behind `Box<dyn _>` and `Arc<dyn _>`.

use std::any::TypeId;

use super::{ConfigType, ReadError, Reader, Registry};
use crate::schema::{FamilyType, Type};
use crate::value::Value;

/// The trait object of an open family. Implemented by `#[config]` on a trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no open family",
    note = "add `#[config]` to the definition of the trait"
)]
pub trait Family: 'static {
    /// The trait's name, for messages and help.
    const NAME: &'static str;
}

/// Every open family has this trait above it: a member can tell its own arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a member of a family: it is no configuration",
    label = "add `#[config]` to the definition of `{Self}`"
)]
pub trait Member {
    /// The member as data.
    fn member_value(&self) -> Value;
}

impl<C: ConfigType> Member for C {
    fn member_value(&self) -> Value {
        self.to_value()
    }
}

/// A configuration that `#[config] impl Family for Self` made a member of the family `F`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no member of the family `{F}`",
    note = "write `#[config] impl … for {Self}`"
)]
pub trait MemberOf<F: ?Sized>: ConfigType {}

/// The type of a family's argument, as data.
pub fn member_ty<F: Family + ?Sized>() -> Type {
    Type::Family(FamilyType { name: F::NAME, id: TypeId::of::<F> })
}

/// Reads a member of the family `F` back. Called by generated code.
///
/// # Errors
/// If the value is no configuration, or one that is no member of the family in this binary.
pub fn read_member<F: Family + ?Sized>(value: &Value, reader: &mut Reader<'_>) -> Result<Box<F>, ReadError> {
    let registry = Registry::get().map_err(|error| ReadError::new(error.to_string()))?;
    reader.located(value, member_ty::<F>, |reader, node| {
        let none = || ReadError::new(format!("{} is no member of the family {}", node.schema().id(), F::NAME));
        let member = registry.member(TypeId::of::<F>(), node.schema()).ok_or_else(none)?;
        (member.read)(node, reader)?.downcast::<Box<F>>().map(|member| *member).map_err(|_| none())
    })
}
