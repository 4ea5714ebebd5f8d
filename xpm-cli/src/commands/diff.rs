//! `xpm diff JOB JOB`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::printable::escaped;
use xpm_core::state::{Difference, JobInfo, differences};

use crate::context::Context;
use crate::names::{full_name, short_name};
use crate::output::{self, DIM};
use crate::table::{Cell, Table, cut};

/// The arguments in which two jobs differ, side by side, followed into the jobs that they depend on
#[derive(Args)]
pub(crate) struct Diff {
    /// A job: the first digits of its identity, or TASK/DIGITS
    #[arg(value_name = "JOB")]
    left: String,
    /// Another
    #[arg(value_name = "JOB")]
    right: String,
    /// Arguments that are not in the identity too
    #[arg(long, short)]
    all: bool,
}

pub(crate) fn run(context: &Context, args: &Diff) -> anyhow::Result<ExitCode> {
    let (left, right) = (context.job(&args.left)?, context.job(&args.right)?);
    let found = differences(&left, &right)?;
    if context.json {
        let all: Vec<Json> = found.iter().map(describe).collect();
        output::json(&json!({"left": full_name(&left), "right": full_name(&right), "differences": all}))?;
        return Ok(ExitCode::SUCCESS);
    }
    if left.key() == right.key() {
        output::page(context, &format!("both are {}\n", left.key()))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::page(context, &side_by_side(context, &left, &right, &found, args.all))?;
    Ok(ExitCode::SUCCESS)
}

/// The differences as a table, and what there is to say of them.
pub(crate) fn side_by_side(
    context: &Context,
    left: &JobInfo,
    right: &JobInfo,
    found: &[Difference],
    all: bool,
) -> String {
    let name = |job: &JobInfo| short_name(job);
    let mut table = Table::new(["ARGUMENT".to_owned(), name(left), name(right), String::new()]);
    let mut hidden = 0;
    for difference in found {
        if !all && !difference.counts() {
            hidden += 1;
            continue;
        }
        let side = |value: &Option<String>| match value {
            Some(value) => Cell::from(cut(&escaped(value), 60)),
            None => Cell::colored("-", DIM),
        };
        let note = match (&difference.left_out, place(difference)) {
            (Some(why), _) => format!("not in the identity: {why}"),
            (None, Some(place)) => format!("set at {place}"),
            (None, None) => String::new(),
        };
        let cells = [&difference.left, &difference.right].map(side);
        let [a, b] = cells;
        table.push(vec![difference.path.as_str().into(), a, b, Cell::colored(note, DIM)]);
    }
    let shown = found.len() - hidden;
    let mut text = if shown > 0 { table.render(context) } else { String::new() };
    if left.task() == right.task() && !found.iter().any(Difference::counts) {
        text.push_str(&format!(
            "no argument that is in the identity differs: the type {}, or one below it, has changed in between (a version, \
             a default, a type)\n",
            left.task()
        ));
    }
    if hidden > 0 {
        text.push_str(&format!(
            "{hidden} more that {} not in the identity; --all shows them\n",
            if hidden == 1 { "is" } else { "are" }
        ));
    }
    text
}

/// Where the second job's value was set, or else the first's.
fn place(difference: &Difference) -> Option<&str> {
    difference.set_at.1.as_deref().or(difference.set_at.0.as_deref())
}

/// A difference as JSON.
pub(crate) fn describe(difference: &Difference) -> Json {
    let (left, right) = &difference.set_at;
    json!({
        "path": difference.path,
        "left": difference.left,
        "right": difference.right,
        "in_identity": difference.counts(),
        "left_out": difference.left_out,
        "left_set_at": left,
        "right_set_at": right,
        "of": difference.of.as_ref().map(|(a, b)| {
            [a, b].map(xpm_core::JobKey::full_name)
        }),
    })
}
