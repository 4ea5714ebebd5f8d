//! What was given for arguments, by path: flags, then files over them, then `--set` over both.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Map, Value as Json};

use super::flag::{Flag, Kind};
use super::json;
use super::layers::{CONFIG, ConfigFile, SET, Setting};
use super::problem::Problem;
use super::shape::{Shape, kebab, shape};
use crate::schema::Type;

/// What was given for one argument.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    /// As texts, one for each time.
    Texts(Vec<String>),
    /// In a file, or as JSON.
    Json(Json),
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) raw: Raw,
    /// `--k1 <X>`, `--set k1`, `base.toml: k1`.
    pub(crate) at: String,
}

/// Everything that was given.
#[derive(Debug, Default)]
pub(crate) struct Givens {
    by_path: BTreeMap<String, Given>,
    used: RefCell<BTreeSet<String>>,
}

impl Givens {
    /// What was given for these flags.
    pub(crate) fn of_flags(flags: &[Flag], matches: &ArgMatches) -> Self {
        let mut givens = Self::default();
        for flag in flags {
            if flag.negative().is_some_and(|id| explicit(matches, &id) && is_set(matches, &id)) {
                givens.insert(&flag.path, Raw::Texts(vec!["false".to_owned()]), format!("--no-{}", flag.name()));
            }
            if !explicit(matches, &flag.id()) {
                continue;
            }
            let texts = match flag.kind {
                Kind::Present => vec!["{}".to_owned()],
                _ => matches.try_get_many::<String>(&flag.id()).ok().flatten().into_iter().flatten().cloned().collect(),
            };
            let raw = if matches!(flag.kind, Kind::Present) { Raw::Json(Map::new().into()) } else { Raw::Texts(texts) };
            givens.insert(&flag.path, raw, flag.usage());
        }
        givens
    }

    /// Adds the layers above flags; `roots` are the arguments that these flags are for. Tells of flags that a file
    /// overrules.
    pub(crate) fn add_layers(
        &mut self,
        roots: &[(String, Type)],
        matches: &ArgMatches,
    ) -> Result<Vec<String>, Problem> {
        let flags = self.by_path.clone();
        let mut file_values = Self::default();
        for file in matches.try_get_many::<ConfigFile>(CONFIG).ok().flatten().into_iter().flatten() {
            for (name, value) in &file.members {
                if let Some((path, ty)) = roots.iter().find(|(root, _)| kebab(root) == kebab(name)) {
                    self.put(path, ty, value, &format!("{}: ", file.name))?;
                    file_values.put(path, ty, value, "")?;
                }
            }
        }
        let mut overruled = Vec::new();
        for (path, given) in &flags {
            if let Some(now) = self.by_path.get(path)
                && file_values.by_path.contains_key(path)
                && now.text() != given.text()
            {
                let (was, is) = (given.text(), now.text());
                overruled.push(format!("{} {was} gives way to {is} of {}", given.at, now.at));
            }
        }
        let mut fresh = BTreeSet::new();
        for Setting { flag, path, text } in matches.try_get_many::<Setting>(SET).ok().flatten().into_iter().flatten() {
            if let Some((path, ty)) = resolve(roots, path) {
                let source = format!("{flag} ");
                let at = format!("{source}{path}");
                match (text.starts_with('{'), shape(inside(&ty))) {
                    (true, Shape::Struct(_) | Shape::Choice(_)) => {
                        let value = serde_json::from_str(text).map_err(|error| Problem::Invalid {
                            at: at.clone(),
                            value: text.clone(),
                            why: format!("it is no JSON: {error}"),
                        })?;
                        self.put(&path, &ty, &value, &source)?;
                    }
                    _ if text == "none" && matches!(ty, Type::Option(_)) => {
                        self.insert(&path, Raw::Json(Json::Null), at);
                    }
                    _ => match self.by_path.get_mut(&path) {
                        Some(Given { raw: Raw::Texts(texts), .. }) if fresh.contains(&path) => {
                            texts.push(text.clone());
                        }
                        _ => {
                            self.insert(&path, Raw::Texts(vec![text.clone()]), at);
                            fresh.insert(path);
                        }
                    },
                }
            }
        }
        Ok(overruled)
    }

    /// Sets an argument over all layers; `source` is what stands before its name, `--sweep `.
    pub(crate) fn set(&mut self, path: &str, ty: &Type, raw: &Raw, source: &str) -> Result<(), Problem> {
        let at = format!("{source}{path}");
        match raw {
            // A configuration is given whole: what weaker layers say of it is void.
            Raw::Json(value) => {
                self.forget_below(path);
                self.put(path, ty, value, source)
            }
            Raw::Texts(texts) => {
                let text = texts.last().map(String::as_str).unwrap_or_default();
                if text == "none" && matches!(ty, Type::Option(_)) {
                    self.forget_below(path);
                    self.insert(path, Raw::Json(Json::Null), at);
                    return Ok(());
                }
                if text.starts_with('{') && matches!(shape(inside(ty)), Shape::Struct(_) | Shape::Choice(_)) {
                    let wrong =
                        |error| Problem::Invalid { at, value: text.to_owned(), why: format!("it is no JSON: {error}") };
                    let value = serde_json::from_str(text).map_err(wrong)?;
                    self.forget_below(path);
                    return self.put(path, ty, &value, source);
                }
                self.insert(path, raw.clone(), at);
                Ok(())
            }
        }
    }

    fn forget_below(&mut self, path: &str) {
        let below = format!("{path}.");
        self.by_path.retain(|other, _| !other.starts_with(&below));
    }

    /// All of it by argument.
    pub(crate) fn into_entries(self) -> BTreeMap<String, Given> {
        self.by_path
    }

    /// What was given for these arguments.
    pub(crate) fn from_entries(by_path: BTreeMap<String, Given>) -> Self {
        Self { by_path, used: RefCell::default() }
    }

    fn insert(&mut self, path: &str, raw: Raw, at: String) {
        let given = Given { raw, at };
        // What a weaker layer said of another choice is void.
        if self.by_path.get(path).is_some_and(|old| old.text() != given.text()) {
            let below = format!("{path}.");
            self.by_path.retain(|other, _| !other.starts_with(&below));
        }
        self.by_path.insert(path.to_owned(), given);
    }

    /// Enters a value of a file, taken apart into what has a path of its own.
    fn put(&mut self, path: &str, ty: &Type, value: &Json, file: &str) -> Result<(), Problem> {
        let at = format!("{file}{path}");
        let wrong = |why: String| Problem::Invalid { at: at.clone(), value: value.to_string(), why };
        let inner = inside(ty);
        let (args, schema, members) = match (shape(inner), value) {
            (Shape::Struct(schema), Json::Object(members)) => {
                if matches!(ty, Type::Option(_)) {
                    self.insert(path, Raw::Json(Map::new().into()), at.clone());
                }
                (schema.arguments(None), schema, json::own_members(schema, members).into_owned())
            }
            (Shape::Choice(alternatives), Json::String(_) | Json::Object(_)) => {
                let (alternative, members) = json::chosen(&alternatives, value).map_err(wrong)?;
                self.insert(path, Raw::Texts(vec![alternative.name.clone()]), at.clone());
                (alternative.arguments(), alternative.schema, members)
            }
            _ => {
                self.insert(path, Raw::Json(value.clone()), at);
                return Ok(());
            }
        };
        for (name, value) in &members {
            let index = json::argument(args, name).ok_or_else(|| wrong(json::no_argument(schema, args, name)))?;
            self.put(&join(path, args[index].name), &args[index].ty, value, file)?;
        }
        Ok(())
    }

    /// What was given at this very path.
    pub(crate) fn at(&self, path: &str) -> Option<&Given> {
        let given = self.by_path.get(path)?;
        self.used.borrow_mut().insert(path.to_owned());
        Some(given)
    }

    /// Whether anything was given there or below.
    pub(crate) fn any(&self, path: &str) -> bool {
        let below = format!("{path}.");
        path.is_empty() || self.by_path.contains_key(path) || self.by_path.keys().any(|other| other.starts_with(&below))
    }

    /// What nobody asked for, and the path of the choice above it.
    pub(crate) fn unused(&self) -> Option<(&Given, &str)> {
        let used = self.used.borrow();
        self.by_path.iter().find(|(path, _)| !used.contains(*path)).map(|(path, given)| (given, path.as_str()))
    }
}

impl Given {
    pub(crate) fn text(&self) -> String {
        match &self.raw {
            Raw::Texts(texts) => texts.join(" "),
            Raw::Json(Json::String(text)) => text.clone(),
            Raw::Json(json) => json.to_string(),
        }
    }
}

fn explicit(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).unwrap_or(false)
        && matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

fn is_set(matches: &ArgMatches, id: &str) -> bool {
    matches.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or(false)
}

pub(super) fn inside(ty: &Type) -> &Type {
    match ty {
        Type::Option(item) => item,
        other => other,
    }
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() || name.is_empty() { format!("{path}{name}") } else { format!("{path}.{name}") }
}

/// The argument that `key` names, in its own spelling, and its type.
pub(super) fn resolve(roots: &[(String, Type)], key: &str) -> Option<(String, Type)> {
    let mut roots: Vec<_> = roots.iter().collect();
    roots.sort_by_key(|(root, _)| std::cmp::Reverse(root.len()));
    roots.into_iter().find_map(|(root, ty)| {
        let (spelled, wanted) = (kebab(root), kebab(key));
        if spelled == wanted {
            return Some((root.clone(), ty.clone()));
        }
        below(root, ty, wanted.strip_prefix(&format!("{spelled}."))?)
    })
}

fn below(path: &str, ty: &Type, rest: &str) -> Option<(String, Type)> {
    let (name, behind) = rest.split_once('.').map_or((rest, None), |(name, behind)| (name, Some(behind)));
    let lists = match shape(inside(ty)) {
        Shape::Struct(schema) => vec![schema.arguments(None)],
        Shape::Choice(alternatives) => alternatives.iter().map(super::shape::Alternative::arguments).collect(),
        _ => Vec::new(),
    };
    lists.into_iter().find_map(|args| {
        let arg = &args[json::argument(args, name)?];
        let path = join(path, arg.name);
        match behind {
            None => Some((path, arg.ty.clone())),
            Some(behind) => below(&path, &arg.ty, behind),
        }
    })
}
