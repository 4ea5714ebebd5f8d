//! Starting a process as a copy of this one.

#![expect(unsafe_code, reason = "wraps system calls")]

use std::ffi::{OsStr, c_int, c_ulong};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

/// What [`fork_sibling`] gives in each of the two processes.
#[derive(Debug)]
pub(crate) enum Forked {
    /// In the new process.
    Child,
    /// In the one that asked: the number of the new process.
    Parent(u32),
}

/// Where the C library keeps the number of this thread, which must be set anew in a copy of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadNumber(*mut c_int);

/// Whether this process may be copied and go on: it has just the threads that are known to hold no lock, so nothing stays
/// locked for ever in the copy, and the kernel tells where this thread's number is kept.
pub(crate) fn may_fork(known_threads: usize) -> Option<ThreadNumber> {
    if fs::read_dir("/proc/self/task").ok()?.count() != known_threads {
        return None;
    }
    let mut address: *mut c_int = std::ptr::null_mut();
    // SAFETY: PR_GET_TID_ADDRESS stores one pointer at the address given, that of a live local.
    let told = unsafe { libc::prctl(libc::PR_GET_TID_ADDRESS, &raw mut address as c_ulong, 0, 0, 0) };
    (told == 0 && !address.is_null()).then_some(ThreadNumber(address))
}

/// Copies this process, of which the copy has the calling thread only. The copy is a child of this process's own parent: it is that one
/// who waits for it. See `clone(2)`, `CLONE_PARENT`; otherwise it does what `fork` of the C library does.
pub(crate) fn fork_sibling(number: ThreadNumber) -> io::Result<Forked> {
    let flags = libc::CLONE_PARENT | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD;
    let (flags, number, zero) = (flags as c_ulong, number.0, 0 as c_ulong);
    // SAFETY: without CLONE_VM the copy has its own memory and goes on where this one does, on its own copy of the stack.
    // Other threads hold no lock (`may_fork`), so none is left taken in the copy. The thread's number is kept where the C
    // library keeps it. The order of the last two arguments differs between the architectures.
    let pid = unsafe {
        if cfg!(any(target_arch = "x86_64", target_arch = "s390x")) {
            libc::syscall(libc::SYS_clone, flags, zero, zero, number, zero)
        } else {
            libc::syscall(libc::SYS_clone, flags, zero, zero, zero, number)
        }
    };
    match u32::try_from(pid) {
        Ok(0) => Ok(Forked::Child),
        Ok(pid) => Ok(Forked::Parent(pid)),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Puts an open file in the place of a standard stream of this process.
pub(crate) fn replace_stream(stream: BorrowedFd<'_>, file: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: both descriptors are open.
    match unsafe { libc::dup2(file.as_raw_fd(), stream.as_raw_fd()) } {
        fd if fd < 0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Sets a variable of this process's environment, for what it starts and for itself.
pub(crate) fn set_variable(name: &str, value: &OsStr, _one_thread: ThreadNumber) {
    // SAFETY: this process has one thread, so nobody reads the environment meanwhile.
    unsafe { std::env::set_var(name, value) };
}

/// Makes `ps` and `/proc/PID/cmdline` show these arguments, as far as there is room: the arguments that this process was
/// started with are written over.
pub(crate) fn set_title<'a>(args: impl Iterator<Item = &'a OsStr>, _one_thread: ThreadNumber) {
    let Some((start, end)) = arguments_in_memory() else { return };
    let mut text: Vec<u8> = args.flat_map(|arg| arg.as_bytes().iter().copied().chain([0])).collect();
    // The last byte stays 0, which says that nothing has moved.
    text.resize((end - start).saturating_sub(1), 0);
    // SAFETY: the kernel says that the arguments lie between the two addresses; they are writable, since they lie on the
    // stack of the process; and there is one thread.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), start as *mut u8, text.len()) };
}

/// Fields 48 and 49 of `/proc/self/stat`, proc(5).
fn arguments_in_memory() -> Option<(usize, usize)> {
    let stat = super::processes::stat_of("self")?;
    let mut fields = stat.split(' ').skip(45);
    let (start, end) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    (0 < start && start < end && end - start < 1 << 20).then_some((start, end))
}
