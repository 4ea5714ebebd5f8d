//! Whether a conversion has left a value as it was.

use crate::identity;
use crate::value::Value;

/// Whether both are the same value, paths included, which are in no identity.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one.unmarked(), other.unmarked()) {
        (Value::Path(a), Value::Path(b)) => a == b,
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Config(a), Value::Config(b)) => {
            std::ptr::eq(a.schema(), b.schema())
                && a.variant() == b.variant()
                && a.slots().iter().zip(b.slots()).all(|(a, b)| same(&a.value, &b.value))
        }
        (a, b) => identity::encoded(a).is_ok_and(|a| identity::encoded(b).is_ok_and(|b| a == b)),
    }
}
