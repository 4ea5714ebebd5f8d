//! The jobs that no kept run refers to, and what keeps that from being told.
//!
//! The links in the folder of a run are made before a job is entered in the journal, which is written from memory and
//! never synced; the journal knows jobs of which somebody has removed the link. What either names is referred to.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::job::JobInfo;
use super::runs::{Run, linked_jobs};
use super::snapshot::Snapshot;
use super::status::RunState;
use crate::ids::JobKey;
use crate::workspace::journal::{JournalEvent, JournalReader};

impl Snapshot {
    /// The jobs that have a folder, do not run, and to which no kept run refers, not even through a job that depends on them.
    ///
    /// Where [`orphan_doubts`](Self::orphan_doubts) has something to say, some of them may be referred to.
    pub fn orphans(&self) -> Vec<JobInfo> {
        let mut referred: HashSet<u32> = self.shared.runs.iter().flat_map(|run| run.jobs.iter().copied()).collect();
        // Also in what is no run by its name: somebody may have given it another one, or put a link in its place.
        let (folders, _) = folders_of_experiments(&self.shared.layout.path().join("experiments"));
        let linked = folders.iter().flat_map(|folder| linked_jobs(folder));
        referred.extend(linked.filter_map(|key| self.shared.find(&key)));
        let mut open: Vec<u32> = referred.iter().copied().collect();
        while let Some(place) = open.pop() {
            for key in self.at(place).dependencies() {
                if let Some(place) = self.shared.find(&key)
                    && referred.insert(place)
                {
                    open.push(place);
                }
            }
        }
        let orphan = |job: &JobInfo| {
            !referred.contains(&job.place) && !matches!(job.state_name(), "running" | "starting") && job.path().is_dir()
        };
        self.all_jobs().into_iter().filter(orphan).collect()
    }

    /// Why it cannot be told of every job whether a run refers to it: records, journals and folders of runs that cannot be
    /// read or are damaged. Each says which file, what is wrong, and what to do. Reads every journal anew.
    pub fn orphan_doubts(&self) -> Vec<String> {
        let (_, mut doubts) = folders_of_experiments(&self.shared.layout.path().join("experiments"));
        self.shared.runs.iter().for_each(|run| doubts_of(run, &mut doubts));
        doubts
    }
}

fn doubts_of(run: &Run, doubts: &mut Vec<String>) {
    // A driver that was killed before it wrote its record has made links of all that it submitted.
    if let Err(why) = &run.record
        && run.path.join("run.json").symlink_metadata().is_ok()
    {
        doubts.push(why.clone());
    }
    let (links, journal) = (run.path.join("jobs"), run.path.join("journal.jsonl"));
    // Of a run that has links, these are told also where nothing else is left; one that has just begun may have none yet.
    if let Err(error) = fs::read_dir(&links)
        && (links.symlink_metadata().is_ok() || run.state != RunState::Running)
    {
        doubts.push(format!("{} cannot be read: {error}", links.display()));
        return;
    }
    let read = match JournalReader::read(&journal, 0) {
        Ok(read) if read.damaged.is_empty() => read,
        Ok(read) => return doubts.push(format!("{}: {}", journal.display(), damaged_lines(&read.damaged))),
        Err(error) => return doubts.push(format!("{} cannot be read: {error}", journal.display())),
    };
    let mut named: HashSet<JobKey> = linked_jobs(&run.path).into_iter().collect();
    named.extend(read.events.into_iter().filter_map(|event| match event.event {
        JournalEvent::Submitted(submitted) => Some(submitted.job.0),
        _ => None,
    }));
    if let Ok(record) = &run.record
        && named.len() < record.jobs
    {
        let (path, all, some) = (run.path.display(), record.jobs, named.len());
        doubts.push(format!("{path} is of {all} jobs by its run.json, of which its links and its journal name {some}"));
    }
}

/// `line 3 is damaged`.
pub(crate) fn damaged_lines(lines: &[usize]) -> String {
    match lines {
        [line] => format!("line {line} is damaged"),
        [first, ..] => format!("{} lines are damaged, the first is line {first}", lines.len()),
        [] => "no line is damaged".to_owned(),
    }
}

/// The folders in those of experiments, and what is wrong with them. Links are followed.
fn folders_of_experiments(experiments: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let (mut folders, mut doubts) = (Vec::new(), Vec::new());
    if experiments.symlink_metadata().is_ok() {
        for experiment in folders_in(experiments, &mut doubts) {
            folders.extend(folders_in(&experiment, &mut doubts));
        }
    }
    (folders, doubts)
}

fn folders_in(folder: &Path, doubts: &mut Vec<String>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            doubts.push(format!("{} cannot be read: {error}", folder.display()));
            return Vec::new();
        }
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = match entry {
            Ok(entry) if entry.file_name().as_encoded_bytes().starts_with(b".") => continue,
            // Another name of a run that lies beside it, which may have been removed.
            Ok(entry) if entry.file_name() == "latest" => continue,
            Ok(entry) => entry.path(),
            Err(error) => {
                doubts.push(format!("{} cannot be read: {error}", folder.display()));
                continue;
            }
        };
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => folders.push(path),
            Ok(_) => {}
            Err(error) => doubts.push(format!("{} cannot be read: {error}", path.display())),
        }
    }
    folders
}
