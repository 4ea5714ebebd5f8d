//! What two jobs differ in: their arguments side by side, followed into the jobs that they refer to.
//!
//! `params.json` says which arguments are in the identity: its writer asks the same traversal that computes it.

mod params_file;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use serde_json::{Map, Value as Json};

pub(super) use params_file::left_out;
use params_file::{Config, ParamsFile};

use super::job::{JobInfo, JobReadError};
use super::marks::in_order;
use crate::identity::LeftOut;
use crate::ids::JobKey;

/// How many differences are told, of jobs that have nothing to do with each other.
const MOST: usize = 500;
/// How many pairs of jobs are followed upwards.
const FOLLOWED: usize = 500;
/// How deep lists and maps of an argument are looked into.
const DEEPEST: usize = 64;

/// An argument that two jobs do not agree in.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its path: `model.k1`. Behind an argument that is another job, the path goes on in that job: `data.limit`.
    pub path: String,
    /// What the first job has; `None` for nothing.
    pub left: Option<String>,
    /// What the second job has.
    pub right: Option<String>,
    /// Why it does not count for the identity, if it does not in either.
    pub left_out: Option<LeftOut>,
    /// Where the plans set it, `file:line:column`.
    pub set_at: (Option<String>, Option<String>),
    /// The two jobs whose argument it is, if they are not the two that were asked for.
    pub of: Option<(JobKey, JobKey)>,
}

impl Difference {
    /// Whether it makes the identities differ.
    pub fn counts(&self) -> bool {
        self.left_out.is_none()
    }
}

/// The arguments in which two jobs differ, in order of path; those of jobs that they refer to behind the argument that
/// refers. Jobs of different tasks differ in what they do not share.
///
/// # Errors
/// If the arguments of one of the two cannot be read. Those of a job further up that is gone are left out.
pub fn differences(left: &JobInfo, right: &JobInfo) -> Result<Vec<Difference>, JobReadError> {
    let read = |job: &JobInfo| ParamsFile::read(job).map_err(JobReadError::Arguments);
    let other = |key: &JobKey| ParamsFile::read(&left.other(key)).ok();
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    compare_jobs(&other, &read(left)?, &read(right)?, "", None, &mut found, &mut seen);
    Ok(found)
}

fn compare_jobs(
    read: &dyn Fn(&JobKey) -> Option<ParamsFile>,
    left: &ParamsFile,
    right: &ParamsFile,
    prefix: &str,
    of: Option<(JobKey, JobKey)>,
    found: &mut Vec<Difference>,
    seen: &mut HashSet<(JobKey, JobKey)>,
) {
    let mut pair = Pair { left, right, of, found, seen: HashSet::new(), upstream: Vec::new() };
    pair.configs(left.root(), right.root(), prefix, None, 0);
    let upstream = pair.upstream;
    for (path, at, keys) in upstream {
        // Shared parts of two histories are told once.
        if !seen.insert(keys.clone()) || found.len() >= MOST || seen.len() > FOLLOWED {
            continue;
        }
        let (Some(left), Some(right)) = (read(&keys.0), read(&keys.1)) else { continue };
        let mut below = Vec::new();
        compare_jobs(read, &left, &right, &format!("{path}."), Some(keys), &mut below, seen);
        // Behind the argument that refers to them.
        let at = found.iter().position(|difference| difference.path == at).map_or(found.len(), |place| place + 1);
        found.splice(at..at, below);
    }
}

struct Pair<'a> {
    left: &'a ParamsFile,
    right: &'a ParamsFile,
    of: Option<(JobKey, JobKey)>,
    found: &'a mut Vec<Difference>,
    seen: HashSet<(usize, usize)>,
    /// Where two jobs stand that differ, behind which difference they are told, and which they are.
    upstream: Vec<(String, String, (JobKey, JobKey))>,
}

/// What is known of an argument beside its values.
#[derive(Clone, Default)]
struct Known {
    left_out: Option<LeftOut>,
    set_at: (Option<String>, Option<String>),
}

impl Pair<'_> {
    fn push(&mut self, path: &str, left: Option<String>, right: Option<String>, known: &Known) {
        if self.found.len() < MOST {
            self.found.push(Difference {
                path: path.to_owned(),
                left,
                right,
                left_out: known.left_out,
                set_at: known.set_at.clone(),
                of: self.of.clone(),
            });
        }
    }

    fn configs(&mut self, left: usize, right: usize, prefix: &str, known: Option<&Known>, depth: usize) {
        let (Some(a), Some(b)) = (self.left.configs.get(left), self.right.configs.get(right)) else { return };
        if depth > DEEPEST || !self.seen.insert((left, right)) {
            return;
        }
        let default = Known::default();
        let known = known.unwrap_or(&default);
        let own = prefix.trim_end_matches('.');
        let name = |config: &Config| match &config.variant {
            Some(variant) => format!("{}::{variant}", config.type_id),
            None => config.type_id.clone(),
        };
        if name(a) != name(b) {
            self.push(if own.is_empty() { "task" } else { own }, Some(name(a)), Some(name(b)), known);
        } else if a.version != b.version {
            let version = |config: &Config| config.version.map(|version| version.to_string());
            self.push(&format!("{prefix}(version of {})", name(a)), version(a), version(b), known);
        }
        let names: BTreeSet<&String> = a.args.keys().chain(b.args.keys()).collect();
        for name in names {
            // A file of the job's own folder is never set, and where the folder lies says nothing.
            let reasons = (a.left_out.get(name), b.left_out.get(name));
            if matches!(reasons, (Some(LeftOut::JobPath), _) | (_, Some(LeftOut::JobPath))) {
                continue;
            }
            let place = |config: &Config| config.set_at.get(name).and_then(Json::as_str).map(str::to_owned);
            // An argument that counts in one of the two makes a difference.
            let left_out = known.left_out.or(match (reasons, a.args.get(name), b.args.get(name)) {
                ((Some(why), Some(_)), _, _) => Some(*why),
                ((Some(why), None), _, None) | ((None, Some(why)), None, _) => Some(*why),
                _ => None,
            });
            let known = Known { left_out, set_at: (place(a), place(b)) };
            self.values(a.args.get(name), b.args.get(name), &format!("{prefix}{name}"), &known, depth + 1);
        }
    }

    fn values(&mut self, left: Option<&Json>, right: Option<&Json>, path: &str, known: &Known, depth: usize) {
        let (Some(a), Some(b)) = (left, right) else {
            let show = |value: Option<&Json>, file: &ParamsFile| value.map(|value| shown(value, file, 0));
            self.push(path, show(left, self.left), show(right, self.right), known);
            return;
        };
        if depth > DEEPEST {
            return;
        }
        match (a, b) {
            (Json::Array(a), Json::Array(b)) => self.items(a, b, path, known, depth),
            (Json::Object(x), Json::Object(y)) => self.objects((a, x), (b, y), path, known, depth),
            _ if a == b => {}
            _ => self.differ(a, b, path, known),
        }
    }

    fn differ(&mut self, a: &Json, b: &Json, path: &str, known: &Known) {
        self.push(path, Some(shown(a, self.left, 0)), Some(shown(b, self.right, 0)), known);
    }

    /// Short lists of plain values are told whole.
    fn items(&mut self, a: &[Json], b: &[Json], path: &str, known: &Known, depth: usize) {
        let plain = |items: &[Json]| items.iter().all(|item| !item.is_object() && !item.is_array());
        if plain(a) && plain(b) {
            if a != b {
                self.differ(&Json::Array(a.to_vec()), &Json::Array(b.to_vec()), path, known);
            }
            return;
        }
        for place in 0..a.len().max(b.len()) {
            self.values(a.get(place), b.get(place), &format!("{path}[{place}]"), known, depth + 1);
        }
    }

    fn objects(
        &mut self,
        (a, x): (&Json, &Map<String, Json>),
        (b, y): (&Json, &Map<String, Json>),
        path: &str,
        known: &Known,
        depth: usize,
    ) {
        let both = |kind: &str| Some((x.get(kind)?, y.get(kind)?));
        if let Some((left, right)) = both("$config") {
            let (Some(left), Some(right)) = (left.as_u64(), right.as_u64()) else { return };
            return self.configs(left as usize, right as usize, &format!("{path}."), Some(known), depth);
        }
        if let Some((Json::Array(left), Json::Array(right))) = both("$tuple") {
            return self.items(left, right, path, known, depth);
        }
        if let Some((Json::Array(left), Json::Array(right))) = both("$set") {
            let (mut left, mut right) = (left.clone(), right.clone());
            in_order(&mut left);
            in_order(&mut right);
            return self.items(&left, &right, path, known, depth);
        }
        if let Some((Json::Array(left), Json::Array(right))) = both("$map") {
            let (left, right) = (entries(left, self.left), entries(right, self.right));
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let (left, right) = (left.get(key).copied(), right.get(key).copied());
                self.values(left, right, &format!("{path}{key}"), known, depth + 1);
            }
            return;
        }
        // What refers to a job does so by its number in the file.
        let job = |members: &Map<String, Json>, file: &ParamsFile| {
            ["$job", "$promise", "job"].iter().find_map(|kind| file.job(members.get(*kind)).cloned())
        };
        let (left, right) = (job(x, self.left), job(y, self.right));
        let (what_a, what_b) = (shown(a, self.left, 0), shown(b, self.right, 0));
        let before = self.found.len();
        if left != right || (left.is_none() && a != b) || (left.is_some() && what_a != what_b) {
            self.push(path, Some(what_a), Some(what_b), known);
        }
        if let (Some(left), Some(right)) = (left, right)
            && left != right
        {
            let at = self.found.get(before).map(|difference| difference.path.clone()).unwrap_or_default();
            self.upstream.push((path.to_owned(), at, (left, right)));
        }
        if let Some((left, right)) = both("$produced")
            && let (Some(left), Some(right)) = (left.as_u64(), right.as_u64())
        {
            self.configs(left as usize, right as usize, &format!("{path}."), Some(known), depth);
        }
    }
}

/// The entries of a map by what stands for the key behind the path of the map: a key may be a tuple or a variant of an enum.
fn entries<'v>(pairs: &'v [Json], file: &ParamsFile) -> BTreeMap<String, &'v Json> {
    let mut entries = BTreeMap::new();
    for (key, value) in pairs.iter().filter_map(|pair| Some((pair.get(0)?, pair.get(1)?))) {
        // A plain one as filters have it: `weights.a`.
        let name = match key {
            Json::Array(_) | Json::Object(_) => format!("[{}]", shown(key, file, 0)),
            Json::String(text) => format!(".{text}"),
            plain => format!(".{plain}"),
        };
        // What is cut off may be what tells two apart.
        let mut names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name} ({number})")));
        if let Some(name) = names.find(|name| !entries.contains_key(name)) {
            entries.insert(name, value);
        }
    }
    entries
}

/// A value in one line.
fn shown(value: &Json, file: &ParamsFile, depth: usize) -> String {
    if depth > 4 {
        return "…".to_owned();
    }
    let list = |items: &[Json], open: char, close: char| {
        let items: Vec<String> = items.iter().map(|item| shown(item, file, depth + 1)).collect();
        format!("{open}{}{close}", items.join(", "))
    };
    let config = |number: &Json| {
        let config = number.as_u64().and_then(|number| file.configs.get(number as usize));
        let Some(config) = config else { return "…".to_owned() };
        let name = config.variant.as_deref().unwrap_or_else(|| config.type_id.rsplit('.').next().unwrap_or_default());
        let args = config.args.iter().map(|(name, value)| format!("{name}={}", shown(value, file, depth + 1)));
        let args: Vec<String> = args.collect();
        if args.is_empty() { name.to_owned() } else { format!("{name}({})", args.join(", ")) }
    };
    let job = |number: Option<&Json>| file.job(number).map_or_else(|| "a job".to_owned(), ToString::to_string);
    match value {
        Json::Null => "none".to_owned(),
        Json::Array(items) => list(items, '[', ']'),
        Json::Object(members) => {
            let Some((kind, content)) = members.iter().find(|(name, _)| name.starts_with('$')) else {
                return value.to_string();
            };
            match (kind.as_str(), content) {
                ("$config", number) => config(number),
                ("$produced", number) => format!("{} made by {}", config(number), job(members.get("job"))),
                ("$job", number) => job(Some(number)),
                ("$promise", number) => format!("output of {}", job(Some(number))),
                ("$file", Json::String(path)) => format!("{path} of {}", job(members.get("job"))),
                ("$tuple", Json::Array(items)) => list(items, '(', ')'),
                ("$set", Json::Array(items)) => list(items, '{', '}'),
                ("$duration", Json::Array(parts)) => {
                    let part = |place: usize| parts.get(place).and_then(Json::as_u64).unwrap_or_default();
                    let nanos = u32::try_from(part(1)).unwrap_or_default();
                    format!("{:?}", std::time::Duration::new(part(0), nanos.min(999_999_999)))
                }
                ("$map", Json::Array(pairs)) => {
                    let pair = |pair: &Json| {
                        let (key, value) = (pair.get(0)?, pair.get(1)?);
                        Some(format!("{}: {}", shown(key, file, depth + 1), shown(value, file, depth + 1)))
                    };
                    format!("{{{}}}", pairs.iter().filter_map(pair).collect::<Vec<_>>().join(", "))
                }
                ("$path" | "$path_in_workspace", Json::String(path)) => Path::new(path).display().to_string(),
                ("$json", content) => content.to_string(),
                (_, Json::String(text)) => text.clone(),
                (_, content) => content.to_string(),
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(configs: &str) -> ParamsFile {
        let (a, b) = ("ab".repeat(32), "cd".repeat(32));
        let text = format!(
            r#"{{"jobs":[{{"task":"p","identity":"{a}"}},{{"task":"p","identity":"{b}"}}],"configs":[{configs}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    /// Each difference as `path: left | right`, with `!` where it does not count.
    fn compare(left: &str, right: &str) -> Vec<String> {
        let mut found = Vec::new();
        compare_jobs(&|_| None, &params(left), &params(right), "", None, &mut found, &mut HashSet::new());
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
        found
            .iter()
            .map(|d| format!("{}{}: {} | {}", if d.counts() { "" } else { "!" }, d.path, side(&d.left), side(&d.right)))
            .collect()
    }

    fn task(args: &str) -> String {
        format!(r#"{{"type":"t","args":{{{args}}}}}"#)
    }

    #[test]
    fn every_form_of_value_is_compared_and_told() {
        for (left, right, expected) in [
            (r#""x":1"#, r#""x":1"#, vec![]),
            (r#""x":1"#, r#""x":1.0"#, vec!["x: 1 | 1.0"]),
            (r#""x":null"#, r#""x":"a""#, vec![r#"x: none | "a""#]),
            ("", r#""x":true"#, vec!["x: - | true"]),
            (r#""x":[1,2]"#, r#""x":[1,3]"#, vec!["x: [1, 2] | [1, 3]"]),
            // As hash sets of two processes write them.
            (r#""x":{"$set":["p","q","r"]}"#, r#""x":{"$set":["r","p","q"]}"#, vec![]),
            (r#""x":{"$set":[10,9]}"#, r#""x":{"$set":[9,11]}"#, vec!["x: [9, 10] | [9, 11]"]),
            (r#""x":[[1],[2]]"#, r#""x":[[1],[3],[4]]"#, vec!["x[1]: [2] | [3]", "x[2]: - | [4]"]),
            (r#""x":{"$tuple":[1,"a"]}"#, r#""x":{"$tuple":[2,"a"]}"#, vec![r#"x: [1, "a"] | [2, "a"]"#]),
            (r#""x":{"$map":[["a",1],["b",2]]}"#, r#""x":{"$map":[["b",3],["a",1]]}"#, vec!["x.b: 2 | 3"]),
            (
                r#""x":{"$map":[[{"$tuple":[1,"a"]},1],[{"$tuple":[2,"a"]},2]]}"#,
                r#""x":{"$map":[[{"$tuple":[2,"a"]},5],[{"$tuple":[3,"a"]},1]]}"#,
                vec![r#"x[(1, "a")]: 1 | -"#, r#"x[(2, "a")]: 2 | 5"#, r#"x[(3, "a")]: - | 1"#],
            ),
            (r#""x":{"$float":"NaN"}"#, r#""x":{"$float":"inf"}"#, vec!["x: NaN | inf"]),
            (r#""x":{"$duration":[1,500000000]}"#, r#""x":{"$duration":[2,0]}"#, vec!["x: 1.5s | 2s"]),
            (r#""x":{"$json":{"a":1}}"#, r#""x":{"$json":{"a":2}}"#, vec![r#"x: {"a":1} | {"a":2}"#]),
            (r#""x":{"$job":0}"#, r#""x":{"$job":1}"#, vec!["x: p/abababab | p/cdcdcdcd"]),
            (r#""x":{"$job":0}"#, r#""x":{"$promise":0}"#, vec!["x: p/abababab | output of p/abababab"]),
            (
                r#""x":{"$file":"w","job":0}"#,
                r#""x":{"$file":"v","job":0}"#,
                vec!["x: w of p/abababab | v of p/abababab"],
            ),
        ] {
            assert_eq!(compare(&task(left), &task(right)), expected, "{left} {right}");
        }
    }

    #[test]
    fn what_counts_in_one_of_the_two_makes_a_difference() {
        let of = |depth: &str, left_out: &str| {
            format!(r#"{{"type":"t","args":{{"depth":{depth},"threads":4}},"left_out":{{{left_out}}}}}"#)
        };
        assert_eq!(compare(&of("1", r#""depth":"default""#), &of("2", "")), ["depth: 1 | 2"]);
        assert_eq!(compare(&of("1", r#""depth":"ignored""#), &of("2", r#""depth":"ignored""#)), ["!depth: 1 | 2"]);
        let gone = r#"{"type":"t","args":{"depth":1}}"#;
        assert_eq!(compare(&of("1", r#""threads":"ignored""#), gone), ["!threads: 4 | -"]);
        assert_eq!(compare(gone, &of("1", "")), ["threads: - | 4"]);
    }

    #[test]
    fn types_variants_and_versions_are_compared_too() {
        let of = |model: &str| format!(r#"{model},{{"type":"t","args":{{"model":{{"$config":0}}}}}}"#);
        let bm25 = |k1: &str, rest: &str| of(&format!(r#"{{"type":"ir.bm25","args":{{"k1":{k1}}}{rest}}}"#));
        assert_eq!(compare(&bm25("0.9", ""), &bm25("0.6", "")), ["model.k1: 0.9 | 0.6"]);
        assert_eq!(compare(&bm25("0.9", ""), &bm25("0.9", r#","version":2"#)), ["model.(version of ir.bm25): - | 2"]);
        assert_eq!(
            compare(&bm25("0.9", ""), &of(r#"{"type":"loss","variant":"Huber","args":{"delta":1}}"#)),
            ["model: ir.bm25 | loss::Huber", "model.delta: - | 1", "model.k1: 0.9 | -"]
        );
        // What is below an argument that does not count does not count.
        let ignored = |k1: &str| {
            format!(
                r#"{{"type":"m","args":{{"k1":{k1}}}}},{{"type":"t","args":{{"model":{{"$config":0}}}},"left_out":{{"model":"ignored"}}}}"#
            )
        };
        assert_eq!(compare(&ignored("1"), &ignored("2")), ["!model.k1: 1 | 2"]);
        assert_eq!(compare(r#"{"type":"a"}"#, r#"{"type":"b"}"#), ["task: a | b"]);
    }

    #[test]
    fn variants_as_keys_of_a_map_are_told_apart() {
        let of = |a: u32, b: u32| {
            format!(
                r#"{{"type":"k","variant":"Huber","args":{{"delta":1}}}},{{"type":"k","variant":"L1"}},{{"type":"t","args":{{"x":{{"$map":[[{{"$config":0}},{a}],[{{"$config":1}},{b}]]}}}}}}"#
            )
        };
        assert_eq!(compare(&of(1, 2), &of(3, 4)), ["x[Huber(delta=1)]: 1 | 3", "x[L1]: 2 | 4"]);
        // Though both are cut where they differ.
        let deep = |keys: [u32; 2]| {
            let key = |n: u32| (0..7).fold(format!("{n}"), |inside, _| format!(r#"{{"$tuple":[{inside}]}}"#));
            task(&format!(r#""x":{{"$map":[[{},1],[{},2]]}}"#, key(keys[0]), key(keys[1])))
        };
        assert_eq!(compare(&deep([1, 2]), &deep([1, 2])).len(), 0);
        let more = task(r#""x":{"$map":[]}"#);
        assert_eq!(compare(&deep([1, 2]), &more).len(), 2);
    }

    #[test]
    fn what_is_left_out_is_found_in_lists_and_maps_too() {
        let part = r#"{"type":"p","args":{"k":1,"threads":4},"left_out":{"threads":"ignored"}}"#;
        let args = r#""list":[{"$config":0},[{"$config":0}]],"map":{"$map":[["a",{"$config":0}],[2,{"$config":0}]]},"pair":{"$tuple":[1,{"$config":0}]},"made":{"$produced":0,"job":0}"#;
        let mut found: Vec<String> = params(&format!("{part},{}", task(args))).left_out().into_iter().collect();
        found.sort();
        let expected = [
            "list[0].threads",
            "list[1][0].threads",
            "made.threads",
            "map.2.threads",
            "map.a.threads",
            "pair[1].threads",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn shared_configurations_are_compared_once() {
        let chain = |last: u32| {
            let mut configs = vec![format!(r#"{{"type":"leaf","args":{{"x":{last}}}}}"#)];
            for level in 0..60 {
                configs.push(format!(
                    r#"{{"type":"pair","args":{{"a":{{"$config":{level}}},"b":{{"$config":{level}}}}}}}"#
                ));
            }
            configs.join(",")
        };
        assert_eq!(compare(&chain(1), &chain(2)).len(), 1);
    }
}
