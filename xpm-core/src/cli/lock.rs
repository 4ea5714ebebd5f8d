//! The lock file: the schema of every type as text that shows well in a diff, and what differs between two of them.

mod argument;
mod changes;
mod check;
mod count;
mod defaults;
mod relation;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

pub(crate) use changes::{Change, Moves, compare};
pub(crate) use check::LockError;
pub(crate) use count::Census;

use super::json;
use crate::config::Registry;
use crate::schema::{ArgList, FamilyType, Role, Type, TypeKind, TypeSchema};

/// The format of the file.
const FORMAT: u32 = 1;

/// The schema of every type.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    format: u32,
    #[serde(default)]
    types: BTreeMap<String, LockedType>,
    /// The members of open families, by the name of the trait; known of today's only.
    #[serde(skip)]
    members: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

/// One type.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedType {
    kind: String,
    /// The ids that it had before; known of today's types only.
    #[serde(skip)]
    renamed_from: Vec<String>,
    version: Option<u64>,
    /// The type that has taken its place.
    deprecated: Option<String>,
    #[serde(default)]
    args: BTreeMap<String, LockedArg>,
    #[serde(default)]
    variants: BTreeMap<String, BTreeMap<String, LockedArg>>,
}

/// One argument.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedArg {
    #[serde(rename = "type")]
    ty: String,
    /// The default, as JSON.
    default: Option<String>,
    /// The names that it had before; known of today's arguments only.
    #[serde(skip)]
    renamed_from: Vec<String>,
    /// The older name that enters the identity.
    id: Option<String>,
    /// The file of the job's folder that it is; not in files of older builds.
    file: Option<String>,
    #[serde(default)]
    ignore_default: bool,
    /// Never in the identity: ignored, a path, or a file of the job.
    #[serde(default)]
    left_out: bool,
}

impl Lock {
    /// The types of this binary.
    pub(crate) fn of(registry: &Registry) -> Self {
        let mut families = Vec::new();
        let schemas = registry.schemas();
        for schema in &schemas {
            let variants = schema.variants().iter().flat_map(|variant| variant.arguments().iter());
            let own = if schema.variants().is_empty() { Some(schema.arguments(None).iter()) } else { None };
            own.into_iter().flatten().chain(variants).for_each(|arg| families_in(&arg.ty, &mut families));
        }
        let mut members: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for family in families {
            let of_family = registry.members((family.id)()).into_iter().map(TypeSchema::id);
            members.entry(family.name).or_default().extend(of_family);
        }
        let types = schemas.into_iter().map(|schema| (schema.id().to_owned(), LockedType::of(schema, registry)));
        Self { format: FORMAT, types: types.collect(), members }
    }

    pub(crate) fn len(&self) -> usize {
        self.types.len()
    }

    /// The file: sorted, a line for each argument.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::from(
            "# The schema of every task and configuration, written by `xpm lock` of this program. Commit it: `xpm lock --check`\n\
             # then tells which edits would change the identity of finished jobs.\n",
        );
        let _ = writeln!(out, "format = {}", self.format);
        for (id, ty) in &self.types {
            let table = format!("types.{}", quoted(id));
            let _ = writeln!(out, "\n[{table}]\nkind = {}", quoted(&ty.kind));
            if let Some(version) = ty.version {
                let _ = writeln!(out, "version = {version}");
            }
            if let Some(by) = &ty.deprecated {
                let _ = writeln!(out, "deprecated = {}", quoted(by));
            }
            if !ty.args.is_empty() {
                let _ = writeln!(out, "[{table}.args]");
                arguments(&mut out, &ty.args);
            }
            for (name, args) in &ty.variants {
                let _ = writeln!(out, "[{table}.variants.{}]", key(name));
                arguments(&mut out, args);
            }
        }
        out
    }
}

fn arguments(out: &mut String, args: &BTreeMap<String, LockedArg>) {
    for (name, arg) in args {
        let mut line = format!("{} = {{ type = {}", key(name), quoted(&arg.ty));
        if let Some(default) = &arg.default {
            line.push_str(&format!(", default = {}", quoted(default)));
        }
        if let Some(id) = &arg.id {
            line.push_str(&format!(", id = {}", quoted(id)));
        }
        if let Some(file) = &arg.file {
            line.push_str(&format!(", file = {}", quoted(file)));
        }
        if arg.ignore_default {
            line.push_str(", ignore_default = true");
        }
        if arg.left_out {
            line.push_str(", left_out = true");
        }
        let _ = writeln!(out, "{line} }}");
    }
}

/// A string as TOML has it; JSON's form is one, but for one character.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { name.to_owned() } else { quoted(name) }
}

impl LockedType {
    fn of(schema: &'static TypeSchema, registry: &Registry) -> Self {
        let kind = match schema.kind() {
            TypeKind::Task => "task",
            TypeKind::Config => "config",
            TypeKind::Family => "family",
        };
        let variants = schema.variants().iter();
        Self {
            kind: kind.to_owned(),
            renamed_from: schema.older_ids().iter().map(|id| (*id).to_owned()).collect(),
            version: schema.version(),
            deprecated: registry.replaced(schema.id()).map(|replaced| (replaced.by)().id().to_owned()),
            args: if schema.variants().is_empty() { locked(schema.arguments(None)) } else { BTreeMap::new() },
            variants: variants.map(|variant| (variant.name.to_owned(), locked(variant.arguments()))).collect(),
        }
    }
}

/// Finds the open families of which values are in a value of this type.
fn families_in(ty: &Type, found: &mut Vec<FamilyType>) {
    match ty {
        Type::Family(family) => found.push(*family),
        Type::Option(item) | Type::List(item) | Type::Set(item) => families_in(item, found),
        Type::Map(key, value) => [key, value].into_iter().for_each(|item| families_in(item, found)),
        Type::Tuple(items) => items.iter().for_each(|item| families_in(item, found)),
        _ => {}
    }
}

fn locked(args: &ArgList) -> BTreeMap<String, LockedArg> {
    let args = args.iter().map(|arg| {
        let locked = LockedArg {
            ty: arg.ty.to_string(),
            renamed_from: arg.renamed_from.iter().map(|name| (*name).to_owned()).collect(),
            default: arg.has_default().then(|| json::of(&arg.initial()).to_string()),
            id: (arg.identity_name != arg.name).then(|| arg.identity_name.to_owned()),
            file: match arg.role {
                Role::JobPath(name) => Some(name.to_owned()),
                _ => None,
            },
            ignore_default: arg.ignore_default,
            left_out: arg.role != Role::Argument || arg.ty.is_path(),
        };
        (arg.name.to_owned(), locked)
    });
    args.collect()
}

#[cfg(test)]
mod tests;
