//! Where the parts of a figure stand, so that nothing reaches beyond its edge and no text over another.

use super::axis::{Axis, Kind, Tick};
use super::figure::Figure;
use super::svg::{cut, width, wrapped};

/// From the baseline of a line of text to the next.
const LINE: f64 = 16.0;
/// What a mark of the legend takes, with the space around it.
const MARK: f64 = 42.0;
/// Above this a legend is wider than a name is worth, as a share of the figure.
const WIDEST_LEGEND: f64 = 0.4;
/// What is left to the data at least, each way.
const LEAST: f64 = 40.0;
/// What turned names take at most, along their line.
const LONGEST_NAME: f64 = 130.0;
/// What they take at most of the height, as a share of the figure.
const DEEPEST_NAMES: f64 = 0.35;
/// The angle of turned names: its cosine and sine.
const TURNED: (f64, f64) = (0.82, 0.574);

/// The frame that the data is drawn in.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Frame {
    pub(super) fn at_x(&self, place: f64) -> f64 {
        self.left + place * (self.right - self.left)
    }

    pub(super) fn at_y(&self, place: f64) -> f64 {
        self.bottom - place * (self.bottom - self.top)
    }
}

/// The legend: what a name takes, how many series are named, and how many more there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Legend {
    pub(super) room: f64,
    pub(super) named: usize,
    pub(super) more: usize,
}

impl Legend {
    /// For so many series in so many lines; none where there is no room to say how many are not named.
    fn of(all: usize, lines: usize, room: f64) -> Option<Self> {
        if all <= lines {
            return Some(Self { room, named: all, more: 0 });
        }
        let named = lines.checked_sub(1).filter(|named| *named > 0)?;
        let legend = Self { room, named, more: all - named };
        (width(&legend.rest()) <= room).then_some(legend)
    }

    /// What stands for the series that are not named.
    pub(super) fn rest(&self) -> String {
        more(self.more)
    }
}

/// Where everything is.
pub(super) struct Layout {
    pub(super) frame: Frame,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    /// Whether the names at the horizontal axis are turned.
    pub(super) turned: bool,
    /// The lines of the title.
    pub(super) title: Vec<String>,
    /// None if there is nothing to tell apart, or no room.
    pub(super) legend: Option<Legend>,
}

impl Layout {
    pub(super) fn of(figure: &Figure, x: Axis, y: Axis) -> Self {
        let (w, h) = figure.size;
        let lines = ((h - 40.0 - LEAST - 14.0) / LINE).clamp(1.0, 3.0) as usize;
        let title = figure.title.as_deref().map_or_else(Vec::new, |title| wrapped(title, w - 16.0, lines));
        let top = if title.is_empty() { 12.0 } else { 14.0 + title.len() as f64 * LINE };
        let mut y_ticks = y.ticks(((h / 50.0) as usize).clamp(3, 10));
        let mut left = widest(&y_ticks) + 34.0;
        let all = figure.series.len();
        // Turned names at the axis may take some of the height, which is not known yet.
        let certain = lines_in(h - 40.0 - h * DEEPEST_NAMES - top);
        let more = if all > certain { width(&more(all)) } else { 0.0 };
        let longest = figure.series.iter().map(|series| width(&series.name)).fold(more, f64::max);
        let room = longest.min((w * WIDEST_LEGEND).max(more)).min(w - left - MARK - LEAST);
        let legend = (all > 1 && room >= more.max(20.0)).then_some(room);
        let right = |x_ticks: &[Tick]| match legend {
            Some(room) => w - room - MARK,
            // A number may stand at the very end of the axis.
            None if matches!(x.kind, Kind::Categories(_)) => w - 14.0,
            None => w - (widest(x_ticks) / 2.0 + 2.0).clamp(14.0, w * 0.14),
        };
        let mut x_ticks = x.ticks(1);
        let mut turned = false;
        let mut below = 0.0;
        if matches!(x.kind, Kind::Categories(_)) {
            let between = (right(&x_ticks) - left) / x_ticks.len().max(1) as f64;
            if widest(&x_ticks) > between - 6.0 {
                let deepest = (h * DEEPEST_NAMES).min(h - 40.0 - top - LEAST).max(10.0);
                let room = widest(&x_ticks).min(LONGEST_NAME).min(deepest / TURNED.1);
                below = room * TURNED.1;
                // The first name reaches to the left of its place.
                left = left.max((room * TURNED.0 - between / 2.0).min(w * 0.25));
                let between = (right(&x_ticks) - left) / x_ticks.len().max(1) as f64;
                // Lines that are turned stand apart by less than their places do.
                let every = (LINE / TURNED.1 / between).ceil().max(1.0) as usize;
                for (place, tick) in x_ticks.iter_mut().enumerate() {
                    if place % every == 0 {
                        let at = left + (place as f64 + 0.5) * between;
                        tick.label = cut(&tick.label, room.min((at - 2.0) / TURNED.0));
                    } else {
                        tick.label.clear();
                    }
                }
                turned = true;
            }
        } else {
            for wanted in (1..=((w / 70.0) as usize).clamp(3, 12)).rev() {
                x_ticks = x.ticks(wanted);
                let right = right(&x_ticks);
                let line = Line { length: right - left, beyond: w - right };
                let out_of_place = line.out_of_place(&x, &x_ticks, |tick| width(&tick.label) + 4.0);
                if out_of_place.is_empty() || wanted == 1 {
                    out_of_place.into_iter().for_each(|place| x_ticks[place].label.clear());
                    break;
                }
            }
        }
        let right = right(&x_ticks);
        let bottom = h - 40.0 - below;
        let line = Line { length: bottom - top, beyond: top };
        line.out_of_place(&y, &y_ticks, |_| LINE - 4.0).into_iter().for_each(|place| y_ticks[place].label.clear());
        let legend = legend.and_then(|room| Legend::of(all, lines_in(bottom - top), room));
        Self { frame: Frame { left, top, right, bottom, x, y }, x_ticks, y_ticks, turned, title, legend }
    }
}

fn more(count: usize) -> String {
    format!("{count} more")
}

fn lines_in(height: f64) -> usize {
    (height / LINE) as usize
}

/// The line along which the labels of an axis stand.
struct Line {
    length: f64,
    /// How far a label may reach beyond its end.
    beyond: f64,
}

impl Line {
    /// Which ticks, by their places, have a label that touches one before it or reaches too far; `size` is what a label takes.
    fn out_of_place(&self, axis: &Axis, ticks: &[Tick], size: impl Fn(&Tick) -> f64) -> Vec<usize> {
        let mut end = f64::NEG_INFINITY;
        let labelled = ticks.iter().enumerate().filter(|(_, tick)| !tick.label.is_empty());
        let out = |(place, tick): (usize, &Tick)| {
            let middle = axis.place(tick.at)? * self.length;
            let half = size(tick) / 2.0;
            if middle - half < end || middle + half > self.length + self.beyond {
                return Some(place);
            }
            end = middle + half;
            None
        };
        labelled.filter_map(out).collect()
    }
}

fn widest(ticks: &[Tick]) -> f64 {
    ticks.iter().map(|tick| width(&tick.label)).fold(0.0, f64::max)
}
