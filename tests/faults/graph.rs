//! The graph that is run under fire, as data that the program and its tests share.

#![allow(dead_code, reason = "each uses its part")]

/// A job of the graph.
pub struct Spec {
    pub name: &'static str,
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
    /// It fails by running out of time, and resumes.
    pub resumes: bool,
}

const PLAIN: Spec =
    Spec { name: "", inputs: &[], files: &[], after: &[], tokens: &[], fails: 0, retries: None, resumes: false };

/// Every job, dependencies first.
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
    Spec { name: "resumed", fails: 1, resumes: true, files: &["first"], ..PLAIN },
    Spec { name: "joined", inputs: &["part1", "part2", "part3", "flaky", "resumed"], after: &["a2"], ..PLAIN },
];

/// The capacities of the tokens.
pub const TOKENS: &[(&str, u64)] = &[("a", 1), ("b", 2)];

pub fn spec(name: &str) -> &'static Spec {
    GRAPH.iter().find(|spec| spec.name == name).unwrap_or_else(|| panic!("there is no job {name}"))
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

/// These jobs and all that they need, in the order of the graph.
pub fn closure(names: &[&str]) -> Vec<&'static str> {
    let mut wanted: Vec<&str> = names.to_vec();
    let mut at = 0;
    while at < wanted.len() {
        let spec = spec(wanted[at]);
        let needs = spec.inputs.iter().chain(spec.files).chain(spec.after);
        wanted.extend(needs);
        at += 1;
    }
    GRAPH.iter().map(|spec| spec.name).filter(|name| wanted.contains(name)).collect()
}
