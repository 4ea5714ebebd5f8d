//! What it takes to start a job's process.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

/// A job to start. As a message its parts have a NUL between them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StartRequest {
    pub(crate) folder: PathBuf,
    pub(crate) attempt: u32,
    pub(crate) time: Option<Duration>,
    pub(crate) gpus: Option<String>,
}

impl StartRequest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let time = self.time.map_or_else(String::new, |time| time.as_millis().to_string());
        let gpus = self.gpus.as_deref().unwrap_or_default();
        [self.folder.as_os_str().as_bytes(), self.attempt.to_string().as_bytes(), time.as_bytes(), gpus.as_bytes()]
            .join(&0)
    }

    pub(super) fn decode(message: &[u8]) -> Option<Self> {
        let mut parts = message.split(|byte| *byte == 0);
        let folder = PathBuf::from(OsString::from_vec(parts.next()?.to_vec()));
        let mut text = || std::str::from_utf8(parts.next()?).ok();
        let attempt = text()?.parse().ok()?;
        let time = text().map(|time| (!time.is_empty()).then(|| time.parse().map(Duration::from_millis)))?;
        let gpus = text().map(|gpus| (!gpus.is_empty()).then(|| gpus.to_owned()))?;
        Some(Self { folder, attempt, time: time.transpose().ok()?, gpus })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        for (time, gpus) in [(None, None), (Some(Duration::from_millis(1500)), Some("0,3".to_owned()))] {
            let folder = PathBuf::from(OsString::from_vec(b"/tmp/a b\n\xff".to_vec()));
            let request = StartRequest { folder, attempt: 7, time, gpus };
            assert_eq!(StartRequest::decode(&request.encode()), Some(request));
        }
        assert_eq!(StartRequest::decode(b"/tmp/x\0one\0\0"), None);
        assert_eq!(StartRequest::decode(b"/tmp/x"), None);
    }
}
