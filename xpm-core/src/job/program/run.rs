//! A program while it runs: its events are read, a request to stop is handed on, its end is waited for.

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command as Process, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::command::Command;
use super::events::{ProgramEvent, Tail, parse};
use super::{Files, Program, ProgramError};
use crate::fault;
use crate::job::JobContext;
use crate::launcher::oom_kills;
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
    /// The kernel has killed a process for want of memory meanwhile.
    pub(super) out_of_memory: bool,
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
    let waited = thread::scope(|scope| {
        let (ended, is_over) = channel();
        let watch = move || watch(&files.events, job, pid, &is_over);
        let watch = thread::Builder::new().name("xpm-events".to_owned()).spawn_scoped(scope, watch);
        // Not reaped before the watch is over: it may signal the process.
        let waited = sys::wait_for_end(&child);
        drop(ended);
        if watch.is_err() {
            // Without a thread the events are read at the end.
            Watch::new(&files.events, job).read(true);
        }
        waited
    });
    let end = waited.and_then(|_| sys::wait(child));
    let end = end.map_err(|error| ProgramError::Start(format!("the program cannot be waited for: {error}")))?;
    let more_kills = oom_kills().zip(kills_before).is_some_and(|(after, before)| after > before);
    Ok(Ended { code: end.code, signal: end.signal, out_of_memory: more_kills })
}

/// Reads events until the program is over, and hands a request to stop on to it.
fn watch(events: &std::path::Path, job: &JobContext, pid: u32, is_over: &Receiver<()>) {
    let mut watch = Watch::new(events, job);
    let mut asked: Option<Instant> = None;
    let mut handed_on = false;
    loop {
        let over = matches!(is_over.recv_timeout(LOOK), Err(RecvTimeoutError::Disconnected));
        watch.read(over);
        if over {
            return;
        }
        if job.stop_requested() {
            // Whoever stops a job asks its whole group; one who knows this process only has not asked the program.
            let asked = *asked.get_or_insert_with(Instant::now);
            if !handed_on && !sys::termination_by_parent() && asked.elapsed() >= HAND_ON {
                handed_on = true;
                sys::signal_process(pid, libc::SIGTERM);
            }
        }
    }
}

/// The events of a program on their way to the job.
struct Watch<'a> {
    tail: Tail,
    job: &'a JobContext,
    steps: HashMap<String, f64>,
    malformed: u64,
}

impl<'a> Watch<'a> {
    fn new(events: &std::path::Path, job: &'a JobContext) -> Self {
        Self { tail: Tail::new(events), job, steps: HashMap::new(), malformed: 0 }
    }

    fn read(&mut self, last: bool) {
        let Self { tail, job, steps, malformed } = self;
        tail.read(last, |number, line| {
            let event = line.and_then(|line| parse(line).map_err(|why| format!("{why}: {}", short(line))));
            let taken = event.and_then(|event| take(event, job, steps));
            if let Err(why) = taken {
                *malformed += 1;
                if *malformed == 1 {
                    say(&format!("line {number} of XPM_EVENTS is skipped: {why}"));
                }
            }
        });
        if last && *malformed > 1 {
            say(&format!("{malformed} lines of XPM_EVENTS were skipped, of {}", tail.line));
        }
    }
}

fn take(event: ProgramEvent, job: &JobContext, steps: &mut HashMap<String, f64>) -> Result<(), String> {
    match event {
        ProgramEvent::Progress { fraction, description } => {
            job.report_fraction(description.as_deref().unwrap_or_default(), fraction);
        }
        ProgramEvent::Metric { name, step, value } => {
            let step = step.unwrap_or_else(|| steps.get(&name).map_or(0.0, |step| step + 1.0));
            job.metric(&name, step, value);
            steps.insert(name, step);
        }
        ProgramEvent::Emit { name, value } => job.emit(&name, &value).map_err(|error| format!("{error:#}"))?,
    }
    Ok(())
}

/// The job's log is where a program's author looks.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "xpm: {text}");
}

fn short(line: &str) -> String {
    match line.char_indices().nth(200) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
