//! What those who watch a job see while it runs: how far it is.

use std::fs;

use serde_json::{Value as Json, json};

use crate::harness::{Story, wait_until};

fn level(description: &str, done: u64, total: impl Into<Option<u64>>) -> Json {
    match total.into() {
        Some(total) => json!({"description": description, "done": done, "total": total}),
        None => json!({"description": description, "done": done}),
    }
}

#[test]
fn what_was_said_last_is_seen_while_the_task_goes_on_without_a_word() {
    for (how, expected) in [
        ("whole", json!([level("", 500, 1000)])),
        ("nested", json!([level("", 500, 1000), level("epochs", 1, 3), level("batches", 2, 7)])),
        ("inner-over", json!([level("epochs", 0, 3)])),
        ("zipped", json!([level("queries", 2, 3), level("files", 2, None)])),
        ("threads", json!([level("ours", 1, 3)])),
    ] {
        let story = Story::new();
        story.mark("hold");
        let run = story.start("counts", [how]);
        let progress = || {
            let job = story.jobs("story.counts").pop()?;
            serde_json::from_slice::<Json>(&fs::read(job.file(".xpm/progress.json")).ok()?).ok()
        };
        wait_until(how, || progress().as_ref() == Some(&expected));
        story.unmark("hold");
        let outcome = run.end();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    }
}
