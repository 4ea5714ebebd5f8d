//! Vectors of lists, tuples, sets, maps and options.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use xpm::Identity;
use xpm::prelude::*;

pub(super) fn vectors() -> Vec<(&'static str, Identity)> {
    [sequences(), sets_and_maps(), options()].concat()
}

fn sequences() -> Vec<(&'static str, Identity)> {
    vec![
        ("list empty", one!(Vec<u8>, Vec::<u8>::new())),
        ("list of integers", one!(Vec<u8>, [1, 2])),
        ("array of integers", one!([i64; 3], [3, 2, 1])),
        ("list of lists", one!(Vec<Vec<u8>>, [vec![1], vec![], vec![2, 3]])),
        ("list of strings", one!(Vec<String>, ["a", "bc", ""])),
        ("list of options", one!(Vec<Option<u8>>, [Some(1), None])),
        ("list of floats", one!(Vec<f32>, [0.5, f32::NAN])),
        ("tuple of one", one!((u8,), (1,))),
        ("tuple", one!((u8, String, bool), (1, "a", true))),
        ("tuple of tuples", one!(((u8, u8), u8), ((1, 2), 3))),
        ("tuple with none", one!((Option<u8>, u8), (None, 3))),
        ("tuple with a path", one!((PathBuf, u8), ("anywhere", 3))),
    ]
}

fn sets_and_maps() -> Vec<(&'static str, Identity)> {
    let index: IndexMap<_, _> = [("b", 1), ("aa", 2), ("a", 3)].into();
    vec![
        ("set empty", one!(HashSet<u8>, HashSet::<u8>::new())),
        ("set of integers", one!(HashSet<i8>, [1, -1, 2])),
        ("set of strings", one!(BTreeSet<String>, ["b", "aa", "a", ""])),
        ("set of tuples", one!(IndexSet<(u8, u8)>, [(2, 1), (1, 2)])),
        ("map empty", one!(BTreeMap<String, u8>, BTreeMap::<String, u8>::new())),
        ("map from strings", one!(IndexMap<String, u8>, index)),
        ("map from integers", one!(BTreeMap<i16, String>, [(2, "x"), (-1, "y")])),
        ("map of lists", one!(HashMap<String, Vec<u8>>, [("k", vec![1, 2]), ("", vec![])])),
        ("map from tuples", one!(BTreeMap<(u8, u8), bool>, [((1, 2), true), ((1, 1), false)])),
        ("map of paths", one!(BTreeMap<String, PathBuf>, [("k", "/data")])),
    ]
}

fn options() -> Vec<(&'static str, Identity)> {
    #[config(id = "golden.x")]
    struct WithDefault {
        #[param(default = Some(3))]
        x: Option<u8>,
    }
    #[config(id = "golden.x")]
    struct Optional {
        x: Option<u8>,
    }
    vec![
        ("some", one!(Option<u8>, 3)),
        ("none", Optional::config().identity()),
        ("none with a default", WithDefault::config().maybe_x(None).identity()),
        ("default of an option", WithDefault::config().identity()),
        ("box of an integer", one!(Box<u8>, 3)),
        ("arc of a string", one!(Arc<String>, "shared")),
    ]
}
