//! `myexp xpm run`: a program that parses its arguments itself.

use std::path::Path;
use std::process::{Command, Output};

fn program(folder: &Path, mode: Option<&str>, args: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli_program"));
    command.args(args).current_dir(folder).env("CI", "1").env_remove("XPM_RUN_MODE");
    if let Some(mode) = mode {
        command.env("XPM_RUN_MODE", mode);
    }
    let output = command.output().unwrap();
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    (output, String::from_utf8(all).unwrap())
}

fn job(text: &str) -> &Path {
    Path::new(text.lines().find_map(|line| line.strip_prefix("job: ")).unwrap())
}

#[test]
fn the_programs_own_arguments_in_another_mode() {
    let folder = tempfile::tempdir().unwrap();
    let own = ["--", "work", "-ll", "--side", "7"];
    let (output, text) = program(folder.path(), None, &[&["xpm", "run", "--dry-run"], &own[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("own: loud 2, 1 squares"), "{text}");
    assert!(!folder.path().join("work").exists(), "a dry run writes nothing: {text}");
    let (output, text) = program(folder.path(), None, &[&["xpm", "run", "--generate-only"], &own[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{text}");
    let folder_of_job = job(&text).to_owned();
    assert!(folder_of_job.join("params.json").exists() && !folder_of_job.join("status.json").exists(), "{text}");
    // The mode from outside that does less counts.
    let (output, text) = program(folder.path(), Some("dry-run"), &[&["xpm", "run"], &own[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!folder_of_job.join("status.json").exists(), "{text}");
    let (output, text) = program(folder.path(), None, &[&["xpm", "run"], &own[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(job(&text), folder_of_job);
    assert!(folder_of_job.join("status.json").exists(), "{text}");
}

#[test]
fn a_quiet_run_says_nothing_but_failures() {
    let folder = tempfile::tempdir().unwrap();
    let run = |flags: &[&str], side: &str| {
        program(folder.path(), None, &[&["xpm", "run"], flags, &["--", "work", "--side", side]].concat()).0
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let loud = run(&[], "7");
    assert!(text(&loud.stderr).contains("squares: 1 run in"), "{}", text(&loud.stderr));
    let quiet = run(&["--quiet"], "8");
    assert_eq!((quiet.status.code(), &*text(&quiet.stderr)), (Some(0), ""));
    assert!(text(&quiet.stdout).contains("own: loud 0, 1 squares"), "{}", text(&quiet.stdout));
    let failed = run(&["--quiet"], "100000");
    assert_eq!(failed.status.code(), Some(1));
    let said = text(&failed.stderr);
    assert!(said.contains("FAILED: that is no square") && said.contains("1 of 1 jobs failed:"), "{said}");
}

#[test]
fn wrong_command_lines_are_told_by_whom_they_concern() {
    let folder = tempfile::tempdir().unwrap();
    for (args, code, message) in [
        (&["xpm", "run", "--dry-run", "--", "work", "--sdie", "7"][..], 2, "a similar argument exists: '--side'"),
        (&["xpm", "run", "--dry-rn"], 2, "--dry-run"),
        (&["xpm", "run", "--dry-run", "--generate-only"], 2, "cannot be used with"),
        (&["xpm", "run", "--", "xpm", "tasks"], 2, "call it without `xpm run --`"),
        (&["xpm", "run", "work"], 2, "[-- [ARGUMENTS]...]"),
        (&["xpm", "run", "--help"], 0, "Writes the folders and arguments of jobs"),
        (&["xpm", "run", "--help"], 0, "Says nothing of how it goes but failures and warnings"),
    ] {
        let (output, text) = program(folder.path(), None, args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(message), "{args:?}: {text}");
    }
    let (output, text) = program(folder.path(), Some("dry"), &["xpm", "run", "--", "work"]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("XPM_RUN_MODE: `dry` is no run mode"), "{text}");
    assert!(!folder.path().join("work").exists());
}

#[test]
fn jobs_of_a_sweep_are_those_of_plain_flags() {
    let folder = tempfile::tempdir().unwrap();
    let (output, text) = program(folder.path(), None, &["work", "--sweep", "side=range(3,5)"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for side in ["3", "4", "5"] {
        assert!(text.contains(&format!("tags: {{\"side\": Int({side})}}")), "{text}");
    }
    let stamp = |job: &Path| std::fs::metadata(job.join("status.json")).unwrap().modified().unwrap();
    let (first, before) = (job(&text), stamp(job(&text)));
    let (output, text) = program(folder.path(), None, &["work", "--side", "3"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!((job(&text), stamp(job(&text))), (first, before), "{text}");
    assert!(text.contains("tags: {}"), "{text}");
}

#[test]
fn what_is_swept_outside_the_identity_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let said = |sweeps: &[&str]| {
        let (output, text) = program(folder.path(), Some("dry-run"), &[&["work"], sweeps].concat());
        assert_eq!(output.status.code(), Some(0), "{text}");
        let warnings: Vec<_> = text.lines().filter(|line| line.starts_with("warning: ")).collect();
        warnings.join("\n")
    };
    assert_eq!(said(&["--sweep", "side=1,2", "--threads", "4"]), "");
    assert_eq!(said(&["--sweep", "side,threads=(1,2),(2,3)"]), "", "it varies with what is in the identity");
    assert_eq!(
        said(&["--sweep", "threads=1,2"]),
        "warning: --sweep threads: what varies is not all in the identity: these 2 configurations are one job, with the \
         values and the tags of the first"
    );
    assert_eq!(
        said(&["--sweep", "side=1,2", "--sweep", "threads=1,2,3"]),
        "warning: --sweep threads: what varies is not all in the identity: these 6 configurations are 2 jobs, each with the \
         values and the tags of its first one"
    );
}
