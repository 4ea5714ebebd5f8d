//! How the process of a job comes to be: as a copy of the fork server, or by loading the program.

use std::fs::File;
use std::io::{self, PipeReader};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::VISIBLE_GPUS;
#[cfg(target_os = "linux")]
use super::fork_client::{Answer, ForkClient};
use super::freezer::Freezer;
#[cfg(target_os = "linux")]
use crate::job::HANDED;
use crate::job::{StartRequest, job_arguments};
use crate::sys::ChildProcess;
#[cfg(target_os = "linux")]
use crate::sys::Packets;
use crate::workspace::JobLock;

/// Starts processes of one program.
#[derive(Debug)]
pub(super) struct Starter {
    freezer: Freezer,
    /// Where processes begin, if not where this one is.
    directory: Option<PathBuf>,
    server: Mutex<Server>,
}

#[derive(Debug)]
enum Server {
    /// None has been needed yet.
    NotYet,
    #[cfg(target_os = "linux")]
    Serving(ForkClient),
    /// There is none: every process loads the program.
    None,
}

/// What came of starting a process.
#[derive(Debug)]
pub(super) enum Started {
    /// It runs. What is to be read from the pipe, if there is one, is that its task is over.
    Process(ChildProcess, Option<PipeReader>),
    /// The fork server has gone away over it: it may run or not, which the job's lock tells.
    Unknown,
}

impl Starter {
    /// With `fork` false, every process loads the program.
    pub(super) fn new(freezer: Freezer, fork: bool, directory: Option<PathBuf>) -> Self {
        let server = if fork { Server::NotYet } else { Server::None };
        Self { freezer, directory, server: Mutex::new(server) }
    }

    /// What processes are started from.
    pub(super) fn executable(&self) -> &Path {
        self.freezer.executable()
    }

    /// A command line of the program, still without arguments.
    fn command(&self) -> Command {
        let mut command = Command::new(self.executable());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Its digest, if it could be frozen, which it is now if it was not before.
    pub(super) fn frozen(&self) -> Option<&str> {
        self.executable();
        self.digest()
    }

    /// Its digest, once a process was started.
    pub(super) fn digest(&self) -> Option<&str> {
        self.freezer.digest()
    }

    /// Starts the process of a job, which takes over the lock and the job's share of the machine.
    pub(super) fn start(
        &self,
        request: &StartRequest,
        lock: JobLock,
        stdout: File,
        stderr: File,
        share: Option<&File>,
    ) -> io::Result<Started> {
        if let Some(started) = self.fork(request, &lock, &stdout, &stderr, share) {
            return Ok(started);
        }
        let mut command = self.command();
        command.args(job_arguments(&request.folder, request.attempt, request.time));
        if let Some(gpus) = &request.gpus {
            command.env(VISIBLE_GPUS, gpus);
        }
        command.stdin(handed(lock, share)?).stdout(stdout).stderr(stderr);
        let child = spawn(&mut command)?;
        Ok(Started::Process(child.into(), None))
    }

    /// Asks the fork server; `None` if it does not serve, and has started nothing.
    #[cfg(target_os = "linux")]
    fn fork(
        &self,
        request: &StartRequest,
        lock: &JobLock,
        stdout: &File,
        stderr: &File,
        share: Option<&File>,
    ) -> Option<Started> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*server, Server::NotYet) {
            *server = match ForkClient::start(self.command()) {
                Ok(Some(client)) => Server::Serving(client),
                _ => Server::None,
            };
        }
        let Server::Serving(client) = &*server else { return None };
        let (notice, notifier) = io::pipe().ok()?;
        let files = [lock.file().as_fd(), stdout.as_fd(), stderr.as_fd(), notifier.as_fd()];
        let files: Vec<_> = files.into_iter().chain(share.map(AsFd::as_fd)).collect();
        match client.ask(request, &files) {
            Answer::Process(process) => Some(Started::Process(process, Some(notice))),
            Answer::Nothing => None,
            Answer::Lost => {
                *server = Server::None;
                Some(Started::Unknown)
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn fork(&self, _: &StartRequest, _: &JobLock, _: &File, _: &File, _: Option<&File>) -> Option<Started> {
        None
    }
}

/// What a job's process gets as its standard input: the lock or, since there is but one standard input, a socket in which the lock
/// lies with the job's share of the machine. What lies in a socket is held as if it were open.
#[cfg(target_os = "linux")]
fn handed(lock: JobLock, share: Option<&File>) -> io::Result<Stdio> {
    let Some(share) = share else { return Ok(lock.into_file().into()) };
    let (socket, theirs) = Packets::pair()?;
    socket.send(HANDED, &[lock.file().as_fd(), share.as_fd()])?;
    Ok(theirs.into())
}

/// Nobody has a share here.
#[cfg(not(target_os = "linux"))]
fn handed(lock: JobLock, _: Option<&File>) -> io::Result<Stdio> {
    Ok(lock.into_file().into())
}

/// How long a program may be busy.
const BUSY: Duration = Duration::from_secs(5);

/// Starts a process, in a group of its own: Ctrl-C must not reach it before it has begun a session. A program that was written just now may be busy for a moment: somebody who started another process
/// meanwhile has its open file until that process has begun.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    command.process_group(0);
    let begin = Instant::now();
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && begin.elapsed() < BUSY => {
                thread::park_timeout(Duration::from_millis(1));
            }
            started => return started,
        }
    }
}
