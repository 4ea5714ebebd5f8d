//! One argument of an argument struct.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;

use crate::schema::ArgSchema;
use crate::value::{Slot, Value};

/// An argument of type `T`: its value, or what will be its value, and where the plan set it.
///
/// The fields of an argument struct have this type. Anything that can be given to a setter becomes one with
/// [`into_arg`](crate::IntoArg::into_arg):
///
/// ```
/// use xpm_core::{Arg, IntoArg, tag};
/// let depth: Arg<usize> = 100.into_arg();
/// let rate: Arg<f64> = tag(0.1).into_arg();
/// assert_eq!(depth.to_string(), "100");
/// ```
pub struct Arg<T> {
    slot: Slot,
    /// It stands for a flag that was not given, of an optional argument: `None` where a value is expected.
    absent: bool,
    ty: PhantomData<fn() -> T>,
}

impl<T> Arg<T> {
    /// An argument with this value, set by the caller.
    #[track_caller]
    pub fn of(value: Value) -> Self {
        Self { slot: Slot { value, set_at: Some(Location::caller()) }, absent: false, ty: PhantomData }
    }

    /// The argument as it is when nobody has set it.
    pub fn initial(schema: &ArgSchema) -> Self {
        Self::from_slot(Slot::unset(schema.initial()))
    }

    /// The argument with this value.
    pub fn from_slot(slot: Slot) -> Self {
        Self { slot, absent: false, ty: PhantomData }
    }

    /// What stands for an optional argument that is not given, also where its setter takes a value; `otherwise` is said where
    /// the argument needs one.
    #[cfg(feature = "cli")]
    #[track_caller]
    pub(crate) fn absent(otherwise: impl FnOnce() -> String) -> Self {
        let ty = std::any::type_name::<T>();
        let ty = ty.strip_prefix(concat!(env!("CARGO_CRATE_NAME"), "::config::json::Json<")).unwrap_or(ty);
        let value = match ty.starts_with("core::option::Option<") || ty == "()" {
            true => Value::Nothing,
            false => Value::Refused(otherwise().into()),
        };
        Self { absent: true, ..Self::of(value) }
    }

    /// Whether it stands for an optional argument that is not given.
    pub(super) fn is_absent(&self) -> bool {
        self.absent
    }

    /// Remembers where it was set.
    #[must_use]
    pub fn set_at(mut self, place: &'static Location<'static>) -> Self {
        self.slot.set_at = Some(place);
        self
    }

    /// The value, as everything but the type system sees it.
    pub fn value(&self) -> &Value {
        &self.slot.value
    }

    /// The value and where it was set.
    pub fn slot(&self) -> &Slot {
        &self.slot
    }

    /// The value and where it was set.
    pub fn into_slot(self) -> Slot {
        self.slot
    }

    /// An argument of another type with the same value.
    pub(crate) fn cast<U>(self) -> Arg<U> {
        Arg { slot: self.slot, absent: self.absent, ty: PhantomData }
    }
}

impl<T> Clone for Arg<T> {
    fn clone(&self) -> Self {
        Self { slot: self.slot.clone(), absent: self.absent, ty: PhantomData }
    }
}

impl<T> fmt::Display for Arg<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.slot.value.fmt(f)
    }
}

impl<T> fmt::Debug for Arg<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.slot.value.fmt(f)
    }
}
