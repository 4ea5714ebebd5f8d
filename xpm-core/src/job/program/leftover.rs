//! What the program of a resumable task has said in an attempt that was killed, and nobody had read: it goes on behind its
//! checkpoint, and does not say it again.
//!
//! How much the job was told is seen from its outputs and metrics, of which is written down how many there were when the file
//! of events was begun. So nothing is told twice, wherever this is killed.

use std::io;

use serde::{Deserialize, Serialize};

use super::hear::{Hear, Known};
use super::{Files, ProgramError, cannot};
use crate::job::JobContext;
use crate::workspace::{Durability, FORMAT, write_atomic};

/// What the job had been told when its file of events was begun.
#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    format: u32,
    outputs: u64,
    metrics: u64,
}

impl Begun {
    fn now(job: &JobContext) -> io::Result<Self> {
        Ok(Self { format: FORMAT, outputs: job.count_outputs()?, metrics: job.count_metrics()? })
    }
}

/// Tells the job what the program of an earlier attempt has said and the job was not told.
pub(super) fn tell(files: &Files, job: &JobContext) -> Result<(), anyhow::Error> {
    // Without it, or where it cannot be read, nobody can say what the job was told.
    let begun = crate::files::read(&files.begun).ok().and_then(|text| serde_json::from_slice::<Begun>(&text).ok());
    let Some(begun) = begun.filter(|_| job.is_resumable() && files.events.exists()) else { return Ok(()) };
    let now = Begun::now(job).map_err(|error| cannot("counted on from", &files.begun, &error))?;
    let known = Known {
        outputs: now.outputs.saturating_sub(begun.outputs),
        metrics: now.metrics.saturating_sub(begun.metrics),
        malformed: true,
    };
    let mut hear = Hear::behind(known, &files.events, job);
    hear.end();
    if let Some(error) = hear.untold() {
        return Err(error);
    }
    // The file of events goes next.
    job.finish().map_err(|message| ProgramError::Output(message).into())
}

/// Writes down what the job was told before its file of events begins; an earlier one must be gone.
pub(super) fn begin(files: &Files, job: &JobContext) -> Result<(), ProgramError> {
    if !job.is_resumable() {
        return Ok(());
    }
    let written = Begun::now(job).and_then(|begun| {
        let text = serde_json::to_vec(&begun)?;
        write_atomic(&files.begun, &text, Durability::Lazy)
    });
    written.map_err(|error| cannot("written", &files.begun, &error))
}
