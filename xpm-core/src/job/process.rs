//! The process of one job, from its first instruction to its terminal record.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::value::RawValue;

use super::JobContext;
use super::context::{Origin, TimeLimit};
use super::entry::TaskEntry;
use super::panics::caught;
use super::upstream::{self, JobsOnDisk};
use crate::config::Reader;
use crate::fault;
use crate::identity;
use crate::ids::JobKey;
use crate::value::Node;
use crate::workspace::frozen::own_digest;
use crate::workspace::{
    Failure, JobFolder, Owner, ParamsError, PartialFolder, Status, Workspace, free_for_all, give_cpus_back, is_at,
    parse_params, read_params,
};
use crate::{clock, sys};

/// The stack of the thread that a task runs on, in bytes. Only what is touched is ever allocated; it is large since
/// reading a job back follows its chain of upstream tasks.
const STACK: usize = 1 << 30;

/// Runs the job in `folder`: reads its arguments, executes its task, writes its terminal record. The exit code is for
/// people; the record is what counts.
pub(crate) fn run_job(folder: &Path, attempt: u32, time: Option<Duration>) -> u8 {
    let (lock, share) = match sys::take_stdin().map(handed) {
        Ok(Ok((lock, share))) => (Ok(lock), share),
        // Without its lock, somebody else might run the job as well.
        Ok(Err(error)) => {
            let _ = writeln!(io::stderr(), "xpm: the job's lock could not be taken over: {error}");
            return UNRECORDED;
        }
        Err(error) => (Err(error), None),
    };
    if lock.as_ref().is_ok_and(is_drivers) {
        sys::new_session_for_leader();
    }
    run_job_with(lock, folder, attempt, time, |work| {
        let result = on_large_stack(work).unwrap_or_else(|| Err(panicked()));
        free_cpus(share.as_ref());
        result
    })
}

/// Whether this is the lock that a driver has handed on, and not a terminal or whatever else the standard input of a process is that
/// was started by hand.
fn is_drivers(lock: &File) -> bool {
    lock.metadata().is_ok_and(|file| file.is_file())
}

/// With what a driver hands on more than one open file as standard input.
pub(crate) const HANDED: &[u8] = b"lock and share";

/// What the driver has handed on as standard input: the job's lock, or a socket in which that lies with its share of the machine.
#[cfg(target_os = "linux")]
fn handed(stdin: OwnedFd) -> io::Result<(File, Option<File>)> {
    use std::os::unix::fs::FileTypeExt;
    let stdin = File::from(stdin);
    if !stdin.metadata().is_ok_and(|file| file.file_type().is_socket()) {
        return Ok((stdin, None));
    }
    let socket = sys::Packets::from(OwnedFd::from(stdin.try_clone()?));
    // What the driver has sent was there before this process was. Of one that was started by hand it may be anybody's socket.
    let _ = socket.limit_wait(Duration::from_secs(1));
    let mut text = [0; 64];
    match socket.receive(&mut text) {
        Ok((length, files)) if &text[..length] == HANDED => {
            let mut files = files.into_iter();
            Ok((files.next().ok_or(io::ErrorKind::InvalidData)?, files.next()))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(error),
        _ => Ok((stdin, None)),
    }
}

#[cfg(not(target_os = "linux"))]
fn handed(stdin: OwnedFd) -> io::Result<(File, Option<File>)> {
    Ok((stdin.into(), None))
}

/// The task is over: others may have the CPUs of this process while that waits for the disk.
pub(super) fn free_cpus(share: Option<&File>) {
    // What cannot be freed is free when this process ends.
    let _ = share.map(give_cpus_back);
}

/// [`run_job`] with the open file of the job's lock. From here on this process holds the lock itself: whatever happens to
/// the driver, nobody starts the job again. The task runs in `on_stack`.
pub(super) fn run_job_with(
    lock: io::Result<File>,
    folder: &Path,
    attempt: u32,
    time: Option<Duration>,
    on_stack: impl FnOnce(Work<'_>) -> Result<Box<RawValue>, Failure>,
) -> u8 {
    sys::new_session();
    let process = std::process::id();
    let driver = std::os::unix::process::parent_id();
    let start = clock::timestamp();
    let started_in = std::env::current_dir().ok();
    let time = time.and_then(TimeLimit::from_now);
    let result = prepare(folder).and_then(|(workspace, folder)| {
        if let Ok(lock) = &lock {
            // Started by hand, a job may have no lock to write into.
            let _ = Owner::this(attempt, start.clone()).write(lock);
        }
        let result = on_stack(Box::new(|| execute(&workspace, &folder, attempt, started_in, time)));
        if std::process::id() != process {
            // The job's own process says how the job ended; when that is gone, somebody may be at the next attempt.
            return Err(
                "this is a copy of the job's process, which its task has made: what it returned is not recorded"
                    .to_owned(),
            );
        }
        let mut status = Status::new(folder.key().clone(), attempt, result).with_usage(sys::own_usage());
        status.start = Some(start);
        status.executable = own_digest();
        if lock.as_ref().is_ok_and(|lock| is_drivers(lock) && !is_at(lock, &folder.lock())) {
            // Somebody may have made it anew and run the job there.
            return Err("its folder was deleted while it ran".to_owned());
        }
        match status.write(&folder.status()) {
            Ok(()) => Ok(status.is_done()),
            Err(error) => Err(format!("{} cannot be written: {error}", folder.status().display())),
        }
    });
    let code = match result {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(message) => {
            // The job's own log is all that is left to tell; on a full disk it takes nothing either.
            let _ = writeln!(io::stderr(), "xpm: {message}");
            if process != std::process::id() {
                return UNRECORDED;
            }
            if lock.as_ref().is_ok_and(is_drivers) {
                // There is no exit code that the task could not have.
                sys::end_unrecorded();
            }
            UNRECORDED
        }
    };
    if let Ok(lock) = lock
        && !(is_drivers(&lock) && frees_lock(driver))
    {
        // The job is over. Copies of this process that it leaves behind, daemons, have the lock's open file as well, and must not
        // keep the job from being run again.
        free_for_all(&lock);
    }
    code
}

/// Whether this process's driver is there to free the job's lock, which it does when this process is gone: taking it apart may take
/// a while, and until then it has its GPUs and its memory.
fn frees_lock(driver: u32) -> bool {
    // If it was gone before this process began, its place was taken by the system's first process or another that sees to orphans: of
    // the first it can be told. With the other, the lock is free when the last copy of its file is closed.
    driver > 1 && std::os::unix::process::parent_id() == driver && !sys::process_is_stopped(driver)
}

/// The exit code of a job process that could not write its record, when it was started by hand.
const UNRECORDED: u8 = 120;

fn prepare(folder: &Path) -> Result<(Workspace, JobFolder), String> {
    let (workspace, folder) = place_of(folder)?;
    let path = folder.path();
    let entered = fault::point("enter", path).and_then(|()| std::env::set_current_dir(path));
    entered.map_err(|error| format!("{} cannot be entered: {error}", path.display()))?;
    Ok((workspace, folder))
}

/// The job whose folder this is, and its workspace.
fn place_of(folder: &Path) -> Result<(Workspace, JobFolder), String> {
    // Its path must hold when this process has moved into the folder, and a task elsewhere.
    let folder = &std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let (Some(workspace), Some(key)) = (Workspace::of_job(folder), key_of(folder)) else {
        return Err(format!("{} is not the folder of a job", folder.display()));
    };
    let folder = workspace.job(&key);
    Ok((workspace, folder))
}

/// The job whose folder this is: `…/<task>/<identity>`.
fn key_of(folder: &Path) -> Option<JobKey> {
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    Some(JobKey { task: name(folder.parent()?)?.into(), identity: name(folder)?.parse().ok()? })
}

/// What runs on a large stack: it gives what the task returned.
pub(super) type Work<'a> = Box<dyn FnOnce() -> Result<Box<RawValue>, Failure> + Send + 'a>;

fn panicked() -> Failure {
    Failure::LaunchFailed { message: "the job's process panicked outside of its task".to_owned() }
}

/// Runs `work` in a thread with a large stack, which costs nothing until it is used; where even the address space is not to
/// be had, a smaller one must do. `None` if it panics.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let work = Mutex::new(Some(work));
    let run = || work.lock().ok()?.take().map(|work| work());
    let in_thread = |size| {
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("task".to_owned()).stack_size(size).spawn_scoped(scope, run);
            thread.ok()?.join().ok()?
        })
    };
    [STACK, STACK >> 4].into_iter().find_map(in_thread).or_else(run)
}

fn execute(
    workspace: &Workspace,
    folder: &JobFolder,
    attempt: u32,
    started_in: Option<PathBuf>,
    time: Option<TimeLimit>,
) -> Result<Box<RawValue>, Failure> {
    let node = load(workspace, folder)?;
    let _reading = upstream::read_transients(workspace, &node)?;
    fault::point("execute", folder.path()).map_err(|error| Failure::Arguments { message: error.to_string() })?;
    let run = TaskEntry::find(&folder.key().task).map_err(|error| Failure::Arguments { message: error.to_string() })?;
    let jobs = JobsOnDisk(workspace);
    let partials = make_partials(workspace, &node)?;
    let origin = Origin { workspace: workspace.clone(), node: node.clone(), attempt, started_in, partials };
    let context = JobContext::new(folder.clone(), origin, time);
    if node.schema().resumable() {
        context.catch_stops();
    }
    #[cfg(feature = "tracing")]
    super::log::begin(workspace);
    let result = caught(std::panic::AssertUnwindSafe(|| {
        let mut reader = Reader::new(&jobs, folder.path());
        run(&node, &mut reader, &context)
    }));
    let finished = context.finish().map_err(|message| Failure::Output { message });
    let value = result.and_then(|result| result)?;
    finished.map(|()| value)
}

/// Makes the folders that the job shares with others. It holds the right to use them.
fn make_partials(workspace: &Workspace, node: &Node) -> Result<Vec<PartialFolder>, Failure> {
    let folders = PartialFolder::of(node, workspace);
    let folders = folders.map_err(|error| Failure::Arguments { message: error.to_string() })?;
    for folder in &folders {
        folder.create().map_err(|error| {
            let message = format!("the folder {} cannot be made: {error}", folder.path().display());
            Failure::LaunchFailed { message }
        })?;
    }
    Ok(folders)
}

/// Reads the arguments back and checks that they give the identity that the folder has.
fn load(workspace: &Workspace, folder: &JobFolder) -> Result<Arc<Node>, Failure> {
    check_identity(read_params(workspace, folder), folder)
}

fn check_identity(node: Result<Arc<Node>, ParamsError>, folder: &JobFolder) -> Result<Arc<Node>, Failure> {
    let wrong = |message: String| Failure::Arguments { message };
    let node = node.map_err(|error| wrong(format!("{:#}", anyhow::Error::from(error))))?;
    let identity = identity::digest(&node).map_err(|error| wrong(error.to_string()))?;
    if identity != folder.key().identity {
        return Err(wrong(format!(
            "they give the identity {identity}, not that of the folder: the types have changed since the job was \
             submitted; submit it again"
        )));
    }
    Ok(node)
}

/// Whether this program can run the job in `folder`: prints its identity if the program has its task and its arguments give the
/// identity that the folder has, and else says what is wrong. Arguments that lie not in the folder come on standard input. Gives the
/// exit code.
pub(crate) fn check_job(folder: &Path) -> u8 {
    let known = |key: &JobKey| TaskEntry::find(&key.task).map(drop).map_err(|error| error.to_string());
    let mut given = Vec::new();
    let checked = place_of(folder).and_then(|(workspace, folder)| {
        known(folder.key())?;
        io::Read::read_to_end(&mut io::stdin(), &mut given).map_err(|error| error.to_string())?;
        let node = match given.is_empty() {
            true => read_params(&workspace, &folder),
            false => parse_params(&workspace, &folder, &given),
        };
        check_identity(node, &folder).map_err(|failure| failure.to_string())?;
        Ok(folder.key().identity)
    });
    let (code, said) = match checked {
        Ok(identity) => (0, writeln!(io::stdout(), "{identity}")),
        Err(message) => (1, writeln!(io::stderr(), "{message}")),
    };
    if said.is_ok() { code } else { 1 }
}

/// The command line that asks a program whether it can run the job in `folder`.
pub(crate) fn check_arguments(folder: &Path) -> [OsString; 4] {
    ["xpm".into(), "job".into(), CHECK.into(), folder.into()]
}

/// What stands in the place of a folder: programs of before take it for a wrong command line.
pub(crate) const CHECK: &str = "--check";

/// The command line that runs the job in `folder`.
pub(crate) fn job_arguments(folder: &Path, attempt: u32, time: Option<Duration>) -> Vec<OsString> {
    let mut args = vec!["xpm".into(), "job".into(), folder.into(), attempt.to_string().into()];
    args.extend(time.map(|time| time.as_millis().to_string().into()));
    args
}
