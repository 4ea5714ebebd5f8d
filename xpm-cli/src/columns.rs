//! Columns as they are named on the command line.

use xpm_core::state::table::Table;

/// The name of a column; `-` before it, where it is sorted downwards, is no part of that.
///
/// # Errors
/// If there is none: nothing else is asked for by an empty name.
pub(crate) fn column(text: &str) -> Result<String, String> {
    if text.strip_prefix('-').unwrap_or(text).is_empty() {
        return Err("a column has a name".to_owned());
    }
    Ok(text.to_owned())
}

/// What was taken apart at commas, put together again where only that names a column: its own name may hold one.
pub(crate) fn with_commas(table: &mut Table, parts: &[String]) -> Vec<String> {
    let mut names = Vec::with_capacity(parts.len());
    let mut rest = parts;
    while let [first, others @ ..] = rest {
        let is_column = |table: &mut Table, name: &str| table.find(name.strip_prefix('-').unwrap_or(name)).is_ok();
        let more = match is_column(table, first) {
            true => None,
            false => (1..=others.len()).find(|more| is_column(table, &rest[..=*more].join(","))),
        };
        let taken = more.map_or(1, |more| more + 1);
        names.push(rest[..taken].join(","));
        rest = &rest[taken..];
    }
    names
}

/// The places of the columns of these names, which may have been taken apart at commas.
///
/// # Errors
/// If there is no such column, or two names mean the same one.
pub(crate) fn places(table: &mut Table, names: &[String]) -> anyhow::Result<Vec<usize>> {
    let mut places = Vec::with_capacity(names.len());
    for name in with_commas(table, names) {
        let place = table.find(&name)?;
        if places.contains(&place) {
            anyhow::bail!("the column `{}` is asked for twice", table.columns()[place].name);
        }
        places.push(place);
    }
    Ok(places)
}
