//! Texts of tasks, programs and people, made fit for a terminal: without what would move the cursor, colour what follows, or
//! reorder it. What is kept on disk stays as it was written. And amounts as people read them.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// `text` in one line: line ends and tabs are spaces. Of a line that was drawn over and over only the last state is left.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(clean(text, |_| ' '))
}

/// `text` with its line ends and tabs.
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_unsafe(c) && !matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<_> = text.split('\n').map(|line| clean(line, |tab| tab)).collect();
    Cow::Owned(lines.join("\n"))
}

/// `text` in one line with nothing left out: what would leave the line, steer the terminal, reorder what stands beside it, or
/// not be seen at all is an escape, `\u{1b}`. For names and values, where two must not look the same.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_unsafe(c) || is_invisible(c);
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hidden(c) { escaped.extend(c.escape_default()) } else { escaped.push(c) }
    }
    Cow::Owned(escaped)
}

/// A number of bytes: `512 B`, `1.5 KiB`, `3.2 GiB`.
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 || unit == "TiB" {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    unreachable!("the last unit takes what is left")
}

fn clean(text: &str, space: impl Fn(char) -> char) -> String {
    // A progress bar that was drawn over and over: its last state.
    let text = text.trim_end_matches('\r');
    let text = text.rsplit('\r').next().unwrap_or(text);
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\t' | '\n' => clean.push(space(c)),
            '\u{1b}' => skip_sequence(&mut chars),
            c if is_unsafe(c) => {}
            c => clean.push(c),
        }
    }
    clean
}

fn is_unsafe(c: char) -> bool {
    // Controls, line and paragraph separators, and what marks or overrides the direction of writing.
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What takes no place and joins nothing; joiners are part of the words of some languages, and of emoji.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// What follows an escape character, as far as it belongs to it (ECMA-48).
fn skip_sequence(chars: &mut Peekable<Chars<'_>>) {
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
    fn bytes_are_told_in_the_unit_that_fits() {
        assert_eq!([0, 1023, 1536, 5 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
    }

    #[test]
    fn nothing_is_left_that_moves_the_cursor() {
        for (given, left) in [
            ("plain é 検", "plain é 検"),
            ("\u{1b}[1;31mred\u{1b}[0m and\tmore", "red and more"),
            (" 10%\r 50%\r100%", "100%"),
            ("windows\r", "windows"),
            ("\u{1b}]0;title\u{7}text\u{1b}]8;;x\u{1b}\\link", "textlink"),
            ("a\u{202e}b\u{9b}c\u{1b}", "abc"),
            ("a\u{200f}b\u{61c}", "ab"),
            ("\u{1b}(Bcharset \u{1b}7saved", "charset saved"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(line(given), left);
        }
    }

    #[test]
    fn values_that_differ_look_different() {
        assert!(matches!(escaped("検索 e\u{301} 👩\u{200d}👧 \\"), Cow::Borrowed(_)));
        for (given, shown) in [
            ("x\u{1b}[2Jy", "x\\u{1b}[2Jy"),
            ("real\rfake\n\t\u{7}", "real\\rfake\\n\\t\\u{7}"),
            ("ab\u{202e}c\u{200f}", "ab\\u{202e}c\\u{200f}"),
            ("a\u{200b}b\u{feff}\u{ad}\u{e0041}", "a\\u{200b}b\\u{feff}\\u{ad}\\u{e0041}"),
            ("\u{9b}2J\u{2028}", "\\u{9b}2J\\u{2028}"),
        ] {
            assert_eq!(escaped(given), shown);
        }
    }

    #[test]
    fn a_text_keeps_its_lines_and_tabs() {
        let given = "\u{1b}[31mfirst\u{1b}[0m\r\n\tsecond\u{7}\n\n 1%\r99%\u{1b}[2J\n";
        assert_eq!(text(given), "first\n\tsecond\n\n99%\n");
        assert!(matches!(text("as\n\tit is"), Cow::Borrowed("as\n\tit is")));
    }
}
