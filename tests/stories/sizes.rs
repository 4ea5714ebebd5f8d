//! Nothing, much, deep and long.

use std::fs;
use std::path::Path;

use crate::harness::Story;

fn lines(story: &Story, what: &str, count: usize) -> Vec<String> {
    let outcome = story.ok("size", [what.to_owned(), count.to_string()]);
    outcome.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_task_without_arguments() {
    let story = Story::new();
    assert_eq!(lines(&story, "nothing", 0), ["()"]);
    assert_eq!(lines(&story, "nothing", 0), ["()"]);
}

#[test]
fn lists_of_ten_thousand() {
    let story = Story::new();
    assert_eq!(lines(&story, "list", 10_000), ["(49995000, 50000)"]);
    assert_eq!(lines(&story, "list", 10_000), ["(49995000, 50000)"]);
    assert_eq!(lines(&story, "list", 0), ["(0, 0)"]);
}

#[test]
fn configurations_nested_two_hundred_deep() {
    let story = Story::new();
    assert_eq!(lines(&story, "nested", 200), ["200"]);
    assert_eq!(lines(&story, "nested", 200), ["200"]);
}

#[test]
fn a_chain_of_three_hundred_tasks_each_given_the_one_before() {
    let story = Story::new();
    assert_eq!(lines(&story, "chain", 300)[0], "300");
    assert_eq!(story.jobs("story.link").len(), 300);
}

#[test]
fn a_chain_of_two_thousand_promises_takes_the_same_space_each() {
    let story = Story::new();
    let lines = lines(&story, "promises", 2000);
    assert_eq!(lines[0], "2000");
    let size = |folder: &str| fs::metadata(Path::new(folder).join("params.json")).unwrap().len();
    let (second, last) = (size(&lines[1]), size(&lines[2]));
    // The line on which the promise is given is not of the same length.
    assert!(last <= second + 8, "{second} {last}");
}

#[test]
fn a_thousand_jobs_that_do_nothing() {
    let story = Story::new();
    story.ok("size", ["no-ops", "1000"]).says(&["[1000/1000]", "story: 1000 run in"]);
    assert_eq!(story.jobs("story.no_op").len(), 1000);
    story.ok("size", ["no-ops", "1000"]).says(&["story: 1000 done before in"]);
}
