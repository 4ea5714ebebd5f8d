//! Long output is made in parts, on all CPUs.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;

/// With fewer than this a second thread costs more than it saves.
const FEW: usize = 2_000;
/// How many are made before what was made is written.
const ROUND: usize = 16_000;

/// Makes something of each part of the numbers below `count`; gives what was made, in order.
pub(crate) fn in_parts<T: Send>(count: usize, make: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(8);
    if count < FEW || cpus == 1 {
        return vec![make(0..count)];
    }
    let (size, make) = (count.div_ceil(cpus), &make);
    thread::scope(|scope| {
        let parts = (0..count).step_by(size).map(|begin| begin..count.min(begin + size));
        let makers: Vec<_> = parts.map(|part| scope.spawn(move || make(part))).collect();
        let joined = makers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Writes `count` items, each behind the one before, some thousand at a time: as much memory as these take, whatever the count.
///
/// # Errors
/// If `to` cannot be written to.
pub(crate) fn write(to: &mut impl Write, count: usize, write: impl Fn(&mut Vec<u8>, usize) + Sync) -> io::Result<()> {
    for begin in (0..count).step_by(ROUND) {
        let part = |range: Range<usize>| {
            let mut bytes = Vec::new();
            range.for_each(|item| write(&mut bytes, begin + item));
            bytes
        };
        for part in in_parts(ROUND.min(count - begin), part) {
            to.write_all(&part)?;
        }
    }
    Ok(())
}

/// The text of `count` items, each written behind the one before.
pub(crate) fn text(count: usize, write: impl Fn(&mut String, usize) + Sync) -> String {
    let part = |range: Range<usize>| {
        let mut text = String::new();
        range.for_each(|item| write(&mut text, item));
        text
    };
    let mut parts = in_parts(count, part).into_iter();
    let mut text = parts.next().unwrap_or_default();
    let parts: Vec<String> = parts.collect();
    text.reserve(parts.iter().map(String::len).sum());
    parts.iter().for_each(|part| text.push_str(part));
    text
}
