//! The one place that reads the wall clock.

use std::time::SystemTime;

/// Now, as RFC 3339 in UTC with milliseconds.
pub(crate) fn timestamp() -> String {
    humantime::format_rfc3339_millis(now()).to_string()
}

/// Now, as `YYYYMMDD_HHMMSS` in UTC.
pub(crate) fn compact_timestamp() -> String {
    let text = humantime::format_rfc3339_seconds(now()).to_string();
    text.chars().filter(|c| !matches!(c, '-' | ':' | 'Z')).map(|c| if c == 'T' { '_' } else { c }).collect()
}

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    #[test]
    fn run_ids_sort_by_time() {
        let id = super::compact_timestamp();
        assert_eq!(id.len(), "20261123_222740".len());
        assert!(id.chars().all(|c| c.is_ascii_digit() || c == '_'));
    }
}
