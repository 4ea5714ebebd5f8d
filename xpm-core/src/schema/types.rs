//! The types that arguments have, as data: for the identity's rules, for help and for the lock file.

use std::any::TypeId;
use std::fmt;

use super::TypeSchema;

/// An open family as data.
#[derive(Clone, Copy, Debug)]
pub struct FamilyType {
    /// The name of its trait.
    pub name: &'static str,
    /// What tells it from a trait of the same name elsewhere: the registry knows its members by it.
    pub id: fn() -> TypeId,
}

/// The type of an argument.
#[derive(Clone)]
#[non_exhaustive]
pub enum Type {
    /// `()`.
    Nothing,
    /// `bool`.
    Bool,
    /// An integer, with its Rust name (widths do not enter the identity).
    Int(&'static str),
    /// `f32` or `f64`.
    Float(&'static str),
    /// `String`.
    Str,
    /// `char`.
    Char,
    /// `Duration`.
    Duration,
    /// `PathBuf`.
    Path,
    /// `Option<_>`.
    Option(Box<Type>),
    /// `Vec<_>` or an array.
    List(Box<Type>),
    /// `BTreeSet<_>` or `HashSet<_>`.
    Set(Box<Type>),
    /// `BTreeMap<_, _>`, `HashMap<_, _>` or `IndexMap<_, _>`.
    Map(Box<Type>, Box<Type>),
    /// A tuple.
    Tuple(Vec<Type>),
    /// A configuration, a task or a closed family; looked up late, since types may contain themselves.
    Config(fn() -> &'static TypeSchema),
    /// An open family.
    Family(FamilyType),
    /// Any serde type, by its Rust name.
    Json(&'static str),
}

impl Type {
    /// A path, or an option, list or set of paths: such an argument is not in the identity.
    pub fn is_path(&self) -> bool {
        match self {
            Type::Path => true,
            Type::Option(item) | Type::List(item) | Type::Set(item) => item.is_path(),
            _ => false,
        }
    }

    /// `Option<_>`.
    pub fn is_option(&self) -> bool {
        matches!(self, Type::Option(_))
    }
}

/// In a user's words: `list of integers (u8)`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Nothing => f.write_str("nothing"),
            Type::Bool => f.write_str("boolean"),
            Type::Int(name) => write!(f, "integer ({name})"),
            Type::Float(name) => write!(f, "float ({name})"),
            Type::Str => f.write_str("string"),
            Type::Char => f.write_str("character"),
            Type::Duration => f.write_str("duration"),
            Type::Path => f.write_str("path"),
            Type::Option(item) => write!(f, "optional {item}"),
            Type::List(item) => write!(f, "list of {item}"),
            Type::Set(item) => write!(f, "set of {item}"),
            Type::Map(key, value) => write!(f, "map from {key} to {value}"),
            Type::Tuple(items) => {
                f.write_str("tuple (")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Type::Config(schema) => f.write_str(schema().id()),
            Type::Family(family) => write!(f, "any {}", family.name),
            Type::Json(name) => write!(f, "JSON ({name})"),
        }
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
