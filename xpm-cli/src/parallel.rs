//! Long output is made in parts, on all CPUs.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;

/// With fewer than this a second thread costs more than it saves.
const FEW: usize = 2_000;
/// How many are made before what was made is written.
const ROUND: usize = 16_000;

fn cpus() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get).min(8)
}

/// Makes something of each part of the numbers below `count`; gives what was made, in order.
pub(crate) fn in_parts<T: Send>(count: usize, make: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let size = if count < FEW { count } else { count.div_ceil(cpus()) }.max(1);
    let parts: Vec<Range<usize>> = (0..count).step_by(size).map(|begin| begin..count.min(begin + size)).collect();
    each(&parts, |part| make(part.clone()))
}

/// Makes something of each of the columns of so many rows.
pub(crate) fn of_columns<C: Sync, T: Send>(rows: usize, columns: &[C], make: impl Fn(&C) -> T + Sync) -> Vec<T> {
    if rows < FEW {
        return columns.iter().map(make).collect();
    }
    let parts: Vec<&[C]> = columns.chunks(columns.len().div_ceil(cpus()).max(1)).collect();
    each(&parts, |part| part.iter().map(&make).collect::<Vec<T>>()).into_iter().flatten().collect()
}

/// Makes something of each of a few parts, each on a thread of its own; gives what was made, in order.
pub(crate) fn each<P: Sync, T: Send>(parts: &[P], make: impl Fn(&P) -> T + Sync) -> Vec<T> {
    if let [part] = parts {
        return vec![make(part)];
    }
    let make = &make;
    thread::scope(|scope| {
        let makers: Vec<_> = parts.iter().map(|part| scope.spawn(move || make(part))).collect();
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

/// The text of `count` items, each written behind the one before, in pieces.
pub(crate) fn pieces(count: usize, write: impl Fn(&mut String, usize) + Sync) -> Vec<String> {
    in_parts(count, |range| {
        let mut text = String::new();
        range.for_each(|item| write(&mut text, item));
        text
    })
}
