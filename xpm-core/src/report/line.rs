//! A line of text with colours, which knows how wide it is and holds nothing that a terminal would act on.

use super::width::{cut, width};
use crate::printable;

/// What a part of a line means; the terminal's own colours show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Dim,
    Bold,
    Good,
    Bad,
    Warn,
    Active,
}

impl Style {
    /// Its parameters of `SGR`.
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Warn => "33",
            Self::Active => "36",
        }
    }
}

/// A line in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<(Style, String)>);

impl Line {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The line and another part.
    #[must_use]
    pub(super) fn with(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.push(style, text.as_ref());
        self
    }

    pub(super) fn push(&mut self, style: Style, text: &str) {
        let text = printable::line(text);
        match self.0.last_mut() {
            Some((last, before)) if *last == style => before.push_str(&text),
            _ => self.0.push((style, text.into_owned())),
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        for (style, text) in other.0 {
            self.push(style, &text);
        }
    }

    /// Without colours.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    pub(super) fn width(&self) -> usize {
        width(&self.text())
    }

    /// With the colours as escape sequences.
    pub(super) fn ansi(&self) -> String {
        let mut out = String::new();
        for (style, text) in &self.0 {
            match style.code() {
                "" => out.push_str(text),
                code => out.extend(["\x1b[", code, "m", text, "\x1b[0m"]),
            }
        }
        out
    }

    /// The line if it fits into `max` columns, or its beginning with `mark` at the end.
    #[must_use]
    pub(super) fn cut(self, max: usize, mark: &str) -> Self {
        let text = self.text();
        let Some(mut left) = cut_at(&text, max, mark) else { return self };
        let mut line = Self::new();
        for (style, part) in self.0 {
            let here = part.len().min(left);
            line.push(style, &part[..here]);
            left -= here;
        }
        if width(mark) <= max {
            line.push(Style::Dim, mark);
        }
        line
    }
}

/// How many bytes of `text` stand before the mark; `None` if all of it fits.
fn cut_at(text: &str, max: usize, mark: &str) -> Option<usize> {
    (width(text) > max).then(|| {
        let short = cut(text, max, mark);
        if width(mark) <= max { short.len() - mark.len() } else { short.len() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_where_they_were_when_a_line_is_cut() {
        let line = Line::new().with(Style::Bold, "検索").with(Style::Plain, " and ").with(Style::Bad, "failed");
        assert_eq!((line.text().as_str(), line.width()), ("検索 and failed", 15));
        assert_eq!(line.clone().cut(15, "…"), line);
        let cut = line.cut(12, "…");
        assert_eq!(cut.text(), "検索 and fa…");
        assert_eq!(cut.ansi(), "\x1b[1m検索\x1b[0m and \x1b[1;31mfa\x1b[0m\x1b[2m…\x1b[0m");
    }
}
