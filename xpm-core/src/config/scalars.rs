//! Scalars as arguments: booleans, integers, floats, text, durations, paths, and nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize as _;

use super::{Argument, NotOption, Plain, Promised, ReadError, Reader};
use crate::schema::Type;
use crate::value::{Value, narrow, widen};

macro_rules! scalar {
    ($type:ty, $ty:expr, |$self_:ident| $to:expr, $($pattern:pat => $read:expr),+ $(,)?) => {
        #[diagnostic::do_not_recommend]
        impl Argument for $type {
            fn ty() -> Type {
                $ty
            }

            fn to_value(&self) -> Value {
                let $self_ = self;
                $to
            }

            fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
                match &*reader.resolved(value)? {
                    $($pattern => $read,)+
                    other => Err(ReadError::mismatch(&Self::ty(), other)),
                }
            }
        }
        impl Plain for $type {}
        impl Promised for $type {}
        impl NotOption for $type {}
    };
}

macro_rules! integers {
    ($($int:ident)*) => {$(
        scalar!($int, Type::Int(stringify!($int)), |it| integer(*it), Value::Int(i) => $int::try_from(*i).map_err(|_| {
            ReadError::new(format!("{i} does not fit into {}", stringify!($int)))
        }));
    )*};
}
integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

/// An integer as a value; only a `u128` can be too large for one.
fn integer(it: impl TryInto<i128> + std::fmt::Display + Copy) -> Value {
    match it.try_into() {
        Ok(i) => Value::Int(i),
        Err(_) => Value::Refused(format!("{it} is larger than the largest integer argument, {}", i128::MAX).into()),
    }
}

scalar!(bool, Type::Bool, |it| Value::Bool(*it), Value::Bool(b) => Ok(*b));
scalar!(f64, Type::Float("f64"), |it| Value::Float(*it), Value::Float(x) => Ok(*x));
scalar!(f32, Type::Float("f32"), |it| Value::Float(widen(*it)), Value::Float(x) => Ok(narrow(*x)));
scalar!(String, Type::Str, |it| Value::Str(it.as_str().into()), Value::Str(s) => Ok(s.to_string()));
scalar!(char, Type::Char, |it| Value::Str(it.to_string().into()), Value::Str(s) => {
    let mut chars = s.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(ReadError::new(format!("expected one character, found {s:?}"))),
    }
});
scalar!(
    Duration, Type::Duration, |it| Value::Duration(*it),
    Value::Duration(d) => Ok(*d),
    // As serde writes it, where a job has returned it.
    Value::Json(json) => Duration::deserialize(&**json).map_err(|error| ReadError::new(error.to_string())),
);
scalar!((), Type::Nothing, |_it| Value::Nothing, Value::Nothing => Ok(()));

#[diagnostic::do_not_recommend]
impl Argument for PathBuf {
    fn ty() -> Type {
        Type::Path
    }

    fn to_value(&self) -> Value {
        path_value(self)
    }

    fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        match value.unmarked() {
            Value::Path(path) => Ok(path.to_path_buf()),
            Value::File(job, path) => Ok(reader.job_folder(job)?.join(path)),
            promise @ Value::Promise(_) => match &*reader.resolved(promise)? {
                Value::Str(path) => Ok(PathBuf::from(&**path)),
                other => Err(ReadError::mismatch(&Type::Path, other)),
            },
            other => Err(ReadError::mismatch(&Type::Path, other)),
        }
    }
}
impl Plain for PathBuf {}
impl Promised for PathBuf {}
impl NotOption for PathBuf {}

pub(super) fn path_value(path: &Path) -> Value {
    Value::Path(path.into())
}
