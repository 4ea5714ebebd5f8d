//! Outputs that a task emits while it runs.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::value::RawValue;

use crate::workspace::OutputsWriter;

/// The outputs of an attempt. Nothing is made on disk before the first one.
#[derive(Debug)]
pub(super) struct Outputs {
    path: PathBuf,
    attempt: u32,
    writer: Mutex<Option<OutputsWriter>>,
}

impl Outputs {
    pub(super) fn new(path: PathBuf, attempt: u32) -> Self {
        Self { path, attempt, writer: Mutex::new(None) }
    }

    pub(super) fn add(&self, name: &str, value: Box<RawValue>) -> Result<(), anyhow::Error> {
        self.write(name, value).map_err(|error| {
            let path = self.path.display();
            anyhow::Error::new(error).context(format!("output `{name}` cannot be written to {path}"))
        })
    }

    fn write(&self, name: &str, value: Box<RawValue>) -> io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = match &mut *writer {
            Some(writer) => writer,
            none => none.insert(OutputsWriter::open(&self.path, self.attempt)?),
        };
        writer.add(name, value)
    }

    /// Makes sure that what was emitted is on the disk.
    pub(super) fn sync(&self) -> Result<(), String> {
        match &*self.writer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(writer) => {
                writer.sync().map_err(|error| format!("{} cannot be written: {error}", self.path.display()))
            }
            None => Ok(()),
        }
    }
}
