//! `xpm results EXPERIMENT`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory};
use xpm_core::state::table::{Cell, Source, Statistic, Table};

use crate::columns::{column, places, with_commas};
use crate::context::Context;
use crate::formats::{Format, render};
use crate::output;
use crate::select::Select;

/// What came of an experiment: one row a job, with its tags, varying arguments, output and metrics
#[derive(Args)]
#[command(after_help = "\
Columns are named as they are shown: a tag or an argument (k1, model.k1), a field of the output (map), a metric
(loss, loss.min, loss.max), or id, task, state, start, end, duration, attempt, host, cpu, memory. `tag.`, `arg.`,
`output.` and `metric.` tell apart what is called the same.

  xpm results grid --sort -map                              best first
  xpm results grid --by k1,b --agg mean,std                 over seeds
  xpm results grid --columns k1,b,map --format latex        for a paper")]
pub(crate) struct Results {
    #[command(flatten)]
    select: Select,
    /// The columns to show, in this order
    #[arg(long, short, value_name = "COLUMN,…", value_delimiter = ',', value_parser = column)]
    columns: Vec<String>,
    /// Sort by these columns; `-map` downwards
    #[arg(long, short, value_name = "COLUMN,…", value_delimiter = ',', value_parser = column, allow_hyphen_values = true)]
    sort: Vec<String>,
    /// One row for each combination of these columns, with statistics over the others (over seeds)
    #[arg(long, short, value_name = "COLUMN,…", value_delimiter = ',', value_parser = column)]
    by: Vec<String>,
    /// The statistics: mean, std, sem, min, max, median, sum, count
    #[arg(long, value_name = "STATISTIC,…", value_delimiter = ',', requires = "by", default_values_t = [Statistic::Mean, Statistic::Std])]
    agg: Vec<Statistic>,
    /// The least and largest values of metrics too, not only the last
    #[arg(long)]
    metrics: bool,
    /// In which form [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Significant digits, where numbers are rounded
    #[arg(long, value_name = "N", default_value_t = 4)]
    digits: usize,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(context: &Context, args: &Results) -> anyhow::Result<ExitCode> {
    let format = format(context, args.format)?;
    if format == Format::Parquet {
        if cfg!(not(feature = "parquet")) {
            anyhow::bail!(
                "this xpm was built without parquet: `cargo install xpm-cli --features parquet` has it, or use --format csv"
            );
        }
        if args.output.is_none() && io::stdout().is_terminal() {
            anyhow::bail!("a Parquet file is no text for a terminal: give --output FILE, or send it to a file with >");
        }
    }
    // It goes with the process: to free 100,000 rows one by one takes longer than to make some of them.
    let mut table = ManuallyDrop::new(Table::new(args.select.jobs(context)?));
    let jobs = table.len();
    let mut columns = if args.by.is_empty() { plain(args, &mut table)? } else { grouped(args, &mut table)? };
    let mut by = Vec::new();
    for name in &with_commas(&mut table, &args.sort) {
        let (down, name) = name.strip_prefix('-').map_or((false, name.as_str()), |name| (true, name));
        by.push((table.find(name)?, down));
    }
    table.sort(&by);
    if format == Format::Table {
        // What no row has is no news.
        columns.retain(|place| table.columns()[*place].cells.kinds().any(|cell| *cell != Cell::Nothing));
    }
    if format == Format::Parquet {
        parquet(args.output.as_deref(), &table, &columns)?;
    } else {
        let mut pieces = Vec::new();
        if !(format == Format::Table && table.is_empty()) {
            pieces = render(context, &table, &columns, format, args.digits);
        }
        match &args.output {
            Some(path) => write(path, |file| output::write_pieces(file, &pieces))?,
            None => output::page_pieces(context, &pieces)?,
        }
    }
    if context.json {
        return Ok(ExitCode::SUCCESS);
    }
    if table.is_empty() {
        let of = &args.select.experiment;
        output::error_line(&format!("no job of `{of}` is asked for: `xpm jobs -e {of}` lists all of them"));
    } else if let Some(path) = &args.output {
        output::error_line(&format!("{} rows of {jobs} jobs are in {}", table.len(), path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The form that is asked for: by its name, or by `--json`.
fn format(context: &Context, asked: Option<Format>) -> Result<Format, clap::Error> {
    match (context.json, asked) {
        (false, asked) => Ok(asked.unwrap_or(Format::Table)),
        (true, None | Some(Format::Json)) => Ok(Format::Json),
        // `--json` may stand before the command, where its own arguments are not known.
        (true, Some(_)) => Err(crate::Cli::command().error(
            ErrorKind::ArgumentConflict,
            "the argument '--json' cannot be used with '--format <FORMAT>', unless that is json",
        )),
    }
}

fn plain(args: &Results, table: &mut Table) -> anyhow::Result<Vec<usize>> {
    if !args.columns.is_empty() {
        return places(table, &args.columns);
    }
    let all = table.columns().iter().enumerate();
    let extra = |source: Source| args.metrics && source == Source::Metric;
    let shown = table.shown();
    Ok(all.filter(|(place, column)| shown.contains(place) || extra(column.source)).map(|(place, _)| place).collect())
}

fn grouped(args: &Results, table: &mut Table) -> anyhow::Result<Vec<usize>> {
    if let Some(twice) = args.agg.iter().enumerate().find(|(place, which)| args.agg[..*place].contains(which)) {
        anyhow::bail!("the statistic `{}` is asked for twice", twice.1);
    }
    let by = places(table, &args.by)?;
    let values = if args.columns.is_empty() {
        let shown = if args.metrics { (0..table.columns().len()).collect() } else { table.shown() };
        let measured = |place: &usize| matches!(table.columns()[*place].source, Source::Output | Source::Metric);
        shown.into_iter().filter(|place| measured(place) && !by.contains(place) && table.is_numeric(*place)).collect()
    } else {
        let mut values = places(table, &args.columns)?;
        values.retain(|place| !by.contains(place));
        if let Some(place) = values.iter().find(|place| !table.is_numeric(**place) && !table.is_empty()) {
            let name = &table.columns()[*place].name;
            anyhow::bail!("the column `{name}` has no numbers, so it has no {}", args.agg[0]);
        }
        values
    };
    if values.is_empty() && !table.is_empty() {
        anyhow::bail!("no output or metric of these jobs is a number, so there is nothing to make statistics of");
    }
    *table = table.group(&by, &values, &args.agg);
    Ok((0..table.columns().len()).collect())
}

/// Writes a file that a user has named: whole, or the error says why not.
fn write(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> anyhow::Result<()> {
    File::create(path)
        .and_then(|mut file| content(&mut file))
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// Writes a Parquet file, to standard output if no other is named.
#[cfg(feature = "parquet")]
fn parquet(path: Option<&Path>, table: &Table, columns: &[usize]) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    crate::formats::parquet::write(&mut bytes, table, columns).context("the Parquet file cannot be made")?;
    match path {
        Some(path) => write(path, |file| file.write_all(&bytes)),
        None => Ok(io::stdout().lock().write_all(&bytes)?),
    }
}

/// It was refused before.
#[cfg(not(feature = "parquet"))]
fn parquet(_: Option<&Path>, _: &Table, _: &[usize]) -> anyhow::Result<()> {
    Ok(())
}
