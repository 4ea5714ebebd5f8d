//! Where what a job is run with comes from: a plan, or the job's own folder.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::SubmitOptions;
use crate::launcher::{Executable, RunWith};
use crate::schema::{Resources, Transient};
use crate::value::Node;
use crate::workspace::journal::{JobName, MachineNeeds};
use crate::workspace::{PartialFolder, Terms, Workspace};

/// Where what a job is run with comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A plan: arguments with their types.
    Plan(Arc<Node>),
    /// The job's folder, and a program of before.
    Folder(Box<FromFolder>),
}

/// A job that is run as it was before.
#[derive(Clone, Debug)]
pub(crate) struct FromFolder {
    pub(crate) terms: Terms,
    pub(crate) executable: Executable,
    /// Its arguments, if they lie not in its folder yet.
    pub(crate) params: Option<Arc<str>>,
}

impl Source {
    /// The arguments, where they are known with their types.
    pub(super) fn node(&self) -> Option<&Arc<Node>> {
        match self {
            Source::Plan(node) => Some(node),
            Source::Folder(_) => None,
        }
    }

    /// What the job's task needs, unless its submission says otherwise.
    pub(super) fn usual_resources(&self) -> Resources {
        match self {
            Source::Plan(node) => node.schema().resources().clone(),
            Source::Folder(folder) => folder.terms.resources.resources(),
        }
    }

    /// Whether the job's files stay between attempts, and running out of time is no failure.
    pub(super) fn resumable(&self) -> bool {
        match self {
            Source::Plan(node) => node.schema().resumable(),
            Source::Folder(folder) => folder.terms.resumable,
        }
    }

    /// What becomes of the job's files when nothing needs them. Only a plan knows what needs them.
    pub(super) fn transient(&self) -> Transient {
        self.node().map_or(Transient::No, |node| node.schema().transient())
    }

    /// The folders that the job shares with others.
    pub(super) fn partials(&self, workspace: &Workspace) -> Vec<PathBuf> {
        match self {
            // What has an identity has these; if one had none, the job's process would not execute.
            Source::Plan(node) => {
                let folders = PartialFolder::of(node, workspace).unwrap_or_default();
                folders.iter().map(|folder| folder.path().to_owned()).collect()
            }
            Source::Folder(folder) => {
                folder.terms.partials.iter().map(|inside| workspace.path().join(inside)).collect()
            }
        }
    }

    /// What a launcher is told.
    pub(super) fn run_with(&self, workspace: &Workspace, resources: &Resources, options: &SubmitOptions) -> RunWith {
        match self {
            Source::Plan(node) => RunWith::Plan(node.clone(), Box::new(terms(node, workspace, resources, options))),
            Source::Folder(folder) => RunWith::Recorded(folder.executable.clone(), folder.params.clone()),
        }
    }
}

/// On which terms a job is run that was submitted like this, its executable left out.
pub(super) fn terms(node: &Arc<Node>, workspace: &Workspace, resources: &Resources, options: &SubmitOptions) -> Terms {
    let schema = node.schema();
    let partials = PartialFolder::of(node, workspace).unwrap_or_default();
    let inside = |folder: &PartialFolder| folder.path().strip_prefix(workspace.path()).map(PathBuf::from).ok();
    Terms {
        executable: None,
        directory: (!schema.program().is_empty()).then(|| std::env::current_dir().ok()).flatten(),
        after: options.depends_on.iter().map(JobName::from).collect(),
        tokens: options.tokens.iter().map(|(name, amount)| (name.to_string(), *amount)).collect(),
        resources: MachineNeeds::of(resources),
        priority: options.priority.unwrap_or(0),
        max_retries: max_retries(schema.resumable(), options),
        retry_delay_seconds: options.retry_delay.map(|delay| delay.as_secs_f64()),
        resumable: schema.resumable(),
        partials: partials.iter().filter_map(inside).collect(),
    }
}

/// How often a job is tried again: what the plan says, or for a task that resumes, often enough for a long computation.
pub(super) fn max_retries(resumable: bool, options: &SubmitOptions) -> u32 {
    options.max_retries.unwrap_or(if resumable { RESUMES } else { 0 })
}

/// How often a resumable job is run again, unless the plan says otherwise.
const RESUMES: u32 = 3;
