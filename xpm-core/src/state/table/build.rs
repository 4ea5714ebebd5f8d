//! Makes a table of jobs. Arguments and outputs are read on all CPUs: they are what takes time.

use std::collections::HashMap;

use super::{Cell, Column, OWN, Source, Table};
use crate::state::fields::on_all_cpus;
use crate::state::job::JobInfo;
use crate::state::leaves::leaves;
use crate::value::TagValue;

type Name = (Source, String);

/// The cells of some rows, by column.
#[derive(Default)]
struct Part {
    places: HashMap<Name, usize>,
    names: Vec<Name>,
    /// By row: place of the column and cell.
    rows: Vec<Vec<(usize, Cell)>>,
}

impl Part {
    fn place(&mut self, source: Source, path: &str) -> usize {
        // The map is asked with a name that it owns; a row has the same columns as the one before, mostly.
        let next = self.rows.last().map_or(0, Vec::len);
        let before = self.rows.len().checked_sub(2).and_then(|row| self.rows[row].get(next)).map(|cell| cell.0);
        if let Some(place) = before
            && self.names[place].0 == source
            && self.names[place].1 == path
        {
            return place;
        }
        let name = (source, path.to_owned());
        if let Some(place) = self.places.get(&name) {
            return *place;
        }
        self.places.insert(name.clone(), self.names.len());
        self.names.push(name);
        self.names.len() - 1
    }

    fn push(&mut self, source: Source, path: &str, cell: Cell) {
        let place = self.place(source, path);
        if let Some(row) = self.rows.last_mut() {
            row.push((place, cell));
        }
    }

    fn job(&mut self, job: &JobInfo) {
        self.rows.push(Vec::with_capacity(self.rows.last().map_or(8, Vec::len)));
        for (name, value) in job.tags() {
            self.push(Source::Tag, name, tag(value));
        }
        if let Ok(tree) = job.arguments() {
            let own = job.path().display().to_string();
            leaves(&tree, &mut |path, cell| {
                // Files of the job's own folder are no arguments that a plan has set.
                if !matches!(&cell, Cell::Text(text) if text.starts_with(&own)) {
                    self.push(Source::Argument, path, cell);
                }
            });
        }
        if let Ok(Some(value)) = job.value()
            && !value.is_null()
        {
            leaves(&value, &mut |path, cell| self.push(Source::Output, path, cell));
        }
        for (name, metric) in job.metric_summaries() {
            self.push(Source::Metric, &name, Cell::Float(metric.last));
            for (which, value) in [("min", metric.min), ("max", metric.max)] {
                self.push(Source::Metric, &format!("{name}.{which}"), Cell::Float(value));
            }
        }
    }
}

fn tag(value: &TagValue) -> Cell {
    match value {
        TagValue::Bool(b) => Cell::Bool(*b),
        TagValue::Int(i) => Cell::Int(*i),
        TagValue::Float(x) => Cell::Float(*x),
        TagValue::Text(text) => Cell::Text(text.as_str().into()),
    }
}

fn read(jobs: &[JobInfo]) -> Part {
    let mut part = Part::default();
    jobs.iter().for_each(|job| part.job(job));
    part
}

pub(super) fn build(jobs: Vec<JobInfo>) -> Table {
    let parts = on_all_cpus(&jobs, read);
    let rows = jobs.len();
    let mut places: HashMap<Name, usize> = HashMap::new();
    let mut columns: Vec<(Name, Vec<Cell>)> = Vec::new();
    let mut begin = 0;
    for part in parts {
        let global: Vec<usize> = part
            .names
            .into_iter()
            .map(|name| {
                *places.entry(name.clone()).or_insert_with(|| {
                    columns.push((name, vec![Cell::Nothing; rows]));
                    columns.len() - 1
                })
            })
            .collect();
        let length = part.rows.len();
        for (row, cells) in part.rows.into_iter().enumerate() {
            for (place, cell) in cells {
                columns[global[place]].1[begin + row] = cell;
            }
        }
        begin += length;
    }
    // By what they are and, but for the order of arguments and fields, as they were met.
    columns.sort_by_key(|((source, _), _)| *source);
    let columns = name(columns, &jobs);
    let mut table = Table { columns, jobs, rows };
    let tasks = table.jobs.first().is_some_and(|first| table.jobs.iter().any(|job| job.task() != first.task()));
    let states = table.jobs.iter().any(|job| job.state_name() != "done");
    let mut first = Vec::new();
    for (name, shown) in [("id", true), ("task", tasks), ("state", states)] {
        if shown && !table.jobs.is_empty() {
            first.push(own(name, &table.jobs));
        }
    }
    first.append(&mut table.columns);
    table.columns = first;
    table
}

/// Names the columns, and says which of them tell rows apart.
fn name(columns: Vec<(Name, Vec<Cell>)>, jobs: &[JobInfo]) -> Vec<Column> {
    let mut named: Vec<Column> = Vec::with_capacity(columns.len());
    let mut count: HashMap<String, usize> = HashMap::new();
    for ((_, path), _) in &columns {
        *count.entry(path.clone()).or_default() += 1;
    }
    for ((source, path), cells) in columns {
        let mut varies = vary(&cells, jobs);
        if source == Source::Argument {
            // What a tag says need not be said twice.
            let last = path.rsplit('.').next().unwrap_or(&path);
            let tag = named.iter().find(|column| column.source == Source::Tag && column.path == last);
            let same = |tag: &Column| tag.cells.iter().zip(&cells).all(|(a, b)| a.same(b) || *b == Cell::Nothing);
            varies &= !tag.is_some_and(same);
        }
        let clash = count[&path] > 1 && source != Source::Tag || OWN.contains(&path.as_str()) || path.is_empty();
        let mut name = if clash { format!("{}{path}", source.prefix()) } else { path.clone() };
        name.truncate(name.trim_end_matches('.').len());
        let shown = match source {
            Source::Argument => varies,
            Source::Metric => !(path.ends_with(".min") || path.ends_with(".max")),
            _ => true,
        };
        named.push(Column { name, source, path, varies, shown, cells });
    }
    named
}

/// Whether rows of one task differ.
fn vary(cells: &[Cell], jobs: &[JobInfo]) -> bool {
    let mut first: Vec<(&str, &Cell)> = Vec::new();
    cells.iter().zip(jobs).any(|(cell, job)| {
        let task = job.task();
        // Tasks are few.
        match first.iter().find(|(known, _)| *known == task) {
            Some((_, known)) => !known.same(cell),
            None => {
                first.push((task, cell));
                false
            }
        }
    })
}

/// A column of [`OWN`].
pub(super) fn own(name: &str, jobs: &[JobInfo]) -> Column {
    let time = |time: Option<std::time::SystemTime>| match time {
        Some(time) => Cell::Text(humantime::format_rfc3339_millis(time).to_string().into()),
        None => Cell::Nothing,
    };
    let cell = |job: &JobInfo| match name {
        "id" => Cell::Text(job.identity().short().into()),
        "task" => Cell::Text(job.task().into()),
        "state" => Cell::Text(job.state_name().into()),
        "start" => time(job.start()),
        "end" => time(job.end()),
        "duration" => job.duration().map_or(Cell::Nothing, |duration| Cell::Float(duration.as_secs_f64())),
        "attempt" => Cell::Int(job.attempt().into()),
        "host" => job.host().map_or(Cell::Nothing, |host| Cell::Text((*host).into())),
        "cpu" => job.cpu_seconds().map_or(Cell::Nothing, Cell::Float),
        "memory" => job.peak_memory().and_then(|bytes| i64::try_from(bytes).ok()).map_or(Cell::Nothing, Cell::Int),
        _ => Cell::Nothing,
    };
    let cells: Vec<Cell> = jobs.iter().map(cell).collect();
    let varies = vary(&cells, jobs);
    Column { name: name.to_owned(), source: Source::Job, path: name.to_owned(), varies, shown: true, cells }
}
