//! What this machine has for jobs: memory and GPUs, as far as this process may use them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::sys::Usage;
use crate::workspace::said::{Said, said};

/// How long `nvidia-smi` may take; on a machine with many GPUs it takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The memory that this process may use, in bytes: the machine's, or the tightest limit of its cgroups. `None` where the
/// system does not tell.
pub(crate) fn memory() -> Option<u64> {
    memory_of(Path::new("/"))
}

/// [`memory`], where the system's files lie below `root`.
fn memory_of(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let kib: u64 =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().split(' ').next()?.parse().ok()?;
    let limits = cgroup_files(root, &["memory.max", "memory.limit_in_bytes"]);
    let limits = limits.into_iter().filter_map(|text| text.trim().parse::<u64>().ok());
    Some(limits.chain([kib * 1024]).min().unwrap_or(kib * 1024))
}

/// Whether a process that has asked for so much memory was killed for want of it, where it got SIGKILL: the kernel has killed one
/// of this cgroup since it had killed so many, or the process has used about all that it had asked for.
pub(crate) fn killed_for_memory(kills_before: Option<u64>, used: Usage, asked: Option<u64>) -> bool {
    let more = oom_kills().zip(kills_before).is_some_and(|(after, before)| after > before);
    more || asked.is_some_and(|asked| used.peak_memory >= asked / 10 * 9)
}

/// How often the kernel has killed a process of this cgroup for want of memory, where it tells.
pub(crate) fn oom_kills() -> Option<u64> {
    oom_kills_of(Path::new("/"))
}

fn oom_kills_of(root: &Path) -> Option<u64> {
    let events = cgroup_files(root, &["memory.events", "memory.oom_control"]).into_iter().next()?;
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

/// What the files of these names say in this process's cgroups, innermost first.
fn cgroup_files(root: &Path, names: &[&str]) -> Vec<String> {
    let own = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut found = Vec::new();
    for line in own.lines() {
        // `0::/a/b` for version 2, `4:memory:/a/b` for version 1.
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let top = match controllers {
            "" => root.join("sys/fs/cgroup"),
            list if list.split(',').any(|name| name == "memory") => root.join("sys/fs/cgroup/memory"),
            _ => continue,
        };
        let mut folder = top.join(path.trim_start_matches('/'));
        while folder.starts_with(&top) {
            found.extend(names.iter().filter_map(|name| fs::read_to_string(folder.join(name)).ok()));
            if !folder.pop() {
                break;
            }
        }
    }
    found
}

/// The GPUs that jobs may use, as `CUDA_VISIBLE_DEVICES` names them: what that variable says, or else every one that
/// `nvidia-smi` lists.
pub(crate) fn gpus() -> Vec<String> {
    if let Some(visible) = crate::settings::visible_gpus() {
        let names = visible.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "-1");
        return names.map(str::to_owned).collect();
    }
    listed(Command::new("nvidia-smi"), PATIENCE)
}

/// The GPUs that this program lists as `nvidia-smi` does; none if it takes longer than `patience`.
fn listed(mut list: Command, patience: Duration) -> Vec<String> {
    list.args(["--query-gpu=index", "--format=csv,noheader"]);
    // A driver that hangs must not hang the plan.
    let Some(Said { text, .. }) = said(list, patience, 1 << 16) else { return Vec::new() };
    let text = String::from_utf8_lossy(&text);
    text.lines().map(|line| line.trim().to_owned()).filter(|line| line.parse::<u32>().is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Durability, write_atomic};

    const GIB: u64 = 1 << 30;

    /// A system with these files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write_atomic(&path, text.as_bytes(), Durability::Lazy).unwrap();
        }
        root
    }

    #[test]
    fn memory_is_the_tightest_limit_of_the_machine_and_the_cgroups() {
        const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:   1 kB\n");
        const SECOND: (&str, &str) = ("proc/self/cgroup", "0::/slice/job\n");
        const FIRST: (&str, &str) = ("proc/self/cgroup", "5:cpu,cpuacct:/other\n4:blkio,memory:/batch/7\n");
        for (files, expected) in [
            (&[][..], None),
            (&[("proc/meminfo", "nothing that is known\n")], None),
            (&[MACHINE], Some(8 * GIB)),
            (&[MACHINE, SECOND, ("sys/fs/cgroup/slice/job/memory.max", "max\n")], Some(8 * GIB)),
            (&[MACHINE, SECOND, ("sys/fs/cgroup/slice/job/memory.max", "2147483648\n")], Some(2 * GIB)),
            // A group above is tighter, also if its own says nothing.
            (
                &[
                    MACHINE,
                    SECOND,
                    ("sys/fs/cgroup/slice/job/memory.max", "max\n"),
                    ("sys/fs/cgroup/slice/memory.max", "1073741824\n"),
                ],
                Some(GIB),
            ),
            // In a container the group's own folder is not there; the top one is the container's.
            (&[MACHINE, SECOND, ("sys/fs/cgroup/memory.max", "3221225472\n")], Some(3 * GIB)),
            (&[MACHINE, SECOND, ("sys/fs/cgroup/slice/memory.max", "1099511627776\n")], Some(8 * GIB)),
            (&[MACHINE, SECOND, ("sys/fs/cgroup/other/memory.max", "1\n")], Some(8 * GIB)),
            (&[MACHINE, FIRST, ("sys/fs/cgroup/memory/batch/7/memory.limit_in_bytes", "1073741824\n")], Some(GIB)),
            (&[MACHINE, FIRST, ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")], Some(8 * GIB)),
            (&[MACHINE, FIRST, ("sys/fs/cgroup/memory/other/memory.limit_in_bytes", "1\n")], Some(8 * GIB)),
        ] {
            assert_eq!(memory_of(system(files).path()), expected, "{files:?}");
        }
        assert!(memory().is_none_or(|bytes| bytes > 0));
    }

    #[test]
    fn kills_for_want_of_memory_are_those_of_the_innermost_group_that_tells() {
        let second = system(&[
            ("proc/self/cgroup", "0::/slice/job\n"),
            ("sys/fs/cgroup/slice/job/memory.events", "low 0\nhigh 0\noom 4\noom_kill 3\noom_group_kill 0\n"),
            ("sys/fs/cgroup/slice/memory.events", "oom_kill 9\n"),
        ]);
        assert_eq!(oom_kills_of(second.path()), Some(3));
        let first = system(&[
            ("proc/self/cgroup", "4:memory:/batch\n"),
            ("sys/fs/cgroup/memory/batch/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
        ]);
        assert_eq!(oom_kills_of(first.path()), Some(2));
        assert_eq!(oom_kills_of(system(&[]).path()), None);
    }

    #[test]
    fn a_list_of_gpus_that_hangs_or_is_none_lists_none() {
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert_eq!(listed(sh("printf ' 0\\n1 \\nsomething else\\n'"), PATIENCE), ["0", "1"]);
        for hangs in ["exec sleep 1000", "echo 0; exec sleep 1000", "echo 0; exec >&-; exec sleep 1000"] {
            assert!(listed(sh(hangs), Duration::from_millis(300)).is_empty(), "{hangs}");
        }
    }
}
