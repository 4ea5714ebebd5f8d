//! The registry: every type of this binary, entered at link time and found by id.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::{Family, MemberOf, ReadError, Reader, Replaced};
use crate::ids::{InvalidId, check_type_id};
use crate::schema::{Place, TypeSchema};
use crate::value::{Node, Value};

/// What every type registers.
pub struct Registered {
    /// Its schema.
    pub schema: fn() -> &'static TypeSchema,
    /// Whether a node can be read back as the type, and is valid.
    pub check: CheckConfig,
    /// Whether a value can be read back as the argument with that number.
    pub check_argument: CheckArgument,
}

/// [`Reader::config`], without the result.
pub type CheckConfig = fn(&Arc<Node>, &mut Reader<'_>) -> Result<(), ReadError>;

/// [`ConfigType::check_argument`](super::ConfigType::check_argument).
pub type CheckArgument = fn(usize, &Value, &mut Reader<'_>) -> Result<(), ReadError>;

impl Registered {
    /// What the type `C` registers.
    pub const fn of<C: super::ConfigType>() -> Self {
        Self {
            schema: C::schema,
            check: |node, reader| reader.config::<C>(node).map(drop),
            check_argument: C::check_argument,
        }
    }
}

inventory::collect!(Registered);

/// A member of an open family: what `#[config] impl Family for Type` registers.
pub struct FamilyMember {
    /// The family, `TypeId::of::<dyn Family>`.
    pub family: fn() -> TypeId,
    /// The member's schema.
    pub schema: fn() -> &'static TypeSchema,
    /// Builds the member; the box holds a `Box<dyn Family>`.
    pub read: ReadMember,
}

/// Builds a member of a family from its arguments.
pub type ReadMember = fn(&Arc<Node>, &mut Reader<'_>) -> Result<Box<dyn Any>, ReadError>;

impl FamilyMember {
    /// What makes `C` a member of the family `F`.
    pub const fn of<F: Family + ?Sized, C: MemberOf<F>>(read: ReadMember) -> Self {
        Self { family: TypeId::of::<F>, schema: C::schema, read }
    }

    /// Reads the arguments of a member of `F`.
    ///
    /// # Errors
    /// As [`Reader::config`].
    pub fn read_as<F: Family + ?Sized, C: MemberOf<F>>(
        node: &Arc<Node>,
        reader: &mut Reader<'_>,
    ) -> Result<C, ReadError> {
        reader.config::<C>(node)
    }
}

inventory::collect!(FamilyMember);

/// Why the types of this binary cannot be used together, or why one is not found.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two types share an id.
    #[error(
        "two types have the id `{id}`: {first} ({first_place}) and {second} ({second_place}); \
         give one of them another with #[config(id = \"…\")] or #[task(id = \"…\")]"
    )]
    SameId {
        /// The id.
        id: String,
        /// The one type.
        first: String,
        /// Where it is declared.
        first_place: Place,
        /// The other type.
        second: String,
        /// Where that is declared.
        second_place: Place,
    },
    /// A type says that it had an id before which is that of another type, or which another type had before too.
    #[error(
        "{first} ({first_place}) and {second} ({second_place}) both claim the id `{id}`, with `id` or `renamed_from`: \
         take the one away that is wrong"
    )]
    SameOlderId {
        /// The id.
        id: String,
        /// The one type.
        first: String,
        /// Where it is declared.
        first_place: Place,
        /// The other type.
        second: String,
        /// Where that is declared.
        second_place: Place,
    },
    /// A type's id cannot name a folder.
    #[error("{rust_path} ({place}): {why}")]
    InvalidId {
        /// The type.
        rust_path: String,
        /// Where it is declared.
        place: Place,
        /// What is wrong with the id.
        why: InvalidId,
    },
    /// No such type in this binary.
    #[error("this binary has no {what} with the id `{id}`; it has {}", list_of(.known))]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Its id.
        id: String,
        /// The ids there are.
        known: Vec<String>,
    },
}

fn list_of(ids: &[String]) -> String {
    if ids.is_empty() { "none at all".to_owned() } else { ids.join(", ") }
}

/// Two types and where they are declared, always in the same order.
fn both(one: &'static TypeSchema, other: &'static TypeSchema) -> [(String, Place); 2] {
    let mut both = [one, other];
    both.sort_by_key(|schema| (schema.place().file, schema.place().line));
    both.map(|schema| (schema.rust_path().to_owned(), schema.place()))
}

/// The types of this binary.
pub struct Registry {
    by_id: HashMap<&'static str, &'static Registered>,
    members: HashMap<(TypeId, &'static str), &'static FamilyMember>,
    /// By the ids that types had before.
    older: HashMap<&'static str, &'static Registered>,
    /// By the ids of deprecated types.
    replaced: HashMap<&'static str, &'static Replaced>,
}

impl Registry {
    /// The registry, checked when first asked for.
    ///
    /// # Errors
    /// If two types have one id, or an id cannot name a folder.
    pub fn get() -> Result<&'static Registry, RegistryError> {
        static REGISTRY: OnceLock<Result<Registry, RegistryError>> = OnceLock::new();
        REGISTRY.get_or_init(|| Registry::of(inventory::iter::<Registered>.into_iter())).as_ref().map_err(Clone::clone)
    }

    /// A registry of these types.
    fn of(entries: impl Iterator<Item = &'static Registered> + Clone) -> Result<Self, RegistryError> {
        let mut by_id: HashMap<&'static str, &'static Registered> = HashMap::new();
        for entry in entries.clone() {
            let schema = (entry.schema)();
            check_type_id(schema.id()).map_err(|why| RegistryError::InvalidId {
                rust_path: schema.rust_path().to_owned(),
                place: schema.place(),
                why,
            })?;
            if let Some(other) = by_id.insert(schema.id(), entry) {
                let [(first, first_place), (second, second_place)] = both((other.schema)(), schema);
                return Err(RegistryError::SameId {
                    id: schema.id().to_owned(),
                    first,
                    first_place,
                    second,
                    second_place,
                });
            }
        }
        let mut older: HashMap<&'static str, &'static Registered> = HashMap::new();
        for entry in entries {
            let schema = (entry.schema)();
            for id in schema.older_ids() {
                if let Some(other) = by_id.get(id).copied().or(older.insert(id, entry)) {
                    let [(first, first_place), (second, second_place)] = both((other.schema)(), schema);
                    let id = (*id).to_owned();
                    return Err(RegistryError::SameOlderId { id, first, first_place, second, second_place });
                }
            }
        }
        let members = inventory::iter::<FamilyMember>
            .into_iter()
            .map(|member| (((member.family)(), (member.schema)().id()), member))
            .collect();
        let replaced = inventory::iter::<Replaced>.into_iter().map(|entry| ((entry.schema)().id(), entry)).collect();
        Ok(Self { by_id, members, older, replaced })
    }

    /// The schema with this id.
    ///
    /// # Errors
    /// If there is none; lists the ids there are.
    pub fn schema(&self, id: &str) -> Result<&'static TypeSchema, RegistryError> {
        self.entry(id).map(|entry| (entry.schema)())
    }

    /// What the type with this id has registered.
    ///
    /// # Errors
    /// As [`Self::schema`].
    pub fn entry(&self, id: &str) -> Result<&'static Registered, RegistryError> {
        self.by_id.get(id).copied().ok_or_else(|| self.unknown("type", id, |_| true))
    }

    /// What the type has registered that has this id, or had it before.
    ///
    /// # Errors
    /// As [`Self::schema`].
    pub(crate) fn entry_or_older(&self, id: &str) -> Result<&'static Registered, RegistryError> {
        self.older.get(id).copied().map_or_else(|| self.entry(id), Ok)
    }

    /// The type that has taken the place of the type with this id.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "for `myexp xpm migrate`"))]
    pub(crate) fn replaced(&self, id: &str) -> Option<&'static Replaced> {
        self.replaced.get(id).copied()
    }

    /// The members of an open family, in order of id.
    pub fn members(&self, family: TypeId) -> Vec<&'static TypeSchema> {
        let of_family = self.members.iter().filter(|((of, _), _)| *of == family);
        let mut schemas: Vec<_> = of_family.map(|(_, member)| (member.schema)()).collect();
        schemas.sort_by_key(|schema| schema.id());
        schemas
    }

    /// Every schema, in order of id.
    pub fn schemas(&self) -> Vec<&'static TypeSchema> {
        let mut schemas: Vec<_> = self.by_id.values().map(|entry| (entry.schema)()).collect();
        schemas.sort_by_key(|schema| schema.id());
        schemas
    }

    /// How `schema` is built as a member of `family`.
    pub(crate) fn member(&self, family: TypeId, schema: &'static TypeSchema) -> Option<&'static FamilyMember> {
        self.members.get(&(family, schema.id())).copied()
    }

    /// The error that says which ids there are, of the types that `which` picks.
    pub(crate) fn unknown(&self, what: &'static str, id: &str, which: impl Fn(&TypeSchema) -> bool) -> RegistryError {
        let known = self.schemas().into_iter().filter(|s| which(s)).map(|s| s.id().to_owned()).collect();
        RegistryError::Unknown { what, id: id.to_owned(), known }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_id.keys()).finish()
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.schema)().id())
    }
}

impl fmt::Debug for FamilyMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.schema)().id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::TypeKind;

    /// The schema of a type `name` with the id `test.name`, which had these ids before.
    macro_rules! registered {
        ($name:literal, $older:expr) => {
            &Registered {
                schema: || {
                    static SCHEMA: OnceLock<TypeSchema> = OnceLock::new();
                    let place = Place { file: "lib.rs", line: 7 };
                    SCHEMA.get_or_init(|| TypeSchema::new(TypeKind::Config, "test", $name, place).renamed_from(&$older))
                },
                check: |_, _| Ok(()),
                check_argument: |_, _, _| Ok(()),
            }
        };
    }

    #[test]
    fn a_type_is_found_by_the_ids_that_it_had() {
        static NEW: &Registered = registered!("new", ["test.old", "test.older"]);
        static OTHER: &Registered = registered!("other", []);
        let registry = Registry::of([NEW, OTHER].into_iter()).unwrap();
        for id in ["test.old", "test.older", "test.new"] {
            assert_eq!((registry.entry_or_older(id).unwrap().schema)().id(), "test.new");
        }
        assert!(registry.entry("test.old").is_err() && registry.entry_or_older("test.oldest").is_err());
    }

    #[test]
    fn two_types_cannot_claim_one_id() {
        static ONE: &Registered = registered!("one", ["test.old"]);
        static TWO: &Registered = registered!("two", ["test.old"]);
        static THREE: &Registered = registered!("three", ["test.one"]);
        for (others, id) in [([ONE, TWO], "test.old"), ([THREE, ONE], "test.one"), ([ONE, THREE], "test.one")] {
            let error = Registry::of(others.into_iter()).unwrap_err().to_string();
            assert!(error.contains(&format!("both claim the id `{id}`")), "{error}");
            assert!(error.contains("test::one (lib.rs:7)"), "{error}");
        }
    }
}
