//! The region on the terminal: below the lines that scroll, as the status lines of `apt` are, so that whatever the plan
//! prints comes out whole, without it or us knowing of each other.
//!
//! The lower lines are taken out of the scrolling area (DECSTBM). The cursor stays in the scrolling area, where the plan's
//! output goes on; drawing saves and restores it. Each drawing is one write, and the kernel lets no other write to the
//! same terminal in between.

use std::fmt::Write as _;

use super::line::Line;

/// Columns and lines of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: u16,
    pub(super) lines: u16,
}

impl Size {
    /// How many lines the region may have; none where there would be no room left for output.
    pub(super) fn region(self) -> usize {
        match self.lines {
            0..4 => 0,
            lines => usize::from(lines / 3).clamp(1, 12),
        }
    }
}

/// Ends the region: the scrolling area is all of the terminal again, and everything below the cursor is blank. The rest of the screen
/// is erased from one column on: from the very first one, tmux would take it for `clear` and keep the region in its history.
pub(super) const CLOSE: &str = "\x1b7\x1b[r\x1b8\x1b[K\x1b[C\x1b[J\x1b8";

/// What is on the terminal.
#[derive(Debug, Default)]
pub(super) struct Screen {
    region: Option<Region>,
}

#[derive(Debug)]
struct Region {
    size: Size,
    lines: Vec<String>,
    /// How many drawings in a row needed fewer lines.
    idle: u32,
    drawings: u32,
}

/// A region that becomes lower does so when it has not been needed for so many drawings: it shall not jump.
const IDLE: u32 = 15;

/// After so many drawings everything is drawn anew: the plan may have cleared the screen.
const REFRESH: u32 = 20;

impl Screen {
    pub(super) fn is_open(&self) -> bool {
        self.region.is_some()
    }

    /// Draws `lines`, at most `size.region()`, as the region.
    pub(super) fn draw(&mut self, out: &mut String, lines: &[Line], size: Size) {
        // Where the old lines are after a change of size, every terminal decides for itself; they are below the cursor.
        if self.region.as_ref().is_some_and(|region| region.size != size) {
            self.close(out);
        }
        if lines.is_empty() {
            return;
        }
        let region = self.region.get_or_insert_with(|| {
            // A process that was killed may have left its own.
            out.push_str(CLOSE);
            Region { size, lines: Vec::new(), idle: 0, drawings: 0 }
        });
        let before = region.lines.len();
        region.idle = if lines.len() < before { region.idle + 1 } else { 0 };
        let height = if region.idle > IDLE { lines.len() } else { lines.len().max(before) };
        region.drawings += 1;
        let all = height != before || region.drawings.is_multiple_of(REFRESH);
        if height != before {
            region.set_height(out, height);
        }
        out.push_str("\x1b7\x1b[?7l\x1b[0m");
        for index in 0..height {
            let line = lines.get(index).map(Line::ansi).unwrap_or_default();
            if all || region.lines[index] != line {
                let row = usize::from(size.lines) - height + 1 + index;
                let _ = write!(out, "\x1b[{row};1H\x1b[2K{line}");
                region.lines[index] = line;
            }
        }
        out.push_str("\x1b[?7h\x1b8");
    }

    /// The region has been taken away by somebody else.
    pub(super) fn forget(&mut self) {
        self.region = None;
    }

    /// Takes the region away.
    pub(super) fn close(&mut self, out: &mut String) {
        if self.region.take().is_some() {
            out.push_str(CLOSE);
        }
    }
}

impl Region {
    fn set_height(&mut self, out: &mut String, height: usize) {
        let (rows, before) = (usize::from(self.size.lines), self.lines.len());
        // What is on the lines that the region takes moves up, and the cursor with it; its column stays.
        let more = height.saturating_sub(before);
        if more > 0 {
            out.push_str(&"\x1bD".repeat(more));
            let _ = write!(out, "\x1b[{more}A");
        }
        out.push_str("\x1b7");
        for row in rows - before + 1..=rows - height {
            let _ = write!(out, "\x1b[{row};1H\x1b[2K");
        }
        let _ = write!(out, "\x1b[1;{}r\x1b8", rows - height);
        self.lines = vec![String::new(); height];
        self.idle = 0;
    }
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
