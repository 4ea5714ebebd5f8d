//! How many columns a text takes on a terminal, and how it is cut to fit on one line.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns that `text` takes at most. Terminals disagree about sequences that some draw as one sign (flags, families,
/// skin colours): the widest is taken.
pub fn width(text: &str) -> usize {
    let apart: usize = text.chars().map(|c| c.width().unwrap_or(0)).sum();
    apart.max(text.width())
}

/// The beginning of `text` that fits into `max` columns, with `mark` at its end if something was left out.
pub fn cut<'a>(text: &'a str, max: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    // Where not even the mark fits, it is left out.
    let room = max.checked_sub(width(mark)).unwrap_or(max);
    let mut end = 0;
    for (index, c) in text.char_indices() {
        let next = index + c.len_utf8();
        if width(&text[..next]) > room {
            break;
        }
        end = next;
    }
    let mut cut = text[..end].to_owned();
    if width(mark) <= max {
        cut.push_str(mark);
    }
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_terminals_do() {
        for (text, columns) in
            [("", 0), ("k1=0.9", 6), ("検索", 4), ("e\u{301}te\u{301}", 3), ("🍷", 2), ("❤\u{fe0f}", 2)]
        {
            assert_eq!(width(text), columns, "{text}");
        }
        assert!(width("👩\u{200d}👩\u{200d}👧") >= 2);
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_sign() {
        assert_eq!(cut("short", 5, "…"), "short");
        assert_eq!(cut("longer", 5, "…"), "long…");
        assert_eq!(cut("検索エンジン", 6, "…"), "検索…");
        assert_eq!(cut("検索エンジン", 5, "…"), "検索…");
        assert_eq!(cut("e\u{301}te\u{301}s", 3, "…"), "e\u{301}t…");
        assert_eq!(cut("long", 1, "…"), "…");
        assert_eq!(cut("long", 2, "..."), "lo");
        assert_eq!(cut("long", 0, "…"), "");
    }
}
