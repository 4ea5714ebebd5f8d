//! What is said of an event, in lines.

use std::path::Path;

use super::line::{Line, Style};
use super::tally::tags_text;
use super::{JobLabel, JobPlan, PlanSummary, Summary, tail};
use crate::ids::JobKey;
use crate::workspace::Failure;

/// How much of a failed job's standard error is shown.
const LOG_LINES: usize = 10;

/// `xpm: `, as every line begins.
pub(super) fn said() -> Line {
    Line::new().with(Style::Dim, "xpm: ")
}

pub(super) fn plain(text: impl AsRef<str>) -> Line {
    said().with(Style::Plain, text)
}

pub(super) fn warning(text: &str) -> Vec<Line> {
    let mut lines = text.split('\n');
    let first = said().with(Style::Warn, "warning: ").with(Style::Plain, lines.next().unwrap_or_default());
    std::iter::once(first).chain(lines.map(indented)).collect()
}

/// `xpm: [12/40] ir.rank/0a1b2c3d k1=0.9 done`
pub(super) fn ended(job: &JobLabel, style: Style, how: &str) -> Line {
    let mut line = plain(format!("[{}/{}] ", job.ended, job.submitted));
    line.append(name(job));
    line.with(style, format!(" {how}"))
}

pub(super) fn name(job: &JobLabel) -> Line {
    let mut line = Line::new().with(Style::Bold, job.key.to_string());
    if !job.tags.is_empty() {
        line.push(Style::Plain, &format!(" {}", tags_text(&job.tags)));
    }
    line
}

/// Why a job failed.
pub(super) fn failed(job: &JobLabel, failure: &Failure) -> Vec<Line> {
    let failure = failure.to_string();
    let mut parts = failure.split('\n');
    let first = ended(job, Style::Bad, "FAILED").with(Style::Plain, format!(": {}", parts.next().unwrap_or_default()));
    std::iter::once(first).chain(parts.map(indented)).collect()
}

/// Why a callback failed.
pub(super) fn callback_failed(job: &JobLabel, callback: &str, error: &str) -> Vec<Line> {
    let mut parts = error.split('\n');
    let mut first = plain(format!("{callback} of "));
    first.append(name(job));
    let first = first.with(Style::Bad, " FAILED").with(Style::Plain, format!(": {}", parts.next().unwrap_or_default()));
    std::iter::once(first).chain(parts.map(indented)).collect()
}

/// Why the plan failed, and what the run goes on for.
pub(super) fn plan_failed(error: &str, unfinished: usize) -> Vec<Line> {
    let rest = match unfinished {
        // Callbacks may go on.
        0 => String::new(),
        1 => ", and 1 job is waited for".to_owned(),
        _ => format!(", and {unfinished} jobs are waited for"),
    };
    let mut parts = error.split('\n');
    let first = format!("{rest}: {}", parts.next().unwrap_or_default());
    let first = plain("the plan").with(Style::Bad, " FAILED").with(Style::Plain, first);
    std::iter::once(first).chain(parts.map(indented)).collect()
}

/// The end of what a failed job wrote, and how to see more.
pub(super) fn failed_log(job: &JobLabel, log: &Path, workdir: Option<&Path>) -> Vec<Line> {
    let mut lines: Vec<Line> = tail(log, LOG_LINES)
        .iter()
        .map(|line| Line::new().with(Style::Dim, "    | ").with(Style::Plain, line))
        .collect();
    lines.push(Line::new().with(Style::Plain, format!("    log: {}", log.display())));
    if let Some(workdir) = workdir {
        let command = format!("xpm log {} --err --workdir {}", job.key.identity.short(), shell_word(workdir));
        lines.push(Line::new().with(Style::Plain, "    more: ").with(Style::Bold, command));
    }
    lines
}

/// Jobs that are not started because of another.
pub(super) fn not_started(cause: &JobKey, count: usize) -> Line {
    let (jobs, they) = if count == 1 { ("1 job", "it depends") } else { (&*format!("{count} jobs"), "they depend") };
    plain(format!("{jobs} not started: {cause}, which {they} on, failed"))
}

pub(super) fn interrupted(running: usize) -> Line {
    plain(match running {
        0 => "interrupted".to_owned(),
        1 => "interrupted; 1 running job goes on by itself and is found again by the next run; \
              Ctrl-C again within 2 s stops it too"
            .to_owned(),
        _ => format!(
            "interrupted; {running} running jobs go on by themselves and are found again by the next run; \
             Ctrl-C again within 2 s stops them too"
        ),
    })
}

/// `would run ir.rank/0a1b2c3d k1=0.9 after data.load/4e5f6a7b`
pub(super) fn planned(job: &JobLabel, plan: &JobPlan) -> Line {
    /// How many jobs are named that another would wait for.
    const NAMED: usize = 3;
    let (style, how) = match plan {
        JobPlan::Done => (Style::Good, "is done "),
        JobPlan::Failed => (Style::Bad, "has failed "),
        JobPlan::NotNeeded => (Style::Plain, "is not needed "),
        JobPlan::WouldRun { .. } => (Style::Plain, "would run "),
    };
    let mut line = said().with(style, how);
    line.append(name(job));
    if let JobPlan::WouldRun { after } = plan
        && !after.is_empty()
    {
        let named: Vec<_> = after.iter().take(NAMED).map(ToString::to_string).collect();
        line.push(Style::Plain, &format!(" after {}", named.join(", ")));
        if after.len() > NAMED {
            line.push(Style::Plain, &format!(" and {} more", after.len() - NAMED));
        }
    }
    line
}

/// What a run that starts nothing came to.
pub(super) fn plan_ended(summary: &PlanSummary) -> Vec<Line> {
    let PlanSummary { experiment, written, would_run, done, failed, not_needed, stopped_at } = summary;
    let mut lines = Vec::new();
    if let Some(job) = stopped_at {
        lines.push(plain(format!("the plan goes on from the output of {job}, which is not known yet")));
    }
    let what = match written {
        true => "nothing was started, and the folders of these jobs are written",
        false => "nothing was started or written",
    };
    let some = |count: usize, what| if count > 0 { format!(", {count} {what}") } else { String::new() };
    let (failed, not_needed) = (some(*failed, "failed before"), some(*not_needed, "not needed"));
    let counts = format!(": {would_run} would run, {done} done before{failed}{not_needed}; {what}");
    lines.push(said().with(Style::Bold, experiment).with(Style::Plain, counts));
    lines
}

pub(super) fn summary(summary: &Summary) -> Line {
    let mut line = said().with(Style::Bold, &summary.experiment).with(Style::Plain, ": ");
    let parts = [
        (summary.ran, "run", Style::Good),
        (summary.found_done, "done before", Style::Plain),
        (summary.failed, "failed", Style::Bad),
        (summary.skipped, "not needed", Style::Plain),
        (summary.unfinished, "not ended", Style::Warn),
    ];
    let mut any = false;
    for (count, what, style) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        if any {
            line.push(Style::Plain, ", ");
        }
        line.push(style, &format!("{count} {what}"));
        any = true;
    }
    if !any {
        line.push(Style::Plain, "no jobs");
    }
    line.push(Style::Plain, &format!(" in {:.2} s", summary.elapsed.as_secs_f64()));
    if !summary.run.as_os_str().is_empty() {
        line.push(Style::Plain, &format!("; {}", summary.run.display()));
    }
    line
}

fn indented(text: &str) -> Line {
    Line::new().with(Style::Plain, format!("    {text}"))
}

/// A path as one word of a shell's command line.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let simple = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    match !text.is_empty() && text.chars().all(simple) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word() {
        for (path, word) in [("/data/w", "/data/w"), ("my work", "'my work'"), ("it's", r"'it'\''s'"), ("$x", "'$x'")] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }
}
