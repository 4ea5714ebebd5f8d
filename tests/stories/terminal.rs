//! What people see on a terminal: a real one, by tmux. Without tmux these tests say so and pass.

use std::process::Command;

use crate::harness::{JobDir, Outcome, Story, wait_until};

/// A terminal in which a story runs.
struct Pane {
    socket: String,
}

impl Pane {
    /// Starts the scenario `terminal` in a terminal of this size; `None` where there is no tmux.
    fn start(story: &Story, (columns, lines): (u16, u16), environment: &str, args: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("there is no tmux: not tested");
            return None;
        }
        let settings = story.path().join("tmux.conf");
        std::fs::write(&settings, "set -g remain-on-exit on\nset -g history-limit 50000\n").unwrap();
        let pane = Self { socket: story.path().join("tmux").to_str().unwrap().to_owned() };
        let words: Vec<String> = story
            .command("terminal", args.split(' '))
            .get_args()
            .map(|arg| format!("'{}'", arg.to_str().unwrap()))
            .collect();
        let plain = "env -u CI -u NO_COLOR -u XPM_QUIET LC_ALL=C.UTF-8 RUST_BACKTRACE=0";
        let command = format!("exec {plain} {environment} {} {}", env!("CARGO_BIN_EXE_story"), words.join(" "));
        let size = [columns.to_string(), lines.to_string()];
        let settings = settings.to_str().unwrap();
        pane.tmux(&["-f", settings, "new-session", "-d", "-x", &size[0], "-y", &size[1], &command]);
        Some(pane)
    }

    #[track_caller]
    fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux").args(["-S", &self.socket]).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is on the terminal, without blank lines.
    fn screen(&self) -> Vec<String> {
        lines(&self.tmux(&["capture-pane", "-p"]))
    }

    /// All that was ever printed and what is on the terminal, long lines whole.
    fn everything(&self) -> Vec<String> {
        lines(&self.tmux(&["capture-pane", "-p", "-J", "-S", "-"]))
    }

    #[track_caller]
    fn shows(&self, what: &str) -> Vec<String> {
        let mut screen = Vec::new();
        wait_until(what, || {
            screen = self.everything();
            screen.iter().any(|line| line.contains(what))
        });
        screen
    }

    /// Waits until the program has ended, and checks that the terminal is as it was.
    #[track_caller]
    fn ends(&self) -> Vec<String> {
        wait_until("the program has ended", || self.tmux(&["display", "-p", "#{pane_dead}"]).trim() == "1");
        let area = self.tmux(&["display", "-p", "#{scroll_region_upper} #{scroll_region_lower} #{pane_height}"]);
        let area: Vec<u32> = area.split_whitespace().map(|number| number.parse().unwrap()).collect();
        assert_eq!(area[..2], [0, area[2] - 1], "the whole terminal scrolls again");
        let everything = self.everything();
        let of_the_region = |line: &&String| line.contains('━') || line.contains('─');
        assert_eq!(everything.iter().find(of_the_region), None, "{everything:#?}");
        everything
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.socket, "kill-server"]).output();
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Lets the jobs of a run that is over and has not waited for them end.
fn let_go(story: &Story) {
    story.mark("go");
    wait_until("the jobs have ended", || {
        // The run may have ended before a process of its own was there: nobody is named as owner then.
        let has_begun = |job: &JobDir| std::fs::metadata(job.file(".xpm/lock")).is_ok_and(|lock| lock.len() > 0);
        let jobs = story.jobs("story.watched");
        jobs.iter().filter(|job| job.file(".xpm/lock").exists()).all(|job| {
            let free = job.is_free();
            free && (job.file("status.json").exists() || !has_begun(job))
        })
    });
}

#[test]
fn a_region_shows_what_runs_and_failures_stand_above_it() {
    for (size, one_line) in [((80, 24), false), ((200, 50), true)] {
        let story = Story::new();
        let args = "jobs=12 cpus=9 quick=4 fail=1 until=5 text=言語=日本語の長い名前";
        let Some(pane) = Pane::start(&story, size, "", args) else { return };
        // Twelve lines are the most.
        let more = if one_line { "epochs 5/5" } else { "… and 4 more" };
        wait_until("everything runs that can", || {
            let screen = pane.screen();
            screen.iter().any(|line| line.contains("9 running")) && screen.iter().any(|line| line.contains(more))
        });
        wait_until("their progress is shown", || {
            pane.screen().iter().any(|line| line.contains("5/5  ━━━━━━━━━━ 100%"))
        });
        let screen = pane.screen();
        let head = screen.iter().position(|line| line.starts_with("story  ━")).unwrap();
        let counts = "4 done · 9 running · 3 waiting · 1 failed";
        assert!(screen[head].contains("5/17"), "{screen:#?}");
        assert!(screen[head + usize::from(!one_line)].contains(counts), "{screen:#?}");
        assert!(
            screen[head + 2].starts_with("  story.watched n=") && screen[head + 2].contains("text=言語"),
            "{screen:#?}"
        );
        let above = pane.everything();
        let failed = above.iter().position(|line| line.contains(" FAILED: ")).unwrap();
        assert!(
            above[failed].ends_with(" n=4 FAILED: the weights cannot be saved: no space left on device"),
            "{above:#?}"
        );
        assert_eq!(above[failed + 1], "    | 100% of 4", "what the job wrote moves no cursor");
        assert!(above[failed + 2].starts_with("    log: ") && above[failed + 2].ends_with("/stderr.log"), "{above:#?}");
        let more = format!(" --err --workdir {}", story.workdir.display());
        assert!(
            above[failed + 3].starts_with("    more: xpm log ") && above[failed + 3].ends_with(&more),
            "{above:#?}"
        );
        story.mark("go");
        let end = pane.ends();
        assert!(end.iter().any(|line| line.starts_with("xpm: story: 16 run, 1 failed in ")), "{end:#?}");
    }
}

#[test]
fn what_the_plan_prints_comes_out_whole_also_when_the_size_changes() {
    for size in [(80, 24), (200, 50)] {
        let story = Story::new();
        let Some(pane) = Pane::start(&story, size, "", "jobs=3 cpus=3 until=1 lines=400") else { return };
        pane.shows("3 running");
        story.wait_for("printed");
        story.mark("go");
        let printed: Vec<_> = pane.ends().into_iter().filter(|line| !line.starts_with("xpm: ")).collect();
        let expected = (0..400).flat_map(|n| {
            let first = format!("the plan prints line {n:04} {}", "=".repeat(n % 7 * 10));
            [first.trim_end().to_owned(), format!("a line in two parts {n:04}")]
        });
        assert_eq!(
            printed.iter().filter(|line| !line.starts_with("Pane is dead")).cloned().collect::<Vec<_>>(),
            expected.collect::<Vec<_>>()
        );
    }
    let story = Story::new();
    let Some(pane) = Pane::start(&story, (100, 30), "", "jobs=3 cpus=3 until=1") else { return };
    pane.shows("3 running");
    // The bar is a third of the terminal: so the program knows the size, which tmux tells it a little later.
    for (columns, lines, bar) in [("60", "12", 20), ("140", "40", 46), ("45", "9", 15), ("80", "24", 26)] {
        pane.tmux(&["resize-window", "-x", columns, "-y", lines]);
        wait_until(&format!("the region at {columns} columns"), || {
            let screen = pane.screen();
            let bars: Vec<_> = screen.iter().filter(|line| line.starts_with("story  ")).collect();
            bars.len() == 1 && bars[0].matches('─').count() == bar
        });
    }
    story.mark("go");
    let end = pane.ends();
    assert!(end.iter().any(|line| line.starts_with("xpm: story: 3 run in ")), "{end:#?}");
}

#[test]
fn however_the_run_ends_the_terminal_is_as_it_was() {
    for (how, said) in [("panic", "the plan gives up"), ("exit", "a line in two parts 0299")] {
        let story = Story::new();
        let Some(pane) = Pane::start(&story, (80, 24), "", &format!("jobs=2 cpus=2 until=1 lines=300 end={how}"))
        else {
            return;
        };
        let end = pane.ends();
        assert!(end.iter().any(|line| line.contains(said)), "{end:#?}");
        let_go(&story);
    }
    let story = Story::new();
    let Some(pane) = Pane::start(&story, (80, 24), "", "jobs=3 cpus=2 until=1") else { return };
    pane.shows("2 running");
    pane.tmux(&["send-keys", "C-c"]);
    pane.shows("xpm: interrupted; 2 running jobs go on by themselves");
    let end = pane.ends();
    assert!(end.iter().any(|line| line.starts_with("xpm: story: 3 not ended in ")), "{end:#?}");
    assert_eq!(story.last_run()["status"], "interrupted");
    let_go(&story);
}

#[test]
fn there_are_plain_lines_where_people_or_machines_ask_for_them() {
    for environment in ["NO_COLOR=1", "CI=true", "TERM=dumb"] {
        let story = Story::new();
        story.mark("go");
        let Some(pane) = Pane::start(&story, (80, 24), environment, "jobs=1 quick=2 cpus=1 until=1") else { return };
        let lines = pane.ends();
        let ended: Vec<_> = lines.iter().filter(|line| line.ends_with(" done")).collect();
        assert_eq!(ended.len(), 3, "{environment}: {lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("xpm: story: 3 run in ")), "{environment}: {lines:#?}");
    }
    let story = Story::new();
    story.mark("go");
    let outcome = story.fails("terminal", ["quick=2", "fail=1", "until=1"]);
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    outcome.says(&["xpm: [", " done\n", "    | 100% of 2\n", "    more: xpm log ", "xpm: story: 2 run, 1 failed in "]);
}

#[test]
fn a_quiet_run_says_what_people_must_know() {
    let run = |args: &[&str], environment: Option<&str>| -> Outcome {
        let story = Story::new();
        story.mark("go");
        let mut command = story.command("terminal", args);
        command.envs(environment.map(|name| (name, "1")));
        story.start_command(command).end()
    };
    for (args, environment) in [(&["quick=2", "quiet=1"][..], None), (&["quick=2"][..], Some("XPM_QUIET"))] {
        assert_eq!(run(args, environment).stderr, "");
        let args: Vec<_> = args.iter().copied().chain(["fail=1"]).collect();
        let outcome = run(&args, environment);
        outcome.says(&["FAILED: the weights cannot be saved"]).does_not_say("] story.watched done");
        outcome.does_not_say("xpm: story:");
    }
}
