//! The index against the files: whatever happens to these, the next look says what they say.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::value::RawValue;

use super::filter::Filter;
use super::index::{COARSE, GRACE, Index, TRAILER};
use super::table::Table;
use super::{JobFields, JobInfo, Workspace};
use crate::ids::{Identity, JobKey};
use crate::sys;
use crate::workspace::{Failure, Status, Workspace as Layout};

const JOBS: u16 = 600;

fn key(n: u16) -> JobKey {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&n.to_be_bytes());
    JobKey { task: "t".into(), identity: Identity::from_bytes(bytes) }
}

fn put(layout: &Layout, n: u16, result: Result<&str, Failure>) {
    let folder = layout.job(&key(n));
    folder.create().unwrap();
    let text = format!(
        r#"{{"format":1,"task":"t","identity":"{}","configs":[{{"type":"t","args":{{"n":{n}}}}}]}}"#,
        key(n).identity
    );
    write(&folder.params(), &text);
    let value = result.map(|text| RawValue::from_string(text.to_owned()).unwrap());
    Status::new(key(n), 1, value).write(&folder.status()).unwrap();
}

fn write(path: &Path, text: &str) {
    File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// A workspace with an index.
fn indexed() -> (tempfile::TempDir, Layout, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::open_or_create(folder.path()).unwrap();
    fill(folder, layout)
}

fn fill(folder: tempfile::TempDir, layout: Layout) -> (tempfile::TempDir, Layout, Workspace) {
    for n in 0..JOBS {
        if !layout.job(&key(n)).path().exists() {
            put(&layout, n, Ok(&n.to_string()));
        }
    }
    let workspace = Workspace::open(folder.path()).unwrap();
    assert_eq!(workspace.snapshot().counts().done, usize::from(JOBS));
    assert!(folder.path().join(".index/state").is_file());
    (folder, layout, workspace)
}

/// The same, when all that was written is longer ago than the times of files are coarse: rows come from the index.
fn settled() -> (tempfile::TempDir, Layout, Workspace) {
    let (folder, layout, workspace) = indexed();
    settle(&folder, &workspace);
    (folder, layout, workspace)
}

/// Fills the workspace up, settles it, and looks at it.
fn folder_with(folder: tempfile::TempDir, layout: &Layout, look: impl FnOnce(&Workspace)) {
    let (folder, _, workspace) = fill(folder, layout.clone());
    settle(&folder, &workspace);
    look(&workspace);
}

fn settle(folder: &tempfile::TempDir, workspace: &Workspace) {
    let now = || {
        let probe = folder.path().join("probe");
        write(&probe, "");
        sys::stamp(&fs::metadata(&probe).unwrap()).changed
    };
    let written = now();
    while now() < written + COARSE + COARSE / 10 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    fs::remove_dir_all(folder.path().join(".index")).unwrap();
    let old = Index::read(folder.path());
    assert!(old.is_none() && workspace.snapshot().job_count() == usize::from(JOBS));
    assert!(!workspace.snapshot().jobs().iter().any(JobInfo::is_fresh));
}

/// Makes the index say that it was made this much later, in nanoseconds.
fn age(folder: &tempfile::TempDir, by: i64) {
    let path = folder.path().join(".index/state");
    let mut bytes = fs::read(&path).unwrap();
    let number = |bytes: &[u8], from: usize| u64::from_le_bytes(bytes[from..from + 8].try_into().unwrap()) as usize;
    let trailer = bytes.len() - TRAILER;
    let (begin, size) = (number(&bytes, trailer) + number(&bytes, trailer + 12), number(&bytes, trailer + 24));
    let root = u32::from_le_bytes(bytes[begin..begin + 4].try_into().unwrap()) as usize;
    let taken = begin + 4 + root;
    let later = number(&bytes, taken) as i64 + by;
    bytes[taken..taken + 8].copy_from_slice(&later.to_le_bytes());
    let checksum = super::checksum(&bytes[begin..begin + size]);
    bytes[trailer + 32..trailer + 36].copy_from_slice(&checksum.to_le_bytes());
    File::create(&path).unwrap().write_all(&bytes).unwrap();
}

/// The fields of a job as a filter sees them, with the file's own bytes asked by nobody else.
fn holds(workspace: &Workspace, n: u16, filter: &str) -> bool {
    Filter::parse(filter).unwrap().matches(&JobFields::new(&job(workspace, n)))
}

fn job(workspace: &Workspace, n: u16) -> JobInfo {
    workspace.snapshot().get(&key(n)).unwrap()
}

#[test]
fn what_changes_is_seen_at_once_also_within_the_same_tick() {
    let (_folder, layout, workspace) = indexed();
    for round in 0..30 {
        put(&layout, 7, Ok(&format!("{}", round + 1000)));
        assert_eq!(job(&workspace, 7).output::<u32>().unwrap(), round + 1000);
        put(&layout, 7, Err(Failure::TimedOut { limit: None }));
        assert_eq!(job(&workspace, 7).state().failure(), Some(&Failure::TimedOut { limit: None }));
    }
    fs::remove_dir_all(layout.job(&key(8)).path()).unwrap();
    put(&layout, JOBS, Ok("1"));
    put(&layout, JOBS + 1, Ok("1"));
    let snapshot = workspace.snapshot();
    assert!(snapshot.get(&key(8)).is_none() && snapshot.get(&key(JOBS + 1)).is_some());
    assert_eq!((snapshot.job_count(), snapshot.counts().failed), (usize::from(JOBS) + 1, 1));
    fs::remove_file(layout.job(&key(9)).status()).unwrap();
    assert_eq!(job(&workspace, 9).state_name(), "unstarted");
    assert_eq!(job(&workspace, 10).arguments().unwrap()["n"], 10);
}

/// Rewrites a file in place: its folder does not change.
fn in_place(path: &Path, change: impl FnOnce(String) -> String) {
    let text = change(fs::read_to_string(path).unwrap());
    write(path, &text);
}

#[test]
fn every_change_of_what_the_index_knows_is_seen() {
    let (folder, layout, workspace) = settled();
    let path = |n: u16| layout.job(&key(n)).path().to_owned();
    assert!(holds(&workspace, 1, "n = 1 and output = 1"));

    // Records: replaced, rewritten in place with as many bytes, cut, removed.
    put(&layout, 1, Ok("77"));
    in_place(&path(2).join("status.json"), |text| text.replace("\"value\": 2", "\"value\": 7"));
    in_place(&path(3).join("status.json"), |text| text[..text.len() / 2].to_owned());
    fs::remove_file(path(4).join("status.json")).unwrap();
    assert!(holds(&workspace, 1, "output = 77") && holds(&workspace, 2, "output = 7"));
    assert_eq!((job(&workspace, 3).state_name(), job(&workspace, 4).state_name()), ("unreadable", "unstarted"));

    // Arguments, while the record stays: in place with as many bytes, cut, removed.
    in_place(&path(5).join("params.json"), |text| text.replace("\"n\":5", "\"n\":6"));
    in_place(&path(6).join("params.json"), |text| text[..text.len() / 2].to_owned());
    fs::remove_file(path(7).join("params.json")).unwrap();
    assert!(holds(&workspace, 5, "n = 6 and state = done") && !holds(&workspace, 6, "n = 6"));
    assert_eq!(job(&workspace, 5).arguments().unwrap()["n"], 6);
    assert!(job(&workspace, 6).arguments().unwrap_err().to_string().contains("damaged"));
    assert!(job(&workspace, 7).arguments().is_err() && !holds(&workspace, 7, "n = 7"));
    let mut table = Table::new(workspace.jobs());
    let (n, id) = (table.find("n").unwrap(), table.find("id").unwrap());
    let cell = |n: u16, column: usize| {
        let row = table.jobs().iter().position(|job| job.key() == key(n)).unwrap();
        table.columns()[column].cells[row].to_string()
    };
    assert_eq!([cell(5, n), cell(6, n), cell(8, n)], ["6", "", "8"]);
    assert_eq!(cell(6, id), key(6).identity.short());

    // Folders: removed, added, renamed, made anew; that of the task too.
    fs::remove_dir_all(path(10)).unwrap();
    put(&layout, JOBS, Ok("1"));
    fs::rename(path(11), layout.job(&key(JOBS + 1)).path()).unwrap();
    fs::remove_dir_all(path(12)).unwrap();
    put(&layout, 12, Ok("1212"));
    let snapshot = workspace.snapshot();
    let there = |n: u16| snapshot.get(&key(n)).is_some();
    assert_eq!([there(10), there(JOBS), there(11), there(JOBS + 1)], [false, true, false, true]);
    // What lies there says that it is another job.
    assert_eq!(snapshot.get(&key(JOBS + 1)).unwrap().state_name(), "unreadable");
    assert!(holds(&workspace, 12, "output = 1212"));
    fs::rename(layout.jobs().join("t"), layout.jobs().join("u")).unwrap();
    assert!(workspace.jobs().iter().all(|job| job.task() == "u"));
    fs::rename(layout.jobs().join("u"), layout.jobs().join("t")).unwrap();
    assert_eq!(job(&workspace, 20).state_name(), "done");
    assert!(folder.path().join(".index/state").is_file());
}

#[test]
fn metrics_that_change_after_the_end_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::open_or_create(folder.path()).unwrap();
    put(&layout, 0, Ok("0"));
    let metrics = layout.job(&key(0)).metrics();
    write(&metrics, "{\"name\":\"loss\",\"step\":0,\"value\":0.5}\n");
    folder_with(folder, &layout, |workspace| {
        assert!(holds(workspace, 0, "metric.loss = 0.5 and loss.min = 0.5 and loss.count = 1"));
        in_place(&metrics, |text| text.replace("0.5", "0.7"));
        assert!(holds(workspace, 0, "metric.loss = 0.7"));
        write(&metrics, "");
        assert!(!holds(workspace, 0, "metric.loss != none"));
        // Where there were none before, for all who look.
        write(&layout.job(&key(1)).metrics(), "{\"name\":\"loss\",\"step\":0,\"value\":0.25}\n");
        assert!(holds(workspace, 1, "metric.loss = 0.25 and n = 1"));
        let mut table = Table::new(workspace.jobs());
        let row = table.jobs().iter().position(|job| job.key() == key(1)).unwrap();
        let places = ["loss", "loss.max", "n"].map(|name| table.find(name).unwrap());
        let shown = places.map(|place| table.columns()[place].cells[row].to_string());
        assert_eq!(shown, ["0.25", "0.25", "1"]);
        fs::remove_file(layout.job(&key(1)).metrics()).unwrap();
        assert!(!holds(workspace, 1, "metric.loss != none"));
    });
}

#[test]
fn long_after_the_end_of_a_job_its_record_answers_for_all_its_files() {
    let (folder, layout, workspace) = settled();
    age(&folder, GRACE);
    let path = |n: u16| layout.job(&key(n)).path().to_owned();
    // Nothing but the identity that it names can be in there.
    in_place(&path(1).join("params.json"), |text| text.replace("\"n\":1}", "\"n\":6}"));
    assert!(holds(&workspace, 1, "n = 1"));
    assert_eq!(workspace.snapshot_of("0001").jobs()[0].arguments().unwrap()["n"], 6);
    // Run again, all is read again.
    put(&layout, 2, Ok("22"));
    in_place(&path(3).join("status.json"), |text| text.replace("\"value\": 3", "\"value\": 8"));
    fs::remove_file(path(4).join("status.json")).unwrap();
    fs::remove_dir_all(path(5)).unwrap();
    for n in [2, 3, 4] {
        write(&layout.job(&key(n)).metrics(), "{\"name\":\"loss\",\"step\":0,\"value\":0.5}\n");
        assert!(holds(&workspace, n, "metric.loss = 0.5"));
    }
    assert!(holds(&workspace, 2, "output = 22") && holds(&workspace, 3, "output = 8"));
    assert!(holds(&workspace, 4, "state = unstarted"));
    assert!(workspace.snapshot().get(&key(5)).is_none());
}

#[test]
fn a_look_at_one_job_tells_what_a_look_at_all_does() {
    let (folder, layout, workspace) = settled();
    put(&layout, 1, Err(Failure::TimedOut { limit: None }));
    in_place(&layout.job(&key(2)).status(), |text| text.replace("\"value\": 2", "\"value\": 7"));
    in_place(&layout.job(&key(3)).params(), |text| text.replace("\"n\":3", "\"n\":4"));
    fs::remove_dir_all(layout.job(&key(4)).path()).unwrap();
    put(&layout, JOBS, Ok("1"));
    // Depends on a job that is done, on one that has failed, and on one that is not there.
    let job = |n: u16| format!(r#"{{"task":"t","identity":"{}"}}"#, key(n).identity);
    let jobs = [0, 1, 4].map(job).join(",");
    in_place(&layout.job(&key(6)).params(), |text| {
        text.replace("\"configs\"", &format!("\"jobs\":[{jobs}],\"configs\""))
    });
    let run = folder.path().join("experiments/e/20261001_120000");
    fs::create_dir_all(run.join("jobs")).unwrap();
    for n in [2, 6] {
        let target = format!("../../../../jobs/t/{}", key(n).identity);
        std::os::unix::fs::symlink(target, run.join(format!("jobs/n={n}"))).unwrap();
    }
    let index = fs::read(folder.path().join(".index/state")).unwrap();
    let tell = |snapshot: &super::Snapshot, text: &str| {
        let job = snapshot.job(text).map_err(|error| error.to_string())?;
        let state = |key: JobKey| (key.clone(), snapshot.get(&key).map(|job| job.state_name()));
        let jobs: Vec<_> = job.dependencies().into_iter().map(state).collect();
        let runs: Vec<String> = job.runs().iter().map(|run| run.id().to_owned()).collect();
        Ok::<_, String>(format!("{job:?} {} {:?} {:?} {jobs:?} {runs:?}", job.state(), job.value(), job.arguments()))
    };
    let mut texts: Vec<String> = [0, 1, 2, 3, 4, 5, 6, JOBS, JOBS + 1].map(|n| format!("{n:04x}")).to_vec();
    texts.extend(["00", "t/0006", "u/0006", "0002ff", "xyz", ""].map(str::to_owned));
    texts.push(layout.job(&key(6)).path().display().to_string());
    for text in &texts {
        let (one, all) = (workspace.snapshot_of(text), workspace.snapshot());
        assert_eq!(tell(&one, text), tell(&all, text), "{text}");
    }
    assert!(tell(&workspace.snapshot_of("0006"), "0006").unwrap().contains("20261001_120000"));
    let jobs = format!("{:?}", [(key(0), Some("done")), (key(1), Some("failed")), (key(4), None)]);
    assert!(tell(&workspace.snapshot_of("0006"), "0006").unwrap().contains(&jobs));
    assert_eq!(workspace.snapshot_of("0005").job_count(), 1);
    // What was not looked at is not forgotten.
    assert_eq!(fs::read(folder.path().join(".index/state")).unwrap(), index);
}

#[test]
fn runs_and_their_links_are_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::open_or_create(folder.path()).unwrap();
    let run = folder.path().join("experiments/e/20261001_120000");
    fs::create_dir_all(run.join("jobs")).unwrap();
    let record = |status: &str| {
        let text = format!(
            r#"{{"format":1,"experiment":"e","run":"20261001_120000","status":"{status}","start":"2026-10-01T12:00:00Z","host":"h","pid":1}}"#
        );
        write(&run.join("run.json"), &text);
    };
    record("done");
    let link = |n: u16| {
        let target = format!("../../../../jobs/t/{}", key(n).identity);
        std::os::unix::fs::symlink(target, run.join(format!("jobs/n={n}"))).unwrap();
    };
    link(1);
    folder_with(folder, &layout, |workspace| {
        let state = |workspace: &Workspace| {
            let run = workspace.experiment("e").unwrap().last_run().unwrap();
            (run.state().name(), run.jobs().len())
        };
        assert_eq!(state(workspace), ("done", 1));
        for (number, status) in (2..).zip(["failed", "done", "failed"]) {
            record(status);
            link(number);
            assert_eq!(state(workspace), (status, usize::from(number)));
        }
        fs::remove_file(run.join("jobs/n=1")).unwrap();
        write(&run.join("run.json"), "{");
        assert_eq!(state(workspace), ("unreadable", 3));
        fs::remove_dir_all(&run).unwrap();
        assert!(workspace.experiment("e").unwrap().last_run().is_none());
    });
}

#[test]
fn a_damaged_index_is_as_if_there_was_none() {
    let (folder, _layout, workspace) = indexed();
    let path = folder.path().join(".index/state");
    let whole = fs::read(&path).unwrap();
    for place in (0..whole.len()).step_by(whole.len() / 40) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x20;
        File::create(&path).unwrap().write_all(&damaged).unwrap();
        let snapshot = workspace.snapshot();
        assert_eq!(snapshot.counts().done, usize::from(JOBS), "byte {place}");
        for n in [0, 5, JOBS / 2, JOBS - 1] {
            let job = snapshot.get(&key(n)).unwrap();
            assert_eq!((job.output::<u16>().unwrap(), &job.arguments().unwrap()["n"]), (n, &n.into()), "byte {place}");
        }
        File::create(&path).unwrap().write_all(&damaged[..place]).unwrap();
        assert_eq!(workspace.snapshot().job_count(), usize::from(JOBS), "cut at {place}");
    }
}

#[test]
fn damaged_values_are_those_of_the_files_also_when_the_index_is_made_anew() {
    let (folder, layout, workspace) = settled();
    let path = folder.path().join(".index/state");
    let table = || Table::new(workspace.snapshot().jobs_of("t"));
    let (truth, mut bytes) = (table(), fs::read(&path).unwrap());
    let number = |from: usize| u64::from_le_bytes(bytes[from..from + 8].try_into().unwrap()) as usize;
    let trailer = bytes.len() - TRAILER;
    let middle = number(trailer) + number(trailer + 12) / 2;
    bytes[middle] ^= 0x20;
    File::create(&path).unwrap().write_all(&bytes).unwrap();
    assert!(!workspace.snapshot().jobs().iter().any(JobInfo::is_fresh), "rows come from the index");
    assert_eq!(table().columns(), truth.columns());
    (0..100).for_each(|n| put(&layout, n, Ok(&n.to_string())));
    // Whoever looks makes a new index as soon as so many records have settled.
    while fs::read(&path).unwrap() == bytes {
        assert_eq!(table().columns(), truth.columns());
    }
    assert_eq!(table().columns(), truth.columns());
}

#[test]
fn a_workspace_that_was_moved_or_has_no_room_for_an_index_is_read_all_the_same() {
    let (folder, _layout, workspace) = indexed();
    drop(workspace);
    let moved = folder.path().join("moved");
    fs::create_dir(&moved).unwrap();
    for name in ["xpm.toml", "jobs", ".index"] {
        fs::rename(folder.path().join(name), moved.join(name)).unwrap();
    }
    let workspace = Workspace::open(&moved).unwrap();
    assert_eq!(workspace.snapshot().job_count(), usize::from(JOBS));
    assert!(job(&workspace, 3).path().starts_with(moved.canonicalize().unwrap()));
    fs::remove_dir_all(moved.join(".index")).unwrap();
    write(&moved.join(".index"), "in the way");
    assert_eq!(workspace.snapshot().job_count(), usize::from(JOBS));
    assert_eq!(fs::read(moved.join(".index")).unwrap(), b"in the way");
}

#[test]
fn many_readers_at_the_same_time() {
    let (_folder, layout, workspace) = indexed();
    std::thread::scope(|scope| {
        for reader in 0..4 {
            let (workspace, layout) = (workspace.clone(), &layout);
            scope.spawn(move || {
                for round in 0..5u16 {
                    // Enough for the index to be written anew.
                    for n in 0..100 {
                        put(layout, 1000 + reader * 1000 + n, Ok(&round.to_string()));
                    }
                    let snapshot = workspace.snapshot();
                    assert!(snapshot.job_count() >= usize::from(JOBS));
                    let job = snapshot.get(&key(1000 + reader * 1000)).unwrap();
                    assert_eq!(job.output::<u16>().unwrap(), round);
                }
            });
        }
    });
}
