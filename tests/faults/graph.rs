//! The graphs that are run under fire, as data that the program and its tests share.

#![allow(dead_code, reason = "each uses its part")]

/// Of which task a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Work,
    /// It fails by running out of time, and resumes.
    Resumed,
    /// Done by an external program.
    Program,
    /// It shares a folder with all others of this kind.
    Shared,
    /// It runs when it is needed, and its files go when they are not needed any more.
    Transient,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Work, Self::Resumed, Self::Program, Self::Shared, Self::Transient];

    pub fn task(self) -> &'static str {
        match self {
            Self::Work => "faults.work",
            Self::Resumed => "faults.resumed",
            Self::Program => "faults.program",
            Self::Shared => "faults.shared",
            Self::Transient => "faults.transient",
        }
    }
}

/// A job of a graph.
pub struct Spec {
    pub name: &'static str,
    pub kind: Kind,
    /// What it computes with: what these returned.
    pub inputs: &'static [&'static str],
    /// The files of these.
    pub files: &'static [&'static str],
    /// It starts after these.
    pub after: &'static [&'static str],
    /// Tokens that it holds, and how much of each.
    pub tokens: &'static [(&'static str, u64)],
    /// How many of its first attempts fail.
    pub fails: u32,
    pub retries: Option<u32>,
}

const PLAIN: Spec =
    Spec { name: "", kind: Kind::Work, inputs: &[], files: &[], after: &[], tokens: &[], fails: 0, retries: None };

/// Jobs of plain tasks with tokens and retries, dependencies first.
pub const GRAPH: &[Spec] = &[
    Spec { name: "first", ..PLAIN },
    Spec { name: "flaky_leaf", fails: 1, ..PLAIN },
    Spec { name: "second", after: &["first"], ..PLAIN },
    Spec { name: "third", after: &["second"], inputs: &["first"], ..PLAIN },
    Spec { name: "prepare", ..PLAIN },
    Spec { name: "a1", tokens: &[("a", 1)], ..PLAIN },
    Spec { name: "a2", tokens: &[("a", 1)], ..PLAIN },
    Spec { name: "b1", tokens: &[("b", 1)], ..PLAIN },
    Spec { name: "b2", tokens: &[("b", 1)], inputs: &["prepare"], ..PLAIN },
    Spec { name: "both", tokens: &[("a", 1), ("b", 2)], ..PLAIN },
    Spec { name: "both_late", tokens: &[("a", 1), ("b", 2)], after: &["a1"], fails: 1, retries: Some(1), ..PLAIN },
    Spec { name: "part1", inputs: &["prepare"], files: &["prepare"], ..PLAIN },
    Spec { name: "part2", inputs: &["prepare"], files: &["prepare"], ..PLAIN },
    Spec { name: "part3", files: &["prepare"], tokens: &[("b", 1)], ..PLAIN },
    Spec { name: "flaky", fails: 1, retries: Some(1), ..PLAIN },
    Spec { name: "resumed", kind: Kind::Resumed, fails: 1, files: &["first"], ..PLAIN },
    Spec { name: "joined", inputs: &["part1", "part2", "part3", "flaky", "resumed"], after: &["a2"], ..PLAIN },
];

/// Jobs of the other kinds of tasks, of an experiment that keeps its newest run only.
pub const KINDS: &[Spec] = &[
    Spec { name: "scratch", kind: Kind::Transient, ..PLAIN },
    Spec { name: "scratch_of", kind: Kind::Transient, files: &["scratch"], ..PLAIN },
    Spec { name: "use", files: &["scratch"], ..PLAIN },
    Spec { name: "use_of", inputs: &["scratch_of"], ..PLAIN },
    Spec { name: "shared1", kind: Kind::Shared, ..PLAIN },
    Spec { name: "shared2", kind: Kind::Shared, fails: 1, retries: Some(1), tokens: &[("a", 1)], ..PLAIN },
    Spec { name: "program1", kind: Kind::Program, ..PLAIN },
    Spec {
        name: "program2",
        kind: Kind::Program,
        inputs: &["program1"],
        files: &["scratch"],
        tokens: &[("b", 1)],
        ..PLAIN
    },
    Spec { name: "program_flaky", kind: Kind::Program, fails: 1, retries: Some(1), ..PLAIN },
    Spec { name: "program_leaf", kind: Kind::Program, fails: 1, ..PLAIN },
    Spec { name: "last", inputs: &["use", "shared2", "program2"], files: &["program_flaky"], ..PLAIN },
];

/// The capacities of the tokens.
pub const TOKENS: &[(&str, u64)] = &[("a", 1), ("b", 2)];

pub fn spec(name: &str) -> &'static Spec {
    GRAPH.iter().chain(KINDS).find(|spec| spec.name == name).unwrap_or_else(|| panic!("there is no job {name}"))
}

/// What the job of this name computes out of nothing.
pub fn own_value(name: &str) -> u64 {
    name.bytes().fold(7, |value: u64, byte| value.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// What the job of this name is to return.
pub fn value(name: &str) -> u64 {
    let spec = spec(name);
    let sum = spec.inputs.iter().chain(spec.files).fold(0, |sum: u64, name| sum.wrapping_add(value(name)));
    own_value(name).wrapping_add(sum)
}

/// These jobs and all that they need, in the order of their graph.
pub fn closure(names: &[&str]) -> Vec<&'static str> {
    let mut wanted: Vec<&str> = names.to_vec();
    let mut at = 0;
    while at < wanted.len() {
        let spec = spec(wanted[at]);
        let needs = spec.inputs.iter().chain(spec.files).chain(spec.after);
        wanted.extend(needs);
        at += 1;
    }
    GRAPH.iter().chain(KINDS).map(|spec| spec.name).filter(|name| wanted.contains(name)).collect()
}

/// The name of every job of a graph.
pub fn names(graph: &[Spec]) -> Vec<&'static str> {
    graph.iter().map(|spec| spec.name).collect()
}

/// The plan that runs these jobs.
pub fn plan(names: &[&str]) -> &'static str {
    if names.iter().any(|name| KINDS.iter().any(|spec| spec.name == *name)) { "kinds" } else { "graph" }
}
