//! Laws that random values obey.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use proptest::prelude::*;
use serde_json::{Value, json};
use xpm::Identity;
use xpm::prelude::*;

/// Every shape of value that nests. Equality is what the identity is compared with: structural, as derived.
#[config(id = "law.tree")]
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Unit,
    Bool(bool),
    Int(i64),
    Text(String),
    Maybe(Option<u8>),
    Pair(Box<Tree>, Arc<Tree>),
    List(Vec<Tree>),
    Lists(Vec<Vec<u8>>),
    Map(BTreeMap<String, Tree>),
    Named { left: Option<Box<Tree>>, right: Option<String>, items: Vec<Option<bool>> },
    Leaf { leaf: Leaf },
}

#[config(id = "law.leaf")]
#[derive(Clone, Debug, PartialEq)]
struct Leaf {
    text: String,
    words: Vec<String>,
    n: Option<u8>,
}

#[config(id = "law.holder")]
struct Holder {
    tree: Tree,
}

fn identity(tree: &Tree) -> Identity {
    Holder::config().tree(tree).identity()
}

/// Few letters, the tag bytes of the encoding and zero bytes among them, so that equal pieces are frequent.
fn text() -> impl Strategy<Value = String> {
    "[aLSN\0\u{1}]{0,3}"
}

fn tree() -> impl Strategy<Value = Tree> {
    let words = || prop::collection::vec(text(), 0..3);
    let leaf = prop_oneof![
        Just(Tree::Unit),
        any::<bool>().prop_map(Tree::Bool),
        (-2i64..3).prop_map(Tree::Int),
        text().prop_map(Tree::Text),
        prop::option::of(0u8..2).prop_map(Tree::Maybe),
        prop::collection::vec(prop::collection::vec(0u8..2, 0..3), 0..3).prop_map(Tree::Lists),
        (text(), words(), prop::option::of(0u8..2))
            .prop_map(|(text, words, n)| Tree::Leaf { leaf: Leaf { text, words, n } }),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let named = (
            prop::option::of(inner.clone()),
            prop::option::of(text()),
            prop::collection::vec(any::<Option<bool>>(), 0..3),
        );
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::Pair(Box::new(a), Arc::new(b))),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Tree::List),
            prop::collection::btree_map(text(), inner, 0..3).prop_map(Tree::Map),
            named.prop_map(|(left, right, items)| Tree::Named { left: left.map(Box::new), right, items }),
        ]
    })
}

/// JSON whose numbers are integers and floats that may be equal to these.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..4).prop_map(Value::from),
        (-6i32..7).prop_map(|halves| json!(f64::from(halves) / 2.0)),
        any::<f64>().prop_filter("JSON has finite numbers", |x| x.is_finite()).prop_map(Value::from),
        "[a\"\\\n€😀]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("[a€😀\u{fb33}]{0,2}", inner, 0..3)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// The value with every number as a float, which is how JSON numbers compare.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64().map(|x| x + 0.0)),
        Value::Array(items) => items.iter().map(as_floats).collect(),
        Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), as_floats(v))).collect(),
        other => other.clone(),
    }
}

#[config(id = "law.json")]
struct Json {
    #[param(json)]
    x: Value,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn values_and_identities_are_equal_together(a in tree(), b in tree()) {
        prop_assert_eq!(a == b, identity(&a) == identity(&b), "{:?} and {:?}", a, b);
        prop_assert_eq!(identity(&a.clone()), identity(&a));
    }

    #[test]
    fn values_that_are_nearly_equal_differ(a in tree(), b in tree()) {
        let list = |items: &[&Tree]| Tree::List(items.iter().copied().cloned().collect());
        let pair = |a: &Tree, b: &Tree| Tree::Pair(Box::new(a.clone()), Arc::new(b.clone()));
        let forms = [
            a.clone(), list(&[]), list(&[&a]), list(&[&a, &a]), list(&[&a, &b]), list(&[&b, &a]), list(&[&list(&[&a, &b])]),
            list(&[&list(&[&a]), &b]), list(&[&a, &list(&[&b])]), pair(&a, &b), pair(&b, &a), pair(&a, &list(&[&b])),
        ];
        for (i, one) in forms.iter().enumerate() {
            for other in &forms[i..] {
                prop_assert_eq!(one == other, identity(one) == identity(other), "{:?} and {:?}", one, other);
            }
        }
    }

    #[test]
    fn the_order_of_insertion_does_not_count(map in prop::collection::btree_map(text(), 0u8..3, 0..6), by in 0usize..6) {
        let mut entries: Vec<_> = map.clone().into_iter().collect();
        let plain = one!(BTreeMap<String, u8>, map);
        let by = by.min(entries.len());
        entries.rotate_left(by);
        entries.reverse();
        prop_assert_eq!(plain, one!(IndexMap<String, u8>, entries.iter().cloned().collect::<IndexMap<_, _>>()));
        prop_assert_eq!(plain, one!(HashMap<String, u8>, entries.iter().cloned().collect::<HashMap<_, _>>()));
        prop_assert_eq!(plain, one!(BTreeMap<String, u8>, entries.clone()));
        let keys = entries.into_iter().map(|(key, _)| key);
        let (list, index) = (keys.clone().collect::<Vec<_>>(), keys.clone().collect::<IndexSet<_>>());
        let hash = one!(HashSet<String>, keys.collect::<HashSet<_>>());
        prop_assert_eq!(hash, one!(IndexSet<String>, index));
        prop_assert_eq!(hash, one!(HashSet<String>, list));
    }

    #[test]
    fn the_order_of_setting_does_not_count(a: u8, b in text(), c: Option<bool>, order in Just([0, 1, 2, 0, 1, 2]).prop_shuffle()) {
        #[config(id = "law.order")]
        struct Order { a: u8, b: String, c: Option<bool> }
        let expected = Order::config().a(a).b(&b).maybe_c(c).identity();
        let mut args = Order::config().a(a.wrapping_add(1)).b("x").c(true).build();
        for step in order {
            match step {
                0 => _ = args.set_a(a),
                1 => _ = args.set_b(&b),
                _ => _ = args.set_maybe_c(c),
            }
        }
        prop_assert_eq!(args.identity(), expected);
    }

    #[test]
    fn floats_of_both_widths_agree(bits: u32, x: f64, y: f64) {
        let single = f32::from_bits(bits);
        let shortest: f64 = single.to_string().parse().expect("a float's text is one");
        prop_assert_eq!(one!(f32, single), one!(f64, shortest));
        prop_assert_eq!(x == y || (x.is_nan() && y.is_nan()), one!(f64, x) == one!(f64, y));
    }

    #[test]
    fn equal_json_has_one_identity(a in any_json(), b in any_json()) {
        let id = |value: &Value| Json::config().x(value).identity();
        let as_float = as_floats(&a);
        prop_assert_eq!(id(&a), id(&as_float), "{} and {}", a, as_float);
        prop_assert_eq!(as_float == as_floats(&b), id(&a) == id(&b), "{} and {}", a, b);
        let read: Value = serde_json::from_str(&serde_json::to_string_pretty(&a).expect("JSON")).expect("JSON");
        prop_assert_eq!(id(&a), id(&read));
    }

    #[test]
    fn identities_read_back(tree in tree()) {
        let id = identity(&tree);
        let text = id.to_string();
        prop_assert_eq!(text.parse::<Identity>().expect("what is printed reads back"), id);
        prop_assert_eq!(text.to_uppercase().parse::<Identity>().expect("upper case"), id);
        prop_assert_eq!(serde_json::from_value::<Identity>(json!(id)).expect("JSON"), id);
        prop_assert!(text[1..].parse::<Identity>().is_err());
    }

    #[test]
    fn tags_do_not_count(tree in tree(), name in text(), value: i64) {
        let tagged = Holder::config().tree(tag(&tree)).tag(name, value).build();
        prop_assert_eq!(tagged.identity(), identity(&tree));
        prop_assert_eq!(one!(Holder, &tagged), one!(Holder, Holder { tree }));
    }
}
