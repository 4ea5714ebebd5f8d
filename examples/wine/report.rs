//! What the plan shows of the estimates: a table, the same as CSV, and a plot.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use plotters::prelude::*;
use xpm::prelude::*;
use xpm::{Result, Tags};

use crate::evaluate::{Average, Estimate};

/// A line of the table.
pub(crate) struct Row {
    pub(crate) job: Job<Average>,
    pub(crate) tags: Tags,
    pub(crate) estimate: Estimate,
}

impl Row {
    /// The kind of model.
    fn model(&self) -> String {
        self.tags.get("model").map(ToString::to_string).unwrap_or_default()
    }

    /// What varies within the kind, but for the tag `axis`: `depth=4 leaf=1`.
    fn arguments(&self, axis: &str) -> String {
        let varied = self.tags.iter().filter(|(key, _)| *key != "model" && *key != axis);
        varied.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// `forest      depth=4 leaf=1`
    pub(crate) fn name(&self) -> String {
        format!("{:<12}{}", self.model(), self.arguments(""))
    }

    /// The value of the tag `axis`, if it is a number.
    fn number(&self, axis: &str) -> Option<f64> {
        self.tags.get(axis)?.to_string().parse().ok()
    }
}

/// Prints the table.
pub(crate) fn print(rows: &[Row]) {
    println!("{:<38}{:<16}told exactly", "model", "error (RMSE)");
    for row in rows {
        let Estimate { rmse, exact } = row.estimate;
        let (percent, sd) = (exact.0 * 100.0, exact.1 * 100.0);
        println!("{:<38}{:.3} ± {:.3}   {percent:4.1} ± {sd:.1} %", row.name(), rmse.0, rmse.1);
    }
}

/// Writes the table as CSV.
pub(crate) fn write_csv(rows: &[Row], path: &Path) -> Result<()> {
    let mut file = File::create(path)?;
    writeln!(file, "model,arguments,rmse,rmse_sd,exact,exact_sd")?;
    for row in rows {
        let Estimate { rmse, exact } = row.estimate;
        let (model, arguments) = (row.model(), row.arguments(""));
        writeln!(file, "{model},{arguments},{},{},{},{}", rmse.0, rmse.1, exact.0, exact.1)?;
    }
    Ok(())
}

/// The panels of the plot: a kind of model, its title, the tag that it is plotted against, and what that is.
const PANELS: [[&str; 4]; 3] = [
    ["ridge", "Ridge regression", "penalty", "penalty"],
    ["neighbours", "Nearest neighbours", "k", "neighbours k"],
    ["forest", "Random forest", "depth", "depth of the trees"],
];

/// Colours that the colour-blind can tell apart (Okabe and Ito, 2008).
const COLOURS: [RGBColor; 2] = [RGBColor(0, 114, 178), RGBColor(213, 94, 0)];
const GREY: RGBColor = RGBColor(110, 110, 110);

/// Plots the error, mean ± standard deviation, against what varies: a panel for each kind of model, with the baseline.
pub(crate) fn plot(rows: &[Row], path: &Path) -> Result<()> {
    let root = SVGBackend::new(path, (960, 340)).into_drawing_area();
    root.fill(&WHITE)?;
    let ends = rows.iter().flat_map(|row| [-1.0, 1.0].map(|sign| row.estimate.rmse.0 + sign * row.estimate.rmse.1));
    let low = ends.clone().fold(f64::INFINITY, f64::min) - 0.01;
    let high = ends.fold(f64::NEG_INFINITY, f64::max) + 0.01;
    for (panel, [model, title, axis, label]) in root.split_evenly((1, PANELS.len())).iter().zip(PANELS) {
        let mut series = BTreeMap::<String, Vec<(f64, f64, f64)>>::new();
        for row in rows.iter().filter(|row| row.model() == model) {
            if let Some(x) = row.number(axis) {
                let (mean, sd) = row.estimate.rmse;
                series.entry(row.arguments(axis)).or_default().push((x, mean, sd));
            }
        }
        let mut ticks: Vec<f64> = series.values().flatten().map(|point| point.0).collect();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) else { continue };
        let margin = (last / first).powf(0.08).max(1.1);
        let (left, right) = (first / margin, last * margin);

        let mut chart = ChartBuilder::on(panel)
            .caption(title, ("sans-serif", 17))
            .margin(10)
            .x_label_area_size(42)
            .y_label_area_size(52)
            .build_cartesian_2d((left..right).log_scale().with_key_points(ticks), low..high)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GREY.mix(0.2))
            .axis_style(GREY)
            .label_style(("sans-serif", 13))
            .x_desc(label)
            .x_label_formatter(&f64::to_string)
            .y_desc("error (RMSE)")
            .y_labels(6)
            .y_label_formatter(&|y| format!("{y:.2}"))
            .draw()?;
        let swatch = |colour: RGBColor| move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2));
        if let Some(baseline) = rows.first() {
            let line = [left, right].map(|x| (x, baseline.estimate.rmse.0));
            chart.draw_series(DashedLineSeries::new(line, 5, 4, GREY.into()))?.label("mean").legend(swatch(GREY));
        }
        let many = series.len() > 1;
        for (i, ((name, mut points), colour)) in series.into_iter().zip(COLOURS.into_iter().cycle()).enumerate() {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            // Side by side, so that no error bar hides another.
            let aside = if many { margin.powf(0.3 * i as f64 - 0.15) } else { 1.0 };
            let line = points.iter().map(|&(x, mean, _)| (x * aside, mean));
            let line = chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
            if many {
                line.label(name).legend(swatch(colour));
            }
            let bar =
                |&(x, mean, sd)| ErrorBar::new_vertical(x * aside, mean - sd, mean, mean + sd, colour.filled(), 7);
            chart.draw_series(points.iter().map(bar))?;
        }
        let legend = &mut chart.configure_series_labels();
        legend.position(SeriesLabelPosition::UpperRight).label_font(("sans-serif", 13)).draw()?;
    }
    Ok(root.present()?)
}
