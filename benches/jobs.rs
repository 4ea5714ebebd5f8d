//! How long it takes to submit and finish jobs that do nothing, beside `xargs -P` starting the same binary as often.
//!
//! `cargo bench --bench jobs [-- N]` prints both times, their ratio, and the peak memory of the driver. The yardstick is run before
//! and after, since machines drift.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::fs;
use std::num::NonZeroU32;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use xpm::prelude::*;

/// Does nothing.
#[task(id = "bench.noop")]
struct Noop {
    /// Tells jobs apart
    n: u64,
}

impl Task for Noop {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

const PARALLEL: u32 = 2;

#[xpm::main]
fn main() -> xpm::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "nothing") {
        return Ok(());
    }
    let count = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(2_000);
    let cpu_start = cpu_time();
    let before = xargs(count)?;
    let workdir = tempfile::tempdir()?;
    let cpu_between = cpu_time();
    let cold = run(workdir.path(), count)?;
    let cpu_end = cpu_time();
    let memory = peak_memory();
    let warm = run(workdir.path(), count)?;
    let after = xargs(count)?;
    let yardstick = (before + after) / 2;
    println!("{count} jobs that do nothing, {PARALLEL} at a time");
    println!("  xargs -P{PARALLEL}, same binary: {before:.2?} before, {after:.2?} after");
    println!("  xpm: {cold:.2?}, {:.2} of xargs' rate", yardstick.as_secs_f64() / cold.as_secs_f64());
    let cpu = |start: Option<Duration>, end: Option<Duration>| {
        let spent = end.zip(start).map_or(Duration::ZERO, |(end, start)| end.saturating_sub(start));
        spent.as_secs_f64() * 1e6 / count as f64
    };
    println!(
        "  CPU time a job, everything counted: xargs {:.0} µs, xpm {:.0} µs",
        cpu(cpu_start, cpu_between),
        cpu(cpu_between, cpu_end)
    );
    println!("  xpm again, all done before: {warm:.2?}, {:.1} µs a job", warm.as_secs_f64() * 1e6 / count as f64);
    println!("  peak memory of the driver: {} KiB", memory.unwrap_or(0));
    Ok(())
}

fn run(workdir: &std::path::Path, count: u64) -> xpm::Result<Duration> {
    let start = Instant::now();
    let cpus = NonZeroU32::new(PARALLEL).ok_or_else(|| xpm::Error::msg("no CPUs"))?;
    xpm::experiment(workdir, "noop").cpus(cpus).reporter(xpm::report::Silent).run(|xp| {
        for n in 0..count {
            Noop::config().n(n).submit(xp)?;
        }
        Ok(())
    })?;
    Ok(start.elapsed())
}

fn xargs(count: u64) -> xpm::Result<Duration> {
    let start = Instant::now();
    let numbers = Command::new("seq").arg(count.to_string()).stdout(Stdio::piped()).spawn()?;
    let input = numbers.stdout.ok_or_else(|| xpm::Error::msg("seq has no output"))?;
    let status = Command::new("xargs")
        .args([&format!("-P{PARALLEL}"), "-n1"])
        .arg(std::env::current_exe()?)
        .arg("nothing")
        .stdin(input)
        .status()?;
    if !status.success() {
        return Err(xpm::Error::msg(format!("xargs: {status}")));
    }
    Ok(start.elapsed())
}

/// Of this process and of those it has waited for, from Linux's clock ticks of 10 ms.
fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(4);
    let ticks = fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>();
    Some(Duration::from_millis(ticks * 10))
}

/// In KiB.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().split(' ').next()?.parse().ok()
}
