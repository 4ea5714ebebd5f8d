//! What a type needs in order to be the type of an argument.

use super::{ReadError, Reader};
use crate::schema::Type;
use crate::value::Value;

/// A type that an argument may have: scalars, containers, configurations, families, tasks, and `Box` and `Arc` of these.
///
/// Implemented by `#[config]` and `#[task]`; there is no need to implement it by hand: a type of another kind is an
/// argument with `#[param(json)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an argument",
    label = "not an argument type",
    note = "add `#[config]` to the definition of `{Self}` (for `Box<dyn Trait>`, to that of the trait), or `#[param(json)]` to this argument if `{Self}` is a serde type"
)]
pub trait Argument: Sized + 'static {
    /// The type as data.
    fn ty() -> Type;

    /// The value as data.
    fn to_value(&self) -> Value;

    /// Reads the value back.
    ///
    /// # Errors
    /// If `value` is none of this type, or refers to a job whose files cannot be read.
    fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError>;
}

/// A type whose values are given to an argument as they are: scalars, configurations and closed families. Not tasks:
/// these are submitted, and the job is given.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given by value",
    note = "a task is submitted first: `let job = ….submit(xp)?`, then `&job` is given"
)]
pub trait Plain: Argument {}

/// A type whose values are read back from what a job has returned, which is JSON: what `job.promise()` is given to without
/// `#[param(json)]`.
#[diagnostic::on_unimplemented(
    message = "what a job will return cannot be given to an argument of type `{Self}`",
    label = "not read back from JSON",
    note = "a promise is given to arguments that are numbers, texts, booleans, durations and paths, and with `#[param(json)]` to one of any serde type"
)]
pub trait Promised: Plain {}

/// A type that is no `Option`: an option of an option is refused, since `Some(None)` and `None` would be one identity.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be the type of an argument",
    label = "`{Self}` is no argument type, or it is an `Option` already",
    note = "`Some(None)` and `None` cannot be told apart in an identity: an argument that is optional twice is an enum with `#[config]`"
)]
pub trait NotOption {}

/// Tells an `Option` by whatever name its type is written: `Named::<T>::IS_OPTION`, where `T` is no type parameter. For an
/// `Option` this is its own constant, which goes before that of [`NoOption`]. Used by generated code.
#[derive(Debug)]
pub struct Named<T>(std::marker::PhantomData<fn() -> T>);

impl<T> Named<Option<T>> {
    /// It is one.
    pub const IS_OPTION: bool = true;
}

/// What [`Named`] says of other types.
pub trait NoOption {
    /// It is none.
    const IS_OPTION: bool = false;
}

impl<T> NoOption for Named<T> {}

/// The value of a default, given as anything that can be given as an argument of type `T`. Called by generated code.
pub fn default_value<T, M>(given: impl super::IntoArg<T, M>) -> Value {
    given.into_arg().into_slot().value
}

/// What a `validate` function returned, whatever its error type. Called by generated code.
///
/// # Errors
/// The function's.
pub fn validated<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    result: Result<(), E>,
) -> Result<(), anyhow::Error> {
    result.map_err(|error| anyhow::Error::from_boxed(error.into()))
}
