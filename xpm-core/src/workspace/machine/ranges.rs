//! Ranges of bytes: what is left of one without others. Knows no files.

use std::ops::Range;

/// What is left of a range without others, in order.
pub(super) fn without(range: &Range<u64>, others: &[Range<u64>]) -> Vec<Range<u64>> {
    let overlaps = |other: &&Range<u64>| other.start < range.end && range.start < other.end;
    let mut others: Vec<&Range<u64>> = others.iter().filter(overlaps).collect();
    others.sort_unstable_by_key(|other| other.start);
    let (mut left, mut from) = (Vec::new(), range.start);
    for other in others {
        if from < other.start {
            left.push(from..other.start);
        }
        from = from.max(other.end);
    }
    if from < range.end {
        left.push(from..range.end);
    }
    left
}

/// How many bytes these are.
pub(super) fn length(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_has_none_of_the_others() {
        let random = |n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 20;
        for n in 0..5_000 {
            let range = random(n)..random(n) + random(n + 1) + 1;
            let others: Vec<_> = (0..n % 4).map(|i| random(n * 7 + i)..random(n * 7 + i) + random(n + i) + 1).collect();
            let left = without(&range, &others);
            let expected = range.clone().filter(|byte| !others.iter().any(|other| other.contains(byte)));
            assert!(left.iter().cloned().flatten().eq(expected), "{range:?} without {others:?}: {left:?}");
            assert!(left.iter().all(|part| part.start < part.end));
        }
    }
}
