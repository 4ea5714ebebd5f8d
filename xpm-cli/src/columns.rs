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

/// The places of the columns of these names.
///
/// # Errors
/// If there is no such column, or two names mean the same one.
pub(crate) fn places(table: &mut Table, names: &[String]) -> anyhow::Result<Vec<usize>> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let place = table.find(name)?;
        if places.contains(&place) {
            anyhow::bail!("the column `{}` is asked for twice", table.columns()[place].name);
        }
        places.push(place);
    }
    Ok(places)
}
