//! The index against the files: whatever happens to these, the next look says what they say.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::value::RawValue;

use super::Workspace;
use crate::ids::{Identity, JobKey};
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

/// A workspace with an index, and times that are long past for it.
fn indexed() -> (tempfile::TempDir, Layout, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::open_or_create(folder.path()).unwrap();
    for n in 0..JOBS {
        put(&layout, n, Ok(&n.to_string()));
    }
    let workspace = Workspace::open(folder.path()).unwrap();
    assert_eq!(workspace.snapshot().counts().done, usize::from(JOBS));
    assert!(folder.path().join(".index/state").is_file());
    (folder, layout, workspace)
}

fn job(workspace: &Workspace, n: u16) -> super::JobInfo {
    workspace.snapshot().get(&key(n)).unwrap()
}

#[test]
fn what_changes_is_seen_at_once_also_within_the_same_tick() {
    let (_folder, layout, workspace) = indexed();
    for round in 0..30 {
        put(&layout, 7, Ok(&format!("{}", round + 1000)));
        assert_eq!(job(&workspace, 7).output::<u32>().unwrap(), round + 1000);
        put(&layout, 7, Err(Failure::TimedOut));
        assert_eq!(job(&workspace, 7).state().failure(), Some(&Failure::TimedOut));
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
