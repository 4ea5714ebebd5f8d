//! What a process has started, as the process table tells it: its group; the other groups of its session, which `timeout` and shells
//! with job control make; and what descends from it in sessions of its own. What has left all of these, a daemon, is none of it.

#![expect(unsafe_code, reason = "wraps system calls")]

use std::collections::HashMap;
#[cfg(target_os = "linux")]
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::processes::stat_of;
use super::{signal_group, try_signal_group};

/// A process that leads a group, and what it has started. The number must stay its own: it has not been waited for, or somebody is
/// left in its group.
#[derive(Debug)]
pub(crate) struct Family {
    leader: u32,
    /// Those that were seen, by number, and when each began. What has lost its parent is found here.
    seen: HashMap<u32, u64>,
}

/// A line of the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    parent: u32,
    group: u32,
    session: u32,
    /// In ticks after the start of the machine.
    begin: u64,
}

impl Family {
    pub(crate) fn of(leader: u32) -> Self {
        Self { leader, seen: HashMap::new() }
    }

    /// Sends a signal to all of it. That there is nobody left is no error, nor that there are some whom this user may not signal.
    pub(crate) fn signal(&mut self, signal: i32) {
        let others = self.look();
        signal_group(self.leader, signal);
        self.signal_others(&others, signal);
    }

    /// The same, for whoever must know whether the leader's group was signalled.
    pub(crate) fn try_signal(&mut self, signal: i32) -> std::io::Result<()> {
        let others = self.look();
        try_signal_group(self.leader, signal)?;
        self.signal_others(&others, signal);
        Ok(())
    }

    /// Kills what is left of it when its leader is gone and may have been waited for.
    pub(crate) fn kill_left(&mut self) {
        let others = self.look();
        // As long as there is a process in the group, its number is given to no other.
        if others.values().any(|line| line.group == self.leader) {
            super::kill_left_of_group(self.leader);
        }
        self.signal_others(&others, libc::SIGKILL);
    }

    /// Whether nobody but the leader is left, as far as the system tells.
    pub(crate) fn is_gone(&mut self) -> bool {
        self.look().is_empty()
    }

    fn signal_others(&self, others: &HashMap<u32, Line>, signal: i32) {
        for (pid, line) in others.iter().filter(|(_, line)| line.group != self.leader) {
            signal_that(*pid, line, signal);
        }
    }

    /// Those that live, without the leader.
    fn look(&mut self) -> HashMap<u32, Line> {
        let all = table();
        let belongs = |pid: u32, line: &Line| {
            let seen = self.seen.get(&pid) == Some(&line.begin);
            seen || line.group == self.leader || line.session == self.leader || descends(&all, line, self.leader)
        };
        let members = all.iter().filter(|(pid, line)| **pid != self.leader && belongs(**pid, line));
        let members: HashMap<_, _> = members.map(|(pid, line)| (*pid, *line)).collect();
        self.seen = members.iter().map(|(pid, line)| (*pid, line.begin)).collect();
        members
    }
}

/// Whether a process has `ancestor` above it.
fn descends(all: &HashMap<u32, Line>, line: &Line, ancestor: u32) -> bool {
    let mut parent = line.parent;
    // A table that changes while it is read may have a circle.
    for _ in 0..all.len() {
        match all.get(&parent) {
            _ if parent == ancestor => return true,
            Some(line) => parent = line.parent,
            None => return false,
        }
    }
    false
}

/// All processes that have not ended, by number; none where the system does not tell.
fn table() -> HashMap<u32, Line> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return HashMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| Some((pid, line_of(pid)?))).collect()
}

/// The line of a process that has not ended. See proc(5), `/proc/<pid>/stat`.
fn line_of(pid: u32) -> Option<Line> {
    let stat = stat_of(&pid.to_string())?;
    let mut fields = stat.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let mut next = || fields.next()?.parse().ok();
    let (parent, group, session) = (next()?, next()?, next()?);
    Some(Line { parent, group, session, begin: fields.nth(15)?.parse().ok()? })
}

/// Signals a process if it is still the one of the table. See pidfd_open(2).
#[cfg(target_os = "linux")]
fn signal_that(pid: u32, line: &Line, signal: i32) {
    // SAFETY: takes plain numbers; a descriptor that is given is new.
    let process = unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        let Ok(fd @ 0..) = i32::try_from(fd) else { return };
        OwnedFd::from_raw_fd(fd)
    };
    // What is asked of the number after the descriptor was opened holds for the process that the descriptor is of, or that is gone.
    if line_of(pid).is_some_and(|now| now.begin == line.begin) {
        // SAFETY: the descriptor is open, and no information is given along.
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), signal, std::ptr::null::<()>(), 0) };
    }
}

#[cfg(not(target_os = "linux"))]
fn signal_that(_: u32, _: &Line, _: i32) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn groups_of_their_own_and_sessions_of_their_own_belong_to_whoever_has_started_them() {
        let script = "setsid sleep 1000 & timeout 1000 sleep 1000 & sleep 1000 & echo here; wait";
        let mut child =
            Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut family = Family::of(child.id());
        // `timeout` has started its own; `setsid` and `timeout` are what they are by now.
        while family.look().len() < 4 || family.look().values().all(|line| line.group == child.id()) {
            std::thread::yield_now();
        }
        assert!(!family.is_gone());
        child.kill().unwrap();
        // The leader is gone, and has been seen with all of them before.
        family.signal(libc::SIGKILL);
        while !family.is_gone() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(Family::of(child.id()).is_gone());
    }

    #[test]
    fn this_process_has_a_line_and_descends_from_its_parent() {
        let (this, all) = (std::process::id(), table());
        let line = all[&this];
        assert!(descends(&all, &line, line.parent) && !descends(&all, &line, this));
        assert_eq!(line_of(this), Some(line));
    }
}
