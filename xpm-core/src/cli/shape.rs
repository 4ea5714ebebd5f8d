//! How a type appears on a command line: as one flag, as the flags of its arguments, or as a choice.

use std::sync::Arc;

use crate::config::Registry;
use crate::ids::JobKey;
use crate::schema::{ArgList, Type, TypeKind, TypeSchema};
use crate::value::{JobRef, KeptTags, Node, Value};

/// How a type appears.
pub(crate) enum Shape {
    /// One flag.
    Leaf,
    /// A flag for each argument.
    Struct(&'static TypeSchema),
    /// A flag that chooses, and flags for the arguments of what is chosen.
    Choice(Vec<Alternative>),
    /// A finished job of a task, by its name.
    Job(&'static TypeSchema),
}

/// One variant of a closed family, or one member of an open one.
#[derive(Clone, Debug)]
pub(crate) struct Alternative {
    /// How it is chosen.
    pub(crate) name: String,
    /// How else.
    pub(crate) aliases: Vec<String>,
    pub(crate) help: &'static str,
    pub(crate) schema: &'static TypeSchema,
    pub(crate) variant: Option<usize>,
}

impl Alternative {
    pub(crate) fn arguments(&self) -> &'static ArgList {
        self.schema.arguments(self.variant)
    }

    pub(crate) fn is_named(&self, text: &str) -> bool {
        self.name == text || self.aliases.iter().any(|alias| alias == text)
    }

    /// Whether `node` is of it.
    pub(crate) fn is_of(&self, node: &Node) -> bool {
        std::ptr::eq(node.schema(), self.schema) && node.variant() == self.variant
    }
}

/// How `ty` appears.
pub(crate) fn shape(ty: &Type) -> Shape {
    match ty {
        Type::Config(schema) => match schema().kind() {
            TypeKind::Config => Shape::Struct(schema()),
            TypeKind::Task => Shape::Job(schema()),
            TypeKind::Family => Shape::Choice(variants(schema())),
        },
        Type::Family(family) => {
            let members = Registry::get().map(|registry| registry.members((family.id)())).unwrap_or_default();
            Shape::Choice(members_of(&members))
        }
        _ => Shape::Leaf,
    }
}

/// What an `Option` holds; any other type itself.
pub(super) fn inside(ty: &Type) -> &Type {
    match ty {
        Type::Option(item) => item,
        other => other,
    }
}

/// The variants of a closed family, `HuberLoss` as `huber-loss`.
pub(crate) fn variants(schema: &'static TypeSchema) -> Vec<Alternative> {
    let names: Vec<_> = schema.variants().iter().map(|variant| kebab(variant.name)).collect();
    let variants = schema.variants().iter().enumerate().map(|(index, variant)| {
        let unique = names.iter().filter(|name| **name == names[index]).count() == 1;
        let own = variant.name.to_owned();
        let (name, mut aliases) = match unique {
            true => (names[index].clone(), vec![own, names[index].replace('-', "_")]),
            false => (own, Vec::new()),
        };
        aliases.retain(|alias| *alias != name);
        aliases.dedup();
        Alternative { name, aliases, help: variant.help, schema, variant: Some(index) }
    });
    variants.collect()
}

/// The members of an open family by their ids, and by the last parts of their ids where these differ.
fn members_of(members: &[&'static TypeSchema]) -> Vec<Alternative> {
    let last = |schema: &TypeSchema| schema.id().rsplit('.').next().unwrap_or_default().to_owned();
    let members_iter = members.iter().map(|schema| {
        let short = last(schema);
        let unique = members.iter().filter(|other| last(other) == short).count() == 1;
        let mut aliases = if unique { vec![kebab(&short), short] } else { Vec::new() };
        aliases.retain(|alias| alias != schema.id() && !members.iter().any(|other| other.id() == alias));
        aliases.dedup();
        Alternative { name: schema.id().to_owned(), aliases, help: schema.help(), schema, variant: None }
    });
    members_iter.collect()
}

/// `HTTPGet` and `http_get` as `http-get`.
pub(crate) fn kebab(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let begins_word = c.is_uppercase()
            && i > 0
            && chars[i - 1] != '_'
            && (!chars[i - 1].is_uppercase() || chars.get(i + 1).is_some_and(|next| next.is_lowercase()));
        if begins_word {
            out.push('-');
        }
        if c == '_' { out.push('-') } else { out.extend(c.to_lowercase()) }
    }
    out
}

/// A job of the task, by `task/identity` or its identity alone.
pub(super) fn job_of(schema: &TypeSchema, text: &str) -> Result<Value, String> {
    let identity = match text.rsplit_once('/') {
        Some((task, identity)) if task == schema.id() => identity,
        Some((task, _)) => return Err(format!("expected a job of {}, found one of {task}", schema.id())),
        None => text,
    };
    match identity.parse() {
        Ok(identity) => {
            let key = JobKey { task: schema.id().into(), identity };
            Ok(Value::Job(Arc::new(JobRef { key, tags: KeptTags::default() })))
        }
        Err(_) => Err(format!(
            "expected a finished job of {}: its identity, 64 hexadecimal digits, as in the name of its folder",
            schema.id()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::kebab;

    #[test]
    fn names_of_flags_have_dashes() {
        for (name, flag) in [
            ("Huber", "huber"),
            ("HuberLoss", "huber-loss"),
            ("HTTPGet", "http-get"),
            ("max_depth", "max-depth"),
            ("L2", "l2"),
            ("Already_Snake", "already-snake"),
        ] {
            assert_eq!(kebab(name), flag);
        }
    }
}
