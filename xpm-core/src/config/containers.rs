//! Containers as arguments: options, lists, arrays, sets, maps and tuples of arguments.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use indexmap::{IndexMap, IndexSet};

use super::{Argument, NotOption, ReadError, Reader};
use crate::schema::Type;
use crate::value::Value;

impl<T: Argument + NotOption> Argument for Option<T> {
    fn ty() -> Type {
        Type::Option(Box::new(T::ty()))
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, |item| some(item.to_value()))
    }

    fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        match &*reader.resolved(value)? {
            Value::Nothing => Ok(None),
            _ => T::read(value, reader).map(Some),
        }
    }
}

/// `Some(())` is refused as `Some(None)` is.
pub(super) fn some(value: Value) -> Value {
    match value.unmarked() {
        Value::Nothing => Value::Refused("`Some` of nothing cannot be told from `None`".into()),
        Value::Json(json) if json.is_null() => {
            Value::Refused("it is `null` as JSON, which cannot be told from `None`".into())
        }
        _ => value,
    }
}

fn items(value: &Value, ty: impl Fn() -> Type) -> Result<&[Value], ReadError> {
    match value.unmarked() {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => Ok(items),
        other => Err(ReadError::mismatch(&ty(), other)),
    }
}

fn read_items<T: Argument, C: FromIterator<T>>(
    value: &Value,
    reader: &mut Reader<'_>,
    ty: impl Fn() -> Type,
) -> Result<C, ReadError> {
    let value = reader.resolved(value)?;
    let items = items(&value, ty)?.iter().enumerate();
    items.map(|(i, item)| reader.step(&format!("[{i}]"), |reader| T::read(item, reader))).collect()
}

impl<T: Argument> Argument for Vec<T> {
    fn ty() -> Type {
        Type::List(Box::new(T::ty()))
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }

    fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        read_items(value, reader, Self::ty)
    }
}
impl<T> NotOption for Vec<T> {}

impl<T: Argument, const N: usize> Argument for [T; N] {
    fn ty() -> Type {
        Type::List(Box::new(T::ty()))
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }

    fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let items: Vec<T> = read_items(value, reader, Self::ty)?;
        items.try_into().map_err(|items: Vec<T>| ReadError::new(format!("expected {N} items, found {}", items.len())))
    }
}
impl<T, const N: usize> NotOption for [T; N] {}

macro_rules! sets {
    ($($set:ident<T $(, $s:ident: $hasher:path)?> where T: $($bound:path)|+;)*) => {$(
        impl<T: Argument $(+ $bound)+ $(, $s: $hasher + Default + 'static)?> Argument for $set<T $(, $s)?> {
            fn ty() -> Type {
                Type::Set(Box::new(T::ty()))
            }

            fn to_value(&self) -> Value {
                Value::Set(self.iter().map(T::to_value).collect())
            }

            fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
                read_items(value, reader, Self::ty)
            }
        }
        impl<T $(, $s)?> NotOption for $set<T $(, $s)?> {}
    )*};
}
sets! {
    BTreeSet<T> where T: Ord;
    HashSet<T, S: BuildHasher> where T: Eq | Hash;
    IndexSet<T, S: BuildHasher> where T: Eq | Hash;
}

macro_rules! maps {
    ($($map:ident<K, V $(, $s:ident: $hasher:path)?> where K: $($bound:path)|+;)*) => {$(
        impl<K: Argument $(+ $bound)+, V: Argument $(, $s: $hasher + Default + 'static)?> Argument
            for $map<K, V $(, $s)?>
        {
            fn ty() -> Type {
                Type::Map(Box::new(K::ty()), Box::new(V::ty()))
            }

            fn to_value(&self) -> Value {
                Value::Map(self.iter().map(|(k, v)| (k.to_value(), v.to_value())).collect())
            }

            fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
                let Value::Map(entries) = value.unmarked() else {
                    return Err(ReadError::mismatch(&Self::ty(), value));
                };
                let entry = |(k, v): &(Value, Value)| {
                    reader.step(&format!("[{k}]"), |reader| Ok((K::read(k, reader)?, V::read(v, reader)?)))
                };
                entries.iter().map(entry).collect()
            }
        }
        impl<K, V $(, $s)?> NotOption for $map<K, V $(, $s)?> {}
    )*};
}
maps! {
    BTreeMap<K, V> where K: Ord;
    HashMap<K, V, S: BuildHasher> where K: Eq | Hash;
    IndexMap<K, V, S: BuildHasher> where K: Eq | Hash;
}

macro_rules! tuples {
    ($(($($t:ident $i:tt),+))*) => {$(
        impl<$($t: Argument),+> Argument for ($($t,)+) {
            fn ty() -> Type {
                Type::Tuple(vec![$($t::ty()),+])
            }

            fn to_value(&self) -> Value {
                Value::Tuple([$(self.$i.to_value()),+].into())
            }

            fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
                const LEN: usize = [$($i),+].len();
                let value = reader.resolved(value)?;
                match items(&value, Self::ty)? {
                    items if items.len() == LEN => Ok(($(
                        reader.step(&format!("[{}]", $i), |reader| $t::read(&items[$i], reader))?,
                    )+)),
                    items => Err(ReadError::new(format!("expected {LEN} items, found {}", items.len()))),
                }
            }
        }
        impl<$($t),+> NotOption for ($($t,)+) {}
    )*};
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}
