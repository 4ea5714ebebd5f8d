//! The one place that writes to the terminal: text, colours, the pager.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::context::{Context, read_env};

pub(crate) const BOLD: &str = "1";
pub(crate) const DIM: &str = "2";
pub(crate) const RED: &str = "31";
pub(crate) const GREEN: &str = "32";
pub(crate) const YELLOW: &str = "33";
pub(crate) const CYAN: &str = "36";

/// `text` in a colour, where colours are used.
pub(crate) fn paint(color: bool, code: &str, text: &str) -> String {
    if color && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// The colour of a state.
pub(crate) fn state_color(state: &str) -> &'static str {
    match state {
        "done" => GREEN,
        "failed" | "unreadable" | "dead" => RED,
        "running" | "starting" => CYAN,
        "waiting" | "interrupted" => YELLOW,
        _ => DIM,
    }
}

/// So many of something: `1 job`, `2 jobs`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Writes text; through a pager if it is longer than the terminal.
///
/// # Errors
/// If standard output cannot be written to.
pub(crate) fn page(context: &Context, text: &str) -> io::Result<()> {
    page_pieces(context, &[text])
}

/// Writes text that is there in pieces of whole lines, like [`page`].
///
/// # Errors
/// If standard output cannot be written to.
pub(crate) fn page_pieces(context: &Context, pieces: &[impl AsRef<str>]) -> io::Result<()> {
    let lines = || pieces.iter().map(|piece| piece.as_ref().lines().count()).sum::<usize>();
    let long = context.height().is_some_and(|height| lines() >= height);
    if context.pager && long && io::stdin().is_terminal() && through_pager(pieces) {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    write_pieces(&mut stdout, pieces)?;
    stdout.flush()
}

/// Writes one piece behind the other.
///
/// # Errors
/// If `to` cannot be written to.
pub(crate) fn write_pieces(to: &mut impl Write, pieces: &[impl AsRef<str>]) -> io::Result<()> {
    pieces.iter().try_for_each(|piece| to.write_all(piece.as_ref().as_bytes()))
}

/// Whether a pager could be started. `PAGER` names it; nothing or `cat` is none.
fn through_pager(pieces: &[impl AsRef<str>]) -> bool {
    let pager = read_env("XPM_PAGER").or_else(|| read_env("PAGER")).unwrap_or_else(|| "less".to_owned());
    if pager.trim() == "cat" {
        return false;
    }
    // Ctrl-C is the pager's while it has the terminal: neither this process nor the shell ends before it.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::default());
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("trap '' INT\n{pager}")).stdin(Stdio::piped());
    if read_env("LESS").is_none() {
        // Quit if it fits, keep colours, leave the text on the screen.
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        // A pager that is left early closes its input.
        let _ = write_pieces(&mut input, pieces);
    }
    // A shell that does not find the pager says 127: then the text is shown without.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}

/// Writes one JSON value, indented.
///
/// # Errors
/// If standard output cannot be written to.
pub(crate) fn json(value: &serde_json::Value) -> io::Result<()> {
    let mut stdout = io::BufWriter::with_capacity(64 << 10, io::stdout().lock());
    serde_json::to_writer_pretty(&mut stdout, value)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// What others have written, line by line without what would steer the terminal.
pub(crate) fn clean(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(xpm_core::report::clean).collect();
    lines.join("\n")
}

/// Writes a line to standard error.
pub(crate) fn error_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
