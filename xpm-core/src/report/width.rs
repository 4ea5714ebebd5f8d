//! How many columns a text takes on a terminal, and how it is cut and cleaned to fit on one line.

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

/// `text` without what would move the cursor, colour what follows, or reorder it: jobs write whatever they like, and tags
/// come from anywhere.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    // A progress bar that was drawn over and over: its last state.
    let text = text.trim_end_matches('\r');
    let text = text.rsplit('\r').next().unwrap_or(text);
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\t' | '\n' => clean.push(' '),
            '\u{1b}' => skip_sequence(&mut chars),
            c if is_unsafe(c) => {}
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

fn is_unsafe(c: char) -> bool {
    // Controls, line and paragraph separators, and what overrides the direction of writing.
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What follows an escape character, as far as it belongs to it (ECMA-48).
fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next_if(|c| !('\u{40}'..='\u{7e}').contains(c)).is_some() {},
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next_if(|c| *c != '\u{7}') {
                if c == '\u{1b}' {
                    break;
                }
            }
        }
        Some(' '..='/') => {}
        _ => return,
    }
    // The last character of the sequence.
    chars.next();
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

    #[test]
    fn nothing_is_left_that_moves_the_cursor() {
        assert_eq!(clean("plain é 検"), "plain é 検");
        assert_eq!(clean("\u{1b}[1;31mred\u{1b}[0m and\tmore"), "red and more");
        assert_eq!(clean(" 10%\r 50%\r100%"), "100%");
        assert_eq!(clean("windows\r"), "windows");
        assert_eq!(clean("\u{1b}]0;title\u{7}text\u{1b}]8;;x\u{1b}\\link"), "textlink");
        assert_eq!(clean("a\u{202e}b\u{9b}c\u{1b}"), "abc");
        assert_eq!(clean("\u{1b}(Bcharset \u{1b}7saved"), "charset saved");
        assert_eq!(clean("two\nlines"), "two lines");
    }
}
