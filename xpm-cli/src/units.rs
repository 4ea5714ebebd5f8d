//! Times, durations and sizes, for people and for programs.

use std::time::{Duration, SystemTime};

/// `3.2s`, `12m 5s`, `3h 20m`, `2d 4h`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large}{large_unit}"),
        _ => format!("{large}{large_unit} {small}{small_unit}"),
    };
    match seconds {
        0 if duration.as_millis() < 1000 && duration.as_millis() > 0 => format!("{}ms", duration.as_millis()),
        0..=59 => format!("{:.1}s", duration.as_secs_f64()),
        60..=3599 => pair(seconds / 60, "m", seconds % 60, "s"),
        3600..=86_399 => pair(seconds / 3600, "h", seconds % 3600 / 60, "m"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// How long ago, by the largest unit: `5s ago`, `3h ago`, `12d ago`.
pub(crate) fn ago(time: SystemTime, now: SystemTime) -> String {
    let seconds = now.duration_since(time).unwrap_or_default().as_secs();
    let (number, unit) = match seconds {
        0..=59 => (seconds, "s"),
        60..=3599 => (seconds / 60, "m"),
        3600..=86_399 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "d"),
    };
    format!("{number}{unit} ago")
}

/// A time as RFC 3339 in UTC with milliseconds; null for none.
pub(crate) fn rfc3339(time: Option<SystemTime>) -> Option<String> {
    time.map(|time| humantime::format_rfc3339_millis(time).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_the_two_largest_units() {
        let shown = |seconds| duration(Duration::from_secs_f64(seconds));
        assert_eq!(
            [0.0, 0.25, 3.21, 59.94, 60.0, 125.0, 12_000.0, 200_000.0].map(shown),
            ["0.0s", "250ms", "3.2s", "59.9s", "1m", "2m 5s", "3h 20m", "2d 7h"]
        );
    }
}
