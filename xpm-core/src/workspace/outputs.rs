//! `.xpm/outputs.jsonl`: what a job emits while it runs, a sealed line each, in order.
//!
//! A line is written whole or cut off: what a crash leaves of one has no end of line, is not read, and goes when the next
//! attempt writes on. The file is synced before the job is recorded as done.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::sealed::{is_whole, seal};
use crate::fault;
use crate::files;

/// A value that a job emitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Output {
    pub(crate) name: String,
    /// The attempt that emitted it.
    pub(crate) attempt: u32,
    /// Its number in the file, from 1.
    pub(crate) seq: u64,
    pub(crate) value: Box<RawValue>,
}

/// Writes the outputs of one attempt.
#[derive(Debug)]
pub(crate) struct OutputsWriter {
    path: PathBuf,
    file: File,
    attempt: u32,
    /// The number of the last output.
    seq: u64,
    /// Where the last whole line ends.
    end: u64,
}

impl OutputsWriter {
    /// Opens the file, and goes on where an earlier attempt has ended.
    pub(crate) fn open(path: &Path, attempt: u32) -> io::Result<Self> {
        fault::point("open", path)?;
        let mut file = files::open_with(path, OpenOptions::new().create(true).read(true).append(true))?;
        let (mut seq, mut end) = (0, 0);
        let mut lines = BufReader::new(&mut file);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if line.ends_with(b"\n") {
                end += line.len() as u64;
                let known = parse(&line).map_or(0, |output| output.seq);
                seq = known.max(seq + 1);
            }
            line.clear();
        }
        if file.metadata()?.len() > end {
            fault::point("cut", path)?;
            file.set_len(end)?;
        }
        Ok(Self { path: path.to_owned(), file, attempt, seq, end })
    }

    /// Adds an output. What cannot be written whole is not written at all.
    pub(crate) fn add(&mut self, name: &str, value: Box<RawValue>) -> io::Result<()> {
        let output = Output { name: name.to_owned(), attempt: self.attempt, seq: self.seq + 1, value };
        let mut line = serde_json::to_vec(&output)?;
        seal(&mut line, 0);
        fault::point("append", &self.path)?;
        if let Err(error) = self.file.write_all(&line) {
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.seq += 1;
        self.end += line.len() as u64;
        Ok(())
    }

    /// Makes sure that everything is on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        fault::point("sync", &self.path)?;
        self.file.sync_data()
    }
}

/// What a reader comes upon.
#[derive(Debug)]
pub(crate) enum Found {
    /// An output.
    Output(Output),
    /// The line with this number, from 1, cannot be read.
    Damaged(u64),
    /// The outputs before are those of an attempt that was put aside: another one begins anew.
    Anew,
}

/// Reads the outputs of a job while it runs, each once, across the attempts that it sees.
#[derive(Debug)]
pub(crate) struct OutputsReader {
    path: PathBuf,
    /// The file that is read, and which it is.
    open: Option<(File, u64)>,
    /// How far it was read.
    offset: u64,
    line: u64,
}

impl OutputsReader {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, open: None, offset: 0, line: 0 }
    }

    /// Gives what has come since the last time, until `take` says that it has enough. With `at_end` nothing follows any
    /// more: a line without an end is a damaged one.
    pub(crate) fn read(&mut self, at_end: bool, mut take: impl FnMut(Found) -> bool) -> io::Result<()> {
        let now = match std::fs::metadata(&self.path) {
            Ok(metadata) => Some(metadata.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let known = self.open.as_ref().map(|open| open.1);
        if known.is_some() && !self.read_open(at_end && known == now, &mut take)? {
            return Ok(());
        }
        if now.is_none() || known == now {
            return Ok(());
        }
        let file = files::open(&self.path)?;
        let inode = file.metadata()?.ino();
        self.open = Some((file, inode));
        (self.offset, self.line) = (0, 0);
        if known.is_some() && !take(Found::Anew) {
            return Ok(());
        }
        self.read_open(at_end, &mut take).map(drop)
    }

    /// Reads on in the file that is open; says whether more is wanted.
    fn read_open(&mut self, at_end: bool, take: &mut impl FnMut(Found) -> bool) -> io::Result<bool> {
        let Some((file, _)) = &mut self.open else { return Ok(true) };
        file.seek(SeekFrom::Start(self.offset))?;
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if !line.ends_with(b"\n") && !at_end {
                break;
            }
            self.offset += line.len() as u64;
            self.line += 1;
            let found = parse(&line).map_or(Found::Damaged(self.line), Found::Output);
            if !take(found) {
                return Ok(false);
            }
            line.clear();
        }
        Ok(true)
    }
}

/// The outputs in a file as it is now, in order, one at a time. What was cut off ends them, a damaged line is skipped, and
/// there are none without a file.
#[derive(Debug)]
pub(crate) struct StoredOutputs {
    path: PathBuf,
    lines: Lines,
    line: Vec<u8>,
}

#[derive(Debug)]
enum Lines {
    Unopened,
    Open(BufReader<File>),
    Over,
}

impl StoredOutputs {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, lines: Lines::Unopened, line: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn read_next(&mut self) -> io::Result<Option<Output>> {
        if let Lines::Unopened = self.lines {
            self.lines = match files::open(&self.path) {
                Ok(file) => Lines::Open(BufReader::with_capacity(64 << 10, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Lines::Over,
                Err(error) => return Err(error),
            };
        }
        let Lines::Open(lines) = &mut self.lines else { return Ok(None) };
        loop {
            self.line.clear();
            lines.read_until(b'\n', &mut self.line)?;
            if !self.line.ends_with(b"\n") {
                return Ok(None);
            }
            if let Some(output) = parse(&self.line) {
                return Ok(Some(output));
            }
        }
    }
}

impl Iterator for StoredOutputs {
    type Item = io::Result<Output>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read_next();
        if !matches!(next, Ok(Some(_))) {
            self.lines = Lines::Over;
        }
        next.transpose()
    }
}

/// The number of the last output in the file; what was cut off is none.
pub(crate) fn count_outputs(path: &Path) -> io::Result<u64> {
    let mut last = 0;
    OutputsReader::new(path.to_owned()).read(false, |found| {
        match found {
            Found::Output(output) => last = output.seq.max(last + 1),
            Found::Damaged(_) => last += 1,
            Found::Anew => last = 0,
        }
        true
    })?;
    Ok(last)
}

fn parse(line: &[u8]) -> Option<Output> {
    (line.ends_with(b"\n") && is_whole(line)).then(|| serde_json::from_slice(line).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(writer: &mut OutputsWriter, name: &str, value: &str) {
        writer.add(name, RawValue::from_string(value.to_owned()).unwrap()).unwrap();
    }

    fn read(reader: &mut OutputsReader, at_end: bool) -> Vec<String> {
        let mut all = Vec::new();
        let take = |found| {
            all.push(match found {
                Found::Output(o) => format!("{}.{} {}={}", o.attempt, o.seq, o.name, o.value),
                Found::Damaged(line) => format!("line {line}"),
                Found::Anew => "anew".to_owned(),
            });
            true
        };
        reader.read(at_end, take).unwrap();
        all
    }

    #[test]
    fn a_torn_line_is_cut_off_by_the_next_attempt_and_the_numbers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs.jsonl");
        let mut reader = OutputsReader::new(path.clone());
        assert_eq!(read(&mut reader, false), Vec::<String>::new());
        let mut first = OutputsWriter::open(&path, 1).unwrap();
        add(&mut first, "a", "1");
        assert_eq!(read(&mut reader, false), ["1.1 a=1"]);
        add(&mut first, "a", "[2]");
        let whole = std::fs::metadata(&path).unwrap().len();
        add(&mut first, "a", "3");
        first.file.set_len(whole + 10).unwrap();
        assert_eq!(read(&mut reader, false), ["1.2 a=[2]"]);
        let mut second = OutputsWriter::open(&path, 2).unwrap();
        add(&mut second, "b", "null");
        assert_eq!(read(&mut reader, false), ["2.3 b=null"]);
        assert_eq!(read(&mut reader, true), Vec::<String>::new());
        assert_eq!(read(&mut OutputsReader::new(path), true), ["1.1 a=1", "1.2 a=[2]", "2.3 b=null"]);
    }

    #[test]
    fn damaged_lines_are_told_and_a_new_file_is_read_after_the_rest_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs.jsonl");
        let mut writer = OutputsWriter::open(&path, 1).unwrap();
        for value in ["1", "2", "3"] {
            add(&mut writer, "a", value);
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 5;
        bytes[second] ^= 1;
        File::create(&path).unwrap().write_all(&bytes).unwrap();
        let mut reader = OutputsReader::new(path.clone());
        assert_eq!(read(&mut reader, false), ["1.1 a=1", "line 2", "1.3 a=3"]);
        let mut writer = OutputsWriter::open(&path, 1).unwrap();
        add(&mut writer, "a", "4");
        std::fs::rename(&path, folder.path().join("aside")).unwrap();
        add(&mut OutputsWriter::open(&path, 2).unwrap(), "a", "1");
        assert_eq!(read(&mut reader, true), ["1.4 a=4", "anew", "2.1 a=1"]);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"name\":").unwrap();
        assert_eq!(read(&mut reader, false), Vec::<String>::new());
        assert_eq!(read(&mut reader, true), ["line 2"]);
    }

    #[test]
    fn stored_outputs_end_where_one_is_cut_off_skip_what_is_damaged_and_tell_a_file_that_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs.jsonl");
        let all = |path: &Path| StoredOutputs::new(path.to_owned()).collect::<io::Result<Vec<_>>>();
        let numbers = || all(&path).unwrap().iter().map(|output| output.seq).collect::<Vec<_>>();
        assert_eq!(numbers(), [0; 0]);
        let mut writer = OutputsWriter::open(&path, 1).unwrap();
        for value in ["1", "2", "3"] {
            add(&mut writer, "a", value);
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let line = bytes.len() / 3;
        for cut in 0..bytes.len() {
            File::create(&path).unwrap().write_all(&bytes[..cut]).unwrap();
            assert_eq!(numbers(), (1..=(cut / line) as u64).collect::<Vec<_>>(), "cut at {cut}");
        }
        bytes[line + 5] ^= 1;
        File::create(&path).unwrap().write_all(&bytes).unwrap();
        assert_eq!(numbers(), [1, 3]);
        let mut none = StoredOutputs::new(folder.path().to_owned());
        assert!(none.next().unwrap().unwrap_err().to_string().contains("is no file (Is a directory)"));
        assert!(none.next().is_none(), "an error is told once");
    }
}
