//! Metrics: time series that a task writes while it runs, one JSON line each, in `.xpm/metrics.jsonl`.
//!
//! A call appends to a buffer; a thread writes the buffer out twice a second, so that a crash loses no more than that.
//! A reader skips a torn last line.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use serde::Serialize;

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
            let file = OpenOptions::new().create(true).append(true).open(&self.path).ok()?;
            let file = Arc::new(Mutex::new(BufWriter::new(file)));
            let theirs = Arc::downgrade(&file);
            // Without the thread the values are written when the buffer is full and at the end.
            let _ = thread::Builder::new().name("xpm-metrics".to_owned()).spawn(move || flush_often(&theirs));
            *open = Some(file);
        }
        open.clone()
    }

    /// Writes out what is in memory.
    pub(super) fn flush(&self) {
        if let Some(file) = &*self.file.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).flush();
        }
    }
}

fn flush_often(file: &Weak<Mutex<BufWriter<File>>>) {
    while let Some(file) = file.upgrade() {
        let _ = file.lock().unwrap_or_else(PoisonError::into_inner).flush();
        drop(file);
        thread::park_timeout(FLUSH);
    }
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
