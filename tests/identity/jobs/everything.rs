//! Row 33: an argument of every type, written, read back by the job, and its identity recomputed there. The job's process
//! compares the identity itself and fails if it is another; the values that its task sees are compared here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use xpm::prelude::*;

use crate::compare::same;
use crate::run;

#[config(id = "every.leaf", version = 2)]
#[derive(Clone, Debug)]
struct Leaf {
    n: u8,
    #[param(id = "older name")]
    renamed: String,
    #[param(ignored, default = 4)]
    threads: u8,
    #[param(default = 3, ignore_default)]
    later: u8,
}

#[config]
trait Plant: std::fmt::Debug + Send + Sync {}

#[config]
impl Plant for Leaf {}

#[config(id = "every.choice")]
#[derive(Clone, Debug)]
enum Choice {
    Unit,
    Tuple(u8, Option<String>),
    Named { inner: Option<Box<Choice>>, leaf: Arc<Leaf> },
}

#[derive(Serialize, Deserialize, Clone, Debug)]
struct Metrics {
    map: f32,
    runs: Vec<(String, u64)>,
    nested: BTreeMap<String, Option<i8>>,
}

#[config(id = "every.scalar")]
#[derive(Debug)]
struct Scalars {
    signed: (i8, i16, i32, i64, i128, isize),
    unsigned: (u8, u16, u32, u64, u128, usize),
    doubles: Vec<f64>,
    singles: Vec<f32>,
    truth: [bool; 2],
    letters: Vec<char>,
    texts: Vec<String>,
    time: Vec<Duration>,
    r#type: u8,
}

#[config(id = "every.container")]
#[derive(Debug)]
struct Containers {
    path: PathBuf,
    paths: Vec<PathBuf>,
    some: Option<u8>,
    none: Option<u8>,
    options: Vec<Option<String>>,
    #[param(default = Some(1))]
    none_of_a_default: Option<u8>,
    array: [[u8; 2]; 2],
    tree: BTreeMap<(i8, String), Vec<bool>>,
    hash: HashMap<u64, f64>,
    index: IndexMap<String, PathBuf>,
    tree_set: BTreeSet<String>,
    hash_set: HashSet<char>,
    index_set: IndexSet<u128>,
    boxed: Box<[u8; 3]>,
    shared: Arc<String>,
    leaf: Leaf,
    leaves: Vec<Arc<Leaf>>,
    family: Box<dyn Plant>,
    families: BTreeMap<u8, Arc<dyn Plant>>,
    choices: Vec<Choice>,
    #[param(json)]
    json: Value,
    #[param(json)]
    metrics: Metrics,
    #[param(json)]
    no_json: Option<Metrics>,
}

/// Returns what it sees.
#[task(id = "every.echo")]
struct Echo {
    scalars: Box<Scalars>,
    containers: Arc<Containers>,
}

impl Task for Echo {
    type Output = String;

    fn execute(&self, _: &JobContext) -> TaskResult<String> {
        Ok(text(&self.scalars, &self.containers))
    }
}

/// Exact: a float's text reads back as the same float.
fn text(scalars: &Scalars, containers: &Containers) -> String {
    format!("{scalars:#?}\n{containers:#?}")
}

fn scalars() -> Scalars {
    Scalars {
        signed: (i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN, isize::MIN),
        unsigned: (u8::MAX, u16::MAX, u32::MAX, u64::MAX, i128::MAX.cast_unsigned(), usize::MAX),
        doubles: vec![
            0.1,
            -0.0,
            1.0,
            f64::MAX,
            5e-324,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e22,
            9_007_199_254_740_993.0,
        ],
        singles: vec![0.1, -0.0, f32::MAX, f32::from_bits(1), f32::NAN, 1.0 / 3.0, 16_777_216.0, 2f32.powi(-96)],
        truth: [true, false],
        letters: vec!['a', '\0', '😀', '"'],
        texts: ["", "é", "e\u{301}", "\0\u{1}\n\"\\", "$int", "👩\u{200d}💻"].map(str::to_owned).to_vec(),
        time: vec![Duration::ZERO, Duration::from_nanos(1), Duration::new(1, 500_000_000), Duration::MAX],
        r#type: 7,
    }
}

fn leaf(n: u8) -> Leaf {
    Leaf { n, renamed: format!("leaf {n}"), threads: n, later: n }
}

fn containers(workdir: &Path) -> Containers {
    let shared = Arc::new(leaf(3));
    let named = Choice::Named { inner: Some(Box::new(Choice::Tuple(1, None))), leaf: shared.clone() };
    let not_unicode = PathBuf::from(OsStr::from_bytes(b"/not/\xff/unicode"));
    let numbers = [("a".to_owned(), Some(-1)), (String::new(), None)].into();
    Containers {
        path: workdir.join("data/é"),
        paths: vec![not_unicode, "/".into(), "/data with blanks/x".into()],
        some: Some(0),
        none: None,
        options: vec![None, Some(String::new())],
        none_of_a_default: None,
        array: [[1, 2], [3, 4]],
        tree: [((1, "b".to_owned()), vec![true]), ((-1, "a".to_owned()), vec![])].into(),
        hash: [(u64::MAX, -0.0)].into(),
        index: [("z".to_owned(), PathBuf::from("/z")), ("a".to_owned(), workdir.join("a"))].into(),
        tree_set: ["b".to_owned(), "aa".to_owned(), String::new()].into(),
        hash_set: ['x'].into(),
        index_set: [3, 1, i128::MAX.cast_unsigned()].into(),
        boxed: Box::new([1, 2, 3]),
        shared: Arc::new("shared".to_owned()),
        leaf: leaf(1),
        leaves: vec![shared.clone(), Arc::new(leaf(2)), shared],
        family: Box::new(leaf(4)),
        families: [(1, Arc::new(leaf(5)) as Arc<dyn Plant>)].into(),
        choices: vec![Choice::Unit, named, Choice::Tuple(2, Some("x".to_owned()))],
        json: json!({"$config": 0, "job": [null, true, 1, -1.5, 1.0, 1e300, u64::MAX, i64::MIN, "€"], "": {}, "a": []}),
        metrics: Metrics { map: 0.1, runs: vec![("r".to_owned(), u64::MAX)], nested: numbers },
        no_json: None,
    }
}

pub(crate) fn row_33_every_type_reads_back() {
    let workdir = tempfile::tempdir().expect("a folder");
    let root = workdir.path().canonicalize().expect("it exists");
    let (scalars, containers) = (scalars(), containers(&root));
    let mut identities = Vec::new();
    run(&root, |xp| {
        let args = Echo::config().scalars(&scalars).containers(&containers).build();
        let tagged = args.clone().tag("a", 1);
        let job = args.clone().submit(xp)?;
        identities.extend([args.identity(), job.id(), tagged.submit(xp)?.id(), job.config().identity()]);
        let (seen, given) = (job.output()?, text(&scalars, &containers));
        let differing: Vec<_> = given.lines().zip(seen.lines()).filter(|(given, seen)| given != seen).collect();
        assert!(differing.is_empty() && given.len() == seen.len(), "given and seen differ: {differing:#?}");
        Ok(())
    });
    let [before, job, tagged, copy] = identities[..] else { panic!("the plan ended early") };
    same([("before", before), ("job", job), ("tagged", tagged), ("copy", copy)]);
}

/// Contains itself.
#[config(id = "every.chain")]
struct Chain {
    next: Option<Box<Chain>>,
}

impl Chain {
    fn length(&self) -> u32 {
        1 + self.next.as_ref().map_or(0, |next| next.length())
    }
}

/// Returns how long its chain is.
#[task(id = "every.deep")]
struct Deep {
    chain: Chain,
}

impl Task for Deep {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        Ok(self.chain.length())
    }
}

pub(crate) fn row_33_deep_configurations_read_back() {
    let workdir = tempfile::tempdir().expect("a folder");
    run(workdir.path(), |xp| {
        let mut chain = Chain::config().build();
        for _ in 1..900 {
            chain = Chain::config().next(&chain).build();
        }
        assert_eq!(Deep::config().chain(&chain).submit(xp)?.output()?, 900);
        Ok(())
    });
}

/// `()` has a value that is written as nothing, as `None` is, but must be there.
pub(crate) fn row_33_nothing_reads_back() {
    let workdir = tempfile::tempdir().expect("a folder");
    run(workdir.path(), |xp| {
        assert_eq!(Nothing::config().nothing(()).submit(xp)?.output()?, "()");
        Ok(())
    });
}

/// Has an argument that says nothing.
#[task(id = "every.nothing")]
struct Nothing {
    nothing: (),
}

impl Task for Nothing {
    type Output = String;

    fn execute(&self, _: &JobContext) -> TaskResult<String> {
        Ok(format!("{:?}", self.nothing))
    }
}
