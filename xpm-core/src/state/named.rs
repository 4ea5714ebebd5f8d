//! The job that a person names by the path of its folder.

use std::path::{Component, Path, PathBuf};

use super::runs::job_of_path;
use crate::ids::JobKey;

/// What a text names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// No path: an identity or its beginning, alone or behind a task. Of a path, what is left of it.
    Text(String),
    /// The folder of this job.
    Job(JobKey),
    /// A path to something else.
    Elsewhere,
}

/// What `text` names in the workspace at `root`, which has no links in its path.
pub(super) fn job_of(text: &str, root: &Path) -> Named {
    let path = Path::new(text);
    let dots = path.components().any(|part| !matches!(part, Component::Normal(_)));
    // A task's id has no slash.
    if !dots && !text.starts_with('.') && path.components().count() < 3 {
        return Named::Text(text.to_owned());
    }
    // A path from here, or one from the workspace.
    let from = if path.is_absolute() { vec![path.to_owned()] } else { vec![path.to_owned(), root.join(path)] };
    from.iter().find_map(|path| inside(path, root)).unwrap_or(Named::Elsewhere)
}

/// What a path names, if that is in the workspace.
fn inside(path: &Path, root: &Path) -> Option<Named> {
    let jobs = root.join("jobs");
    // Through a link, as runs have one for each job.
    if let Ok(there) = path.canonicalize()
        && let Some(key) = job_of_path(&there)
        && there == jobs.join(&*key.task).join(key.identity.to_string())
    {
        return Some(Named::Job(key));
    }
    // The folder itself may be a link, or not be there; the identity may be cut.
    let (identity, task) = (path.file_name()?.to_str()?, path.parent()?);
    let name = task.file_name()?.to_str()?;
    let above: PathBuf = task.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")).into();
    (above.canonicalize().ok()? == jobs).then(|| Named::Text(format!("{name}/{identity}")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_names_a_job_of_its_own_workspace_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let digits = "3f".repeat(32);
        let (here, other) = (root.join("work"), root.join("backup"));
        for workspace in [&here, &other] {
            fs::create_dir_all(workspace.join("jobs/t").join(&digits)).unwrap();
            fs::create_dir_all(workspace.join("experiments/e/latest/jobs")).unwrap();
        }
        let key = JobKey { task: "t".into(), identity: digits.parse().unwrap() };
        let name = |text: String| job_of(&text, &here);
        let path = |workspace: &Path, rest: &str| format!("{}/{rest}", workspace.display());
        assert_eq!(name(path(&here, &format!("jobs/t/{digits}"))), Named::Job(key.clone()));
        assert_eq!(name(path(&here, &format!("jobs/../jobs/t/{digits}"))), Named::Job(key.clone()));
        assert_eq!(name(format!("jobs/t/{digits}")), Named::Job(key.clone()));
        assert_eq!(name(path(&here, "jobs/t/3f3f")), Named::Text("t/3f3f".into()));
        assert_eq!(name("jobs/t/3f3f".into()), Named::Text("t/3f3f".into()));
        assert_eq!(name("t/3f3f".into()), Named::Text("t/3f3f".into()));
        assert_eq!(name("3f3f".into()), Named::Text("3f3f".into()));
        for elsewhere in [format!("jobs/t/{digits}"), "jobs/t/3f3f".into(), "3f3f".into(), "t/3f3f".into()] {
            assert_eq!(name(path(&other, &elsewhere)), Named::Elsewhere, "{elsewhere}");
        }
        assert_eq!(name("../elsewhere/3f3f".into()), Named::Elsewhere);
        assert_eq!(name("/t/3f3f".into()), Named::Elsewhere);
        // By the link that a run has.
        symlink(format!("../../../../jobs/t/{digits}"), here.join("experiments/e/latest/jobs/a=1")).unwrap();
        assert_eq!(name(path(&here, "experiments/e/latest/jobs/a=1")), Named::Job(key));
        // A folder that is a link keeps its name.
        let linked = "ab".repeat(32);
        symlink(other.join("jobs/t").join(&digits), here.join("jobs/t").join(&linked)).unwrap();
        assert_eq!(name(path(&here, &format!("jobs/t/{linked}"))), Named::Text(format!("t/{linked}")));
    }
}
