//! Fault points: the places where a crash or a failing system call is tried out by the tests.
//!
//! Every disk write, lock, start of a process and rename of driver and job calls [`point`] first. In a release build it
//! is nothing. In a debug build `XPM_FAULT_LOG=FILE` writes the name of each point that is reached into a file, a line
//! each, and `XPM_FAULT=ROLE NTH ACTION NAME` makes the NTH time (from 1) that a process in the role ROLE (`driver` or
//! `job`) reaches the point NAME fail: ACTION is `kill` (SIGKILL to itself), `wait:FILE` (until that file is there) or the number of a
//! system error.

#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn point(_step: &str, _what: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn point_of_server(_step: &str) {}

#[cfg(debug_assertions)]
pub(crate) use tried_out::{point, point_of_server};

#[cfg(debug_assertions)]
mod tried_out {
    use std::fs::OpenOptions;
    use std::io::{self, Write as _};
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Plan {
        log: Option<PathBuf>,
        fault: Option<Fault>,
        role: &'static str,
        reached: AtomicU32,
    }

    struct Fault {
        name: String,
        nth: u32,
        action: Action,
    }

    enum Action {
        Kill,
        Wait(PathBuf),
        Error(i32),
    }

    /// Where a fault can be tried out: `step` is about to be done to `what`.
    pub(crate) fn point(step: &str, what: &Path) -> io::Result<()> {
        static PLAN: OnceLock<Plan> = OnceLock::new();
        let plan = PLAN.get_or_init(read_plan);
        if plan.log.is_none() && plan.fault.is_none() {
            return Ok(());
        }
        let file = what.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{step} {}", generic(&file));
        if let Some(log) = &plan.log {
            let line = format!("{} {name}\n", plan.role);
            OpenOptions::new().create(true).append(true).open(log)?.write_all(line.as_bytes())?;
        }
        match &plan.fault {
            Some(fault) if fault.name == name && plan.reached.fetch_add(1, Ordering::SeqCst) + 1 == fault.nth => {
                match &fault.action {
                    Action::Kill => {
                        crate::sys::kill_self();
                        Ok(())
                    }
                    Action::Wait(file) => {
                        while !file.exists() {
                            std::thread::park_timeout(std::time::Duration::from_millis(2));
                        }
                        Ok(())
                    }
                    Action::Error(number) => Err(io::Error::from_raw_os_error(*number)),
                }
            }
            _ => Ok(()),
        }
    }

    /// A point of the fork server, where `XPM_FAULT=server NTH kill STEP` kills it. Its copies count their own points from the
    /// beginning, so it remembers nothing that they would have too, and is in no log.
    pub(crate) fn point_of_server(step: &str) {
        static REACHED: AtomicU32 = AtomicU32::new(0);
        let nth = REACHED.fetch_add(1, Ordering::SeqCst) + 1;
        if crate::settings::fault().is_some_and(|fault| fault == format!("server {nth} kill {step}")) {
            crate::sys::kill_self();
        }
    }

    /// Names that differ from run to run, as one.
    fn generic(file: &str) -> &str {
        let hidden = file.strip_prefix('.').and_then(|file| file.strip_suffix(".migrating"));
        let digits = hidden.unwrap_or(file);
        let identity = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let run = file.len() >= 15 && file.as_bytes()[8] == b'_' && file[..8].bytes().all(|b| b.is_ascii_digit());
        match file {
            _ if identity => "JOB",
            _ if run => "RUN",
            _ => file,
        }
    }

    fn read_plan() -> Plan {
        let role = if std::env::args_os().nth(1).is_some_and(|first| first == "xpm") { "job" } else { "driver" };
        let fault = crate::settings::fault().and_then(|text| {
            let mut parts = text.splitn(4, ' ');
            let (wanted, nth, action, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let action = match (action, action.strip_prefix("wait:")) {
                ("kill", _) => Action::Kill,
                (_, Some(file)) => Action::Wait(file.into()),
                _ => Action::Error(action.parse().ok()?),
            };
            (wanted == role).then_some(Fault { name: name.to_owned(), nth: nth.parse().ok()?, action })
        });
        Plan { log: crate::settings::fault_log().map(PathBuf::from), fault, role, reached: AtomicU32::new(0) }
    }
}
