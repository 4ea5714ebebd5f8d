//! The fork server: a process of the user's program that starts jobs as copies of itself.
//!
//! A program is loaded, linked and set up once for a whole run and not once a job, which costs several times what a copy
//! costs. It serves from a thread with a large stack, on which the tasks then run. The copy is a child of the driver (`CLONE_PARENT`), which waits for it and signals it as if it had started it, and
//! it gets the open file of the job's lock, so that the lock is handed over with no gap. Nothing of the user's code has run
//! in the server but what runs before `main`, and it refuses to serve when that has started threads.
//!
//! A request is one message: the job's folder, the number of the attempt, its time in milliseconds or nothing, its GPUs or
//! nothing, with a NUL between them; and the open files of the lock, of standard output, of standard error, of a
//! pipe that takes a byte when the task is over and, if the job has one, of its share of the machine. The answer is
//! the number of the process, or 0 and the number of the system error. When the driver is gone, so is the server.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use super::process::{free_cpus, job_arguments, on_large_stack, run_job_with};
use super::request::StartRequest;
use crate::config::Registry;
use crate::fault;
use crate::settings;
use crate::sys::{self, Forked, Packets, ThreadNumber};

/// What the server says first, when it can serve.
pub(crate) const READY: &[u8] = b"ready";

/// Room for a request. A path is at most 4,096 bytes long.
const LONGEST: usize = 16 << 10;

/// The arguments behind the program's name that make it a fork server. The last one is room for those of a job, which
/// `ps` shows.
pub(crate) fn server_arguments() -> [OsString; 3] {
    ["xpm".into(), "serve".into(), ".".repeat(600).into()]
}

/// Serves until the driver is gone, and gives the exit code.
pub(crate) fn serve() -> u8 {
    // The terminal's Ctrl-C is the driver's matter.
    sys::new_session_for_leader();
    on_large_stack(serve_here).unwrap_or(2)
}

fn serve_here() -> u8 {
    let Ok(socket) = sys::take_stdin().map(Packets::from) else { return 2 };
    // This thread, and the one that waits for it.
    let Some(number) = sys::may_fork(2) else { return 2 };
    // What every job needs is made once.
    let _ = Registry::get();
    settings::warm();
    if socket.send(READY, &[]).is_err() {
        return 2;
    }
    let mut buffer = vec![0; LONGEST];
    loop {
        let (length, mut files) = match socket.receive(&mut buffer) {
            Ok((0, _)) | Err(_) => return 0,
            Ok(message) => message,
        };
        let share = (files.len() == 5).then(|| files.pop()).flatten();
        let answer = match (StartRequest::decode(&buffer[..length]), <[File; 4]>::try_from(files)) {
            (Some(request), Ok(files)) => match sys::fork_sibling(number) {
                Ok(Forked::Parent(pid)) => {
                    fault::point_of_server("answer");
                    [pid, 0]
                }
                Ok(Forked::Child) => {
                    drop(socket);
                    let code = be_job(&request, files, share.as_ref(), number);
                    #[expect(clippy::exit, reason = "the thread that would end the process is not in the copy")]
                    std::process::exit(code.into());
                }
                Err(error) => [0, error.raw_os_error().unwrap_or(libc::EINVAL).unsigned_abs()],
            },
            _ => [0, libc::EINVAL.unsigned_abs()],
        };
        drop(share);
        let answer = answer.map(u32::to_le_bytes).concat();
        if socket.send(&answer, &[]).is_err() {
            return 0;
        }
    }
}

/// The new process, as if it had been started with its own command line.
fn be_job(request: &StartRequest, files: [File; 4], share: Option<&File>, number: ThreadNumber) -> u8 {
    let [lock, stdout, stderr, mut notifier] = files;
    let streams = sys::replace_stream(io::stdout().as_fd(), stdout.as_fd())
        .and_then(|()| sys::replace_stream(io::stderr().as_fd(), stderr.as_fd()));
    if streams.is_err() {
        // Its log would go nowhere: the driver says that it ended with this code.
        return 2;
    }
    drop((stdout, stderr));
    if let Some(gpus) = &request.gpus {
        sys::set_variable(crate::launcher::VISIBLE_GPUS, OsStr::new(gpus), number);
    }
    let program = std::env::args_os().next().unwrap_or_default();
    let arguments = job_arguments(&request.folder, request.attempt, request.time);
    sys::set_title([program].iter().chain(&arguments).map(OsString::as_os_str), number);
    run_job_with(Ok(lock), &request.folder, request.attempt, request.time, |work| {
        let result = work();
        free_cpus(share);
        // The driver may use the CPUs for another job while this process waits for the disk.
        let _ = notifier.write_all(b"x");
        result
    })
}
