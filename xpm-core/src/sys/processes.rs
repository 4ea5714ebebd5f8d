//! What the system tells of processes, whoever's they are.

#![expect(unsafe_code, reason = "wraps system calls")]

use std::io;
use std::path::Path;
use std::time::Duration;

use super::ticks_per_second;

/// Whether a process that is there is being killed right now, or has ended and not been waited for. Taking a large process
/// apart takes a while, in which it still has its locks.
pub(crate) fn process_is_dying(pid: u32) -> bool {
    #[cfg(target_os = "linux")]
    return linux_process_is_dying(pid).unwrap_or(false);
    #[cfg(not(target_os = "linux"))]
    return {
        let _ = pid;
        false
    };
}

#[cfg(target_os = "linux")]
fn linux_process_is_dying(pid: u32) -> Option<bool> {
    /// `PF_EXITING` of `linux/sched.h`.
    const EXITING: u64 = 4;
    let stat = stat_of(&pid.to_string())?;
    // State, 5 numbers, and the flags.
    let mut fields = stat.split(' ');
    let ended = matches!(fields.next()?, "Z" | "X");
    let exiting = fields.nth(5)?.parse::<u64>().ok()? & EXITING != 0;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let pending = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    let pending = pending.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let killed = pending.fold(0, |all, mask| all | mask) & (1 << (libc::SIGKILL - 1)) != 0;
    Some(ended || exiting || killed)
}

/// Whether the process with this number is stopped (Ctrl-Z, a debugger); where it cannot be told, it is not.
pub(crate) fn process_is_stopped(pid: u32) -> bool {
    stat_of(&pid.to_string()).is_some_and(|fields| fields.starts_with(['T', 't']))
}

/// Whether there is a process with this number, whoever's it is.
pub(crate) fn process_exists(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal 0 is not sent; only its possibility is asked.
    let asked = unsafe { libc::kill(pid, 0) };
    asked == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// How long a process has run; `None` where the system does not tell.
pub(crate) fn process_age(pid: u32) -> Option<Duration> {
    let begin = Duration::from_millis(process_begin(pid)? * 1000 / ticks_per_second());
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split(' ').next()?.parse().ok()?;
    Some(Duration::try_from_secs_f64(uptime).ok()?.saturating_sub(begin))
}

/// When a process began, in ticks after the start of the machine; `None` where the system does not tell.
pub(crate) fn process_begin(pid: u32) -> Option<u64> {
    stat_field(pid, 19)
}

/// The process that has started another one, or has taken its place; `None` where the system does not tell.
pub(crate) fn process_parent(pid: u32) -> Option<u32> {
    stat_field(pid, 1)?.try_into().ok()
}

/// One of the numbers that the system tells of a process, counted from its state.
fn stat_field(pid: u32, index: usize) -> Option<u64> {
    stat_of(&pid.to_string())?.split(' ').nth(index)?.parse().ok()
}

/// What the system tells of a process, or of `self`, from its state on: that comes behind the name, which stands in parentheses and may
/// hold anything. See proc(5), `/proc/<pid>/stat`.
pub(super) fn stat_of(process: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ").map(|(_, fields)| fields.to_owned())
}

/// Whether a process has a file open; `None` where the system does not tell.
pub(crate) fn has_open(pid: u32, path: &Path) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    let wanted = std::fs::metadata(path).ok()?;
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let same = |file: std::fs::DirEntry| {
        std::fs::metadata(file.path()).is_ok_and(|file| (file.dev(), file.ino()) == (wanted.dev(), wanted.ino()))
    };
    Some(files.flatten().any(same))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_has_ended_or_is_killed_is_dying_and_another_is_not() {
        assert!(process_exists(std::process::id()) && !process_is_dying(std::process::id()));
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        assert!(!process_is_dying(child.id()));
        child.kill().unwrap();
        while !process_is_dying(child.id()) {
            assert!(process_exists(child.id()), "it was not waited for");
        }
        child.wait().unwrap();
        assert!(!process_is_dying(child.id()));
    }
}
