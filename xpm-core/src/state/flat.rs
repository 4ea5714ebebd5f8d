//! What a job's arguments, output and metrics are, one value behind the other, so that a table of 100,000 jobs or a filter
//! over them parses no JSON.
//!
//! A job's values lie in the index beside the number of its [`Shape`], which holds their paths. What has no short form here
//! is asked of the JSON tree.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::bytes::{Reader, Writer};
use super::filter::FieldValue;
use super::leaves::{self, cell, field};
use super::marks::{Special, is_mark, special};
use super::series::MetricSummary;
use super::shape::{Found, Shape};
use super::table::{Cell, Source};

/// The longest that is kept of one job; of a longer one the trees are read each time.
const LONGEST: usize = 8 << 10;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Duration(Duration),
    /// A list, an integer that is none of 64 bits, or what refers to a job.
    Json(&'a str),
    /// A path in the job's own folder: nothing that a plan has set.
    Own(&'a str),
    Metric(MetricSummary),
}

impl<'a> Leaf<'a> {
    /// What a table shows of it.
    pub(super) fn cell(&self) -> Cell {
        match self {
            Leaf::Null => Cell::Nothing,
            Leaf::Bool(b) => Cell::Bool(*b),
            Leaf::Int(i) => Cell::Int(*i),
            Leaf::Float(x) => Cell::Float(*x),
            Leaf::Duration(time) => Cell::Float(time.as_secs_f64()),
            Leaf::Text(text) | Leaf::Own(text) => Cell::Text((*text).into()),
            Leaf::Json(text) => serde_json::from_str(text).map_or(Cell::Nothing, |json| cell(&json)),
            Leaf::Metric(metric) => Cell::Float(metric.last),
        }
    }

    /// What a filter sees of it.
    pub(super) fn field(&self) -> Option<FieldValue<'a>> {
        Some(match self {
            Leaf::Null => FieldValue::Null,
            Leaf::Bool(b) => FieldValue::Bool(*b),
            Leaf::Int(i) => FieldValue::Int((*i).into()),
            Leaf::Float(x) => FieldValue::Float(*x),
            Leaf::Duration(time) => FieldValue::Duration(*time),
            Leaf::Text(text) | Leaf::Own(text) => (*text).into(),
            Leaf::Json(text) => field(&serde_json::from_str(text).ok()?).into_owned(),
            Leaf::Metric(metric) => FieldValue::Float(metric.last),
        })
    }
}

/// The values of a job, as they are made from its files.
#[derive(Debug, Default)]
pub(super) struct Flat {
    /// The bytes of its shape.
    pub(super) shape: Writer,
    pub(super) values: Writer,
}

impl Flat {
    /// The values of these trees; `None` if they are too long. `own` is the job's folder.
    pub(super) fn of(
        arguments: Option<&Json>,
        value: Option<&Json>,
        metrics: Option<&BTreeMap<String, MetricSummary>>,
        own: &str,
    ) -> Option<Self> {
        let mut flat = Self::default();
        let mut odd = false;
        flat.shape.u8(0);
        for (source, tree) in [(Source::Argument, arguments), (Source::Output, value)] {
            if let Some(tree) = tree.filter(|tree| !tree.is_null()) {
                leaves::walk(tree, &mut |path, json| {
                    flat.shape.entry(source, path);
                    flat.value(json, own);
                });
                odd |= is_odd(tree);
            }
        }
        for (name, metric) in metrics.into_iter().flatten() {
            flat.shape.entry(Source::Metric, name);
            flat.values.u8(8);
            flat.values.u64(metric.count);
            flat.values.i64(metric.last_step);
            [metric.last, metric.min, metric.max].iter().for_each(|x| flat.values.u64(x.to_bits()));
        }
        flat.shape.0[0] = u8::from(odd);
        (flat.values.0.len() <= LONGEST && flat.shape.0.len() <= LONGEST).then_some(flat)
    }

    fn value(&mut self, json: &Json, own: &str) {
        let to = &mut self.values;
        if let Json::Object(members) = json
            && let Some(Special::Duration(time)) = special(members)
        {
            to.u8(9);
            to.u64(time.as_secs());
            return to.u32(time.subsec_nanos());
        }
        let text = match (json, cell(json)) {
            (Json::Array(_), _) => Some((6, json.to_string())),
            (Json::Object(members), _) if leaves::reference(members).is_some() => Some((6, json.to_string())),
            (Json::Number(_), Cell::Text(_)) | (_, Cell::Large(_) | Cell::Huge(_)) => Some((6, json.to_string())),
            (_, Cell::Text(text)) if text.starts_with(own) => Some((7, text.to_string())),
            (_, Cell::Text(text)) => Some((5, text.to_string())),
            (_, Cell::Nothing) => return to.u8(0),
            (_, Cell::Bool(b)) => return to.u8(1 + u8::from(b)),
            (_, Cell::Int(i)) => {
                to.u8(3);
                return to.i64(i);
            }
            (_, Cell::Float(x)) => {
                to.u8(4);
                return to.u64(x.to_bits());
            }
        };
        if let Some((kind, text)) = text {
            to.u8(kind);
            to.bytes(text.as_bytes());
        }
    }
}

/// Whether a path in this tree does not tell where it leads: names with dots or brackets, and objects that have no leaf.
fn is_odd(tree: &Json) -> bool {
    let plain = |name: &String| !name.is_empty() && !name.contains(['.', '[', ']']);
    let has_members = |members: &Map<String, Json>| members.keys().any(|name| !is_mark(members, name));
    match tree {
        Json::Object(members) if special(members).is_some() => false,
        Json::Object(members) if leaves::reference(members).is_some() => has_members(members),
        Json::Object(members) => {
            let shown = leaves::type_name(members).is_some() || has_members(members);
            !shown || !members.keys().all(plain) || members.values().any(is_odd)
        }
        Json::Array(items) => items.iter().any(is_odd),
        _ => false,
    }
}

/// The values of a job, as the index has them.
#[derive(Clone, Debug)]
pub(super) struct Values<'a> {
    pub(super) shape: &'a Shape,
    pub(super) bytes: Cow<'a, [u8]>,
}

impl Values<'_> {
    /// The values, in the order of the shape's paths.
    pub(super) fn leaves(&self) -> impl Iterator<Item = Leaf<'_>> {
        let mut from = Reader(&self.bytes);
        std::iter::from_fn(move || leaf(&mut from))
    }

    /// The metrics by name.
    pub(super) fn summaries(&self) -> BTreeMap<String, MetricSummary> {
        let metric = |((_, name), leaf): (&(Source, Box<str>), Leaf<'_>)| match leaf {
            Leaf::Metric(metric) => Some((name.to_string(), metric)),
            _ => None,
        };
        self.shape.paths.iter().zip(self.leaves()).filter_map(metric).collect()
    }

    /// The value that a path of the shape leads to; `None` if the tree has to be asked.
    pub(super) fn get(&self, found: Found) -> Option<Option<Leaf<'_>>> {
        match found {
            Found::Leaf(place) => Some(self.leaves().nth(place)),
            Found::Nothing => Some(None),
            Found::AskTree => None,
        }
    }
}

fn leaf<'a>(from: &mut Reader<'a>) -> Option<Leaf<'a>> {
    Some(match from.u8()? {
        0 => Leaf::Null,
        kind @ (1 | 2) => Leaf::Bool(kind == 2),
        3 => Leaf::Int(from.i64()?),
        4 => Leaf::Float(f64::from_bits(from.u64()?)),
        5 => Leaf::Text(from.text()?),
        6 => Leaf::Json(from.text()?),
        7 => Leaf::Own(from.text()?),
        8 => {
            let (count, last_step) = (from.u64()?, from.i64()?);
            let mut x = || from.u64().map(f64::from_bits);
            Leaf::Metric(MetricSummary { count, last_step, last: x()?, min: x()?, max: x()? })
        }
        9 => Leaf::Duration(Duration::new(from.u64()?, from.u32().filter(|part| *part < 1_000_000_000)?)),
        _ => return None,
    })
}
