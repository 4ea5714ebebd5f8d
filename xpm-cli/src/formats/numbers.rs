//! Numbers for people.

use std::fmt;

use super::plain::{Plain, scaled};

/// How the numbers of one column are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    /// All with as many digits behind the point.
    Decimals(usize),
    /// Each with so many significant digits.
    Significant(usize),
}

impl Style {
    /// One that shows every number of a column with `digits` significant digits or all it has, and aligns their points.
    pub(crate) fn of(numbers: impl Iterator<Item = f64>, digits: usize) -> Self {
        let digits = digits.clamp(1, 17);
        let mut decimals = 0;
        // A number as large as this needs no more decimals to have its digits.
        let enough = |decimals: usize| 10f64.powi(digits as i32 - 1 - decimals as i32);
        let mut least = enough(decimals);
        for x in numbers.filter(|x| x.is_finite() && *x != 0.0) {
            if !(1e-5..1e10).contains(&x.abs()) {
                return Self::Significant(digits);
            }
            if x.abs() >= least || (digits < 12 && is_exact(x, decimals)) {
                continue;
            }
            let behind =
                |shown: &str| shown.split_once('.').map_or(0, |(_, behind)| behind.trim_end_matches('0').len());
            decimals = decimals.max(match Plain::significant(x, digits) {
                Some(plain) => behind(plain.as_str()),
                None => behind(&significant(x, digits)),
            });
            least = enough(decimals);
        }
        // A column from 0.00001 to 1000 would be a wall of noise.
        if decimals > digits + 3 { Self::Significant(digits) } else { Self::Decimals(decimals) }
    }

    /// Writes a number of the column.
    pub(crate) fn write(self, f: &mut fmt::Formatter<'_>, x: f64) -> fmt::Result {
        match self {
            Self::Decimals(decimals) if x.is_finite() => match scaled(x, decimals) {
                Some(number) => f.write_str(Plain::new(x.is_sign_negative(), number, decimals).as_str()),
                None => write!(f, "{x:.decimals$}"),
            },
            Self::Decimals(_) => write!(f, "{x}"),
            Self::Significant(digits) => match Plain::significant(x, digits) {
                Some(plain) => f.write_str(plain.as_str()),
                None => f.write_str(&significant(x, digits)),
            },
        }
    }
}

/// Whether `x` is a number of at most so many decimals, but for what a float loses.
fn is_exact(x: f64, decimals: usize) -> bool {
    let scaled = x * 10f64.powi(decimals as i32);
    (scaled - scaled.round()).abs() <= scaled.abs() * 1e-14
}

/// `x` with so many significant digits; exact where that is as short.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return x.to_string();
    }
    let rounded: f64 = format!("{x:.*e}", digits.clamp(1, 17) - 1).parse().unwrap_or(x);
    let exponent = if rounded == 0.0 { 0 } else { rounded.abs().log10().floor() as i32 };
    if exponent >= digits as i32 && exponent < 10 {
        // The whole part is never rounded away.
        return format!("{x:.0}");
    }
    if (-5..10).contains(&exponent) { format!("{rounded}") } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_digits_as_asked_for_and_no_noise() {
        for (x, shown) in [
            (0.9, "0.9"),
            (0.0, "0"),
            (1.0, "1"),
            (0.123_456, "0.1235"),
            (-0.123_456, "-0.1235"),
            (0.300_000_000_000_000_04, "0.3"),
            (1234.567, "1235"),
            (123_456.7, "123457"),
            (0.000_123_456, "0.0001235"),
            (1.234_567e-7, "1.235e-7"),
            (1e-7, "1e-7"),
            (2.5e12, "2.5e12"),
            (99.999_9, "100"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(significant(x, 4), shown, "{x}");
        }
    }

    #[test]
    fn the_points_of_a_column_stand_below_each_other() {
        let shown = |numbers: &[f64]| {
            let style = Style::of(numbers.iter().copied(), 4);
            let shown = |x: &f64| fmt::from_fn(|f| style.write(f, *x)).to_string();
            numbers.iter().map(shown).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&[0.6, 0.9]), "0.6 0.9");
        assert_eq!(shown(&[0.16, 0.1475, 0.14, f64::NAN]), "0.1600 0.1475 0.1400 NaN");
        assert_eq!(shown(&[1.0, 2.0]), "1 2");
        assert_eq!(shown(&[1e-7, 0.5]), "1e-7 0.5");
        assert_eq!(shown(&[0.000_123_4, 512.25]), "0.0001234 512.2500000");
        assert_eq!(shown(&[0.000_012_34, 512.25]), "0.00001234 512.2");
    }
}
