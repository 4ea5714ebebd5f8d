//! Nothing of a figure is outside of it, and no text is over another.

use super::svg::width;
use super::{Figure, Kind, Point, Position, Series};

/// A rectangle: left, top, right, bottom.
type Place = [f64; 4];

fn attribute<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    line.split_once(&format!(" {name}=\""))?.1.split_once('"').map(|(value, _)| value)
}

fn number(line: &str, name: &str) -> f64 {
    attribute(line, name).unwrap().parse().unwrap()
}

/// Where a text is, as far as `width` knows. A turned name has a rectangle around it, in which others may reach.
fn of_text(line: &str) -> (Place, bool) {
    let (x, y) = (number(line, "x"), number(line, "y"));
    let body = line.split_once('>').unwrap().1.strip_suffix("</text>").unwrap();
    let text = body.replace("&amp;", "&").replace("<tspan dy=\"-4\" font-size=\"8\">", "").replace("</tspan>", "");
    let long = width(&text);
    let begin = match attribute(line, "text-anchor").unwrap() {
        "start" => 0.0,
        "middle" => long / 2.0,
        _ => long,
    };
    match attribute(line, "transform") {
        None => ([x - begin, y - 8.0, x - begin + long, y + 2.0], false),
        Some(turn) if turn.starts_with("rotate(-90") => ([x - 8.0, y - long + begin, x + 2.0, y + begin], false),
        // The end stands at its place, the beginning below it to the left.
        Some(_) => ([x - long * 0.82, y - 7.0, x, y + long * 0.574], true),
    }
}

fn of_path(line: &str) -> Place {
    let numbers: Vec<f64> = attribute(line, "d")
        .unwrap()
        .split(['M', 'L', 'Z', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().unwrap())
        .collect();
    let along = |from: usize, pick: fn(f64, f64) -> f64, start: f64| {
        numbers.iter().skip(from).step_by(2).copied().fold(start, pick)
    };
    let (far, near) = (f64::INFINITY, f64::NEG_INFINITY);
    [along(0, f64::min, far), along(1, f64::min, far), along(0, f64::max, near), along(1, f64::max, near)]
}

#[track_caller]
fn check(what: &str, figure: &Figure) -> String {
    let svg = figure.draw();
    let (w, h) = figure.size;
    assert!(!svg.contains("NaN") && !svg.contains("\"inf"), "{what}: {svg}");
    let mut texts: Vec<(Place, &str)> = Vec::new();
    for line in svg.lines() {
        let (place, turned) = match line.split([' ', '>']).next() {
            Some("<text") => of_text(line),
            Some("<path") => (of_path(line), true),
            Some("<circle") => {
                let (x, y, r) = (number(line, "cx"), number(line, "cy"), number(line, "r"));
                ([x - r, y - r, x + r, y + r], true)
            }
            _ => continue,
        };
        let [left, top, right, bottom] = place;
        assert!(left >= 0.0 && top >= 0.0 && right <= w && bottom <= h, "{what}, outside at {place:?}: {line}");
        if turned {
            continue;
        }
        for (other, before) in &texts {
            let apart = right <= other[0] || other[2] <= left || bottom <= other[1] || other[3] <= top;
            assert!(apart, "{what}, over another: {line}\n{before}");
        }
        texts.push((place, line));
    }
    svg
}

fn point(x: Position, y: f64, spread: f64) -> Point {
    Point { x, y, low: y - spread, high: y + spread, n: 3 }
}

fn figure(series: Vec<Series>) -> Figure {
    Figure {
        series,
        x: Kind::Linear,
        log_y: false,
        x_label: "k1".to_owned(),
        y_label: "map".to_owned(),
        title: None,
        description: "mean and std of 3 jobs a point".to_owned(),
        size: (440.0, 290.0),
    }
}

/// So many series of points at these places.
fn series(count: usize, name: impl Fn(usize) -> String, places: &[f64]) -> Vec<Series> {
    let of = |n: usize| {
        let points = places.iter().map(|x| point(Position::Number(*x), *x + n as f64, 0.5)).collect();
        Series { name: name(n), points }
    };
    (0..count).map(of).collect()
}

const LONG: &str = "a very long name, as of a model with all of its arguments = WWW 0.123456789, 検索エンジン";

#[test]
fn figures_of_all_kinds_hold_what_they_show() {
    let name = |n: usize| format!("b = {n}");
    let long = |n: usize| format!("{n} {LONG}");
    let sizes = [(440.0, 290.0), (160.0, 100.0), (2000.0, 100.0), (160.0, 2000.0)];
    let values: [(&str, &[f64]); 9] = [
        ("one point", &[0.3]),
        ("equal places", &[5.0, 5.0, 5.0]),
        ("negative", &[-3.0, -2.0, -1.0]),
        ("zero", &[0.0]),
        ("large", &[1_000_000.0, 1_000_100.0, 1_000_400.0]),
        ("small", &[1e-300, 2e-300]),
        ("far apart", &[-1e300, 1e300]),
        ("many", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0]),
        ("nearly equal", &[1.0, 1.000_000_1]),
    ];
    for size in sizes {
        for (what, places) in values {
            for (count, long_names) in [(1, false), (2, false), (2, true), (7, false), (60, true)] {
                for title in [None, Some("Short"), Some(LONG)] {
                    let series = if long_names { series(count, long, places) } else { series(count, name, places) };
                    let mut figure = Figure { size, title: title.map(str::to_owned), ..figure(series) };
                    check(&format!("{what}, {count} series, {size:?}"), &figure);
                    figure.x = Kind::Log;
                    figure.log_y = true;
                    (figure.x_label, figure.y_label) = (LONG.to_owned(), LONG.to_owned());
                    check(&format!("{what}, {count} series, {size:?}, logarithmic"), &figure);
                }
            }
        }
    }
}

#[test]
fn names_at_an_axis_are_turned_cut_or_left_out() {
    for (count, name) in [(3, "short"), (3, LONG), (12, "bm25 with rm3"), (40, "model"), (1000, "model")] {
        let names: Vec<String> = (0..count).map(|n| format!("{n} {name}")).collect();
        let points = names.iter().map(|name| point(Position::Category(name.clone()), 0.2, 0.1)).collect();
        let series = vec![Series { name: String::new(), points }];
        for size in [(440.0, 290.0), (160.0, 120.0), (2000.0, 100.0)] {
            let x = Kind::Categories(names.clone());
            check(&format!("{count} names, {size:?}"), &Figure { x, size, ..figure(series.clone()) });
        }
    }
}

#[test]
fn a_legend_without_room_for_all_says_how_many_more() {
    let of = |count| figure(series(count, |n| format!("b = {n}"), &[1.0, 2.0]));
    let svg = check("a thousand", &of(1000));
    assert!(svg.contains(">b = 0<") && svg.contains(">b = 12<") && svg.contains(">987 more<"), "{svg}");
    assert_eq!((of(1000).unnamed(), of(14).unnamed(), of(1).unnamed()), (987, 0, 0));
    // Too narrow for names at all.
    let mut narrow = Figure { size: (160.0, 100.0), ..of(3) };
    narrow.series.iter_mut().flat_map(|series| &mut series.points).for_each(|point| point.y += 1e7);
    assert_eq!(narrow.unnamed(), 3);
}
