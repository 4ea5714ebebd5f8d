//! Which events of `tracing` go to the log of a job: `[log] level` of `xpm.toml`, and `XPM_LOG`.

use std::str::FromStr;

use serde::Deserialize;

/// How much is said; each level holds those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    const NAMES: [(&str, Self); 6] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

/// `info`, or `info,my_crate=debug,my_crate::data=off`: a level for everything, and others for the targets below a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LogFilter {
    /// Of what no target names.
    pub(crate) rest: LogLevel,
    /// Targets, the paths of modules, and how much they say. The longest that fits counts.
    pub(crate) targets: Vec<(String, LogLevel)>,
}

impl LogFilter {
    /// Whether nothing is ever said.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_off(&self) -> bool {
        let levels = || self.targets.iter().map(|(_, level)| *level);
        levels().chain([self.rest]).all(|level| level == LogLevel::Off)
    }
}

/// A text that is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no level of a log; write `off`, `error`, `warn`, `info`, `debug` or `trace`, and for single targets \
     `TARGET=LEVEL`, with commas between: `info,my_crate::train=debug`"
)]
pub struct ParseLogFilterError(String);

impl FromStr for LogFilter {
    type Err = ParseLogFilterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let level_of = |name: &str| {
            let level = LogLevel::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            level.map(|(_, level)| *level).ok_or_else(|| ParseLogFilterError(name.to_owned()))
        };
        let mut filter = Self::default();
        for part in text.split(',').map(str::trim) {
            match part.split_once('=') {
                Some((target, _)) if target.trim().is_empty() => return Err(ParseLogFilterError(part.to_owned())),
                Some((target, level)) => filter.targets.push((target.trim().to_owned(), level_of(level.trim())?)),
                None => filter.rest = level_of(part)?,
            }
        }
        Ok(filter)
    }
}

impl TryFrom<String> for LogFilter {
    type Error = ParseLogFilterError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_targets() {
        let filter: LogFilter = "Warn, a::b = debug,c=off".parse().unwrap();
        assert_eq!(filter.rest, LogLevel::Warn);
        assert_eq!(filter.targets, [("a::b".to_owned(), LogLevel::Debug), ("c".to_owned(), LogLevel::Off)]);
        let filter: LogFilter = "a=trace".parse().unwrap();
        assert_eq!(filter.rest, LogLevel::Info);
    }

    #[test]
    fn what_is_none_is_named() {
        for (text, wrong) in
            [("inof", "`inof`"), ("", "``"), ("info,", "``"), ("a=loud", "`loud`"), ("=info", "`=info`")]
        {
            let error = text.parse::<LogFilter>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{wrong} is no level of a log; write `off`, ")), "{error}");
        }
    }
}
