//! How the process of a job comes to be: as a copy of the fork server, or by loading the program.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::VISIBLE_GPUS;
#[cfg(target_os = "linux")]
use super::fork_client::{Answer, ForkClient};
use crate::job::{StartRequest, job_arguments};
use crate::sys::ChildProcess;
use crate::workspace::JobLock;

/// Starts processes of one program.
#[derive(Debug)]
pub(super) struct Starter {
    program: PathBuf,
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
    /// It runs.
    Process(ChildProcess),
    /// The fork server has gone away over it: it may run or not, which the job's lock tells.
    Unknown,
}

impl Starter {
    /// With `fork` false, every process loads the program.
    pub(super) fn new(program: PathBuf, fork: bool) -> Self {
        let server = if fork { Server::NotYet } else { Server::None };
        Self { program, server: Mutex::new(server) }
    }

    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// Starts the process of a job, which takes over the lock.
    pub(super) fn start(
        &self,
        request: &StartRequest,
        lock: JobLock,
        stdout: File,
        stderr: File,
    ) -> io::Result<Started> {
        if let Some(started) = self.fork(request, &lock, &stdout, &stderr) {
            return Ok(started);
        }
        let mut command = Command::new(&self.program);
        command.args(job_arguments(&request.folder, request.attempt, request.time));
        if let Some(gpus) = &request.gpus {
            command.env(VISIBLE_GPUS, gpus);
        }
        let child = command.stdin(Stdio::from(lock.into_file())).stdout(stdout).stderr(stderr).spawn()?;
        Ok(Started::Process(child.into()))
    }

    /// Asks the fork server; `None` if it does not serve, and has started nothing.
    #[cfg(target_os = "linux")]
    fn fork(&self, request: &StartRequest, lock: &JobLock, stdout: &File, stderr: &File) -> Option<Started> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*server, Server::NotYet) {
            *server = match ForkClient::start(&self.program) {
                Ok(Some(client)) => Server::Serving(client),
                _ => Server::None,
            };
        }
        let Server::Serving(client) = &*server else { return None };
        match client.ask(request, [lock.file(), stdout, stderr]) {
            Answer::Process(process) => Some(Started::Process(process)),
            Answer::Nothing => None,
            Answer::Lost => {
                *server = Server::None;
                Some(Started::Unknown)
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn fork(&self, _: &StartRequest, _: &JobLock, _: &File, _: &File) -> Option<Started> {
        None
    }
}
