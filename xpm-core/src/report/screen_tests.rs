//! What is written to a terminal, on a terminal of our own that knows just these sequences.

use super::super::line::Style;
use super::*;

/// Enough of a terminal to see what is where.
struct Terminal {
    cells: Vec<Vec<char>>,
    /// Line and column, from 0.
    at: (usize, usize),
    saved: (usize, usize),
    /// The scrolling area, last line included.
    area: (usize, usize),
    scrolled: Vec<String>,
}

impl Terminal {
    fn new(columns: usize, lines: usize) -> Self {
        let cells = vec![vec![' '; columns]; lines];
        Self { cells, at: (0, 0), saved: (0, 0), area: (0, lines - 1), scrolled: Vec::new() }
    }

    fn down(&mut self) {
        if self.at.0 == self.area.1 {
            let line = self.cells.remove(self.area.0);
            self.cells.insert(self.area.1, vec![' '; line.len()]);
            self.scrolled.push(line.iter().collect::<String>().trim_end().to_owned());
        } else {
            self.at.0 = (self.at.0 + 1).min(self.cells.len() - 1);
        }
    }

    fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '\x1b' => rest = self.sequence(rest),
                '\n' => {
                    self.down();
                    self.at.1 = 0;
                }
                c => {
                    self.cells[self.at.0][self.at.1] = c;
                    self.at.1 += 1;
                }
            }
        }
    }

    fn sequence<'a>(&mut self, rest: &'a str) -> &'a str {
        let (kind, mut rest) = rest.split_at(1);
        match kind {
            "7" => self.saved = self.at,
            "8" => self.at = self.saved,
            "D" => self.down(),
            "[" => {
                let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                let parameters: Vec<usize> = rest[..end].split(';').map(|n| n.parse().unwrap_or(0)).collect();
                match &rest[end..=end] {
                    "r" if parameters.len() == 2 => {
                        (self.area, self.at) = ((parameters[0] - 1, parameters[1] - 1), (0, 0));
                    }
                    "r" => (self.area, self.at) = ((0, self.cells.len() - 1), (0, 0)),
                    "A" => self.at.0 -= parameters[0],
                    "H" => self.at = (parameters[0] - 1, parameters[1] - 1),
                    "C" => self.at.1 = (self.at.1 + 1).min(self.cells[0].len() - 1),
                    "K" if parameters[0] == 2 => self.cells[self.at.0].fill(' '),
                    "K" => self.cells[self.at.0][self.at.1..].fill(' '),
                    "J" => {
                        let (line, column) = self.at;
                        self.cells[line][column..].fill(' ');
                        self.cells[line + 1..].iter_mut().for_each(|line| line.fill(' '));
                    }
                    "m" | "h" | "l" => {}
                    other => panic!("{other}"),
                }
                rest = &rest[end + 1..];
            }
            other => panic!("{other}"),
        }
        rest
    }

    fn shown(&self) -> Vec<String> {
        self.cells.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect()
    }

    /// Everything that was ever written above the region.
    fn output(&self) -> Vec<String> {
        let end = self.at.0;
        self.scrolled.iter().cloned().chain(self.shown().into_iter().take(end)).collect()
    }

    fn size(&self) -> Size {
        Size { columns: self.cells[0].len() as u16, lines: self.cells.len() as u16 }
    }
}

fn region(lines: &[&str]) -> Vec<Line> {
    lines.iter().map(|line| Line::new().with(Style::Good, line)).collect()
}

fn draw(screen: &mut Screen, terminal: &mut Terminal, lines: &[&str]) {
    let mut out = String::new();
    screen.draw(&mut out, &region(lines), terminal.size());
    terminal.write(&out);
}

#[test]
fn output_and_region_do_not_meet() {
    let (mut screen, mut terminal) = (Screen::default(), Terminal::new(20, 8));
    let mut expected = Vec::new();
    terminal.write("$ run\n");
    expected.push("$ run".to_owned());
    let heights = [1, 3, 2, 4, 1, 1, 5, 2];
    for n in 0..200 {
        let height = heights[n / 10 % heights.len()];
        let lines: Vec<String> = (0..height).map(|line| format!("region {line} {n}")).collect();
        terminal.write("half a ");
        draw(&mut screen, &mut terminal, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        let shown = terminal.shown();
        let at = shown.iter().position(|line| *line == format!("region 0 {n}")).expect("the region is shown");
        assert_eq!(shown[at..at + height], lines[..]);
        assert!(shown[at + height..].iter().all(String::is_empty), "{shown:?}");
        assert!(terminal.at.0 < at, "{shown:?}");
        for line in 0..n % 3 {
            terminal.write(&format!("line {n}\nand {line} "));
            expected.push(if line == 0 { format!("half a line {n}") } else { format!("and {} line {n}", line - 1) });
        }
        terminal.write("end\n");
        expected.push(match n % 3 {
            0 => "half a end".to_owned(),
            more => format!("and {} end", more - 1),
        });
    }
    let mut out = String::new();
    screen.close(&mut out);
    terminal.write(&out);
    assert_eq!(terminal.area, (0, 7));
    assert_eq!(terminal.output(), expected);
    assert!(terminal.shown()[terminal.at.0..].iter().all(String::is_empty));
}

#[test]
fn a_region_becomes_lower_only_after_a_while() {
    let (mut screen, mut terminal) = (Screen::default(), Terminal::new(20, 12));
    draw(&mut screen, &mut terminal, &["a", "b", "c"]);
    for _ in 0..IDLE {
        draw(&mut screen, &mut terminal, &["a"]);
        assert_eq!(terminal.shown()[9..], ["a", "", ""]);
    }
    draw(&mut screen, &mut terminal, &["a"]);
    assert_eq!(terminal.shown()[9..], ["", "", "a"]);
}

#[test]
fn only_what_has_changed_is_drawn_and_everything_now_and_then() {
    let mut screen = Screen::default();
    let size = Size { columns: 20, lines: 12 };
    let mut drawn = 0;
    for _ in 0..REFRESH {
        let mut out = String::new();
        screen.draw(&mut out, &region(&["the same"]), size);
        drawn += out.matches("the same").count();
    }
    assert_eq!(drawn, 2);
}

#[test]
fn there_is_no_region_where_there_is_no_room() {
    for (lines, height) in [(1, 0), (3, 0), (4, 1), (24, 8), (60, 12)] {
        assert_eq!(Size { columns: 80, lines }.region(), height, "{lines}");
    }
}
