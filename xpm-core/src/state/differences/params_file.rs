//! `params.json` as it is compared: configurations by number, and what of them is not in the identity.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{DEEPEST, MOST};
use crate::identity::LeftOut;
use crate::ids::JobKey;
use crate::state::job::JobInfo;
use crate::workspace::{FORMAT, newer_format};

#[derive(Deserialize)]
pub(super) struct ParamsFile {
    #[serde(default)]
    pub(super) jobs: Vec<JobKey>,
    pub(super) configs: Vec<Config>,
}

#[derive(Deserialize, Default)]
pub(super) struct Config {
    #[serde(rename = "type")]
    pub(super) type_id: String,
    #[serde(default)]
    pub(super) variant: Option<String>,
    #[serde(default)]
    pub(super) version: Option<u64>,
    #[serde(default)]
    pub(super) args: Map<String, Json>,
    #[serde(default)]
    pub(super) set_at: Map<String, Json>,
    #[serde(default)]
    pub(super) left_out: HashMap<String, LeftOut>,
}

impl ParamsFile {
    pub(super) fn read(job: &JobInfo) -> Result<Self, String> {
        let path = job.folder().params();
        let said = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let text = job.params().map_err(|error| said(&error))?;
        let read: Result<Self, _> = serde_json::from_slice(&text);
        match (newer_format(&text), read) {
            (Some(found), _) => Err(said(&format!("it has format {found}, and this xpm knows formats up to {FORMAT}"))),
            (None, Ok(file)) if !file.configs.is_empty() => Ok(file),
            (None, Ok(_)) => Err(said(&"it is damaged (it holds no configuration)")),
            (None, Err(error)) => Err(said(&format!("it is damaged ({error})"))),
        }
    }

    pub(super) fn root(&self) -> usize {
        self.configs.len() - 1
    }

    pub(super) fn job(&self, number: Option<&Json>) -> Option<&JobKey> {
        self.jobs.get(usize::try_from(number?.as_u64()?).ok()?)
    }

    /// The arguments of the task itself that are not in the identity.
    pub(super) fn left_out(&self) -> HashSet<String> {
        let mut paths = HashSet::new();
        self.left_out_below(self.root(), "", &mut paths, 0);
        paths
    }

    fn left_out_below(&self, number: usize, prefix: &str, paths: &mut HashSet<String>, depth: usize) {
        let Some(config) = self.configs.get(number).filter(|_| depth < DEEPEST && paths.len() < MOST) else { return };
        paths.extend(config.left_out.keys().map(|name| format!("{prefix}{name}")));
        for (name, value) in &config.args {
            self.left_out_of(value, &format!("{prefix}{name}"), paths, depth + 1);
        }
    }

    /// As paths lead there in the tree of arguments: `layers[0].threads`, `models.k1`.
    fn left_out_of(&self, value: &Json, path: &str, paths: &mut HashSet<String>, depth: usize) {
        if depth > DEEPEST || paths.len() >= MOST {
            return;
        }
        match value {
            Json::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(place, item)| self.left_out_of(item, &format!("{path}[{place}]"), paths, depth + 1)),
            Json::Object(members) => {
                for (kind, content) in members {
                    match (kind.as_str(), content) {
                        ("$config" | "$produced", number) => {
                            if let Some(number) = number.as_u64() {
                                self.left_out_below(number as usize, &format!("{path}."), paths, depth + 1);
                            }
                        }
                        ("$tuple" | "$set", items) => self.left_out_of(items, path, paths, depth + 1),
                        ("$map", Json::Array(pairs)) => {
                            for pair in pairs {
                                let (Some(key), Some(value)) = (pair.get(0), pair.get(1)) else { continue };
                                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                                self.left_out_of(value, &format!("{path}.{key}"), paths, depth + 1);
                            }
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// The paths of a job's arguments that are not in its identity.
pub(in crate::state) fn left_out(job: &JobInfo) -> HashSet<String> {
    ParamsFile::read(job).map(|file| file.left_out()).unwrap_or_default()
}
