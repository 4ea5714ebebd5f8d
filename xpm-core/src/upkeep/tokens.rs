//! The tokens of a workspace: who holds them and who waits.

use std::fs;

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
    /// The jobs of runs that are alive which want some of it and have not started, and how much.
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
    /// How much is held by jobs that are alive.
    pub fn held(&self) -> u64 {
        let holders = self.record.as_ref().map_or(&[][..], |(_, holders)| holders);
        holders.iter().filter(|holder| holder.alive).map(|holder| holder.amount).sum()
    }
}

/// Every token of a workspace, in order of name.
pub fn tokens(workspace: &Workspace, snapshot: &Snapshot) -> Vec<TokenInfo> {
    let mut names: Vec<String> = fs::read_dir(workspace.path().join("tokens"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    let mut tokens: Vec<TokenInfo> = names
        .into_iter()
        .map(|name| {
            let file = TokenFile::new(workspace.layout().clone(), &name);
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
    for job in snapshot.jobs() {
        if job.state_name() == "waiting" && matches!(job.state(), JobStatus::Waiting { .. }) {
            for (name, amount) in job.tokens() {
                if let Some(token) = tokens.iter_mut().find(|token| token.name == name) {
                    token.waiting.push((job.key(), amount));
                }
            }
        }
    }
    tokens
}
