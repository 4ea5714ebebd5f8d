//! A figure: axes, series, legend, laid out and drawn.

use super::axis::{Axis, Kind, Tick};
use super::layout::{Frame, Layout, Legend};
use super::series::{Point, Position, Series};
use super::svg::{Svg, cut, width};

/// Colours that the colour-blind can tell apart, without the yellow that white paper swallows (Okabe and Ito, 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"];
/// From so many points in a series on a band is drawn, not bars.
const MANY: usize = 12;
const GREY: &str = "#888";

/// What is drawn, and how large.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) series: Vec<Series>,
    pub(crate) x: Kind,
    pub(crate) log_y: bool,
    pub(crate) x_label: String,
    pub(crate) y_label: String,
    pub(crate) title: Option<String>,
    /// Told to whoever cannot see it.
    pub(crate) description: String,
    /// In pixels; a point of a page each.
    pub(crate) size: (f64, f64),
}

impl Figure {
    /// The figure as SVG.
    pub(crate) fn draw(&self) -> String {
        let Layout { frame, x_ticks, y_ticks, turned, title, legend } = self.layout();
        let (w, h) = self.size;
        let said = self.title.clone().unwrap_or_else(|| format!("{} by {}", self.y_label, self.x_label));
        let mut svg = Svg::new(w, h, &said, &self.description);
        self.axes(&mut svg, &frame, &x_ticks, &y_ticks, turned);
        for (line, text) in title.iter().enumerate() {
            let middle = centred(text, f64::midpoint(frame.left, frame.right), (0.0, w));
            svg.text((middle, 18.0 + line as f64 * 16.0), "middle", 0.0, text);
        }
        for (place, series) in self.series.iter().enumerate() {
            self.series(&mut svg, &frame, place, series);
        }
        if let Some(legend) = legend {
            self.legend(&mut svg, &frame, legend);
        }
        svg.finish()
    }

    fn legend(&self, svg: &mut Svg, frame: &Frame, legend: Legend) {
        let line_of = |place: usize| (frame.right + 12.0, frame.top + 8.0 + place as f64 * 16.0);
        for (place, series) in self.series.iter().take(legend.named).enumerate() {
            let (x, y) = line_of(place);
            let colour = colour(place);
            svg.path(&[(x, y), (x + 18.0, y)], false, &line(place));
            marker(svg, place, (x + 9.0, y), &format!("fill=\"{colour}\""));
            svg.text((x + 23.0, y + 4.0), "start", 0.0, &cut(&series.name, legend.room));
        }
        if legend.more > 0 {
            let (x, y) = line_of(legend.named);
            svg.text((x + 23.0, y + 4.0), "start", 0.0, &legend.rest());
        }
    }

    fn layout(&self) -> Layout {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x_values = points().filter_map(|point| if let Position::Number(x) = point.x { Some(x) } else { None });
        let y_kind = if self.log_y { Kind::Log } else { Kind::Linear };
        let y = Axis::new(y_kind, points().flat_map(|point| [point.low, point.y, point.high]));
        let x = Axis::new(self.x.clone(), x_values);
        Layout::of(self, x, y)
    }

    /// How many series a reader finds no name of: the legend has no room for them.
    pub(crate) fn unnamed(&self) -> usize {
        match self.layout().legend {
            Some(legend) => legend.more,
            None if self.series.len() > 1 => self.series.len(),
            None => 0,
        }
    }

    fn axes(&self, svg: &mut Svg, frame: &Frame, x_ticks: &[Tick], y_ticks: &[Tick], turned: bool) {
        for tick in y_ticks {
            let Some(y) = frame.y.place(tick.at).map(|place| frame.at_y(place)) else { continue };
            let small = tick.label.is_empty();
            if !small {
                svg.path(
                    &[(frame.left, y), (frame.right, y)],
                    false,
                    "stroke=\"#e4e4e4\" stroke-width=\"0.8\" fill=\"none\"",
                );
                svg.text((frame.left - 8.0, y + 4.0), "end", 0.0, &tick.label);
            }
            let length = if small { 2.5 } else { 4.5 };
            svg.path(&[(frame.left - length, y), (frame.left, y)], false, &stroke(GREY));
        }
        for tick in x_ticks {
            let Some(x) = frame.x.place(tick.at).map(|place| frame.at_x(place)) else { continue };
            let length = if tick.label.is_empty() { 2.5 } else { 4.5 };
            svg.path(&[(x, frame.bottom), (x, frame.bottom + length)], false, &stroke(GREY));
            if tick.label.is_empty() {
                continue;
            }
            if turned {
                svg.text((x + 3.0, frame.bottom + 14.0), "end", -35.0, &tick.label);
            } else {
                svg.text((x, frame.bottom + 17.0), "middle", 0.0, &tick.label);
            }
        }
        let corner = [(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)];
        svg.path(&corner, false, &stroke(GREY));
        let (middle_x, middle_y) = (f64::midpoint(frame.left, frame.right), f64::midpoint(frame.top, frame.bottom));
        let (w, h) = self.size;
        // Between the title and the label of the other axis.
        let (upper, lower) = (frame.top - 8.0, h - 16.0);
        let (x_label, y_label) = (cut(&self.x_label, w - 12.0), cut(&self.y_label, lower - upper - 12.0));
        svg.text((centred(&x_label, middle_x, (0.0, w)), h - 7.0), "middle", 0.0, &x_label);
        svg.text((14.0, centred(&y_label, middle_y, (upper, lower))), "middle", -90.0, &y_label);
    }

    fn series(&self, svg: &mut Svg, frame: &Frame, place: usize, series: &Series) {
        let colour = colour(place);
        // Side by side, so that no error bar hides another.
        let beside = place as f64 - (self.series.len() as f64 - 1.0) / 2.0;
        let categories = matches!(self.x, Kind::Categories(_));
        let many = series.points.len() >= MANY && !categories;
        let apart = match (many, categories) {
            (true, _) => 0.0,
            (false, true) => {
                (frame.right - frame.left) / frame.x.ticks(1).len().max(1) as f64 * 0.6 / self.series.len() as f64
            }
            (false, false) => {
                let bars = self.series.iter().flat_map(|series| &series.points).any(|point| point.low < point.high);
                // Together no wider than the room around the data.
                if bars { ((frame.right - frame.left) * 0.1 / self.series.len() as f64).min(3.0) } else { 0.0 }
            }
        };
        let apart = apart.min(14.0) * beside;
        let x = |point: &Point| {
            let value = match (&point.x, &self.x) {
                (Position::Number(x), _) => *x,
                (Position::Category(name), Kind::Categories(names)) => {
                    names.iter().position(|known| known == name)? as f64
                }
                (Position::Category(_), _) => return None,
            };
            Some(frame.at_x(frame.x.place(value)?) + apart)
        };
        let drawn: Vec<(f64, &Point)> = series
            .points
            .iter()
            .filter(|point| frame.y.place(point.y).is_some())
            .filter_map(|point| Some((x(point)?, point)))
            .collect();
        let at = |y: f64| frame.at_y(frame.y.clamp(y));
        if many {
            let upper = drawn.iter().map(|(x, point)| (*x, at(point.high)));
            let lower = drawn.iter().rev().map(|(x, point)| (*x, at(point.low)));
            if drawn.iter().any(|(_, point)| point.low < point.high) {
                let band: Vec<(f64, f64)> = upper.chain(lower).collect();
                svg.path(&band, true, &format!("fill=\"{colour}\" fill-opacity=\"0.18\""));
            }
        } else {
            for (x, point) in drawn.iter().filter(|(_, point)| point.low < point.high) {
                let (low, high) = (at(point.low), at(point.high));
                for bar in
                    [[(*x, low), (*x, high)], [(x - 3.0, low), (x + 3.0, low)], [(x - 3.0, high), (x + 3.0, high)]]
                {
                    svg.path(&bar, false, &stroke(colour));
                }
            }
        }
        let places: Vec<(f64, f64)> = drawn.iter().map(|(x, point)| (*x, at(point.y))).collect();
        if !categories && places.len() > 1 {
            svg.path(&places, false, &line(place));
        }
        if places.len() <= 40 {
            for at in places {
                marker(svg, place, at, &format!("fill=\"{colour}\" stroke=\"#fff\" stroke-width=\"0.6\""));
            }
        }
    }
}

fn colour(place: usize) -> &'static str {
    COLOURS[place % COLOURS.len()]
}

fn stroke(colour: &str) -> String {
    format!("stroke=\"{colour}\" stroke-width=\"1\" fill=\"none\"")
}

/// Where the colours begin again the lines are dashed.
fn line(place: usize) -> String {
    let dashes = ["", " stroke-dasharray=\"5 3\"", " stroke-dasharray=\"2 2\"", " stroke-dasharray=\"7 2 2 2\""];
    let dashes = dashes[place / COLOURS.len() % dashes.len()];
    format!("stroke=\"{}\" stroke-width=\"1.5\" stroke-linejoin=\"round\" fill=\"none\"{dashes}", colour(place))
}

/// A shape for each series, for print without colours.
fn marker(svg: &mut Svg, place: usize, (x, y): (f64, f64), style: &str) {
    let shape: &[(f64, f64)] = match place % 6 {
        0 => return svg.circle((x, y), 3.2, style),
        1 => &[(-2.9, -2.9), (2.9, -2.9), (2.9, 2.9), (-2.9, 2.9)],
        2 => &[(0.0, -3.9), (3.6, 2.6), (-3.6, 2.6)],
        3 => &[(0.0, -4.1), (4.1, 0.0), (0.0, 4.1), (-4.1, 0.0)],
        4 => &[(0.0, 3.9), (3.6, -2.6), (-3.6, -2.6)],
        _ => &[
            (-3.6, -1.4),
            (-1.4, -3.6),
            (0.0, -2.2),
            (1.4, -3.6),
            (3.6, -1.4),
            (2.2, 0.0),
            (3.6, 1.4),
            (1.4, 3.6),
            (0.0, 2.2),
            (-1.4, 3.6),
            (-3.6, 1.4),
            (-2.2, 0.0),
        ],
    };
    let points: Vec<(f64, f64)> = shape.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    svg.path(&points, true, style);
}

/// The middle of a text, as near to `middle` as it can be between two places.
fn centred(text: &str, middle: f64, (from, to): (f64, f64)) -> f64 {
    let half = width(text) / 2.0 + 4.0;
    middle.min(to - half).max(from + half)
}
