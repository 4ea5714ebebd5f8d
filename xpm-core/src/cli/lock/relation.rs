//! How the types that an argument had and has are related in the identity.

use super::changes::Changes;
use super::types::{Ty, without_modules};

/// The further down, the worse: of parts, the worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    /// Values have one identity.
    Same,
    /// A type took the place of another one, as `deprecated` says.
    Replaced,
    /// Values have one identity if an `f32` is what they are.
    Narrower,
    /// Values have one identity if they look the same as JSON.
    Json,
    Other,
}

impl Changes<'_> {
    /// Compares a type of before with one of today; a value in an option is the value. Integers that do not fit any more cannot be
    /// given to plans; floats are made others.
    pub(super) fn relation(&self, was: &Ty<'_>, is: &Ty<'_>) -> Relation {
        match (was, is) {
            (Ty::Optional(was), is) => self.relation(was, is),
            (was, Ty::Optional(is)) => self.relation(was, is),
            (Ty::Float(was), Ty::Float("f32")) if *was != "f32" => Relation::Narrower,
            (Ty::Int(_), Ty::Int(_)) | (Ty::Float(_), Ty::Float(_)) => Relation::Same,
            (Ty::List(was), Ty::List(is)) | (Ty::Set(was), Ty::Set(is)) => self.relation(was, is),
            (Ty::Map(key, was), Ty::Map(key_is, is)) => self.relation(key, key_is).max(self.relation(was, is)),
            (Ty::Tuple(was), Ty::Tuple(is)) if was.len() == is.len() => {
                let parts = was.iter().zip(is).map(|(was, is)| self.relation(was, is));
                parts.max().unwrap_or(Relation::Same)
            }
            // Nobody knows what a serde type looks like; it is the same one if it was moved.
            (Ty::Json(was), Ty::Json(is)) if without_modules(was) == without_modules(is) => Relation::Same,
            (Ty::Json(_), Ty::Json(_)) => Relation::Json,
            (Ty::Family(was), Ty::Family(is)) => self.families(was, is),
            (Ty::Named(was), is) => self.named(self.renamed.get(*was).map_or(was, String::as_str), is),
            _ => Relation::Other,
        }
    }

    /// The trait is in no identity, but a member of the one has to be one of the other, unless the trait was renamed.
    fn families(&self, was: &str, is: &str) -> Relation {
        let members = |name: &str| self.new.members.get(name);
        match (members(was), members(is)) {
            _ if was == is => Relation::Same,
            (Some(was), Some(is)) if !was.is_subset(is) => Relation::Other,
            _ => Relation::Same,
        }
    }

    /// A type by its id of today, or a string.
    fn named(&self, was: &str, is: &Ty<'_>) -> Relation {
        let is_now = |was: &str| match is {
            Ty::Named(is) => was == *is || [was, is].iter().all(|name| matches!(*name, "string" | "character")),
            Ty::Family(family) => self.new.members.get(family).is_some_and(|members| members.contains(was)),
            _ => false,
        };
        if is_now(was) {
            return Relation::Same;
        }
        let next = |id: &&str| self.new.types.get(*id).and_then(|ty| ty.deprecated.as_deref());
        // Types that stand for each other in a circle are told by `migrate`.
        let mut replaced = std::iter::successors(next(&was), next).take(self.new.types.len());
        if replaced.any(is_now) { Relation::Replaced } else { Relation::Other }
    }
}
