//! Times and lengths of time as filters write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(86_400);

/// What a time in a filter stands for: the moment from which it lasts, and how long. `2026-11-01` lasts a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) begin: SystemTime,
    pub(super) lasts: Duration,
}

impl Span {
    pub(super) fn contains(self, time: SystemTime) -> bool {
        time >= self.begin && self.begin.checked_add(self.lasts).is_none_or(|end| time < end)
    }
}

/// A time: `2026-11-01`, `2026-11-01T10:00`, `…:30`, `…:30.5`, each with `Z` or `+02:00` behind it if a time of day is
/// given (else UTC); `now`, `today`, `yesterday`; `-2d` and `3h ago`.
pub(super) fn time(text: &str, now: SystemTime) -> Option<Span> {
    let today = || {
        let seconds = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(UNIX_EPOCH + Duration::from_secs(seconds - seconds % DAY.as_secs()))
    };
    // Moments are compared to the second, as they are shown.
    let second = Duration::from_secs(1);
    match text {
        "now" => return Some(Span { begin: now, lasts: second }),
        "today" => return Some(Span { begin: today()?, lasts: DAY }),
        "yesterday" => return Some(Span { begin: today()?.checked_sub(DAY)?, lasts: DAY }),
        _ => {}
    }
    if let Some(ago) = text.strip_prefix('-').or_else(|| text.strip_suffix(" ago").map(str::trim_end)) {
        return Some(Span { begin: now.checked_sub(duration(ago)?)?, lasts: second });
    }
    calendar(text)
}

fn calendar(text: &str) -> Option<Span> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let digits =
        |range: std::ops::Range<usize>| date.get(range).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    // By bytes: any text of a filter may be asked for here, and a character need not begin at these places.
    let dash = |place: usize| date.as_bytes()[place] == b'-';
    if !(digits(0..4) && dash(4) && digits(5..7) && dash(7) && digits(8..10)) {
        return None;
    }
    let read = |time: &str| humantime::parse_rfc3339(&format!("{date}T{time}Z")).ok();
    if rest.is_empty() {
        return Some(Span { begin: read("00:00:00")?, lasts: DAY });
    }
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = split_offset(time)?;
    let (clock, lasts) = match clock.len() {
        5 => (format!("{clock}:00"), Duration::from_secs(60)),
        8 => (clock.to_owned(), Duration::from_secs(1)),
        10..=18 => (clock.to_owned(), Duration::from_millis(1)),
        _ => return None,
    };
    let utc = read(&clock)?;
    let begin = if offset < 0 {
        utc.checked_add(Duration::from_secs(offset.unsigned_abs()))?
    } else {
        utc.checked_sub(Duration::from_secs(offset.unsigned_abs()))?
    };
    Some(Span { begin, lasts })
}

/// A time of day without its offset from UTC, and that offset in seconds.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (clock, offset) = (&time[..at], &time[at + 1..]);
    let digits = offset.replacen(':', "", 1);
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let seconds = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
    Some((clock, if time.as_bytes()[at] == b'-' { -seconds } else { seconds }))
}

/// A length of time: numbers, each with a unit behind it: `90s`, `2h30m`, `1.5d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..unit_end] {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" | "sec" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(amount * unit).ok()?)?;
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then_some(total)
}

/// The length of time that the tag of a `Duration` says, which is written as its `Debug`: a number and a unit, `90.5s`.
pub(in crate::state) fn of_tag(text: &str) -> Option<Duration> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if ["ns", "µs", "ms", "s"].contains(&unit) { duration(text) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn times_and_how_long_they_last() {
        let now = at("2026-11-24T15:30:45.5Z");
        for (text, begin, seconds) in [
            ("2026-11-01", "2026-11-01T00:00:00Z", 86_400.0),
            ("2026-11-01T10:00", "2026-11-01T10:00:00Z", 60.0),
            ("2026-11-01 10:00", "2026-11-01T10:00:00Z", 60.0),
            ("2026-11-01T10:00:30", "2026-11-01T10:00:30Z", 1.0),
            ("2026-11-01T10:00:30.250Z", "2026-11-01T10:00:30.250Z", 0.001),
            ("2026-11-01T10:00+02:00", "2026-11-01T08:00:00Z", 60.0),
            ("2026-11-01T10:00-0130", "2026-11-01T11:30:00Z", 60.0),
            ("today", "2026-11-24T00:00:00Z", 86_400.0),
            ("yesterday", "2026-11-23T00:00:00Z", 86_400.0),
            ("now", "2026-11-24T15:30:45.5Z", 1.0),
            ("-2d", "2026-11-22T15:30:45.5Z", 1.0),
            ("3h ago", "2026-11-24T12:30:45.5Z", 1.0),
            ("1h30m ago", "2026-11-24T14:00:45.5Z", 1.0),
        ] {
            let span = time(text, now).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((span.begin, span.lasts), (at(begin), Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-11",
            "2026-13-01",
            "2026-11-31",
            "2026-11-01T",
            "2026-11-01T25:00",
            "2026-11-01T10",
            "2026-11-01T10:00+99:00",
            "2d",
            "-",
            "-2",
            "ago",
            "é026-11-01",
            "2026-1é-01",
            "２026-11-01",
            "1234–5678",
            "1234-56–8",
            "1234-56-–",
            "2026-11-01T10:00+é",
        ] {
            assert_eq!(time(text, now), None, "{text}");
        }
    }

    #[test]
    fn lengths_of_time() {
        for (text, seconds) in [
            ("90s", 90.0),
            ("2h30m", 9000.0),
            ("1.5h", 5400.0),
            ("250ms", 0.25),
            ("1w", 604_800.0),
            ("0s", 0.0),
            ("5min", 300.0),
        ] {
            assert_eq!(duration(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "5", "s", "h5", "2x", "1..5s", "1e400s", "-2s", "99999999999999999999999d", "2h-3m"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
