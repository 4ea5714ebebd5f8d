//! What there is to migrate in a workspace. Reads every job, and changes nothing.

use std::collections::{HashMap, HashSet};

use super::reread::{Now, Reread};
use super::{MigrateError, Move, Reason, Stay};
use crate::config::Registry;
use crate::ids::JobKey;
use crate::workspace::{JobLock, Status, Workspace};

/// What there is to migrate.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) moves: Vec<Move>,
    pub(crate) stays: Vec<Stay>,
    /// How many finished jobs have the identity that they had.
    pub(crate) same: usize,
    /// How many are found under their new identity already.
    pub(crate) found: usize,
}

/// What is asked of the record of a finished job.
struct Done {
    end: String,
    from: Option<JobKey>,
}

/// Looks for finished jobs, of these tasks only if there are any, by their id then or now.
///
/// # Errors
/// If the types of this program do not go together.
pub(crate) fn plan(workspace: &Workspace, tasks: &[String]) -> Result<Plan, MigrateError> {
    let mut reread = Reread::new(workspace, Registry::get()?);
    let keys = workspace.job_keys();
    let done: HashMap<&JobKey, Done> = keys.iter().filter_map(|key| Some((key, done(workspace, key)?))).collect();
    // Where a job is found already, unless that name means nothing today.
    let mut superseded: HashSet<&JobKey> = HashSet::new();
    for (key, record) in &done {
        if let Some(from) = &record.from
            && !matches!(reread.job(key), Now::Unknown(_) | Now::Gone)
        {
            superseded.insert(from);
        }
    }
    let mut plan = Plan::default();
    for key in keys.iter().filter(|key| done.contains_key(*key)) {
        let wanted = |now: &str| tasks.is_empty() || tasks.iter().any(|task| **task == *key.task || *task == now);
        match reread.job(key) {
            Now::Same if wanted("") => plan.same += 1,
            Now::Moved { to, .. } if wanted(&to.task) => {
                let to = to.clone();
                if superseded.contains(key) {
                    plan.found += 1;
                } else if done.contains_key(&to) {
                    // By its name it is the same job; by its arguments it may be another one.
                    match reread.job(&to) {
                        Now::Moved { .. } => plan.stays.push(Stay { job: key.clone(), why: Reason::Shadowed(to) }),
                        _ => plan.found += 1,
                    }
                } else if let Some(state) = occupied(workspace, &to) {
                    let why = Reason::Occupied(to, state);
                    plan.stays.push(Stay { job: key.clone(), why });
                } else if let Now::Moved { why, node, .. } = reread.job(key) {
                    let (why, node) = (why.clone(), node.clone());
                    plan.moves.push(Move { from: key.clone(), to, why, node });
                }
            }
            Now::Unknown(why) if wanted("") && !superseded.contains(key) => {
                plan.stays.push(Stay { job: key.clone(), why: why.clone() });
            }
            Now::Gone if wanted("") => {
                let why = Reason::Arguments("its params.json is gone".to_owned());
                plan.stays.push(Stay { job: key.clone(), why });
            }
            _ => {}
        }
    }
    newest_of_twins(&mut plan, |key| done.get(key).map_or("", |record| &record.end));
    plan.stays.sort_by(|a, b| a.job.cmp(&b.job));
    Ok(plan)
}

/// Of finished jobs that are one today, the one that ended last is found.
fn newest_of_twins<'d>(plan: &mut Plan, end: impl Fn(&JobKey) -> &'d str) {
    let mut newest: HashMap<JobKey, JobKey> = HashMap::new();
    for one in &plan.moves {
        let taken = newest.entry(one.to.clone()).or_insert_with(|| one.from.clone());
        if end(&one.from) > end(taken) {
            *taken = one.from.clone();
        }
    }
    let (moves, twins) =
        std::mem::take(&mut plan.moves).into_iter().partition(|one| newest.get(&one.to) == Some(&one.from));
    plan.moves = moves;
    let twins: Vec<Move> = twins;
    plan.stays.extend(twins.into_iter().map(|twin| {
        let taken = newest.get(&twin.to).cloned().unwrap_or(twin.to);
        Stay { job: twin.from, why: Reason::Twin(taken) }
    }));
}

/// The record of a job, if it is done.
fn done(workspace: &Workspace, key: &JobKey) -> Option<Done> {
    let status: Status = workspace.job(key).read_status().ok()??;
    status.is_done().then_some(Done { end: status.end, from: status.migrated_from })
}

/// What stands in the place of a job, which is not done.
fn occupied(workspace: &Workspace, key: &JobKey) -> Option<&'static str> {
    let folder = workspace.job(key);
    let there = std::fs::symlink_metadata(folder.path()).ok()?;
    Some(match folder.read_status() {
        _ if !there.is_dir() => "a link or a file that is in the way",
        _ if JobLock::is_held(&folder.lock()) => "running",
        Ok(Some(status)) if status.is_done() => "done",
        Ok(Some(_)) => "failed",
        Err(_) => "a job with a record that cannot be read",
        Ok(None) => "a job that was begun and is not done: run it, or remove it with `xpm clean`",
    })
}
