//! Values that a plan saves in the folder of its run, and reading them back later: `saved/<name>.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Durability, FORMAT, Workspace, WorkspaceError, history, newer_format, write_atomic};
use crate::fault;
use crate::ids::{InvalidId, check_experiment_id, check_saved_name};

/// Why a value is not saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The name cannot name a file.
    #[error(transparent)]
    Name(#[from] InvalidId),
    /// The value cannot be written as JSON.
    #[error("`{name}` cannot be saved: it cannot be written as JSON: {why}")]
    Value {
        /// The name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The file cannot be written.
    #[error("`{name}` cannot be saved in {}", path.display())]
    Unwritable {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Why a saved value cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The workspace cannot be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The name or the experiment's id cannot name a file.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// There is no such experiment.
    #[error("there is no experiment `{experiment}` in {}{}", workdir.display(), listed("there are", there))]
    NoExperiment {
        /// The workspace.
        workdir: PathBuf,
        /// The experiment.
        experiment: String,
        /// The experiments of the workspace.
        there: Vec<String>,
    },
    /// No run of the experiment that is kept has saved it.
    #[error("no run of `{experiment}` has saved `{name}`{}", listed("saved are", there))]
    NotSaved {
        /// The experiment.
        experiment: String,
        /// The name.
        name: String,
        /// What is saved.
        there: Vec<String>,
    },
    /// The file cannot be read from disk.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is damaged.
    #[error("{} is damaged ({why}); an older run may have the value too", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Written by a newer xpm.
    #[error("{} has format {found}, and this binary knows formats up to {FORMAT}: build it with a newer xpm", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The value is of another type.
    #[error("`{name}`, saved in {}, is no `{wanted}`: {why}", path.display())]
    OtherType {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
        /// The type that was asked for.
        wanted: &'static str,
        /// What does not fit.
        why: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    time: String,
    value: Box<RawValue>,
}

/// `; there are a, b`, if there is anything.
fn listed(what: &str, names: &[String]) -> String {
    const SHOWN: usize = 12;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if shown.is_empty() { String::new() } else { format!("; {what} {}{more}", shown.join(", ")) }
}

/// Saves a value in the folder of a run. An earlier value of this name is replaced.
pub(crate) fn save<T: Serialize + ?Sized>(run: &Path, name: &str, value: &T) -> Result<(), SaveError> {
    check_saved_name(name)?;
    let refused = |why: serde_json::Error| SaveError::Value { name: name.to_owned(), why: why.to_string() };
    let value = serde_json::value::to_raw_value(value).map_err(refused)?;
    let saved = Saved { format: FORMAT, time: crate::clock::timestamp(), value };
    let mut text = serde_json::to_vec(&saved).map_err(refused)?;
    text.push(b'\n');
    let folder = run.join("saved");
    let path = folder.join(format!("{name}.json"));
    let written = fault::point("make folder", &folder).and_then(|()| match fs::create_dir(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => write_atomic(&path, &text, Durability::Synced),
    });
    written.map_err(|source| SaveError::Unwritable { name: name.to_owned(), path, source })
}

/// The value that the newest run which has one has saved under `name` with [`Experiment::save`](crate::Experiment::save).
///
/// Runs that failed count too, and so does one that is being run. Runs are removed by the rule of
/// [`keep_runs`](crate::experiment::ExperimentBuilder::keep_runs); without one, a run with saved values stays.
///
/// ```no_run
/// # mod xpm { pub use xpm_core::workspace::load; }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let best: f64 = xpm::load("workspace", "bm25-grid", "best")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If there is no such workspace, experiment or value (saying what there is), if its file is damaged, or if the value is
/// of another type.
pub fn load<T: DeserializeOwned>(workdir: impl AsRef<Path>, experiment: &str, name: &str) -> Result<T, LoadError> {
    check_experiment_id(experiment)?;
    check_saved_name(name)?;
    let workspace = Workspace::open(workdir.as_ref())?;
    let folder = workspace.experiment(experiment);
    let runs = match history::runs(&folder) {
        Ok(runs) => runs,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let there = names(&workspace.path().join("experiments"), "");
            let (workdir, experiment) = (workspace.path().to_owned(), experiment.to_owned());
            return Err(LoadError::NoExperiment { workdir, experiment, there });
        }
        Err(source) => return Err(LoadError::Unreadable { path: folder, source }),
    };
    for (_, run) in &runs {
        let path = run.join("saved").join(format!("{name}.json"));
        match crate::files::read(&path) {
            Ok(text) => return read(&text, name, path),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(source) => return Err(LoadError::Unreadable { path, source }),
        }
    }
    let mut there: Vec<String> = runs.iter().flat_map(|(_, run)| names(&run.join("saved"), ".json")).collect();
    there.sort();
    there.dedup();
    Err(LoadError::NotSaved { experiment: experiment.to_owned(), name: name.to_owned(), there })
}

fn read<T: DeserializeOwned>(text: &[u8], name: &str, path: PathBuf) -> Result<T, LoadError> {
    let saved: Saved = match serde_json::from_slice(text) {
        Ok(saved) => saved,
        Err(error) => {
            return Err(match newer_format(text) {
                Some(found) => LoadError::Newer { path, found },
                None => LoadError::Damaged { path, why: error.to_string() },
            });
        }
    };
    if saved.format > FORMAT {
        return Err(LoadError::Newer { path, found: saved.format });
    }
    serde_json::from_str(saved.value.get()).map_err(|error| LoadError::OtherType {
        name: name.to_owned(),
        path,
        wanted: std::any::type_name::<T>(),
        why: error.to_string(),
    })
}

/// The names in a folder that end with `ending`, without it, sorted; hidden ones are left out.
fn names(folder: &Path, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names = names.filter(|name| !name.starts_with('.'));
    let mut names: Vec<_> = names.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(workspace: &Workspace, id: &str) -> PathBuf {
        let run = workspace.experiment("e").join(id);
        fs::create_dir_all(&run).unwrap();
        run
    }

    fn why<T: DeserializeOwned + std::fmt::Debug>(workdir: &Path, experiment: &str, name: &str) -> String {
        load::<T>(workdir, experiment, name).unwrap_err().to_string()
    }

    #[test]
    fn the_newest_run_that_has_a_value_gives_it() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(folder.path()).unwrap();
        let old = run(&workspace, "20260101_000000");
        let new = run(&workspace, "20260101_000000.1");
        save(&old, "best", &0.5).unwrap();
        save(&old, "only old", &vec![1, 2]).unwrap();
        save(&new, "best", &0.7).unwrap();
        assert_eq!(load::<f64>(folder.path(), "e", "best").unwrap(), 0.7);
        assert_eq!(load::<Vec<u8>>(folder.path(), "e", "only old").unwrap(), [1, 2]);
    }

    #[test]
    fn whatever_is_missing_is_said_with_what_there_is() {
        let folder = tempfile::tempdir().unwrap();
        assert!(why::<f64>(&folder.path().join("none"), "e", "best").contains("it does not exist"));
        assert!(why::<f64>(folder.path(), "e", "best").contains("no xpm.toml"));
        let workspace = Workspace::open_or_create(folder.path()).unwrap();
        let path = run(&workspace, "20260101_000000");
        let saved = path.join("saved/best.json");
        assert!(why::<f64>(folder.path(), "f", "best").contains("no experiment `f`"));
        assert!(why::<f64>(folder.path(), "f", "best").contains("; there are `e`"));
        assert_eq!(why::<f64>(folder.path(), "e", "best"), "no run of `e` has saved `best`");
        save(&path, "best", &0.5).unwrap();
        assert_eq!(why::<f64>(folder.path(), "e", "bets"), "no run of `e` has saved `bets`; saved are `best`");
        let other = why::<Vec<String>>(folder.path(), "e", "best");
        assert!(other.contains("`best`, saved in ") && other.contains("is no `alloc::vec::Vec<"), "{other}");
        for (text, said) in [("{\"format\":9}", "newer xpm"), ("{\"form", "is damaged"), ("{}", "is damaged")] {
            write_atomic(&saved, text.as_bytes(), Durability::Lazy).unwrap();
            assert!(why::<f64>(folder.path(), "e", "best").contains(said), "{text}");
        }
        assert!(why::<f64>(folder.path(), "e", "a/b").contains("`a/b` cannot be the id of a saved value"));
        assert!(save(&path, "../x", &1).unwrap_err().to_string().contains("write for instance `x`"));
        let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert!(save(&path, "map", &keys).unwrap_err().to_string().contains("cannot be written as JSON"));
        assert!(save(&path.join("gone"), "x", &1).unwrap_err().to_string().starts_with("`x` cannot be saved in "));
    }
}
