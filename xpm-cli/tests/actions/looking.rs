//! Commands that look.

use std::fs;
use std::process::{Command, Stdio};

use crate::world::{World, wait_until};

pub fn lists_and_shows() {
    let world = World::new();
    world.mark("fail.b");
    world.mark("emit.b");
    world.make(&["a", "b", "c:b"]);
    let list = world.json(&["list"]);
    let run = &list["experiments"][0]["last_run"];
    assert_eq!((&run["state"], &run["jobs"]["done"], &run["jobs"]["failed"]), (&"failed".into(), &1.into(), &2.into()));
    let jobs = world.json(&["jobs", "--tags"]);
    assert_eq!(jobs["count"], 3, "{jobs}");
    assert!(jobs["jobs"].as_array().unwrap().iter().any(|job| job["tags"]["name"] == "c" && job["state"] == "failed"));
    let shown = world.json(&["show", &world.id("b")]);
    assert_eq!((&shown["arguments"]["name"], &shown["tags"]["name"]), (&"b".into(), &"b".into()), "{shown}");
    assert_eq!(shown["failure"]["chain"][0], "the disk is on fire");
    let said = world.xpm(&["show", &format!("act.st/{}", world.id("b"))]);
    assert!(said.stdout.contains("the disk is on fire") && said.stdout.contains("| b warns"), "{said:?}");
    assert!(said.stdout.contains("emitted\n  saved: \"se\\u001bcond\" (2 values)\n"), "{said:?}");
    assert_eq!(shown["emitted"]["saved"], serde_json::json!({"count": 2, "last": "se\u{1b}cond"}));
    let outputs = world.step("b").join(".xpm/outputs.jsonl");
    fs::remove_file(&outputs).unwrap();
    fs::create_dir(&outputs).unwrap();
    assert!(world.json(&["show", &world.id("b")])["emitted"].is_null());
    let said = world.xpm(&["show", &world.id("b")]);
    assert!(said.stdout.contains("outputs.jsonl cannot be read: ") && said.stdout.contains("is no file"), "{said:?}");
    let a = world.id("a");
    assert_eq!(world.xpm(&["path", &a]).stdout.trim(), world.step("a").to_str().unwrap());
    assert_eq!(world.xpm(&["log", &a]).stdout, "a began\na ends\n");
    assert_eq!(world.xpm(&["log", &a, "-n1"]).stdout, "a ends\n");
    assert_eq!(world.xpm(&["log", "--err", &a]).stdout, "a warns\n");
    // Nobody waits for what will never be written.
    let log = world.step("a").join("stdout.log");
    fs::remove_file(&log).unwrap();
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    for args in [&["log", &a][..], &["log", "-f", &a]] {
        let said = world.xpm(args);
        assert!(
            said.stdout.is_empty()
                && (said.code == 1 && said.stderr.contains("stdout.log is no file")) == (args.len() == 2),
            "{said:?}"
        );
    }
}

pub fn follows_a_log_to_the_end() {
    let world = World::new();
    world.mark("hold.a");
    let mut run = world.start(&["a"]);
    wait_until("it has started", || world.control.join("started.a").exists());
    let child = world.command(&["-w", world.workdir.to_str().unwrap(), "log", "-f", &world.id("a")]);
    let child = { child }.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the job runs", || world.json(&["list"])["jobs"]["running"] == 1);
    let tokens = world.json(&["tokens"]);
    assert_eq!((&tokens["tokens"][0]["held"], &tokens["tokens"][0]["capacity"]), (&1.into(), &2.into()), "{tokens}");
    assert_eq!(world.json(&["list"])["experiments"][0]["last_run"]["state"], "running");
    world.unmark("hold.a");
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a began\na ends\n");
    run.wait().unwrap();
}

pub fn wrong_ways() {
    let world = World::new();
    let said = world.raw(&["jobs"]);
    assert!(said.code == 1 && said.stderr.contains("no workspace is given"), "{said:?}");
    let said = world.raw(&["-w", "nowhere", "jobs"]);
    assert!(said.code == 1 && said.stderr.contains("is no workspace (it does not exist)"), "{said:?}");
    let said = world.raw(&["-w", "control", "clean", "--yes", "-f", "state = done"]);
    assert!(said.code == 1 && said.stderr.contains("it has no xpm.toml"), "{said:?}");
    world.make(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"]);
    let said = world.xpm(&["show", "zz"]);
    assert!(said.code == 3 && said.stderr.contains("names no job"), "{said:?}");
    let said = world.xpm(&["show", &"0".repeat(64)]);
    assert!(said.code == 3 && said.stderr.contains("no job begins with"), "{said:?}");
    // Of 17 identities two begin alike.
    let digits = "0123456789abcdef".chars().map(|digit| world.xpm(&["path", &digit.to_string()]));
    let ambiguous = digits.into_iter().find(|said| said.stderr.contains("jobs begin with")).unwrap();
    assert!(ambiguous.code == 3 && ambiguous.stderr.contains("(done)"), "{ambiguous:?}");
    // A line each, with what tells them apart.
    assert!(ambiguous.stderr.lines().filter(|line| line.contains("  act.step/") && line.contains("name=")).count() > 1);
    assert!(ambiguous.stderr.ends_with("hint: give more digits\n"), "{ambiguous:?}");
    let said = world.xpm(&["kill"]);
    assert!(said.code == 2 && said.stderr.contains("<JOBS|--filter <FILTER>|--experiment <EXPERIMENT>>"), "{said:?}");
    let said = world.xpm(&["jobs", "-e", "nope"]);
    assert!(said.code == 3 && said.stderr.contains("there are: acts"), "{said:?}");
    let said = world.xpm(&["jobs", "--filter", "state ="]);
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(world.xpm(&["no-such-command"]).code, 2);
    fs::write(world.workdir.join("xpm.toml"), "format = 99\n").unwrap();
    let said = world.xpm(&["jobs"]);
    assert!(said.code == 1 && said.stderr.contains("format 99"), "{said:?}");
}

pub fn says_what_shells_complete() {
    let world = World::new();
    for (shell, text) in [("bash", "complete -F"), ("zsh", "#compdef xpm"), ("fish", "complete -c xpm")] {
        let said = world.raw(&["completions", shell]);
        assert!(said.code == 0 && said.stdout.contains(text) && said.stdout.contains("retry"), "{shell}: {said:?}");
    }
    let complete = |words: &str| {
        let script = format!(
            "source <('{}' completions bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _xpm xpm \"${{COMP_WORDS[$COMP_CWORD]}}\" xpm; echo \"${{COMPREPLY[@]}}\"",
            env!("CARGO_BIN_EXE_xpm")
        );
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(complete("xpm ret"), "retry\n");
    assert_eq!(complete("xpm retry --exec"), "--executable\n");
}
