//! How many finished jobs of a workspace a change concerns. Reads records as JSON: the types may not fit them any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::Moves;
use crate::value::is_too_fine;

/// The jobs of a workspace, read once.
pub(crate) struct Census {
    jobs: Vec<Counted>,
    /// By the identity of what they depend on.
    dependents: BTreeMap<String, Vec<String>>,
    done: BTreeSet<String>,
}

struct Counted {
    identity: String,
    configs: Vec<Json>,
}

impl Census {
    /// Reads the records of all jobs.
    ///
    /// # Errors
    /// If it is no workspace.
    pub(crate) fn read(workdir: &Path) -> Result<Self, String> {
        let folder = workdir.join("jobs");
        if !workdir.join("xpm.toml").is_file() && !folder.is_dir() {
            return Err(format!("{} is no workspace: it has neither xpm.toml nor jobs", workdir.display()));
        }
        // What was migrated has two identities, one of which is that of today.
        let mut migrated = BTreeSet::new();
        let mut census = Self { jobs: Vec::new(), dependents: BTreeMap::new(), done: BTreeSet::new() };
        for folder in entries(&folder).iter().flat_map(|task| entries(task)) {
            let read = |name: &str| -> Option<Json> {
                serde_json::from_slice(&crate::files::read(&folder.join(name)).ok()?).ok()
            };
            let Some(mut params) = read("params.json") else { continue };
            let Some(identity) = params["identity"].as_str().map(str::to_owned) else { continue };
            for job in params["jobs"].as_array().into_iter().flatten() {
                if let Some(above) = job["identity"].as_str() {
                    census.dependents.entry(above.to_owned()).or_default().push(identity.clone());
                }
            }
            let status = read("status.json").unwrap_or_default();
            if status["outcome"] == "done" {
                census.done.insert(identity.clone());
            }
            if let Some(old) = status["migrated_from"]["identity"].as_str() {
                migrated.insert(old.to_owned());
            }
            let configs = match params["configs"].take() {
                Json::Array(configs) => configs,
                _ => Vec::new(),
            };
            census.jobs.push(Counted { identity, configs });
        }
        census.done.retain(|job| !migrated.contains(job));
        Ok(census)
    }

    /// The number of finished jobs that a change gives another identity: those that it concerns, and those that depend on
    /// them; or of those that have the file which it names otherwise.
    pub(crate) fn affected(&self, moves: &Moves) -> usize {
        let concerned = self.jobs.iter().filter(|job| job.configs.iter().any(|config| concerns(moves, config)));
        let mut moved: BTreeSet<&str> = concerned.map(|job| job.identity.as_str()).collect();
        let mut stack: Vec<&str> = if moves.file { Vec::new() } else { moved.iter().copied().collect() };
        while let Some(job) = stack.pop() {
            for dependent in self.dependents.get(job).into_iter().flatten() {
                if moved.insert(dependent) {
                    stack.push(dependent);
                }
            }
        }
        moved.into_iter().filter(|job| self.done.contains(*job)).count()
    }
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn concerns(moves: &Moves, config: &Json) -> bool {
    let named = config["type"] == *moves.type_id;
    let variant = moves.variant.as_ref().is_none_or(|variant| config["variant"] == **variant);
    let value = moves.value.as_ref().is_none_or(|(argument, value, equal)| {
        let wanted: Json = serde_json::from_str(value).unwrap_or(Json::Null);
        match config["args"].get(argument) {
            // A value that has no plain form may be either: rather one job too many.
            Some(Json::Object(_)) => true,
            Some(found) => (*found == wanted) == *equal,
            None => wanted.is_null() == *equal,
        }
    });
    let too_fine = || moves.too_fine.as_ref().is_none_or(|argument| holds_too_fine(&config["args"][argument]));
    named && variant && value && too_fine()
}

/// Whether a number in it is none of `f32`.
fn holds_too_fine(value: &Json) -> bool {
    match value {
        Json::Number(number) => number.as_f64().is_some_and(is_too_fine),
        Json::Array(items) => items.iter().any(holds_too_fine),
        Json::Object(members) => members.values().any(holds_too_fine),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Durability, write_atomic};

    #[test]
    fn what_was_migrated_is_one_job() {
        let dir = tempfile::tempdir().unwrap();
        let job = |identity: &str, status: &str| {
            let folder = dir.path().join("jobs/t").join(identity);
            fs::create_dir_all(&folder).unwrap();
            let params = serde_json::json!({"identity": identity, "configs": [{"type": "t", "args": {}}]});
            for (name, text) in [("params.json", params.to_string()), ("status.json", status.to_owned())] {
                write_atomic(&folder.join(name), text.as_bytes(), Durability::Lazy).unwrap();
            }
        };
        job("a", r#"{"outcome": "done"}"#);
        job("b", r#"{"outcome": "done", "migrated_from": {"task": "t", "identity": "a"}}"#);
        job("c", r#"{"outcome": "done"}"#);
        job("d", r#"{"outcome": "failed"}"#);
        let census = Census::read(dir.path()).unwrap();
        let moves = Moves { type_id: "t".to_owned(), ..Moves::default() };
        assert_eq!(census.affected(&moves), 2, "`a` is `b` now");
    }

    #[test]
    fn numbers_that_are_no_f32() {
        let holds = |json: Json| holds_too_fine(&json);
        for fine in [serde_json::json!(0.123456789), serde_json::json!({"$tuple": [1, [1e-320]]}), 1e300.into()] {
            assert!(holds(fine.clone()), "{fine}");
        }
        for coarse in [serde_json::json!([0.1, 3, -1.5, 1e-30]), serde_json::json!({"$float": "inf"}), Json::Null] {
            assert!(!holds(coarse.clone()), "{coarse}");
        }
    }
}
