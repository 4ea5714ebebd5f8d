//! What was given for arguments, by path: flags, then files over them, then `--set` over both.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Map, Value as Json};

use super::flag::{Flag, Kind};
use super::json::TYPE;
use super::problem::Problem;
use super::raw::Raw;
use super::shape::{Alternative, Shape, inside, kebab, shape};
use super::sources::{CONFIG, ConfigFile, SET, Setting};
use super::{files, json};
use crate::schema::Type;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) raw: Raw,
    /// `--k1 <X>`, `--set k1`, `base.toml: k1`.
    pub(crate) at: String,
}

/// Everything that was given.
#[derive(Clone, Debug, Default)]
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
            let raw = match flag.only_type() {
                Some(ty) => canonical(ty, raw),
                None => raw,
            };
            givens.insert(&flag.path, raw, flag.usage());
        }
        givens
    }

    /// Adds the layers above flags; `roots` are the arguments that these flags are for. Tells of flags that a file
    /// overrules, and of those that are void since a stronger layer chooses something else above them.
    pub(crate) fn add_layers(
        &mut self,
        roots: &[(String, Type)],
        matches: &ArgMatches,
    ) -> Result<Vec<String>, Problem> {
        let flags = self.by_path.clone();
        for file in matches.try_get_many::<ConfigFile>(CONFIG).ok().flatten().into_iter().flatten() {
            *self = std::mem::take(self).under(Self::of_file(file, roots)?);
        }
        self.add_settings(roots, matches)?;
        let overruled = flags.iter().filter_map(|(path, given)| {
            let same = |now: &Given| now.is_same(given, &self.types(roots, path));
            let now = match self.by_path.get(path) {
                Some(now) if same(now) => return None,
                Some(now) => Some(now),
                None => self.nearest_above(path),
            };
            Some(match now {
                Some(now) => format!("{} {} gives way to {} of {}", given.at, given.text(), now.text(), now.at),
                None => format!("{} {} gives way", given.at, given.text()),
            })
        });
        Ok(overruled.collect())
    }

    /// What one file gives.
    fn of_file(file: &ConfigFile, roots: &[(String, Type)]) -> Result<Self, Problem> {
        let mut all = Self::default();
        let wrong =
            |given: Given, why: &str| Err(Problem::Invalid { value: given.text(), at: given.at, why: why.to_owned() });
        for (name, value) in &file.entries {
            let Some((path, ty)) = resolve(roots, name) else { continue };
            let mut part = Self::default();
            part.put(&path, &ty, value, &format!("{}: ", file.name))?;
            for (path, given) in part.by_path {
                if all.by_path.contains_key(&path) {
                    return wrong(given, "this argument stands in the file for the second time");
                }
                all.by_path.insert(path, given);
            }
        }
        let nothing = |path: &str| all.nearest_above(path).is_some_and(Given::is_nothing);
        match all.by_path.iter().find(|(path, _)| nothing(path)) {
            Some((_, given)) => wrong(given.clone(), "the file also says that there is nothing above it (null)"),
            None => Ok(all),
        }
    }

    /// Adds what `--set` gives.
    fn add_settings(&mut self, roots: &[(String, Type)], matches: &ArgMatches) -> Result<(), Problem> {
        let mut fresh = BTreeSet::new();
        for Setting { flag, path, text } in matches.try_get_many::<Setting>(SET).ok().flatten().into_iter().flatten() {
            let Some((path, ty)) = resolve(roots, path) else { continue };
            let source = format!("{flag} ");
            let at = format!("{source}{path}");
            match (text.starts_with('{'), shape(inside(&ty))) {
                (true, Shape::Struct(_) | Shape::Choice(_)) => {
                    let value = no_json(files::json(text), &at, text)?;
                    self.put(&path, &ty, &value, &source)?;
                }
                _ if text == "none" && matches!(ty, Type::Option(_)) => {
                    self.insert(&path, Raw::Json(Json::Null), at);
                }
                // The text, which a flag is given as it is.
                _ if text == "\"none\"" && matches!(&ty, Type::Option(item) if matches!(**item, Type::Str)) => {
                    self.insert(&path, Raw::Texts(vec!["none".to_owned()]), at);
                }
                _ => match self.by_path.get_mut(&path) {
                    Some(Given { raw: Raw::Texts(texts), .. }) if fresh.contains(&path) => {
                        texts.push(canonical_text(&ty, text));
                    }
                    _ => {
                        self.insert(&path, canonical(&ty, Raw::Texts(vec![text.clone()])), at);
                        fresh.insert(path);
                    }
                },
            }
        }
        Ok(())
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
                if text.starts_with('{') && matches!(shape(inside(ty)), Shape::Struct(_) | Shape::Choice(_)) {
                    let value = no_json(files::json(text), &at, text)?;
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

    /// These, with what a stronger layer gives.
    pub(crate) fn under(mut self, stronger: Self) -> Self {
        for (path, given) in stronger.by_path {
            self.insert(&path, given.raw, given.at);
        }
        self
    }

    /// What was given at the nearest name above.
    fn nearest_above(&self, path: &str) -> Option<&Given> {
        let above = path.rsplit_once('.')?.0;
        self.by_path.get(above).or_else(|| self.nearest_above(above))
    }

    fn insert(&mut self, path: &str, raw: Raw, at: String) {
        let given = Given { raw, at };
        // What a weaker layer said of another choice is void.
        if given.is_nothing() || self.by_path.get(path).is_some_and(|old| old.text() != given.text()) {
            self.forget_below(path);
        }
        // Also that there is nothing, when something of it is given.
        self.by_path.retain(|other, old| !(is_below(path, other) && old.is_nothing()));
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
            (Shape::Choice(alternatives), Json::Object(members))
                if !members.is_empty() && !json::says_which(&alternatives, members) =>
            {
                return self.put_members(path, (ty, &alternatives), members, file);
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
        let mut seen = BTreeSet::new();
        for (name, value) in &members {
            let index = json::argument(args, name).ok_or_else(|| wrong(json::no_argument(schema, args, name)))?;
            if !seen.insert(index) {
                return Err(wrong(json::given_twice(args[index].name)));
            }
            self.put(&join(path, args[index].name), &args[index].ty, value, file)?;
        }
        Ok(())
    }

    /// Enters what a file says of a choice without saying which: arguments of what is chosen elsewhere.
    fn put_members(
        &mut self,
        path: &str,
        (ty, alternatives): (&Type, &[Alternative]),
        members: &Map<String, Json>,
        file: &str,
    ) -> Result<(), Problem> {
        let whole = || Json::Object(members.clone()).to_string();
        let mut seen = BTreeSet::new();
        for (name, value) in members {
            let wrong = |why| Problem::Invalid { at: format!("{file}{path}"), value: whole(), why };
            let Some((found, ty)) = below(path, ty, name) else {
                let names = json::names(alternatives);
                let why = format!("`{name}` is an argument of none of {names}; a member \"{TYPE}\" says which it is");
                return Err(wrong(why));
            };
            if !seen.insert(found.clone()) {
                return Err(wrong(json::given_twice(found.rsplit('.').next().unwrap_or(name))));
            }
            self.put(&found, &ty, value, file)?;
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

    /// The types that the argument of this name has below one of these roots: one for each choice above it that has it,
    /// only those that are made where they are.
    pub(super) fn types(&self, roots: &[(String, Type)], path: &str) -> Vec<Type> {
        let types = roots.iter().map(|(root, ty)| match path.strip_prefix(&root[..]) {
            Some("") => vec![ty.clone()],
            Some(rest) => rest.strip_prefix('.').map(|rest| self.types_below(root, ty, rest)).unwrap_or_default(),
            None => Vec::new(),
        });
        types.max_by_key(Vec::len).unwrap_or_default()
    }

    fn types_below(&self, path: &str, ty: &Type, rest: &str) -> Vec<Type> {
        let (name, behind) = rest.split_once('.').map_or((rest, None), |(name, behind)| (name, Some(behind)));
        let lists = match shape(inside(ty)) {
            Shape::Struct(schema) => vec![schema.arguments(None)],
            Shape::Choice(alternatives) => {
                let text = self.by_path.get(path).map(Given::text).unwrap_or_default();
                let made = alternatives.iter().find(|alternative| alternative.is_named(&text));
                made.map_or(&alternatives[..], std::slice::from_ref).iter().map(Alternative::arguments).collect()
            }
            _ => Vec::new(),
        };
        let found = lists.into_iter().filter_map(|args| args.iter().find(|arg| arg.name == name));
        let found = found.flat_map(|arg| match behind {
            None => vec![arg.ty.clone()],
            Some(behind) => self.types_below(&join(path, name), &arg.ty, behind),
        });
        let mut types: Vec<Type> = Vec::new();
        for ty in found {
            if !types.iter().any(|known| known.to_string() == ty.to_string()) {
                types.push(ty);
            }
        }
        types
    }

    /// What nobody asked for, and the path of the choice above it.
    pub(crate) fn unused(&self) -> Option<(&Given, &str)> {
        let used = self.used.borrow();
        self.by_path.iter().find(|(path, _)| !used.contains(*path)).map(|(path, given)| (given, path.as_str()))
    }
}

impl Given {
    /// Whether it says that there is none.
    fn is_nothing(&self) -> bool {
        self.raw.is_nothing()
    }

    /// Whether both give the same value, however it is written, whichever of the types it has.
    fn is_same(&self, other: &Self, types: &[Type]) -> bool {
        let same = |ty: &Type| self.raw.compared(ty) == other.raw.compared(ty);
        if types.is_empty() { self.text() == other.text() } else { types.iter().all(same) }
    }

    pub(crate) fn text(&self) -> String {
        self.raw.text()
    }

    /// It with what it gives: `--loss mse`, `--set loss=mse`, `base.toml: loss=mse`.
    pub(crate) fn told(&self) -> String {
        let (flag, rest) = self.at.split_once(' ').unwrap_or((&self.at, ""));
        let is_flag = flag.starts_with("--") && (rest.is_empty() || rest.starts_with('<'));
        if is_flag { format!("{flag} {}", self.text()) } else { format!("{}={}", self.at, self.text()) }
    }
}

fn explicit(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).unwrap_or(false)
        && matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

fn is_set(matches: &ArgMatches, id: &str) -> bool {
    matches.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or(false)
}

/// Whether a dotted name is of a part of what the other one names.
pub(super) fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() || name.is_empty() { format!("{path}{name}") } else { format!("{path}.{name}") }
}

/// A dotted name as all its spellings are compared.
pub(super) fn spelled(path: &str) -> String {
    path.split('.').map(kebab).collect::<Vec<_>>().join(".")
}

/// What is chosen, by the one name that it has: two layers may write it differently.
pub(super) fn canonical(ty: &Type, raw: Raw) -> Raw {
    match raw {
        Raw::Texts(texts) => Raw::Texts(texts.iter().map(|text| canonical_text(ty, text)).collect()),
        json @ Raw::Json(_) => json,
    }
}

fn canonical_text(ty: &Type, text: &str) -> String {
    let alternatives = match shape(inside(ty)) {
        Shape::Choice(alternatives) => alternatives,
        _ => Vec::new(),
    };
    let chosen = alternatives.iter().find(|alternative| alternative.is_named(text));
    chosen.map_or(text, |alternative| &alternative.name).to_owned()
}

fn no_json(read: Result<Json, String>, at: &str, text: &str) -> Result<Json, Problem> {
    let why = |error| format!("it is no JSON: {error}");
    read.map_err(|error| Problem::Invalid { at: at.to_owned(), value: text.to_owned(), why: why(error) })
}

/// The argument that `key` names, in its own spelling, and its type: the one that is declared so, or else the only one that is
/// spelled alike.
pub(super) fn resolve(roots: &[(String, Type)], key: &str) -> Option<(String, Type)> {
    let exact = hits(roots, key, |root, head| root.replace('_', "-") == head.replace('_', "-"));
    if let Some(found) = exact.into_iter().next() {
        return Some(found);
    }
    match &hits(roots, key, |root, head| spelled(root) == spelled(head))[..] {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// What `key` names at or below roots that are the `same` as its first parts, the longest root first.
fn hits(roots: &[(String, Type)], key: &str, same: fn(&str, &str) -> bool) -> Vec<(String, Type)> {
    let mut roots: Vec<_> = roots.iter().collect();
    roots.sort_by_key(|(root, _)| std::cmp::Reverse(root.len()));
    let found = roots.into_iter().filter_map(|(root, ty)| {
        let dots = root.matches('.').count();
        let end = key.match_indices('.').nth(dots).map_or(key.len(), |(end, _)| end);
        match key.get(end + 1..) {
            _ if !same(root, &key[..end]) => None,
            None => Some((root.clone(), ty.clone())),
            Some(rest) => below(root, ty, rest),
        }
    });
    found.collect()
}

fn below(path: &str, ty: &Type, rest: &str) -> Option<(String, Type)> {
    let (name, behind) = rest.split_once('.').map_or((rest, None), |(name, behind)| (name, Some(behind)));
    let mut lists = match shape(inside(ty)) {
        Shape::Struct(schema) => vec![schema.arguments(None)],
        Shape::Choice(alternatives) => alternatives.iter().map(Alternative::arguments).collect(),
        _ => Vec::new(),
    };
    lists.sort_by_key(|args| !args.iter().any(|arg| arg.name == name));
    lists.into_iter().find_map(|args| {
        let arg = &args[json::argument(args, name)?];
        let path = join(path, arg.name);
        match behind {
            None => Some((path, arg.ty.clone())),
            Some(behind) => below(&path, &arg.ty, behind),
        }
    })
}
