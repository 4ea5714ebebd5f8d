//! The types of arguments as lock files name them.

/// A type, taken apart.
#[derive(Debug, PartialEq)]
pub(super) enum Ty<'t> {
    /// With its Rust name.
    Int(&'t str),
    Float(&'t str),
    Optional(Box<Ty<'t>>),
    List(Box<Ty<'t>>),
    Set(Box<Ty<'t>>),
    Map(Box<Ty<'t>>, Box<Ty<'t>>),
    Tuple(Vec<Ty<'t>>),
    /// Any serde type.
    Json(&'t str),
    /// An open family, by the name of its trait.
    Family(&'t str),
    /// A configuration, or what has a name only: a string.
    Named(&'t str),
}

impl<'t> Ty<'t> {
    /// Reads a type; what was edited by hand into none is a name.
    pub(super) fn of(text: &'t str) -> Self {
        match Self::first(text) {
            Some((ty, "")) => ty,
            _ => Self::Named(text),
        }
    }

    /// The type that a text begins with, and what is behind it.
    fn first(text: &'t str) -> Option<(Self, &'t str)> {
        let one = |rest| Self::first(rest).map(|(ty, rest)| (Box::new(ty), rest));
        if let Some(rest) = text.strip_prefix("optional ") {
            return one(rest).map(|(item, rest)| (Self::Optional(item), rest));
        }
        if let Some(rest) = text.strip_prefix("list of ") {
            return one(rest).map(|(item, rest)| (Self::List(item), rest));
        }
        if let Some(rest) = text.strip_prefix("set of ") {
            return one(rest).map(|(item, rest)| (Self::Set(item), rest));
        }
        if let Some(rest) = text.strip_prefix("map from ") {
            let (key, rest) = one(rest)?;
            let (item, rest) = one(rest.strip_prefix(" to ")?)?;
            return Some((Self::Map(key, item), rest));
        }
        if let Some(rest) = text.strip_prefix("tuple (") {
            return Self::items(rest).map(|(items, rest)| (Self::Tuple(items), rest));
        }
        let named = |before: &str| {
            let rest = text.strip_prefix(before)?;
            let end = closing(rest)?;
            Some((&rest[..end], &rest[end + 1..]))
        };
        if let Some((name, rest)) = named("integer (") {
            return Some((Self::Int(name), rest));
        }
        if let Some((name, rest)) = named("float (") {
            return Some((Self::Float(name), rest));
        }
        if let Some((name, rest)) = named("JSON (") {
            return Some((Self::Json(name), rest));
        }
        let family = text.strip_prefix("any ");
        let text = family.unwrap_or(text);
        let (name, rest) = text.split_at(text.find([' ', ',', ')']).unwrap_or(text.len()));
        Some((if family.is_some() { Self::Family(name) } else { Self::Named(name) }, rest))
    }

    /// The items of a tuple, and what is behind it.
    fn items(mut text: &'t str) -> Option<(Vec<Self>, &'t str)> {
        let mut items = Vec::new();
        loop {
            let (item, rest) = Self::first(text)?;
            items.push(item);
            match rest.strip_prefix(", ") {
                Some(rest) => text = rest,
                None => return rest.strip_prefix(')').map(|rest| (items, rest)),
            }
        }
    }

    /// A path, or what holds nothing else: not in the identity.
    pub(super) fn is_path(&self) -> bool {
        match self {
            Self::Named(name) => *name == "path",
            Self::Optional(item) | Self::List(item) | Self::Set(item) => item.is_path(),
            _ => false,
        }
    }
}

/// Where the parenthesis ends that is open at the beginning.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The Rust name of a type without the modules that it and its parameters are in.
pub(super) fn without_modules(name: &str) -> String {
    let mut out = String::new();
    for part in name.split_inclusive(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))) {
        out.push_str(part.rsplit("::").next().unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_taken_apart() {
        use Ty::{Family, Float, Int, Json, List, Map, Named, Optional, Set, Tuple};
        let boxed = Box::new;
        for (text, ty) in [
            ("integer (u8)", Int("u8")),
            ("optional float (f64)", Optional(boxed(Float("f64")))),
            (
                "map from character to list of any Scorer",
                Map(boxed(Named("character")), boxed(List(boxed(Family("Scorer"))))),
            ),
            (
                "tuple (integer (u8), JSON (a::B<(u8, i8)>), set of a.b)",
                Tuple(vec![Int("u8"), Json("a::B<(u8, i8)>"), Set(boxed(Named("a.b")))]),
            ),
            // No type.
            ("JSON (a::B", Named("JSON (a::B")),
            ("map from a", Named("map from a")),
            ("tuple (a", Named("tuple (a")),
            ("a b", Named("a b")),
        ] {
            assert_eq!(Ty::of(text), ty);
        }
    }

    #[test]
    fn modules_are_no_part_of_a_name() {
        assert_eq!(without_modules("a::b::C<d::E, (f::G, u8)>"), "C<E, (G, u8)>");
    }
}
