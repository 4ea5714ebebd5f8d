//! The tasks whose identities are compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use xpm::prelude::*;

/// Writes a file and returns ten times its number.
#[task(id = "golden.job", version = 3)]
#[derive(Debug)]
pub(crate) struct Train {
    n: u32,
    #[param(ignored, default = 4)]
    threads: u32,
    #[param(path = "weights.bin")]
    weights: PathBuf,
}

impl Task for Train {
    type Output = u32;

    #[expect(clippy::disallowed_methods, reason = "a task writes as it likes")]
    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        fs::write(&self.weights, format!("{} {}", self.n, self.threads))?;
        Ok(self.n * 10)
    }
}

/// Says where something is.
#[task(id = "jobs.where")]
pub(crate) struct Where {}

impl Task for Where {
    type Output = PathBuf;

    fn execute(&self, _: &JobContext) -> TaskResult<PathBuf> {
        Ok(PathBuf::from("/data"))
    }
}

/// Says how long something takes.
#[task(id = "jobs.long")]
pub(crate) struct Long {}

impl Task for Long {
    type Output = Duration;

    fn execute(&self, _: &JobContext) -> TaskResult<Duration> {
        Ok(Duration::from_millis(1500))
    }
}

/// Takes both as they are promised.
#[task(id = "jobs.waits")]
pub(crate) struct Waits {
    place: PathBuf,
    time: Duration,
}

impl Task for Waits {
    type Output = String;

    fn execute(&self, _: &JobContext) -> TaskResult<String> {
        Ok(format!("{} {:?}", self.place.display(), self.time))
    }
}

#[config(id = "golden.leaf")]
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) n: u32,
}

#[config]
pub(crate) trait Plant: std::fmt::Debug {}

#[config]
impl Plant for Leaf {}

/// Takes everything that a job hands on, and returns what it sees.
#[task(id = "golden.consumer")]
#[derive(Debug)]
pub(crate) struct Consumer {
    task: Option<Train>,
    promise: Option<u32>,
    #[param(json)]
    json: Option<u32>,
    list: Option<Vec<u32>>,
    file: Option<PathBuf>,
    files: Option<Vec<PathBuf>>,
    made: Option<Leaf>,
    member: Option<Box<dyn Plant>>,
    tuple: Option<(PathBuf, Train)>,
    map: Option<BTreeMap<String, Train>>,
}

impl Task for Consumer {
    type Output = Vec<String>;

    fn execute(&self, _: &JobContext) -> TaskResult<Vec<String>> {
        let read = |train: &Train| fs::read_to_string(&train.weights);
        let mut seen = vec![
            format!("{:?} {:?} {:?}", self.promise, self.json, self.list),
            format!("{:?} {:?} {:?} {:?}", self.file, self.files, self.made, self.member),
        ];
        for train in self
            .task
            .iter()
            .chain(self.tuple.iter().map(|(_, train)| train))
            .chain(self.map.iter().flat_map(|map| map.values()))
        {
            seen.push(format!("{} {} {:?}", train.n, train.threads, read(train)?));
        }
        Ok(seen)
    }
}
