//! The system calls that the standard library lacks, each behind a safe function. The one place with `unsafe`.

#![expect(unsafe_code, reason = "wraps system calls")]

mod family;
#[cfg(target_os = "linux")]
mod fork;
#[cfg(target_os = "linux")]
mod packets;
mod processes;
mod ranges;

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use family::Family;
#[cfg(target_os = "linux")]
pub(crate) use fork::{Forked, ThreadNumber, fork_sibling, may_fork, replace_stream, set_title, set_variable};
#[cfg(target_os = "linux")]
pub(crate) use packets::Packets;
pub(crate) use processes::{
    has_open, process_age, process_begin, process_exists, process_is_dying, process_is_stopped, process_parent,
};
pub(crate) use ranges::{has_no_range_locks, range_of_another, try_lock_range, unlock_range};

/// A child of this process that nobody has waited for: its number is its own until [`wait`] has taken it.
#[derive(Debug)]
pub(crate) struct ChildProcess(u32);

impl ChildProcess {
    /// The child with this number.
    pub(crate) fn from_id(id: u32) -> Self {
        Self(id)
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.0
    }
}

impl From<Child> for ChildProcess {
    fn from(child: Child) -> Self {
        Self(child.id())
    }
}

/// What says that a file is still the one that was seen: when its inode changed, in nanoseconds since 1970, which inode it
/// is, and how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) changed: i64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
}

/// How a process ended, and what it used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ProcessEnd {
    /// Its exit code, unless a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// What it used.
    pub(crate) usage: Usage,
}

/// What a process and the children that it waited for used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// CPU time in seconds, user and system.
    pub(crate) cpu_seconds: f64,
    /// The largest resident set of one process, in bytes.
    pub(crate) peak_memory: u64,
}

/// Waits until a child has ended and leaves it to be waited for: its number is not given again before. Says whether a signal ended
/// it.
pub(crate) fn wait_for_end(child: &ChildProcess) -> io::Result<bool> {
    loop {
        // SAFETY: `siginfo_t` is plain data, for which all zeros is a value; the pointer is to a live local.
        let (waited, code) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let waited = libc::waitid(libc::P_PID, child.id(), &raw mut info, libc::WEXITED | libc::WNOWAIT);
            (waited, info.si_code)
        };
        if waited == 0 {
            return Ok(code != libc::CLD_EXITED);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Has children of this process that end stay until they are waited for. That they do not can be inherited: from a shell that
/// ignores SIGCHLD, for one.
pub(crate) fn keep_ended_children() {
    // SAFETY: `sigaction` is plain data, for which all zeros is a value; the pointers are to live locals.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGCHLD, std::ptr::null(), &raw mut action) != 0 {
            return;
        }
        let ignored = action.sa_sigaction == libc::SIG_IGN;
        if ignored || action.sa_flags & libc::SA_NOCLDWAIT != 0 {
            action.sa_flags &= !libc::SA_NOCLDWAIT;
            if ignored {
                action.sa_sigaction = libc::SIG_DFL;
            }
            libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut());
        }
    }
}

/// Waits until there is something to read or the child has ended; says whether there is. See pidfd_open(2).
#[cfg(target_os = "linux")]
pub(crate) fn wait_for_notice(child: &ChildProcess, notice: &impl AsRawFd) -> bool {
    // SAFETY: the number is that of a child that has not been waited for; a descriptor that is given is new.
    let process = unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, child.0, 0);
        let Ok(fd @ 0..) = i32::try_from(fd) else { return false };
        OwnedFd::from_raw_fd(fd)
    };
    let waits = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut both = [waits(notice.as_raw_fd()), waits(process.as_raw_fd())];
    loop {
        // SAFETY: the pointer is to a live array of two.
        match unsafe { libc::poll(both.as_mut_ptr(), 2, -1) } {
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            // The end counts even when there is something to read: it is told next.
            _ => return both[0].revents & libc::POLLIN != 0 && both[1].revents == 0,
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn wait_for_notice(_: &ChildProcess, _: &impl AsRawFd) -> bool {
    false
}

/// Sends a signal to the process group of the process `pid`, or to the process alone while it leads none yet. That there
/// is nobody left is no error, and of its own children a driver need not know any other.
fn signal_group(pid: u32, signal: i32) {
    let _ = try_signal_group(pid, signal);
}

/// The same, for whoever must know whether it was sent. That there is nobody left is no error.
fn try_signal_group(pid: u32, signal: i32) -> io::Result<()> {
    let Some(pid) = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 1) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    // SAFETY: kill takes no pointers. Whose number it is, the caller has made sure of.
    let send = |to| if unsafe { libc::kill(to, signal) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) };
    let nobody = |error: &io::Error| error.raw_os_error() == Some(libc::ESRCH);
    match send(-pid) {
        Err(error) if nobody(&error) => send(pid).or_else(|error| if nobody(&error) { Ok(()) } else { Err(error) }),
        sent => sent,
    }
}

/// Kills what is left of the process group that the process `pid` has led, which is gone: as long as there is a process in the
/// group, its number is given to no other.
fn kill_left_of_group(pid: u32) {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return };
    if pid > 1 {
        // SAFETY: kill takes no pointers.
        unsafe { libc::kill(-pid, libc::SIGKILL) };
    }
}

/// Kills a child, without what it has started.
pub(crate) fn kill(child: &ChildProcess) {
    let Ok(pid) = libc::pid_t::try_from(child.id()) else { return };
    // SAFETY: kill takes no pointers; the number is that of a child which has not been waited for.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Makes SIGTERM set a flag instead of ending this process.
pub(crate) fn catch_termination() {
    extern "C" fn note(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the system hands a valid pointer to a handler with SA_SIGINFO; of a signal that was sent by a process
        // it says which.
        let sender = unsafe { info.as_ref().map_or(0, |info| info.si_pid()) };
        // SAFETY: getppid takes nothing, and is allowed in a handler.
        TERMINATION_BY_PARENT.store(sender == unsafe { libc::getppid() }, Ordering::Relaxed);
        TERMINATION.store(true, Ordering::Relaxed);
    }
    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = note;
    // SAFETY: the action is fully initialised; the handler does nothing but store to atomics, which is allowed in one.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART | libc::SA_SIGINFO;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGTERM, &raw const action, std::ptr::null_mut());
    }
}

/// Whether SIGTERM has come since [`catch_termination`].
pub(crate) fn termination_came() -> bool {
    TERMINATION.load(Ordering::Relaxed)
}

/// Whether the last SIGTERM came from the process that started this one: from the driver, which asks the whole group.
pub(crate) fn termination_by_parent() -> bool {
    TERMINATION_BY_PARENT.load(Ordering::Relaxed)
}

static TERMINATION: AtomicBool = AtomicBool::new(false);
static TERMINATION_BY_PARENT: AtomicBool = AtomicBool::new(false);

/// Sends a signal to one process, a child that has not been waited for.
pub(crate) fn signal_process(pid: u32, signal: i32) {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return };
    // SAFETY: kill takes no pointers; the number is that of a child which has not been waited for.
    unsafe { libc::kill(pid, signal) };
}

/// Makes a process that is started from this thread end, killed, when this thread ends, whatever kills it. Where the
/// system has no such thing, it does nothing.
pub(crate) fn end_with_this_process(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        // SAFETY: between fork and exec only prctl and getppid are called, which are allowed there; nothing is allocated.
        unsafe {
            let parent = libc::getpid();
            command.pre_exec(move || {
                if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                    return Err(io::Error::last_os_error());
                }
                // It may have ended before.
                if libc::getppid() == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// Waits for a child and takes what it used; the child must not have been waited for.
#[expect(clippy::needless_pass_by_value, reason = "nobody may signal or wait for the process after this")]
pub(crate) fn wait(child: ChildProcess) -> io::Result<ProcessEnd> {
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    let mut usage = empty_usage();
    loop {
        // SAFETY: both pointers are to live, properly typed locals.
        let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if waited == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let exited = libc::WIFEXITED(status);
    Ok(ProcessEnd {
        code: exited.then(|| libc::WEXITSTATUS(status)),
        signal: (!exited).then(|| libc::WTERMSIG(status)),
        usage: read_usage(&usage),
    })
}

/// What this process has used so far, the children that it waited for included.
pub(crate) fn own_usage() -> Usage {
    let of = |who| {
        let mut usage = empty_usage();
        // SAFETY: the pointer is to a live, properly typed local.
        unsafe { libc::getrusage(who, &raw mut usage) };
        read_usage(&usage)
    };
    let (own, children) = (of(libc::RUSAGE_SELF), of(libc::RUSAGE_CHILDREN));
    Usage {
        cpu_seconds: own.cpu_seconds + children.cpu_seconds,
        peak_memory: own.peak_memory.max(children.peak_memory),
    }
}

fn empty_usage() -> libc::rusage {
    // SAFETY: `rusage` is plain data, for which all zeros is a value.
    unsafe { std::mem::zeroed() }
}

fn read_usage(usage: &libc::rusage) -> Usage {
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // getrusage(2): kilobytes on Linux, bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Usage {
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        peak_memory: u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit,
    }
}

/// Makes this process the leader of a session of its own, so that a terminal's Ctrl-C does not reach it; unless it leads a group
/// already, as a shell's command does.
pub(crate) fn new_session() {
    // SAFETY: setsid takes no arguments.
    unsafe { libc::setsid() };
}

/// [`new_session`] for a process that was started as the leader of a group, so that Ctrl-C does not reach it while it is loaded.
/// Only who leads none begins a session: it joins another group for the moment between two calls, in which it ignores what a
/// terminal sends. If it cannot, it stays what it is.
pub(crate) fn new_session_for_leader() {
    const FROM_TERMINAL: [i32; 4] = [libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP, libc::SIGHUP];
    // SAFETY: these calls take and give plain numbers, and nothing else runs in this process that could set handlers.
    unsafe {
        if libc::setsid() != -1 {
            return;
        }
        let before = FROM_TERMINAL.map(|signal| libc::signal(signal, libc::SIG_IGN));
        // The parent may be gone, or the leader of the session.
        for group in [libc::getpgid(libc::getppid()), libc::getsid(0)] {
            if group > 0 && libc::setpgid(0, group) == 0 {
                if libc::setsid() == -1 {
                    libc::setpgid(0, 0);
                }
                break;
            }
        }
        for (signal, handler) in FROM_TERMINAL.into_iter().zip(before) {
            libc::signal(signal, handler);
        }
    }
}

/// The signal by which a job's process ends itself when it cannot write its record. An exit code would not do: a task may end
/// its process with any. Nobody else sends this one, and its default is to end the process.
pub(crate) fn unrecorded_signal() -> i32 {
    #[cfg(target_os = "linux")]
    return libc::SIGRTMAX();
    #[cfg(not(target_os = "linux"))]
    return libc::SIGEMT;
}

/// Ends this process by [`unrecorded_signal`], whatever the task has done about signals.
pub(crate) fn end_unrecorded() {
    let signal = unrecorded_signal();
    // SAFETY: the signal set is plain data, for which all zeros is a value, and a live local; the default action is no code
    // of this process.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        libc::signal(signal, libc::SIG_DFL);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
        libc::raise(signal);
    }
}

/// Ends this process at once, as a crash would.
#[cfg(debug_assertions)]
pub(crate) fn kill_self() {
    // SAFETY: both calls take and give plain numbers.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// Takes over the file that standard input is, with close-on-exec set, and puts `/dev/null` in its place.
pub(crate) fn take_stdin() -> io::Result<OwnedFd> {
    let null = File::open("/dev/null")?;
    // SAFETY: F_DUPFD_CLOEXEC gives a new descriptor, which nobody else owns.
    let taken = unsafe {
        let fd = libc::fcntl(libc::STDIN_FILENO, libc::F_DUPFD_CLOEXEC, 3);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(fd)
    };
    // SAFETY: both descriptors are open; standard input is replaced in one step.
    if unsafe { libc::dup2(null.as_raw_fd(), libc::STDIN_FILENO) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(taken)
}

/// The columns and lines of the terminal that standard error is, if it is one and tells.
pub(crate) fn terminal_size() -> Option<(u16, u16)> {
    // SAFETY: `winsize` is plain data, for which all zeros is a value.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live, properly typed local, which TIOCGWINSZ fills in.
    let asked = unsafe { libc::ioctl(libc::STDERR_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (asked == 0 && size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

/// Has `what` called when the process ends by itself: by returning from `main`, or by `exit`.
pub(crate) fn at_exit(what: extern "C" fn()) {
    // SAFETY: the function lives as long as the process. That it cannot be registered is no matter.
    unsafe { libc::atexit(what) };
}

/// Whether programs in `folder` can be executed: its file system is not mounted with `noexec`. Where it cannot be told they can.
pub(crate) fn can_execute_from(folder: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(folder) = std::ffi::CString::new(folder.as_os_str().as_bytes()) else { return true };
    // SAFETY: `statvfs` is plain data, for which all zeros is a value; both pointers are to live, properly typed data.
    let (asked, found) = unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(folder.as_ptr(), &raw mut found), found)
    };
    // Linux's name for the flag; elsewhere 8 has another meaning.
    asked != 0 || !cfg!(target_os = "linux") || found.f_flag & 8 == 0
}

/// When the size of the terminal changes and when Ctrl-Z stops this process, writes `text` to standard error, at once, if `drawn` is
/// set, and clears that.
pub(crate) fn undraw_on_signals(drawn: &'static AtomicBool, text: &'static str) {
    let undraw = move || {
        if drawn.swap(false, Ordering::SeqCst) {
            // SAFETY: the pointer and the length are those of a text that lives as long as the process.
            unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
        }
    };
    let stop = move || {
        undraw();
        let _ = signal_hook::low_level::emulate_default_handler(libc::SIGTSTP);
    };
    // SAFETY: what the handlers do may be done in one: an atomic, `write`, and `raise`. Without them the region is drawn anew a
    // little later.
    unsafe {
        let _ = signal_hook::low_level::register(libc::SIGWINCH, undraw);
        let _ = signal_hook::low_level::register(libc::SIGTSTP, stop);
    }
}

/// What says that a file is still the one that was seen.
pub(crate) fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let changed = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
    Stamp { changed, inode: metadata.ino(), size: metadata.size() }
}

/// The stamp of the file `path` in `folder`; `None` if there is none. A look-up by an open folder is shorter than one by
/// a whole path, and there are 100,000 of them.
pub(crate) fn stamp_at(folder: &File, path: &std::ffi::CStr) -> Option<Stamp> {
    // SAFETY: `stat` is plain data, for which all zeros is a value; the path ends with a zero; both outlive the call.
    let stat = unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        if libc::fstatat(folder.as_raw_fd(), path.as_ptr(), &raw mut stat, 0) != 0 {
            return None;
        }
        stat
    };
    let changed = stat.st_ctime.saturating_mul(1_000_000_000).saturating_add(stat.st_ctime_nsec);
    Some(Stamp { changed, inode: stat.st_ino, size: u64::try_from(stat.st_size).unwrap_or(0) })
}

/// The CPUs that this process may use; affinity and cgroup quotas count.
pub(crate) fn cpus() -> u32 {
    std::thread::available_parallelism().ok().and_then(|n| u32::try_from(n.get()).ok()).unwrap_or(1)
}

/// How many ticks of `/proc/<pid>/stat` a second has.
pub(crate) fn ticks_per_second() -> u64 {
    // SAFETY: sysconf takes and gives plain numbers.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).ok().filter(|ticks| *ticks > 0).unwrap_or(100)
}
