//! Doc comments as help: text flows, and what is laid out by hand keeps its lines.

/// Paragraphs with an empty line between them; items of lists, code and indented lines have lines of their own.
pub(super) fn laid_out(help: &str) -> String {
    let mut text = Text::default();
    let mut code = false;
    for line in help.lines() {
        let content = line.trim();
        let fence = content.starts_with("```") || content.starts_with("~~~");
        if fence {
            code = !code;
            text.end_line();
        } else if code {
            text.own_line(line);
        } else if content.is_empty() {
            text.next = Next::Paragraph;
        } else if is_item(content) {
            text.own_line(line);
            // What is not an item itself goes on with this one.
            text.next = Next::Word;
            text.in_item = true;
        } else if line.starts_with("    ") || line.starts_with([' ', '\t']) && !text.in_item {
            text.own_line(line);
        } else {
            text.words(content);
        }
    }
    text.all
}

/// `- `, `* `, `+ `, `1. `.
fn is_item(content: &str) -> bool {
    let number = content.trim_start_matches(|c: char| c.is_ascii_digit());
    ["- ", "* ", "+ "].iter().any(|mark| content.starts_with(mark)) || number != content && number.starts_with(". ")
}

#[derive(Default)]
struct Text {
    all: String,
    next: Next,
    in_item: bool,
}

/// Where what comes next stands.
#[derive(Clone, Copy, Default)]
enum Next {
    #[default]
    Word,
    Line,
    Paragraph,
}

impl Text {
    fn own_line(&mut self, line: &str) {
        self.end_line();
        self.push(line.trim_end());
        self.end_line();
    }

    fn end_line(&mut self) {
        if matches!(self.next, Next::Word) {
            self.next = Next::Line;
        }
    }

    fn words(&mut self, content: &str) {
        self.push(&content.split_whitespace().collect::<Vec<_>>().join(" "));
    }

    fn push(&mut self, more: &str) {
        let gap = match self.next {
            _ if self.all.is_empty() => "",
            Next::Word => " ",
            Next::Line => "\n",
            Next::Paragraph => "\n\n",
        };
        self.in_item &= matches!(self.next, Next::Word);
        self.all.push_str(gap);
        self.all.push_str(more);
        self.next = Next::Word;
    }
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[test]
    fn text_flows_and_what_is_laid_out_keeps_its_lines() {
        for (help, text) in [
            ("One\nline.\n\nAnother  one.", "One line.\n\nAnother one."),
            ("Which:\n- `a`: first\n  one\n- b\n\nMore\ntext.", "Which:\n- `a`: first one\n- b\n\nMore text."),
            ("* a\n  * within\n1. one\n10. ten", "* a\n  * within\n1. one\n10. ten"),
            ("As in\n```toml\n[a]\n  b = 1\n\nc = 2\n```\nso.", "As in\n[a]\n  b = 1\n\nc = 2\nso."),
            ("As in\n\n```\na\n```\n\nso.", "As in\n\na\n\nso."),
            ("See\n\n    code  here\n    more\n\nend.", "See\n\n    code  here\n    more\n\nend."),
            ("A table\n  x  1\n  y  2\nand so\non.", "A table\n  x  1\n  y  2\nand so on."),
            ("1.5 times\n-x is no item", "1.5 times -x is no item"),
            ("", ""),
        ] {
            assert_eq!(laid_out(help), text, "{help}");
        }
    }
}
