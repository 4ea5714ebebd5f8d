//! The driver's side of the fork server (`job/fork_server.rs`).

use std::io;
use std::os::fd::BorrowedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::starter::spawn;
use crate::job::{READY, StartRequest, server_arguments};
use crate::sys::{self, ChildProcess, Packets};

/// How long the server may take to say that it is there, or to start a job.
const PATIENCE: Duration = Duration::from_secs(20);

/// A fork server that serves.
#[derive(Debug)]
pub(super) struct ForkClient {
    /// `None` once the server is being ended.
    connection: Option<(Packets, ChildProcess)>,
}

/// What came of asking for a process.
#[derive(Debug)]
pub(super) enum Answer {
    /// It was started.
    Process(ChildProcess),
    /// Nothing was started.
    Nothing,
    /// The server is gone, or does not answer; what it did last is not known.
    Lost,
}

impl ForkClient {
    /// Starts a server of the command's program; `None` if that says that it cannot be one.
    pub(super) fn start(mut command: Command) -> io::Result<Option<Self>> {
        let (socket, theirs) = Packets::pair()?;
        socket.limit_wait(PATIENCE)?;
        // It must hold nobody's terminal or pipe open.
        command.args(server_arguments()).stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        let process = ChildProcess::from(spawn(&mut command)?);
        // The copy of its end that the command holds would hide its going away.
        drop(command);
        let client = Self { connection: Some((socket, process)) };
        let mut hello = [0; 16];
        let ready = client.socket().and_then(|socket| socket.receive(&mut hello).ok());
        Ok(ready.is_some_and(|(length, _)| &hello[..length] == READY).then_some(client))
    }

    fn socket(&self) -> Option<&Packets> {
        self.connection.as_ref().map(|(socket, _)| socket)
    }

    /// Asks for the process of a job, which gets the open files of its lock, its standard output, its standard error, the
    /// pipe into which it says that its task is over and, if it has one, its share of the machine.
    pub(super) fn ask(&self, request: &StartRequest, files: &[BorrowedFd<'_>]) -> Answer {
        let Some(socket) = self.socket() else { return Answer::Nothing };
        if socket.send(&request.encode(), files).is_err() {
            return Answer::Nothing;
        }
        let mut answer = [0; 8];
        match socket.receive(&mut answer) {
            Ok((8, _)) => match u32::from_le_bytes([answer[0], answer[1], answer[2], answer[3]]) {
                0 => Answer::Nothing,
                pid => Answer::Process(ChildProcess::from_id(pid)),
            },
            _ => Answer::Lost,
        }
    }
}

impl Drop for ForkClient {
    fn drop(&mut self) {
        let Some((socket, process)) = self.connection.take() else { return };
        // The server ends when its socket is closed; one that hangs must not be waited for.
        drop(socket);
        sys::kill(&process);
        let _ = sys::wait(process);
    }
}
