//! What the scheduler does not know, as a test: its sources name nothing that has a clock, a disk or a process. Tests only.

use std::collections::BTreeSet;
use std::path::Path;

/// What it may use of the standard library: nothing that is different the next time.
const ALLOWED: &[&str] = &["cell", "cmp", "collections", "fmt", "hash", "iter", "mem", "num", "ops"];

/// The sources below `folder`, but this one.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.file_name() != Path::new(file!()).file_name() {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The paths of a source that leave the scheduler, each as its first two parts.
fn paths_out(source: &str) -> BTreeSet<String> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    let mut found = BTreeSet::new();
    for line in code {
        for root in ["std", "core", "crate", "tokio", "libc", "chrono", "tempfile"] {
            for (at, _) in line.match_indices(&format!("{root}::")) {
                let before = line[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                let rest = &line[at + root.len() + 2..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                found.insert(format!("{root}::{}", &rest[..end]));
            }
        }
    }
    found
}

#[test]
fn the_scheduler_has_no_clock_no_disk_and_no_processes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scheduler");
    let mut found = Vec::new();
    sources(&folder, &mut found);
    found.push(("scheduler.rs".to_owned(), std::fs::read_to_string(folder.with_extension("rs")).unwrap()));
    assert!(found.len() > 10, "these are not the scheduler's sources: {found:?}");
    for (file, source) in &found {
        for path in paths_out(source) {
            let allowed = path == "crate::scheduler"
                || path.strip_prefix("std::").is_some_and(|module| ALLOWED.contains(&module));
            assert!(allowed, "{file} uses `{path}`: time, files and processes are the driver's, as events and actions");
        }
    }
}

#[test]
fn what_leads_out_of_it_is_seen() {
    let source = "use std::time::Instant; // std::fs\nlet x = crate::clock::now(); my_std::a();\nuse std::{fs, io};";
    assert_eq!(paths_out(source).into_iter().collect::<Vec<_>>(), ["crate::clock", "std::", "std::time"]);
}
