//! The tokens of a workspace: who holds them and who waits.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::ids::JobKey;
use crate::state::{JobStatus, Snapshot, Workspace};
use crate::workspace::TokenFile;

/// A token of a workspace.
#[derive(Clone, Debug)]
pub struct TokenInfo {
    /// Its name.
    pub name: String,
    /// How much there is of it, and who holds some; or what is wrong with its file.
    pub record: Result<(u64, Vec<HolderInfo>), String>,
    /// The jobs of runs that are alive which have not started for want of it, and how much they want.
    pub waiting: Vec<(JobKey, u64)>,
}

/// A job that holds some of a token.
#[derive(Clone, Debug)]
pub struct HolderInfo {
    /// The job.
    pub job: JobKey,
    /// How much.
    pub amount: u64,
    /// Whether the job's lock is held; if it is not, the job is gone, and the next one who asks strikes it out.
    pub alive: bool,
}

impl TokenInfo {
    /// Whether plans declare it. The others are the GPUs of a machine, `.gpus@HOST`, and folders that jobs share,
    /// `partials/TASK/NAME/DIGEST`.
    pub fn is_declared(&self) -> bool {
        !self.name.starts_with('.') && !self.name.contains('/')
    }

    /// How much is held by jobs that are alive.
    pub fn held(&self) -> u64 {
        let holders = self.record.as_ref().map_or(&[][..], |(_, holders)| holders);
        holders.iter().filter(|holder| holder.alive).map(|holder| holder.amount).sum()
    }

    /// Whether less than this is left of it.
    fn lacks(&self, amount: u64) -> bool {
        self.record.as_ref().is_ok_and(|(capacity, _)| capacity.saturating_sub(self.held()) < amount)
    }
}

/// The tokens for which a job waits, and how much it wants of each. What has put it off is known, if it was tried; before that,
/// it is what too little is left of.
fn wanted(token: Option<String>, mut declared: BTreeMap<String, u64>, tokens: &[TokenInfo]) -> Vec<(String, u64)> {
    if let Some(token) = token {
        // How many GPUs it wants is not written down.
        let amount = declared.remove(&token).unwrap_or(1);
        return vec![(token, amount)];
    }
    let short =
        |name: &String, amount: &mut u64| tokens.iter().any(|token| token.name == *name && token.lacks(*amount));
    declared.retain(short);
    declared.into_iter().collect()
}

/// How the tokens begin that are the GPUs of a machine.
const GPUS: &str = ".gpus@";

/// The folders that jobs share and that one has used.
fn partial_folders(root: &Path) -> Vec<PathBuf> {
    let below = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = below(root.join("partials")).flat_map(below).flat_map(below);
    let folder = |file: PathBuf| {
        Some(file.with_file_name(file.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".json")?))
    };
    let mut folders: Vec<PathBuf> = files.filter_map(folder).collect();
    folders.sort_unstable();
    folders
}

/// Every token of a workspace, in order of name; then the folders that jobs share and that one uses.
pub fn tokens(workspace: &Workspace, snapshot: &Snapshot) -> Vec<TokenInfo> {
    let layout = workspace.layout();
    let files = fs::read_dir(workspace.path().join("tokens")).into_iter().flatten().flatten();
    let names = files.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned));
    // What begins otherwise with a dot is half of a write.
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.') || name.starts_with(GPUS)).collect();
    names.sort_unstable();
    let files = names.iter().map(|name| TokenFile::new(layout.clone(), name));
    let folders = partial_folders(layout.path()).into_iter().map(|path| TokenFile::partial(layout.clone(), &path));
    let mut tokens: Vec<TokenInfo> = files
        .chain(folders)
        .map(|file| {
            let name = file.name().to_owned();
            let record = file.look().map_err(|error| format!("{:#}", anyhow::Error::from(error)));
            let record = record.and_then(|record| {
                let (capacity, holders) = record.ok_or_else(|| "its file is damaged".to_owned())?;
                let holder = |(job, amount, alive)| HolderInfo { job, amount, alive };
                Ok((capacity, holders.into_iter().map(holder).collect()))
            });
            TokenInfo { name, record, waiting: Vec::new() }
        })
        .collect();
    if tokens.is_empty() {
        return tokens;
    }
    let waiting = snapshot.all_jobs().into_iter().filter(|job| job.state_name() == "waiting");
    for job in waiting {
        // What waits for another job has not asked for a token yet.
        let JobStatus::Waiting { jobs, token } = job.state() else { continue };
        if !jobs.is_empty() {
            continue;
        }
        for (name, amount) in wanted(token, job.tokens(), &tokens) {
            if let Some(token) = tokens.iter_mut().find(|token| token.name == name) {
                token.waiting.push((job.key(), amount));
            }
        }
    }
    // Of folders there may be as many as jobs.
    let used = |token: &TokenInfo| !matches!(&token.record, Ok((_, holders)) if holders.is_empty());
    tokens.retain(|token| token.is_declared() || !token.waiting.is_empty() || used(token));
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_waits_for_what_put_it_off_or_for_what_is_short() {
        let token = |name: &str, capacity| TokenInfo {
            name: name.to_owned(),
            record: Ok((capacity, Vec::new())),
            waiting: Vec::new(),
        };
        let tokens = [token("slots", 2), token("disk", 1)];
        let declared = || BTreeMap::from([("slots".to_owned(), 2), ("disk".to_owned(), 3)]);
        let wanted = |put_off: Option<&str>| wanted(put_off.map(str::to_owned), declared(), &tokens);
        let of = |name: &str, amount| vec![(name.to_owned(), amount)];
        assert_eq!(wanted(None), of("disk", 3));
        assert_eq!(wanted(Some("slots")), of("slots", 2));
        assert_eq!(wanted(Some(".gpus@here")), of(".gpus@here", 1));
        // That is no token, so none is waited for.
        assert_eq!(wanted(Some(".cpus")), of(".cpus", 1));
    }
}
