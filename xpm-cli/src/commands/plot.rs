//! `xpm plot EXPERIMENT`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::near::did_you_mean;
use xpm_core::state::JobInfo;
use xpm_core::state::table::{Cell, Table};

use crate::columns::{column, places, with_commas};
use crate::context::Context;
use crate::output;
use crate::plot::{Centre, Figure, Kind, Point, Position, Series, Spread, gather, series_of};
use crate::select::Select;

/// Above this many series nobody tells them apart.
const MANY_SERIES: usize = 12;

/// A figure of an experiment's results, as SVG: one column against another, mean and spread over the rest (over seeds)
#[derive(Args)]
#[command(after_help = "\
Columns are named as `xpm results` shows them. `--x step` draws a metric over its steps.

  xpm plot grid --x k1 --y map --by b -o map.svg
  xpm plot grid --x model --y ndcg --error sem -o models.svg
  xpm plot grid --x step --y loss --by lr --logy -o loss.svg

Paper wants PDF: `rsvg-convert -f pdf -o map.pdf map.svg`, or `inkscape map.svg -o map.pdf`.")]
pub(crate) struct Plot {
    #[command(flatten)]
    select: Select,
    /// The column of the horizontal axis: numbers, or names; `step` for a metric's own steps
    #[arg(long, value_name = "COLUMN", value_parser = column)]
    x: String,
    /// The column of the vertical axis: numbers
    #[arg(long, value_name = "COLUMN", value_parser = column)]
    y: String,
    /// A series for each combination of these columns
    #[arg(long, short, value_name = "COLUMN,…", value_delimiter = ',', value_parser = column)]
    by: Vec<String>,
    /// What a point is of the numbers that fall on it
    #[arg(long, value_enum, value_name = "STATISTIC", default_value_t = Centre::Mean)]
    agg: Centre,
    /// What bars and bands show
    #[arg(long, value_enum, value_name = "SPREAD", default_value_t = Spread::Std)]
    error: Spread,
    /// A logarithmic horizontal axis
    #[arg(long)]
    logx: bool,
    /// A logarithmic vertical axis
    #[arg(long)]
    logy: bool,
    /// Numbers on the horizontal axis as names, evenly spaced
    #[arg(long, conflicts_with = "logx")]
    categorical: bool,
    /// What is written above
    #[arg(long)]
    title: Option<String>,
    /// What is written at the horizontal axis
    #[arg(long, value_name = "TEXT")]
    xlabel: Option<String>,
    /// What is written at the vertical axis
    #[arg(long, value_name = "TEXT")]
    ylabel: Option<String>,
    /// Width and height in points
    #[arg(long, value_name = "WxH", default_value = "440x290", value_parser = size)]
    size: (f64, f64),
    /// The file; standard output if not given
    #[arg(long, short, value_name = "FILE.svg")]
    output: Option<PathBuf>,
}

fn size(text: &str) -> Result<(f64, f64), String> {
    let wrong = || format!("`{text}` is no size: write for instance 440x290, from 160x100 to 10000x10000");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let side =
        |text: &str, least: f64| text.trim().parse::<f64>().ok().filter(|side| (least..=10_000.0).contains(side));
    side(width, 160.0).zip(side(height, 100.0)).ok_or_else(wrong)
}

type Number = (Vec<Cell>, Cell, f64);

pub(crate) fn run(context: &Context, args: &Plot) -> anyhow::Result<ExitCode> {
    if let Some(extension) = args.output.as_deref().and_then(Path::extension)
        && extension != "svg"
    {
        bail!(
            "{} is built in, `{}` is not: write an .svg and turn it into what you need, for instance with rsvg-convert",
            "SVG",
            extension.display()
        );
    }
    let jobs = args.select.jobs(context)?;
    if jobs.is_empty() {
        bail!("no job of `{}` is asked for, so there is nothing to draw", args.select.experiment);
    }
    let mut table = Table::new(jobs.clone());
    let by_names = with_commas(&mut table, &args.by);
    let by = places(&mut table, &by_names)?;
    let (mut numbers, mut left_out) = if args.x == "step" && table.find("step").is_err() {
        over_steps(args, &jobs, &table, &by)?
    } else {
        over_column(args, &mut table, &by)?
    };
    let categories =
        args.categorical || numbers.iter().any(|(_, x, _)| x.number().is_none() || matches!(x, Cell::Bool(_)));
    if args.logx && categories {
        bail!("`{}` has values that are no numbers, so its axis cannot be logarithmic", args.x);
    }
    if !categories {
        // No axis reaches there.
        let all = numbers.len();
        numbers.retain(|(_, x, _)| x.number().is_some_and(f64::is_finite));
        left_out += all - numbers.len();
        if numbers.is_empty() {
            bail!("no job has a finite number as `{}`", args.x);
        }
    }
    let all = numbers.len();
    numbers.retain(|(_, x, y)| has_place(args.logy, *y) && x.number().is_none_or(|x| has_place(args.logx, x)));
    let off = all - numbers.len();
    if numbers.is_empty() {
        bail!("nothing is above zero, so there is nothing to show on a logarithmic axis");
    }
    let gathered = gather(numbers.into_iter());
    let series = series_of(&gathered, &by_names, args.agg, args.error, categories);
    let figure = figure(args, series, categories);
    tell(args, &figure, left_out, off);
    let text = if context.json { format!("{:#}\n", describe(&figure)) } else { figure.draw() };
    match &args.output {
        Some(path) if context.json => {
            write(path, &figure.draw())?;
            output::page(context, &text)?;
        }
        Some(path) => write(path, &text)?,
        None => output::page(context, &text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether an axis has a place for a number: a logarithmic one only above zero.
fn has_place(logarithmic: bool, at: f64) -> bool {
    !logarithmic || at > 0.0
}

/// The cells of the columns of series, and how many rows have none of the two numbers.
fn over_column(args: &Plot, table: &mut Table, by: &[usize]) -> anyhow::Result<(Vec<Number>, usize)> {
    let (x, y) = (table.find(&args.x)?, table.find(&args.y)?);
    if !table.columns()[y].cells.iter().any(|cell| cell.number().is_some()) {
        let numeric: Vec<&str> = (0..table.columns().len())
            .filter(|place| table.is_numeric(*place))
            .map(|place| table.columns()[place].name.as_str())
            .collect();
        bail!("the column `{}` has no numbers; these have: {}", args.y, numeric.join(", "));
    }
    let cell = |place: usize, row: usize| table.columns()[place].cells[row].clone();
    let mut left_out = 0;
    let mut numbers = Vec::new();
    for row in 0..table.len() {
        match (cell(x, row), cell(y, row).number()) {
            (Cell::Nothing, _) | (_, None) => left_out += 1,
            (x, Some(y)) if y.is_finite() => numbers.push((by.iter().map(|place| cell(*place, row)).collect(), x, y)),
            _ => left_out += 1,
        }
    }
    if numbers.is_empty() {
        bail!("no job has both `{}` and a number as `{}`", args.x, args.y);
    }
    Ok((numbers, left_out))
}

/// A metric over its steps, from the time series of every job.
fn over_steps(args: &Plot, jobs: &[JobInfo], table: &Table, by: &[usize]) -> anyhow::Result<(Vec<Number>, usize)> {
    let name = args.y.strip_prefix("metric.").unwrap_or(&args.y);
    let mut numbers = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    let mut left_out = 0;
    for (row, job) in jobs.iter().enumerate() {
        let metrics = job.metrics();
        let Some(values) = metrics.get(name) else {
            known.extend(metrics.into_keys());
            left_out += 1;
            continue;
        };
        left_out += usize::from(!values.iter().any(|(_, value)| value.is_finite()));
        let key: Vec<Cell> = by.iter().map(|place| table.columns()[*place].cells[row].clone()).collect();
        for (step, value) in values.iter().filter(|(_, value)| value.is_finite()) {
            numbers.push((key.clone(), Cell::Int(*step), *value));
        }
    }
    if numbers.is_empty() {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let meant = did_you_mean(name, known.iter().copied());
        let there = if known.is_empty() {
            "; these jobs have none".to_owned()
        } else {
            format!("; there are: {}", known.join(", "))
        };
        bail!(
            "`--x step` draws a metric over its steps, and no job has a metric `{name}`{}",
            if meant.is_empty() { there } else { meant }
        );
    }
    Ok((numbers, left_out))
}

fn figure(args: &Plot, series: Vec<Series>, categories: bool) -> Figure {
    let x = if categories {
        let mut names: Vec<String> = Vec::new();
        for point in series.iter().flat_map(|series| &series.points) {
            if let Position::Category(name) = &point.x
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        // In the order of the numbers where they are numbers.
        if names.iter().all(|name| name.parse::<f64>().is_ok()) {
            names.sort_by(|a, b| a.parse::<f64>().unwrap_or(0.0).total_cmp(&b.parse().unwrap_or(0.0)));
        } else {
            names.sort();
        }
        Kind::Categories(names)
    } else if args.logx {
        Kind::Log
    } else {
        Kind::Linear
    };
    let counts = || series.iter().flat_map(|series| &series.points).map(|point| point.n);
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let jobs = if least == most { format!("{most}") } else { format!("{least} to {most}") };
    let name = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    let description = match (most, args.error) {
        (1, _) => "one job a point".to_owned(),
        (_, Spread::None) => format!("{} of {jobs} jobs a point", name(&args.agg)),
        (_, error) => format!("{} and {} of {jobs} jobs a point", name(&args.agg), name(&error)),
    };
    Figure {
        series,
        x,
        log_y: args.logy,
        x_label: args.xlabel.clone().unwrap_or_else(|| args.x.clone()),
        y_label: args.ylabel.clone().unwrap_or_else(|| args.y.clone()),
        title: args.title.clone(),
        description,
        size: args.size,
    }
}

/// What a caption has to say, and what is not to be seen.
fn tell(args: &Plot, figure: &Figure, left_out: usize, off: usize) {
    let file = args.output.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default();
    output::error_line(&format!("{file}{} by {}, {}", args.y, args.x, figure.description));
    if left_out > 0 {
        let jobs = if left_out == 1 { "job has" } else { "jobs have" };
        output::error_line(&format!("note: {left_out} {jobs} no finite number there: left out"));
    }
    if off > 0 {
        let values = if off == 1 { "value is" } else { "values are" };
        output::error_line(&format!(
            "note: {off} {values} not above zero, where a logarithmic axis has no place: left out"
        ));
    }
    if figure.series.len() > MANY_SERIES {
        output::error_line(&format!(
            "note: {} series are hard to tell apart; --filter leaves some out",
            figure.series.len()
        ));
    }
    match (figure.unnamed(), figure.series.len()) {
        (0, _) => {}
        (unnamed, all) => output::error_line(&format!(
            "note: the legend has no room for {unnamed} of the {all} series; a larger --size gives it more"
        )),
    }
}

fn describe(figure: &Figure) -> Json {
    let point = |point: &Point| {
        let x = match &point.x {
            Position::Number(x) => json!(x),
            Position::Category(name) => json!(name),
        };
        json!({"x": x, "y": point.y, "low": point.low, "high": point.high, "n": point.n})
    };
    let series = figure
        .series
        .iter()
        .map(|series| json!({"name": series.name, "points": series.points.iter().map(point).collect::<Vec<_>>()}));
    json!({
        "x": figure.x_label,
        "y": figure.y_label,
        "description": figure.description,
        "series": series.collect::<Vec<_>>(),
    })
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || std::io::Write::write_all(&mut std::fs::File::create(path)?, text.as_bytes());
    write().with_context(|| format!("{} cannot be written", path.display()))
}
