//! What another program says: run to its end, but not for longer than a time, and no more than a size.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether a program that has written everything has ended; most have.
const LOOK: Duration = Duration::from_millis(1);

/// What a program has written to its standard output.
pub(crate) struct Said {
    pub(crate) text: Vec<u8>,
    /// There is more.
    pub(crate) cut: bool,
}

/// What a program writes to its standard output, up to `most` bytes; `None` if it fails or takes too long.
pub(crate) fn said(mut command: Command, limit: Duration, most: usize) -> Option<Said> {
    let until = Instant::now() + limit;
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let (sender, receiver) = channel();
    let output = child.stdout.take()?;
    let reader = thread::Builder::new().name("xpm-said".to_owned()).stack_size(256 << 10).spawn(move || {
        let mut text = Vec::new();
        // One byte more tells that there is more.
        let read = output.take(most as u64 + 1).read_to_end(&mut text);
        let _ = sender.send(read.map(|_| text));
    });
    let text = reader.ok().and_then(|_| receiver.recv_timeout(limit).ok()).and_then(Result::ok);
    let cut = text.as_ref().is_some_and(|text| text.len() > most);
    if text.is_none() || cut {
        // It may have ended meanwhile.
        let _ = child.kill();
    }
    let ended_well = ends_well(child, until);
    let mut text = text.filter(|_| cut || ended_well)?;
    text.truncate(most);
    Some(Said { text, cut })
}

/// Whether the program ends well before `until`. One that has closed its output may still run for ever, and one that waits for a
/// device that hangs does not end when it is killed: it is left to a thread of its own.
fn ends_well(mut child: Child, until: Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            // There is no waiting for a child with a limit.
            Ok(None) if Instant::now() < until => thread::park_timeout(LOOK),
            _ => break,
        }
    }
    let _ = child.kill();
    let reaper = thread::Builder::new().name("xpm-said".to_owned()).stack_size(256 << 10);
    let _ = reaper.spawn(move || child.wait());
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_is_heard_within_its_time_and_size() {
        let limit = Duration::from_secs(60);
        assert_eq!(said(sh("printf abc"), limit, 9).map(|said| (said.text, said.cut)), Some((b"abc".to_vec(), false)));
        assert_eq!(said(sh("yes"), limit, 4).map(|said| (said.text, said.cut)), Some((b"y\ny\n".to_vec(), true)));
        assert!(said(sh("echo abc; exit 1"), limit, 9).is_none());
        assert!(said(sh("exec sleep 1000"), Duration::from_millis(20), 9).is_none());
        // It says everything and does not end.
        assert!(said(sh("echo abc; exec >&-; exec sleep 1000"), Duration::from_millis(500), 9).is_none());
        assert!(said(Command::new("/no/such/program"), limit, 9).is_none());
    }
}
