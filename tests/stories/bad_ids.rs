//! Ids that cannot name an experiment.

use crate::harness::{Story, names};

#[test]
fn an_id_that_cannot_name_a_folder_is_refused_and_nothing_is_written() {
    let long = "x".repeat(300);
    for (id, why, mend) in [
        ("", "it is empty", "`first-try`"),
        ("a/b", "it holds `/`, `\\` or a control character", "`a-b`"),
        ("/", "it holds `/`, `\\` or a control character", "`first-try`"),
        ("..", "it holds `..`", "`first-try`"),
        ("../../etc", "it holds `/`", "`"),
        (".x", "it begins or ends with a dot or a blank", "`x`"),
        ("a\nb", "a control character", "`a-b`"),
        (&long, "it is longer than 200 bytes", "`xxx"),
    ] {
        let story = Story::new();
        let outcome = story.fails("id", [id]);
        let shown: String = id.chars().take(80).collect();
        outcome.says(&[
            &format!("`{shown}` cannot be the id of an experiment: "),
            why,
            &format!("for instance {mend}"),
        ]);
        assert_eq!(names(&story.path()), ["control", "stderr.0", "stdout.0"], "{id}");
    }
}

#[test]
fn other_ids_are_fine() {
    for id in ["bm25-grid", "été 2026", "a.b", "=", &"x".repeat(200)] {
        let story = Story::new();
        assert_eq!(story.ok("id", [id]).stdout, format!("runs as {id}\n"));
        assert_eq!(names(&story.workdir.join("experiments")), [id]);
    }
}
