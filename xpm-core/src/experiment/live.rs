//! Outputs of running jobs, as callbacks see them.
//!
//! Each registration reads the job's file by itself, from its beginning, so it sees every value once and in order whenever
//! it was made. While the job runs, a thread looks whether the file has grown; it is there only while it is needed. When
//! the job has ended, the rest is read, and only then are the callbacks of its end called.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::Experiment;
use super::shared::Shared;
use super::state::{JobCell, JobState};
use crate::fault;
use crate::report::Event;
use crate::workspace::{Found, Output, OutputsReader};

/// How long an output may go unseen.
const LOOK: Duration = Duration::from_millis(40);

/// What the plan wants done with each output.
pub(super) type OnOutput = Box<dyn FnMut(&Experiment, &Output) -> Result<(), anyhow::Error> + Send>;

/// One registration for the outputs of a job.
pub(super) struct Lane {
    name: String,
    steps: Mutex<Steps>,
    /// Taken by whoever runs the lane.
    work: Mutex<Work>,
    watched: AtomicBool,
}

/// What is to be done. A lane is run by one thread at a time, and counts as one callback while it is.
#[derive(Default)]
struct Steps {
    running: bool,
    look: bool,
    /// How often the job has ended since it was read to its end.
    ends: usize,
}

struct Work {
    reader: OutputsReader,
    /// The values that were told, each as its digest, by their place among those of this name.
    told: Vec<u64>,
    /// The place of the next one in the file that is read.
    place: usize,
    call: OnOutput,
}

/// The lanes that a thread looks after.
#[derive(Default)]
pub(super) struct Watched {
    lanes: Vec<WatchedLane>,
    /// There is a thread.
    running: bool,
}

struct WatchedLane {
    cell: Arc<JobCell>,
    lane: Arc<Lane>,
    /// The file and its length.
    seen: (u64, u64),
}

impl Lane {
    pub(super) fn new(cell: &JobCell, name: &str, call: OnOutput) -> Self {
        let reader = OutputsReader::new(cell.folder.outputs());
        let work = Work { reader, told: Vec::new(), place: 0, call };
        Self { name: name.to_owned(), steps: Mutex::default(), work: Mutex::new(work), watched: AtomicBool::new(false) }
    }

    fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    /// Whether an output is news. An attempt that starts over and emits the same again says nothing new.
    fn is_news(&mut self, output: &Output) -> bool {
        let mut hasher = DefaultHasher::new();
        output.value.get().hash(&mut hasher);
        let digest = hasher.finish();
        let place = self.place;
        self.place += 1;
        match self.told.get_mut(place) {
            Some(told) if *told == digest => false,
            Some(told) => {
                *told = digest;
                true
            }
            None => {
                self.told.push(digest);
                true
            }
        }
    }
}

impl Shared {
    /// Registers a lane.
    pub(super) fn register_lane(self: &Arc<Self>, cell: &Arc<JobCell>, lane: Lane) {
        if self.is_over() {
            let text =
                format!("on_output(\"{}\") of {} was registered after the end of the run", lane.name, cell.key());
            self.report(&Event::Warning(format!("{text}, and is not called")));
            return;
        }
        let lane = Arc::new(lane);
        match cell.add_lane(lane.clone()) {
            // An earlier attempt has emitted what there is: its job would be run again.
            JobState::Planned => {}
            state if state.is_final() => self.run_lane(cell, &lane, true),
            JobState::Running => self.watch_lane(cell, lane),
            _ => {}
        }
    }

    /// From here on the job's outputs are looked for.
    pub(super) fn watch_outputs(self: &Arc<Self>, cell: &Arc<JobCell>) {
        for lane in cell.lanes() {
            self.watch_lane(cell, lane);
        }
    }

    fn watch_lane(self: &Arc<Self>, cell: &Arc<JobCell>, lane: Arc<Lane>) {
        // The thread that looks may be about to let go of it, if the job had failed and was submitted again.
        let mut watched = self.watched();
        if lane.watched.swap(true, Ordering::SeqCst) {
            return;
        }
        watched.lanes.push(WatchedLane { cell: cell.clone(), lane, seen: (0, 0) });
        if !watched.running {
            let shared = self.clone();
            let thread = thread::Builder::new().name("xpm-outputs".to_owned()).spawn(move || shared.look_at_outputs());
            match thread {
                Ok(_) => watched.running = true,
                Err(error) => {
                    let text =
                        format!("outputs cannot be watched ({error}): callbacks see them when their job has ended");
                    self.report(&Event::Warning(text));
                }
            }
        }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks until nothing is to be watched any more.
    fn look_at_outputs(self: Arc<Self>) {
        loop {
            let mut grown = Vec::new();
            {
                let mut watched = self.watched();
                let over = self.is_over() || self.is_interrupted();
                watched.lanes.retain(|watched| {
                    let keep = !over && !watched.cell.state().is_final();
                    watched.lane.watched.store(keep, Ordering::SeqCst);
                    keep
                });
                if watched.lanes.is_empty() {
                    watched.running = false;
                    return;
                }
                for lane in &mut watched.lanes {
                    let now = std::fs::metadata(lane.cell.folder.outputs());
                    let now = now.map_or(lane.seen, |metadata| (metadata.ino(), metadata.len()));
                    if now != lane.seen {
                        lane.seen = now;
                        grown.push((lane.cell.clone(), lane.lane.clone()));
                    }
                }
            }
            for (cell, lane) in grown {
                self.run_lane(&cell, &lane, false);
            }
            thread::park_timeout(LOOK);
        }
    }

    /// Has the lane read what there is; `ended` when nothing more will come of this attempt.
    pub(super) fn run_lane(self: &Arc<Self>, cell: &Arc<JobCell>, lane: &Arc<Lane>, ended: bool) {
        {
            let mut steps = lane.steps();
            steps.look = true;
            steps.ends += usize::from(ended);
            if std::mem::replace(&mut steps.running, true) {
                return;
            }
        }
        self.settle(|jobs| jobs.callbacks += 1);
        let (shared, theirs, own) = (self.clone(), cell.clone(), lane.clone());
        if let Err(error) = self.pool.run(Box::new(move || shared.go_through(&theirs, &own))) {
            let error = anyhow::Error::new(error).context("a thread cannot be started");
            self.callback_failed(cell, &format!("on_output(\"{}\")", lane.name), error);
            lane.steps().running = false;
            self.settle(|jobs| jobs.callbacks -= 1);
        }
    }

    fn go_through(self: &Arc<Self>, cell: &Arc<JobCell>, lane: &Arc<Lane>) {
        loop {
            let ends = {
                let mut steps = lane.steps();
                if !steps.look {
                    steps.running = false;
                    break;
                }
                steps.look = false;
                std::mem::take(&mut steps.ends)
            };
            self.read_lane(cell, lane, ends > 0);
            for callback in (0..ends).flat_map(|_| cell.lane_read()) {
                self.settle(|jobs| jobs.callbacks += 1);
                self.call_back(cell, callback);
            }
        }
        self.settle(|jobs| jobs.callbacks -= 1);
    }

    fn read_lane(self: &Arc<Self>, cell: &JobCell, lane: &Lane, ended: bool) {
        let callback = format!("on_output(\"{}\")", lane.name);
        let mut guard = lane.work.lock().unwrap_or_else(PoisonError::into_inner);
        let work = &mut *guard;
        let mut reader = std::mem::replace(&mut work.reader, OutputsReader::new(cell.folder.outputs()));
        // A failed attempt may have been killed within an output, which then was none.
        let at_end = ended && cell.state() == JobState::Done;
        let read = reader.read(at_end, |found| {
            match found {
                Found::Output(output) if output.name == lane.name && work.is_news(&output) => {
                    // Only to be killed at.
                    let _ = fault::point("tell of", &cell.folder.outputs());
                    self.try_callback(cell, &callback, |xp| (work.call)(xp, &output));
                }
                Found::Output(_) => {}
                Found::Damaged(line) => self.say_damaged(cell, line),
                Found::Anew => work.place = 0,
            }
            !self.is_over() && !self.is_interrupted()
        });
        work.reader = reader;
        if let Err(error) = read {
            let path = cell.folder.outputs();
            let error = anyhow::Error::new(error).context(format!("{} cannot be read", path.display()));
            self.callback_failed(cell, &callback, error);
        }
    }

    /// Says it once for each line, whoever reads it.
    fn say_damaged(&self, cell: &JobCell, line: u64) {
        if cell.is_first_to_see(line) {
            let path = cell.folder.outputs();
            let text = format!("line {line} of {} is damaged; the output in it is lost to callbacks", path.display());
            self.report(&Event::Warning(text));
        }
    }
}
