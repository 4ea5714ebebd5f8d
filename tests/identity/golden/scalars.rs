//! Vectors of scalars.

use std::time::Duration;

use xpm::Identity;
use xpm::prelude::*;

pub(super) fn vectors() -> Vec<(&'static str, Identity)> {
    [simple(), integers(), floats(), text()].concat()
}

fn simple() -> Vec<(&'static str, Identity)> {
    vec![
        ("unit", one!((), ())),
        ("false", one!(bool, false)),
        ("true", one!(bool, true)),
        ("duration 0", one!(Duration, Duration::ZERO)),
        ("duration 1ns", one!(Duration, Duration::from_nanos(1))),
        ("duration 1.5s", one!(Duration, Duration::from_millis(1500))),
        ("duration max", one!(Duration, Duration::MAX)),
        ("tagged", one!(u8, tag(3))),
    ]
}

fn integers() -> Vec<(&'static str, Identity)> {
    vec![
        ("u8 0", one!(u8, 0)),
        ("u8 255", one!(u8, 255)),
        ("i8 -128", one!(i8, -128)),
        ("u16 65535", one!(u16, 65535)),
        ("i16 -32768", one!(i16, -32768)),
        ("u32 4294967295", one!(u32, u32::MAX)),
        ("i32 -2147483648", one!(i32, i32::MIN)),
        ("u64 18446744073709551615", one!(u64, u64::MAX)),
        ("i64 -9223372036854775808", one!(i64, i64::MIN)),
        ("usize 7", one!(usize, 7)),
        ("isize -7", one!(isize, -7)),
        ("u128 170141183460469231731687303715884105727", one!(u128, i128::MAX.cast_unsigned())),
        ("i128 170141183460469231731687303715884105727", one!(i128, i128::MAX)),
        ("i128 -170141183460469231731687303715884105728", one!(i128, i128::MIN)),
    ]
}

fn floats() -> Vec<(&'static str, Identity)> {
    let nan = |bits| one!(f64, f64::from_bits(bits));
    let single = |bits| one!(f32, f32::from_bits(bits));
    vec![
        ("f64 0.0", one!(f64, 0.0)),
        ("f64 -0.0", one!(f64, -0.0)),
        ("f64 1.0", one!(f64, 1.0)),
        ("f64 0.1", one!(f64, 0.1)),
        ("f64 -1.5", one!(f64, -1.5)),
        ("f64 inf", one!(f64, f64::INFINITY)),
        ("f64 -inf", one!(f64, f64::NEG_INFINITY)),
        ("f64 5e-324", one!(f64, 5e-324)),
        ("f64 1.7976931348623157e308", one!(f64, f64::MAX)),
        ("f64 2.2250738585072014e-308", one!(f64, f64::MIN_POSITIVE)),
        ("f64 nan", nan(0x7ff8_0000_0000_0000)),
        ("f64 negative nan with a payload", nan(0xfff8_0000_0000_0123)),
        ("f64 signalling nan", nan(0x7ff0_0000_0000_0001)),
        ("f32 0.1", one!(f32, 0.1)),
        ("f32 -0.0", one!(f32, -0.0)),
        ("f32 16777216", one!(f32, 16_777_216.0)),
        ("f32 max", one!(f32, f32::MAX)),
        ("f32 min positive", one!(f32, f32::MIN_POSITIVE)),
        ("f32 subnormal", single(1)),
        ("f32 nan", one!(f32, f32::NAN)),
        ("f32 inf", one!(f32, f32::INFINITY)),
        ("f32 1/3", one!(f32, 1.0 / 3.0)),
        ("f32 2^-96", one!(f32, 2f32.powi(-96))),
    ]
}

fn text() -> Vec<(&'static str, Identity)> {
    vec![
        ("string empty", one!(String, "")),
        ("string ascii", one!(String, "bm25".to_owned())),
        ("string composed", one!(String, "\u{e9}")),
        ("string decomposed", one!(String, "e\u{301}")),
        ("string emoji", one!(String, "😀👩\u{200d}💻")),
        ("string nul and newline", one!(String, "a\0b\n")),
        ("string a tag byte", one!(String, "N")),
        ("char a", one!(char, 'a')),
        ("char emoji", one!(char, '😀')),
    ]
}
