//! `environment.json` of a run: which code it ran, where, by whom. And `dirty.diff`, what was changed since the commit.
//!
//! What takes time is looked up in the background, so that a plan does not wait for it; a run that ends before it is found
//! has what was found until then.

mod git;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use git::GitState;

use super::frozen::digest_of;
use super::{Durability, FORMAT, write_atomic};
use crate::settings;

/// How long the end of a run waits for what is still looked up.
const PATIENCE: Duration = Duration::from_millis(300);

/// `environment.json`. What could not be found out is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Environment {
    pub(crate) format: u32,
    /// The version of xpm.
    pub(crate) xpm: String,
    pub(crate) host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// How many CPUs the driver saw.
    pub(crate) cpus: u32,
    /// The command line of the driver.
    pub(crate) command: Vec<String>,
    /// The folder that it was started in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) directory: Option<PathBuf>,
    /// The program of the driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<PathBuf>,
    /// The frozen executable that this run's jobs were started from, by its name in `bin`; none if none was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) executable: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cargo_lock: Option<KnownFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) git: Option<GitState>,
}

/// A file and what was in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KnownFile {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
}

/// The environment of a run while it is found out.
#[derive(Debug)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    found: Mutex<Receiver<()>>,
}

#[derive(Debug)]
struct Shared {
    run: PathBuf,
    known: Mutex<Environment>,
}

impl Recorder {
    /// Begins to record the environment of the run with this folder.
    pub(crate) fn begin(run: &Path, program: Option<&Path>) -> Self {
        let known = Environment {
            format: FORMAT,
            xpm: env!("CARGO_PKG_VERSION").to_owned(),
            host: settings::host(),
            user: settings::user(),
            cpus: crate::sys::cpus(),
            command: std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            directory: std::env::current_dir().ok(),
            program: program.map(Path::to_owned),
            ..Environment::default()
        };
        let shared = Arc::new(Shared { run: run.to_owned(), known: Mutex::new(known) });
        let (sender, found) = channel();
        let theirs = shared.clone();
        // Without the thread the file has what is known at the end.
        let _ = thread::Builder::new().name("xpm-environment".to_owned()).spawn(move || {
            theirs.look_up();
            let _ = sender.send(());
        });
        Self { shared, found: Mutex::new(found) }
    }

    /// Jobs are started from the executable with this digest.
    pub(crate) fn started_from(&self, digest: &str) {
        self.shared.known().executable = Some(digest.to_owned());
    }

    /// Writes what is known, after a moment for what is still looked up.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn finish(&self) -> std::io::Result<()> {
        // What is not there by now is not waited for.
        let _ = self.found.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(PATIENCE);
        self.shared.write()
    }
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, Environment> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::io::Result<()> {
        let known = self.known();
        let mut text = serde_json::to_vec_pretty(&*known).map_err(std::io::Error::other)?;
        text.push(b'\n');
        // Under the lock: what is known later is written later.
        write_atomic(&self.run.join("environment.json"), &text, Durability::Lazy)
    }

    fn look_up(&self) {
        // A driver that is killed soon has left what is known at once.
        let _ = self.write();
        let (program, directory) = {
            let known = self.known();
            (known.program.clone(), known.directory.clone())
        };
        let lock = [settings::manifest_folder(), program, directory.clone()]
            .into_iter()
            .flatten()
            .find_map(|path| path.ancestors().map(|folder| folder.join("Cargo.lock")).find(|file| file.is_file()));
        let source = lock.as_deref().and_then(Path::parent).map(Path::to_owned).or(directory);
        if let Some(path) = lock
            && let Ok(sha256) = digest_of(&path)
        {
            self.known().cargo_lock = Some(KnownFile { path, sha256 });
        }
        let git = source.and_then(|folder| git::look_at(&folder, &self.run.join("dirty.diff")));
        self.known().git = git;
        let _ = self.write();
    }
}
