//! The one place that reads the environment.

use std::ffi::OsString;

/// The fault that a test asks for (see [`crate::fault`]).
#[cfg(debug_assertions)]
pub(crate) fn fault() -> Option<String> {
    read("XPM_FAULT").and_then(|text| text.into_string().ok())
}

/// Where a test wants the fault points that are reached.
#[cfg(debug_assertions)]
pub(crate) fn fault_log() -> Option<OsString> {
    read("XPM_FAULT_LOG")
}

/// What `CUDA_VISIBLE_DEVICES` says.
pub(crate) fn visible_gpus() -> Option<String> {
    read("CUDA_VISIBLE_DEVICES").and_then(|text| text.into_string().ok())
}

/// Where programs of tasks lie, instead of the folders of the crates that declare them.
pub(crate) fn program_folder() -> Option<OsString> {
    read("XPM_PROGRAM_DIR").filter(|folder| !folder.is_empty())
}

/// The name of this machine.
pub(crate) fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| read("HOSTNAME").map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// What names the time since this machine was started, where the system tells.
pub(crate) fn boot() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
