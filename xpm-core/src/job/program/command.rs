//! The command line of a program, its environment, and what is kept of both.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::flags::flags;
use super::{Files, Program, ProgramArguments, ProgramError};
use crate::config::PlainData;
use crate::job::JobContext;
use crate::workspace::{Durability, FORMAT, write_atomic};

/// How many lines of standard error a failure keeps.
const LINES: usize = 20;

/// What is started.
#[derive(Debug)]
pub(super) struct Command {
    /// As it is declared.
    words: &'static [&'static str],
    /// The whole command line, the program first.
    pub(super) line: Vec<OsString>,
    /// What the program finds in its environment.
    pub(super) environment: Vec<(String, OsString)>,
    /// The files of the crate that the command line names.
    scripts: Vec<PathBuf>,
}

impl Command {
    pub(super) fn of(
        program: &Program,
        arguments: &PlainData,
        files: &Files,
        job: &JobContext,
    ) -> Result<Self, ProgramError> {
        let mut scripts = Vec::new();
        let mut line: Vec<OsString> = Vec::new();
        for (i, word) in program.words.iter().enumerate() {
            // As in a shell: the program itself is a file only if its name says so, else it is looked for in PATH.
            let may_be_file = i > 0 || word.contains('/');
            match may_be_file.then(|| find(word, program, job)).flatten() {
                Some(file) => {
                    line.push(file.clone().into());
                    scripts.push(file);
                }
                None => line.push(word.into()),
            }
        }
        match program.arguments {
            ProgramArguments::Flags => {
                let PlainData::Config { arguments, .. } = arguments else {
                    return Err(ProgramError::Arguments("a task's arguments are no configuration".to_owned()));
                };
                line.extend(flags(arguments).map_err(|error| ProgramError::Arguments(error.to_string()))?);
            }
            ProgramArguments::Json => line.push(files.arguments.clone().into()),
            ProgramArguments::None => {}
        }
        let environment: [(&str, OsString); 8] = [
            ("XPM_JOB_DIR", job.path().into()),
            ("XPM_JOB_ID", job.id().to_string().into()),
            ("XPM_TASK", job.task().into()),
            ("XPM_ATTEMPT", job.attempt().to_string().into()),
            ("XPM_SEED", job.seed().to_string().into()),
            ("XPM_PARAMS", files.arguments.clone().into()),
            ("XPM_OUTPUT", files.output.clone().into()),
            ("XPM_EVENTS", files.events.clone().into()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let partials = job.partials().iter().map(|folder| (folder.variable(), folder.path().into()));
        let environment = environment.into_iter().chain(partials).collect();
        Ok(Self { words: program.words, line, environment, scripts })
    }

    /// The program as it is declared, for messages.
    pub(super) fn shown(&self) -> String {
        self.words.join(" ")
    }

    /// What to say when the program cannot be started.
    pub(super) fn cannot_start(&self, program: &Program, error: &std::io::Error) -> ProgramError {
        let name = self.words[0];
        let said = match error.raw_os_error() {
            Some(libc::ENOENT) if name.contains('/') && self.scripts.is_empty() => format!(
                "there is no program `{name}`{}; a relative name is looked for in the folder of the crate that declares \
                 the task, or in XPM_PROGRAM_DIR if that is set",
                program.folder.map(|folder| format!(" in {folder}")).unwrap_or_default()
            ),
            Some(libc::ENOENT) if name.contains('/') => {
                format!("`{name}` names in its first line (`#!…`) a program that does not exist")
            }
            Some(libc::ENOENT) => {
                let beside = program.folder.map(|folder| Path::new(folder).join(name)).filter(|file| file.is_file());
                let hint = beside.map(|file| format!("; for {} write `\"./{name}\"`", file.display()));
                format!("there is no program `{name}` in PATH{}", hint.unwrap_or_default())
            }
            Some(libc::EACCES) => {
                format!("`{name}` may not be executed: `chmod +x` it, or name the program that runs it first ({error})")
            }
            Some(libc::E2BIG) => {
                "its arguments are too long for a command line: hand them over with `arguments = json`".to_owned()
            }
            _ => format!("`{}` cannot be started: {error}", self.shown()),
        };
        ProgramError::Start(said)
    }

    /// Keeps what is run, and digests of the scripts, for people who ask later. It is no part of the result.
    pub(super) fn record(&self, path: &Path) {
        let line: Vec<_> = self.line.iter().map(|word| word.to_string_lossy()).collect();
        let digests = self.scripts.iter().map(|script| {
            let digest = std::fs::read(script).map(|text| hex(&Sha256::digest(&text)));
            (script.to_string_lossy().into_owned(), digest.ok().into())
        });
        let digests: serde_json::Map<String, serde_json::Value> = digests.collect();
        let record = json!({"format": FORMAT, "command": line, "scripts": digests});
        if let Ok(text) = serde_json::to_vec_pretty(&record) {
            let _ = write_atomic(path, &text, Durability::Lazy);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The file that a relative word names: in `XPM_PROGRAM_DIR` if that is set, or else in the folder of the crate that
/// declares the task, or where the plan was started.
fn find(word: &str, program: &Program, job: &JobContext) -> Option<PathBuf> {
    if word.is_empty() || Path::new(word).is_absolute() {
        return None;
    }
    let folders = match crate::settings::program_folder() {
        Some(folder) => vec![std::path::absolute(folder).ok()?],
        None => program.folder.map(PathBuf::from).into_iter().chain(job.started_in().map(Path::to_owned)).collect(),
    };
    folders.into_iter().map(|folder| folder.join(without_dot(word))).find(|file| file.is_file())
}

fn without_dot(word: &str) -> &OsStr {
    OsStr::new(word.strip_prefix("./").unwrap_or(word))
}

/// The last lines of the job's standard error.
pub(super) fn last_lines(job: &JobContext) -> Vec<String> {
    crate::report::tail(&job.path().join("stderr.log"), LINES)
}
