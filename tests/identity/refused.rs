//! Row 37: what has no identity is refused, with the argument's path. The text is the whole message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xpm::__private::Value;
use xpm::prelude::*;

#[config(id = "refused.leaf")]
struct Leaf {
    #[param(default = 0)]
    n: u128,
    #[param(default = [("a", 1)])]
    map: BTreeMap<String, u8>,
    set: Option<BTreeSet<u128>>,
}

#[config(id = "refused.outer")]
struct Outer {
    leaf: Option<Leaf>,
    list: Option<Vec<Leaf>>,
    map: Option<BTreeMap<String, (u8, Leaf)>>,
    numbers: Option<BTreeMap<u128, Vec<u128>>>,
    family: Option<Box<dyn Part>>,
    variant: Option<Choice>,
    nothing: Option<()>,
}

#[config]
trait Part {}

#[config]
impl Part for Leaf {}

#[config(id = "refused.choice")]
enum Choice {
    Of(Arc<Leaf>),
}

const LARGE: u128 = i128::MAX.cast_unsigned() + 1;

fn refused(config: impl Configure<Built = OuterConfig>) -> String {
    config.into_args().try_identity().expect_err("it has no identity").to_string()
}

#[test]
fn row_37_an_integer_beyond_i128() {
    let why = "170141183460469231731687303715884105728 is larger than the largest integer argument, \
               170141183460469231731687303715884105727";
    let leaf = || Leaf::config().n(LARGE);
    let table = [
        ("leaf.n", Outer::config().leaf(leaf())),
        ("leaf.n", Outer::config().leaf(tag(Leaf::config().n(tag(LARGE))))),
        ("list[1].n", Outer::config().list([Leaf::config(), leaf()])),
        ("map[\"k\"][1].n", Outer::config().map([("k", (1, leaf()))])),
        ("numbers[1][2]", Outer::config().numbers([(1u128, vec![0, 1, LARGE])])),
        ("family.n", Outer::config().family(leaf())),
        ("variant.0.n", Outer::config().variant(Choice::config().of()._0(leaf()))),
    ];
    for (path, config) in table {
        assert_eq!(refused(config), format!("argument `{path}`: {why}"));
    }
    let largest = Leaf::config().n(u128::MAX).try_identity().expect_err("it has no identity");
    assert_eq!(largest.path, "n");
    assert!(Leaf::config().n(LARGE - 1).try_identity().is_ok());
}

#[test]
fn row_37_a_key_or_an_item_without_an_identity() {
    let why = "170141183460469231731687303715884105728 is larger than the largest integer argument, \
               170141183460469231731687303715884105727";
    let key = Outer::config().numbers([(LARGE, vec![0u128])]);
    assert_eq!(refused(key), format!("argument `numbers[<{why}>]`: {why}"));
    let item = Outer::config().leaf(Leaf::config().set([LARGE]));
    assert_eq!(refused(item), format!("argument `leaf.set[<{why}>]`: {why}"));
}

#[test]
fn row_37_a_key_twice() {
    let pairs = vec![("b".to_owned(), 1), ("a".to_owned(), 2), ("b".to_owned(), 3)];
    let twice = || Leaf::config().map(pairs.clone());
    let why = "the map has the key \"b\" twice";
    let table = [
        ("leaf.map[\"b\"]", Outer::config().leaf(twice())),
        ("list[0].map[\"b\"]", Outer::config().list([twice()])),
        ("family.map[\"b\"]", Outer::config().family(twice())),
    ];
    for (path, config) in table {
        assert_eq!(refused(config), format!("argument `{path}`: {why}"));
    }
    let equal = Leaf::config().map(vec![("b", 1), ("b", 1)]).try_identity().expect_err("even if the values are equal");
    assert_eq!(equal.to_string(), format!("argument `map[\"b\"]`: {why}"));
}

#[config(id = "refused.places")]
struct Places {
    weights: Option<BTreeMap<std::path::PathBuf, u8>>,
    cells: Option<BTreeMap<(u8, std::path::PathBuf), u8>>,
    #[param(ignored)]
    any: Option<BTreeMap<std::path::PathBuf, u8>>,
}

#[test]
fn keys_that_differ_in_paths_only_are_one_key() {
    let advice = "of the map differ in paths only, which are in no identity: give the map names as keys, and the paths as \
                  values, or write `#[param(ignored)]` if the argument does not matter";
    let refused = |places: PlacesBuilder| places.try_identity().expect_err("it has no identity").to_string();
    let weights = Places::config().weights(BTreeMap::from([("/a".into(), 1), ("/b".into(), 2)]));
    assert_eq!(refused(weights), format!("argument `weights[/a]`: the keys /a and /b {advice}"));
    let cells = Places::config().cells(BTreeMap::from([((1, "/a".into()), 1), ((1, "/b".into()), 2)]));
    assert_eq!(refused(cells), format!("argument `cells[(1, /a)]`: the keys (1, /a) and (1, /b) {advice}"));
    let cells = Places::config().cells(BTreeMap::from([((1, "/a".into()), 1), ((2, "/b".into()), 2)]));
    let any = Places::config().any(BTreeMap::from([("/a".into(), 1), ("/b".into(), 2)]));
    assert!(cells.try_identity().is_ok() && any.try_identity().is_ok());
}

/// No map type of the standard library has floats as keys, so it takes the values below the types to make one.
#[test]
fn row_37_a_key_that_is_a_non_finite_float() {
    for (x, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let mut leaf = Leaf::config().build();
        leaf.map = xpm::Arg::of(Value::Map([(Value::Float(x), Value::Int(1))].into()));
        let message = format!("argument `leaf.map[{text}]`: the key {text} of a map must be a finite number");
        assert_eq!(refused(Outer::config().leaf(leaf)), message);
    }
    let mut leaf = Leaf::config().build();
    leaf.map =
        xpm::Arg::of(Value::Map([(Value::Float(0.0), Value::Int(1)), (Value::Float(-0.0), Value::Int(1))].into()));
    let message = "argument `leaf.map[0.0]`: the map has the key 0.0 twice";
    assert_eq!(refused(Outer::config().leaf(leaf)), message);
}

#[test]
fn some_of_nothing() {
    let message = "argument `nothing`: `Some` of nothing cannot be told from `None`";
    assert_eq!(refused(Outer::config().nothing(())), message);
    assert_eq!(refused(Outer::config().maybe_nothing(Some(()))), message);
    assert!(Outer::config().maybe_nothing(None).try_identity().is_ok());
}

#[test]
fn json_that_cannot_be_written() {
    #[config(id = "refused.json")]
    struct Json {
        #[param(json)]
        value: std::collections::HashMap<String, u128>,
    }
    let value = std::collections::HashMap::from([("k".to_owned(), u128::MAX)]);
    let error = Json::config().value(value).try_identity().expect_err("no JSON number");
    assert_eq!(error.to_string(), "argument `value`: it cannot be written as JSON: number out of range");
}

#[test]
fn json_that_would_be_read_back_as_something_else() {
    #[config(id = "refused.floats")]
    struct Floats {
        #[param(json)]
        value: Vec<Option<f32>>,
    }
    let error = Floats::config().value(vec![None, Some(f32::NAN)]).try_identity().expect_err("no JSON number");
    let message =
        "argument `value`: it holds NaN at [1], for which JSON has no number: give a text or an `Option` in its place";
    assert_eq!(error.to_string(), message);
    assert!(Floats::config().value(vec![None, Some(f32::MAX)]).try_identity().is_ok());
}

#[test]
#[should_panic(expected = "argument `n`: 170141183460469231731687303715884105728 is larger than")]
fn identity_panics_with_the_message() {
    Leaf::config().n(LARGE).identity();
}

#[test]
#[should_panic(expected = "argument `n`: 170141183460469231731687303715884105728 is larger than")]
fn explain_panics_with_the_message() {
    Leaf::config().n(LARGE).explain();
}

#[test]
fn what_is_refused_can_be_mended() {
    let mut leaf = Leaf::config().n(LARGE).build();
    assert!(leaf.try_identity().is_err());
    leaf.set_n(1);
    assert_eq!(leaf.identity(), Leaf::config().n(1).identity());
}
