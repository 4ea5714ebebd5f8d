//! `xpm diff` and `xpm why`.

use serde_json::Value as Json;

use crate::plan::xpm;

fn json(args: &[&str]) -> Json {
    let text = xpm(&[&["--json"], args].concat()).ok();
    serde_json::from_str(&text).unwrap()
}

/// The identity of the one job that a filter picks.
#[track_caller]
fn one(filter: &str) -> String {
    let jobs = json(&["jobs", "-f", filter]);
    assert_eq!(jobs["count"], 1, "{filter}");
    jobs["jobs"][0]["identity"].as_str().unwrap().to_owned()
}

fn words(text: &str, first: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(first));
    line.unwrap_or_else(|| panic!("{first}: {text}")).split_whitespace().map(str::to_owned).collect()
}

pub fn side_by_side() {
    let other_data = one("experiment = mixed and task = q.rank and state = done and depth = 1000");
    let other_depth = one("depth = 10");
    let text = xpm(&["diff", &other_data[..12], &other_depth[..12]]).ok();
    assert_eq!(words(&text, "depth")[1..3], ["1000", "10"]);
    assert_eq!(words(&text, "data.limit")[1..3], ["20", "10"]);
    assert!(words(&text, "depth").last().unwrap().contains("plan.rs:"), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");

    // What does not count is said to be there, and shown when asked for.
    let grid = one("experiment = grid and model.k1 = 0.9 and model.b = 0.4 and seed = 1");
    let text = xpm(&["diff", &grid, &other_depth]).ok();
    assert!(text.contains("1 more that is not in the identity"), "{text}");
    let text = xpm(&["diff", "--all", &grid, &other_depth]).ok();
    assert!(text.contains("model.threads") && text.contains("not in the identity: ignored"), "{text}");

    let found = json(&["diff", &grid, &other_data]);
    let paths: Vec<_> = found["differences"].as_array().unwrap().iter().map(|d| d["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["data", "data.limit", "model.threads"]);
    assert_eq!(found["differences"][1]["of"].as_array().unwrap().len(), 2);
    assert_eq!(found["differences"][2]["in_identity"], false);
    assert_eq!(found["differences"][2]["left_out"], "ignored");

    assert_eq!(xpm(&["diff", &grid, &grid]).ok().lines().count(), 1);
    let tasks = xpm(&["diff", &grid, &one("limit = 20")]).ok();
    assert_eq!(words(&tasks, "task")[1..3], ["q.rank", "q.prepare"]);
    xpm(&["diff", &grid, "zz"]).fails(3, &["`zz` names no job"]);
}

pub fn why_it_ran() {
    let other_data = one("experiment = mixed and task = q.rank and state = done and depth = 1000");
    let grid = one("experiment = grid and model.k1 = 0.9 and model.b = 0.4 and seed = 1");
    let why = json(&["why", &other_data]);
    assert_eq!(why["nearest_earlier"], format!("q.rank/{grid}"));
    assert_eq!(why["state"], "done");
    let text = xpm(&["why", &other_data]).ok();
    assert_eq!(words(&text, "data.limit")[1..3], ["10", "20"]);
    assert!(text.contains("is done") && text.contains("the nearest, q.rank/"), "{text}");

    let failed = xpm(&["why", &one("state = failed")]).ok();
    assert!(failed.contains("failed in attempt 1: this seed is refused"), "{failed}");
    assert!(words(&failed, "seed")[2] == "99" && failed.contains("has 1 other argument:"), "{failed}");

    // The first job of a task has no nearest one.
    let first = xpm(&["why", &one("task = q.prepare and limit = 10")]).ok();
    assert!(first.contains("no earlier job of q.prepare is there to compare it with"), "{first}");
    xpm(&["why", "zz"]).fails(3, &["`zz` names no job"]);
}
