//! Locks on ranges of a file's bytes that belong to an open file and not to a process: whoever has a copy of the open file has
//! them, and they are gone with its last copy, whatever is killed. See fcntl(2), "Open file description locks".

#![cfg_attr(target_os = "linux", expect(unsafe_code, reason = "wraps system calls"))]

use std::fs::File;
use std::io;
use std::ops::Range;

/// Whether this error says that a file system, or this system, has no such locks.
pub(crate) fn has_no_range_locks(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    error.kind() == io::ErrorKind::Unsupported
        || [libc::ENOSYS, libc::EOPNOTSUPP, libc::EINVAL, libc::ENOLCK].iter().any(|known| Some(*known) == number)
}

/// Locks a range for the open file alone, unless another one has some of it; says whether it did.
#[cfg(target_os = "linux")]
pub(crate) fn try_lock_range(file: &File, range: &Range<u64>) -> io::Result<bool> {
    match call(file, libc::F_OFD_SETLK, libc::F_WRLCK, range) {
        Ok(_) => Ok(true),
        Err(error) if [Some(libc::EAGAIN), Some(libc::EACCES)].contains(&error.raw_os_error()) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Frees a range for every copy of the open file.
#[cfg(target_os = "linux")]
pub(crate) fn unlock_range(file: &File, range: &Range<u64>) -> io::Result<()> {
    call(file, libc::F_OFD_SETLK, libc::F_UNLCK, range).map(drop)
}

/// A range that another open file has locked, if there is one that overlaps `range`.
#[cfg(target_os = "linux")]
pub(crate) fn range_of_another(file: &File, range: &Range<u64>) -> io::Result<Option<Range<u64>>> {
    let found = call(file, libc::F_OFD_GETLK, libc::F_WRLCK, range)?;
    if i32::from(found.l_type) == libc::F_UNLCK {
        return Ok(None);
    }
    let start = u64::try_from(found.l_start).unwrap_or(0);
    let length = u64::try_from(found.l_len).ok().filter(|length| *length > 0);
    Ok(Some(start..length.map_or(u64::MAX, |length| start.saturating_add(length))))
}

#[cfg(target_os = "linux")]
fn call(file: &File, command: libc::c_int, kind: libc::c_int, range: &Range<u64>) -> io::Result<libc::flock> {
    use std::os::fd::AsRawFd;
    let number = |number| libc::off_t::try_from(number).map_err(|_| io::Error::from(io::ErrorKind::Unsupported));
    // SAFETY: `flock` is plain data, for which all zeros is a value; `l_pid` must be 0.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = number(range.start)?;
    lock.l_len = number(range.end - range.start)?;
    loop {
        // SAFETY: the descriptor is open, and the pointer is to a live, properly typed local.
        if unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut lock) } != -1 {
            return Ok(lock);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn try_lock_range(_: &File, _: &Range<u64>) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn unlock_range(_: &File, _: &Range<u64>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn range_of_another(_: &File, _: &Range<u64>) -> io::Result<Option<Range<u64>>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_range_belongs_to_an_open_file_and_its_copies() {
        let folder = tempfile::tempdir().unwrap();
        let open = || File::options().create(true).truncate(false).write(true).open(folder.path().join("f")).unwrap();
        let (one, other) = (open(), open());
        let copy = one.try_clone().unwrap();
        assert!(try_lock_range(&one, &(3..5)).unwrap());
        assert!(!try_lock_range(&other, &(0..10)).unwrap());
        assert_eq!(range_of_another(&other, &(0..10)).unwrap(), Some(3..5));
        assert_eq!(range_of_another(&copy, &(0..10)).unwrap(), None);
        drop(one);
        assert!(!try_lock_range(&other, &(4..5)).unwrap());
        unlock_range(&copy, &(3..4)).unwrap();
        assert_eq!(range_of_another(&other, &(0..10)).unwrap(), Some(4..5));
        drop(copy);
        assert!(try_lock_range(&other, &(0..1 << 62)).unwrap());
    }
}
