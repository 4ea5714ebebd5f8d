//! Looks for what is damaged, dead or left behind in a workspace, and mends what can be.

mod strays;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::fault;
use crate::state::{JobInfo, JobStatus, RunState, Snapshot, Workspace, damaged_lines, on_all_cpus};
use crate::workspace::journal::JournalReader;
use crate::workspace::{
    Durability, Failure, JobLock, Owner, RunStatus, Status, TokenFile, TryLock, newer_format, temporary_of,
    write_atomic,
};

/// Something that is not as it should be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong, and what to do or what mending would do.
    pub message: String,
    mend: Option<Mend>,
}

impl Finding {
    /// Whether [`mend`] can do something about it.
    pub fn can_be_mended(&self) -> bool {
        self.mend.is_some()
    }
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A file that cannot be understood.
    Damaged,
    /// A file of a newer xpm.
    Newer,
    /// A job or a run of which the process is gone without a record.
    Dead,
    /// A token that is held by a job that is gone.
    Token,
    /// A file that somebody who was killed left behind.
    LeftOver,
    /// A record of a job with times that cannot be.
    Time,
    /// A link in the place of a folder, or one that leads nowhere.
    Link,
    /// Something that xpm has not made.
    Stray,
}

impl Kind {
    /// Its name, as tables and `--json` use it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Damaged => "damaged",
            Kind::Newer => "newer",
            Kind::Dead => "dead",
            Kind::Token => "token",
            Kind::LeftOver => "left over",
            Kind::Time => "time",
            Kind::Link => "link",
            Kind::Stray => "stray",
        }
    }
}

#[derive(Clone, Debug)]
enum Mend {
    RecordLost(JobInfo),
    RecordRun(PathBuf),
    StrikeOut(TokenFile),
    /// With the lock of the job whose it is.
    RemoveFile(Option<PathBuf>),
    RemoveFolder,
}

/// How old a temporary file must be before nobody can be writing it any more.
const OLD: Duration = Duration::from_secs(3600);

/// How far the clocks of two machines may be apart.
const APART: Duration = Duration::from_secs(60);

/// Looks at everything in a workspace. Reads every file: nothing is taken from the index.
pub fn diagnose(workspace: &Workspace, snapshot: &Snapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = workspace.path();
    // What lies beside them may be people's own.
    temporaries(root, &["xpm.toml"], None, &mut findings);
    temporaries(&root.join("tokens"), &[], None, &mut findings);
    temporaries(&root.join(".index"), &[], None, &mut findings);
    let jobs = snapshot.all_jobs();
    // To follow the path of each of 100,000 jobs from the root would take longer than to read their files.
    let mut tasks: HashMap<&str, bool> = HashMap::new();
    for job in &jobs {
        tasks.entry(job.task()).or_insert_with(|| is_in_place(&root.join("jobs").join(job.task())));
    }
    let look = |jobs: &[JobInfo]| {
        let mut findings = Vec::new();
        jobs.iter().for_each(|job| look_at_job(job, tasks[job.task()], &mut findings));
        findings
    };
    findings.extend(on_all_cpus(&jobs, look).into_iter().flatten());
    strays::among_jobs(root, &mut findings);
    for experiment in snapshot.experiments() {
        temporaries(&experiment.path(), &["latest"], None, &mut findings);
        for run in experiment.runs() {
            look_at_run(&run, &experiment.path(), &mut findings);
        }
    }
    for token in super::tokens(workspace, snapshot) {
        let file = TokenFile::named(workspace.layout().clone(), &token.name);
        let path = file.path();
        match &token.record {
            Err(why) => findings.push(Finding {
                kind: damaged_or_newer(&path),
                message: format!("{why}; the next run that asks for some of it writes it anew"),
                path,
                mend: None,
            }),
            Ok((_, holders)) => {
                let dead: Vec<String> =
                    holders.iter().filter(|holder| !holder.alive).map(|holder| holder.job.to_string()).collect();
                if !dead.is_empty() {
                    findings.push(Finding {
                        kind: Kind::Token,
                        message: format!("held by jobs that are gone ({}): they are struck out", dead.join(", ")),
                        path,
                        mend: Some(Mend::StrikeOut(file)),
                    });
                }
            }
        }
    }
    for path in super::remove::left_in_trash(workspace) {
        let message = "a job's folder whose removal was cut short: it is removed".to_owned();
        findings.push(Finding { kind: Kind::LeftOver, path, message, mend: Some(Mend::RemoveFolder) });
    }
    findings
}

/// Looks at the files of a job. `task_in_place` is whether no link leads to the folder of its task.
fn look_at_job(job: &JobInfo, task_in_place: bool, findings: &mut Vec<Finding>) {
    let path = job.path();
    let in_place = task_in_place && is_folder(&path);
    if !in_place && !path.is_dir() {
        return;
    }
    let state = job.state();
    if let JobStatus::Unreadable(why) = &state {
        let kind = damaged_or_newer(&path.join("status.json"));
        let advice = match kind {
            Kind::Newer => "",
            _ => "; submitted again, the job is run anew and the file put aside",
        };
        findings.push(Finding { kind, path: path.join("status.json"), message: format!("{why}{advice}"), mend: None });
    }
    if let Err(error) = job.read_arguments() {
        let file = path.join("params.json");
        let kind = if file.exists() { damaged_or_newer(&file) } else { Kind::LeftOver };
        findings.push(Finding { kind, path: file, message: error.to_string(), mend: None });
    }
    if state == JobStatus::Failed(Failure::Lost) && !path.join("status.json").exists() {
        let (message, mend) = match in_place {
            true => ("it is recorded as failed (lost)", Some(Mend::RecordLost(job.clone()))),
            false => ("its folder lies behind a link, where nothing is written", None),
        };
        let message = format!("its process is gone and left no record: {message}");
        findings.push(Finding { kind: Kind::Dead, path: path.clone(), message, mend });
    }
    look_at_times(job, &state, findings);
    // What lies behind a link is not this workspace's.
    if in_place && !matches!(state, JobStatus::Running(_) | JobStatus::Starting) {
        let own = path.join(".xpm");
        let lock = own.join("lock");
        temporaries_in(&path, &["params.json", "status.json"], Some(&lock), findings);
        if is_folder(&own) {
            temporaries_in(&own, &[], Some(&lock), findings);
        }
    }
}

/// Looks for times in the record of a job that cannot be.
fn look_at_times(job: &JobInfo, state: &JobStatus, findings: &mut Vec<Finding>) {
    let file = match state {
        JobStatus::Running(_) => job.folder().lock(),
        JobStatus::Done | JobStatus::Failed(_) if job.attempt() > 0 => job.folder().status(),
        _ => return,
    };
    let now = crate::clock::now();
    let text = |time: SystemTime| humantime::format_rfc3339_millis(time);
    let to_come = |time: &SystemTime| time.duration_since(now).is_ok_and(|ahead| ahead > APART);
    let why = match (job.start(), job.end()) {
        (Some(start), Some(end)) if end < start => format!("it ended {}, before it began {}", text(end), text(start)),
        (_, Some(end)) if to_come(&end) => format!("it ended {}, which is yet to come", text(end)),
        (Some(start), _) if to_come(&start) => format!("it began {}, which is yet to come", text(start)),
        (_, None) if !matches!(state, JobStatus::Running(_)) => "when it ended is no time".to_owned(),
        _ => return,
    };
    let message = format!("by this record {why}: a clock was wrong, or somebody has changed it");
    findings.push(Finding { kind: Kind::Time, path: file, message, mend: None });
}

fn look_at_run(run: &crate::state::RunInfo, experiment: &Path, findings: &mut Vec<Finding>) {
    match run.state() {
        RunState::Dead => findings.push(Finding {
            kind: Kind::Dead,
            path: run.path(),
            message: "it says that it runs, and its driver is gone: it is recorded as interrupted".to_owned(),
            mend: Some(Mend::RecordRun(experiment.join("lock"))),
        }),
        RunState::Unreadable => {
            let why = run.error().unwrap_or("its record cannot be read").to_owned();
            let path = run.path().join("run.json");
            findings.push(Finding { kind: damaged_or_newer(&path), path, message: why, mend: None });
        }
        _ => {}
    }
    temporaries(&run.path(), &["run.json", "unstarted.jsonl", "environment.json"], None, findings);
    let journal = run.path().join("journal.jsonl");
    let read = JournalReader::read(&journal, 0);
    strays::links_of_run(run, findings);
    let why = match read.map(|read| read.damaged) {
        Ok(lines) if lines.is_empty() => return,
        Ok(lines) => format!(
            "{} and left out; while the run is kept, `xpm orphans --clean` removes nothing, since the line may name a job",
            damaged_lines(&lines)
        ),
        Err(error) => format!("it cannot be read: {error}"),
    };
    findings.push(Finding { kind: Kind::Damaged, path: journal, message: why, mend: None });
}

/// The kind of a finding about a file that cannot be understood.
fn damaged_or_newer(path: &Path) -> Kind {
    let newer = crate::files::read(path).is_ok_and(|text| newer_format(&text).is_some());
    if newer { Kind::Newer } else { Kind::Damaged }
}

/// Temporary files that somebody who was killed left behind: of these files, or of any in a folder that holds only xpm's own.
/// They are removed with the lock, if there is one.
fn temporaries(folder: &Path, of: &[&str], lock: Option<&Path>, findings: &mut Vec<Finding>) {
    // What lies behind a link is not this workspace's.
    if is_in_place(folder) {
        temporaries_in(folder, of, lock, findings);
    }
}

/// The same, in a folder to which no link leads.
fn temporaries_in(folder: &Path, of: &[&str], lock: Option<&Path>, findings: &mut Vec<Finding>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours =
            entry.file_name().to_str().and_then(temporary_of).is_some_and(|name| of.is_empty() || of.contains(&name));
        let old = |metadata: fs::Metadata| {
            let age = metadata.modified().ok().and_then(|time| crate::clock::now().duration_since(time).ok());
            !metadata.is_dir() && age.is_some_and(|age| age > OLD)
        };
        if ours && fs::symlink_metadata(entry.path()).is_ok_and(old) {
            let message = "half of a write that was cut short: it is removed".to_owned();
            let mend = Some(Mend::RemoveFile(lock.map(Path::to_owned)));
            findings.push(Finding { kind: Kind::LeftOver, path: entry.path(), message, mend });
        }
    }
}

/// Whether no link leads to a folder.
fn is_in_place(folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|there| there == folder)
}

/// Whether it is a folder itself, and no link to one.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Mends what was found.
///
/// # Errors
/// If a file cannot be written or removed, or if somebody has come to work there in the meantime, or has changed what was found:
/// then it is left as it is.
pub fn mend(finding: &Finding) -> io::Result<()> {
    match &finding.mend {
        None => Ok(()),
        Some(Mend::RecordLost(job)) => record_lost(job),
        Some(Mend::RecordRun(lock)) => match JobLock::try_take(lock)? {
            TryLock::Busy(_) => Err(at_work()),
            TryLock::Taken(_lock) => {
                check_in_place(&finding.path.join("run.json")).and_then(|()| record_run(&finding.path.join("run.json")))
            }
        },
        Some(Mend::StrikeOut(token)) => token.strike_out_dead().map_err(io::Error::other),
        Some(Mend::RemoveFile(lock)) => {
            check_in_place(&finding.path)?;
            let _lock = match lock.as_deref().map(JobLock::try_take).transpose() {
                Ok(Some(TryLock::Busy(_))) => return Err(at_work()),
                Ok(lock) => lock,
                // Nobody can be at work in the folder of a job that has no place for a lock.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            fault::point("remove", &finding.path)?;
            fs::remove_file(&finding.path)
        }
        Some(Mend::RemoveFolder) => {
            check_in_place(&finding.path)?;
            fault::point("remove", &finding.path)?;
            fs::remove_dir_all(&finding.path)
        }
    }
}

/// Somebody has the lock of what was found.
fn at_work() -> io::Error {
    io::Error::other("a process is at work there now: it is left alone")
}

/// What was found is not there any more.
fn changed() -> io::Error {
    io::Error::other("it has changed since it was looked at: it is left alone")
}

/// Somebody may have put a link in the place of a folder since it was looked at.
fn check_in_place(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if is_in_place(folder) => Ok(()),
        _ => Err(io::Error::other("a link leads there, perhaps out of the workspace: it is left alone")),
    }
}

fn record_lost(job: &JobInfo) -> io::Result<()> {
    let folder = job.folder();
    check_in_place(&folder.status())?;
    let TryLock::Taken(_lock) = JobLock::try_take(&folder.lock())? else { return Err(at_work()) };
    let Ok(None) = folder.read_status() else { return Err(changed()) };
    let recorded = folder.recorded_attempts(None)?;
    match Owner::read(&folder.lock()) {
        Some(owner) if owner.attempt > recorded => {
            let mut status = Status::new(job.key(), owner.attempt, Err(Failure::Lost));
            status.start = Some(owner.start);
            status.write(&folder.status())
        }
        _ => Err(changed()),
    }
}

/// As JSON, so that members of other versions are kept.
fn record_run(path: &Path) -> io::Result<()> {
    let mut record: serde_json::Value = serde_json::from_slice(&crate::files::read(path)?)?;
    if record["status"] != serde_json::to_value(RunStatus::Running)? {
        return Err(changed());
    }
    record["status"] = serde_json::to_value(RunStatus::Interrupted)?;
    record["error"] = "its driver was gone; recorded by xpm doctor".into();
    let mut text = serde_json::to_vec_pretty(&record)?;
    text.push(b'\n');
    write_atomic(path, &text, Durability::Lazy)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::ids::JobKey;
    use crate::workspace::Workspace as Layout;

    /// A file that nobody has written to for long.
    fn old(path: &Path) -> PathBuf {
        let file = File::create(path).unwrap();
        file.set_modified(crate::clock::now() - 2 * OLD).unwrap();
        path.to_owned()
    }

    fn paths(workspace: &Workspace) -> Vec<PathBuf> {
        let findings = diagnose(workspace, &workspace.snapshot());
        findings.iter().filter(|finding| finding.can_be_mended()).map(|finding| finding.path.clone()).collect()
    }

    #[test]
    fn only_what_xpm_has_left_behind_in_the_workspace_is_removed() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let layout = Layout::open_or_create(&root.join("work")).unwrap();
        let workspace = Workspace::open(layout.path()).unwrap();
        let key = |digit: &str| JobKey { task: "t".into(), identity: digit.repeat(64).parse().unwrap() };
        let folder = layout.job(&key("a"));
        folder.create().unwrap();
        Status::new(key("a"), 1, Err(Failure::Lost)).write(&folder.status()).unwrap();
        let ours = old(&folder.path().join(".status.json.71-3.tmp"));
        let below = old(&folder.own().join(".progress.json.71-0.tmp"));
        for other in
            [".mine.tmp", ".model.pt.71-3.tmp", ".status.json.x-3.tmp", "status.json.71-3.tmp", ".status.json.71-.tmp"]
        {
            old(&folder.path().join(other));
        }
        old(&layout.path().join(".notes.71-3.tmp"));
        // A job's folder that somebody has put elsewhere.
        let elsewhere = root.join("elsewhere");
        fs::create_dir_all(elsewhere.join(".xpm")).unwrap();
        let kept = old(&elsewhere.join(".status.json.71-3.tmp"));
        symlink(&elsewhere, layout.job(&key("b")).path()).unwrap();
        let mut found = paths(&workspace);
        found.sort();
        assert_eq!(found, [ours.clone(), below.clone()]);
        // While somebody has the lock, nothing is touched.
        let findings = diagnose(&workspace, &workspace.snapshot());
        let TryLock::Taken(lock) = JobLock::try_take(&folder.lock()).unwrap() else { panic!("it is free") };
        for finding in findings.iter().filter(|finding| finding.can_be_mended()) {
            assert_eq!(mend(finding).unwrap_err().to_string(), "a process is at work there now: it is left alone");
        }
        assert!(ours.exists() && below.exists());
        drop(lock);
        // Nor where a link has taken the folder's place since.
        fs::rename(folder.path(), root.join("moved")).unwrap();
        symlink(root.join("moved"), folder.path()).unwrap();
        let own = findings.iter().find(|finding| finding.path == ours).unwrap();
        let error = mend(own).unwrap_err().to_string();
        assert_eq!(error, "a link leads there, perhaps out of the workspace: it is left alone");
        assert!(ours.exists());
        fs::remove_file(folder.path()).unwrap();
        fs::rename(root.join("moved"), folder.path()).unwrap();
        findings.iter().for_each(|finding| mend(finding).unwrap());
        assert!(!ours.exists() && !below.exists() && kept.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 7);
    }

    /// Which files were found, and what is said of each; in order.
    fn told(root: &Path) -> Vec<(String, &'static str, String)> {
        let workspace = Workspace::open(root).unwrap();
        let path = |finding: &Finding| finding.path.strip_prefix(root).unwrap().display().to_string();
        let mut told: Vec<_> = diagnose(&workspace, &workspace.snapshot())
            .iter()
            .map(|finding| (path(finding), finding.kind.name(), finding.message.clone()))
            .collect();
        told.sort();
        told
    }

    /// A finished job, of which the record has these times.
    fn job(layout: &Layout, digit: &str, start: Option<&str>, end: &str) -> PathBuf {
        let key = JobKey { task: "t".into(), identity: digit.repeat(64).parse().unwrap() };
        let folder = layout.job(&key);
        folder.create().unwrap();
        let mut status = Status::new(key.clone(), 1, Err(Failure::Lost));
        (status.start, status.end) = (start.map(str::to_owned), end.to_owned());
        status.write(&folder.status()).unwrap();
        let text = format!(
            r#"{{"format":1,"task":"t","identity":"{}","configs":[{{"type":"t","args":{{}}}}]}}"#,
            key.identity
        );
        write_atomic(&folder.params(), text.as_bytes(), Durability::Lazy).unwrap();
        folder.path().to_owned()
    }

    #[test]
    fn gpus_and_shared_folders_that_nobody_has_are_told_and_struck_out() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let layout = Layout::open_or_create(&root).unwrap();
        job(&layout, "a", None, "2026-01-01T00:00:00Z");
        let gpus = TokenFile::gpus(layout.clone(), &["0".to_owned()]);
        gpus.declare(1).unwrap();
        let shared = TokenFile::partial(layout.clone(), &root.join("partials/t/checkpoints/07"));
        let wanted = [(gpus.clone(), 1), (shared.clone(), 1)];
        let key = JobKey { task: "t".into(), identity: "a".repeat(64).parse().unwrap() };
        TokenFile::take_all(&wanted, &key).unwrap();
        let message = format!("held by jobs that are gone ({key}): they are struck out");
        let relative = |file: &TokenFile| file.path().strip_prefix(&root).unwrap().display().to_string();
        let mut expected = [&gpus, &shared].map(|file| (relative(file), "token", message.clone()));
        expected.sort();
        assert_eq!(told(&root), expected);
        let workspace = Workspace::open(&root).unwrap();
        diagnose(&workspace, &workspace.snapshot()).iter().for_each(|finding| mend(finding).unwrap());
        assert_eq!(told(&root), []);
        assert_eq!(gpus.look().unwrap().map(|(_, holders)| holders.len()), Some(0));
    }

    #[test]
    fn times_that_cannot_be_are_told() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let layout = Layout::open_or_create(&root).unwrap();
        job(&layout, "a", Some("2026-01-02T00:00:00Z"), "2026-01-01T00:00:00Z");
        job(&layout, "b", Some("2026-01-01T00:00:00Z"), "2199-01-01T00:00:00Z");
        job(&layout, "c", None, "yesterday");
        // A clock that is a little ahead is nothing, and nobody may have seen a beginning.
        let soon = humantime::format_rfc3339_millis(crate::clock::now() + APART / 2).to_string();
        job(&layout, "d", Some(&soon), &soon);
        job(&layout, "e", None, "2026-01-01T00:00:00Z");
        let expected = [
            ("a", "it ended 2026-01-01T00:00:00.000Z, before it began 2026-01-02T00:00:00.000Z"),
            ("b", "it ended 2199-01-01T00:00:00.000Z, which is yet to come"),
            ("c", "when it ended is no time"),
        ];
        let expected = expected.map(|(digit, why)| {
            let message = format!("by this record {why}: a clock was wrong, or somebody has changed it");
            (format!("jobs/t/{}/status.json", digit.repeat(64)), "time", message)
        });
        assert_eq!(told(&root), expected);
    }

    #[test]
    fn links_and_what_no_job_made_are_told_and_left() {
        let temp = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let layout = Layout::open_or_create(&root).unwrap();
        let time = "2026-01-01T00:00:00Z";
        let moved = outside.path().join("moved");
        fs::rename(job(&layout, "a", None, time), &moved).unwrap();
        let jobs = root.join("jobs");
        symlink(&moved, jobs.join("t").join("a".repeat(64))).unwrap();
        symlink("nowhere", jobs.join("t").join("b".repeat(64))).unwrap();
        File::create(jobs.join("t").join("c".repeat(64))).unwrap();
        job(&layout, "d", None, time);
        File::create(jobs.join("t/notes.txt")).unwrap();
        fs::create_dir(jobs.join("empty")).unwrap();
        fs::create_dir(jobs.join("mine")).unwrap();
        ["1", "2"].iter().for_each(|name| drop(File::create(jobs.join("mine").join(name)).unwrap()));
        File::create(jobs.join("README")).unwrap();
        fs::create_dir(jobs.join(".hidden")).unwrap();
        symlink("t", jobs.join("u")).unwrap();
        symlink("gone", jobs.join("v")).unwrap();
        let told = told(&root);
        let of = |path: &str| {
            let found: Vec<_> = told.iter().filter(|(of, ..)| of == path).collect();
            assert_eq!(found.len(), 1, "{path}: {told:?}");
            (found[0].1, found[0].2.as_str())
        };
        let leads = "what it leads to is read, and nothing is mended or removed there";
        let nowhere = "what it leads to cannot be read: No such file or directory (os error 2)";
        let link = |whose: &str, what: &str| format!("a link in the place of a {whose}'s folder: {what}");
        let in_t = |digit: &str| format!("jobs/t/{}", digit.repeat(64));
        assert_eq!(of(&in_t("a")), ("link", &*link("job", leads)));
        assert_eq!(of(&in_t("b")), ("link", &*link("job", nowhere)));
        assert_eq!(of(&in_t("c")), ("stray", "it is in the place of a job's folder and is none"));
        assert_eq!(of("jobs/t/notes.txt"), ("stray", "it is among the jobs and is none: xpm leaves it alone"));
        let among = "it is among the tasks, and no job is in it: xpm leaves it alone";
        assert_eq!(of("jobs/mine"), ("stray", among));
        for path in ["jobs/README", "jobs/.hidden", "jobs/v"] {
            let stray = ("stray", "it is among the tasks and is none: xpm leaves it alone");
            let dangling = link("task", nowhere);
            assert_eq!(of(path), if path == "jobs/v" { ("link", &*dangling) } else { stray });
        }
        assert_eq!(of("jobs/u"), ("link", &*link("task", leads)));
        let silent = |path: &str| !told.iter().any(|(of, ..)| of.starts_with(path));
        assert!(silent("jobs/empty") && silent(&in_t("d")) && silent("jobs/mine/"), "{told:?}");
        assert!(moved.join("status.json").exists() && jobs.join("mine/1").exists());
    }

    #[test]
    fn what_has_changed_since_it_was_found_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let (record, lock) = (root.join("run.json"), root.join("lock"));
        let running = br#"{"status": "running", "newer": 1}"#;
        write_atomic(&record, running, Durability::Lazy).unwrap();
        let mend_run = Some(Mend::RecordRun(lock));
        let finding = Finding { kind: Kind::Dead, path: root.clone(), message: String::new(), mend: mend_run };
        mend(&finding).unwrap();
        let mended = fs::read_to_string(&record).unwrap();
        assert!(mended.contains(r#""status": "interrupted""#) && mended.contains(r#""newer": 1"#), "{mended}");
        let error = mend(&finding).unwrap_err().to_string();
        assert_eq!(error, "it has changed since it was looked at: it is left alone");
        assert_eq!(fs::read_to_string(&record).unwrap(), mended);
    }
}
