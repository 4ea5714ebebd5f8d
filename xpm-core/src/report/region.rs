//! The live region as lines: a function of what there is to show and the room there is for it.

use std::time::Duration;

use super::estimate::{Left, elapsed};
use super::line::{Line, Style};
use super::width::{cut, width};

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) submitted: usize,
    /// Jobs that this run has run.
    pub(super) done: usize,
    /// Jobs that had been done before, or by somebody else.
    pub(super) cached: usize,
    /// Jobs that failed, were stopped, or could not be started because of another.
    pub(super) failed: usize,
    pub(super) running: usize,
}

impl Counts {
    pub(super) fn ended(&self) -> usize {
        self.done + self.cached + self.failed
    }

    pub(super) fn waiting(&self) -> usize {
        self.submitted.saturating_sub(self.ended() + self.running)
    }
}

/// A job that runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) task: String,
    /// As `key=value`, separated by blanks.
    pub(super) tags: String,
    /// What is counted, the outermost first.
    pub(super) steps: Vec<Step>,
    pub(super) elapsed: Duration,
    /// Whether another process runs it.
    pub(super) elsewhere: bool,
}

/// Something that a job counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Step {
    pub(super) description: String,
    pub(super) done: u64,
    pub(super) total: Option<u64>,
}

/// How far a job is, of 1, if it tells: of what is counted inside of a step, the step is the part that is done.
pub(super) fn fraction(steps: &[Step]) -> Option<f64> {
    let (first, rest) = steps.split_first()?;
    let total = first.total.filter(|total| *total > 0)? as f64;
    Some(((first.done as f64 + fraction(rest).unwrap_or(0.0)) / total).min(1.0))
}

/// What is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) experiment: String,
    pub(super) counts: Counts,
    /// The jobs that run, the first started first; there may be more in the counts.
    pub(super) rows: Vec<Row>,
    pub(super) left: Option<Left>,
}

/// The signs that bars are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signs {
    Unicode,
    /// Where the locale's character set is not UTF-8.
    Ascii,
}

impl Signs {
    fn full(self) -> &'static str {
        if self == Self::Unicode { "━" } else { "#" }
    }

    fn half(self) -> &'static str {
        if self == Self::Unicode { "╸" } else { "#" }
    }

    fn empty(self) -> &'static str {
        if self == Self::Unicode { "─" } else { "-" }
    }

    fn dot(self) -> &'static str {
        if self == Self::Unicode { " · " } else { ", " }
    }

    pub(super) fn mark(self) -> &'static str {
        if self == Self::Unicode { "…" } else { "..." }
    }
}

/// In place of the time that a job has taken which another process has started.
const ELSEWHERE: &str = "elsewhere";

/// At most `height` lines, none wider than `columns`.
pub(super) fn region(view: &View, columns: usize, height: usize, signs: Signs) -> Vec<Line> {
    let mut lines = head(view, columns, height, signs);
    let room = height.saturating_sub(lines.len());
    let running = view.counts.running.max(view.rows.len());
    let shown = if running > room { room.saturating_sub(1) } else { room }.min(view.rows.len());
    let time_width = if view.rows[..shown].iter().any(|row| row.elsewhere) { ELSEWHERE.len() } else { 6 };
    lines.extend(view.rows[..shown].iter().map(|row| row_line(row, columns, time_width, signs)));
    if running > shown && room > 0 {
        let more = format!("  {} and {} more", signs.mark(), running - shown);
        lines.push(Line::new().with(Style::Dim, more));
    }
    lines.truncate(height);
    lines.into_iter().map(|line| line.cut(columns, signs.mark())).collect()
}

/// How many rows of a region of `height` lines can be jobs.
pub(super) fn rows_of(height: usize) -> usize {
    height.saturating_sub(1)
}

/// One line if everything fits, two otherwise.
fn head(view: &View, columns: usize, height: usize, signs: Signs) -> Vec<Line> {
    const BAR: usize = 10;
    let counts = view.counts;
    let name = Line::new()
        .with(Style::Bold, cut(&view.experiment, (columns / 4).max(8), signs.mark()))
        .with(Style::Plain, "  ");
    let ratio = Line::new().with(Style::Plain, format!("  {}/{}", counts.ended(), counts.submitted));
    let parts = parts_of(&counts, signs);
    let left = view.left.map_or_else(Line::new, |left| Line::new().with(Style::Plain, format!("  {left}")));
    let fixed = name.width() + ratio.width() + left.width();
    let in_one = fixed + 2 + parts.width() + BAR;
    let line = |bar_width: usize, between: Option<Line>| {
        let mut line = name.clone();
        line.append(bar(&counts, bar_width, signs));
        line.append(ratio.clone());
        if let Some(between) = between {
            line.push(Style::Plain, "  ");
            line.append(between);
        }
        line.append(left.clone());
        line
    };
    // A bar of half the terminal is long enough.
    let bar_width = |taken: usize| columns.saturating_sub(taken).clamp(BAR, (columns / 3).clamp(BAR, 60));
    if in_one <= columns || height < 2 {
        return vec![line(bar_width(in_one - BAR), Some(parts))];
    }
    vec![line(bar_width(fixed), None), parts]
}

fn parts_of(counts: &Counts, signs: Signs) -> Line {
    let mut line = Line::new();
    for (count, what, style) in [
        (counts.done, "done", Style::Good),
        (counts.running, "running", Style::Active),
        (counts.waiting(), "waiting", Style::Plain),
        (counts.failed, "failed", Style::Bad),
        (counts.cached, "cached", Style::Dim),
    ] {
        if count > 0 {
            if line != Line::new() {
                line.push(Style::Dim, signs.dot());
            }
            line.push(style, &format!("{count} {what}"));
        }
    }
    line
}

/// What ended well in green, what failed in red at its end, what is left.
fn bar(counts: &Counts, columns: usize, signs: Signs) -> Line {
    let total = counts.submitted.max(1);
    let ended = (counts.ended() * columns / total).min(columns);
    let failed =
        if counts.failed > 0 { (counts.failed * columns / total).clamp(1, ended.max(1)).min(ended) } else { 0 };
    Line::new()
        .with(Style::Good, signs.full().repeat(ended - failed))
        .with(Style::Bad, signs.full().repeat(failed))
        .with(Style::Dim, signs.empty().repeat(columns - ended))
}

/// `  ir.rank k1=0.9      topics 12/50  ━━━━╸─────  24%   1m05s`
fn row_line(row: &Row, columns: usize, time_width: usize, signs: Signs) -> Line {
    let mut right = Line::new();
    if let Some(outer) = row.steps.first() {
        let inner = row.steps.last().filter(|_| row.steps.len() > 1 && columns >= 100);
        let text = [Some(outer), inner].into_iter().flatten().map(step_text).collect::<Vec<_>>().join(" > ");
        right.push(Style::Plain, &cut(&text, columns / 3, signs.mark()));
        if let Some(fraction) = fraction(&row.steps) {
            if columns >= 60 {
                right.push(Style::Plain, "  ");
                right.append(small_bar(fraction, 10, signs));
            }
            right.push(Style::Plain, &format!(" {:3.0}%", (fraction * 100.0).floor()));
        }
    }
    let time = if row.elsewhere { ELSEWHERE.to_owned() } else { elapsed(row.elapsed) };
    right.push(Style::Dim, &format!("  {time:>time_width$}"));
    let room = columns.saturating_sub(right.width() + 4);
    let mut line = Line::new().with(Style::Plain, "  ").with(Style::Active, cut(&row.task, room, signs.mark()));
    let room = room.saturating_sub(width(&row.task) + 1);
    if !row.tags.is_empty() && room > 0 {
        line.push(Style::Plain, " ");
        line.push(Style::Plain, &cut(&row.tags, room, signs.mark()));
    }
    let gap = columns.saturating_sub(line.width() + right.width());
    line.push(Style::Plain, &" ".repeat(gap));
    line.append(right);
    line
}

fn step_text(step: &Step) -> String {
    match step.total {
        Some(total) => format!("{} {}/{total}", step.description, step.done),
        None => format!("{} {}", step.description, step.done),
    }
}

fn small_bar(fraction: f64, columns: usize, signs: Signs) -> Line {
    let halves = (fraction * columns as f64 * 2.0).floor().clamp(0.0, columns as f64 * 2.0) as usize;
    let half = if halves % 2 == 1 { signs.half() } else { "" };
    let rest = columns - halves.div_ceil(2);
    Line::new().with(Style::Active, signs.full().repeat(halves / 2) + half).with(Style::Dim, signs.empty().repeat(rest))
}

#[cfg(test)]
#[path = "region_tests.rs"]
mod tests;
