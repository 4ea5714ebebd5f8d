//! Rows 5 to 9 and 11: scalars, and letters.

use xpm::prelude::*;

use crate::compare::{different, same};

#[test]
fn row_05_the_width_of_an_integer_does_not_count() {
    same([
        ("u8", one!(u8, 1)),
        ("i8", one!(i8, 1)),
        ("u16", one!(u16, 1)),
        ("i16", one!(i16, 1)),
        ("u32", one!(u32, 1)),
        ("i32", one!(i32, 1)),
        ("u64", one!(u64, 1)),
        ("i64", one!(i64, 1)),
        ("u128", one!(u128, 1)),
        ("i128", one!(i128, 1)),
        ("usize", one!(usize, 1)),
        ("isize", one!(isize, 1)),
    ]);
    different([("-1 as i8", one!(i8, -1)), ("255", one!(u8, 255)), ("u64::MAX", one!(u64, u64::MAX))]);
}

#[test]
fn row_06_kinds_differ() {
    different([
        ("integer", one!(i32, 1)),
        ("float", one!(f64, 1.0)),
        ("string", one!(String, "1")),
        ("boolean", one!(bool, true)),
        ("duration", one!(std::time::Duration, std::time::Duration::from_nanos(1))),
        ("list", one!(Vec<i32>, [1])),
        ("tuple", one!((i32,), (1,))),
        ("nothing", one!((), ())),
    ]);
    same([("character", one!(char, '1')), ("string", one!(String, "1"))]);
}

#[test]
fn row_07_zero_has_no_sign() {
    same([
        ("0.0", one!(f64, 0.0)),
        ("-0.0", one!(f64, -0.0)),
        ("0.0f32", one!(f32, 0.0)),
        ("-0.0f32", one!(f32, -0.0)),
    ]);
    different([("0.0", one!(f64, 0.0)), ("smallest", one!(f64, 5e-324)), ("-smallest", one!(f64, -5e-324))]);
}

#[test]
fn row_08_there_is_one_nan() {
    same([
        ("NaN", one!(f64, f64::NAN)),
        ("-NaN", one!(f64, -f64::NAN)),
        ("with a payload", one!(f64, f64::from_bits(0x7ff0_0000_0000_0001))),
        ("f32", one!(f32, f32::NAN)),
    ]);
    different([
        ("NaN", one!(f64, f64::NAN)),
        ("inf", one!(f64, f64::INFINITY)),
        ("-inf", one!(f64, f64::NEG_INFINITY)),
    ]);
}

#[test]
fn row_09_strings_are_not_normalised() {
    different([
        ("composed", one!(String, "\u{e9}")),
        ("decomposed", one!(String, "e\u{301}")),
        ("upper case", one!(String, "\u{c9}")),
        ("with a blank", one!(String, "\u{e9} ")),
    ]);
}

#[test]
fn row_11_ids_differ_in_case() {
    #[config(id = "q.Abc")]
    struct Abc {
        x: u8,
    }
    #[config(id = "q.aBC")]
    struct ABc {
        x: u8,
    }
    different([("q.Abc", Abc::config().x(1).identity()), ("q.aBC", ABc::config().x(1).identity())]);
}
