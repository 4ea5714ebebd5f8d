//! The commands behind `myexp xpm`, as a person types them.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::path::Path;
use std::process::Command;

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn program(folder: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roles_program"));
    let output = command.args(args).current_dir(folder).env("CI", "1").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[track_caller]
fn ok(folder: &Path, args: &[&str]) -> String {
    let said = program(folder, args);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    said.out
}

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("xpm-roles-").tempdir().unwrap()
}

const RANK: [&str; 9] = [
    "xpm",
    "task",
    "roles.rank",
    "--workdir",
    "work",
    "--collection.name=robust",
    "--collection.path=/elsewhere",
    "--loss=huber",
    "--loss.delta=2",
];

#[test]
fn a_task_by_hand_is_the_job_of_the_plan() {
    let folder = folder();
    let by_hand = [&RANK[..], &["--depth", "7", "--threads", "3"]].concat();
    let dry = ok(folder.path(), &[&by_hand[..], &["--dry-run"]].concat());
    assert!(!folder.path().join("work").exists(), "a dry run writes nothing");
    assert!(dry.contains("it would run") && dry.contains("collection.name = \"robust\""), "{dry}");
    let said = ok(folder.path(), &by_hand);
    let mut lines = said.lines();
    let job = lines.next().unwrap().to_owned();
    assert_eq!(lines.next(), Some("7"));
    assert!(dry.contains(job.rsplit('/').next().unwrap()), "{dry}\n{job}");
    let stamp = std::fs::metadata(Path::new(&job).join("status.json")).unwrap().modified().unwrap();
    let plan = ok(folder.path(), &["work"]);
    let paths: Vec<_> = plan.lines().collect();
    assert_eq!(paths[0], job);
    assert_eq!(std::fs::metadata(Path::new(&job).join("status.json")).unwrap().modified().unwrap(), stamp);
    // A task that takes a job takes it by its identity.
    let identity = job.rsplit('/').next().unwrap();
    let evaluate = ["xpm", "task", "roles.evaluate", "--workdir", "work", "--rank", identity];
    assert_eq!(ok(folder.path(), &evaluate).lines().collect::<Vec<_>>(), [paths[1], "\"robust\""]);
    assert!(ok(folder.path(), &[&by_hand[..], &["--dry-run"]].concat()).contains("done: it would not run again"));
}

#[test]
fn a_task_by_hand_needs_what_it_refers_to() {
    let folder = folder();
    let rank = "0123456789abcdef".repeat(4);
    let evaluate = ["xpm", "task", "roles.evaluate", "--workdir", "work", "--rank", &rank];
    let said = program(folder.path(), &evaluate);
    let message = "roles.rank/01234567 is not done in work; run it first, from its plan or with `roles_program xpm task roles.rank`";
    assert_eq!((said.code, said.err.trim_end()), (Some(1), &*format!("error: {message}")));
    let dry = ok(folder.path(), &[&evaluate[..], &["--dry-run"]].concat());
    assert!(dry.contains("it would not run before roles.rank/01234567 is done"), "{dry}");
    assert!(!folder.path().join("work").exists());
}

#[test]
fn a_task_that_fails_and_a_wrong_command_line() {
    let folder = folder();
    let none = ["xpm", "task", "roles.rank", "--workdir", "work", "--collection.name=none", "--collection.path=/"];
    let said = program(folder.path(), &none);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("there is no such collection"), "{}", said.err);
    for (args, message) in [
        (
            &["xpm", "task", "roles.rnak"][..],
            "error: this program has no task `roles.rnak`: did you mean `roles.rank`?",
        ),
        (&["xpm", "task", "nope"], "no task `nope`; it has roles.asks, roles.evaluate, roles.prepare, roles.rank"),
        (&["xpm", "tsks"], "'tasks'"),
        (&["xpm", "task", "roles.rank", "--workdir", "w"], "--collection.name <TEXT>"),
        (&["xpm", "task", "roles.evaluate", "--workdir", "w", "--rank", "x"], "expected a finished job of roles.rank"),
        (&["xpm", "describe", "roles.rnk"], "the nearest is 'roles.rank'"),
        (&["xpm", "job"], "usage: PROGRAM xpm job"),
    ] {
        let said = program(folder.path(), args);
        assert_eq!(said.code, Some(2), "{args:?}");
        assert!(said.err.contains(message), "{args:?}: {}", said.err);
    }
    let said = program(folder.path(), &[&RANK[..], &["--depth", "deep"]].concat());
    assert!(said.err.contains("invalid value 'deep' for '--depth <N>': expected an integer (usize)"), "{}", said.err);
    assert!(!folder.path().join("w").exists());
}

#[test]
fn a_task_by_hand_may_be_quiet_about_all_but_failures() {
    let folder = folder();
    let loud = program(folder.path(), &[&RANK[..], &["--depth", "7"]].concat());
    assert!(loud.err.contains("1 run in"), "{}", loud.err);
    let quiet = program(folder.path(), &[&RANK[..], &["--depth", "8", "--quiet"]].concat());
    assert_eq!((quiet.code, quiet.err.as_str(), quiet.out.lines().nth(1)), (Some(0), "", Some("8")));
    let none =
        ["xpm", "task", "roles.rank", "--quiet", "--workdir", "work", "--collection.name=none", "--collection.path=/"];
    let failed = program(folder.path(), &none);
    assert_eq!(failed.code, Some(1));
    assert!(failed.err.contains("FAILED: ") && failed.err.contains("there is no such collection"), "{}", failed.err);
}

#[test]
fn a_transient_task_by_hand_runs_and_other_modes_are_no_failure() {
    let folder = folder();
    let prepare = ["xpm", "task", "roles.prepare", "--workdir", "work"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_roles_program"));
    let dry = command.args(prepare).current_dir(folder.path()).env("XPM_RUN_MODE", "dry-run").output().unwrap();
    assert_eq!(dry.status.code(), Some(0), "{}", String::from_utf8_lossy(&dry.stderr));
    assert!(!folder.path().join("work").exists());
    let said = ok(folder.path(), &prepare);
    assert_eq!(said.lines().nth(1), Some("3"), "{said}");
}

#[test]
fn a_flag_that_gives_way_is_told_with_what_is_void_then() {
    let folder = folder();
    std::fs::write(folder.path().join("base.toml"), "depth = 4\nloss = \"mse\"\n").unwrap();
    let said = program(folder.path(), &[&RANK[..], &["--depth", "3", "--config", "base.toml", "--dry-run"]].concat());
    for told in [
        "warning: --depth <N> 3 gives way to 4 of base.toml: depth\n",
        "warning: --loss <LOSS> huber gives way to mse of base.toml: loss\n",
        "warning: --loss.delta <X> 2 gives way to mse of base.toml: loss\n",
    ] {
        assert!(said.err.contains(told), "{}", said.err);
    }
    let said = program(folder.path(), &[&RANK[..], &["--set", "loss=Mse", "--dry-run"]].concat());
    assert_eq!(
        said.err,
        "warning: --loss <LOSS> huber gives way to mse of --set loss\n\
         warning: --loss.delta <X> 2 gives way to mse of --set loss\n"
    );
    let equal = ["--depth", "4", "--set", "depth=04", "--set", "loss.delta=2.0", "--dry-run"];
    assert_eq!(program(folder.path(), &[&RANK[..], &equal].concat()).err, "", "equal values give no way");
    let said = program(folder.path(), &[&RANK[..], &["--depth", "4", "--set", "depth=5", "--dry-run"]].concat());
    assert_eq!(said.err, "warning: --depth <N> 4 gives way to 5 of --set depth\n");
    let said = program(folder.path(), &[&RANK[..], &["--set", "loss=Huber", "--dry-run"]].concat());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn an_argument_may_be_called_as_a_flag_of_claps() {
    let folder = folder();
    let asks = ["xpm", "task", "roles.asks", "--workdir", "work", "--help", "4", "--version", "5", "--no-x", "6"];
    assert_eq!(ok(folder.path(), &asks).lines().nth(1), Some("16"));
    assert!(ok(folder.path(), &["xpm", "task", "roles.asks", "-h"]).contains("--xpm-help"));
}

#[test]
fn what_the_program_has() {
    let folder = folder();
    let tasks = ok(folder.path(), &["xpm", "tasks"]);
    assert!(
        tasks.contains(
            "Tasks:\n  roles.asks        Its arguments are called as flags that clap has too.\n  \
             roles.evaluate    Looks at a run.\n  roles.prepare     Runs only if something needs it.\n  \
             roles.rank        Ranks every topic.\n"
        ),
        "{tasks}"
    );
    let text = ok(folder.path(), &["xpm", "describe", "roles.rank"]);
    for part in [
        "roles.rank (task, version 2)",
        "And measures the run.",
        "integer (usize)",
        "default 1000",
        "Documents kept per topic",
        "(not in the identity)",
        "default mse ",
        "[one of mse, huber]",
        "file run.txt",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let lines: Vec<_> = text.lines().skip_while(|line| !line.contains("What is minimised")).map(str::trim).collect();
    assert!(lines[0].ends_with("What is minimised: [one of mse, huber]"), "{text}");
    assert_eq!(lines[1..3], ["- mse", "- huber, which is linear far from zero"], "{text}");
    let schema: serde_json::Value =
        serde_json::from_str(&ok(folder.path(), &["xpm", "describe", "roles.rank", "--json-schema"])).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], serde_json::json!(["collection"]));
    assert_eq!(schema["properties"]["depth"]["default"], 1000);
    assert_eq!(schema["properties"]["loss"]["$ref"], "#/$defs/roles.loss");
    assert_eq!(schema["$defs"]["roles.loss"]["oneOf"][1]["anyOf"][0]["const"], "huber");
    assert!(schema["properties"]["run"].is_null());
    let script = ok(folder.path(), &["xpm", "completions", "bash"]);
    // Of the program itself nothing is known but this one word.
    assert!(script.contains("roles.rank") && script.contains("opts=\"xpm\""), "{script}");
    let said = program(folder.path(), &["xpm", "completions", "tcsh"]);
    let message = "error: there are no completions for the shell `tcsh`: bash, zsh, fish, elvish or powershell\n";
    assert_eq!((said.code, said.err.as_str()), (Some(2), message));
    assert!(ok(folder.path(), &["xpm", "--help"]).contains("lock"));
    assert!(ok(folder.path(), &["xpm", "task", "roles.rank", "--help"]).contains("--depth <N>"));
}

#[test]
fn the_lock_tells_what_an_edit_would_do() {
    let folder = folder();
    ok(folder.path(), &["work"]);
    let said = program(folder.path(), &["xpm", "lock", "--check"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("write it first"), "{}", said.err);
    ok(folder.path(), &["xpm", "lock"]);
    let path = folder.path().join("xpm.lock");
    let lock = std::fs::read_to_string(&path).unwrap();
    ok(folder.path(), &["xpm", "lock", "--check"]);
    let depth = "depth = { type = \"integer (usize)\", default = \"1000\" }\n";
    assert!(lock.contains(depth), "{lock}");
    // In an order of its own, which that of a hash set is not.
    assert!(lock.contains(r#"default = "[\"a\",\"b\",\"c\",\"d\"]""#), "{lock}");
    // What the lock said before the edit, whether that moves identities, and what is said of it.
    let cases: &[(&str, &str, u8, &str)] = &[
        (depth, "", 1, "roles.rank.depth: a new argument, in the identity also at its default"),
        (depth, "", 1, "`#[param(default = 1000, ignore_default)]`"),
        (depth, "", 1, "the identity of 2 finished jobs would change"),
        (
            depth,
            "deep = { type = \"integer (u8)\", default = \"1000\" }\n",
            1,
            "write `#[param(id = \"deep\")]` on `depth`",
        ),
        (depth, "depth = { type = \"integer (u8)\", default = \"1000\" }\n", 3, "the same in the identity"),
        (depth, "depth = { type = \"float (f64)\", default = \"1000\" }\n", 1, "the type was float (f64)"),
        (depth, "depth = { type = \"integer (usize)\", default = \"7\" }\n", 1, "they would run again"),
        ("version = 2\n", "", 1, "take `version` away"),
        (
            "fast = { type = \"boolean\", default = \"false\", ignore_default = true }\n",
            "",
            3,
            "a new argument, not in the identity at its default",
        ),
        (
            "fast = { type = \"boolean\", default = \"false\", ignore_default = true }\n",
            "fast = { type = \"boolean\", default = \"true\", ignore_default = true }\n",
            1,
            "results of the old default would be taken",
        ),
        ("limit = { type = \"optional integer (u32)\" }\n", "", 3, "a new optional argument"),
        ("name = { type = \"string\" }\n", "", 1, "a new required argument"),
        (
            "[types.\"roles.rank\".args]\n",
            "[types.\"roles.rank\".args]\ngone = { type = \"string\" }\n",
            1,
            "roles.rank.gone: the argument is gone",
        ),
        // An `Option` that is gone moves the jobs in which it was given: none of these.
        (
            "[types.\"roles.rank\".args]\n",
            "[types.\"roles.rank\".args]\ngone = { type = \"optional string\" }\n",
            1,
            "roles.rank.gone: the argument is gone; it was in the identity where it was given\n  effect: the identity of 0 finished",
        ),
        // What an `Option` without a value was, and is.
        (
            "limit = { type = \"optional integer (u32)\" }\n",
            "limit = { type = \"optional integer (u32)\", default = \"3\" }\n",
            1,
            "roles.rank.limit: it has no default any more; it was 3: `None` is not in the identity now",
        ),
        (
            "least = { type = \"optional integer (u32)\", default = \"2\", ignore_default = true }\n",
            "least = { type = \"optional integer (u32)\" }\n",
            1,
            "worse, results without a value would be taken for those of the default",
        ),
        // What is in no identity, in a default; a configuration where a family is now.
        (
            "\\\"threads\\\":1",
            "\\\"threads\\\":2",
            3,
            "roles.holder.tuned: the default has changed, and is the same in the identity",
        ),
        ("\\\"extra\\\":7,", "", 3, "roles.holder.tuned: the default has changed, and is the same in the identity"),
        (
            "file = \"run.txt\"",
            "file = \"old.txt\"",
            1,
            "roles.rank.run: the file was `old.txt`, and is `run.txt` now\n  effect: a file of 1 finished job would not be found\n  \
             to avoid it: write `#[param(path = \"old.txt\")]` again, or raise the type's `version`",
        ),
        // An older build does not say which file it is.
        (", file = \"run.txt\"", "", 0, "nothing changed"),
        // What nobody knows.
        (
            "notes = { type = \"JSON (u32)\" }\n",
            "notes = { type = \"JSON (alloc::string::String)\" }\n",
            1,
            "finished jobs would change, where the value looks otherwise as JSON now\n  to avoid it: keep the type (JSON (alloc::string::String))",
        ),
        (
            "shape = { type = \"any Shape\" }\n",
            "shape = { type = \"roles.square\" }\n",
            3,
            "roles.holder.shape: the type was roles.square, and is any Shape now: the same in the identity",
        ),
        (
            "shape = { type = \"any Shape\" }\n",
            "shape = { type = \"roles.tuned\" }\n",
            1,
            "roles.holder.shape: the type was roles.tuned, and is any Shape now",
        ),
        // Which variant it is, though the variants have an argument `type`.
        (
            r#"default = "{\"b\":{\"type\":\"z\"}}""#,
            r#"default = "{\"a\":{\"type\":\"z\"}}""#,
            1,
            r#"roles.holder.kind: the default was {"a":{"type":"z"}}, and is {"b":{"type":"z"}} now"#,
        ),
        ("variants.Mse]", "variants.Mae]", 1, "roles.loss::Mae: the variant is gone"),
        (
            "[types.\"roles.loss\"]",
            "[types.\"roles.lost\"]\nkind = \"config\"\n\n[types.\"roles.loss\"]",
            1,
            "roles.lost: the type is gone",
        ),
    ];
    for (now, before, code, message) in cases {
        assert!(lock.contains(now), "{now}: {lock}");
        std::fs::write(&path, lock.replacen(now, before, 1)).unwrap();
        let said = program(folder.path(), &["xpm", "lock", "--check", "--workdir", "work"]);
        let all = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, Some(i32::from(*code)), "{before:?}: {all}");
        assert!(all.contains(message), "{before:?}: {all}");
    }
}

#[test]
fn a_lock_file_that_was_edited_by_hand_is_told_where_it_is_wrong() {
    let folder = folder();
    ok(folder.path(), &["xpm", "lock"]);
    let path = folder.path().join("xpm.lock");
    let lock = std::fs::read_to_string(&path).unwrap();
    let fast = "fast = { type = \"boolean\", default = \"false\", ignore_default = true }\n";
    let limit = "limit = { type = \"optional integer (u32)\" }\n";
    // What is replaced, by what, and what is said.
    let cases: &[(&str, &str, &str)] = &[
        ("kind = \"task\"", "kind = \"taks\"", "types.roles.asks: the kind is task, config or family, not `taks`"),
        (
            fast,
            "fast = { type = \"boolean\", default = \"no\" }\n",
            "roles.rank.args.fast: the default `no` is no JSON",
        ),
        (
            fast,
            "fast = { type = \"boolean\", ignore_default = true }\n",
            "rank.args.fast: `ignore_default` without a default",
        ),
        (
            fast,
            "fast = { type = \"boolean\", id = \"limit\" }\n",
            "rank.args.limit: `fast` is `limit` in the identity too",
        ),
        (fast, "fast = { typ = \"boolean\" }\n", "unknown field `typ`"),
        (fast, "fast = { type = \"boolean\" }\nfast = { type = \"boolean\" }\n", "duplicate key"),
        (limit, "limit = { }\n", "missing field `type`"),
        (limit, "<<<<<<< HEAD\n=======\n>>>>>>> b\n", "a merge left the mark `<<<<<<<` in line"),
        ("kind = \"family\"", "kind = \"config\"", "types.roles.kind: a config has arguments, and no variants"),
        ("kind = \"config\"", "kind = \"family\"", "a family has variants, and no arguments of its own"),
        ("format = 1\n", "format = 0\n", "no xpm has written format 0"),
        ("format = 1\n", "", "it is no lock file: "),
        ("format = 1\n", "format = \"one\"\n", "it is no lock file: "),
        (
            "format = 1\n",
            "format = 9\n",
            "it has format 9, and this program knows formats up to 1: build it with a newer xpm",
        ),
        ("format = 1\n", "format = 1\nwhat = 3\n", "it is damaged: "),
    ];
    for (now, edited, message) in cases {
        assert!(lock.contains(now), "{now}: {lock}");
        std::fs::write(&path, lock.replacen(now, edited, 1)).unwrap();
        let said = program(folder.path(), &["xpm", "lock", "--check"]);
        assert_eq!(said.code, Some(1), "{edited}");
        assert!(said.err.starts_with("error: xpm.lock: ") && said.err.contains(message), "{edited}: {}", said.err);
        let newer = edited.contains('9');
        assert_eq!(said.err.contains("tip: take it back from version control"), !newer, "{}", said.err);
    }
    // Cut anywhere, it is never taken for a whole one, but behind the end of a table.
    for cut in (0..lock.len()).filter(|cut| lock.is_char_boundary(*cut)).step_by(7) {
        std::fs::write(&path, &lock[..cut]).unwrap();
        let said = program(folder.path(), &["xpm", "lock", "--check"]);
        assert!(matches!(said.code, Some(1 | 3)), "{cut}");
    }
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    let said = program(folder.path(), &["xpm", "lock", "--check"]);
    assert!(said.code == Some(1) && said.err.contains("cannot be read"), "{}", said.err);
    let tip = "tip: take it back from version control";
    assert!(said.err.contains(tip) && !said.err.contains("write it first"), "{}", said.err);
    let said = program(folder.path(), &["xpm", "lock", "--check", "--file", "."]);
    assert!(said.err.contains("cannot be read") && !said.err.contains("write it first"), "{}", said.err);
    std::fs::write(&path, &lock).unwrap();
    let said = program(folder.path(), &["xpm", "lock", "--check", "--workdir", "nowhere"]);
    assert_eq!(said.code, Some(0), "nothing has changed, so nothing is counted: {}", said.err);
    std::fs::write(&path, lock.replacen("version = 2\n", "", 1)).unwrap();
    let said = program(folder.path(), &["xpm", "lock", "--check", "--workdir", "nowhere"]);
    assert!(said.code == Some(1) && said.err.contains("nowhere is no workspace"), "{}", said.err);
}
