//! Workspaces that are missing, files, not to be written, full, or named by bytes that are no text.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{NO_ARGS, Story, is_root, names, program};

/// What lies in a workspace in which a run has ended, the name of this machine left out.
fn content(workdir: &Path) -> Vec<String> {
    let machine = |name: String| if name.starts_with(".machine@") { ".machine@".to_owned() } else { name };
    names(workdir).into_iter().map(machine).collect()
}

const CONTENT: [&str; 6] = [".drivers", ".machine@", "bin", "experiments", "jobs", "xpm.toml"];

#[test]
fn a_missing_workspace_is_made_with_the_folders_above_it() {
    let mut story = Story::new();
    story.workdir = story.path().join("not/there/yet");
    story.ok("steps", ["a"]);
    assert_eq!(content(&story.workdir), CONTENT);
    assert!(fs::read_to_string(story.workdir.join("xpm.toml")).unwrap().contains("format = 1"));
}

#[test]
fn a_workspace_may_be_relative_and_a_link() {
    let mut story = Story::new();
    fs::create_dir(story.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", story.path().join("link")).unwrap();
    story.workdir = PathBuf::from("link/below");
    let mut command = story.command("steps", ["a", "b:a"]);
    command.current_dir(story.path());
    let outcome = story.start_command(command).end();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert_eq!(content(&story.path().join("real/below")), CONTENT);
}

#[test]
fn a_workspace_that_is_a_file_or_below_one_is_refused() {
    let mut story = Story::new();
    let file = story.path().join("file");
    fs::write(&file, "text").unwrap();
    for workdir in [file.clone(), file.join("below"), file.join("far/below")] {
        story.workdir = workdir;
        let outcome = story.fails("steps", ["a"]);
        outcome.says(&[&format!("the workspace {} is a file; give a folder", file.display())]);
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "text");
    story.workdir = PathBuf::new();
    story.fails("steps", ["a"]).says(&["the path of the workspace is empty; give a folder"]);
}

#[test]
fn a_workspace_that_cannot_be_made_is_said_with_the_reason() {
    let mut story = Story::new();
    story.workdir = "/proc/xpm/work".into();
    story
        .fails("steps", ["a"])
        .says(&["the workspace /proc/xpm/work cannot be written to (making the folder)", "No such file"]);
    let link = story.path().join("dangling");
    std::os::unix::fs::symlink("/nowhere/at/all", &link).unwrap();
    story.workdir = link;
    story.fails("steps", ["a"]).says(&["dangling cannot be written to (it is a link to a folder that does not exist)"]);
}

/// Runs the program as a user who owns nothing; as whoever runs the tests, if that is not root.
fn as_nobody(story: &Story, program: &Path, args: &[&str]) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.arg("steps").arg(&story.workdir).arg(&story.control).args(args);
    command
}

#[test]
fn a_workspace_of_another_user_is_said_with_the_reason() {
    if is_root() && Command::new("setpriv").arg("--version").output().is_err() {
        println!("skipped: there is no setpriv to become another user with");
        return;
    }
    let story = Story::new();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&story.path(), 0o755);
    mode(&story.control, 0o777);
    let copy = story.path().join("program");
    // By a process of its own: what another test starts meanwhile would have the file open for writing too, and nobody could execute it.
    assert!(Command::new("cp").arg(program("story")).arg(&copy).status().unwrap().success());
    // The folder above is not to be written to.
    let parent = story.path().join("parent");
    fs::create_dir(&parent).unwrap();
    mode(&parent, 0o555);
    let mut below = Story::new();
    below.workdir = parent.join("work");
    below.control.clone_from(&story.control);
    let outcome = story.start_command(as_nobody(&below, &copy, &["a"])).end();
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["cannot be written to (making the folder)", "Permission denied"]);
    // The workspace is there, done in parts, and not to be written to.
    story.ok("steps", ["a"]);
    let lock = |writable: bool| {
        let bits = if writable { "u+w,a+rX" } else { "a-w,a+rX" };
        assert!(Command::new("chmod").args(["-R", bits]).arg(&story.workdir).status().unwrap().success());
    };
    lock(false);
    let outcome = story.start_command(as_nobody(&story, &copy, &["a", "b"])).end();
    lock(true);
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["the folder of the run cannot be made in ", "Permission denied"]);
    assert_eq!(story.log(), ["a"]);
    // The folder of jobs alone is not.
    assert!(Command::new("chmod").args(["-R", "a+rwX"]).arg(&story.workdir).status().unwrap().success());
    mode(&story.workdir.join("jobs/story.step"), 0o555);
    let outcome = story.start_command(as_nobody(&story, &copy, &["a", "b"])).end();
    mode(&story.workdir.join("jobs/story.step"), 0o755);
    assert_eq!(outcome.code(), Some(1), "{outcome:?}");
    outcome.says(&["1 of 2 jobs failed:", "could not be started: ", "Permission denied", "1 done before, 1 failed"]);
    story.ok("steps", ["a", "b"]);
}

#[test]
fn an_xpm_toml_that_says_nothing_is_refused_by_name() {
    let story = Story::new();
    fs::create_dir(&story.workdir).unwrap();
    let file = story.workdir.join("xpm.toml");
    for (text, why) in [
        (&b""[..], "missing field `format`"),
        (b"format", ""),
        (b"format = \"one\"\n", "invalid type: string"),
        (b"format = -1\n", "-1"),
        (b"format = 1\n[local]\ncpu = 3\n", "unknown field `cpu`"),
        (b"format = 1\nlocale = 3\n", "unknown field `locale`"),
        (b"\0\0\0", ""),
        (b"format = 1 # \xff\n", "UTF-8"),
    ] {
        fs::write(&file, text).unwrap();
        let outcome = story.fails("steps", ["a"]);
        let said = format!("{} cannot be read: ", file.display());
        outcome.says(&[&said, why, "it holds a line `format = 1` and optional settings"]);
        assert_eq!(fs::read(&file).unwrap(), text);
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    story
        .fails("steps", ["a"])
        .says(&["xpm.toml cannot be read: ", "xpm.toml is no file (Is a directory): move it away"]);
    assert_eq!(names(&story.workdir), ["xpm.toml"]);
}

/// A small disk of its own, as long as it lives.
struct Disk(PathBuf);

impl Disk {
    /// `None` where mounting is not permitted.
    fn mount(story: &Story, kilobytes: usize) -> Option<Self> {
        let path = story.path().join("disk");
        fs::create_dir(&path).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"]).arg(&path);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: mounting a small disk is not permitted");
        }
        mounted.then_some(Self(path))
    }

    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.0.join("filler")).unwrap();
        for size in [4096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

const FULL: &str = "No space left on device";

#[test]
fn a_disk_that_is_full_before_the_run_is_said() {
    let mut story = Story::new();
    let Some(disk) = Disk::mount(&story, 512) else { return };
    story.workdir = disk.0.join("work");
    // Nothing is there yet.
    disk.fill();
    story.fails("fill", NO_ARGS).says(&["cannot be written to (writing xpm.toml)", FULL]);
    assert!(!story.workdir.join("xpm.toml").exists());
    disk.free();
    // The workspace is there.
    assert_eq!(story.ok("id", ["other"]).stdout, "runs as other\n");
    disk.fill();
    story.fails("fill", NO_ARGS).says(&["the folder of the run cannot be made in ", FULL]);
    disk.free();
    assert_eq!(story.ok("fill", NO_ARGS).stdout, "there was space\n");
}

#[test]
fn a_disk_that_gets_full_before_a_job_fails_the_job() {
    let mut story = Story::new();
    let Some(disk) = Disk::mount(&story, 512) else { return };
    story.workdir = disk.0.join("work");
    story.mark("fill.plan");
    let outcome = story.fails("fill", NO_ARGS);
    outcome.says(&["1 of 1 jobs failed:", "could not be started: ", FULL]);
    assert!(!story.job("story.fill").file("status.json").exists());
    story.unmark("fill.plan");
    disk.free();
    let outcome = story.ok("fill", NO_ARGS);
    assert_eq!(outcome.stdout, "there was space\n");
    assert!(story.job("story.fill").is_done());
}

#[test]
fn a_disk_that_gets_full_before_a_record_loses_the_result_and_says_so() {
    let mut story = Story::new();
    let Some(disk) = Disk::mount(&story, 512) else { return };
    story.workdir = disk.0.join("work");
    story.mark("fill.job");
    let outcome = story.fails("fill", NO_ARGS);
    outcome.says(&["1 of 1 jobs failed:", "its output cannot be kept: ", "status.json", FULL]);
    outcome.does_not_say("could not be started");
    assert!(!story.job("story.fill").file("status.json").exists());
    story.unmark("fill.job");
    disk.free();
    let outcome = story.ok("fill", NO_ARGS);
    assert_eq!(outcome.stdout, "there was space\n");
    let job = story.job("story.fill");
    assert_eq!(
        (job.is_done(), job.status()["attempt"].as_u64(), job.attempts()),
        (true, Some(2), vec!["1".to_owned()])
    );
    let temporary = names(&job.0).into_iter().find(|name| name.ends_with(".tmp"));
    assert_eq!(temporary, None);
}

#[test]
fn paths_that_are_no_text_are_the_same_in_the_job() {
    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    for workdir in [&b"work"[..], b"w\xff\xfe", "é\u{1F377} \n\"$x".as_bytes()] {
        for path in [&b"/data/\xff\x80"[..], b"rel\xc3", "/é\n\t\"\\".as_bytes(), b"/plain", b"./a/../b//c"] {
            let mut story = Story::new();
            story.workdir = story.path().join(bytes(workdir));
            let outcome = story.ok("bytes", [bytes(path)]);
            assert_eq!(outcome.stdout, "the path is the same in the job\n");
        }
    }
}
