//! Tasks that end in every bad way there is.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::FromRawFd;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use xpm::prelude::*;

use crate::Call;
use crate::steps::Control;

/// Ends as `how` says.
#[task(id = "story.bad")]
pub struct Bad {
    pub how: String,
    pub control: Control,
}

impl Task for Bad {
    type Output = String;

    fn execute(&self, job: &JobContext) -> TaskResult<String> {
        match self.how.as_str() {
            "panic" => panic!("this is the {}", "message"),
            "panic-any" => std::panic::panic_any(42),
            "panic-lines" => panic!("first line\nsecond line"),
            "panic-in-thread" => thread::spawn(|| panic!("in a thread")).join().expect("it has panicked"),
            "panic-handed-on" => {
                let joined = thread::spawn(|| panic!("from a thread")).join();
                std::panic::resume_unwind(joined.expect_err("it panicked"))
            }
            "panic-handed-on-after-another" => {
                assert!(std::panic::catch_unwind(|| panic!("caught by the task")).is_err());
                let joined = thread::spawn(|| panic!("from a thread")).join();
                std::panic::resume_unwind(joined.expect_err("it panicked"))
            }
            "panic-elsewhere" => assert!(thread::spawn(|| panic!("nobody minds")).join().is_err()),
            "escapes" => return Err(xpm::Error::msg("\u{1b}[2J\u{1b}[31mred\u{1b}[0m\ttab\nsecond \u{7}line\u{202e}")),
            "error" => {
                let error = io::Error::new(io::ErrorKind::InvalidData, "third");
                let error = xpm::Error::new(error).context("second").context("first");
                return Err(error.context("outermost"));
            }
            "exit-3" => std::process::exit(3),
            "exit-0" => std::process::exit(0),
            "exit-120" => std::process::exit(120),
            "sigkill" => signal("KILL"),
            "sigsegv" => signal("SEGV"),
            "sigterm" => signal("TERM"),
            "abort" => std::process::abort(),
            "stack" => drop(recurse(0)),
            "print" => {
                let chunk = vec![b'x'; 1 << 20];
                for _ in 0..1024 {
                    io::stdout().write_all(&chunk)?;
                }
            }
            "close" => {
                #[expect(unsafe_code, reason = "what a careless program does")]
                // SAFETY: the standard library does not mind that these are closed.
                unsafe {
                    drop((File::from_raw_fd(1), File::from_raw_fd(2)));
                }
                println!("nobody reads this");
                eprintln!("nor this");
            }
            "delete" => fs::remove_dir_all(job.path())?,
            "delete-and-fail" => {
                fs::remove_dir_all(job.path())?;
                return Err(xpm::Error::msg("it deleted its folder"));
            }
            "delete-and-die" => {
                fs::remove_dir_all(job.path())?;
                signal("KILL");
            }
            "chdir" => {
                std::env::set_current_dir("/")?;
                assert!(!PathBuf::from("params.json").exists());
            }
            "child" | "child-and-die" => {
                let pid = self.control.folder.join("child");
                let status = Command::new("sh").args(["-c", "sleep 300 & echo $! > \"$0\""]).arg(pid).status()?;
                assert!(status.success());
                if self.how == "child-and-die" {
                    signal("KILL");
                }
            }
            "session" => {
                // The lock and the driver's files are not the task's.
                let open: Vec<_> = fs::read_dir("/proc/self/fd")?
                    .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
                    .map(|path| path.display().to_string())
                    .collect();
                return Ok(open.join("\n"));
            }
            other => return Err(xpm::Error::msg(format!("no way {other}"))),
        }
        Ok(format!("{} has ended well", self.how))
    }
}

fn signal(name: &str) {
    loop {
        // The standard library's handler lets a first SIGSEGV pass that comes from outside.
        let _ = Command::new("sh").args(["-c", &format!("kill -{name} $PPID")]).status();
    }
}

#[expect(unconditional_recursion, reason = "it is to overflow")]
#[inline(never)]
fn recurse(depth: u64) -> [u64; 512] {
    let mut frame = recurse(std::hint::black_box(depth + 1));
    frame[0] += std::hint::black_box(depth);
    frame
}

/// Runs one of these, and says what the driver needed for it.
pub fn bad(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        let job = Bad::config().how(call.texts()[0]).control(call.control()).submit(xp)?;
        job.wait()?;
        let status = fs::read_to_string("/proc/self/status")?;
        println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown"));
        println!("output: {}", job.output()?);
        Ok(())
    })
}

macro_rules! bad_output {
    ($($task:ident $id:tt $output:ty = $value:expr;)*) => {$(
        #[task(id = $id)]
        pub struct $task {}

        impl Task for $task {
            type Output = $output;

            fn execute(&self, _job: &JobContext) -> TaskResult<$output> {
                Ok($value)
            }
        }
    )*};
}
bad_output! {
    PairKeys "story.bad_output.map" BTreeMap<(u8, u8), u8> = BTreeMap::from([((1, 2), 3)]);
    NumberKeys "story.bad_output.number_keys" HashMap<u32, u8> = HashMap::from([(7, 3)]);
    NotANumber "story.bad_output.nan" Vec<f64> = vec![1.0, f64::NAN];
    Optional "story.bad_output.optional" Vec<Option<f64>> = vec![None, Some(f64::NAN)];
    Infinite "story.bad_output.infinite" f64 = f64::INFINITY;
    OneWay "story.bad_output.one_way" OneWayValue = OneWayValue { hidden: 1 };
}

/// Does not read back what it writes.
#[derive(serde::Serialize, serde::Deserialize, Debug)]
pub struct OneWayValue {
    #[serde(skip_serializing)]
    pub hidden: u8,
}

/// Outputs that JSON cannot hold.
pub fn bad_output(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        match call.texts()[0] {
            "map" => println!("{:?}", PairKeys::config().submit(xp)?.output()?),
            "number-keys" => println!("{:?}", NumberKeys::config().submit(xp)?.output()?),
            "nan" => println!("{:?}", NotANumber::config().submit(xp)?.output()?),
            "optional" => println!("{:?}", Optional::config().submit(xp)?.output()?),
            "infinite" => println!("{:?}", Infinite::config().submit(xp)?.output()?),
            "one-way" => println!("{:?}", OneWay::config().submit(xp)?.output()?),
            other => return Err(xpm::Error::msg(format!("no output {other}"))),
        }
        Ok(())
    })
}

/// Writes to `disk` until it is full.
pub fn fill_up(disk: &std::path::Path) -> io::Result<()> {
    let mut file = File::create(disk.join("filler"))?;
    for size in [4096, 1] {
        while file.write_all(&vec![b'x'; size]).is_ok() {}
    }
    Ok(())
}

/// Fills the disk up while it runs, if told so.
#[task(id = "story.fill")]
pub struct Fill {
    pub disk: PathBuf,
    pub control: Control,
}

impl Task for Fill {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        if self.control.exists("fill.job") {
            fill_up(&self.disk)?;
        }
        Ok("there was space".to_owned())
    }
}

/// A run on a disk that gets full: when, the control folder says.
pub fn fill(call: &Call) -> xpm::Result<()> {
    let disk = call.workdir.parent().expect("the workspace is a folder of the disk").to_owned();
    call.run(1, |xp| {
        if call.control.join("fill.plan").exists() {
            fill_up(&disk)?;
        }
        let job = Fill::config().disk(&*disk).control(call.control()).submit(xp)?;
        println!("{}", job.output()?);
        Ok(())
    })
}
