//! What can be given where an argument of a type is expected.
//!
//! A conversion trait with a marker parameter: for each type that is given and each type that is expected exactly one
//! implementation applies, so both number literals and markers are inferred. Containers convert item by item and have
//! no implementation of their own, which is what keeps it unambiguous; they are told in `into_arg/containers.rs`.

mod containers;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::containers::some;
use super::scalars::path_value;
use super::traits::{Is, Phantom, Usable};
use super::{
    Arg, Argument, ConfigType, Family, Json, MemberOf, NotOption, Plain, Pointee, StopTags, Symbolic, Tagged,
    json_value,
};
use crate::value::Value;

/// What can be given as an argument of type `T`. `Marker` is inferred and says nothing to users.
///
/// Values, `tag(value)`, `&config`, `config`, complete builders, `&job`, promises and files of jobs, and arrays,
/// vectors, sets, maps and tuples of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given where an argument of type `{T}` is expected",
    label = "expected `{T}`, or what stands for one",
    note = "given are: a value, `tag(value)`, a configuration or a reference to one, a builder with every required argument set (its `.build()` names what is missing), and arrays and vectors of these",
    note = "a task is submitted first, `let job = ….submit(xp)?;`, and its job is given: `&job` for the task, `job.promise()` for its output, `job.file(\"…\")` for a file",
    note = "for `Box<dyn Family>`, a type with `#[config] impl Family for …` is given; for an `Option`, the setter takes the value itself and `maybe_…` the `Option`"
)]
pub trait IntoArg<T, Marker> {
    /// The argument.
    #[track_caller]
    fn into_arg(self) -> Arg<T>;
}

macro_rules! markers {
    ($($(#[$doc:meta])* $name:ident $(<$m:ident>)?),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name $(<$m>(Phantom<$m>))?;
    )*};
}
markers! {
    /// A value as it is.
    ByValue,
    /// A reference to a value.
    ByReference,
    /// What stands for a configuration.
    ByConfig,
    /// A member of an open family, by value.
    ByMember,
    /// What stands for a member of an open family.
    ByMemberConfig,
    /// A text or a path in one of its other forms.
    ByText,
    /// An argument that is one already.
    ByArg,
    /// What is marked by `tag`.
    ByTag<M>,
    /// What is marked by `stop_tags`.
    ByStop<M>,
    /// Item by item.
    ByItem<M>,
    /// Item by item, each by reference.
    ByItemRef<M>,
    /// What a pointer points to.
    ByPointee<M>,
}

#[diagnostic::do_not_recommend]
impl<T: Plain> IntoArg<T, ByValue> for T {
    #[track_caller]
    fn into_arg(self) -> Arg<T> {
        Arg::of(self.to_value())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Plain> IntoArg<T, ByReference> for &T {
    fn into_arg(self) -> Arg<T> {
        Arg::of(self.to_value())
    }
}

impl<T, X: Symbolic> IntoArg<T, ByConfig> for X
where
    X::Target: Is<T>,
    X::Form: Usable<T>,
{
    fn into_arg(self) -> Arg<T> {
        Arg::of(self.into_config_value())
    }
}

#[diagnostic::do_not_recommend]
impl<T> IntoArg<T, ByArg> for Arg<T> {
    fn into_arg(self) -> Arg<T> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T> IntoArg<T, ByReference> for &Arg<T> {
    fn into_arg(self) -> Arg<T> {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<T, M, X: IntoArg<T, M>> IntoArg<T, ByTag<M>> for Tagged<X> {
    fn into_arg(self) -> Arg<T> {
        Arg::of(Value::Tagged(Arc::new(value_of(self.0))))
    }
}

#[diagnostic::do_not_recommend]
impl<T, M, X: IntoArg<T, M>> IntoArg<T, ByStop<M>> for StopTags<X> {
    fn into_arg(self) -> Arg<T> {
        Arg::of(Value::TagsStopped(Arc::new(value_of(self.0))))
    }
}

/// What `given` becomes as an argument of type `T`.
fn value_of<T, M>(given: impl IntoArg<T, M>) -> Value {
    given.into_arg().into_slot().value
}

// Text and paths.

#[diagnostic::do_not_recommend]
impl IntoArg<String, ByText> for &str {
    fn into_arg(self) -> Arg<String> {
        Arg::of(Value::Str(self.into()))
    }
}

macro_rules! into_path {
    ($($from:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoArg<PathBuf, ByText> for $from {
            fn into_arg(self) -> Arg<PathBuf> {
                Arg::of(path_value(self.as_ref()))
            }
        }
    )*};
}
into_path!(&str, String, &String, &Path);

// Options.

#[diagnostic::do_not_recommend]
impl<T: Argument + NotOption> IntoArg<Option<T>, ByValue> for Option<T> {
    fn into_arg(self) -> Arg<Option<T>> {
        Arg::of(self.to_value())
    }
}

#[diagnostic::do_not_recommend]
impl<T: ConfigType, X: Symbolic<Target = T>> IntoArg<Option<T>, ByConfig> for Option<X>
where
    X::Form: Usable<T>,
{
    fn into_arg(self) -> Arg<Option<T>> {
        Arg::of(self.map_or(Value::Nothing, Symbolic::into_config_value))
    }
}

impl<T> Arg<Option<T>> {
    /// An optional argument that is given. What the setter of an optional argument calls.
    pub fn some<M>(given: impl IntoArg<T, M>) -> Self {
        let given = given.into_arg();
        if given.is_absent() { Arg::of(Value::Nothing) } else { Arg::of(some(given.into_slot().value)) }
    }
}

// Pointers and open families.

macro_rules! into_pointee {
    ($pointer:ident: $($marker:ty $(, $m:ident)?);*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Argument, X: IntoArg<T, $marker> $(, $m)?> IntoArg<$pointer<T>, ByPointee<$marker>> for X {
            fn into_arg(self) -> Arg<$pointer<T>> {
                self.into_arg().cast()
            }
        }
    )*};
}

macro_rules! into_pointer {
    ($($pointer:ident),*) => {$(
        // One for each way but marks: a mark goes around what is given for the pointer, never inside.
        into_pointee!($pointer: ByValue; ByReference; ByConfig; ByText; ByItem<M>, M; ByItemRef<M>, M; ByPointee<M>, M);

        #[diagnostic::do_not_recommend]
        impl<T: Pointee + ?Sized> IntoArg<$pointer<T>, ByArg> for $pointer<T> {
            fn into_arg(self) -> Arg<$pointer<T>> {
                Arg::of((*self).pointee_value())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F: Family + ?Sized, X: Symbolic> IntoArg<$pointer<F>, ByMemberConfig> for X
        where
            X::Form: Usable<X::Target>,
            X::Target: MemberOf<F>,
        {
            fn into_arg(self) -> Arg<$pointer<F>> {
                Arg::of(self.into_config_value())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F: Family + ?Sized, X: MemberOf<F>> IntoArg<$pointer<F>, ByMember> for X {
            fn into_arg(self) -> Arg<$pointer<F>> {
                Arg::of(self.to_value())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F: Family + ?Sized, X: Symbolic> IntoArg<Option<$pointer<F>>, ByMemberConfig> for Option<X>
        where
            X::Form: Usable<X::Target>,
            X::Target: MemberOf<F>,
        {
            fn into_arg(self) -> Arg<Option<$pointer<F>>> {
                Arg::of(self.map_or(Value::Nothing, Symbolic::into_config_value))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F: Family + ?Sized, X: MemberOf<F>> IntoArg<Option<$pointer<F>>, ByMember> for Option<X> {
            fn into_arg(self) -> Arg<Option<$pointer<F>>> {
                Arg::of(self.map_or(Value::Nothing, |member| member.to_value()))
            }
        }
    )*};
}
into_pointer!(Box, Arc);

// JSON.

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> IntoArg<Json<T>, ByValue> for T {
    fn into_arg(self) -> Arg<Json<T>> {
        Arg::of(json_value(&self))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> IntoArg<Json<T>, ByReference> for &T {
    fn into_arg(self) -> Arg<Json<T>> {
        Arg::of(json_value(self))
    }
}

#[diagnostic::do_not_recommend]
impl IntoArg<Json<String>, ByText> for &str {
    fn into_arg(self) -> Arg<Json<String>> {
        Arg::of(json_value(&self))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> IntoArg<Option<Json<T>>, ByValue> for Option<T> {
    fn into_arg(self) -> Arg<Option<Json<T>>> {
        Arg::of(self.map_or(Value::Nothing, |value| some(json_value(&value))))
    }
}
