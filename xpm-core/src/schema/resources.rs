//! What one job needs while it runs, as a task declares it and a plan overrides it.

use std::time::Duration;

/// What one job needs. Everything is optional: a job that says nothing counts one CPU.
///
/// ```
/// use xpm_core::Resources;
/// let needs = Resources::new().cpus(8).memory("16GiB").gpus(1).time("1h30m");
/// assert_eq!(needs.memory_bytes(), Some(16 << 30));
/// assert_eq!(needs.time_limit(), Some(std::time::Duration::from_secs(5400)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    cpus: Option<u32>,
    memory: Option<u64>,
    gpus: Option<u32>,
    time: Option<Duration>,
    /// What was given and cannot be read; told at submit.
    problem: Option<String>,
}

impl Resources {
    /// Nothing in particular.
    pub fn new() -> Self {
        Self::default()
    }

    /// CPUs.
    #[must_use]
    pub fn cpus(mut self, cpus: u32) -> Self {
        self.cpus = Some(cpus);
        self
    }

    /// Memory: bytes, or a text such as `"8GiB"` (see [`parse_memory`]). A text that is none is an error at submit.
    #[must_use]
    pub fn memory(mut self, memory: impl Into<Memory>) -> Self {
        match memory.into() {
            Memory(Ok(bytes)) => self.memory = Some(bytes),
            Memory(Err(text)) => {
                self.problem = Some(format!("memory {text:?} is no amount: write for instance \"8GiB\" or \"500MB\""));
            }
        }
        self
    }

    /// GPUs, each for this job alone.
    #[must_use]
    pub fn gpus(mut self, gpus: u32) -> Self {
        self.gpus = Some(gpus);
        self
    }

    /// The time after which the job is stopped: a `Duration`, or a text such as `"2h"` (see [`parse_time`]). A text that
    /// is none is an error at submit.
    #[must_use]
    pub fn time(mut self, time: impl Into<TimeLimit>) -> Self {
        match time.into() {
            TimeLimit(Ok(time)) => self.time = Some(time),
            TimeLimit(Err(text)) => {
                self.problem = Some(format!("time {text:?} is no time: write for instance \"2h\" or \"1h30m\""));
            }
        }
        self
    }

    /// What these say, and where they say nothing, what `defaults` say.
    #[must_use]
    pub fn or(self, defaults: &Resources) -> Self {
        Self {
            cpus: self.cpus.or(defaults.cpus),
            memory: self.memory.or(defaults.memory),
            gpus: self.gpus.or(defaults.gpus),
            time: self.time.or(defaults.time),
            problem: self.problem.or_else(|| defaults.problem.clone()),
        }
    }

    /// CPUs, 1 if nothing was said.
    pub fn cpu_count(&self) -> u32 {
        self.cpus.unwrap_or(1)
    }

    /// Memory in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.memory
    }

    /// GPUs, 0 if nothing was said.
    pub fn gpu_count(&self) -> u32 {
        self.gpus.unwrap_or(0)
    }

    /// The time after which the job is stopped.
    pub fn time_limit(&self) -> Option<Duration> {
        self.time
    }

    /// What was given and cannot be read.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}

/// An amount of memory, or a text that is none.
#[derive(Clone, Debug)]
pub struct Memory(Result<u64, String>);

impl From<u64> for Memory {
    fn from(bytes: u64) -> Self {
        Self(Ok(bytes))
    }
}

impl From<&str> for Memory {
    fn from(text: &str) -> Self {
        Self(parse_memory(text).ok_or_else(|| text.to_owned()))
    }
}

/// A time limit, or a text that is none.
#[derive(Clone, Debug)]
pub struct TimeLimit(Result<Duration, String>);

impl From<Duration> for TimeLimit {
    fn from(time: Duration) -> Self {
        Self(Ok(time))
    }
}

impl From<&str> for TimeLimit {
    fn from(text: &str) -> Self {
        Self(parse_time(text).map(Duration::from_secs).ok_or_else(|| text.to_owned()))
    }
}

/// Bytes of a text such as `8GiB` or `500 MB`: a whole number, and B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB
/// (powers of 1024). `const`, so that the macros check texts when they are compiled.
///
/// ```
/// use xpm_core::schema::parse_memory;
/// assert_eq!(parse_memory("2GiB"), Some(2 << 30));
/// assert_eq!(parse_memory("500 MB"), Some(500_000_000));
/// assert_eq!(parse_memory("8"), None);
/// ```
pub const fn parse_memory(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let Some((number, at)) = number(bytes, 0) else { return None };
    let factor = match bytes.split_at(skip_blanks(bytes, at)).1 {
        b"B" => 1,
        b"kB" | b"KB" => 1_000,
        b"MB" => 1_000_000,
        b"GB" => 1_000_000_000,
        b"TB" => 1_000_000_000_000,
        b"KiB" => 1 << 10,
        b"MiB" => 1 << 20,
        b"GiB" => 1 << 30,
        b"TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Seconds of a text such as `2h`, `90m` or `1h30m`: whole numbers, each with d, h, m or s behind it.
///
/// ```
/// use xpm_core::schema::parse_time;
/// assert_eq!(parse_time("1h30m"), Some(5400));
/// assert_eq!(parse_time("2 hours"), None);
/// ```
pub const fn parse_time(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let mut total: u64 = 0;
    let mut at = 0;
    while at < bytes.len() {
        let Some((number, unit)) = number(bytes, at) else { return None };
        if unit >= bytes.len() {
            return None;
        }
        let factor = match bytes[unit] {
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        let Some(seconds) = number.checked_mul(factor) else { return None };
        total = match total.checked_add(seconds) {
            Some(sum) => sum,
            None => return None,
        };
        at = skip_blanks(bytes, unit + 1);
    }
    if bytes.is_empty() { None } else { Some(total) }
}

/// The whole number at `at`, and where it ends.
const fn number(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let begin = at;
    let mut value: u64 = 0;
    while at < bytes.len() && bytes[at].is_ascii_digit() {
        value = match value.checked_mul(10) {
            Some(tens) => match tens.checked_add((bytes[at] - b'0') as u64) {
                Some(sum) => sum,
                None => return None,
            },
            None => return None,
        };
        at += 1;
    }
    if at == begin { None } else { Some((value, at)) }
}

const fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] == b' ' {
        at += 1;
    }
    at
}

/// What the macros check of `#[task(memory = "…", time = "…")]` when the task is compiled.
///
/// # Panics
/// If a text is no amount; while compiling, that is a compile error.
#[track_caller]
pub const fn check_resources(memory: &str, time: &str) {
    assert!(
        memory.is_empty() || parse_memory(memory).is_some(),
        "`memory` takes a whole number and a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, for instance \"8GiB\""
    );
    assert!(
        time.is_empty() || parse_time(time).is_some(),
        "`time` takes whole numbers, each with d, h, m or s behind it, for instance \"2h\" or \"1h30m\""
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_amounts_and_texts_that_are_none() {
        for (text, bytes) in [("0B", 0), ("1kB", 1000), ("3 KiB", 3072), ("1TiB", 1 << 40)] {
            assert_eq!(parse_memory(text), Some(bytes), "{text}");
        }
        for text in ["", "GiB", "1.5GiB", "-1GB", "1gb", "1 GiBs", "99999999999999999999B", "9999999999TiB"] {
            assert_eq!(parse_memory(text), None, "{text}");
        }
        for (text, seconds) in [("5s", 5), ("1d 2h", 93_600), ("0m", 0)] {
            assert_eq!(parse_time(text), Some(seconds), "{text}");
        }
        for text in ["", "5", "h", "5 m", "1h-2m", "1.5h"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert!(Resources::new().memory("lots").problem().is_some_and(|problem| problem.contains("\"lots\"")));
    }
}
