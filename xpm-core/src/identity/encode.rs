//! The encoding of values and the digest of configurations.
//!
//! Every value has exactly one byte string and no two values share one: each piece is a tag byte followed by content of
//! a fixed size or behind its length. Integers are big-endian; lengths and counts are `u64`. The table is in
//! `docs/identity.md`.

use sha2::{Digest, Sha256};

use super::{FORMAT, LeftOut, Refused, Sink, canonical_json, visit};
use crate::ids::Identity;
use crate::schema::ArgSchema;
use crate::value::{JobRef, Node, Slot, Value};

/// The identity of a configuration. Kept in the node, so a graph with shared parts costs time linear in its nodes and
/// edges.
///
/// # Errors
/// If a value below cannot be an argument; names the argument.
pub fn digest(node: &Node) -> Result<Identity, Refused> {
    node.digest.get_or_init(|| compute(node, &[])).clone()
}

/// The identity that a configuration or task would have if it had no arguments of these names. Equal for jobs that differ
/// in these only.
///
/// # Errors
/// As [`digest`]; also if one of the arguments that are left out cannot be one.
pub fn digest_without(node: &Node, names: &[&str]) -> Result<Identity, Refused> {
    compute(node, names)
}

fn compute(node: &Node, without: &[&str]) -> Result<Identity, Refused> {
    let mut out = b"xpm".to_vec();
    out.push(FORMAT);
    if node.variant().is_some() {
        // A variant that is asked for its own identity, or made by a job.
        config(node, &mut out)?;
        return Ok(Identity::from_bytes(Sha256::digest(&out).into()));
    }
    out.push(b'C');
    string(node.schema().id(), &mut out);
    if let Some(version) = node.schema().version() {
        out.push(b'V');
        out.extend(version.to_be_bytes());
    }
    arguments(node, without, &mut out)?;
    Ok(Identity::from_bytes(Sha256::digest(&out).into()))
}

/// The count of the arguments that take part, then the name and value of each.
fn arguments(node: &Node, without: &[&str], out: &mut Vec<u8>) -> Result<(), Refused> {
    let mut sink = Encoder { without, count: 0, bytes: Vec::new() };
    visit(node, &mut sink)?;
    out.extend(sink.count.to_be_bytes());
    out.extend(sink.bytes);
    Ok(())
}

struct Encoder<'a> {
    without: &'a [&'a str],
    count: u64,
    bytes: Vec<u8>,
}

impl Sink for Encoder<'_> {
    fn takes_part(&mut self, arg: &'static ArgSchema, _: &Slot, encoding: &[u8]) {
        if self.without.contains(&arg.name) {
            return;
        }
        self.count += 1;
        string(arg.identity_name, &mut self.bytes);
        self.bytes.extend(encoding);
    }

    fn left_out(&mut self, _: &'static ArgSchema, _: &Slot, _: LeftOut) {}
}

/// Appends the encoding of `value`.
pub(super) fn value(value: &Value, out: &mut Vec<u8>) -> Result<(), Refused> {
    match value {
        Value::Nothing => out.push(b'N'),
        Value::Bool(b) => out.extend([b'B', u8::from(*b)]),
        Value::Int(i) => {
            out.push(b'I');
            out.extend(i.to_be_bytes());
        }
        Value::Float(x) => {
            out.push(b'F');
            out.extend(float_bits(*x).to_be_bytes());
        }
        Value::Str(s) => string(s, out),
        Value::Duration(d) => {
            out.push(b'U');
            // At most 2⁶⁴ seconds, far inside i128.
            out.extend(d.as_nanos().cast_signed().to_be_bytes());
        }
        Value::List(items) => sequence(b'L', items, out)?,
        Value::Tuple(items) => sequence(b'T', items, out)?,
        Value::Set(items) => set(items, out)?,
        Value::Map(entries) => map(entries, out)?,
        Value::Path(_) => {}
        Value::Json(json) => {
            out.push(b'X');
            bytes(canonical_json(json).as_bytes(), out);
        }
        Value::Config(node) => config(node, out)?,
        Value::Job(job) => reference(b'D', job, out),
        Value::Promise(job) => reference(b'O', job, out),
        Value::File(job, path) => {
            reference(b'J', job, out);
            let Some(path) = path.to_str() else {
                return Err(Refused::new(format!("the file name {} is not UTF-8", path.display())));
            };
            string(path, out);
        }
        Value::Produced(job, node) => {
            reference(b'R', job, out);
            out.extend(digest(node)?.as_bytes());
        }
        Value::Tagged(inner) | Value::TagsStopped(inner) => self::value(inner, out)?,
        Value::Refused(why) => return Err(Refused::new(&**why)),
    }
    Ok(())
}

/// `-0.0` as `0.0`, and one NaN for all.
fn float_bits(x: f64) -> u64 {
    const QUIET_NAN: u64 = 0x7ff8_0000_0000_0000;
    if x.is_nan() {
        QUIET_NAN
    } else if x == 0.0 {
        0
    } else {
        x.to_bits()
    }
}

fn count(n: usize, out: &mut Vec<u8>) {
    out.extend((n as u64).to_be_bytes());
}

fn bytes(content: &[u8], out: &mut Vec<u8>) {
    count(content.len(), out);
    out.extend(content);
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'S');
    bytes(text.as_bytes(), out);
}

fn reference(tag: u8, job: &JobRef, out: &mut Vec<u8>) {
    out.push(tag);
    out.extend(job.key.identity.as_bytes());
}

fn sequence(tag: u8, items: &[Value], out: &mut Vec<u8>) -> Result<(), Refused> {
    out.push(tag);
    count(items.len(), out);
    // Plain paths are nothing; behind what a job makes their places are told, so that these do not change places.
    let made = items.iter().position(|item| matches!(item.unmarked(), Value::File(..) | Value::Promise(_)));
    for (i, item) in items.iter().enumerate() {
        if made.is_some_and(|made| i > made) && matches!(item.unmarked(), Value::Path(_)) {
            out.push(b'P');
        }
        value(item, out).map_err(|error| error.under(&format!("[{i}]")))?;
    }
    Ok(())
}

/// Equal items, which only a list given for a set can hold, count once.
fn set(items: &[Value], out: &mut Vec<u8>) -> Result<(), Refused> {
    let mut encodings = Vec::with_capacity(items.len());
    for item in items {
        encodings.push(encoded(item).map_err(|error| error.under(&format!("[{item}]")))?);
    }
    encodings.sort();
    encodings.dedup();
    out.push(b'Z');
    count(encodings.len(), out);
    out.extend(encodings.concat());
    Ok(())
}

fn map(entries: &[(Value, Value)], out: &mut Vec<u8>) -> Result<(), Refused> {
    let mut encodings = Vec::with_capacity(entries.len());
    for (key, item) in entries {
        let here = |error: Refused| error.under(&format!("[{key}]"));
        if matches!(key.unmarked(), Value::Float(x) if !x.is_finite()) {
            return Err(here(Refused::new(format!("the key {key} of a map must be a finite number"))));
        }
        encodings.push((encoded(key).map_err(here)?, encoded(item).map_err(here)?, key));
    }
    encodings.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(twice) = encodings.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(one_key(twice[0].2, twice[1].2));
    }
    out.push(b'M');
    count(encodings.len(), out);
    for (key, item, _) in encodings {
        out.extend(key);
        out.extend(item);
    }
    Ok(())
}

/// Two keys of a map that the identity does not tell apart.
fn one_key(a: &Value, b: &Value) -> Refused {
    let why = if holds_path(a) {
        format!(
            "the keys {a} and {b} of the map differ in paths only, which are in no identity: give the map names as keys, and the \
             paths as values, or write `#[param(ignored)]` if the argument does not matter"
        )
    } else {
        format!("the map has the key {a} twice")
    };
    Refused::new(why).under(&format!("[{a}]"))
}

fn holds_path(value: &Value) -> bool {
    match value.unmarked() {
        Value::Path(_) => true,
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().any(holds_path),
        _ => false,
    }
}

/// The encoding of one value.
pub(crate) fn encoded(item: &Value) -> Result<Vec<u8>, Refused> {
    let mut out = Vec::new();
    value(item, &mut out)?;
    Ok(out)
}

/// A variant of a closed family stands in full, a configuration by its digest.
fn config(node: &Node, out: &mut Vec<u8>) -> Result<(), Refused> {
    let Some(variant) = node.variant() else {
        out.push(b'D');
        out.extend(digest(node)?.as_bytes());
        return Ok(());
    };
    out.push(b'E');
    string(node.schema().id(), out);
    string(node.schema().variants()[variant].name, out);
    arguments(node, &[], out)
}
