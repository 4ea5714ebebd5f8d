//! Several drivers' views of one machine. In one process: what is locked belongs to open files.

#![allow(clippy::unwrap_used, reason = "tests")]

use tempfile::TempDir;

use super::*;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn driver(&self, cpus: u32, memory: u64) -> MachineFile {
        let workspace = Workspace::open_or_create(self.0.path()).unwrap();
        MachineFile::new(&workspace, cpus, Some(memory), |path, error| panic!("{}: {error}", path.display()))
    }
}

#[track_caller]
fn take(driver: &MachineFile, cpus: u64, memory: u64) -> Share {
    match driver.take(cpus, memory).unwrap() {
        AskedShare::Taken(share) => share,
        AskedShare::Short(part) => panic!("there is too little of {part:?}"),
    }
}

fn short(driver: &MachineFile, cpus: u64, memory: u64) -> Option<Part> {
    match driver.take(cpus, memory).unwrap() {
        AskedShare::Taken(_) => None,
        AskedShare::Short(part) => Some(part),
    }
}

fn elsewhere(driver: &MachineFile) -> (u64, u64) {
    let Elsewhere { cpus, memory } = driver.elsewhere().unwrap();
    (cpus, memory)
}

#[test]
fn what_one_driver_has_no_other_gets() {
    let folder = Folder::new();
    let (a, b) = (folder.driver(4, 100), folder.driver(4, 100));
    let first = take(&a, 1, 30);
    let second = take(&b, 2, 60);
    assert_eq!((elsewhere(&a), elsewhere(&b)), ((2, 60), (1, 30)));
    assert_eq!((short(&a, 2, 0), short(&b, 1, 11)), (Some(Part::Cpus), Some(Part::Memory)));
    assert_eq!(elsewhere(&a), (2, 60), "a refused request leaves nothing");
    let third = take(&a, 1, 10);
    drop(second);
    assert_eq!((elsewhere(&a), elsewhere(&b)), ((0, 0), (2, 40)));
    assert_eq!(short(&b, 0, 61), Some(Part::Memory));
    let fourth = take(&b, 2, 60);
    drop((first, third, fourth));
    // What is asked for may lie in pieces.
    let mut pieces: Vec<_> = (0..4).map(|n| take(if n % 2 == 0 { &a } else { &b }, 1, 25)).collect();
    drop((pieces.remove(2), pieces.remove(0)));
    assert_eq!(short(&a, 2, 51), Some(Part::Memory));
    let _both = take(&a, 2, 50);
    assert_eq!(short(&a, 1, 0), Some(Part::Cpus));
}

#[test]
fn a_share_is_held_by_whoever_has_a_copy_until_its_end() {
    let folder = Folder::new();
    let (a, b) = (folder.driver(2, 100), folder.driver(2, 100));
    let mut share = take(&a, 2, 100);
    // As a job's process has it.
    let copy = share.file().unwrap().try_clone().unwrap();
    give_cpus_back(&copy).unwrap();
    assert_eq!((short(&b, 2, 1), short(&b, 2, 0)), (Some(Part::Memory), None));
    share.cpus_given_back();
    let next = take(&a, 2, 0);
    // The driver is killed.
    drop(share);
    assert_eq!((elsewhere(&a), elsewhere(&b)), ((0, 100), (2, 100)));
    drop((copy, next));
    let share = take(&a, 1, 1);
    let copy = share.file().unwrap().try_clone().unwrap();
    // The process is gone, and has left a copy of itself behind.
    share.end();
    assert_eq!(elsewhere(&b), (0, 0));
    drop(copy);
}

#[test]
fn each_driver_stays_within_its_own_limit_and_leaves_what_others_can_have() {
    let folder = Folder::new();
    let (large, small, other_small) = (folder.driver(8, 100), folder.driver(2, 10), folder.driver(2, 10));
    let _six = take(&large, 6, 90);
    let one = take(&small, 1, 5);
    assert_eq!((elsewhere(&small), elsewhere(&other_small)), ((0, 0), (1, 5)));
    assert_eq!((short(&small, 2, 0), short(&other_small, 2, 0)), (Some(Part::Cpus), Some(Part::Cpus)));
    let _another = take(&other_small, 1, 5);
    assert_eq!((short(&small, 1, 0), short(&large, 1, 0)), (Some(Part::Cpus), Some(Part::Cpus)));
    drop(one);
    let _one = take(&large, 1, 5);
    assert_eq!(elsewhere(&other_small), (1, 5));
}

#[test]
fn nothing_begins_while_it_is_the_turn_of_another() {
    let folder = Folder::new();
    let (a, b) = (folder.driver(4, 100), folder.driver(4, 100));
    let long_ago = Instant::now().checked_sub(PATIENCE).unwrap();
    let own = take(&a, 1, 0);
    let busy = take(&b, 1, 0);
    assert_eq!((short(&a, 4, 0), elsewhere(&a)), (Some(Part::Cpus), (1, 0)));
    a.take_turn(long_ago);
    assert_eq!(short(&b, 1, 0), None, "it has started something just now");
    a.0.state.lock().unwrap().last_start = None;
    a.take_turn(Instant::now());
    assert_eq!(short(&b, 1, 0), None, "it has not waited for long");
    a.take_turn(long_ago);
    assert_eq!((short(&b, 1, 0), short(&b, 0, 1)), (Some(Part::Cpus), Some(Part::Memory)));
    assert_eq!((elsewhere(&b), elsewhere(&a)), ((3, 100), (1, 0)));
    b.0.state.lock().unwrap().last_start = None;
    b.take_turn(long_ago);
    assert!(!b.0.state.lock().unwrap().has_turn, "one has it at a time");
    drop(own);
    assert_eq!(short(&a, 4, 0), Some(Part::Cpus));
    drop(busy);
    drop(take(&a, 4, 0));
    assert_eq!((short(&b, 1, 0), elsewhere(&b)), (None, (0, 0)), "it has had its turn");
    a.0.state.lock().unwrap().last_start = None;
    a.take_turn(long_ago);
    assert_eq!(short(&b, 1, 0), Some(Part::Cpus));
    a.release_turn();
    assert_eq!(short(&b, 1, 0), None);
}

#[test]
fn a_turn_ends_with_its_driver() {
    let folder = Folder::new();
    let (a, b) = (folder.driver(1, 1), folder.driver(1, 1));
    elsewhere(&a);
    a.take_turn(Instant::now().checked_sub(PATIENCE).unwrap());
    assert_eq!(short(&b, 1, 0), Some(Part::Cpus));
    drop(a);
    assert_eq!(short(&b, 1, 0), None);
}

#[test]
fn a_job_that_takes_nothing_makes_no_file() {
    let folder = Folder::new();
    let driver = folder.driver(1, 1);
    assert!(take(&driver, 0, 0).file().is_none());
    assert!(!driver.path().exists());
}
