//! Every argument type of the guide, as a field, given plainly and read back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use xpm::prelude::*;

use crate::reading::read_back;

#[config]
#[derive(Debug, Clone, PartialEq)]
pub struct Inner {
    pub size: u32,
}

#[config]
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    One,
    Two { x: f64 },
}

#[derive(serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
pub struct Foreign {
    pub a: Vec<i8>,
    pub b: Option<String>,
}

#[config]
#[derive(Debug, PartialEq)]
pub struct Everything {
    pub i8: i8,
    pub i16: i16,
    pub i32: i32,
    pub i64: i64,
    pub i128: i128,
    pub isize: isize,
    pub u8: u8,
    pub u16: u16,
    pub u32: u32,
    pub u64: u64,
    pub u128: u128,
    pub usize: usize,
    pub f32: f32,
    pub f64: f64,
    pub bool: bool,
    pub char: char,
    pub string: String,
    pub path: PathBuf,
    pub duration: Duration,
    pub pair: (u8, String),
    pub array: [f64; 3],
    pub option: Option<u8>,
    pub vec: Vec<String>,
    pub nested: Vec<Vec<Option<u8>>>,
    pub btree_map: BTreeMap<String, f64>,
    pub hash_map: HashMap<u8, Inner>,
    pub index_map: IndexMap<String, u8>,
    pub btree_set: BTreeSet<u8>,
    pub hash_set: HashSet<String>,
    pub config: Inner,
    pub configs: Vec<Inner>,
    pub shared: Arc<Inner>,
    pub boxed: Box<f64>,
    pub choice: Choice,
    pub optional_choice: Option<Choice>,
    #[param(json)]
    pub json: Foreign,
    #[param(json)]
    pub optional_json: Option<Foreign>,
}

fn everything() -> Everything {
    Everything {
        i8: -8,
        i16: -16,
        i32: -32,
        i64: -64,
        i128: -128,
        isize: -1,
        u8: 8,
        u16: 16,
        u32: 32,
        u64: 64,
        u128: 128,
        usize: 1,
        f32: 0.1,
        f64: 0.2,
        bool: true,
        char: 'é',
        string: "text".into(),
        path: "/data".into(),
        duration: Duration::from_millis(1500),
        pair: (1, "one".into()),
        array: [1.0, 2.0, 3.0],
        option: None,
        vec: vec!["a".into(), "b".into()],
        nested: vec![vec![Some(1), None], vec![]],
        btree_map: BTreeMap::from([("k".into(), 1.5)]),
        hash_map: HashMap::from([(1, Inner { size: 2 })]),
        index_map: IndexMap::from([("z".into(), 1), ("a".into(), 2)]),
        btree_set: BTreeSet::from([1, 2]),
        hash_set: HashSet::from(["s".into()]),
        config: Inner { size: 3 },
        configs: vec![Inner { size: 4 }, Inner { size: 5 }],
        shared: Arc::new(Inner { size: 6 }),
        boxed: Box::new(7.5),
        choice: Choice::Two { x: 0.5 },
        optional_choice: Some(Choice::One),
        json: Foreign { a: vec![1, -1], b: None },
        optional_json: None,
    }
}

#[test]
fn every_type_is_given_and_read_back() {
    let from_builder = Everything::config()
        .i8(-8)
        .i16(-16)
        .i32(-32)
        .i64(-64)
        .i128(-128)
        .isize(-1)
        .u8(8)
        .u16(16)
        .u32(32)
        .u64(64)
        .u128(128)
        .usize(1)
        .f32(0.1)
        .f64(0.2)
        .bool(true)
        .char('é')
        .string("text")
        .path("/data")
        .duration(Duration::from_millis(1500))
        .pair((1, "one"))
        .array([1.0, 2.0, 3.0])
        .vec(["a", "b"])
        .nested(vec![vec![Some(1), None], vec![]])
        .btree_map([("k", 1.5)])
        .hash_map([(1, Inner::config().size(2))])
        .index_map([("z", 1), ("a", 2)])
        .btree_set([1, 2])
        .hash_set(["s"])
        .config(Inner::config().size(3))
        .configs([Inner::config().size(4), Inner::config().size(5)])
        .shared(Inner::config().size(6))
        .boxed(7.5)
        .choice(Choice::config().two().x(0.5))
        .optional_choice(Choice::One)
        .json(Foreign { a: vec![1, -1], b: None })
        .build();
    assert_eq!(read_back::<Everything>(&from_builder), everything());
    let plain: xpm::Arg<Everything> = everything().into_arg();
    assert_eq!(format!("{plain:?}"), format!("{from_builder:?}"));
}

#[config]
pub struct Tree {
    pub value: u8,
    #[param(default = Vec::new())]
    pub children: Vec<Self>,
    pub boxed: Option<Box<Self>>,
}

#[test]
fn a_type_may_contain_itself() {
    let leaf = Tree::config().value(1).build();
    let tree = Tree::config().value(2).children([&leaf, &leaf]).boxed(&leaf).build();
    let tree = read_back::<Tree>(&tree);
    assert_eq!(tree.children.len(), 2);
    assert_eq!(tree.boxed.map(|child| child.value), Some(1));
}
