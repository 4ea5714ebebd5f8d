//! Lists, arrays, sets, maps and tuples, given where one of these is expected: item by item.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::{ByItem, ByItemRef, IntoArg, value_of};
use crate::config::Arg;
use crate::value::Value;

// Lists, arrays and sets.

fn items<T, M, X: IntoArg<T, M>>(items: impl IntoIterator<Item = X>) -> Arc<[Value]> {
    items.into_iter().map(value_of).collect()
}

macro_rules! into_sequence {
    ($($variant:ident: $target:ty $(, $s:ident)? ;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, M, X: IntoArg<T, M> $(, $s)?> IntoArg<$target, ByItem<M>> for Vec<X> {
            fn into_arg(self) -> Arg<$target> {
                Arg::of(Value::$variant(items(self)))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<T, M, X: IntoArg<T, M>, const N: usize $(, $s)?> IntoArg<$target, ByItem<M>> for [X; N] {
            fn into_arg(self) -> Arg<$target> {
                Arg::of(Value::$variant(items(self)))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'a, T, M, X $(, $s)?> IntoArg<$target, ByItemRef<M>> for &'a Vec<X>
        where
            &'a X: IntoArg<T, M>,
        {
            fn into_arg(self) -> Arg<$target> {
                Arg::of(Value::$variant(items(self)))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'a, T, M, X $(, $s)?> IntoArg<$target, ByItemRef<M>> for &'a [X]
        where
            &'a X: IntoArg<T, M>,
        {
            fn into_arg(self) -> Arg<$target> {
                Arg::of(Value::$variant(items(self)))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'a, T, M, X, const N: usize $(, $s)?> IntoArg<$target, ByItemRef<M>> for &'a [X; N]
        where
            &'a X: IntoArg<T, M>,
        {
            fn into_arg(self) -> Arg<$target> {
                Arg::of(Value::$variant(items(self)))
            }
        }
    )*};
}
into_sequence! {
    List: Vec<T>;
    Set: BTreeSet<T>;
    Set: HashSet<T, S>, S;
    Set: IndexSet<T, S>, S;
}

#[diagnostic::do_not_recommend]
impl<T, M, X: IntoArg<T, M>, const N: usize> IntoArg<[T; N], ByItem<M>> for [X; N] {
    fn into_arg(self) -> Arg<[T; N]> {
        Arg::of(Value::List(items(self)))
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T, M, X, const N: usize> IntoArg<[T; N], ByItemRef<M>> for &'a [X; N]
where
    &'a X: IntoArg<T, M>,
{
    fn into_arg(self) -> Arg<[T; N]> {
        Arg::of(Value::List(items(self)))
    }
}

macro_rules! set_into_set {
    ($($set:ident $(<$s:ident>)?),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, M, X: IntoArg<T, M> $(, $s)?> IntoArg<$set<T $(, $s)?>, ByItem<M>> for $set<X $(, $s)?> {
            fn into_arg(self) -> Arg<$set<T $(, $s)?>> {
                Arg::of(Value::Set(items(self)))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'a, T, M, X $(, $s)?> IntoArg<$set<T $(, $s)?>, ByItemRef<M>> for &'a $set<X $(, $s)?>
        where
            &'a X: IntoArg<T, M>,
        {
            fn into_arg(self) -> Arg<$set<T $(, $s)?>> {
                Arg::of(Value::Set(items(self)))
            }
        }
    )*};
}
set_into_set!(BTreeSet, HashSet<S>, IndexSet<S>);

// Maps.

fn entries<K, V, M, N, A: IntoArg<K, M>, B: IntoArg<V, N>>(pairs: impl IntoIterator<Item = (A, B)>) -> Value {
    Value::Map(pairs.into_iter().map(|(k, v)| (value_of(k), value_of(v))).collect())
}

macro_rules! into_map {
    ($($map:ident $(<$s:ident>)?),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<K, V, M, N, A: IntoArg<K, M>, B: IntoArg<V, N> $(, $s)?> IntoArg<$map<K, V $(, $s)?>, ByItem<(M, N)>>
            for $map<A, B $(, $s)?>
        {
            fn into_arg(self) -> Arg<$map<K, V $(, $s)?>> {
                Arg::of(entries(self))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'a, K, V, M, N, A, B $(, $s)?> IntoArg<$map<K, V $(, $s)?>, ByItemRef<(M, N)>>
            for &'a $map<A, B $(, $s)?>
        where
            &'a A: IntoArg<K, M>,
            &'a B: IntoArg<V, N>,
        {
            fn into_arg(self) -> Arg<$map<K, V $(, $s)?>> {
                Arg::of(entries(self))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<K, V, M, N, A: IntoArg<K, M>, B: IntoArg<V, N> $(, $s)?> IntoArg<$map<K, V $(, $s)?>, ByItem<(M, N)>>
            for Vec<(A, B)>
        {
            fn into_arg(self) -> Arg<$map<K, V $(, $s)?>> {
                Arg::of(entries(self))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<K, V, M, N, A: IntoArg<K, M>, B: IntoArg<V, N>, const L: usize $(, $s)?>
            IntoArg<$map<K, V $(, $s)?>, ByItem<(M, N)>> for [(A, B); L]
        {
            fn into_arg(self) -> Arg<$map<K, V $(, $s)?>> {
                Arg::of(entries(self))
            }
        }
    )*};
}
into_map!(BTreeMap, HashMap<S>, IndexMap<S>);

// Tuples.

macro_rules! into_tuple {
    ($(($($t:ident $m:ident $x:ident $i:tt),+))*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t, $m, $x: IntoArg<$t, $m>),+> IntoArg<($($t,)+), ByItem<($($m,)+)>> for ($($x,)+) {
            fn into_arg(self) -> Arg<($($t,)+)> {
                Arg::of(Value::Tuple([$(value_of(self.$i)),+].into()))
            }
        }
    )*};
}
into_tuple! {
    (A MA XA 0)
    (A MA XA 0, B MB XB 1)
    (A MA XA 0, B MB XB 1, C MC XC 2)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4, F MF XF 5)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4, F MF XF 5, G MG XG 6)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4, F MF XF 5, G MG XG 6, H MH XH 7)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4, F MF XF 5, G MG XG 6, H MH XH 7, I MI XI 8)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4, F MF XF 5, G MG XG 6, H MH XH 7, I MI XI 8, J MJ XJ 9)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4, F MF XF 5, G MG XG 6, H MH XH 7, I MI XI 8, J MJ XJ 9,
        K MK XK 10)
    (A MA XA 0, B MB XB 1, C MC XC 2, D MD XD 3, E ME XE 4, F MF XF 5, G MG XG 6, H MH XH 7, I MI XI 8, J MJ XJ 9,
        K MK XK 10, L ML XL 11)
}
