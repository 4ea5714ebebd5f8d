//! Axes: from values to places, and where the ticks stand.

/// What kind of axis it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Linear,
    Log,
    /// Names, in order.
    Categories(Vec<String>),
}

/// An axis over a range of values.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) kind: Kind,
    low: f64,
    high: f64,
}

/// A tick: where, and what is written there; nothing at small ones.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

impl Axis {
    /// An axis that shows all of these values with a little room around them. On a logarithmic one only positive ones count.
    pub(crate) fn new(kind: Kind, values: impl Iterator<Item = f64>) -> Self {
        if let Kind::Categories(names) = &kind {
            let high = names.len() as f64 - 0.5;
            return Self { kind, low: -0.5, high };
        }
        let log = kind == Kind::Log;
        let place = |x: f64| if log { x.log10() } else { x };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for x in values.filter(|x| x.is_finite() && (!log || *x > 0.0)).map(place) {
            (low, high) = (low.min(x), high.max(x));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // One value alone has room on both sides.
        let room = match high - low {
            0.0 if log => 0.3,
            0.0 if low == 0.0 => 1.0,
            0.0 => low.abs() * 0.1,
            range => range * 0.06,
        };
        Self { kind, low: low - room, high: high + room }
    }

    /// Where a value is, from 0 to 1; `None` where it has no place.
    pub(crate) fn place(&self, x: f64) -> Option<f64> {
        let x = if self.kind == Kind::Log { if x > 0.0 { x.log10() } else { return None } } else { x };
        x.is_finite().then(|| (x - self.low) / (self.high - self.low))
    }

    /// The same, at the nearest end where it has none inside.
    pub(crate) fn clamp(&self, x: f64) -> f64 {
        match self.place(x) {
            Some(place) => place.clamp(0.0, 1.0),
            None => f64::from(u8::from(x > 0.0)),
        }
    }

    /// The ticks, about `wanted` of them with labels.
    pub(crate) fn ticks(&self, wanted: usize) -> Vec<Tick> {
        match &self.kind {
            Kind::Categories(names) => {
                names.iter().enumerate().map(|(at, name)| Tick { at: at as f64, label: name.clone() }).collect()
            }
            Kind::Linear => linear(self.low, self.high, wanted),
            Kind::Log => self.logarithmic(wanted),
        }
    }

    fn logarithmic(&self, wanted: usize) -> Vec<Tick> {
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let decades = (self.high.floor() - self.low.ceil()) as i32 + 1;
        if decades < 1 && self.high - self.low < 0.5 {
            // A part of one decade: the ticks of a linear axis, at their places.
            return linear(10f64.powf(self.low), 10f64.powf(self.high), wanted);
        }
        let every = (decades / wanted.max(1) as i32 + 1).max(1);
        let mut ticks = Vec::new();
        for decade in first..=last {
            for digit in 1..10 {
                // The nearest float, which a product need not be: 3 × 0.1 is no 0.3.
                let at = if decade < 0 {
                    f64::from(digit) / 10f64.powi(-decade)
                } else {
                    f64::from(digit) * 10f64.powi(decade)
                };
                if !(self.low..=self.high).contains(&at.log10()) {
                    continue;
                }
                let labelled = match decades {
                    ..=1 => matches!(digit, 1 | 2 | 5),
                    2 => matches!(digit, 1 | 3),
                    _ => digit == 1 && decade.rem_euclid(every) == 0,
                };
                let label = if labelled { label(at, 0) } else { String::new() };
                ticks.push(Tick { at, label });
            }
        }
        ticks
    }
}

/// Round numbers from `low` to `high`, about `wanted` of them.
fn linear(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    let raw = (high - low) / wanted.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power);
    let step = steps.into_iter().min_by(|a, b| (a / raw).ln().abs().total_cmp(&(b / raw).ln().abs())).unwrap_or(raw);
    if !(step.is_finite() && step > 0.0) {
        return Vec::new();
    }
    // As many digits behind the point as the step has, at most 2.5 and its like.
    let mut decimals = 0;
    while decimals < 12 && ((step * 10f64.powi(decimals)).fract() * 1e6).round() % 1e6 != 0.0 {
        decimals += 1;
    }
    let decimals = usize::try_from(decimals).unwrap_or(0);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last)
        .take(50)
        .map(|n| {
            let at = n as f64 * step;
            Tick { at: if n == 0 { 0.0 } else { at }, label: label_of_step(at, step, decimals) }
        })
        .collect()
}

/// A number among others that are a step away from it: with as many digits as tell them apart.
fn label_of_step(x: f64, step: f64, decimals: usize) -> String {
    if is_plain(x) {
        return label(x, decimals);
    }
    // A step is at most 2.5 and its like, which has one digit more.
    let digits = (x.abs().log10().floor() - step.log10().floor()).clamp(2.0, 15.0) as usize + 1;
    by_exponent(x, digits)
}

fn is_plain(x: f64) -> bool {
    x == 0.0 || (1e-4..1e6).contains(&x.abs())
}

/// A number on an axis; very large and small ones by their exponent.
fn label(x: f64, decimals: usize) -> String {
    if !is_plain(x) {
        return by_exponent(x, 3);
    }
    if decimals > 0 { format!("{x:.decimals$}") } else { format!("{x}") }
}

fn by_exponent(x: f64, digits: usize) -> String {
    let text = format!("{x:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match mantissa.trim_end_matches('0').trim_end_matches('.') {
        "1" => format!("10^{exponent}"),
        mantissa => format!("{mantissa}×10^{exponent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(kind: Kind, values: &[f64], wanted: usize) -> String {
        let ticks = Axis::new(kind, values.iter().copied()).ticks(wanted);
        ticks.iter().map(|tick| tick.label.as_str()).filter(|label| !label.is_empty()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_stand_at_round_numbers() {
        assert_eq!(labels(Kind::Linear, &[0.0, 1.0], 5), "0.00 0.25 0.50 0.75 1.00");
        assert_eq!(labels(Kind::Linear, &[0.255, 0.31], 5), "0.26 0.27 0.28 0.29 0.30 0.31");
        assert_eq!(labels(Kind::Linear, &[-3.0, 4.0], 5), "-2 0 2 4");
        assert_eq!(labels(Kind::Linear, &[5.0, 5.0], 5), "4.6 4.8 5.0 5.2 5.4");
        assert_eq!(labels(Kind::Linear, &[0.0, 3e7], 3), "0 10^7 2×10^7 3×10^7");
        assert_eq!(
            labels(Kind::Linear, &[1_000_000.0, 1_000_400.0], 4),
            "10^6 1.0001×10^6 1.0002×10^6 1.0003×10^6 1.0004×10^6"
        );
        let small = labels(Kind::Linear, &[2e-5, 2.001e-5], 4);
        let distinct: std::collections::BTreeSet<&str> = small.split(' ').collect();
        assert!(distinct.len() > 2 && distinct.len() == small.split(' ').count(), "{small}");
        assert_eq!(labels(Kind::Log, &[1e-4, 1.0], 6), "0.0001 0.001 0.01 0.1 1");
        assert_eq!(labels(Kind::Log, &[1.0, 8.0], 6), "1 2 5");
        assert_eq!(labels(Kind::Log, &[0.08, 1.2], 6), "0.1 0.3 1");
        assert_eq!(labels(Kind::Log, &[1e-9, 1.0], 4), "10^-9 10^-6 0.001 1");
        assert_eq!(labels(Kind::Linear, &[], 5), "0.00 0.25 0.50 0.75 1.00");
        assert_eq!(labels(Kind::Categories(vec!["a".into(), "b".into()]), &[], 5), "a b");
    }

    #[test]
    fn every_value_has_a_place_inside() {
        for (kind, values) in [
            (Kind::Linear, vec![-1e300, 1e300]),
            (Kind::Linear, vec![1e-320]),
            (Kind::Log, vec![1e-300, 1e300]),
            (Kind::Linear, vec![0.0]),
        ] {
            let axis = Axis::new(kind, values.iter().copied());
            for x in values {
                let place = axis.place(x).unwrap();
                assert!((0.0..=1.0).contains(&place), "{x} {place}");
            }
            assert!(axis.ticks(5).len() < 6000);
        }
        let log = Axis::new(Kind::Log, [1.0, 10.0].into_iter());
        assert_eq!((log.place(0.0), log.place(-1.0), log.clamp(0.0)), (None, None, 0.0));
    }
}
