//! What is wrong with a filter, and where.

use std::fmt;
use std::ops::Range;

use winnow::error::ParserError;
use winnow::stream::{Location, Stream};

use crate::report::width;

/// A text that is no filter, or a filter that asks for what nothing has. Shown with the text and a caret below the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FilterError {
    message: String,
    source_text: String,
    /// In characters, from 0.
    start: usize,
    width: usize,
}

impl FilterError {
    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where, as the number of the character, from 1.
    pub fn column(&self) -> usize {
        self.start + 1
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a long filter, what is around the place.
        const BEFORE: usize = 60;
        const SHOWN: usize = 100;
        let from = self.start.saturating_sub(BEFORE);
        // Line ends and tabs would move the caret.
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        let mut chars = self.source_text.chars().skip(from).map(visible);
        let mut shown: String = if from > 0 { "…".to_owned() } else { String::new() };
        shown.extend(chars.by_ref().take(self.start - from));
        let lead = width(&shown);
        let place: String = chars.by_ref().take(self.width.min(SHOWN + from - self.start)).collect();
        let carets = width(&place).max(1);
        let behind = SHOWN.saturating_sub(self.start - from + place.chars().count());
        shown.push_str(&place);
        shown.extend(chars.by_ref().take(behind));
        if chars.next().is_some() {
            shown.push('…');
        }
        writeln!(f, "filter, column {}: {}", self.column(), self.message)?;
        writeln!(f, "  {shown}")?;
        write!(f, "  {}{}", " ".repeat(lead), "^".repeat(carets))
    }
}

/// What is wrong, by bytes of the text; what the parsers hand on.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    span: Range<usize>,
    message: String,
}

impl Wrong {
    pub(super) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    pub(super) fn into_error(self, text: &str) -> FilterError {
        let chars = |range: Range<usize>| text.get(range).map_or(0, |part| part.chars().count());
        let end = self.span.end.min(text.len());
        let start = self.span.start.min(end);
        FilterError {
            message: self.message,
            start: chars(0..start),
            width: chars(start..end),
            source_text: text.to_owned(),
        }
    }
}

impl<I: Stream + Location> ParserError<I> for Wrong {
    type Inner = Self;

    fn from_input(input: &I) -> Self {
        let at = input.current_token_start();
        Self::at(at..at + 1, "this is not understood")
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}
