//! The member `run` of `params.json`: on which terms a job is run, beside its arguments. What its task declares and its
//! submission says stands there, so that the job can be run again without the plan, by a program that does not have its types.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::journal::{JobName, MachineNeeds};
use super::{FORMAT, JobFolder, ParamsError, newer_format};
use crate::ids::{Identity, JobKey};

/// On which terms a job is run. What is usual is left out of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// The frozen executable of the run that wrote them, by its name in `bin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) executable: Option<String>,
    /// Where the plan was started, of a task that a program does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) directory: Option<PathBuf>,
    /// The jobs that have to be done first and that no argument refers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) after: Vec<JobName>,
    /// How much of which tokens it holds while it runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tokens: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "MachineNeeds::is_usual")]
    pub(crate) resources: MachineNeeds,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub(crate) priority: i64,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub(crate) max_retries: u32,
    /// How long the first retry is held off, where it is not the usual time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_delay_seconds: Option<f64>,
    /// Its files stay between attempts.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub(crate) resumable: bool,
    /// The folders that it shares with other jobs, within the workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) partials: Vec<PathBuf>,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What `params.json` says of how a job is run.
#[derive(Clone, Debug)]
pub(crate) struct RecordedTerms {
    /// The jobs that have to be done first.
    pub(crate) depends_on: Vec<JobKey>,
    /// `None` if it was written before these were.
    pub(crate) terms: Option<Terms>,
}

#[derive(Deserialize)]
struct ParamsHead {
    format: u32,
    task: String,
    identity: Identity,
    #[serde(default)]
    jobs: Vec<JobKey>,
    #[serde(default)]
    run: Option<Terms>,
}

impl RecordedTerms {
    /// Reads what the `params.json` of a job says; `None` if there is none.
    pub(crate) fn read(folder: &JobFolder) -> Result<Option<Self>, ParamsError> {
        let path = folder.params();
        match crate::files::read(&path) {
            Ok(text) => Self::parse(&text, path, folder.key()).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ParamsError::Unreadable { path, source }),
        }
    }

    /// Reads such a text, which lies in the file `path`.
    pub(crate) fn parse(text: &[u8], path: PathBuf, job: &JobKey) -> Result<Self, ParamsError> {
        let head: ParamsHead = match serde_json::from_slice(text) {
            Ok(head) => head,
            Err(error) => {
                return Err(match newer_format(text) {
                    Some(found) => ParamsError::Newer { path, found },
                    None => ParamsError::Damaged { path, why: error.to_string() },
                });
            }
        };
        if head.format > FORMAT {
            return Err(ParamsError::Newer { path, found: head.format });
        }
        if *head.task != *job.task || head.identity != job.identity {
            let why = format!("it is that of {}/{}", head.task, head.identity);
            return Err(ParamsError::Damaged { path, why });
        }
        let after = head.run.iter().flat_map(|terms| &terms.after).map(|name| name.0.clone());
        let mut depends_on: Vec<JobKey> = head.jobs.into_iter().chain(after).collect();
        depends_on.sort();
        depends_on.dedup();
        depends_on.retain(|other| other != job);
        if let Some(terms) = &head.run
            && let Some(wrong) = terms.partials.iter().find(|path| !is_partial(path))
        {
            let why = format!("`{}` is no folder that jobs share", wrong.display());
            return Err(ParamsError::Damaged { path, why });
        }
        Ok(Self { depends_on, terms: head.run })
    }
}

impl Terms {
    /// How long the first retry is held off, if it is not the usual time.
    pub(crate) fn retry_delay(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.retry_delay_seconds?).ok()
    }
}

/// Whether a path is one of a folder that jobs share, and so leads nowhere else.
fn is_partial(path: &Path) -> bool {
    path.starts_with("partials") && path.components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Durability, Workspace, write_atomic};

    fn read(text: &str) -> Result<Option<RecordedTerms>, String> {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(folder.path()).unwrap();
        let job = workspace.job(&JobKey { task: "t".into(), identity: Identity::from_bytes([7; 32]) });
        job.create().unwrap();
        write_atomic(&job.params(), text.as_bytes(), Durability::Lazy).unwrap();
        RecordedTerms::read(&job).map_err(|error| error.to_string())
    }

    fn file(more: &str) -> String {
        format!(r#"{{"format": 1, "task": "t", "identity": "{}", "configs": []{more}}}"#, "07".repeat(32))
    }

    #[test]
    fn what_is_not_said_is_usual_and_what_was_never_said_is_not_known() {
        assert!(read(&file("")).unwrap().unwrap().terms.is_none());
        let said = read(&file(r#", "run": {}"#)).unwrap().unwrap();
        assert_eq!((said.terms, said.depends_on.len()), (Some(Terms::default()), 0));
        assert_eq!(serde_json::to_string(&Terms::default()).unwrap(), "{}");
        let other = "06".repeat(32);
        let text = format!(
            r#", "jobs": [{{"task": "a", "identity": "{other}"}}],
                "run": {{"after": ["b/{other}", "a/{other}", "t/{}"], "max_retries": 2, "retry_delay_seconds": 1e300,
                         "partials": ["partials/t/fold/x"], "unheard_of": 1}}"#,
            "07".repeat(32)
        );
        let said = read(&file(&text)).unwrap().unwrap();
        assert_eq!(said.depends_on.iter().map(|job| &*job.task).collect::<Vec<_>>(), ["a", "b"]);
        let terms = said.terms.unwrap();
        assert_eq!((terms.max_retries, terms.retry_delay()), (2, None), "a delay beyond all times is none");
    }

    #[test]
    fn what_leads_elsewhere_or_is_of_another_job_is_damaged() {
        for path in ["../x", "partials/../../x", "/etc", "jobs/t"] {
            let error = read(&file(&format!(r#", "run": {{"partials": ["{path}"]}}"#))).unwrap_err();
            assert!(error.contains("is no folder that jobs share"), "{error}");
        }
        let error = read(&file("").replace("\"t\"", "\"u\"")).unwrap_err();
        assert!(error.contains("it is that of u/0707"), "{error}");
        assert!(read(r#"{"format": 9}"#).unwrap_err().contains("format 9"));
        assert!(read(r#"{"format": 1, "ta"#).unwrap_err().contains("is damaged"));
    }
}
