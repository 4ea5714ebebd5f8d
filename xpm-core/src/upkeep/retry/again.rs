//! Which jobs are run again: those that are asked for, what they need, and what follows them; and for each, what runs it.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::{RetryError, RetryJob, RetryReason, not_started};
use crate::experiment::FromFolder;
use crate::ids::JobKey;
use crate::job::check_arguments;
use crate::launcher::Executable;
use crate::state::{JobInfo, JobStatus, Snapshot, Workspace};
use crate::workspace::frozen::Frozen;
use crate::workspace::{JobFolder, Owner, RecordedTerms, Terms, TokenFile, Unstarted, unstarted_of};

/// Jobs that are run again.
pub(super) struct Chosen<'a> {
    workspace: &'a Workspace,
    snapshot: &'a Snapshot,
    program: Option<&'a Path>,
    pub(super) jobs: Vec<RetryJob>,
    known: HashSet<JobKey>,
    /// What was found out of executables, so that each is looked at once.
    executables: HashMap<String, Result<(), String>>,
    /// What runs have of jobs that were never started, by their folders.
    unstarted: HashMap<PathBuf, Unstarted>,
}

impl<'a> Chosen<'a> {
    pub(super) fn new(workspace: &'a Workspace, snapshot: &'a Snapshot, program: Option<&'a Path>) -> Self {
        let (jobs, known, executables) = (Vec::new(), HashSet::new(), HashMap::new());
        Self { workspace, snapshot, program, jobs, known, executables, unstarted: HashMap::new() }
    }

    /// Adds a job and what it needs; or nothing, if that cannot be run.
    pub(super) fn add(&mut self, job: &JobInfo, reason: RetryReason) -> Result<(), RetryError> {
        let before = self.jobs.len();
        let added = self.add_all(job, reason);
        if added.is_err() {
            for job in self.jobs.drain(before..) {
                self.known.remove(&job.info.key());
            }
        }
        added
    }

    fn add_all(&mut self, job: &JobInfo, reason: RetryReason) -> Result<(), RetryError> {
        let mut open = vec![(job.clone(), reason)];
        while let Some((job, reason)) = open.pop() {
            let key = job.key();
            if self.known.contains(&key) {
                // What was asked for is called that, though another one needs it too.
                if reason == RetryReason::Chosen
                    && let Some(known) = self.jobs.iter_mut().find(|known| known.info.key() == key)
                {
                    known.reason = reason;
                }
                continue;
            }
            let needed = matches!(reason, RetryReason::NeededBy(_));
            let added = self.look(&job, reason).map_err(|why| match needed {
                true => RetryError::Needs { job: key.clone(), why: Box::new(why) },
                false => why,
            })?;
            for before in &added.depends_on {
                match self.snapshot.get(before) {
                    Some(before) if before.state_name() == "done" => {}
                    Some(before) => open.push((before, RetryReason::NeededBy(key.clone()))),
                    None => {
                        let why = Box::new(RetryError::NoArguments);
                        return Err(RetryError::Needs { job: before.clone(), why });
                    }
                }
            }
            self.known.insert(key);
            self.jobs.push(added);
        }
        Ok(())
    }

    /// Adds what was not started because of a job that is run now, if all that it needs is done or run now. What cannot be run is
    /// left as it is: nobody has asked for it.
    pub(super) fn follow(&mut self) {
        let mut candidates: HashMap<JobKey, (usize, RetryJob)> = HashMap::new();
        let mut waiting: HashMap<JobKey, Vec<JobKey>> = HashMap::new();
        let mut ready = Vec::new();
        for (key, root) in not_started(self.snapshot) {
            if !self.known.contains(&root) || self.known.contains(&key) {
                continue;
            }
            let Some(job) = self.snapshot.get(&key) else { continue };
            let Ok(job) = self.look(&job, RetryReason::Follows(root)) else { continue };
            let unmet = |before: &&JobKey| !self.known.contains(*before) && !self.is_done(before);
            let unmet: Vec<JobKey> = job.depends_on.iter().filter(unmet).cloned().collect();
            if unmet.is_empty() {
                ready.push(key.clone());
            }
            candidates.insert(key.clone(), (unmet.len(), job));
            unmet.into_iter().for_each(|before| waiting.entry(before).or_default().push(key.clone()));
        }
        while let Some(key) = ready.pop() {
            let Some((_, job)) = candidates.remove(&key) else { continue };
            self.jobs.push(job);
            for next in waiting.remove(&key).into_iter().flatten() {
                if let Some((unmet, _)) = candidates.get_mut(&next) {
                    *unmet -= 1;
                    if *unmet == 0 {
                        ready.push(next);
                    }
                }
            }
            self.known.insert(key);
        }
    }

    fn is_done(&self, key: &JobKey) -> bool {
        self.snapshot.get(key).is_some_and(|job| job.state_name() == "done")
    }

    /// What a job is run with and what it needs, if it is to be run at all. One that another needs may run already: it is waited for.
    fn look(&mut self, job: &JobInfo, reason: RetryReason) -> Result<RetryJob, RetryError> {
        let needed = matches!(reason, RetryReason::NeededBy(_));
        match job.state() {
            JobStatus::Failed(_) | JobStatus::Unstarted => {}
            JobStatus::Done => return Err(RetryError::Done(job.key())),
            JobStatus::Running(_) | JobStatus::Starting if needed => {}
            JobStatus::Running(by) => return Err(RetryError::Running { by: Some(by) }),
            JobStatus::Starting => return Err(RetryError::Running { by: None }),
            JobStatus::Waiting { .. } => return Err(RetryError::Waiting),
            JobStatus::Unreadable(why) => return Err(RetryError::Unreadable(why)),
        }
        let folder = job.folder();
        let (recorded, params) = match RecordedTerms::read(&folder)? {
            Some(recorded) => (recorded, None),
            None => {
                let (run, text) = self.unstarted(job).ok_or(RetryError::NoArguments)?;
                (RecordedTerms::parse(text.as_bytes(), unstarted_of(&run), &job.key())?, Some(text))
            }
        };
        let terms = recorded.terms.ok_or(RetryError::NoTerms)?;
        let digest = self.executable(&folder, &terms, params.as_deref())?;
        self.check_tokens(&terms)?;
        let executable = Executable { digest, directory: terms.directory.clone() };
        Ok(RetryJob {
            info: job.clone(),
            reason,
            executable: self.program.is_none().then(|| executable.digest.clone()),
            from: FromFolder { terms, executable, params },
            depends_on: recorded.depends_on,
        })
    }

    /// The arguments of a job that was never started, and the folder of the run that has them.
    fn unstarted(&mut self, job: &JobInfo) -> Option<(PathBuf, Arc<str>)> {
        job.runs().into_iter().find_map(|run| {
            let path = run.path();
            let unstarted = self.unstarted.entry(path.clone()).or_insert_with(|| Unstarted::read(&path));
            unstarted.get(&job.key()).map(|text| (path, text.into()))
        })
    }

    /// The frozen executable that ran the job last, or that its run had; empty where another program is named.
    fn executable(&mut self, folder: &JobFolder, terms: &Terms, params: Option<&str>) -> Result<String, RetryError> {
        if let Some(program) = self.program {
            let refused = |why| RetryError::OtherExecutable { program: program.to_owned(), why };
            return can_run(program, folder, params).map(|()| String::new()).map_err(refused);
        }
        let status = folder.read_status().ok().flatten();
        let attempt = status.as_ref().map_or(0, |status| status.attempt);
        let owner = Owner::read(&folder.lock()).filter(|owner| owner.attempt > attempt);
        let ran = owner.and_then(|owner| owner.executable).or_else(|| status?.executable);
        let digest = ran.or_else(|| terms.executable.clone()).ok_or(RetryError::NoExecutable)?;
        let layout = self.workspace.layout();
        let find = || Frozen::find(layout, &digest).map(drop).map_err(|error| error.to_string());
        let found = self.executables.entry(digest.clone()).or_insert_with(find);
        found.clone().map_err(|why| RetryError::ExecutableGone { why })?;
        Ok(digest)
    }

    fn check_tokens(&self, terms: &Terms) -> Result<(), RetryError> {
        for (token, &wanted) in &terms.tokens {
            let refused = |there: String| RetryError::Token { token: token.clone(), wanted, there };
            match TokenFile::new(self.workspace.layout().clone(), token).look() {
                Ok(Some((capacity, _))) if capacity >= wanted => {}
                Ok(Some((capacity, _))) => return Err(refused(format!("of which there are {capacity} now"))),
                Ok(None) => return Err(refused("which is not declared here".to_owned())),
                Err(error) => return Err(refused(format!("which cannot be read ({error})"))),
            }
        }
        Ok(())
    }
}

/// Whether a program has the job's task, and its arguments give the job's identity in it.
fn can_run(program: &Path, folder: &JobFolder, params: Option<&str>) -> Result<(), String> {
    let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
    let mut command = Command::new(&program);
    command.args(check_arguments(folder.path())).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let asked = command.spawn().and_then(|mut asked| {
        if let Some(mut input) = asked.stdin.take() {
            // A program that does not listen says something else then.
            let _ = input.write_all(params.unwrap_or_default().as_bytes());
        }
        asked.wait_with_output()
    });
    let output = asked.map_err(|error| format!("it cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && said.trim() == folder.key().identity.to_string() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    match (output.status.code(), why.trim()) {
        (Some(1), why) if !why.is_empty() => Err(why.to_owned()),
        _ => Err("it is no program of xpm, or one from before programs could be asked".to_owned()),
    }
}
