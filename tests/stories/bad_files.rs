//! Files of a workspace that are cut, replaced, newer than this binary, or of types that it does not have.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::harness::{JobDir, NO_ARGS, Outcome, Story, names, program};

/// Runs one job by hand, as a driver would.
fn run_job(story: &Story, folder: &Path, attempt: &str) -> Outcome {
    let mut command = Command::new(program("story"));
    command.args(["xpm", "job"]).arg(folder).arg(attempt);
    story.start_command(command).end()
}

/// A workspace where the step `a` is done.
fn done() -> (Story, JobDir) {
    let story = Story::new();
    story.ok("steps", ["a"]);
    let job = story.step("a");
    (story, job)
}

/// Puts `damage` in the place of the record of `a`: it is said, kept, and the job is run again.
#[track_caller]
fn damaged_record_is_run_again(story: &Story, job: &JobDir, damage: &[u8], what: &str) {
    let (runs, attempts) = (story.log().len(), job.attempts().len());
    fs::write(job.file("status.json"), damage).unwrap();
    let outcome = story.ok("steps", ["a"]);
    outcome.says(&["warning: ", "status.json is damaged (", "the job is run again, and the file is kept", "1 run in"]);
    assert_eq!(story.log().len(), runs + 1, "{what}");
    assert!(job.is_done(), "{what}");
    let kept = job.attempts();
    assert_eq!(kept.len(), attempts + 1, "{what}");
    let last = kept.iter().map(|name| name.parse::<u64>().unwrap()).max().unwrap();
    assert_eq!(fs::read(job.file(&format!(".xpm/attempts/{last}/status.json"))).unwrap(), damage, "{what}");
    assert_eq!(job.status()["attempt"], last + 1, "{what}");
}

#[test]
fn a_record_that_is_cut_is_no_result_and_is_kept() {
    let (story, job) = done();
    let whole = fs::read(job.file("status.json")).unwrap();
    // The last byte is a line end, which says nothing.
    let last = whole.len() - 2;
    for cut in (0..last).step_by(37).chain([last]) {
        damaged_record_is_run_again(&story, &job, &whole[..cut], &format!("cut at {cut}"));
    }
}

#[test]
fn a_record_that_is_replaced_is_no_result_and_is_kept() {
    let (story, job) = done();
    story.ok("steps", ["b"]);
    let of_other = fs::read(story.step("b").file("status.json")).unwrap();
    let mut without_value = job.status();
    without_value.as_object_mut().unwrap().remove("value");
    let mut done_and_failed = job.status();
    done_and_failed["failure"] = json!({"reason": "lost"});
    let whole = fs::read(job.file("status.json")).unwrap();
    for damage in [
        &b"\0\0\0\0\0\0\0\0"[..],
        b"null",
        b"{}",
        b"[]",
        b"{\"format\": 0}",
        b"garbage",
        b"\xff\xfe",
        &of_other,
        &[&whole[..], b"{}"].concat(),
        without_value.to_string().as_bytes(),
        done_and_failed.to_string().as_bytes(),
    ] {
        damaged_record_is_run_again(&story, &job, damage, &String::from_utf8_lossy(damage));
    }
}

#[test]
fn a_folder_in_the_place_of_a_record_is_said() {
    let (story, job) = done();
    fs::remove_file(job.file("status.json")).unwrap();
    fs::create_dir(job.file("status.json")).unwrap();
    let outcome = story.fails("steps", ["a"]);
    outcome.says(&["status.json cannot be read", "Is a directory"]);
}

#[test]
fn arguments_that_are_cut_at_any_byte_fail_the_job_and_say_so() {
    let (story, job) = done();
    let whole = fs::read(job.file("params.json")).unwrap();
    for cut in 0..whole.len() - 1 {
        fs::write(job.file("params.json"), &whole[..cut]).unwrap();
        let outcome = run_job(&story, &job.0, "2");
        assert_eq!(outcome.code(), Some(1), "cut at {cut}: {outcome:?}");
        let status = job.status();
        assert_eq!((&status["outcome"], &status["attempt"]), (&json!("failed"), &json!(2)), "cut at {cut}");
        assert_eq!(status["failure"]["reason"], "arguments", "cut at {cut}");
        let message = status["failure"]["message"].as_str().unwrap();
        assert!(message.contains("params.json is damaged ("), "cut at {cut}: {message}");
    }
    assert_eq!(story.log(), ["a"], "nothing was executed");
    // The driver writes them anew.
    let outcome = story.ok("steps", ["a"]);
    outcome.says(&["1 run in"]);
    assert_eq!(fs::read(job.file("params.json")).unwrap(), whole);
    assert_eq!(job.status()["attempt"], 3);
}

#[test]
fn arguments_that_are_replaced_fail_the_job_and_say_so() {
    let (story, job) = done();
    story.ok("steps", ["a", "b:a"]);
    let edit = |edit: &dyn Fn(&mut Json)| {
        let mut params: Json = serde_json::from_slice(&fs::read(job.file("params.json")).unwrap()).unwrap();
        edit(&mut params);
        params.to_string().into_bytes()
    };
    let edit_task = |change: &dyn Fn(&mut Json)| {
        edit(&|params| change(params["configs"].as_array_mut().unwrap().last_mut().unwrap()))
    };
    let table: Vec<(Vec<u8>, &str)> = vec![
        (b"\0\0\0".to_vec(), "params.json is damaged (expected value"),
        (b"{}".to_vec(), "missing field `format`"),
        (fs::read(story.step("b").file("params.json")).unwrap(), "it holds the arguments of story.step/"),
        (edit(&|params| params["configs"] = json!([])), "it holds no configuration"),
        (edit_task(&|task| task["args"]["name"] = json!("z")), "not that of the folder"),
        (edit_task(&|task| task["args"]["control"] = json!({"$config": 7})), "no configuration 7"),
        (edit_task(&|task| task["args"]["control"] = json!({"$config": 1})), "no configuration 1"),
        (edit_task(&|task| task["args"]["after"] = json!([{"$job": 0}])), "it names no job"),
        (edit_task(&|task| task["args"]["name"] = json!({"$new": 1})), "`$new` is nothing that xpm writes"),
        (
            edit_task(&|task| task["args"]["colour"] = json!(1)),
            "there is no argument `colour`; it was written by another build",
        ),
        (edit_task(&|task| task["args"] = json!({})), "the argument `name` is missing"),
        (edit_task(&|task| task["type"] = json!("story.gone")), "no type with the id `story.gone`; it has "),
        (
            edit(&|params| params["format"] = json!(2)),
            "has format 2, and this binary knows formats up to 1: build it with a newer xpm",
        ),
        (b"{\"format\": 3, \"all\": \"new\"}".to_vec(), "has format 3"),
    ];
    let whole = fs::read(job.file("params.json")).unwrap();
    for (damage, why) in table {
        fs::write(job.file("params.json"), &damage).unwrap();
        let outcome = run_job(&story, &job.0, "2");
        assert_eq!(outcome.code(), Some(1), "{why}: {outcome:?}");
        let failure = &job.status()["failure"];
        assert_eq!(failure["reason"], "arguments", "{why}");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains(why), "{why}: {message}");
    }
    fs::remove_file(job.file("params.json")).unwrap();
    run_job(&story, &job.0, "2");
    assert!(job.status()["failure"]["message"].as_str().unwrap().contains("params.json cannot be read"));
    assert_eq!(story.log(), ["a", "b"]);
    fs::write(job.file("params.json"), whole).unwrap();
    assert_eq!(run_job(&story, &job.0, "2").code(), Some(0));
    assert_eq!(story.log(), ["a", "b", "a"]);
}

#[test]
fn arguments_of_a_done_job_that_are_damaged_or_gone_are_written_anew() {
    let (story, job) = done();
    let whole = fs::read(job.file("params.json")).unwrap();
    for (number, damage) in [&b""[..], b"{", &whole[..whole.len() / 2], b"\0\0\0", b"[]"].into_iter().enumerate() {
        fs::write(job.file("params.json"), damage).unwrap();
        let outcome = story.ok("steps", ["a".to_owned(), format!("b{number}:a")]);
        outcome.says(&["params.json was damaged (", "; it is written anew, and the job stays done"]);
        assert_eq!(fs::read(job.file("params.json")).unwrap(), whole);
    }
    fs::remove_file(job.file("params.json")).unwrap();
    story.ok("steps", ["a", "c:a"]).says(&["params.json was gone; it is written anew"]);
    assert_eq!(fs::read(job.file("params.json")).unwrap(), whole);
    assert_eq!(story.log(), ["a", "b0", "b1", "b2", "b3", "b4", "c"]);
}

#[test]
fn a_dry_run_leaves_damaged_arguments_as_they_are() {
    let (story, job) = done();
    fs::write(job.file("params.json"), "{").unwrap();
    let mut command = story.command("steps", ["a"]);
    command.env("XPM_RUN_MODE", "dry-run");
    assert_eq!(story.start_command(command).end().code(), Some(0));
    assert_eq!(fs::read(job.file("params.json")).unwrap(), b"{");
}

#[test]
fn arguments_of_an_upstream_job_that_somebody_has_edited_are_not_taken_for_those_it_ran_with() {
    let (story, job) = done();
    let mut params: Json = serde_json::from_slice(&fs::read(job.file("params.json")).unwrap()).unwrap();
    params["configs"].as_array_mut().unwrap().last_mut().unwrap()["args"]["name"] = json!("z");
    fs::write(job.file("params.json"), params.to_string()).unwrap();
    let outcome = story.fails("steps", ["a", "b:a"]);
    outcome.says(&[
        "its arguments cannot be read: argument `after[0]`: ",
        "params.json gives the identity ",
        "it was edited or damaged; remove the file and submit that job again, and it is written anew",
    ]);
    assert_eq!(story.log(), ["a"]);
    fs::remove_file(job.file("params.json")).unwrap();
    story.ok("steps", ["a", "b:a"]);
    assert_eq!(story.log(), ["a", "b"]);
}

#[test]
fn a_newer_record_is_refused_and_left_as_it_is() {
    let (story, job) = done();
    let newer = br#"{"format": 2, "verdict": "fine"}"#;
    fs::write(job.file("status.json"), newer).unwrap();
    let outcome = story.fails("steps", ["a"]);
    outcome.says(&["status.json has format 2, and this binary knows formats up to 1: build it with a newer xpm"]);
    assert_eq!(fs::read(job.file("status.json")).unwrap(), newer);
    assert_eq!(story.log(), ["a"]);
}

#[test]
fn a_newer_workspace_is_refused_and_left_as_it_is() {
    for text in ["format = 2\n", "format = 2\n[new]\nthings = 1\n"] {
        let (story, _) = done();
        fs::write(story.workdir.join("xpm.toml"), text).unwrap();
        let runs = story.runs();
        let outcome = story.fails("steps", ["b"]);
        outcome.says(&["has format 2, and this binary knows formats up to 1: build it with a newer xpm"]);
        assert_eq!(fs::read_to_string(story.workdir.join("xpm.toml")).unwrap(), text);
        assert_eq!((story.runs(), story.log()), (runs, vec!["a".to_owned()]));
    }
}

#[test]
fn a_job_of_a_task_that_this_binary_does_not_have_says_which_it_has() {
    let (story, job) = done();
    let identity = job.0.file_name().unwrap();
    let folder = story.workdir.join("jobs/story.gone").join(identity);
    fs::create_dir_all(folder.join(".xpm")).unwrap();
    let params = fs::read_to_string(job.file("params.json")).unwrap().replace("story.step", "story.gone");
    fs::write(folder.join("params.json"), params).unwrap();
    let outcome = run_job(&story, &folder, "1");
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    let gone = JobDir(folder);
    let message = gone.status()["failure"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("this binary has no type with the id `story.gone`; it has "), "{message}");
    assert!(message.contains("story.step") && message.contains("story.once"), "{message}");
}

#[test]
fn a_configuration_is_no_task() {
    let (story, job) = done();
    let folder = story.workdir.join("jobs/story.control").join(job.0.file_name().unwrap());
    fs::create_dir_all(folder.join(".xpm")).unwrap();
    fs::copy(job.file("params.json"), folder.join("params.json")).unwrap();
    let outcome = run_job(&story, &folder, "1");
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    assert_eq!(JobDir(folder).status()["failure"]["reason"], "arguments");
}

#[test]
fn a_folder_that_is_no_job_s_is_refused() {
    let (story, job) = done();
    let task = job.0.parent().unwrap().to_owned();
    let zeros = task.join("00".repeat(32));
    for (folder, why) in [
        (story.control.clone(), "is not the folder of a job"),
        (task.clone(), "is not the folder of a job"),
        ("/".into(), "is not the folder of a job"),
        ("".into(), "is not the folder of a job"),
        (task.join("not-an-identity"), "is not the folder of a job"),
        (zeros.clone(), "cannot be entered: No such file or directory"),
    ] {
        let outcome = run_job(&story, &folder, "1");
        assert_eq!(outcome.code(), Some(120), "{}: {outcome:?}", folder.display());
        outcome.says(&[why]);
        assert!(!zeros.exists());
    }
    assert_eq!(names(&story.control), ["log", "started.a"]);
}

#[test]
fn a_job_may_be_run_by_hand_from_where_it_lies() {
    let (story, job) = done();
    let mut command = Command::new(program("story"));
    command.args(["xpm", "job"]).arg(job.0.strip_prefix(&story.workdir).unwrap()).arg("2");
    command.current_dir(&story.workdir);
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!((job.is_done(), &job.status()["attempt"]), (true, &json!(2)));
    assert_eq!(story.log(), ["a", "a"]);
}

#[test]
fn a_wrong_command_line_says_the_right_one() {
    let story = Story::new();
    let of_jobs = "usage: PROGRAM xpm job FOLDER ATTEMPT";
    for (args, right) in [
        (&["xpm"][..], "Usage: story xpm <COMMAND>"),
        (&["xpm", "job"], of_jobs),
        (&["xpm", "job", "folder"], of_jobs),
        (&["xpm", "job", "folder", "first"], of_jobs),
        (&["xpm", "job", "folder", "-1"], of_jobs),
        (&["xpm", "job", "folder", "1", "more"], of_jobs),
        (&["xpm", "nonsense"], "Usage: story xpm <COMMAND>"),
    ] {
        let mut command = Command::new(program("story"));
        command.args(args);
        let outcome = story.start_command(command).end();
        assert_eq!(outcome.code(), Some(2), "{args:?}: {outcome:?}");
        outcome.says(&[right]);
    }
}

#[test]
fn two_types_with_one_id_are_named_with_their_places() {
    let story = Story::new();
    let mut command = Command::new(program("story_same_id"));
    command.arg(&story.workdir);
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&[
        "two types have the id `story.twin`: ",
        "first::One (tests/stories/program/same_id.rs:11",
        "second::Other (tests/stories/program/same_id.rs:20",
        "give one of them another",
    ]);
    assert!(!story.workdir.exists());
    // So does the process of a job.
    let (other, job) = done();
    let mut command = Command::new(program("story_same_id"));
    command.args(["xpm", "job"]).arg(&job.0).arg("2");
    assert_eq!(other.start_command(command).end().code(), Some(1));
    let message = job.status()["failure"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("two types have the id `story.twin`"), "{message}");
}

#[test]
fn the_record_of_a_done_job_that_has_lost_everything_else_counts() {
    let (story, job) = done();
    for name in ["params.json", "stdout.log", "stderr.log", "out.txt"] {
        fs::remove_file(job.file(name)).unwrap();
    }
    fs::remove_dir_all(job.file(".xpm")).unwrap();
    story.ok("steps", ["a"]).says(&["params.json was gone; it is written anew", "1 done before"]);
    assert_eq!(story.log(), ["a"]);
    fs::remove_dir_all(&job.0).unwrap();
    story.ok("steps", ["a"]).says(&["1 run in"]);
    assert_eq!(story.log(), ["a", "a"]);
    assert_eq!(story.step("a").attempts(), NO_ARGS);
}
