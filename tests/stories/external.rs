//! Tasks that external programs do (docs/programs.md).

use std::fs;

use serde_json::{Value as Json, json};

use super::harness::*;

fn lines(path: &std::path::Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn arguments_come_as_flags_and_as_json() {
    let story = Story::new();
    let outcome = story.ok("program-arguments", NO_ARGS);
    let job = story.job("story.program.arguments");
    let (own, step) = (job.0.display(), story.step("first").0);
    let step = step.display();
    let control = story.control.display();
    let expected = [
        "--lr 0.1".to_owned(),
        format!("--model.layers 3 --model.dropout 0.5 --model.file {own}/model/net.txt"),
        format!("--nets.0.layers 1 --nets.0.dropout 0.5 --nets.0.file {own}/nets/0/net.txt"),
        format!("--nets.1.layers 2 --nets.1.dropout 0.1 --nets.1.file {own}/nets/1/net.txt"),
        "--name a b --xs 1 --xs=-2 --set 9 --set 10 --pair 7 --pair seven --map k=1.5 --map l=2.0".to_owned(),
        "--verbose --no-shuffle --no-sure".to_owned(),
        "--loss huber_loss --loss.delta 2.0 --other_loss mse".to_owned(),
        "--scorer story.program.bm25 --scorer.k1 0.9 --patience 90 --warmup 1.5".to_owned(),
        format!("--huge 18446744073709551616 --bound inf --data /data/robust04 --file {step}/out.txt"),
        format!("--step.name first --step.control.folder {control}"),
        format!("--produced.layers 9 --produced.dropout 0.5 --produced.file {step}/net.txt"),
        r#"--settings {"a":[1,"b"]} --text output of first --threads 4"#.to_owned(),
        format!("--weights {own}/weights/all.pt"),
    ];
    let told = lines(&job.file("arguments.txt"));
    assert_eq!(told.join(" "), expected.join(" "));
    assert_eq!(outcome.stdout.lines().next().unwrap(), format!(r#"{{"arguments":{}}}"#, told.len()));

    let net = |layers: u32, dropout: f64, file: &str| json!({"layers": layers, "dropout": dropout, "file": file});
    let arguments = json!({
        "lr": 0.1,
        "model": net(3, 0.5, &format!("{own}/model/net.txt")),
        "nets": [net(1, 0.5, &format!("{own}/nets/0/net.txt")), net(2, 0.1, &format!("{own}/nets/1/net.txt"))],
        "name": "a b", "xs": [1, -2], "set": [9, 10], "pair": [7, "seven"], "map": {"k": 1.5, "l": 2.0},
        "verbose": true, "quiet": false, "shuffle": false, "limit": null, "sure": false,
        "loss": {"$type": "huber_loss", "delta": 2.0}, "other_loss": {"$type": "mse"},
        "scorer": {"$type": "story.program.bm25", "k1": 0.9},
        "patience": 90, "warmup": 1.5, "huge": "18446744073709551616", "bound": "inf",
        "data": "/data/robust04", "file": format!("{step}/out.txt"),
        "step": {"name": "first", "control": {"folder": story.control}, "after": []},
        "produced": net(9, 0.5, &format!("{step}/net.txt")),
        "settings": {"a": [1, "b"]}, "text": "output of first", "threads": 4,
        "weights": format!("{own}/weights/all.pt"),
    });
    assert_eq!(json(&job.file(".xpm/arguments.json")), arguments);

    let by_file = story.job("story.program.json");
    let file = by_file.file(".xpm/arguments.json");
    assert_eq!(lines(&by_file.file("arguments.txt")), [file.display().to_string()]);
    assert_eq!(json(&file), json!({"lr": 0.5}));
    assert_eq!(lines(&story.job("story.program.none").file("arguments.txt")), ["-x"]);
}

#[test]
fn the_environment_tells_the_program_where_it_is() {
    let story = Story::new();
    story.ok("program-arguments", NO_ARGS);
    let job = story.job("story.program.json");
    let (folder, identity) = (job.0.display(), job.0.file_name().unwrap().to_str().unwrap());
    let environment = lines(&job.file("environment.txt"));
    for expected in [
        format!("XPM_JOB_DIR={folder}"),
        format!("XPM_JOB_ID={identity}"),
        format!("XPM_PARAMS={folder}/.xpm/arguments.json"),
        format!("XPM_OUTPUT={folder}/.xpm/output.json"),
        format!("XPM_EVENTS={folder}/.xpm/events.jsonl"),
        "XPM_TASK=story.program.json".to_owned(),
        "XPM_ATTEMPT=1".to_owned(),
        format!("XPM_SEED={}", u64::from_str_radix(&identity[48..], 16).unwrap()),
    ] {
        assert!(environment.contains(&expected), "{expected}: {environment:?}");
    }
    assert_eq!(lines(&job.file("where.txt")), [folder.to_string()]);
    // Standard input is at its end.
    assert!(!fs::read_to_string(job.file("stdout.log")).unwrap().contains("standard input holds"));
    let command = json(&job.file(".xpm/command.json"));
    let script = format!("{}/stories/scripts/arguments.sh", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(command["command"][1], script.as_str());
    assert_eq!(command["scripts"][&script].as_str().unwrap().len(), 64);
    // It is run once.
    story.ok("program-arguments", NO_ARGS).says(&["done before"]);
    assert!(job.attempts().is_empty());
}

#[test]
fn a_program_gives_its_value() {
    let story = Story::new();
    for (kind, how, output) in [
        ("value", "value", r#"{"map":0.25,"names":["a","b"]}"#),
        ("value", "well", "null"),
        ("value", "huge", "null"),
        ("value", "closes", "null"),
        ("unit", "well", "()"),
        ("number", "number", "0.5"),
    ] {
        assert_eq!(story.ok("program", [kind, how]).stdout.trim(), output, "{how}");
    }
    let huge = story.jobs("story.program.how").into_iter();
    let sizes = huge.map(|job| fs::metadata(job.file("stdout.log")).unwrap().len());
    assert_eq!(sizes.max(), Some(100_000_000));
}

#[test]
fn a_value_that_is_none_is_told_with_its_place() {
    let story = Story::new();
    for (kind, how, says) in [
        ("value", "malformed", &["output.json", "is no JSON", "line 3 column 1"][..]),
        ("value", "nan", &["output.json", "line 1 column", "JSON has no NaN"]),
        ("value", "empty", &["output.json", "is no JSON", "line 1 column 0"]),
        ("number", "value", &["output.json", "is no `f64`", "line 1 column"]),
        ("number", "well", &["has not written XPM_OUTPUT", "`f64`"]),
    ] {
        let outcome = story.fails("program", [kind, how]);
        outcome.says(&["its output cannot be kept"]).says(says);
    }
}

#[test]
fn a_program_that_ends_badly_fails_with_what_it_said() {
    let story = Story::new();
    story
        .fails("program", ["value", "fails"])
        .says(&["`sh stories/scripts/how.sh` ended with exit code 3: ValueError: the data are wrong"]);
    let failure = story.job("story.program.how").status()["failure"].clone();
    assert_eq!(failure["reason"], "program");
    assert_eq!(failure["code"], 3);
    assert_eq!(failure["stderr"], json!(["reading the data", "ValueError: the data are wrong"]));
    story.fails("program", ["value", "killed"]).says(&["how.sh` killed by signal 9 (SIGKILL)"]);
    story.fails("program", ["value", "segfault"]).says(&["how.sh` killed by signal 11 (SIGSEGV)"]);
    // It is run again by the next run, and what the first attempt wrote is not its value.
    story.fails("program", ["value", "fails-first"]);
    assert_eq!(story.ok("program", ["value", "fails-first"]).stdout.trim(), "null");
}

#[test]
fn a_program_that_cannot_be_started_says_why() {
    let story = Story::new();
    let outcome = story.fails("program-cannot-start", NO_ARGS);
    outcome.says(&[
        "there is no program `no-such-program-anywhere` in PATH",
        "there is no program `./stories/scripts/nothing.sh` in ",
        "XPM_PROGRAM_DIR",
        "`stories/scripts/not_executable.sh` may not be executed: `chmod +x` it",
        "`stories/scripts/no_interpreter.sh` names in its first line",
        "too long for a command line: hand them over with `arguments = json`",
    ]);
    assert_eq!(outcome.stdout.trim(), r#"{"arguments":1}"#);
    // As for a shell, a script needs no first line.
    assert!(story.job("story.program.no_first_line").is_done());
}

#[test]
fn what_a_program_leaves_running_holds_nothing_up() {
    let story = Story::new();
    story.mark("daemon");
    story.ok("program", ["value", "daemon"]);
    let job = story.job("story.program.how");
    assert!(job.is_done() && job.is_free());
    story.unmark("daemon");
}

#[test]
fn a_time_limit_ends_the_program_and_all_its_children() {
    let story = Story::new();
    fs::create_dir(&story.workdir).unwrap();
    fs::write(story.workdir.join("xpm.toml"), "format = 1\n[local]\ngrace_seconds = 1\n").unwrap();
    story.fails("program", ["value", "slow", "1s"]).says(&["ran out of time (limit 1s)"]);
    assert!(story.control.join("asked").exists(), "the program was asked to stop");
    let pid = fs::read_to_string(story.control.join("grandchild")).unwrap();
    wait_until("the grandchild is gone", || {
        let status = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        status.is_empty() || status.contains(") Z ")
    });
}

#[test]
fn a_program_that_ends_well_since_it_was_asked_to_stop_is_not_done() {
    let story = Story::new();
    story.fails("program", ["value", "asked-ends-well", "1s"]).says(&["ran out of time (limit 1s)"]);
    assert!(story.control.join("asked").exists());
    // One that gives its value is.
    assert_eq!(story.ok("program", ["value", "asked-gives-value", "1s"]).stdout.trim(), "7");
}

#[test]
fn a_stop_that_reaches_the_jobs_process_only_is_handed_on() {
    let story = Story::new();
    let running = story.start("program", ["value", "asked-ends-well"]);
    story.wait_for("started");
    signal(story.job("story.program.how").pid(), "TERM");
    running.end().says(&["was asked to stop and ended without having written XPM_OUTPUT"]);
    assert!(story.control.join("asked").exists());
}

#[test]
fn a_program_does_not_outlive_the_jobs_process() {
    let story = Story::new();
    let running = story.start("program", ["value", "slow"]);
    story.wait_for("started");
    let job = story.job("story.program.how").pid();
    let children = fs::read_to_string(format!("/proc/{job}/task/{job}/children")).unwrap_or_default();
    let threads = names(&std::path::PathBuf::from(format!("/proc/{job}/task")));
    let of = |thread: &String| fs::read_to_string(format!("/proc/{job}/task/{thread}/children")).unwrap_or_default();
    let children: String = std::iter::once(children).chain(threads.iter().map(of)).collect();
    let program: u32 = children.split_whitespace().next().unwrap().parse().unwrap();
    // It writes this down when it has begun, which may be after the program has.
    let grandchild = || fs::read_to_string(story.control.join("grandchild")).unwrap_or_default();
    wait_until("what the program has started runs", || grandchild().ends_with('\n'));
    signal(job, "KILL");
    running.end().says(&["killed by signal 9"]);
    for process in [program, grandchild().trim().parse().unwrap()] {
        wait_until("the program and what it has started are gone", || {
            let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            status.is_empty() || status.contains(") Z ")
        });
    }
}

#[test]
fn a_resumable_program_says_with_its_exit_code_that_it_ran_out_of_time() {
    let story = Story::new();
    assert_eq!(story.ok("program", ["resumed", "out-of-time"]).stdout.trim(), "123");
    assert_eq!(story.job("story.program.resumed").status()["attempt"], 3);
    // Of any other task it is an exit code like others.
    story.fails("program", ["value", "out-of-time"]).says(&["ended with exit code 75"]);
}

#[test]
fn events_become_progress_and_metrics_while_the_program_runs() {
    let story = Story::new();
    let running = story.start("program", ["value", "events"]);
    story.wait_for("said");
    let job = story.job("story.program.how");
    wait_until("the progress is seen", || job.file(".xpm/progress.json").exists());
    let progress = json(&job.file(".xpm/progress.json"));
    assert_eq!(progress, json!([{"description": "epoch", "done": 250, "total": 1000}]));
    wait_until("the metric is seen", || fs::metadata(job.file(".xpm/metrics.jsonl")).is_ok_and(|file| file.len() > 0));
    story.mark("seen");
    running.end();
    let metrics: Vec<Json> =
        lines(&job.file(".xpm/metrics.jsonl")).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [
        json!({"name": "loss", "step": 1, "value": 0.5}),
        json!({"name": "loss", "step": 2, "value": "NaN"}),
        json!({"name": "other", "step": 0, "value": 3.0}),
    ];
    assert_eq!(metrics, expected);
    let emitted: Json = serde_json::from_str(&lines(&job.file(".xpm/outputs.jsonl"))[0]).unwrap();
    assert_eq!((&emitted["name"], &emitted["value"]), (&json!("checkpoint"), &json!({"step": 1})));
    let log = fs::read_to_string(job.file("stderr.log")).unwrap();
    assert_eq!(log.matches("is skipped").count(), 1, "{log}");
    assert!(log.contains("xpm: line 4 of XPM_EVENTS is skipped"), "{log}");
    assert!(log.contains("this is no event") && log.contains("2 lines of XPM_EVENTS were skipped, of 7"), "{log}");
}

/// The lines of callbacks, in order.
fn calls(story: &Story) -> Vec<String> {
    let file = story.control.join("calls");
    if file.exists() { lines(&file) } else { Vec::new() }
}

#[test]
fn what_a_program_said_before_its_job_was_killed_is_told_once_by_the_next_attempt() {
    let story = Story::new();
    let all = ["step 1", "step 2", "step 3", "step 4", "step 5", "step 6", "done"];
    story.ok("program-tells", ["resumed", "emits-and-loses-its-job"]).says(&["is tried again"]);
    assert_eq!(calls(&story), all);
    let job = story.job("story.program.resumed");
    let metrics = lines(&job.file(".xpm/metrics.jsonl"));
    let expected = (1..=6).map(|step| format!(r#"{{"name":"loss","step":{step},"value":{step}.0}}"#));
    assert_eq!(metrics, expected.collect::<Vec<_>>());
    let program = fs::read_to_string(story.control.join("program")).unwrap();
    wait_until("the program has ended with its job", || {
        let status = fs::read_to_string(format!("/proc/{}/stat", program.trim())).unwrap_or_default();
        status.is_empty() || status.contains(") Z ")
    });
    story.unmark("calls");
    story.ok("program-tells", ["resumed", "emits-and-loses-its-job"]).says(&["1 done before"]);
    assert_eq!(calls(&story), all);
}

#[test]
fn what_a_program_said_is_told_once_though_each_attempt_is_killed_while_it_tells_that() {
    let story = Story::new();
    let mut command = story.command("program-tells", ["resumed", "emits-at-once"]);
    // Every attempt comes one output further.
    command.env("XPM_FAULT", "job 2 kill append outputs.jsonl");
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(calls(&story), ["step 1", "step 2", "step 3", "step 4", "step 5", "step 6", "done"]);
    let job = story.job("story.program.resumed");
    assert_eq!(job.status()["attempt"], 6);
    let expected = (0..6).map(|step| format!(r#"{{"name":"loss","step":{step},"value":0.5}}"#));
    assert_eq!(lines(&job.file(".xpm/metrics.jsonl")), expected.collect::<Vec<_>>());
}

#[test]
fn what_a_program_emits_and_cannot_be_written_fails_the_job() {
    let story = Story::new();
    let mut command = story.command("program-tells", ["value", "emits-until-asked"]);
    command.env("XPM_FAULT", "job 1 28 append outputs.jsonl");
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["output `step` cannot be written to", "outputs.jsonl", "No space left on device"]);
    assert!(story.control.join("asked").exists(), "the program was asked to stop");
    let job = story.job("story.program.how");
    assert_eq!(job.status()["failure"]["reason"], "error");
    assert_eq!(lines(&job.file(".xpm/outputs.jsonl")), NO_ARGS, "the second is not told before the first");
    assert_eq!(calls(&story), NO_ARGS);
    story.mark("go");
    story.ok("program-tells", ["value", "emits-until-asked"]);
    assert_eq!(calls(&story), ["step 1", "step 2", "done"]);
}

#[test]
fn a_program_that_says_a_thousand_things_of_each_kind_loses_none() {
    let story = Story::new();
    story.ok("program-tells", ["value", "a-thousand-of-each"]);
    let all = |line: fn(u32) -> String| (0..1000).map(line).collect::<Vec<_>>();
    let mut told = all(|step| format!("step {step}"));
    told.push("done".to_owned());
    assert_eq!(calls(&story), told);
    let job = story.job("story.program.how");
    assert_eq!(lines(&job.file("stdout.log")), all(|step| format!("out {step}")));
    assert_eq!(lines(&job.file("stderr.log")), all(|step| format!("err {step}")));
    let metrics = all(|step| format!(r#"{{"name":"loss","step":{step},"value":{step}.0}}"#));
    assert_eq!(lines(&job.file(".xpm/metrics.jsonl")), metrics);
}
