//! A program while it runs: its events are read, a request to stop is handed on, its end is waited for.

use std::process::{Command as Process, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::command::Command;
use super::hear::Hear;
use super::{Files, Program, ProgramError};
use crate::fault;
use crate::job::JobContext;
use crate::launcher::{killed_for_memory, oom_kills};
use crate::sys;

/// How long an event may go unseen.
const LOOK: Duration = Duration::from_millis(200);

/// How long the program has after this process was asked to stop before it is asked as well: it usually was already.
const HAND_ON: Duration = Duration::from_millis(500);

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    /// It was killed for want of memory.
    pub(super) out_of_memory: bool,
    /// Why something that it emitted is not on file.
    pub(super) untold: Option<anyhow::Error>,
}

/// Runs the program to its end.
pub(super) fn run(
    program: &Program,
    command: &Command,
    files: &Files,
    job: &JobContext,
) -> Result<Ended, ProgramError> {
    let kills_before = oom_kills();
    fault::point("start program of", job.path()).map_err(|error| command.cannot_start(program, &error))?;
    let mut process = Process::new(&command.line[0]);
    process.args(&command.line[1..]).envs(command.environment.iter().map(|(name, value)| (name, value)));
    process.current_dir(job.path()).stdin(Stdio::null());
    sys::end_with_this_process(&mut process);
    let child = process.spawn().map_err(|error| command.cannot_start(program, &error))?;
    let child = sys::ChildProcess::from(child);
    let pid = child.id();
    let mut hear = Hear::new(&files.events, job);
    let waited = thread::scope(|scope| {
        let (ended, is_over) = channel();
        let hear = &mut hear;
        let watch = move || watch(hear, job, pid, &is_over);
        // Without a thread the events are read at the end.
        let _ = thread::Builder::new().name("xpm-events".to_owned()).spawn_scoped(scope, watch);
        // Not reaped before the watch is over: it may signal the process.
        let waited = sys::wait_for_end(&child);
        drop(ended);
        waited
    });
    hear.end();
    let end = waited.and_then(|_| sys::wait(child));
    let end = end.map_err(|error| ProgramError::Start(format!("the program cannot be waited for: {error}")))?;
    let out_of_memory =
        end.signal == Some(libc::SIGKILL) && killed_for_memory(kills_before, end.usage, job.asked_memory());
    Ok(Ended { code: end.code, signal: end.signal, out_of_memory, untold: hear.untold() })
}

/// Reads events until the program is over, and hands a request to stop on to it.
fn watch(hear: &mut Hear<'_>, job: &JobContext, pid: u32, is_over: &Receiver<()>) {
    let mut asked: Option<Instant> = None;
    let mut to_stop = true;
    while is_over.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        hear.read();
        if job.stop_requested() {
            // Whoever stops a job asks its whole group; one who knows this process only has not asked the program.
            let asked = *asked.get_or_insert_with(Instant::now);
            to_stop &= !sys::termination_by_parent();
            if to_stop && asked.elapsed() >= HAND_ON {
                to_stop = false;
                sys::signal_process(pid, libc::SIGTERM);
            }
        } else if to_stop && hear.is_deaf() {
            // The job has failed, whatever else the program does.
            to_stop = false;
            sys::signal_process(pid, libc::SIGTERM);
        }
    }
}
