//! What this machine has for jobs: memory and GPUs, as far as this process may use them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::sys::Usage;
use crate::workspace::said::{Said, said};

/// How long `nvidia-smi` may take; on a machine with many GPUs it takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The memory that this process may use, in bytes: the machine's, or the tightest limit of its cgroups. `None` where the
/// system does not tell.
pub(crate) fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().split(' ').next()?.parse().ok()?;
    Some(memory_limit(Path::new("/")).map_or(kib * 1024, |limit| limit.min(kib * 1024)))
}

/// The tightest limit of this process's cgroups, of a system that lies in the folder `root`.
fn memory_limit(root: &Path) -> Option<u64> {
    let limits = cgroup_files(root, &["memory.max", "memory.limit_in_bytes"]);
    limits.into_iter().filter_map(|text| text.trim().parse().ok()).min()
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

/// What the files of these names say in this process's cgroups, innermost first, of a system that lies in the folder `root`.
fn cgroup_files(root: &Path, names: &[&str]) -> Vec<String> {
    let own = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let cgroups = root.join("sys/fs/cgroup");
    let mut found = Vec::new();
    for line in own.lines() {
        // `0::/a/b` for version 2, `4:memory:/a/b` for version 1.
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let top: PathBuf = match controllers {
            "" => cgroups.clone(),
            list if list.split(',').any(|name| name == "memory") => cgroups.join("memory"),
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
    let mut list = Command::new("nvidia-smi");
    list.args(["--query-gpu=index", "--format=csv,noheader"]);
    // A driver that hangs must not hang the plan.
    let Some(Said { text, .. }) = said(list, PATIENCE, 1 << 16) else { return Vec::new() };
    let text = String::from_utf8_lossy(&text);
    text.lines().map(|line| line.trim().to_owned()).filter(|line| line.parse::<u32>().is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system in a folder: `own` is what `/proc/self/cgroup` says, and `files` lie below `/sys/fs/cgroup`.
    fn system(own: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let put = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            crate::workspace::write_atomic(&path, text.as_bytes(), crate::workspace::Durability::Lazy).unwrap();
        };
        put(root.path().join("proc/self/cgroup"), own);
        for (name, text) in files {
            put(root.path().join("sys/fs/cgroup").join(name), text);
        }
        root
    }

    #[test]
    fn cgroups_tell_limits_and_kills() {
        let events = "low 0\nhigh 3\nmax 9\noom 7\noom_kill 2\noom_group_kill 0\n";
        for (own, files, limit, kills) in [
            ("", &[][..], None, None),
            ("0::/\n", &[], None, None),
            ("0::/a/b\n", &[("a/b/memory.max", "max\n"), ("a/memory.max", "max\n")], None, None),
            // The tightest counts, wherever it stands; the innermost tells of kills.
            (
                "0::/a/b\n",
                &[("a/b/memory.max", "3000\n"), ("a/memory.max", "2000\n"), ("memory.max", "5\n")],
                Some(5),
                None,
            ),
            ("0::/a/b\n", &[("a/b/memory.max", "1000\n"), ("a/memory.max", "2000\n")], Some(1000), None),
            ("0::/a\n", &[("a/memory.events", events), ("memory.events", "oom_kill 50\n")], None, Some(2)),
            ("0::/a/b\n", &[("a/memory.events", events)], None, Some(2)),
            // Another's is not looked at, nor what lies outside.
            ("0::/a\n", &[("b/memory.max", "1\n"), ("b/memory.events", events)], None, None),
            // Version 1, and both.
            (
                "5:cpu,cpuacct:/x\n4:memory:/a\n",
                &[
                    ("memory/a/memory.limit_in_bytes", "4096\n"),
                    ("memory/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"),
                    ("cpu,cpuacct/x/memory.max", "1\n"),
                ],
                Some(4096),
                Some(4),
            ),
            (
                "4:memory:/a\n0::/b\n",
                &[("memory/a/memory.limit_in_bytes", "4096"), ("b/memory.max", "64")],
                Some(64),
                None,
            ),
        ] {
            let root = system(own, files);
            assert_eq!((memory_limit(root.path()), oom_kills_of(root.path())), (limit, kills), "{own:?} {files:?}");
        }
    }
}
