//! The one place that reads the environment.

use std::ffi::OsString;
use std::sync::OnceLock;

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

/// Whether people ask for plain text, or the terminal can do no more: `NO_COLOR`, `CI` and `TERM=dumb`, as other programs read them.
pub(crate) fn plain_terminal() -> bool {
    let no_terminal = read("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    no_terminal || read("NO_COLOR").is_some_and(|value| !value.is_empty()) || is_on("CI")
}

/// Whether people ask for nothing but failures and warnings: `XPM_QUIET`.
pub(crate) fn quiet() -> bool {
    is_on("XPM_QUIET")
}

/// Whether the locale's character set is UTF-8.
pub(crate) fn utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(read).find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn is_on(name: &str) -> bool {
    read(name).is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// What `CUDA_VISIBLE_DEVICES` says.
pub(crate) fn visible_gpus() -> Option<String> {
    read("CUDA_VISIBLE_DEVICES").and_then(|text| text.into_string().ok())
}

/// Where programs of tasks lie, instead of the folders of the crates that declare them.
pub(crate) fn program_folder() -> Option<OsString> {
    read("XPM_PROGRAM_DIR").filter(|folder| !folder.is_empty())
}

/// The run mode that the environment asks for.
pub(crate) fn run_mode() -> Option<String> {
    read("XPM_RUN_MODE").map(|text| text.to_string_lossy().into_owned()).filter(|text| !text.is_empty())
}

/// What the logs of jobs hold, instead of what the workspace says.
pub(crate) fn log_filter() -> Option<String> {
    read("XPM_LOG").map(|text| text.to_string_lossy().into_owned()).filter(|text| !text.is_empty())
}

/// The user's name, as the login program says it.
pub(crate) fn user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(read).map(|name| name.to_string_lossy().into_owned())
}

/// The folder of the crate that `cargo run` runs.
pub(crate) fn manifest_folder() -> Option<std::path::PathBuf> {
    read("CARGO_MANIFEST_DIR").map(Into::into)
}

/// The name of this machine.
pub(crate) fn host() -> String {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(read_host).clone()
}

/// Reads what never changes while this machine runs, for the processes that are copies of this one.
pub(crate) fn warm() {
    host();
    boot();
}

fn read_host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| read("HOSTNAME").map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// What names the time since this machine was started, where the system tells.
pub(crate) fn boot() -> Option<String> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    BOOT.get_or_init(|| read().map(|id| id.trim().to_owned())).clone()
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
