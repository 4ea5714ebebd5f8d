//! What this machine has for jobs: memory and GPUs, as far as this process may use them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::workspace::said::{Said, said};

/// How long `nvidia-smi` may take; on a machine with many GPUs it takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The memory that this process may use, in bytes: the machine's, or the tightest limit of its cgroups. `None` where the
/// system does not tell.
pub(crate) fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().split(' ').next()?.parse().ok()?;
    let limits = cgroup_files(&["memory.max", "memory.limit_in_bytes"]);
    let limits = limits.into_iter().filter_map(|text| text.trim().parse::<u64>().ok());
    Some(limits.chain([kib * 1024]).min().unwrap_or(kib * 1024))
}

/// How often the kernel has killed a process of this cgroup for want of memory, where it tells.
pub(crate) fn oom_kills() -> Option<u64> {
    let events = cgroup_files(&["memory.events", "memory.oom_control"]).into_iter().next()?;
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

/// What the files of these names say in this process's cgroups, innermost first.
fn cgroup_files(names: &[&str]) -> Vec<String> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut found = Vec::new();
    for line in own.lines() {
        // `0::/a/b` for version 2, `4:memory:/a/b` for version 1.
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let root = match controllers {
            "" => PathBuf::from("/sys/fs/cgroup"),
            list if list.split(',').any(|name| name == "memory") => PathBuf::from("/sys/fs/cgroup/memory"),
            _ => continue,
        };
        let mut folder = root.join(path.trim_start_matches('/'));
        while folder.starts_with(&root) {
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
