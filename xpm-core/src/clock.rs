//! The one place that reads the wall clock.

use std::time::{Duration, SystemTime};

/// No time that is waited for is longer: who writes `Duration::MAX` means one without end, and an `Instant` has its limits.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Now, as RFC 3339 in UTC with milliseconds.
pub(crate) fn timestamp() -> String {
    humantime::format_rfc3339_millis(now()).to_string()
}

/// Now, as `YYYYMMDD_HHMMSS` in UTC.
pub(crate) fn compact_timestamp() -> String {
    let text = humantime::format_rfc3339_seconds(now()).to_string();
    text.chars().filter(|c| !matches!(c, '-' | ':' | 'Z')).map(|c| if c == 'T' { '_' } else { c }).collect()
}

/// Now, between 1970 and 9999: a clock that is far off has no time of its own in RFC 3339.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn now() -> SystemTime {
    told(SystemTime::now())
}

/// The last second of the year 9999.
const LAST: Duration = Duration::from_secs(253_402_300_799);

fn told(time: SystemTime) -> SystemTime {
    time.clamp(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clock_has_a_time() {
        let year = Duration::from_secs(365 * 86_400);
        let shown = |time| humantime::format_rfc3339_millis(told(time)).to_string();
        assert_eq!(shown(SystemTime::UNIX_EPOCH - 50 * year), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(SystemTime::UNIX_EPOCH + 9000 * year), "9999-12-31T23:59:59.000Z");
    }

    #[test]
    fn run_ids_sort_by_time() {
        let id = compact_timestamp();
        assert_eq!(id.len(), "20261123_222740".len());
        assert!(id.chars().all(|c| c.is_ascii_digit() || c == '_'));
    }
}
