//! The values behind `--sweep model.k1=`: lists, `range`, `geom`, and groups for arguments that vary together.

use serde_json::Value as Json;

use super::decimal::{geom, range};
use crate::cli::raw::Raw;
use crate::cli::shape::inside;
use crate::cli::split::{split, unquoted};
use crate::schema::Type;

/// The rows of values for arguments of these types: one value each for one argument, groups for several.
///
/// # Errors
/// What was expected, in words that follow the flag and the text.
pub(super) fn rows(types: &[Type], text: &str) -> Result<Vec<Vec<Raw>>, String> {
    if text.trim().is_empty() {
        return Err("it is empty: it has no values".to_owned());
    }
    let parts = split(text)?;
    if let [ty] = types {
        let mut rows = Vec::new();
        for part in parts {
            rows.extend(values(ty, part)?.into_iter().map(|value| vec![value]));
        }
        return Ok(rows);
    }
    let groups = parts.into_iter().map(|part| {
        let group = part.strip_prefix('(').and_then(|part| part.strip_suffix(')'));
        let items = group.map(split).transpose()?.filter(|items| items.len() == types.len());
        let items = items.ok_or_else(|| {
            let example: Vec<_> = (1..=types.len()).map(|i| i.to_string()).collect();
            format!("expected groups of {} values, as in ({}): found `{part}`", types.len(), example.join(","))
        })?;
        types.iter().zip(items).map(|(ty, item)| value(ty, item)).collect()
    });
    groups.collect()
}

fn values(ty: &Type, text: &str) -> Result<Vec<Raw>, String> {
    let call = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let numbers: fn(&[&str]) -> Result<Vec<String>, String> = match call {
        Some(("range", _)) => range,
        Some(("geom", _)) => geom,
        _ => return Ok(vec![value(ty, text)?]),
    };
    if !matches!(inside(ty), Type::Int(_) | Type::Float(_)) {
        return Err(format!(
            "`{text}` gives numbers, the argument is {ty}; a text of this kind stands in double quotes"
        ));
    }
    let args: Vec<_> = call.map_or("", |(_, args)| args).split(',').collect();
    let texts = numbers(&args).map_err(|why| format!("`{text}`: {why}"))?;
    Ok(texts.into_iter().map(|text| Raw::Texts(vec![text])).collect())
}

fn value(ty: &Type, text: &str) -> Result<Raw, String> {
    let inner = inside(ty);
    if text.is_empty() {
        return Err("one of its values is empty; an empty text is \"\"".to_owned());
    }
    if !matches!(inner, Type::Json(_))
        && let Some(text) = unquoted(text)
    {
        return Ok(Raw::Json(text?.into()));
    }
    if text == "none" && matches!(ty, Type::Option(_)) {
        return Ok(Raw::Json(Json::Null));
    }
    let group = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let text = group.filter(|_| matches!(inner, Type::Tuple(_))).unwrap_or(text);
    Ok(Raw::Texts(vec![text.to_owned()]))
}
