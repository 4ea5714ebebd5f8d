//! Comparing identities, and reading golden ones.

use std::collections::BTreeMap;

use xpm::Identity;

/// All have one identity.
#[track_caller]
pub(crate) fn same<const N: usize>(named: [(&str, Identity); N]) {
    let (first, identity) = named[0];
    for (name, other) in named {
        assert_eq!(identity, other, "`{first}` and `{name}` are to have one identity");
    }
}

/// No two have one identity.
#[track_caller]
pub(crate) fn different<const N: usize>(named: [(&str, Identity); N]) {
    for (i, (first, identity)) in named.into_iter().enumerate() {
        for (second, other) in &named[i + 1..] {
            assert_ne!(identity, *other, "`{first}` and `{second}` are to have two identities");
        }
    }
}

/// Compares with the golden vectors whose names `which` picks: not one may be missing, on either side.
#[track_caller]
pub(crate) fn with_golden(which: impl Fn(&str) -> bool, computed: Vec<(&str, Identity)>) {
    let golden: BTreeMap<&str, &str> = include_str!("golden/golden.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(digest, name)| (name, digest))
        .filter(|(name, _)| which(name))
        .collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    for (name, identity) in computed {
        if seen.insert(name, identity).is_some() {
            wrong.push(format!("`{name}` is computed twice"));
        }
        match golden.get(name) {
            Some(digest) if *digest == identity.to_string() => {}
            Some(digest) => wrong.push(format!("`{name}` is {identity}, golden {digest}")),
            None => wrong.push(format!("`{name}` has no golden vector")),
        }
    }
    wrong
        .extend(golden.keys().filter(|name| !seen.contains_key(*name)).map(|name| format!("`{name}` is not computed")));
    assert!(wrong.is_empty(), "{} of {} golden vectors:\n{}", wrong.len(), golden.len(), wrong.join("\n"));
}
