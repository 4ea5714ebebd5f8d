//! What is swept: the arguments of one `--sweep`, or of one table of a sweep file, and their values.

mod decimal;
mod values;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value as Json;

pub(super) use self::decimal::MOST;
use super::behind::{Behind, utf8};
use super::given::{Givens, canonical, is_below, join, resolve};
use super::problem::Problem;
use super::raw::Raw;
use super::shape::inside;
use super::{files, json};
use crate::schema::Type;

/// One `--sweep`, or one table of a file, before its arguments are looked up.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    /// Its arguments, each with its values; of a command line all of them together.
    paths: Vec<String>,
    values: Written,
    /// `--sweep `, `sweep.toml: `.
    source: String,
}

#[derive(Clone, Debug)]
enum Written {
    Text(String),
    Lists(Vec<Json>),
}

/// Arguments that vary together, and their values in order.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) paths: Vec<(String, Type)>,
    /// One value for each argument.
    pub(super) rows: Vec<Vec<Raw>>,
    pub(super) source: String,
}

impl Axis {
    /// `--sweep model.k1,model.b`.
    pub(super) fn name(&self) -> String {
        let paths: Vec<_> = self.paths.iter().map(|(path, _)| path.as_str()).collect();
        format!("{}{}", self.source, paths.join(","))
    }

    /// Whether all its values are of the types of their arguments.
    fn is_of_its_types(&self) -> bool {
        self.rows.iter().all(|row| self.paths.iter().zip(row).all(|((_, ty), raw)| raw.value(ty).is_ok()))
    }

    /// Whether it varies this argument, something of it, or what it is a part of.
    pub(super) fn varies(&self, path: &str) -> bool {
        self.paths.iter().any(|(own, _)| own == path || is_below(own, path) || is_below(path, own))
    }
}

impl Spec {
    /// The axis, if its arguments are below these roots. An argument that several choices have has the type of the one that is
    /// made, or else the first type that all its values are of.
    pub(super) fn axis(&self, roots: &[(String, Type)], made: &Givens) -> Result<Option<Axis>, Problem> {
        let found: Vec<_> = self.paths.iter().map(|path| resolve(roots, path)).collect();
        if found.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut paths = Vec::new();
        for (found, path) in found.into_iter().zip(&self.paths) {
            let why = || "what varies together is of one configuration".to_owned();
            let (path, ty) = found.ok_or_else(|| self.wrong(path, path.clone(), why()))?;
            let mut types = made.types(roots, &path);
            if types.is_empty() {
                types.push(ty);
            }
            paths.push((path, types));
        }
        let with = |n: usize| {
            let typed = paths.iter().map(|(path, types)| (path.clone(), types[n.min(types.len() - 1)].clone()));
            self.axis_of(typed.collect())
        };
        let most = paths.iter().map(|(_, types)| types.len()).max().unwrap_or_default();
        if most == 1 {
            return with(0).map(Some);
        }
        let fitting = (0..most).map(with).find(|axis| axis.as_ref().is_ok_and(Axis::is_of_its_types));
        fitting.unwrap_or_else(|| with(0)).map(Some)
    }

    fn axis_of(&self, paths: Vec<(String, Type)>) -> Result<Axis, Problem> {
        let rows = match &self.values {
            Written::Text(text) => {
                let types: Vec<_> = paths.iter().map(|(_, ty)| ty.clone()).collect();
                values::rows(&types, text).map_err(|why| self.wrong(&self.paths.join(","), text.clone(), why))?
            }
            Written::Lists(lists) => self.zipped(&paths, lists)?,
        };
        let named = |row: Vec<Raw>| paths.iter().zip(row).map(|((_, ty), raw)| canonical(ty, raw)).collect();
        let rows: Vec<Vec<Raw>> = rows.into_iter().map(named).collect();
        if let Some((row, why)) = twice(&paths, &rows) {
            return Err(self.wrong(&self.paths.join(","), shown(row).join(","), why.to_owned()));
        }
        Ok(Axis { paths, rows, source: self.source.clone() })
    }

    fn zipped(&self, paths: &[(String, Type)], lists: &[Json]) -> Result<Vec<Vec<Raw>>, Problem> {
        let mut columns: Vec<Vec<Raw>> = Vec::new();
        for ((path, ty), list) in paths.iter().zip(lists) {
            let column = match list {
                Json::Array(items) => Ok(items.iter().map(|item| in_list(ty, item)).collect::<Vec<_>>()),
                Json::String(text) => {
                    values::rows(std::slice::from_ref(ty), text).map(|rows| rows.into_iter().flatten().collect())
                }
                _ => Err("expected a list of values, or a text such as \"range(0, 1, 0.1)\"".to_owned()),
            };
            let column = column.map_err(|why| self.wrong(path, list.to_string(), why))?;
            if column.is_empty() {
                return Err(self.wrong(path, list.to_string(), "it is empty: it has no values".to_owned()));
            }
            if let Some(first) = columns.first()
                && first.len() != column.len()
            {
                let why = format!("it has {} values, {} has {}", column.len(), paths[0].0, first.len());
                return Err(self.wrong(path, list.to_string(), format!("{why}: what varies together has as many")));
            }
            columns.push(column);
        }
        let len = columns.first().map_or(0, Vec::len);
        Ok((0..len).map(|i| columns.iter().map(|column| column[i].clone()).collect()).collect())
    }

    fn wrong(&self, path: &str, value: String, why: String) -> Problem {
        Problem::Invalid { at: format!("{}{path}", self.source), value, why }
    }
}

/// A row that is an earlier one again, however it is written, or that has its tags; and which of both.
fn twice<'r>(paths: &[(String, Type)], rows: &'r [Vec<Raw>]) -> Option<(&'r [Raw], &'static str)> {
    let (mut values, mut tags) = (HashSet::new(), HashSet::new());
    rows.iter().find_map(|row| {
        let compared: Vec<_> = paths.iter().zip(row).map(|((_, ty), raw)| raw.compared(ty)).collect();
        if !values.insert(compared) {
            return Some((&row[..], "it stands there for the second time"));
        }
        (!tags.insert(shown(row))).then_some((&row[..], "another value of this sweep has the same tag"))
    })
}

/// A row as its tags show it.
fn shown(row: &[Raw]) -> Vec<String> {
    row.iter().map(|raw| if raw.is_nothing() { "none".to_owned() } else { raw.text() }).collect()
}

/// A value of a list in a file: TOML has no null, so `"none"` is no value unless it is a text of the argument.
fn in_list(ty: &Type, item: &Json) -> Raw {
    let is_none = matches!(ty, Type::Option(_)) && item == "none" && json::value(inside(ty), item).is_err();
    Raw::Json(if is_none { Json::Null } else { item.clone() })
}

/// `--sweep KEY=VALUES`.
pub(crate) fn spec(behind: Behind<'_>, value: &OsStr) -> Result<Vec<Spec>, String> {
    let Some((paths, values)) = utf8(value)?.split_once('=') else {
        return Err("expected KEY=VALUES, for instance model.k1=0.6,0.9 or model.k1=range(0,1,0.1)".to_owned());
    };
    let paths: Vec<_> = paths.split(',').map(|path| path.trim().to_owned()).collect();
    paths.iter().try_for_each(|path| behind.check(path, TO_SWEEP))?;
    let source = format!("--{} ", behind.flag);
    Ok(vec![Spec { paths, values: Written::Text(values.to_owned()), source }])
}

/// What an argument is looked for.
const TO_SWEEP: &str = " to sweep";

/// `--sweep-file FILE`: the tables `[[sweep]]` in their order, each what varies together; then every other argument by itself.
pub(crate) fn spec_file(behind: Behind<'_>, value: &OsStr) -> Result<Vec<Spec>, String> {
    let mut members = files::read(Path::new(value))?;
    let source = format!("{}: ", value.to_string_lossy());
    let mut specs = Vec::new();
    let tables = members.get("sweep").and_then(Json::as_array).filter(|tables| tables.iter().all(Json::is_object));
    if tables.is_none() && members.contains_key("sweep") && !behind.takes("sweep") && !behind.is_above("sweep") {
        return Err(
            "`sweep` is a list of tables, [[sweep]] in TOML: each with lists for what varies together".to_owned()
        );
    }
    if let Some(tables) = tables {
        for table in tables {
            let mut leaves = Vec::new();
            leaves_of(behind, "", table, &mut leaves)?;
            if leaves.is_empty() {
                return Err("one of its tables [[sweep]] is empty".to_owned());
            }
            let (paths, lists) = leaves.into_iter().unzip();
            specs.push(Spec { paths, values: Written::Lists(lists), source: source.clone() });
        }
        members.remove("sweep");
    }
    let mut alone = Vec::new();
    leaves_of(behind, "", &Json::Object(members), &mut alone)?;
    specs.extend(alone.into_iter().map(|(path, list)| Spec {
        paths: vec![path],
        values: Written::Lists(vec![list]),
        source: source.clone(),
    }));
    if specs.is_empty() { Err("it sweeps nothing".to_owned()) } else { Ok(specs) }
}

fn leaves_of(behind: Behind<'_>, path: &str, json: &Json, leaves: &mut Vec<(String, Json)>) -> Result<(), String> {
    let above = path.is_empty() || json.is_object() && behind.is_above(path);
    if !above {
        behind.check(path, TO_SWEEP)?;
    }
    let Json::Object(members) = json else {
        leaves.push((path.to_owned(), json.clone()));
        return Ok(());
    };
    members.iter().try_for_each(|(name, json)| leaves_of(behind, &join(path, name), json, leaves))
}
