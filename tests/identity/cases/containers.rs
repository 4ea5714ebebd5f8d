//! Rows 22 to 25: lists, sets, maps and framing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use xpm::prelude::*;

use crate::compare::{different, same};

#[test]
fn row_22_lists_have_an_order_and_a_length() {
    different([
        ("[1,2]", one!(Vec<u8>, [1, 2])),
        ("[2,1]", one!(Vec<u8>, [2, 1])),
        ("[1]", one!(Vec<u8>, [1])),
        ("[]", one!(Vec<u8>, Vec::<u8>::new())),
        ("[1,2,2]", one!(Vec<u8>, [1, 2, 2])),
        ("{1,2}", one!(BTreeSet<u8>, [1, 2])),
        ("{}", one!(BTreeSet<u8>, BTreeSet::<u8>::new())),
        ("(1,2)", one!((u8, u8), (1, 2))),
        ("[[1],[2]]", one!(Vec<Vec<u8>>, [[1], [2]])),
        ("[[1,2]]", one!(Vec<Vec<u8>>, [[1, 2]])),
        ("[[1,2],[]]", one!(Vec<Vec<u8>>, [vec![1, 2], vec![]])),
        ("[[],[1,2]]", one!(Vec<Vec<u8>>, [vec![], vec![1, 2]])),
    ]);
    same([
        ("list", one!(Vec<u8>, [1, 2])),
        ("array", one!([u64; 2], [1, 2])),
        ("shared", one!(Arc<Vec<u8>>, vec![1, 2])),
        ("by reference", one!(Vec<u8>, &[1u8, 2])),
        ("slice", one!(Vec<u8>, [1u8, 2].as_slice())),
    ]);
}

#[test]
fn row_23_sets_and_maps_have_no_order() {
    let index = |items: [u16; 3]| one!(IndexSet<u16>, items.into_iter().collect::<IndexSet<_>>());
    same([
        ("index set", index([1, 300, 2])),
        ("the other way", index([2, 300, 1])),
        ("tree", one!(BTreeSet<u16>, [1, 2, 300])),
        ("hash", one!(HashSet<u16>, [1, 2, 300])),
        ("a list given", one!(HashSet<u16>, vec![300, 1, 2])),
        ("an item twice", one!(HashSet<u16>, vec![300, 1, 2, 1])),
    ]);
    let index = |entries: [(&'static str, u8); 3]| one!(IndexMap<String, u8>, IndexMap::from(entries));
    same([
        ("index map", index([("b", 1), ("", 3), ("aa", 2)])),
        ("the other way", index([("aa", 2), ("", 3), ("b", 1)])),
        ("tree", one!(BTreeMap<String, u8>, [("aa", 2), ("", 3), ("b", 1)])),
        ("hash", one!(HashMap<String, u8>, [("aa", 2), ("b", 1), ("", 3)])),
        ("pairs", one!(BTreeMap<String, u8>, vec![("b", 1), ("aa", 2), ("", 3)])),
    ]);
}

#[test]
fn row_24_keys_and_values_of_maps_count() {
    type Map = BTreeMap<String, u8>;
    different([
        ("{a: 1}", one!(Map, [("a", 1)])),
        ("{b: 1}", one!(Map, [("b", 1)])),
        ("{a: 2}", one!(Map, [("a", 2)])),
        ("{a: 1, b: 1}", one!(Map, [("a", 1), ("b", 1)])),
        ("{a: 1, b: 2}", one!(Map, [("a", 1), ("b", 2)])),
        ("{a: 2, b: 1}", one!(Map, [("a", 2), ("b", 1)])),
        ("{}", one!(Map, Map::new())),
        ("pairs in a list", one!(Vec<(String, u8)>, [("a", 1)])),
        ("an option in it", one!(BTreeMap<String, Option<u8>>, [("a", None)])),
    ]);
}

#[test]
fn row_25_strings_do_not_run_into_each_other() {
    #[config(id = "golden.x")]
    struct Two {
        x: String,
        y: String,
    }
    different([
        ("[a, bc]", one!(Vec<String>, ["a", "bc"])),
        ("[ab, c]", one!(Vec<String>, ["ab", "c"])),
        ("[abc]", one!(Vec<String>, ["abc"])),
        ("[abc, ]", one!(Vec<String>, ["abc", ""])),
        ("[, abc]", one!(Vec<String>, ["", "abc"])),
        ("a, bc", Two::config().x("a").y("bc").identity()),
        ("ab, c", Two::config().x("ab").y("c").identity()),
        ("abc", one!(String, "abc")),
        ("(a, bc)", one!((String, String), ("a", "bc"))),
        ("(ab, c)", one!((String, String), ("ab", "c"))),
        ("{a: bc}", one!(BTreeMap<String, String>, [("a", "bc")])),
        ("{ab: c}", one!(BTreeMap<String, String>, [("ab", "c")])),
    ]);
}

#[test]
fn options_in_containers_count() {
    type Options = Vec<Option<u8>>;
    different([
        ("[None]", one!(Options, [None])),
        ("[]", one!(Options, Options::new())),
        ("[None, 1]", one!(Options, [None, Some(1)])),
        ("[1, None]", one!(Options, [Some(1), None])),
        ("[1]", one!(Options, [Some(1)])),
    ]);
}
