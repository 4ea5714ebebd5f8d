//! Makes a table of jobs. Arguments and outputs are read on all CPUs: they are what takes time.

use std::collections::{HashMap, HashSet};
use std::thread;

use super::{Cell, Cells, Column, OWN, Source, Table};
use crate::state::cpus;
use crate::state::fields::{FEW, on_all_cpus};
use crate::state::filter::of_tag;
use crate::state::flat::{Leaf, Values};
use crate::state::job::JobInfo;
use crate::state::leaves::leaves;
use crate::state::marks::large;
use crate::state::series::MetricSummary;
use crate::value::TagText;

type Name = (Source, String);

/// Where the values of one path go.
#[derive(Default)]
struct Target {
    place: Option<usize>,
    /// Of a metric, where its least and largest values go.
    ends: Option<[usize; 2]>,
    /// The text of the row before, and what was made of it: most rows have the same.
    last: (String, Cell),
}

impl Target {
    fn cell(&mut self, leaf: &Leaf<'_>) -> Cell {
        match leaf {
            Leaf::Text(text) | Leaf::Json(text) | Leaf::Own(text) => self.made_of(text, || leaf.cell()),
            _ => leaf.cell(),
        }
    }

    fn text(&mut self, text: &str) -> Cell {
        self.made_of(text, || Cell::Text(text.into()))
    }

    fn made_of(&mut self, text: &str, cell: impl FnOnce() -> Cell) -> Cell {
        if self.last.1 == Cell::Nothing || self.last.0 != text {
            self.last = (text.to_owned(), cell());
        }
        self.last.1.clone()
    }
}

/// The columns of some rows.
#[derive(Default)]
struct Part {
    rows: usize,
    places: HashMap<Name, usize>,
    /// Each as long as the last row that has such a thing asks for.
    columns: Vec<(Name, Cells)>,
    /// How many rows the table will have.
    all: usize,
    /// By the address of a shape, which of the targets are those of its values.
    shapes: HashMap<usize, usize>,
    targets: Vec<Vec<Target>>,
    /// The shape of the row before, and its targets: mostly the next row has the same.
    last: Option<(usize, usize)>,
    /// Where the tags of the row before went; mostly the next row has the same.
    tags: Vec<Target>,
    /// What most tables show of the jobs themselves; made here, since to come back to each row of 100,000 takes longer.
    ids: Cells,
    states: Cells,
    /// The state of the row before.
    state: Target,
}

impl Part {
    fn place(&mut self, source: Source, path: &str) -> usize {
        let next = self.columns.len();
        let place = *self.places.entry((source, path.to_owned())).or_insert(next);
        if place == next {
            self.columns.push(((source, path.to_owned()), Cells::nothing(0)));
        }
        place
    }

    /// Fills in a cell of the last row.
    fn put(&mut self, place: usize, cell: Cell) {
        let cells = &mut self.columns[place].1;
        cells.resize(self.rows - 1, self.all);
        cells.push(cell, self.all);
    }

    fn push(&mut self, source: Source, path: &str, cell: Cell) {
        let place = self.place(source, path);
        self.put(place, cell);
    }

    fn metric(&mut self, name: &str, metric: &MetricSummary) {
        self.push(Source::Metric, name, Cell::Float(metric.last));
        for (which, value) in [("min", metric.min), ("max", metric.max)] {
            self.push(Source::Metric, &end(name, which), Cell::Float(value));
        }
    }

    fn tags(&mut self, job: &JobInfo) {
        let mut tags = std::mem::take(&mut self.tags);
        let mut number = 0;
        job.each_tag(|name, value| {
            let is_it = |target: &&mut Target| target.place.is_some_and(|place| self.columns[place].0.1 == name);
            if tags.get_mut(number).filter(is_it).is_none() {
                tags.truncate(number);
                tags.push(Target { place: Some(self.place(Source::Tag, name)), ..Target::default() });
            }
            let target = &mut tags[number];
            let cell = match value {
                TagText::Bool(b) => Cell::Bool(b),
                TagText::Int(i) => Cell::Int(i),
                TagText::Float(x) => Cell::Float(x),
                TagText::Text(text) => large(&text).map_or_else(|| target.text(&text), Cell::integer),
            };
            if let Some(place) = target.place {
                self.put(place, cell);
            }
            number += 1;
        });
        self.tags = tags;
    }

    fn job(&mut self, job: &JobInfo) {
        self.rows += 1;
        self.ids.push(id(job), self.all);
        self.states.push(self.state.text(job.state_name()), self.all);
        self.tags(job);
        let metrics = match job.values() {
            Some(values) => {
                let known = !job.is_open();
                self.values(&values, known);
                !known
            }
            None => {
                self.trees(job);
                true
            }
        };
        if metrics {
            job.metric_summaries().iter().for_each(|(name, metric)| self.metric(name, metric));
        }
    }

    /// Which of the targets are those of the values of a shape.
    fn targets_of(&mut self, shape: usize) -> usize {
        match self.last {
            Some((last, place)) if last == shape => place,
            _ => {
                let place = *self.shapes.entry(shape).or_insert(self.targets.len());
                self.targets.resize_with(self.targets.len().max(place + 1), Vec::new);
                self.last = Some((shape, place));
                place
            }
        }
    }

    /// A row of which the index has the values, with or without its metrics.
    fn values(&mut self, values: &Values<'_>, metrics: bool) {
        let place = self.targets_of(std::ptr::from_ref(values.shape).addr());
        let mut targets = std::mem::take(&mut self.targets[place]);
        targets.resize_with(values.shape.paths.len(), Target::default);
        for ((target, leaf), (source, path)) in targets.iter_mut().zip(values.leaves()).zip(&values.shape.paths) {
            // Files of the job's own folder are no arguments that a plan has set.
            if *source == Source::Argument && matches!(leaf, Leaf::Own(_)) || *source == Source::Metric && !metrics {
                continue;
            }
            let place = *target.place.get_or_insert_with(|| self.place(*source, path));
            if let Leaf::Metric(metric) = leaf {
                let ends = target
                    .ends
                    .get_or_insert_with(|| ["min", "max"].map(|which| self.place(*source, &end(path, which))));
                self.put(ends[0], Cell::Float(metric.min));
                self.put(ends[1], Cell::Float(metric.max));
            }
            self.put(place, target.cell(&leaf));
        }
        self.targets[place] = targets;
    }

    /// A row of which the files have to be asked.
    fn trees(&mut self, job: &JobInfo) {
        if let Ok(tree) = job.marked_arguments() {
            let own = job.path().display().to_string();
            leaves(&tree, &mut |path, cell| {
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
    }
}

/// Between the name of a metric and the end of its values, until it is known whether a metric is called `name.min` itself.
const END: char = '\0';

fn end(metric: &str, which: &str) -> String {
    format!("{metric}{END}{which}")
}

pub(super) fn build(jobs: Vec<JobInfo>) -> Table {
    let rows = jobs.len();
    let read = |jobs: &[JobInfo]| {
        let mut part = Part { all: rows, ..Part::default() };
        jobs.iter().for_each(|job| part.job(job));
        let rows = part.rows;
        part.columns.iter_mut().for_each(|(_, cells)| cells.resize(rows, part.all));
        part
    };
    let mut places: HashMap<Name, usize> = HashMap::new();
    let mut names: Vec<Name> = Vec::new();
    let (mut ids, mut states, mut pieces) = (Pieces::new(), Pieces::new(), Vec::new());
    let mut begin = 0;
    for part in on_all_cpus(&jobs, read) {
        ids.push((begin, part.ids));
        states.push((begin, part.states));
        for (name, cells) in part.columns {
            let place = *places.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                pieces.push(Pieces::new());
                names.len() - 1
            });
            pieces[place].push((begin, cells));
        }
        begin += part.rows;
    }
    pieces.extend([ids, states]);
    let mut joined = join(pieces, rows).into_iter();
    let mut columns: Vec<(Name, Cells)> = names.into_iter().zip(joined.by_ref()).collect();
    let (ids, states) = (joined.next().unwrap_or_default(), joined.next().unwrap_or_default());
    // By what they are and, but for the order of arguments and fields, as they were met.
    columns.sort_by_key(|((source, _), _)| *source);
    let tasks = Tasks::of(&jobs);
    let columns = name(columns, &tasks);
    let mut first = Vec::new();
    if rows > 0 {
        first.push(of_jobs("id", ids, &tasks));
        if tasks.first.len() > 1 {
            first.push(own("task", &jobs, &tasks));
        }
        if !states.kinds().all(|state| matches!(state, Cell::Text(state) if &**state == "done")) {
            first.push(of_jobs("state", states, &tasks));
        }
    }
    first.extend(columns);
    Table { columns: first, jobs, rows }
}

/// The parts of a column, each with the row at which it begins.
type Pieces = Vec<(usize, Cells)>;

/// Puts the parts of columns together, on all CPUs.
fn join(columns: Vec<Pieces>, rows: usize) -> Vec<Cells> {
    let join = |pieces: Pieces| {
        let mut column = Cells::nothing(0);
        for (begin, cells) in pieces {
            column.resize(begin, rows);
            column.append(cells, rows);
        }
        column.resize(rows, rows);
        column
    };
    let cpus = if rows < FEW { 1 } else { cpus() };
    let mut shares: Vec<Vec<(usize, Pieces)>> = (0..cpus).map(|_| Vec::new()).collect();
    columns.into_iter().enumerate().for_each(|(number, pieces)| shares[number % cpus].push((number, pieces)));
    let of_share = |share: Vec<(usize, Pieces)>| -> Vec<(usize, Cells)> {
        share.into_iter().map(|(number, pieces)| (number, join(pieces))).collect()
    };
    let mut joined: Vec<(usize, Cells)> = thread::scope(|scope| {
        let first = shares.pop();
        let others: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || of_share(share))).collect();
        let first = first.map(of_share).into_iter().flatten();
        let others = others.into_iter().map(thread::ScopedJoinHandle::join);
        first.chain(others.flat_map(|share| share.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))).collect()
    });
    joined.sort_unstable_by_key(|(number, _)| *number);
    joined.into_iter().map(|(_, column)| column).collect()
}

fn id(job: &JobInfo) -> Cell {
    std::str::from_utf8(&job.identity().digits::<8>()).map_or(Cell::Nothing, |id| Cell::Text(id.into()))
}

/// A column of [`OWN`] with these cells.
fn of_jobs(name: &str, cells: Cells, tasks: &Tasks) -> Column {
    let varies = tasks.vary(&cells);
    Column { name: name.to_owned(), source: Source::Job, path: name.to_owned(), varies, shown: true, cells }
}

/// The cell of a tag that is a length of time, as that of such an argument is: in seconds. Nothing stays nothing.
fn seconds(cell: &Cell) -> Option<Cell> {
    match cell {
        Cell::Nothing => Some(Cell::Nothing),
        Cell::Text(text) => Some(Cell::Float(of_tag(text)?.as_secs_f64())),
        _ => None,
    }
}

/// Names the columns, and says which of them tell rows apart.
fn name(columns: Vec<(Name, Cells)>, tasks: &Tasks) -> Vec<Column> {
    let mut named: Vec<Column> = Vec::with_capacity(columns.len());
    let mut count: HashMap<String, usize> = HashMap::new();
    let metrics: HashSet<&str> = columns
        .iter()
        .filter(|((source, _), _)| *source == Source::Metric)
        .map(|((_, path), _)| path.as_str())
        .collect();
    // What a task has measured under that name itself is what is meant by it.
    let hidden = |path: &str| path.contains(END) && metrics.contains(path.replace(END, ".").as_str());
    let hidden: Vec<bool> = columns.iter().map(|((_, path), _)| hidden(path)).collect();
    let columns: Vec<(Name, Cells)> =
        columns.into_iter().zip(hidden).filter(|(_, hidden)| !hidden).map(|(column, _)| column).collect();
    for ((_, path), _) in &columns {
        *count.entry(path.replace(END, ".")).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    for ((source, path), mut cells) in columns {
        if source == Source::Tag
            && let Some(seconds) = cells.try_map(seconds)
        {
            cells = seconds;
        }
        let is_end = path.contains(END);
        let path = path.replace(END, ".");
        let mut varies = tasks.vary(&cells);
        if source == Source::Argument {
            // What a tag says need not be said twice.
            let last = path.rsplit('.').next().unwrap_or(&path);
            let tag = named.iter().find(|column| column.source == Source::Tag && column.path == last);
            let same = |tag: &Column| tag.cells.iter().zip(cells.iter()).all(|(a, b)| a.same(b) || *b == Cell::Nothing);
            varies &= !tag.is_some_and(same);
        }
        let clash = count[&path] > 1 && source != Source::Tag || OWN.contains(&path.as_str()) || path.is_empty();
        let mut name = if clash { format!("{}{path}", source.prefix()) } else { path.clone() };
        name.truncate(name.trim_end_matches('.').len());
        // An argument may be called `output`, as an output without a name is.
        let own = name.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{own}.{number}");
            number += 1;
        }
        let shown = match source {
            Source::Argument => varies,
            Source::Metric => !is_end,
            _ => true,
        };
        named.push(Column { name, source, path, varies, shown, cells });
    }
    named
}

/// Which rows are jobs of one task.
pub(super) struct Tasks {
    /// The number of each row's task; none if all are of one.
    of: Vec<u32>,
    /// The first row of each task.
    first: Vec<usize>,
}

impl Tasks {
    pub(super) fn of(jobs: &[JobInfo]) -> Self {
        let all_same = |part: &[JobInfo]| part.iter().all(|job| job.is_of_task_of(&jobs[0]));
        if on_all_cpus(jobs, all_same).into_iter().all(|same| same) {
            return Self { of: Vec::new(), first: (0..jobs.len().min(1)).collect() };
        }
        let (mut of, mut first): (Vec<u32>, Vec<usize>) = (Vec::with_capacity(jobs.len()), Vec::new());
        for (row, job) in jobs.iter().enumerate() {
            // Tasks are few, and mostly it is that of the row before.
            let same = |number: &usize| jobs[first[*number]].is_of_task_of(job);
            let before = of.last().map(|before| *before as usize).filter(same);
            let number = before.or_else(|| (0..first.len()).find(same)).unwrap_or_else(|| {
                first.push(row);
                first.len() - 1
            });
            of.push(number as u32);
        }
        Self { of, first }
    }

    /// Whether rows of one task differ.
    fn vary(&self, cells: &Cells) -> bool {
        if cells.same().is_some() || cells.is_empty() {
            return false;
        }
        let firsts: Vec<&Cell> = self.first.iter().map(|row| &cells[*row]).collect();
        match self.of.is_empty() {
            true => cells.iter().any(|cell| !firsts[0].same(cell)),
            false => cells.iter().zip(&self.of).any(|(cell, task)| !firsts[*task as usize].same(cell)),
        }
    }
}

/// A column of [`OWN`].
pub(super) fn own(name: &str, jobs: &[JobInfo], tasks: &Tasks) -> Column {
    let time = |time: Option<std::time::SystemTime>| match time {
        Some(time) => Cell::Text(humantime::format_rfc3339_millis(time).to_string().into()),
        None => Cell::Nothing,
    };
    let cell = |job: &JobInfo, before: &mut Target| match name {
        "id" => id(job),
        "task" => before.text(job.task()),
        "state" => before.text(job.state_name()),
        "start" => time(job.start()),
        "end" => time(job.end()),
        "duration" => job.duration().map_or(Cell::Nothing, |duration| Cell::Float(duration.as_secs_f64())),
        "attempt" => Cell::Int(job.attempt().into()),
        "host" => job.host().map_or(Cell::Nothing, |host| before.text(&host)),
        "cpu" => job.cpu_seconds().map_or(Cell::Nothing, Cell::Float),
        "memory" => job.peak_memory().and_then(|bytes| i64::try_from(bytes).ok()).map_or(Cell::Nothing, Cell::Int),
        _ => Cell::Nothing,
    };
    let rows = jobs.len();
    let read = |jobs: &[JobInfo]| {
        let (mut cells, mut before) = (Cells::nothing(0), Target::default());
        jobs.iter().for_each(|job| cells.push(cell(job, &mut before), rows));
        cells
    };
    let mut parts = on_all_cpus(jobs, read).into_iter();
    let mut cells = parts.next().unwrap_or_else(|| Cells::nothing(0));
    parts.for_each(|part| cells.append(part, rows));
    of_jobs(name, cells, tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &[(Source, &str)]) -> Vec<String> {
        let cells = || [Cell::Int(1), Cell::Int(2)].into_iter().collect::<Cells>();
        let columns = columns.iter().map(|(source, path)| ((*source, (*path).to_owned()), cells())).collect();
        let named = name(columns, &Tasks { of: Vec::new(), first: vec![0] });
        named.iter().map(|column| format!("{}{}", if column.shown { "" } else { "-" }, column.name)).collect()
    }

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let (tag, argument, output) = (Source::Tag, Source::Argument, Source::Output);
        assert_eq!(names(&[(argument, "k1"), (output, "map"), (output, "k1")]), ["arg.k1", "map", "output.k1"]);
        assert_eq!(names(&[(argument, "output"), (output, "")]), ["output", "output.2"]);
        assert_eq!(names(&[(tag, "arg.k1"), (argument, "k1"), (output, "k1")]), ["arg.k1", "arg.k1.2", "output.k1"]);
    }

    #[test]
    fn a_tag_that_is_a_length_of_time_is_in_seconds_as_such_an_argument() {
        let tag = |texts: &[Option<&str>]| {
            let cell = |text: &Option<&str>| text.map_or(Cell::Nothing, |text| Cell::Text(text.into()));
            ((Source::Tag, "limit".to_owned()), texts.iter().map(cell).collect::<Cells>())
        };
        let floats = |seconds: &[f64]| seconds.iter().map(|s| Cell::Float(*s)).collect::<Vec<_>>();
        let tasks = Tasks { of: Vec::new(), first: vec![0] };
        let seconds = [120.0, 90.5, 0.0015, 2e-6, 3e-9];
        let argument = ((Source::Argument, "limit".to_owned()), floats(&seconds).into_iter().collect::<Cells>());
        let texts = ["120s", "90.5s", "1.5ms", "2µs", "3ns"].map(Some);
        let named = name(vec![tag(&texts), argument], &tasks);
        assert_eq!(named[0].cells.iter().cloned().collect::<Vec<_>>(), floats(&seconds));
        assert_eq!((named[0].varies, named[1].varies), (true, false), "it is said once");
        let some = name(vec![tag(&[None, Some("2s")])], &tasks);
        assert_eq!(some[0].cells[1], Cell::Float(2.0));
        // Sizes of models are none, nor what is one only in some rows.
        for texts in [["5m", "7m"], ["2s", "fast"], ["s", "2s"], ["1h30s", "2s"]] {
            let column = name(vec![tag(&texts.map(Some))], &tasks);
            assert_eq!(column[0].cells[0], Cell::Text(texts[0].into()), "{texts:?}");
        }
    }

    #[test]
    fn a_metric_that_is_called_like_the_end_of_another_is_shown() {
        let (least, most) = (end("loss", "min"), end("loss", "max"));
        let metrics = [(Source::Metric, "loss"), (Source::Metric, &*least), (Source::Metric, &*most)];
        assert_eq!(names(&metrics), ["loss", "-loss.min", "-loss.max"]);
        let both = [&metrics[..], &[(Source::Metric, "loss.min"), (Source::Metric, "temperature.max")]].concat();
        assert_eq!(names(&both), ["loss", "-loss.max", "loss.min", "temperature.max"]);
    }
}
