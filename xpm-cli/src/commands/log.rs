//! `xpm log JOB`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use xpm_core::state::{JobInfo, Workspace};

use crate::context::Context;
use crate::names::{full_name, path_text};
use crate::output;

/// Print what a job has written to standard output, or to standard error
#[derive(Args)]
pub(crate) struct Log {
    /// The job: the first digits of its identity, or TASK/DIGITS
    job: String,
    /// Standard error instead of standard output
    #[arg(long, short)]
    err: bool,
    /// Go on as it is written, through retries, until the job has ended
    #[arg(long, short)]
    follow: bool,
    /// Only the last lines
    #[arg(long, short = 'n', value_name = "LINES")]
    lines: Option<usize>,
}

/// How often a followed file is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often everything is looked at while a job waits.
const LOOK_AT_ALL: Duration = Duration::from_secs(1);

pub(crate) fn run(context: &Context, args: &Log) -> anyhow::Result<ExitCode> {
    let workspace = context.workspace()?;
    let job = workspace.snapshot_of(&args.job).job(&args.job)?;
    let path = if args.err { job.stderr_path() } else { job.stdout_path() };
    if context.json && !args.follow {
        let mut text = if path.exists() { read_all(&path)? } else { Vec::new() };
        text.drain(..args.lines.map_or(0, |lines| last_lines(&text, lines)));
        let text = String::from_utf8_lossy(&text);
        output::json(&serde_json::json!({"job": full_name(&job), "path": path_text(&path), "text": text}))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.follow {
        return follow(&workspace, &job, &path, args.lines);
    }
    if !path.exists() {
        output::error_line(&format!("note: {} is {} and has written nothing yet", job.key(), job.state_name()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = read_all(&path)?;
    if let Some(lines) = args.lines {
        text.drain(..last_lines(&text, lines));
    }
    match String::from_utf8(text) {
        Ok(text) => output::page(context, &text)?,
        // As it is: it may be no text at all.
        Err(error) => io::stdout().write_all(error.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens a log; nothing else, which might be waited for without end.
fn open_log(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::other(format!("{} is no file", path.display())))
}

fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match open_log(path) {
        Ok(mut file) => file.read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

/// Where the last lines begin.
fn last_lines(text: &[u8], lines: usize) -> usize {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    match lines {
        0 => text.len(),
        _ => ends.map(|(place, _)| place + 1).nth(lines - 1).unwrap_or(0),
    }
}

fn follow(workspace: &Workspace, job: &JobInfo, path: &Path, lines: Option<usize>) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout();
    let mut open: Option<(File, u64)> = None;
    let mut first = true;
    let mut looked: Option<(Instant, &'static str)> = None;
    loop {
        // Before the file is read, so that what was written before the job ended is not missed.
        let now = workspace.read_job(&job.key());
        let mut state = now.as_ref().map_or("gone", JobInfo::state_name);
        if matches!(state, "done" | "running" | "starting") {
            looked = None;
        } else {
            // A run that is alive may be about to start it, or to try it again. That takes a look at everything.
            if looked.is_none_or(|(at, _)| at.elapsed() >= LOOK_AT_ALL) {
                let all = workspace.snapshot();
                looked = Some((Instant::now(), all.get(&job.key()).map_or(state, |job| job.state_name())));
            }
            state = looked.map_or(state, |(_, seen)| seen);
        }
        let there = std::fs::metadata(path).ok().map(|metadata| metadata.ino());
        if let Some((file, inode)) = &mut open {
            copy(file, &mut out)?;
            if there != Some(*inode) {
                // Another attempt has begun: its log is a new file.
                open = None;
            }
        }
        if open.is_none()
            && let Some(inode) = there
            && let Ok(mut file) = open_log(path)
        {
            if !first {
                output::error_line("xpm: another attempt begins");
            }
            if let (true, Some(lines)) = (first, lines) {
                let text = read_all(path)?;
                file.seek(SeekFrom::Start(last_lines(&text, lines) as u64))?;
            }
            copy(&mut file, &mut out)?;
            first = false;
            open = Some((file, inode));
        }
        if matches!(state, "done" | "failed" | "unreadable" | "unstarted" | "gone") {
            output::error_line(&format!("xpm: {} is {state}", job.key()));
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(LOOK);
    }
}

fn copy(file: &mut File, out: &mut io::Stdout) -> io::Result<()> {
    io::copy(file, out)?;
    out.flush()
}
