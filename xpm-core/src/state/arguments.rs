//! A job's arguments as a JSON tree, made from `params.json` without the types that wrote it.
#![doc = include_str!("arguments.md")]

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::marks::{self, in_order};
use crate::ids::JobKey;
use crate::workspace::FORMAT;

/// How deep a tree may be.
const DEEPEST: usize = 64;
/// How many values a tree may have.
const LARGEST: usize = 100_000;

#[derive(Deserialize)]
struct ParamsFile {
    format: u32,
    #[serde(default)]
    jobs: Vec<JobKey>,
    configs: Vec<Config>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "type")]
    type_id: String,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    args: Map<String, Json>,
}

/// What `params.json` says.
#[derive(Debug)]
pub(super) struct Arguments {
    /// The tree; the task's own configuration has no `$type`. What JSON has no form of has its mark.
    pub(super) tree: Json,
    /// The jobs that arguments refer to.
    pub(super) jobs: Vec<JobKey>,
}

impl Arguments {
    /// Reads the text of `params.json`; `root` is the workspace.
    pub(super) fn parse(text: &[u8], root: &Path) -> Result<Self, String> {
        let file: ParamsFile = match serde_json::from_slice(text) {
            Ok(file) => file,
            Err(error) => {
                return Err(match crate::workspace::newer_format(text) {
                    Some(found) => newer(found),
                    None => format!("params.json is damaged ({error})"),
                });
            }
        };
        if file.format > FORMAT {
            return Err(newer(file.format));
        }
        let Some(last) = file.configs.len().checked_sub(1) else {
            return Err("params.json is damaged (it holds no configuration)".to_owned());
        };
        let mut tree = Tree { file: &file, root, left: LARGEST };
        let mut tree = tree.config(last, 0);
        if let Json::Object(members) = &mut tree {
            members.remove("$type");
        }
        Ok(Self { tree, jobs: file.jobs })
    }
}

fn newer(found: u32) -> String {
    format!("params.json has format {found}, and this xpm knows formats up to {FORMAT}: use a newer xpm")
}

struct Tree<'a> {
    file: &'a ParamsFile,
    root: &'a Path,
    left: usize,
}

impl Tree<'_> {
    fn config(&mut self, number: usize, depth: usize) -> Json {
        let Some(config) = self.file.configs.get(number) else { return json!({"$config": number}) };
        if depth > DEEPEST || self.left == 0 {
            return json!({"$config": number});
        }
        let mut members = Map::new();
        members.insert("$type".to_owned(), config.type_id.clone().into());
        if let Some(variant) = &config.variant {
            members.insert("$variant".to_owned(), variant.clone().into());
        }
        for (name, value) in &config.args {
            members.insert(name.clone(), self.value(value, depth + 1));
        }
        Json::Object(members)
    }

    fn value(&mut self, value: &Json, depth: usize) -> Json {
        self.left = self.left.saturating_sub(1);
        match value {
            Json::Array(items) => self.items(items, depth),
            Json::Object(members) => self.special(members, depth),
            plain => plain.clone(),
        }
    }

    fn items(&mut self, items: &[Json], depth: usize) -> Json {
        items.iter().map(|item| self.value(item, depth)).collect()
    }

    fn special(&mut self, members: &Map<String, Json>, depth: usize) -> Json {
        let job = || members.get("job").map(|number| self.job(number));
        let Some((kind, content)) = members.iter().find(|(name, _)| name.starts_with('$')) else {
            return Json::Object(members.clone());
        };
        match (kind.as_str(), content) {
            ("$int", Json::String(text)) => text.parse::<u64>().map_or_else(|_| json!({"$int": text}), Json::from),
            ("$tuple", Json::Array(items)) => self.items(items, depth),
            ("$set", Json::Array(items)) => {
                let mut set = self.items(items, depth);
                if let Json::Array(items) = &mut set {
                    in_order(items);
                }
                set
            }
            ("$map", Json::Array(pairs)) => {
                let mut entries = Map::new();
                for pair in pairs {
                    let (Some(key), Some(value)) = (pair.get(0), pair.get(1)) else { continue };
                    let key = match marks::plain(self.value(key, depth)) {
                        Json::String(key) => key,
                        key => key.to_string(),
                    };
                    entries.insert(key, self.value(value, depth));
                }
                Json::Object(entries)
            }
            ("$path", content) => path(content).into(),
            ("$path_in_workspace", content) => match path(content).as_str() {
                "" => self.root.display().to_string().into(),
                inside => self.root.join(inside).display().to_string().into(),
            },
            ("$json", content) => content.clone(),
            ("$config", number) => self.config(index(number), depth),
            ("$job", number) => json!({"$job": self.job(number)}),
            ("$promise", number) => json!({"$promise": self.job(number)}),
            ("$file", content) => json!({"$file": path(content), "$job": job()}),
            ("$produced", number) => {
                let job = job();
                let mut config = self.config(index(number), depth);
                if let Json::Object(members) = &mut config {
                    members.insert("$job".to_owned(), job.into());
                }
                config
            }
            _ => Json::Object(members.clone()),
        }
    }

    fn job(&self, number: &Json) -> String {
        self.file.jobs.get(index(number)).map_or_else(|| "unknown".to_owned(), JobKey::full_name)
    }
}

fn index(number: &Json) -> usize {
    number.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX)
}

/// A path for people: one that is no UTF-8 has its bytes replaced.
fn path(content: &Json) -> String {
    match content {
        Json::String(text) => text.clone(),
        other => {
            let bytes = other.get("bytes").and_then(Json::as_array).cloned().unwrap_or_default();
            let bytes: Vec<u8> = bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Json {
        Arguments::parse(text.as_bytes(), Path::new("/w")).unwrap().tree
    }

    #[test]
    fn every_form_of_an_argument_becomes_json() {
        let id = "07".repeat(32);
        let text = format!(
            r#"{{"format":1,"task":"t","identity":"{id}","jobs":[{{"task":"p","identity":"{id}"}}],"configs":[
            {{"type":"bm25","args":{{"k1":0.9}}}},{{"type":"loss","variant":"Huber","args":{{"delta":1.0}}}},
            {{"type":"t","args":{{"model":{{"$config":0}},"loss":{{"$config":1}},"job":{{"$job":0}},
             "promise":{{"$promise":0}},"file":{{"$file":"w.bin","job":0}},"made":{{"$produced":0,"job":0}},
             "big":{{"$int":"18446744073709551615"}},"wide":{{"$int":"-18446744073709551616"}},"nan":{{"$float":"NaN"}},"time":{{"$duration":[1,500000000]}},
             "pair":{{"$tuple":[1,2.0]}},"set":{{"$set":["b","a"]}},"map":{{"$map":[["k",1],[2,{{"$config":0}}],[{{"$int":"18446744073709551616"}},3]]}},
             "path":{{"$path":"/data"}},"inside":{{"$path_in_workspace":"x/y"}},"json":{{"$json":{{"$x":1}}}},
             "none":null,"flag":true,"list":[1,2]}}}}]}}"#
        );
        let job = format!("p/{id}");
        let expected = json!({
            "model": {"$type": "bm25", "k1": 0.9}, "loss": {"$type": "loss", "$variant": "Huber", "delta": 1.0},
            "job": {"$job": job}, "promise": {"$promise": job}, "file": {"$file": "w.bin", "$job": job},
            "made": {"$type": "bm25", "k1": 0.9, "$job": job}, "big": u64::MAX, "wide": {"$int": "-18446744073709551616"},
            "nan": {"$float": "NaN"}, "time": {"$duration": [1, 500_000_000]},
            "pair": [1, 2.0], "set": ["a", "b"],
            "map": {"k": 1, "2": {"$type": "bm25", "k1": 0.9}, "18446744073709551616": 3}, "path": "/data",
            "inside": "/w/x/y", "json": {"$x": 1}, "none": null, "flag": true, "list": [1, 2],
        });
        assert_eq!(tree(&text), expected);
    }

    #[test]
    fn a_tree_that_would_be_exponential_is_cut() {
        let id = "07".repeat(32);
        let mut configs = vec![r#"{"type":"leaf"}"#.to_owned()];
        for level in 0..60 {
            configs
                .push(format!(r#"{{"type":"pair","args":{{"a":{{"$config":{level}}},"b":{{"$config":{level}}}}}}}"#));
        }
        let text = format!(r#"{{"format":1,"task":"t","identity":"{id}","configs":[{}]}}"#, configs.join(","));
        assert!(tree(&text).to_string().contains("$config"));
    }

    #[test]
    fn damaged_and_newer_files_are_told() {
        let parse = |text: &str| Arguments::parse(text.as_bytes(), Path::new("/w")).unwrap_err();
        assert!(parse("{").contains("damaged"));
        assert!(parse(r#"{"format":9}"#).contains("format 9"));
        assert!(parse(r#"{"format":1,"configs":[]}"#).contains("no configuration"));
    }
}
