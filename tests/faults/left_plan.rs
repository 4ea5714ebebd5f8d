//! Jobs that leave processes behind, and what a terminal's signals meet while runs begin and end.

#![expect(unsafe_code, reason = "the standard library has no fork without exec, and runs nothing before main")]

use std::fs;
use std::io::Write;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use xpm::prelude::*;

use crate::marker;
use crate::{Call, wait_while};

/// Does what `how` says when it is first run; later it ends well.
#[task(id = "faults.left")]
pub struct Left {
    pub how: String,
    pub control: PathBuf,
}

impl Task for Left {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        let Self { how, control } = self;
        let say = |name: &str| marker::append(&control.join(name), &std::process::id().to_string());
        let first = !control.join("started").exists();
        if first {
            match how.as_str() {
                "error" | "exit" | "abort" => fork(&control.join("child"))?,
                "return" => return_twice(control)?,
                "stubborn" => {
                    let script = "(trap '' TERM; exec sleep 1000) & echo $! > \"$0\"";
                    Command::new("sh").args(["-c", script]).arg(control.join("child")).status()?;
                }
                _ => {}
            }
        }
        say("started")?;
        wait_while(&control.join(format!("hold.{how}")))?;
        match how.as_str() {
            "error" | "return" if first => Err(xpm::Error::msg("the first attempt fails")),
            "exit" if first => std::process::exit(3),
            "abort" if first => std::process::abort(),
            _ => Ok(format!("{how} has ended well")),
        }
    }
}

/// Leaves a copy of this process behind, with all files that it has open, in a session of its own.
pub fn fork(pid_file: &Path) -> TaskResult<()> {
    use std::os::unix::process::CommandExt;
    unsafe extern "C" {
        fn setsid() -> i32;
    }
    let pid_path = pid_file.to_owned();
    let mut command = Command::new("true");
    // SAFETY: the copy does nothing but begin a session, write a file and sleep.
    unsafe {
        command.pre_exec(move || {
            setsid();
            fs::write(&pid_path, std::process::id().to_string())?;
            std::thread::sleep(Duration::from_secs(100));
            std::process::abort();
        });
    }
    // It returns when the copy has gone.
    std::thread::spawn(move || drop(command.spawn()));
    let begin = Instant::now();
    while !fs::read_to_string(pid_file).is_ok_and(|text| !text.is_empty()) {
        if begin.elapsed() > Duration::from_secs(50) {
            return Err(xpm::Error::msg("there is no copy"));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Has this process wait when it ends, as long as there is this file.
pub fn linger(hold: PathBuf) {
    static HOLD: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    unsafe extern "C" {
        fn atexit(handler: extern "C" fn()) -> i32;
    }
    extern "C" fn wait() {
        let _ = HOLD.get().map(|hold| wait_while(hold));
    }
    HOLD.get_or_init(|| hold);
    // SAFETY: the handler uses nothing that is gone when a process ends.
    unsafe { atexit(wait) };
}

/// Goes on twice: in a copy of this process too, which returns from the task when it may.
fn return_twice(control: &Path) -> TaskResult<()> {
    unsafe extern "C" {
        fn fork() -> i32;
    }
    // SAFETY: it takes nothing; the copy uses nothing that another thread of this process may have locked.
    if unsafe { fork() } == 0 {
        fs::write(control.join("child"), std::process::id().to_string())?;
        wait_while(&control.join("hold.copy"))?;
    }
    Ok(())
}

/// Runs one such job: `HOW [MILLISECONDS]`, the time limit. FAULTS_RETRIES says how often it is tried again.
pub fn left(call: &Call) -> xpm::Result<()> {
    call.run(2, |xp| {
        let mut job = Left::config().how(&*call.rest[0]).control(&*call.control);
        if let Ok(retries) = std::env::var("FAULTS_RETRIES") {
            job = job.max_retries(retries.parse()?).retry_delay(Duration::ZERO);
        }
        if let Some(limit) = call.rest.get(1) {
            job = job.resources(Resources::new().time(Duration::from_millis(limit.parse()?)));
        }
        println!("{}", job.submit(xp)?.output()?);
        Ok(())
    })
}

/// Two runs in one process at once, of the experiments `one` and `two`, each of a job that is called like it.
pub fn two(call: &Call) -> xpm::Result<()> {
    // Counted over both.
    let cpus = NonZeroU32::MIN.saturating_add(1);
    let run = |id: &str| {
        xpm::experiment(&call.workdir, id)
            .cpus(cpus)
            .run(|xp| Left::config().how(id).control(&*call.control).submit(xp)?.output().map(drop))
    };
    std::thread::scope(|scope| {
        let one = scope.spawn(|| run("one"));
        let two = run("two");
        one.join().map_err(|_| xpm::Error::msg("the first run panicked"))?.and(two)
    })
}

/// Where FAULTS_SLOW names a folder, a process of a job takes long to be loaded: it says so in `loading`, and waits before `main`
/// while there is `hold.load`.
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static LOAD: extern "C" fn() = load;

extern "C" fn load() {
    let Some(control) = std::env::var_os("FAULTS_SLOW").map(PathBuf::from) else { return };
    let line = fs::read("/proc/self/cmdline").unwrap_or_default();
    if line.split(|byte| *byte == 0).nth(2) == Some(b"job") {
        let loading = fs::OpenOptions::new().create(true).append(true).open(control.join("loading"));
        let _ = loading.and_then(|mut file| writeln!(file, "{}", std::process::id()));
        let _ = wait_while(&control.join("hold.load"));
    }
}
