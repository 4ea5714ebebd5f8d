//! The roles of a user's binary: its own `main`, and what is behind `xpm` on its command line.

use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::job::{CHECK, check_job, run_job};

static MARKED: AtomicBool = AtomicBool::new(false);

/// Whether `main` is marked with `#[xpm::main]`. Without it, a job's process would run the plan again.
pub(crate) fn is_marked() -> bool {
    MARKED.load(Ordering::Relaxed)
}

/// What `#[xpm::main]` calls first: returns for the program's own `main`, and ends the process for any other role.
pub fn dispatch() {
    MARKED.store(true, Ordering::Relaxed);
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|first| first != "xpm") {
        return;
    }
    let code = role(&args.collect::<Vec<_>>());
    #[expect(clippy::exit, reason = "the one place where the library ends the process: the program has another role")]
    std::process::exit(code.into());
}

fn role(args: &[OsString]) -> u8 {
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse::<u64>().ok());
    let (folder, attempt, time) = match args {
        #[cfg(target_os = "linux")]
        [command, ..] if command == "serve" => return crate::job::serve(),
        [command, check, folder] if command == "job" && check == CHECK => return check_job(Path::new(folder)),
        [command, folder, attempt] if command == "job" => (folder, number(attempt), None),
        [command, folder, attempt, time] if command == "job" => match number(time) {
            Some(time) => (folder, number(attempt), Some(Duration::from_millis(time))),
            None => return usage(),
        },
        #[cfg(feature = "cli")]
        [command, ..] if command == "job" => return usage(),
        #[cfg(feature = "cli")]
        _ => return crate::cli::roles::run(args),
        #[cfg(not(feature = "cli"))]
        _ => return usage(),
    };
    match attempt.and_then(|attempt| u32::try_from(attempt).ok()) {
        Some(attempt) => run_job(Path::new(folder), attempt, time),
        None => usage(),
    }
}

#[expect(clippy::print_stderr, reason = "the answer to a wrong command line")]
fn usage() -> u8 {
    eprintln!(
        "usage: PROGRAM xpm job FOLDER ATTEMPT [MILLISECONDS]\n\nRuns one job of a workspace. Experiments call this; people need not."
    );
    2
}
