//! `journal.jsonl` of a run: what it says of plans that end well, fail, and are killed.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::harness::{Story, wait_until};

/// The lines of the journal of a run.
fn journal(run: &Path) -> Vec<Json> {
    let text = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The events of a run, each with the name of the step that it is about, in order.
fn events(story: &Story, run: &Path, steps: &[&str]) -> Vec<String> {
    let ids: Vec<_> = steps.iter().map(|step| (story.step(step).0, step)).collect();
    let name = |job: &Json| {
        let path = story.workdir.join("jobs").join(job.as_str()?);
        ids.iter().find(|(folder, _)| *folder == path).map(|(_, step)| format!(" {step}"))
    };
    let text = |line: &Json| format!("{}{}", line["event"].as_str().unwrap(), name(&line["job"]).unwrap_or_default());
    journal(run).iter().map(text).collect()
}

#[test]
fn the_journal_tells_a_run_from_its_beginning_to_its_end() {
    let story = Story::new();
    story.mark("fail.b");
    story.fails("steps", ["cpus=1", "a", "b", "a", "c:b,a"]);
    let run = story.runs().pop().unwrap();
    // `c` was never started: it has no folder yet.
    let lines = journal(&run);
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    assert_eq!(of("run")[0]["mode"], "normal");
    assert_eq!(of("run")[0]["xpm"], env!("CARGO_PKG_VERSION"));
    assert_eq!(of("end")[0]["status"], "failed");
    let [a, b, c] = of("submitted")[..] else { panic!("{lines:#?}") };
    assert_eq!(c["depends_on"].as_array().unwrap().len(), 2);
    assert!(c["depends_on"].as_array().unwrap().contains(&a["job"]), "{c}");
    assert_eq!(a["state"], "waiting");
    assert!(a["at"].as_str().unwrap().contains("steps.rs:"), "{a}");
    assert!(run.join("jobs").join(a["name"].as_str().unwrap()).is_symlink(), "{a}");
    assert_eq!(of("started").len(), 2);
    assert!(of("started").iter().all(|line| line["attempt"] == 1));
    assert_eq!(of("ended").len(), 3);
    // What `a` came to may be seen last: `b` is started when it has no more to do than to write its record.
    let of_others: Vec<_> = of("ended").into_iter().filter(|line| line["job"] != a["job"]).collect();
    let [failed, skipped] = of_others[..] else { panic!("{lines:#?}") };
    assert_eq!((&failed["job"], &failed["state"], &failed["ran"]), (&b["job"], &"failed".into(), &true.into()));
    assert_eq!(failed["failure"]["chain"][1], "the disk is on fire");
    assert_eq!((&skipped["job"], &skipped["ran"]), (&c["job"], &false.into()));
    assert_eq!(skipped["failure"]["reason"], "dependency_failed");

    story.unmark("fail.b");
    story.ok("steps", ["cpus=1", "a", "b", "a", "c:b,a"]);
    let events = events(&story, &story.runs()[1], &["a", "b", "c"]);
    let done =
        ["run", "submitted a", "submitted b", "resubmitted a", "submitted c", "started b", "ended b", "started c"];
    // The plan submits while jobs run already: what is told of each job is in order, not what is told of all.
    for job in [" a", " b", " c"] {
        let own = |events: &[String]| events.iter().filter(|line| line.ends_with(job)).cloned().collect::<Vec<_>>();
        let mut expected = own(&done.map(str::to_owned));
        if job == " c" {
            expected.push("ended c".to_owned());
        }
        assert_eq!(own(&events), expected, "{events:?}");
    }
    assert_eq!((&*events[0], &**events.last().unwrap()), ("run", "end"));
    assert_eq!(journal(&story.runs()[1]).iter().find(|line| line["event"] == "submitted").unwrap()["state"], "done");
}

#[test]
fn what_a_killed_driver_has_seen_is_in_its_journal() {
    let story = Story::new();
    story.mark("hold.a");
    let driver = story.start("steps", ["a"]);
    story.wait_for("started.a");
    let run = story.runs().pop().unwrap();
    let started = || fs::read_to_string(run.join("journal.jsonl")).unwrap_or_default().contains("\"started\"");
    wait_until("the journal has been written", started);
    driver.kill();
    assert_eq!(events(&story, &run, &["a"]), ["run", "submitted a", "started a"]);
    let next = story.start("steps", ["a"]);
    wait_until("the next driver has found the job", || {
        story.runs().len() == 2
            && fs::read_to_string(story.runs()[1].join("journal.jsonl")).is_ok_and(|text| text.contains("\"attached\""))
    });
    story.unmark("hold.a");
    assert_eq!(next.end().code(), Some(0));
    assert_eq!(events(&story, &story.runs()[1], &["a"]), ["run", "submitted a", "attached a", "ended a", "end"]);
    assert_eq!(journal(&story.runs()[1])[3]["ran"], false);
}
