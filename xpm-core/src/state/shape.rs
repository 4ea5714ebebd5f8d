//! The paths of a job's values: most jobs of a task have the same, so they are kept once.

use std::collections::HashMap;

use super::bytes::{Reader, Writer};
use super::table::Source;

/// With more shapes than this they are no help: jobs whose paths are all their own are read from their trees.
const MOST: usize = 4_000;

/// No shape.
pub(super) const NO_SHAPE: u32 = u32::MAX;

/// Paths of arguments, of fields of the output and of metrics.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) paths: Vec<(Source, Box<str>)>,
    /// Whether the paths do not tell where they lead, as with dots in names.
    odd: bool,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// To the value at this place.
    Leaf(usize),
    /// To nothing.
    Nothing,
    /// The tree has to be asked.
    AskTree,
}

impl Shape {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let odd = from.u8()? != 0;
        let mut paths = Vec::new();
        while !from.0.is_empty() {
            let source = match from.u8()? {
                0 => Source::Argument,
                1 => Source::Output,
                2 => Source::Metric,
                _ => return None,
            };
            paths.push((source, from.text()?.into()));
        }
        Some(Self { paths, odd })
    }

    fn of(&self, source: Source) -> impl Iterator<Item = (usize, &str)> {
        let paths = self.paths.iter().enumerate();
        paths.filter(move |(_, path)| path.0 == source).map(|(place, path)| (place, &*path.1))
    }

    /// The value of exactly this path: as [`at`](super::leaves::at) of the tree.
    pub(super) fn at(&self, source: Source, path: &str) -> Found {
        if self.odd || path.contains(['[', ']']) {
            return Found::AskTree;
        }
        let inside = |known: &str| {
            known
                .strip_prefix(path)
                .is_some_and(|rest| path.is_empty() || rest.starts_with('.') || rest.starts_with('['))
        };
        let mut found = Found::Nothing;
        for (place, known) in self.of(source) {
            if known == path {
                return Found::Leaf(place);
            }
            if inside(known) {
                found = Found::AskTree;
            }
        }
        found
    }

    /// The value of this path, or of the only one that ends so: as [`anywhere`](super::leaves::anywhere) in the tree.
    pub(super) fn anywhere(&self, source: Source, path: &str) -> Found {
        let exact = self.at(source, path);
        if exact != Found::Nothing {
            return exact;
        }
        // The places in the tree where the path leads to, as the beginnings of paths that end there.
        let mut only: Option<&str> = None;
        for (_, known) in self.of(source) {
            for (begin, _) in known.match_indices(path) {
                let end = begin + path.len();
                let whole = begin > 0 && known.as_bytes()[begin - 1] == b'.';
                if !whole || !matches!(known.as_bytes().get(end), None | Some(b'.' | b'[')) {
                    continue;
                }
                match only {
                    Some(other) if other != &known[..end] => return Found::Nothing,
                    _ => only = Some(&known[..end]),
                }
            }
        }
        only.map_or(Found::Nothing, |path| self.at(source, path))
    }
}

impl Writer {
    /// Adds a path to the bytes of a shape.
    pub(super) fn entry(&mut self, source: Source, path: &str) {
        self.u8(match source {
            Source::Argument => 0,
            Source::Output => 1,
            _ => 2,
        });
        self.bytes(path.as_bytes());
    }
}

/// The shapes of a workspace.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    all: Vec<Shape>,
    places: HashMap<Box<[u8]>, u32>,
}

impl Shapes {
    pub(super) fn get(&self, place: u32) -> Option<&Shape> {
        self.all.get(place as usize)
    }

    /// The place of a shape; none if there are too many.
    pub(super) fn enter(&mut self, bytes: &[u8]) -> u32 {
        if let Some(place) = self.places.get(bytes) {
            return *place;
        }
        let place = self.all.len();
        match Shape::read(bytes) {
            Some(shape) if place < MOST => {
                self.all.push(shape);
                self.places.insert(bytes.into(), place as u32);
                place as u32
            }
            _ => NO_SHAPE,
        }
    }

    pub(super) fn write(&self, to: &mut Writer) {
        let mut all: Vec<(&u32, &[u8])> = self.places.iter().map(|(bytes, place)| (place, &**bytes)).collect();
        all.sort_unstable();
        to.u64(all.len() as u64);
        all.into_iter().for_each(|(_, bytes)| to.bytes(bytes));
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut shapes = Self::default();
        for place in 0..from.count(4)? {
            if shapes.enter(from.bytes()?) != u32::try_from(place).ok()? {
                return None;
            }
        }
        Some(shapes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::flat::{Flat, Values};
    use super::super::leaves::{anywhere, at, cell, field, leaves};
    use super::*;

    /// A path leads to the same value by shape as in the tree, and the values are the same.
    #[test]
    fn paths_lead_where_they_lead_in_the_tree() {
        let id = "ab".repeat(32);
        let trees = [
            json!({
                "model": {"$type": "ir.bm25", "k1": 0.9, "loss": {"$type": "l", "$variant": "Huber", "delta": 1}},
                "layers": [{"size": 64}, {"size": 32}], "sizes": [1, 2], "train": {"$job": format!("t/{id}")},
                "weights": {"$file": "w.bin", "$job": format!("t/{id}")}, "none": null, "nan": {"$float": "NaN"}, "flag": true,
                "mode": "inf", "time": {"$duration": [1, 500_000_000]}, "wide": {"$int": "-18446744073709551616"},
                "bounds": [{"$float": "-inf"}, 1], "cash": {"$k": 1, "$job": 2},
                "big": u64::MAX, "map": {"x": 1, "y": {"size": 3}}, "text": "a.b", "made": {"$type": "m", "$job": "t/1"},
            }),
            json!({"a": {"b": {"c": 1}}, "b": {"c": 2}, "x": {"b": {"d": 3}}}),
            json!({"a": {"one": 1}, "deep": {"er": {"one": 2}}}),
            json!({"odd.name": {"k": 1}, "k": 2}),
            json!({"empty": {}, "list": [], "a": {"empty": 1}}),
            json!({"refer": {"$promise": "t/1", "y": 1}, "y": {"z": 1}}),
            json!(0.25),
            json!("text"),
            json!([1, "two"]),
        ];
        let (mut asked, mut told) = (0, 0);
        for tree in &trees {
            let flat = Flat::of(Some(tree), None, None, "/own").unwrap();
            let mut shapes = Shapes::default();
            let place = shapes.enter(&flat.shape.0);
            let shape = shapes.get(place).unwrap();
            let view = Values { shape, bytes: flat.values.0.into() };
            let mut expected = Vec::new();
            leaves(tree, &mut |path, cell| expected.push((path.to_owned(), cell.to_string())));
            let cells = view.leaves().map(|leaf| leaf.cell().to_string());
            let found: Vec<_> = shape.paths.iter().map(|(_, path)| path.to_string()).zip(cells).collect();
            assert_eq!(found, expected);
            let mut paths: Vec<String> =
                ["", "zzz", "sizes[0]", "k1", "size", "b", "b.c", "c", "d", "k", "name.k", "y"]
                    .map(str::to_owned)
                    .to_vec();
            for (path, _) in &expected {
                for part in 0..=path.matches('.').count() {
                    let behind = path.splitn(part + 1, '.').last().unwrap();
                    paths.push(behind.to_owned());
                    paths.push(behind.split('.').next().unwrap().to_owned());
                }
            }
            for path in &paths {
                let mut same = |found: Found, in_tree: Option<&Json>| match found {
                    Found::AskTree => asked += 1,
                    Found::Nothing => {
                        told += 1;
                        assert_eq!(in_tree, None, "{path} in {tree}");
                    }
                    Found::Leaf(place) => {
                        told += 1;
                        let leaf = view.leaves().nth(place).unwrap();
                        let json = in_tree.unwrap_or_else(|| panic!("{path} in {tree}"));
                        assert_eq!(leaf.cell().to_string(), cell(json).to_string(), "{path} in {tree}");
                        assert_eq!(format!("{:?}", leaf.field().unwrap()), format!("{:?}", field(json)), "{path}");
                    }
                };
                same(shape.at(Source::Argument, path), at(tree, path));
                same(shape.anywhere(Source::Argument, path), anywhere(tree, path));
            }
        }
        assert!(told > 200, "{told} {asked}");
    }
}
