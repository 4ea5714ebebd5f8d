//! Names that somebody may have meant.

/// The names nearest to `wanted`, at most three, nearest first: those that a few typing slips away, or that begin with
/// it, or whose last part is it.
///
/// ```
/// use xpm_core::near::near_names;
/// assert_eq!(near_names("stat", ["state", "task", "start"]), ["start", "state"]);
/// assert!(near_names("zebra", ["state", "task"]).is_empty());
/// ```
pub fn near_names<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let lower = wanted.to_lowercase();
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let other = name.to_lowercase();
            let last = other.rsplit('.').next().unwrap_or(&other);
            let slips = distance(&lower, &other).min(distance(&lower, last));
            let allowed = (lower.chars().count().max(2) / 3).clamp(1, 4);
            let begins = lower.len() >= 2 && (other.starts_with(&lower) || last.starts_with(&lower));
            (slips <= allowed || begins).then_some((slips, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup_by(|a, b| a.1 == b.1);
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}

/// `: did you mean ``state``, ``start``?`, or nothing.
pub fn did_you_mean<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    match near_names(wanted, names).as_slice() {
        [] => String::new(),
        [one] => format!(": did you mean `{one}`?"),
        [first @ .., last] => format!(": did you mean `{}` or `{last}`?", first.join("`, `")),
    }
}

/// Typing slips between two words: letters added, left out, replaced, or swapped with their neighbour.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut slips = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                slips = slips.min(before[j - 1] + 1);
            }
            row.push(slips);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, slips) in [
            ("", "", 0),
            ("", "ab", 2),
            ("state", "stat", 1),
            ("state", "satte", 1),
            ("k1", "k2", 1),
            ("map", "xyz", 3),
        ] {
            assert_eq!(distance(a, b), slips, "{a} {b}");
            assert_eq!(distance(b, a), slips, "{b} {a}");
        }
    }

    #[test]
    fn what_is_far_is_not_proposed() {
        let names = ["state", "task", "model.k1", "model.depth", "output.map"];
        assert_eq!(near_names("dept", names), ["model.depth"]);
        assert_eq!(near_names("modle.k1", names), ["model.k1"]);
        assert_eq!(near_names("maap", names), ["output.map"]);
        assert!(near_names("learning_rate", names).is_empty());
        assert_eq!(did_you_mean("taks", names), ": did you mean `task`?");
        assert_eq!(did_you_mean("zebra", names), "");
    }
}
