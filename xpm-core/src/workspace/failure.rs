//! The ways in which a job fails, as data.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::JobKey;
use crate::printable::text;

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// `execute` returned an error.
    Error {
        /// The error and its causes, outermost first.
        chain: Vec<String>,
    },
    /// `execute` panicked.
    Panicked {
        /// The panic's message.
        message: String,
        /// `file:line:column`.
        location: Option<String>,
    },
    /// The process ended by itself, with this exit code, before `execute` returned.
    Exited {
        /// The exit code.
        code: i32,
    },
    /// The program that does the task's work ended badly.
    Program {
        /// The program, as the task declares it.
        program: String,
        /// Its exit code, unless a signal ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
        /// The signal that ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// The last lines of its standard error.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stderr: Vec<String>,
    },
    /// A signal ended the process.
    Signaled {
        /// The signal's number.
        signal: i32,
    },
    /// The arguments could not be read back in the job's process.
    Arguments {
        /// What is wrong.
        message: String,
    },
    /// What `execute` returned could not be kept.
    Output {
        /// What is wrong.
        message: String,
    },
    /// A job that this one depends on failed; this one was not started.
    DependencyFailed {
        /// The job that failed.
        job: JobKey,
    },
    /// The process could not be started.
    LaunchFailed {
        /// What is wrong.
        message: String,
    },
    /// It ran for longer than its time limit, or gave up in time (`job.out_of_time()`).
    TimedOut {
        /// The limit of that attempt. `None` if it gave up without one, or if the record does not say.
        #[serde(default, rename = "limit_seconds", with = "seconds", skip_serializing_if = "Option::is_none")]
        limit: Option<Duration>,
    },
    /// It was killed for want of memory.
    OutOfMemory,
    /// It was stopped on request.
    Stopped,
    /// The process is gone and left no record.
    Lost,
}

/// Seconds as a number. One that is no length of time is none: the failure is what counts.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(limit: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        limit.map(|limit| limit.as_secs_f64()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(from)?;
        Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
    }
}

impl Failure {
    /// Whether another attempt may go better. Of a resumable job, an attempt that ran out of time is continued by the next.
    pub(crate) fn may_pass(&self, resumable: bool) -> bool {
        match self {
            Failure::TimedOut { .. } => resumable,
            Failure::Arguments { .. } | Failure::DependencyFailed { .. } | Failure::Stopped => false,
            _ => true,
        }
    }

    /// Whether an attempt that ended so counts against the retries of a resumable job: not one that was stopped, and
    /// not one that nobody saw end, as when its machine went down.
    pub(crate) fn uses_up_a_retry(&self) -> bool {
        self.may_pass(true) && *self != Failure::Lost
    }
}

/// In words, for a terminal: what tasks have written is without its control sequences.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Error { chain } => f.write_str(&text(&chain.join(": "))),
            Failure::Panicked { message, location: Some(place) } => write!(f, "panicked at {place}: {}", text(message)),
            Failure::Panicked { message, location: None } => write!(f, "panicked: {}", text(message)),
            Failure::Exited { code: 0 } => {
                f.write_str("the process exited with code 0 before `execute` returned, so there is no result")
            }
            Failure::Exited { code } => {
                write!(f, "the process exited with code {code} before `execute` returned")
            }
            Failure::Program { program, code, signal, stderr } => {
                write!(f, "`{program}` ")?;
                match (code, signal) {
                    (_, Some(signal)) => write_signal(f, *signal)?,
                    (Some(code), None) => write!(f, "ended with exit code {code}")?,
                    (None, None) => f.write_str("ended badly")?,
                }
                // Where Python and most others say what went wrong.
                match stderr.iter().rev().find(|line| !line.trim().is_empty()) {
                    Some(last) => write!(f, ": {}", text(last.trim())),
                    None => Ok(()),
                }
            }
            Failure::Signaled { signal } => write_signal(f, *signal),
            Failure::Arguments { message } => write!(f, "its arguments cannot be read: {}", text(message)),
            Failure::Output { message } => write!(f, "its output cannot be kept: {}", text(message)),
            Failure::DependencyFailed { job } => write!(f, "not started: {job}, which it depends on, failed"),
            Failure::LaunchFailed { message } => write!(f, "could not be started: {}", text(message)),
            Failure::TimedOut { limit: None } => f.write_str("ran out of time"),
            Failure::TimedOut { limit: Some(limit) } => {
                write!(f, "ran out of time (limit {})", humantime::format_duration(*limit))
            }
            Failure::OutOfMemory => f.write_str("killed for want of memory"),
            Failure::Stopped => f.write_str("stopped on request"),
            Failure::Lost => f.write_str("its process is gone and left no record"),
        }
    }
}

fn write_signal(f: &mut fmt::Formatter<'_>, signal: i32) -> fmt::Result {
    match signal_name(signal) {
        Some(name) => write!(f, "killed by signal {signal} ({name})"),
        None => write!(f, "killed by signal {signal}"),
    }
}

/// The names of the signals that users meet; their numbers differ between systems.
fn signal_name(signal: i32) -> Option<&'static str> {
    let names = [
        (libc::SIGHUP, "SIGHUP"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGPIPE, "SIGPIPE"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGXCPU, "SIGXCPU"),
        (libc::SIGXFSZ, "SIGXFSZ"),
    ];
    names.iter().find(|(number, _)| *number == signal).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_fail_the_same_way_again_is_not_retried_and_what_no_task_has_done_uses_up_no_retry() {
        let text = String::new;
        let job = JobKey { task: "t".into(), identity: crate::ids::Identity::from_bytes([7; 32]) };
        let program = Failure::Program { program: text(), code: Some(1), signal: None, stderr: Vec::new() };
        // Whether another attempt may go better, also of a resumable job, and whether it uses up a retry.
        for (failure, may_pass, resumable, uses_up) in [
            (Failure::Error { chain: Vec::new() }, true, true, true),
            (Failure::Panicked { message: text(), location: None }, true, true, true),
            (Failure::Exited { code: 0 }, true, true, true),
            (program, true, true, true),
            (Failure::Signaled { signal: 9 }, true, true, true),
            (Failure::Output { message: text() }, true, true, true),
            (Failure::LaunchFailed { message: text() }, true, true, true),
            (Failure::OutOfMemory, true, true, true),
            (Failure::TimedOut { limit: None }, false, true, true),
            (Failure::Lost, true, true, false),
            (Failure::Arguments { message: text() }, false, false, false),
            (Failure::DependencyFailed { job }, false, false, false),
            (Failure::Stopped, false, false, false),
        ] {
            let found = (failure.may_pass(false), failure.may_pass(true), failure.uses_up_a_retry());
            assert_eq!(found, (may_pass, resumable, uses_up), "{failure:?}");
        }
    }

    #[test]
    fn a_record_says_which_limit_was_reached_and_one_that_does_not_is_read_too() {
        for (text, said) in [
            (r#"{"reason":"timed_out"}"#, "ran out of time"),
            (r#"{"reason":"timed_out","limit_seconds":5.0}"#, "ran out of time (limit 5s)"),
            (r#"{"reason":"timed_out","limit_seconds":5400.5}"#, "ran out of time (limit 1h 30m 500ms)"),
        ] {
            let failure: Failure = serde_json::from_str(text).unwrap();
            assert_eq!(failure.to_string(), said);
            assert_eq!(serde_json::to_string(&failure).unwrap(), text);
        }
        let odd: Failure = serde_json::from_str(r#"{"reason":"timed_out","limit_seconds":-1}"#).unwrap();
        assert_eq!(odd, Failure::TimedOut { limit: None });
    }
}
