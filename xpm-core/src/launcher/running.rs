//! The jobs that a launcher is about to start or runs, for those who want to stop one: also one whose process is not there yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::process::Control;
use crate::ids::JobKey;

#[derive(Debug)]
enum Stage {
    /// Its process is to be started; `stop` is whether somebody has asked for its end already.
    Starting {
        stop: bool,
    },
    Runs(Arc<Control>),
}

/// The jobs of a launcher.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<Mutex<HashMap<JobKey, Stage>>>);

impl Running {
    /// A job is to be started.
    pub(super) fn enter(&self, job: &JobKey) {
        self.stages().insert(job.clone(), Stage::Starting { stop: false });
    }

    /// Its process is there; it is stopped at once if that was asked for in between.
    pub(super) fn started(&self, job: &JobKey, control: &Arc<Control>) {
        let before = self.stages().insert(job.clone(), Stage::Runs(control.clone()));
        if matches!(before, Some(Stage::Starting { stop: true })) {
            control.stop();
        }
    }

    /// There is nothing to stop any more.
    pub(super) fn leave(&self, job: &JobKey) {
        self.stages().remove(job);
    }

    /// Stops the job's process, or keeps it from being started.
    pub(super) fn stop(&self, job: &JobKey) {
        match self.stages().get_mut(job) {
            Some(Stage::Runs(control)) => control.stop(),
            Some(Stage::Starting { stop }) => *stop = true,
            None => {}
        }
    }

    /// Whether somebody has asked for the job's end before its process was there.
    pub(super) fn is_to_stop(&self, job: &JobKey) -> bool {
        matches!(self.stages().get(job), Some(Stage::Starting { stop: true }))
    }

    fn stages(&self) -> MutexGuard<'_, HashMap<JobKey, Stage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
