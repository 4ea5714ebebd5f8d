//! Tasks that an external program does: `#[task(program = ["python3", "train.py"])]`. The contract between a program and
//! xpm is told in docs/programs.md.
//!
//! The job's process starts the program in its own session and group, so that whatever stops the job reaches it, tells it
//! its arguments, reads its events while it runs, and its value when it has ended.

mod command;
mod events;
mod flags;
mod hear;
mod leftover;
mod run;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::JobContext;
use crate::fault;
use crate::files;
use crate::workspace::{Durability, Failure, write_atomic};

/// The exit code (`EX_TEMPFAIL`) with which the program of a resumable task says that it ran out of time.
pub const OUT_OF_TIME: i32 = 75;

/// What a program gives unless its task says otherwise.
pub type ProgramValue = serde_json::Value;

/// A program, as its task declares it.
#[derive(Debug)]
pub struct Program {
    /// The program, and what always stands on its command line.
    pub words: &'static [&'static str],
    /// How it gets its arguments.
    pub arguments: ProgramArguments,
    /// The folder of the crate that declares the task, when it was compiled.
    pub folder: Option<&'static str>,
}

/// How a program gets its arguments, beside the file `XPM_PARAMS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramArguments {
    /// As flags: `--lr 0.1 --model.layers 3`.
    Flags,
    /// As the path of the file.
    Json,
    /// Not at all.
    None,
}

/// Why a program gave no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgramError {
    /// Its arguments cannot be told.
    #[error("{0}")]
    Arguments(String),
    /// It cannot be started.
    #[error("{0}")]
    Start(String),
    /// It ended badly.
    #[error("{0}")]
    Failed(Failure),
    /// What it wrote is no value of the task.
    #[error("{0}")]
    Output(String),
}

impl ProgramError {
    /// The failure that is recorded.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Arguments(message) => Failure::Arguments { message: message.clone() },
            Self::Start(message) => Failure::Error { chain: vec![message.clone()] },
            Self::Failed(failure) => failure.clone(),
            Self::Output(message) => Failure::Output { message: message.clone() },
        }
    }
}

/// The files of a job's folder by which xpm and the program speak.
#[derive(Debug)]
struct Files {
    /// The arguments, `XPM_PARAMS`.
    arguments: PathBuf,
    /// What the program gives, `XPM_OUTPUT`.
    output: PathBuf,
    /// What it says while it runs, `XPM_EVENTS`.
    events: PathBuf,
    /// What the job had been told before these events.
    begun: PathBuf,
    /// What was run, for people.
    command: PathBuf,
}

impl Files {
    fn of(job: &JobContext) -> Self {
        let own = job.path().join(".xpm");
        let file = |name: &str| own.join(name);
        Self {
            arguments: file("arguments.json"),
            output: file("output.json"),
            events: file("events.jsonl"),
            begun: file("events_begun.json"),
            command: file("command.json"),
        }
    }
}

/// Runs the program for a job, and gives the value that it wrote. Called by generated code.
///
/// # Errors
/// If the program cannot be started, ends badly, or writes something that is no `T`.
pub fn run_program<T: DeserializeOwned>(program: &Program, job: &JobContext) -> Result<T, anyhow::Error> {
    // The group is asked to stop, and so the program is; this process stays to record what comes of it.
    job.catch_stops();
    let files = Files::of(job);
    let arguments = job.plain_arguments().map_err(|error| ProgramError::Arguments(error.to_string()))?;
    let json = arguments.to_json().map_err(|error| ProgramError::Arguments(error.to_string()))?;
    let mut text = serde_json::to_vec_pretty(&json)?;
    text.push(b'\n');
    write_atomic(&files.arguments, &text, Durability::Lazy)
        .map_err(|error| cannot("written", &files.arguments, &error))?;
    leftover::tell(&files, job)?;
    // What an earlier attempt left is neither this one's value nor its events.
    for file in [&files.output, &files.events] {
        match fault::point("remove", file).and_then(|()| fs::remove_file(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot("removed", file, &error).into()),
            _ => {}
        }
    }
    leftover::begin(&files, job)?;
    let created = fault::point("create", &files.events).and_then(|()| fs::File::create(&files.events));
    created.map_err(|error| cannot("made", &files.events, &error))?;
    let command = command::Command::of(program, &arguments, &files, job)?;
    command.record(&files.command);
    let end = run::run(program, &command, &files, job)?;
    if let Some(error) = end.untold {
        return Err(error);
    }
    let stopped = job.stop_requested();
    match (end.code, end.signal) {
        // A program that ends well since it was asked to stop has not come to its end, unless it gave a value.
        (Some(0), _) if stopped && !files.output.exists() => {
            let message = "the program was asked to stop and ended without having written XPM_OUTPUT".to_owned();
            Err(ProgramError::Start(message).into())
        }
        (Some(0), _) => Ok(output(&files.output)?),
        (Some(OUT_OF_TIME), _) if job.is_resumable() => Err(job.out_of_time()),
        (code, signal) => {
            let failure = match end.out_of_memory {
                true => Failure::OutOfMemory,
                false => Failure::Program { program: command.shown(), code, signal, stderr: command::last_lines(job) },
            };
            Err(ProgramError::Failed(failure).into())
        }
    }
}

fn cannot(what: &str, file: &Path, error: &io::Error) -> ProgramError {
    ProgramError::Start(format!("{} cannot be {what}: {error}", file.display()))
}

/// What the program wrote to `XPM_OUTPUT`; nothing is `null`.
fn output<T: DeserializeOwned>(path: &Path) -> Result<T, ProgramError> {
    let here = path.display();
    let name = std::any::type_name::<T>();
    let text = match fault::point("read", path).and_then(|()| files::read(path)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return serde_json::from_str("null").map_err(|_| {
                ProgramError::Output(format!(
                    "the program has not written XPM_OUTPUT ({here}), and its task gives a `{name}`"
                ))
            });
        }
        Err(error) => return Err(ProgramError::Output(format!("XPM_OUTPUT ({here}) cannot be read: {error}"))),
    };
    serde_json::from_slice(&text).map_err(|error| {
        let what = if error.is_data() { format!("is no `{name}`") } else { "is no JSON".to_owned() };
        // Python writes numbers that JSON does not have.
        let line = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
        let from = error.column().saturating_sub(3).min(line.len());
        let near = String::from_utf8_lossy(&line[from..line.len().min(from + 12)]).into_owned();
        let hint = match !error.is_data() && ["NaN", "Infinity"].iter().any(|name| near.contains(name)) {
            true => "; JSON has no NaN and no infinite numbers: write null or a text",
            false => "",
        };
        ProgramError::Output(format!("what the program wrote to XPM_OUTPUT ({here}) {what}: {error}{hint}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn an_output_is_read_as_what_the_task_gives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.json");
        let write = |text: &str| write_atomic(&path, text.as_bytes(), Durability::Lazy).unwrap();
        assert_eq!(output::<Json>(&path).unwrap(), Json::Null);
        output::<()>(&path).unwrap();
        let missing = output::<f64>(&path).unwrap_err().to_string();
        assert!(missing.contains("has not written XPM_OUTPUT") && missing.contains("`f64`"), "{missing}");
        write("{\"map\": 0.25}\n");
        assert_eq!(output::<Json>(&path).unwrap(), json!({"map": 0.25}));
        let says = |error: Option<ProgramError>, says: &str| {
            let error = error.map_or_else(String::new, |error| error.to_string());
            assert!(error.contains("output.json") && error.contains(says), "{says}: {error}");
        };
        for (text, message) in [
            ("", "is no JSON: EOF while parsing a value at line 1 column 0"),
            ("{\n \"map\": 0.2,\n}", "line 3 column 1"),
            ("[1] [2]", "is no JSON: trailing characters at line 1 column 5"),
            ("{\n\"map\": NaN}", "line 2 column 8; JSON has no NaN"),
            ("[-Infinity]", "JSON has no NaN"),
        ] {
            write(text);
            says(output::<Json>(&path).err(), message);
        }
        write("\"text\"");
        says(output::<f64>(&path).err(), "is no `f64`: invalid type: string \"text\"");
    }
}
