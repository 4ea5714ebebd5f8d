//! Metrics: time series that a task writes while it runs, one JSON line each, in `.xpm/metrics.jsonl`.
//!
//! A call appends to a buffer; a thread writes the buffer out twice a second, so that a crash loses no more than that.
//! A reader skips a torn last line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::writing::write_out_often;
use crate::fault;
use crate::files;

/// How long a value may stay in memory.
const FLUSH: Duration = Duration::from_millis(500);

/// The metrics of a job. Nothing is made on disk before the first value.
#[derive(Debug)]
pub(super) struct Metrics {
    path: PathBuf,
    file: Mutex<Option<Arc<Mutex<BufWriter<File>>>>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    step: i64,
    value: f64,
}

impl Metrics {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: Mutex::new(None) }
    }

    /// Adds a value. That it cannot be written (a full disk) does not stop the task.
    pub(super) fn add(&self, name: &str, step: i64, value: f64) {
        let Some(file) = self.file() else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if value.is_finite() {
            let _ = serde_json::to_writer(&mut *file, &Line { name, step, value });
        } else {
            // JSON has no such numbers; a reader finds their names.
            let name = serde_json::Value::from(name);
            let _ = write!(file, r#"{{"name":{name},"step":{step},"value":"{value}"}}"#);
        }
        let _ = file.write_all(b"\n");
    }

    fn file(&self) -> Option<Arc<Mutex<BufWriter<File>>>> {
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            let file = open_to_append(&self.path).ok()?;
            let file = Arc::new(Mutex::new(BufWriter::new(file)));
            // Without the thread the values are written when the buffer is full and at the end.
            write_out_often("xpm-metrics", FLUSH, &file, flush);
            *open = Some(file);
        }
        open.clone()
    }

    /// Writes out what is in memory.
    pub(super) fn flush(&self) {
        if let Some(file) = &*self.file.lock().unwrap_or_else(PoisonError::into_inner) {
            flush(file);
        }
    }
}

/// Opens the file to go on behind what an earlier attempt has written, of which the last line may be torn.
fn open_to_append(path: &Path) -> io::Result<File> {
    fault::point("open", path)?;
    let mut file = files::open_with(path, OpenOptions::new().create(true).read(true).append(true))?;
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn flush(file: &Mutex<BufWriter<File>>) {
    // What cannot be written now is tried again with what comes next.
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = fault::point("write", Path::new("metrics.jsonl")).and_then(|()| file.flush());
}

/// How many values the file holds; a torn line is none.
pub(super) fn count_values(path: &Path) -> io::Result<u64> {
    let file = match files::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let (mut file, mut line, mut count) = (BufReader::new(file), Vec::new(), 0);
    while file.read_until(b'\n', &mut line)? > 0 {
        // A line that was torn and written on behind has an end.
        count += u64::from(line.ends_with(b"}\n"));
        line.clear();
    }
    Ok(count)
}

/// What can be the value or the step of a metric: any integer or float.
pub trait Number: Copy {
    /// As a step; a float is rounded down.
    fn as_step(self) -> i64;
    /// As a value; an integer beyond ±2⁵³ is rounded.
    fn as_value(self) -> f64;
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Number for $number {
            fn as_step(self) -> i64 {
                self as i64
            }

            fn as_value(self) -> f64 {
                self as f64
            }
        }
    )*};
}
numbers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64);

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn values_go_on_behind_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        for (before, lines) in [("", 1), ("{\"name\":\"a\"}\n", 2), ("{\"name\":\"a\"}\n{\"na", 3)] {
            File::create(&path).and_then(|mut file| file.write_all(before.as_bytes())).unwrap();
            let metrics = Metrics::new(path.clone());
            metrics.add("loss", 1, 0.5);
            metrics.flush();
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(before), "{text}");
            assert_eq!(text.lines().count(), lines, "{text}");
            assert_eq!(text.lines().last(), Some(r#"{"name":"loss","step":1,"value":0.5}"#));
            assert_eq!(count_values(&path).unwrap(), lines.min(2) as u64, "a torn line is no value: {text}");
        }
    }
}
