//! A value as it stands in a filter, and everything that it can be read as. Which reading counts is told by the field
//! that it is compared with, so that `2026-11-01` is a day beside a time and a text beside a text.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::lexer::{in_word, is_reserved};
use super::times::{self, Span};

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    text: String,
    quoted: bool,
    readings: Readings,
}

/// What a value can be read as. A quoted one is a text, or a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Readings {
    pub(super) number: Option<Number>,
    pub(super) boolean: Option<bool>,
    pub(super) null: bool,
    pub(super) time: Option<Span>,
    pub(super) duration: Option<Duration>,
}

/// A number; an integer stays exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::state) enum Number {
    Int(i128),
    Float(f64),
}

impl Literal {
    pub(super) fn word(text: &str, now: SystemTime) -> Self {
        let readings = Readings {
            number: number(text),
            boolean: match text {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            null: matches!(text, "null" | "none"),
            time: times::time(text, now),
            duration: times::duration(text),
        };
        Self { text: text.to_owned(), quoted: false, readings }
    }

    pub(super) fn quoted(text: String, now: SystemTime) -> Self {
        let readings =
            Readings { time: times::time(&text, now), duration: times::duration(&text), ..Readings::default() };
        Self { text, quoted: true, readings }
    }

    /// As it is written, without quotes.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_quoted(&self) -> bool {
        self.quoted
    }

    pub(super) fn readings(&self) -> &Readings {
        &self.readings
    }
}

/// Equal if they are written the same: what they are read as follows from that.
impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.quoted == other.quoted
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted { quote(f, &self.text) } else { f.write_str(&self.text) }
    }
}

/// A field's name; quoted where it would not be read as one word.
pub(super) fn write_field(f: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    if is_plain_field(path) { f.write_str(path) } else { quote(f, path) }
}

fn is_plain_field(path: &str) -> bool {
    let plain = |part: &str| part.chars().all(in_word);
    let mut parts = path.split('[');
    let first = parts.next().unwrap_or_default();
    first.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && plain(first)
        && !is_reserved(path)
        && !is_reserved(first)
        && parts.all(|part| part.split_once(']').is_some_and(|(index, rest)| plain(index) && plain(rest)))
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// `3`, `-0.5`, `1e-3`, `1_000`, `inf`, `nan`, and sizes such as `4GiB`.
fn number(text: &str) -> Option<Number> {
    if let Some(bytes) = crate::schema::parse_memory(text) {
        return Some(Number::Int(bytes.into()));
    }
    match text {
        "nan" | "NaN" => return Some(Number::Float(f64::NAN)),
        "inf" | "+inf" => return Some(Number::Float(f64::INFINITY)),
        "-inf" => return Some(Number::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let digits = if between_digits(text) { text.replace('_', "") } else { text.to_owned() };
    match digits.parse::<i128>() {
        Ok(integer) => Some(Number::Int(integer)),
        Err(_) => digits.parse().ok().map(Number::Float),
    }
}

/// Whether every `_` stands between digits.
fn between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    bytes.iter().enumerate().all(|(i, b)| *b != b'_' || (digit(i.checked_sub(1)) && digit(Some(i + 1))))
}
