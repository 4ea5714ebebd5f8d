//! The thread that writes: lines as they come, the region a few times a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::line::Line;
use super::notes::Detail;
use super::region::{Signs, Step, region, rows_of};
use super::screen::Size;
use super::tally::Running;
use super::terminal::{Desk, Inner};
use super::{progress, stage, text};
use crate::ids::JobKey;
use crate::settings;
use crate::sys;

/// How often the region is drawn.
const FRAME: Duration = Duration::from_millis(200);

/// How long lines are held back that are summed up.
const HELD: Duration = Duration::from_secs(1);

/// After so long without a line, one says how far the run is: who reads the log of a machine wants to know that it goes on.
const SILENCE: Duration = Duration::from_secs(60);

/// Works until the run is over and everything is written.
pub(super) fn write(inner: &Arc<Inner>) {
    let mut clock = Clock::new(Instant::now());
    let signs = if settings::utf8() { Signs::Unicode } else { Signs::Ascii };
    let mut desk = inner.desk();
    loop {
        let now = Instant::now();
        clock.tick(&mut desk, now);
        let lines = desk.take_lines();
        let leaves = desk.claimed && (desk.over || !desk.live);
        let draws = desk.claimed && !leaves && now >= clock.next_frame;
        if lines.is_empty() && !leaves && !draws {
            if desk.over {
                break;
            }
            let until = clock.next(&desk);
            desk = inner.wait(desk, until.saturating_duration_since(now));
            continue;
        }
        let coloured = desk.claimed;
        desk.claimed &= !leaves;
        desk.unwritten = true;
        let size = sys::terminal_size().map(|(columns, lines)| Size { columns, lines }).filter(|_| draws);
        let height = size.map_or(0, Size::region);
        let running = desk.tally.as_ref().map_or_else(Vec::new, |tally| tally.longest_running(rows_of(height)));
        drop(desk);
        // The terminal and the files of the jobs may be slow: no event waits for them.
        if leaves {
            stage::release();
        }
        let text: String = lines.iter().map(|line| if coloured { line.ansi() } else { line.text() } + "\n").collect();
        match size {
            Some(size) => {
                let steps = read_steps(&running);
                let view = inner.desk().tally.as_ref().map(|tally| tally.view(&steps, rows_of(height), now));
                let view = view.filter(|view| view.counts.submitted > 0);
                let lines = view.map_or_else(Vec::new, |view| region(&view, size.columns.into(), height, signs));
                stage::show(&text, &lines, size);
            }
            // The region is not where lines go, so it need not be drawn again.
            None => stage::print(&text),
        }
        if draws {
            clock.next_frame = now + FRAME;
        }
        desk = inner.desk();
        (desk.unwritten, desk.stalled) = (false, false);
        inner.wrote();
    }
    desk.writing = false;
    inner.wrote();
}

/// When what is due.
struct Clock {
    next_frame: Instant,
    last_flush: Instant,
    last_line: Instant,
}

impl Clock {
    fn new(now: Instant) -> Self {
        Self { next_frame: now + FRAME, last_flush: now, last_line: now }
    }

    /// Puts what is due in the outbox.
    fn tick(&mut self, desk: &mut Desk, now: Instant) {
        if desk.notes.holds() && now >= self.last_flush + HELD {
            let lines = desk.notes.flush();
            desk.put(lines);
            self.last_flush = now;
        }
        if !desk.outbox.is_empty() {
            self.last_line = now;
        } else if !desk.live && now >= self.last_line + SILENCE {
            self.last_line = now;
            let line = heartbeat(desk, now);
            desk.put(line.into_iter().collect());
        }
    }

    /// When something is due next.
    fn next(&self, desk: &Desk) -> Instant {
        let mut next = self.last_line + SILENCE;
        if desk.claimed {
            next = next.min(self.next_frame);
        }
        if desk.notes.holds() {
            next = next.min(self.last_flush + HELD);
        }
        next
    }
}

fn heartbeat(desk: &Desk, now: Instant) -> Option<Line> {
    let tally = desk.tally.as_ref()?;
    let view = tally.view(&HashMap::new(), 0, now);
    let counts = view.counts;
    let left = view.left.map_or_else(String::new, |left| format!(", {left}"));
    let (ended, submitted) = (counts.ended(), counts.submitted);
    let text = format!("[{ended}/{submitted}] {} running, {} waiting{left}", counts.running, counts.waiting());
    (counts.running > 0 && desk.notes.detail == Detail::Lines).then(|| text::plain(text))
}

fn read_steps(running: &[Running]) -> HashMap<JobKey, Vec<Step>> {
    let read = |running: &Running| (running.key.clone(), progress::read(&running.folder.progress()));
    running.iter().map(read).collect()
}
