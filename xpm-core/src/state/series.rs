//! What a job wrote while it ran: metrics as time series, and how far it is.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The metrics of a job: time series by name, in order of name. Each is steps and values, in the order they were written.
pub type Metrics = BTreeMap<String, Vec<(i64, f64)>>;

/// A metric in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// How many values were written.
    pub count: u64,
    /// The step of the last value.
    pub last_step: i64,
    /// The last value.
    #[serde(with = "float")]
    pub last: f64,
    /// The least value that is a number.
    #[serde(with = "float")]
    pub min: f64,
    /// The largest value that is a number.
    #[serde(with = "float")]
    pub max: f64,
}

/// Floats that JSON has no form of, as their names.
mod float {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { to.serialize_f64(*value) } else { to.collect_str(value) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        super::number(&value).ok_or_else(|| serde::de::Error::custom("it is no number"))
    }
}

/// A level of what a job counts: `epochs 3/10`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressLevel {
    /// What is counted.
    #[serde(default)]
    pub description: String,
    /// How many are done.
    #[serde(default)]
    pub done: u64,
    /// Of how many, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    step: i64,
    value: Json,
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}

/// Calls `each` with every value in the file; a torn or damaged line is skipped.
fn read_lines(path: &Path, mut each: impl FnMut(String, i64, f64)) {
    let Ok(file) = crate::files::open(path) else { return };
    let mut file = BufReader::with_capacity(64 << 10, file);
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if line.ends_with(b"\n")
            && let Ok(Line { name, step, value }) = serde_json::from_slice(&line)
            && let Some(value) = number(&value)
        {
            each(name, step, value);
        }
        line.clear();
    }
}

/// The time series in the file `path`; none if there is no file.
pub(super) fn read_metrics(path: &Path) -> Metrics {
    let mut metrics = Metrics::new();
    read_lines(path, |name, step, value| metrics.entry(name).or_default().push((step, value)));
    metrics
}

/// The metrics in the file `path` in numbers. Takes memory for the names only.
pub(super) fn summarise(path: &Path) -> BTreeMap<String, MetricSummary> {
    let mut metrics = BTreeMap::<String, MetricSummary>::new();
    read_lines(path, |name, step, value| {
        let metric = metrics.entry(name).or_insert(MetricSummary {
            count: 0,
            last_step: step,
            last: value,
            min: f64::NAN,
            max: f64::NAN,
        });
        metric.count += 1;
        (metric.last_step, metric.last) = (step, value);
        (metric.min, metric.max) = (metric.min.min(value), metric.max.max(value));
    });
    metrics
}

/// How far a job is: what it counts, outermost first.
pub(super) fn read_progress(path: &Path) -> Vec<ProgressLevel> {
    let text = crate::files::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn torn_and_damaged_lines_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(b"{\"name\":\"loss\",\"step\":0,\"value\":2.5}\nrubbish\n{\"name\":\"loss\",\"step\":1,\"value\":\"NaN\"}\n")
            .unwrap();
        file.write_all(b"{\"name\":\"loss\",\"step\":2,\"value\":1.5}\n{\"name\":\"loss\",\"step\":3,\"value\":0")
            .unwrap();
        let metrics = read_metrics(&path);
        assert_eq!(metrics.len(), 1);
        assert_eq!((metrics["loss"].len(), metrics["loss"][2]), (3, (2, 1.5)));
        let summary = summarise(&path)["loss"];
        assert_eq!((summary.count, summary.last_step, summary.last), (3, 2, 1.5));
        assert_eq!((summary.min, summary.max), (1.5, 2.5));
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<MetricSummary>(&text).unwrap(), summary);
        assert!(read_metrics(&folder.path().join("none")).is_empty());
    }
}
