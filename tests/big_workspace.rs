//! Makes a workspace of N finished jobs, to measure readers on: `big_workspace FOLDER N [RUNS]`.
//!
//! The files are those that jobs and drivers write: arguments with a nested configuration and a job they refer to, records
//! with output, metrics of every tenth job, one failure in fifty, a journal for each run that submitted them all.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, reason = "makes files to measure on")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A number that looks random and is always the same.
fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn identity(number: u64) -> String {
    (0..4).fold(String::new(), |mut text, part| {
        write!(text, "{:016x}", mix(number * 4 + part)).unwrap();
        text
    })
}

/// A time of 2026, `seconds` after its first of October.
fn time(seconds: u64) -> String {
    let (day, rest) = (seconds / 86_400 % 30, seconds % 86_400);
    format!("2026-10-{:02}T{:02}:{:02}:{:02}.{:03}Z", day + 1, rest / 3600, rest / 60 % 60, rest % 60, seconds % 1000)
}

const PREPARE: u64 = u64::MAX / 8;

fn job(root: &Path, number: u64) -> std::io::Result<()> {
    let id = identity(number);
    let prepare = identity(PREPARE);
    let folder = root.join("jobs/bench.rank").join(&id);
    fs::create_dir_all(folder.join(".xpm"))?;
    let (k1, b, seed) = (0.5 + (number % 20) as f64 / 10.0, (number / 20 % 10) as f64 / 10.0, number / 200);
    fs::write(
        folder.join("params.json"),
        format!(
            r#"{{
  "format": 1, "task": "bench.rank", "identity": "{id}",
  "jobs": [{{"task": "bench.prepare", "identity": "{prepare}"}}],
  "configs": [
    {{"type": "bench.bm25", "args": {{"k1": {k1:?}, "b": {b:?}, "delta": false, "threads": 4}}, "set_at": {{"k1": "src/main.rs:20:18", "b": "src/main.rs:20:32"}}}},
    {{"type": "bench.collection", "args": {{"name": "robust", "path": {{"$path": "/data/robust04"}}}}, "set_at": {{"name": "src/main.rs:12:46"}}}},
    {{"type": "bench.rank", "args": {{"model": {{"$config": 0}}, "collection": {{"$config": 1}}, "index": {{"$job": 0}}, "depth": 1000, "seed": {seed}}}, "set_at": {{"model": "src/main.rs:19:10"}}}}
  ]
}}
"#
        ),
    )?;
    let failed = number % 50 == 17;
    let begin = number * 3 % 2_500_000;
    let (outcome, end) = if failed {
        (
            r#""failed", "failure": {"reason": "error", "chain": ["reading the index", "No such file or directory (os error 2)"]}"#,
            "",
        )
    } else {
        (r#""done""#, "value")
    };
    let value = match end {
        "" => String::new(),
        _ => format!(
            r#", "value": {{"map": {}, "ndcg": {}, "topics": 250}}"#,
            mix(number) as f64 / u64::MAX as f64,
            mix(number + 7) as f64 / u64::MAX as f64
        ),
    };
    fs::write(
        folder.join("status.json"),
        format!(
            "{{\"format\": 1, \"task\": \"bench.rank\", \"identity\": \"{id}\", \"outcome\": {outcome}, \"attempt\": 1, \"start\": \"{}\", \"end\": \"{}\", \"host\": \"node{:02}\", \"cpu_seconds\": {}.25, \"peak_memory_bytes\": {}{value}}}\n",
            time(begin),
            time(begin + 40 + number % 90),
            number % 12,
            30 + number % 60,
            200_000_000 + number * 4096 % 900_000_000,
        ),
    )?;
    fs::write(folder.join("stdout.log"), "")?;
    fs::write(folder.join("stderr.log"), if failed { "reading the index: No such file or directory\n" } else { "" })?;
    fs::write(
        folder.join(".xpm/lock"),
        format!(
            "{{\"format\":1,\"attempt\":1,\"host\":\"node{:02}\",\"pid\":4711,\"start\":\"{}\"}}\n",
            number % 12,
            time(begin)
        ),
    )?;
    if number.is_multiple_of(10) {
        let mut text = String::new();
        for step in 0..100 {
            writeln!(text, r#"{{"name":"loss","step":{step},"value":{}}}"#, 1.0 / f64::from(step + 1)).unwrap();
        }
        fs::write(folder.join(".xpm/metrics.jsonl"), text)?;
    }
    Ok(())
}

fn sealed(text: &mut String, line: &str) {
    writeln!(text, "{line},\"sum\":\"{:08x}\"}}", crc32fast::hash(line.as_bytes())).unwrap();
}

fn run(root: &Path, number: u64, jobs: u64) -> std::io::Result<()> {
    let id = format!("202610{:02}_120000", number + 1);
    let folder = root.join("experiments/bench").join(&id);
    fs::create_dir_all(folder.join("jobs"))?;
    fs::create_dir_all(folder.join("results"))?;
    let mut text = String::with_capacity(usize::try_from(jobs).unwrap() * 700);
    let prepare = identity(PREPARE);
    for number in 0..jobs {
        let job = format!("bench.rank/{}", identity(number));
        let (k1, b, seed) = (0.5 + (number % 20) as f64 / 10.0, (number / 20 % 10) as f64 / 10.0, number / 200);
        let time = time(number * 3);
        sealed(
            &mut text,
            &format!(
                r#"{{"time":"{time}","event":"submitted","job":"{job}","name":"bench.rank_b={b:?}_k1={k1:?}_seed={seed}","tags":{{"b":{b:?},"k1":{k1:?},"seed":{seed}}},"at":"src/main.rs:22","state":"waiting","depends_on":["bench.prepare/{prepare}"]"#
            ),
        );
        sealed(&mut text, &format!(r#"{{"time":"{time}","event":"started","job":"{job}","attempt":1"#));
        let end = if number % 50 == 17 {
            r#""failed","failure":{"reason":"error","chain":["reading the index"]},"ran":true"#
        } else {
            r#""done","ran":true"#
        };
        sealed(&mut text, &format!(r#"{{"time":"{time}","event":"ended","job":"{job}","state":{end}"#));
    }
    fs::write(folder.join("journal.jsonl"), text)?;
    let day = number + 1;
    fs::write(
        folder.join("run.json"),
        format!(
            "{{\"format\":1,\"experiment\":\"bench\",\"run\":\"{id}\",\"status\":\"failed\",\"start\":\"2026-10-{day:02}T12:00:00.000Z\",\"end\":\"2026-10-{day:02}T20:00:00.000Z\",\"host\":\"node01\",\"pid\":4711,\"jobs\":{jobs},\"failed\":{}}}\n",
            jobs / 50
        ),
    )
}

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, root, jobs, rest @ ..] = &args[..] else {
        println!("usage: big_workspace FOLDER N [RUNS]");
        return Ok(());
    };
    let (root, jobs) = (Path::new(root), jobs.parse::<u64>().expect("N is a number"));
    let runs = rest.first().map_or(2, |text| text.parse::<u64>().expect("RUNS is a number"));
    fs::create_dir_all(root.join("jobs"))?;
    fs::write(root.join("xpm.toml"), "format = 1\n")?;
    for number in 0..jobs {
        job(root, number)?;
    }
    for number in 0..runs {
        run(root, number, jobs)?;
    }
    Ok(())
}
