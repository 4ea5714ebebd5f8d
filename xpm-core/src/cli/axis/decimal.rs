//! Decimal numbers as people write them, exactly: steps of 0.1 meet 0.3, not 0.30000000000000004.

use std::fmt;

use crate::cli::text::without_underscores;

/// The most values that one sweep, or all of them together, may give.
pub(crate) const MOST: u128 = 1_000_000;

/// `digits · 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let text = without_underscores(text.trim())?.to_ascii_lowercase();
        let (number, exponent) = match text.split_once('e') {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (&text[..], 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let plain = whole.trim_start_matches(['+', '-']);
        let all_digits = plain.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || plain.len() + fraction.len() == 0 {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        (exponent.unsigned_abs() <= 400).then_some(Self { digits, exponent })
    }

    /// Its digits with a smaller exponent.
    fn at(self, exponent: i32) -> Option<i128> {
        let shift = u32::try_from(self.exponent - exponent).ok()?;
        if self.digits == 0 { Some(0) } else { self.digits.checked_mul(10_i128.checked_pow(shift)?) }
    }
}

/// Without zeros at the end, and without a point if it is whole.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mut digits, mut exponent } = *self;
        while digits != 0 && digits % 10 == 0 && exponent < 0 {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        match usize::try_from(exponent) {
            _ if digits == 0 => f.write_str("0"),
            Ok(zeros) if zeros <= 30 => write!(f, "{digits}{}", "0".repeat(zeros)),
            Err(_) if exponent >= -30 => {
                let places = exponent.unsigned_abs() as usize;
                let text = format!("{:0>1$}", digits.unsigned_abs(), places + 1);
                let (whole, fraction) = text.split_at(text.len() - places);
                let sign = if digits < 0 { "-" } else { "" };
                write!(f, "{sign}{whole}.{fraction}")
            }
            _ => write!(f, "{digits}e{exponent}"),
        }
    }
}

fn numbers<const N: usize>(args: &[&str]) -> Result<[Decimal; N], String> {
    let mut numbers = [Decimal { digits: 0, exponent: 0 }; N];
    for (number, text) in numbers.iter_mut().zip(args) {
        *number = Decimal::parse(text).ok_or_else(|| format!("`{}` is no number", text.trim()))?;
    }
    Ok(numbers)
}

/// `range(first, last)` and `range(first, last, step)`: both ends are in it, if steps meet the last one.
pub(super) fn range(args: &[&str]) -> Result<Vec<String>, String> {
    let [first, last, step] = match args {
        [first, last] => numbers(&[first, last, "1"])?,
        [_, _, _] => numbers(args)?,
        _ => return Err("expected range(FIRST, LAST, STEP), for instance range(0, 1, 0.1)".to_owned()),
    };
    let exponent = first.exponent.min(last.exponent).min(step.exponent);
    let too_far = || "its numbers are of too different sizes".to_owned();
    let scaled = |number: Decimal| number.at(exponent).ok_or_else(too_far);
    let (first, last, step) = (scaled(first)?, scaled(last)?, scaled(step)?);
    let way = last.checked_sub(first).ok_or_else(too_far)?;
    if step == 0 {
        return Err("its step is 0".to_owned());
    }
    if way != 0 && (way < 0) != (step < 0) {
        return Err("it is empty: its step leads away from its end".to_owned());
    }
    let steps = way.checked_div(step).ok_or_else(too_far)?;
    few(steps.unsigned_abs().saturating_add(1))?;
    Ok((0..=steps).map(|i| Decimal { digits: first + i * step, exponent }.to_string()).collect())
}

/// `geom(first, last, count)`: so many values with one ratio between neighbours, both ends in it; those between have 12
/// significant digits, so that they are the same on every machine.
pub(super) fn geom(args: &[&str]) -> Result<Vec<String>, String> {
    let [first, last, count] = args else {
        return Err("expected geom(FIRST, LAST, COUNT), for instance geom(1e-4, 1, 5)".to_owned());
    };
    let ends = numbers::<2>(&[first, last])?;
    let count: u32 = count.trim().parse().map_err(|_| format!("`{}` is no count of values", count.trim()))?;
    let float = |text: &str| {
        let value = text.trim().replace('_', "").parse::<f64>().ok();
        value.filter(|value| value.is_finite()).ok_or_else(|| format!("`{}` is no float", text.trim()))
    };
    let (a, b) = (float(first)?, float(last)?);
    if a == 0.0 || b == 0.0 || a.is_sign_negative() != b.is_sign_negative() {
        return Err("its ends are both above 0, or both below".to_owned());
    }
    if count < 2 {
        return Err(format!("it is of {count} values: it has at least 2, its ends"));
    }
    few(count.into())?;
    let values = (0..count).map(|i| match i {
        0 => ends[0].to_string(),
        _ if i + 1 == count => ends[1].to_string(),
        _ => {
            let text = format!("{:.11e}", between(a, b, f64::from(i) / f64::from(count - 1)));
            Decimal::parse(&text).map_or(text, |value| value.to_string())
        }
    });
    Ok(values.collect())
}

/// What is that part of the way from `a` to `b`, in ratios.
fn between(a: f64, b: f64, part: f64) -> f64 {
    if (b / a).is_normal() {
        return a * ((b / a).ln() * part).exp();
    }
    // Their ratio is no float, its root is.
    let half = ((b.abs().ln() - a.abs().ln()) * part / 2.0).exp();
    a * half * half
}

fn few(count: u128) -> Result<(), String> {
    if count <= MOST { Ok(()) } else { Err(format!("it has {count} values: a sweep has at most {MOST}")) }
}

#[cfg(test)]
mod tests {
    use super::{Decimal, geom, range};

    #[test]
    fn steps_are_exact_decimals() {
        let tenths = range(&["0", " 1", "0.1"]).unwrap();
        assert_eq!(tenths, ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]);
        assert_eq!(range(&["1", "4"]).unwrap(), ["1", "2", "3", "4"]);
        assert_eq!(range(&["1", "-0.5", "-0.75"]).unwrap(), ["1", "0.25", "-0.5"]);
        assert_eq!(range(&["0", "1", "0.4"]).unwrap(), ["0", "0.4", "0.8"]);
        assert_eq!(range(&["1e-3", "3e-3", "1e-3"]).unwrap(), ["0.001", "0.002", "0.003"]);
        assert_eq!(range(&["1e3", "2_000", "500"]).unwrap(), ["1000", "1500", "2000"]);
        assert_eq!(range(&["5", "5", "1"]).unwrap(), ["5"]);
    }

    #[test]
    fn ratios_meet_what_people_would_write() {
        assert_eq!(geom(&["1e-4", "1", "5"]).unwrap(), ["0.0001", "0.001", "0.01", "0.1", "1"]);
        assert_eq!(geom(&["16", "1024", "7"]).unwrap(), ["16", "32", "64", "128", "256", "512", "1024"]);
        assert_eq!(geom(&["-100", "-1", "3"]).unwrap(), ["-100", "-10", "-1"]);
        assert_eq!(geom(&["1", "10", "3"]).unwrap(), ["1", "3.16227766017", "10"]);
        assert_eq!(geom(&["1e-200", "1e-150", "3"]).unwrap(), ["1e-200", "1e-175", "1e-150"]);
        assert_eq!(geom(&["-1e-200", "-1e200", "3"]).unwrap()[1], "-1");
        assert_eq!(geom(&["5e-324", "1", "3"]).unwrap().len(), 3);
    }

    #[test]
    fn what_is_no_sweep_is_told() {
        for (said, message) in [
            (range(&["0", "1", "0"]), "step is 0"),
            (range(&["0", "1", "-1"]), "leads away"),
            (range(&["0", "1", "1e-9"]), "it has 1000000001 values"),
            (range(&["0", "1e300", "1e-300"]), "too different sizes"),
            (range(&["0"]), "expected range("),
            (range(&["a", "1", "1"]), "`a` is no number"),
            (range(&["0", "1", "--1"]), "`--1` is no number"),
            (geom(&["0", "1", "3"]), "both above 0"),
            (range(&["0", "1e-2147483648", "1"]), "`1e-2147483648` is no number"),
            (range(&["0", "1__0", "1"]), "`1__0` is no number"),
            (geom(&["-1", "1", "3"]), "both above 0, or both below"),
            (geom(&["1", "1e400", "3"]), "`1e400` is no float"),
            (geom(&["1", "2", "1"]), "at least 2"),
            (geom(&["1", "2", "2.5"]), "`2.5` is no count"),
            (geom(&["1", "2"]), "expected geom("),
            (geom(&["1", "2", "3000000"]), "3000000 values"),
        ] {
            let error = said.unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn decimals_read_back() {
        for text in ["0", "-0.05", "100", "12.5", "0.000001"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        for text in ["", ".", "1.2.3", "1e", "nan", "inf", "1e999", "-"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
