//! What a job that waits costs the driver in memory, and in time to submit.
//!
//! `cargo bench --bench waiting [-- N]` submits N jobs, 100,000 unless told otherwise, behind one that is held, without tags, with one
//! and with two, each in a process of its own, and prints how much the driver's memory has grown for each of them. Linux only.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use xpm::prelude::*;

/// Runs as long as its file is there.
#[task(id = "bench.held")]
struct Held {
    /// The file
    hold: PathBuf,
}

impl Task for Held {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        while self.hold.exists() {
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(xpm::Error::msg("what waits for this is not to be run"))
    }
}

/// Waits for the other.
#[task(id = "bench.waits")]
struct Waits {
    /// Tells jobs apart
    n: u64,
    /// In tags only
    seed: u64,
}

impl Task for Waits {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[xpm::main]
fn main() -> xpm::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [command, tags, count] = args.as_slice()
        && command == "measure"
    {
        return measure(tags.parse()?, count.parse()?);
    }
    let count: u64 = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    println!("{count} jobs that wait");
    for tags in 0..=2_u64 {
        let status = Command::new(std::env::current_exe()?)
            .arg("measure")
            .arg(tags.to_string())
            .arg(count.to_string())
            .status()?;
        if !status.success() {
            return Err(xpm::Error::msg(format!("with {tags} tags: {status}")));
        }
    }
    Ok(())
}

fn measure(tags: u64, count: u64) -> xpm::Result<()> {
    let folder = tempfile::tempdir()?;
    let hold = folder.path().join("hold");
    fs::File::create(&hold)?;
    let run = xpm::experiment(folder.path().join("work"), "waiting").reporter(xpm::report::Silent).run(|xp| {
        let held = Held::config().hold(&hold).submit(xp)?;
        let (before, begin) = (memory("VmRSS:"), Instant::now());
        for n in 0..count {
            let (n, seed) = match tags {
                0 => (Waits::config().n(n), 0),
                _ => (Waits::config().n(tag(n)), n),
            };
            let job = match tags {
                2 => n.seed(tag(seed)),
                _ => n.seed(seed),
            };
            job.add_dependency(&held).submit(xp)?;
        }
        let grown = memory("VmRSS:").zip(before).map_or(0, |(after, before)| after.saturating_sub(before));
        let (each, took) = (grown as f64 * 1024.0 / count as f64, begin.elapsed().as_secs_f64() * 1e6 / count as f64);
        println!("  {tags} tags: {each:.0} B and {took:.1} µs to submit each");
        Ok(fs::remove_file(&hold)?)
    });
    // All have failed, as they are to: nothing of them is run.
    match run {
        Err(error) if error.downcast_ref::<xpm::RunError>().is_some() => Ok(()),
        other => other,
    }
}

/// A figure of this process, in KiB.
fn memory(figure: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(figure))?.trim().split(' ').next()?.parse().ok()
}
