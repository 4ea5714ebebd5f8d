//! How many finished jobs of a workspace a change concerns. Reads records as JSON: the types may not fit them any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::Moves;

/// The number of finished jobs that a change gives another identity: those that it concerns, and those that depend on
/// them.
///
/// # Errors
/// If it is no workspace.
pub(crate) fn affected(workdir: &Path, moves: &Moves) -> Result<usize, String> {
    let jobs = workdir.join("jobs");
    if !workdir.join("xpm.toml").is_file() && !jobs.is_dir() {
        return Err(format!("{} is no workspace: it has neither xpm.toml nor jobs", workdir.display()));
    }
    let mut moved = BTreeSet::new();
    let mut dependents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for task in entries(&jobs) {
        for folder in entries(&task) {
            let read = |name: &str| -> Option<Json> { serde_json::from_slice(&fs::read(folder.join(name)).ok()?).ok() };
            let Some(params) = read("params.json") else { continue };
            let Some(identity) = params["identity"].as_str().map(str::to_owned) else { continue };
            for job in params["jobs"].as_array().into_iter().flatten() {
                if let Some(above) = job["identity"].as_str() {
                    dependents.entry(above.to_owned()).or_default().push(identity.clone());
                }
            }
            if params["configs"].as_array().into_iter().flatten().any(|config| concerns(moves, config)) {
                moved.insert(identity.clone());
            }
            if read("status.json").is_some_and(|status| status["outcome"] == "done") {
                done.insert(identity);
            }
        }
    }
    let mut stack: Vec<_> = moved.iter().cloned().collect();
    while let Some(job) = stack.pop() {
        for dependent in dependents.get(&job).into_iter().flatten() {
            if moved.insert(dependent.clone()) {
                stack.push(dependent.clone());
            }
        }
    }
    Ok(moved.intersection(&done).count())
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
    named && variant && value
}
