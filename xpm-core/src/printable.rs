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
    // Controls, line and paragraph separators, and what overrides the direction of writing.
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
            ("\u{1b}(Bcharset \u{1b}7saved", "charset saved"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(line(given), left);
        }
    }

    #[test]
    fn a_text_keeps_its_lines_and_tabs() {
        let given = "\u{1b}[31mfirst\u{1b}[0m\r\n\tsecond\u{7}\n\n 1%\r99%\u{1b}[2J\n";
        assert_eq!(text(given), "first\n\tsecond\n\n99%\n");
        assert!(matches!(text("as\n\tit is"), Cow::Borrowed("as\n\tit is")));
    }
}
