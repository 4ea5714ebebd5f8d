//! SVG as text.

use std::fmt::{Display, Write};

use xpm_core::report::width as columns;

/// A drawing that is being written.
#[derive(Debug)]
pub(super) struct Svg {
    out: String,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let mut svg = Self { out: String::new() };
        let (w, h) = (number(width), number(height));
        svg.line(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" font-size=\"11\" fill=\"#222\">"
        ));
        svg.line(format_args!("<title>{}</title>", escape(title)));
        svg.line(format_args!("<desc>{}</desc>", escape(description)));
        svg.line(format_args!("<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>"));
        svg
    }

    fn line(&mut self, line: impl Display) {
        let _ = writeln!(self.out, "{line}");
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], closed: bool, style: &str) {
        let mut data = String::new();
        for (place, (x, y)) in points.iter().enumerate() {
            let _ = write!(data, "{}{} {}", if place == 0 { "M" } else { "L" }, number(*x), number(*y));
        }
        if closed {
            data.push('Z');
        }
        self.line(format_args!("<path d=\"{data}\" {style}/>"));
    }

    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, style: &str) {
        self.line(format_args!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {style}/>", number(x), number(y), number(radius)));
    }

    /// Text; what stands behind `10^` is raised. `turn` is in degrees.
    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: &str, turn: f64, text: &str) {
        let (x, y) = (number(x), number(y));
        let turn = if turn == 0.0 { String::new() } else { format!(" transform=\"rotate({} {x} {y})\"", number(turn)) };
        let body = match text.split_once("10^") {
            Some((before, exponent)) if exponent.parse::<i32>().is_ok() => format!(
                "{}10<tspan dy=\"-4\" font-size=\"8\">{}</tspan>",
                escape(before),
                escape(exponent).replace('-', "−")
            ),
            _ if text.parse::<f64>().is_ok() => escape(text).replace('-', "−"),
            _ => escape(text),
        };
        self.line(format_args!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"{turn}>{body}</text>"));
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

/// A hundredth of a pixel is enough.
fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Not allowed in XML at all.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// About how wide a text is, in pixels, in the widest of the fonts that may be taken.
pub(super) fn width(text: &str) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' | ' ' => 3.8,
        'f' | 't' | 'r' | 'I' | '(' | ')' | '-' => 4.6,
        'm' | 'w' | 'M' | 'W' | '%' | '=' | '…' | '@' => 10.4,
        c if c.is_ascii_uppercase() => 8.6,
        // Han, kana, emoji: as wide as high.
        c => 7.0 + 4.0 * (columns(c.encode_utf8(&mut [0; 4])) as f64 - 1.0).clamp(-1.75, 1.0),
    };
    text.chars().map(of).sum()
}

/// The beginning of a text that fits, with `…` where something is left out.
pub(super) fn cut(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut shown = String::new();
    for c in text.chars() {
        shown.push(c);
        if width(&shown) + width("…") > room {
            shown.pop();
            break;
        }
    }
    shown + "…"
}

/// A text in lines that fit, at most so many; the last is cut if there would be more.
pub(super) fn wrapped(text: &str, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = lines.len() == most;
        match lines.last_mut() {
            Some(last) if full || width(last) + width(" ") + width(word) <= room => last.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| cut(line, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_xml_is_escaped() {
        let mut svg = Svg::new(10.0, 10.0, "a<b", "\u{1}&");
        svg.text((0.0, 1.005), "end", 0.0, "x < \"y\" & 10^z");
        svg.text((0.0, 0.0), "end", -90.0, "2×10^-7");
        svg.text((0.0, 0.0), "end", 0.0, "-0.5");
        let text = svg.finish();
        assert!(text.contains("<title>a&lt;b</title>") && text.contains("<desc> &amp;</desc>"), "{text}");
        assert!(text.contains(">x &lt; &quot;y&quot; &amp; 10^z</text>"), "{text}");
        assert!(text.contains("rotate(-90 0 0)\">2×10<tspan dy=\"-4\" font-size=\"8\">−7</tspan></text>"), "{text}");
        assert!(text.contains(">−0.5<"), "{text}");
    }
}
