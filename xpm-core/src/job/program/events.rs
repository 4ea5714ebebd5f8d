//! What a program says while it runs: lines of JSON that it appends to the file `XPM_EVENTS`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// How long a line may be, in bytes. One that is longer is skipped.
const LONGEST: usize = 1 << 20;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// Something that a program said.
#[derive(Debug, PartialEq)]
pub(super) enum ProgramEvent {
    /// How far it is, from 0 to 1.
    Progress {
        /// From 0 to 1.
        fraction: f64,
        /// What it does.
        description: Option<String>,
    },
    /// A value of a time series.
    Metric {
        /// The series.
        name: String,
        /// `None`: one more than the last.
        step: Option<f64>,
        /// The value.
        value: f64,
    },
    /// An output while it runs.
    Emit {
        /// Its name.
        name: String,
        /// The value.
        value: serde_json::Value,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    progress: Option<Float>,
    description: Option<String>,
    metric: Option<String>,
    step: Option<Float>,
    emit: Option<String>,
    #[serde(default, deserialize_with = "present")]
    value: Option<serde_json::Value>,
}

/// A member that is there is a value, `null` too.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(Some)
}

/// A number, or one of the texts for what JSON has no number for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Float {
    Number(f64),
    Text(String),
}

impl Float {
    fn number(self) -> Result<f64, String> {
        match self {
            Float::Number(x) => Ok(x),
            Float::Text(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
        }
    }
}

/// What a line says.
pub(super) fn parse(line: &str) -> Result<ProgramEvent, String> {
    // Python writes `NaN` and `Infinity`, which JSON does not have: a loss that is none is worth seeing.
    let parsed: Line = serde_json::from_str(line)
        .or_else(|error| serde_json::from_str(&with_named_floats(line)).map_err(|_| error.to_string()))?;
    match parsed {
        Line { progress: Some(fraction), description, metric: None, step: None, emit: None, value: None } => {
            let fraction = fraction.number()?;
            if !(0.0..=1.0).contains(&fraction) {
                return Err(format!("progress is {fraction}: it goes from 0 to 1"));
            }
            Ok(ProgramEvent::Progress { fraction, description })
        }
        Line { metric: Some(name), step, value: Some(value), progress: None, description: None, emit: None } => {
            let value: Float = serde_json::from_value(value).map_err(|_| "the value of a metric is a number")?;
            Ok(ProgramEvent::Metric { name, step: step.map(Float::number).transpose()?, value: value.number()? })
        }
        Line { emit: Some(name), value: Some(value), progress: None, description: None, metric: None, step: None } => {
            Ok(ProgramEvent::Emit { name, value })
        }
        _ => Err("it is none of {\"progress\": 0.5, \"description\": \"…\"}, {\"metric\": \"…\", \"step\": 1, \
                  \"value\": 0.2} and {\"emit\": \"…\", \"value\": …}"
            .to_owned()),
    }
}

/// `NaN`, `Infinity` and `-Infinity` outside of strings as texts.
fn with_named_floats(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let (mut rest, mut in_string) = (line, false);
    while let Some(c) = rest.chars().next() {
        let named = [("NaN", "\"nan\""), ("Infinity", "\"inf\""), ("-Infinity", "\"-inf\"")];
        if !in_string && let Some((name, text)) = named.into_iter().find(|(name, _)| rest.starts_with(name)) {
            out.push_str(text);
            rest = &rest[name.len()..];
            continue;
        }
        let mut taken = c.len_utf8();
        match c {
            '"' => in_string = !in_string,
            '\\' if in_string => taken += rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => {}
        }
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

/// Reads the lines that are appended to a file.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: Option<File>,
    read: u64,
    /// A line that has not ended.
    begun: Vec<u8>,
    /// The rest of a line that is too long is skipped.
    too_long: bool,
    /// The number of the last whole line.
    pub(super) line: u64,
}

impl Tail {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, read: 0, begun: Vec::new(), too_long: false, line: 0 }
    }

    /// Gives each line that has come since the last call to `tell`, or why it is none; with `last`, also one without an
    /// end. What cannot be read now is tried again by the next call.
    pub(super) fn read(&mut self, last: bool, mut tell: impl FnMut(u64, Result<&str, String>)) {
        let mut chunk = vec![0; CHUNK];
        while let Some(read) = self.chunk(&mut chunk) {
            for part in chunk[..read].split_inclusive(|byte| *byte == b'\n') {
                let (text, ends) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
                if self.begun.len() + text.len() > LONGEST {
                    self.too_long = true;
                    self.begun.clear();
                }
                if !self.too_long {
                    self.begun.extend(text);
                }
                if ends {
                    self.end_line(&mut tell);
                }
            }
        }
        if last && (self.too_long || !self.begun.is_empty()) {
            self.end_line(&mut tell);
        }
    }

    fn chunk(&mut self, chunk: &mut [u8]) -> Option<usize> {
        if self.file.is_none() {
            self.file = Some(crate::files::open(&self.path).ok()?);
        }
        let file = self.file.as_mut()?;
        // A program that opens the file to write, not to append, begins it again.
        if file.metadata().ok()?.len() < self.read {
            file.seek(SeekFrom::Start(0)).ok()?;
            self.read = 0;
            self.begun.clear();
            self.too_long = false;
        }
        let read = file.read(chunk).ok().filter(|read| *read > 0)?;
        self.read += read as u64;
        Some(read)
    }

    fn end_line(&mut self, tell: &mut impl FnMut(u64, Result<&str, String>)) {
        self.line += 1;
        let line = std::mem::take(&mut self.begun);
        if std::mem::take(&mut self.too_long) {
            tell(self.line, Err(format!("it is longer than {LONGEST} bytes")));
            return;
        }
        match std::str::from_utf8(&line) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => tell(self.line, Ok(text.trim())),
            Err(_) => tell(self.line, Err("it is not UTF-8".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_say_one_of_three_things() {
        let progress = |fraction, description: Option<&str>| ProgramEvent::Progress {
            fraction,
            description: description.map(str::to_owned),
        };
        let metric = |step, value| ProgramEvent::Metric { name: "loss".into(), step, value };
        for (line, event) in [
            (r#"{"progress":0.3,"description":"epoch"}"#, progress(0.3, Some("epoch"))),
            (r#"{"progress": 1}"#, progress(1.0, None)),
            (r#"{"metric":"loss","step":1,"value":0.2}"#, metric(Some(1.0), 0.2)),
            (r#"{"metric":"loss","value":-Infinity}"#, metric(None, f64::NEG_INFINITY)),
            (r#"{"metric":"loss","value":"inf"}"#, metric(None, f64::INFINITY)),
            (r#"{"emit":"a","value":null}"#, ProgramEvent::Emit { name: "a".into(), value: serde_json::Value::Null }),
        ] {
            assert_eq!(parse(line), Ok(event), "{line}");
        }
        let nan = parse(r#"{"metric":"NaN \" NaN","value":NaN}"#);
        assert!(matches!(nan, Ok(ProgramEvent::Metric { name, value, .. }) if value.is_nan() && name == "NaN \" NaN"));
        for wrong in [
            "",
            "hello",
            "{}",
            "[]",
            r#"{"progress":2}"#,
            r#"{"metric":"a"}"#,
            r#"{"metric":"a","value":"b"}"#,
            r#"{"emit":"a"}"#,
            r#"{"progress":0.5,"metric":"a","value":1}"#,
            r#"{"progres":0.5}"#,
            r#"{"progress":NaN}"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_is_followed_line_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let mut tail = Tail::new(&path);
        let read = |tail: &mut Tail, last| {
            let mut lines = Vec::new();
            tail.read(last, |number, line| lines.push(format!("{number} {}", line.map_or_else(|e| e, str::to_owned))));
            lines
        };
        assert!(read(&mut tail, false).is_empty());
        let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(read(&mut tail, false), ["1 one"]);
        file.write_all(b"o\n\n \xff\n").unwrap();
        assert_eq!(read(&mut tail, false), ["2 two", "4 it is not UTF-8"]);
        file.set_len(0).unwrap();
        file.write_all(b"again").unwrap();
        assert!(read(&mut tail, false).is_empty());
        assert_eq!(read(&mut tail, true), ["5 again"]);
        file.write_all(&vec![b'x'; LONGEST + CHUNK]).unwrap();
        file.write_all(b"\nlast\n").unwrap();
        assert_eq!(read(&mut tail, false), ["6 it is longer than 1048576 bytes", "7 last"]);
    }
}
