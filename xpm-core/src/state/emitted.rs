//! What a job emitted while it ran, as whoever looks later reads it: value by value, so that a job may have emitted any number.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::job::JobReadError;
use crate::ids::JobKey;
use crate::workspace::{Output, StoredOutputs};

/// A value that a job emitted ([`JobContext::emit`](crate::JobContext::emit)).
#[derive(Clone)]
pub struct EmittedValue {
    job: JobKey,
    output: Output,
}

impl EmittedValue {
    /// The name that it was emitted under.
    pub fn name(&self) -> &str {
        &self.output.name
    }

    /// Its number among all values of the job, from 1. Where one is missing, that line of the file is damaged.
    pub fn number(&self) -> u64 {
        self.output.seq
    }

    /// The attempt that emitted it, from 1. All are of one attempt, unless the task resumes.
    pub fn attempt(&self) -> u32 {
        self.output.attempt
    }

    /// The value, typed.
    ///
    /// # Errors
    /// If it is none of `T`; says which value and why.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, JobReadError> {
        serde_json::from_str(self.output.value.get()).map_err(|error| JobReadError::OtherEmitted {
            job: self.job.clone(),
            name: self.name().to_owned(),
            number: self.number(),
            why: error.to_string(),
        })
    }

    /// The value, as JSON. What is nested too deeply to be a tree is `null`.
    pub fn json(&self) -> Json {
        serde_json::from_str(self.output.value.get()).unwrap_or_default()
    }
}

impl fmt::Debug for EmittedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmittedValue({} of {}: {} = {})", self.number(), self.job, self.name(), self.output.value)
    }
}

/// The values that a job emitted, in the order in which it did. Only one is in memory at a time.
///
/// What was cut off when the job was killed is no value, and a damaged line is skipped.
#[derive(Debug)]
pub struct Emitted {
    job: JobKey,
    stored: StoredOutputs,
}

impl Emitted {
    pub(super) fn new(job: JobKey, stored: StoredOutputs) -> Self {
        Self { job, stored }
    }
}

impl Iterator for Emitted {
    type Item = Result<EmittedValue, JobReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.stored.next()?;
        Some(match read {
            Ok(output) => Ok(EmittedValue { job: self.job.clone(), output }),
            Err(source) => Err(JobReadError::Emitted { path: self.stored.path().to_owned(), source }),
        })
    }
}

/// What a job emitted under one name, in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmittedSummary {
    /// How many values.
    pub count: u64,
    /// The last of them.
    pub last: Json,
}

/// Takes memory for the names and one value of each.
pub(super) fn summarise(emitted: Emitted) -> Result<BTreeMap<String, EmittedSummary>, JobReadError> {
    let mut last = BTreeMap::<String, (u64, EmittedValue)>::new();
    for value in emitted {
        let value = value?;
        let count = last.get(value.name()).map_or(0, |(count, _)| *count);
        last.insert(value.name().to_owned(), (count + 1, value));
    }
    let short = |(count, value): (u64, EmittedValue)| EmittedSummary { count, last: value.json() };
    Ok(last.into_iter().map(|(name, last)| (name, short(last))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::ids::Identity;
    use crate::state::Workspace;
    use crate::workspace::{OutputsWriter, Workspace as Layout};

    const MANY: u64 = 100_000;

    #[test]
    fn many_values_are_read_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::open_or_create(folder.path()).unwrap();
        let key = JobKey { task: "t".into(), identity: Identity::from_bytes([7; 32]) };
        let job = layout.job(&key);
        job.create().unwrap();
        let job_info = Workspace::open(folder.path()).unwrap().read_job(&key).unwrap();
        assert_eq!((job_info.emitted().count(), job_info.emitted_summaries().unwrap().len()), (0, 0));
        let mut writer = OutputsWriter::open(&job.outputs(), 3).unwrap();
        for number in 0..MANY {
            let name = if number % 2 == 0 { "even" } else { "odd" };
            writer.add(name, to_raw_value(&[number]).unwrap()).unwrap();
        }
        let even: Vec<[u64; 1]> = job_info.emitted_as("even").unwrap();
        assert!(even.iter().map(|[number]| *number).eq((0..MANY).step_by(2)));
        let odd = EmittedSummary { count: MANY / 2, last: json!([MANY - 1]) };
        assert_eq!(job_info.emitted_summaries().unwrap()["odd"], odd);
        assert_eq!(job_info.emitted_as::<[u64; 1]>("none").unwrap(), [[0; 1]; 0]);
        let mut values = job_info.emitted();
        let first = values.next().unwrap().unwrap();
        assert_eq!((first.name(), first.number(), first.attempt(), first.json()), ("even", 1, 3, json!([0])));
        // What was not asked for yet is not in memory.
        std::fs::File::options().write(true).open(job.outputs()).unwrap().set_len(0).unwrap();
        assert!(values.count() < 10_000);
    }
}
