//! Messages between two processes of this machine, with open files.

#![expect(unsafe_code, reason = "wraps system calls")]

use std::fs::File;
use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// The open files that a message can carry.
const FILES: usize = 5;

/// Room for the files of a message, aligned as the kernel wants it. See cmsg(3).
#[repr(align(8))]
struct Ancillary([MaybeUninit<u8>; 64]);

/// One end of a connection that keeps messages apart. See unix(7), `SOCK_SEQPACKET`.
#[derive(Debug)]
pub(crate) struct Packets(OwnedFd);

impl From<OwnedFd> for Packets {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl Packets {
    /// Two ends, both closed on exec.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let mut fds: [RawFd; 2] = [-1; 2];
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        // SAFETY: the pointer is to a live array of two.
        if unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: both were just made, and nobody else owns them.
        unsafe { Ok((Self(OwnedFd::from_raw_fd(fds[0])), OwnedFd::from_raw_fd(fds[1]))) }
    }

    /// Lets [`receive`](Self::receive) fail after this time.
    pub(crate) fn limit_wait(&self, limit: Duration) -> io::Result<()> {
        let time = libc::timeval { tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX), tv_usec: 0 };
        let size = size_of::<libc::timeval>() as libc::socklen_t;
        // SAFETY: the pointer is to a live value of the size that is given.
        let set = unsafe {
            let (fd, time) = (self.0.as_raw_fd(), (&raw const time).cast());
            libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_RCVTIMEO, time, size)
        };
        if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Sends a message whole, with copies of open files.
    ///
    /// # Panics
    /// With more than five files.
    pub(crate) fn send(&self, bytes: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
        assert!(files.len() <= FILES, "a message carries at most {FILES} files");
        let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let mut room = Ancillary([MaybeUninit::zeroed(); 64]);
        let size = size_of_val(files) as u32;
        // SAFETY: the header and the room for files are live while the call lasts, the room is as large as CMSG_SPACE
        // wants (24 bytes for five files and 16 for the header), and only as much of it is written as there are files.
        let sent = unsafe {
            let mut message: libc::msghdr = zeroed();
            message.msg_iov = &raw mut part;
            message.msg_iovlen = 1;
            if !files.is_empty() {
                message.msg_control = room.0.as_mut_ptr().cast();
                message.msg_controllen = libc::CMSG_SPACE(size) as _;
                let header = libc::CMSG_FIRSTHDR(&raw const message);
                (*header).cmsg_level = libc::SOL_SOCKET;
                (*header).cmsg_type = libc::SCM_RIGHTS;
                (*header).cmsg_len = libc::CMSG_LEN(size) as _;
                for (place, file) in files.iter().enumerate() {
                    libc::CMSG_DATA(header).cast::<RawFd>().add(place).write_unaligned(file.as_raw_fd());
                }
            }
            libc::sendmsg(self.0.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
        };
        match usize::try_from(sent) {
            Ok(sent) if sent == bytes.len() => Ok(()),
            Ok(_) => Err(io::ErrorKind::WriteZero.into()),
            Err(_) => Err(io::Error::last_os_error()),
        }
    }

    /// Waits for a message; gives its length, 0 when the other end is gone, and its files, closed on exec.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Vec<File>)> {
        loop {
            match self.receive_once(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn receive_once(&self, buffer: &mut [u8]) -> io::Result<(usize, Vec<File>)> {
        let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        let mut room = Ancillary([MaybeUninit::zeroed(); 64]);
        let mut files = Vec::new();
        // SAFETY: the buffer and the room are live while the call lasts, with the lengths that are given; each descriptor
        // that the kernel has put there is new, and nobody else owns it.
        unsafe {
            let mut message: libc::msghdr = zeroed();
            message.msg_iov = &raw mut part;
            message.msg_iovlen = 1;
            message.msg_control = room.0.as_mut_ptr().cast();
            message.msg_controllen = size_of::<Ancillary>() as _;
            let received = libc::recvmsg(self.0.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC);
            let Ok(received) = usize::try_from(received) else { return Err(io::Error::last_os_error()) };
            let mut header = libc::CMSG_FIRSTHDR(&raw const message);
            while !header.is_null() {
                if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                    let bytes = (*header).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                    for place in 0..bytes / size_of::<RawFd>() {
                        let fd = libc::CMSG_DATA(header).cast::<RawFd>().add(place).read_unaligned();
                        files.push(File::from_raw_fd(fd));
                    }
                }
                header = libc::CMSG_NXTHDR(&raw const message, header);
            }
            if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a message was too long"));
            }
            Ok((received, files))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn messages_stay_apart_and_carry_files() {
        let (here, there) = Packets::pair().unwrap();
        let there = Packets::from(there);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"content").unwrap();
        here.send(b"first", &[]).unwrap();
        here.send(b"second", &[file.as_fd(); FILES]).unwrap();
        drop(here);
        let mut buffer = [0; 64];
        let (length, files) = there.receive(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], files.len()), (&b"first"[..], 0));
        let (length, mut files) = there.receive(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], files.len()), (&b"second"[..], FILES));
        let mut text = String::new();
        files[3].rewind().unwrap();
        files[3].read_to_string(&mut text).unwrap();
        assert_eq!(text, "content");
        assert_eq!(there.receive(&mut buffer).unwrap().0, 0, "the other end is gone");
    }

    #[test]
    fn a_message_that_does_not_fit_is_an_error() {
        let (here, there) = Packets::pair().unwrap();
        here.send(&[1; 100], &[]).unwrap();
        let error = Packets::from(there).receive(&mut [0; 10]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
