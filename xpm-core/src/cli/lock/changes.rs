//! What differs between two locks, what that does to identities, and what avoids it.

use std::collections::BTreeMap;

use super::argument::Pair;
use super::relation::Relation;
use super::types::Ty;
use super::{Lock, LockedArg, LockedType};

/// One difference.
#[derive(Debug)]
pub(crate) struct Change {
    /// Where: `ir.bm25.k1`.
    pub(crate) at: String,
    pub(crate) what: String,
    /// Which jobs get another identity, or lose a file; none if it is harmless.
    pub(crate) moves: Option<Moves>,
    /// What more is to be said of the effect.
    pub(crate) note: &'static str,
    pub(crate) fix: String,
}

/// The jobs with a configuration of a type among their arguments, and those that depend on them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves {
    pub(crate) type_id: String,
    /// Of this variant only.
    pub(crate) variant: Option<String>,
    /// Only where the argument has this value (`true`), or another one (`false`), as JSON.
    pub(crate) value: Option<(String, String, bool)>,
    /// Only where this argument has a number that no `f32` is.
    pub(crate) too_fine: Option<String>,
    /// Not their identity changes, but the name under which a file of theirs is looked for.
    pub(crate) file: bool,
}

/// What is said of a change that the types declare.
pub(super) const DECLARED: &str = "; `migrate` of this program makes them found again";

/// What differs, in order of type.
pub(crate) fn compare(old: &Lock, new: &Lock) -> Vec<Change> {
    let renamed =
        new.types.iter().flat_map(|(id, is)| is.renamed_from.iter().map(move |was| (was.clone(), id.clone())));
    let mut found = Changes { renamed: renamed.collect(), old, new, found: Vec::new() };
    let added: Vec<_> = new.types.iter().filter(|(id, _)| !old.types.contains_key(*id)).collect();
    for (id, was) in &old.types {
        let renamed = || added.iter().find(|(_, is)| is.renamed_from.contains(id));
        match new.types.get(id) {
            Some(is) => found.ty(id, was, is),
            None if let Some((now, is)) = renamed() => {
                let what = format!("it is `{now}` now, as `renamed_from` says");
                let fix = format!("write `id = \"{id}\"` instead of `renamed_from`");
                found.moves(id.clone(), what, Moves::of(id), DECLARED, fix);
                found.ty(id, was, is);
            }
            None => {
                let twin = added.iter().find(|(_, is)| *is == was).map(|(id, _)| id.as_str());
                let fix = match twin {
                    Some(twin) => {
                        format!(
                            "`{twin}` has the same arguments: if it is the same type, give it `id = \"{id}\"`, or \
                             `renamed_from = \"{id}\"` and run `migrate`"
                        )
                    }
                    None => format!("keep the type; if it is another one now, give that `id = \"{id}\"`"),
                };
                let note = "; they stay on disk, and are not found again";
                found.moves(id.clone(), "the type is gone".to_owned(), Moves::of(id), note, fix);
            }
        }
    }
    for (id, is) in added {
        if !is.renamed_from.iter().any(|before| old.types.contains_key(before)) {
            found.harmless(id.clone(), "a new type".to_owned());
        }
    }
    found.found
}

pub(super) struct Changes<'l> {
    found: Vec<Change>,
    /// The ids of types by those that they had before.
    pub(super) renamed: BTreeMap<String, String>,
    pub(super) old: &'l Lock,
    pub(super) new: &'l Lock,
}

impl Moves {
    fn of(id: &str) -> Self {
        Self { type_id: id.to_owned(), ..Self::default() }
    }

    pub(super) fn with(&self, argument: &str, value: &str, equal: bool) -> Self {
        Self { value: Some((argument.to_owned(), value.to_owned(), equal)), ..self.clone() }
    }
}

impl Changes<'_> {
    pub(super) fn harmless(&mut self, at: String, what: String) {
        self.found.push(Change { at, what, moves: None, note: "", fix: String::new() });
    }

    pub(super) fn moves(&mut self, at: String, what: String, moves: Moves, note: &'static str, fix: String) {
        self.found.push(Change { at, what, moves: Some(moves), note, fix });
    }

    fn ty(&mut self, id: &str, was: &LockedType, is: &LockedType) {
        let all = Moves::of(id);
        if (was.kind == "family") != (is.kind == "family") {
            let what = format!("it was a {}, and is a {} now", was.kind, is.kind);
            let fix = format!("keep `{id}` a {}, and give the new type another id", was.kind);
            return self.moves(id.to_owned(), what, all, "", fix);
        }
        if was.kind != is.kind {
            self.harmless(id.to_owned(), format!("it was a {}, and is a {} now", was.kind, is.kind));
        }
        if was.version != is.version {
            let shown = |version: Option<u64>| version.map_or_else(|| "none".to_owned(), |version| version.to_string());
            let what = format!("the version was {}, and is {} now", shown(was.version), shown(is.version));
            let fix = match was.version {
                Some(version) => format!("write `version = {version}` again, unless the code's meaning has changed"),
                None => "take `version` away, unless the code's meaning has changed".to_owned(),
            };
            self.moves(id.to_owned(), what, all.clone(), "", fix);
        }
        self.deprecation(id, was, is);
        self.arguments(id, &all, &was.args, &is.args);
        for (name, args) in &was.variants {
            let (at, of_variant) = (format!("{id}::{name}"), Moves { variant: Some(name.clone()), ..all.clone() });
            match is.variants.get(name) {
                Some(now) => self.arguments(&at, &of_variant, args, now),
                None => {
                    let what = "the variant is gone or has another name".to_owned();
                    let fix = format!("keep the variant `{name}`: its name is in the identity");
                    self.moves(at, what, of_variant, "", fix);
                }
            }
        }
        for name in is.variants.keys().filter(|name| !was.variants.contains_key(*name)) {
            self.harmless(format!("{id}::{name}"), "a new variant".to_owned());
        }
    }

    /// Another type has taken its place.
    fn deprecation(&mut self, id: &str, was: &LockedType, is: &LockedType) {
        match (&was.deprecated, &is.deprecated) {
            (None, Some(now)) => {
                let what = format!("`{now}` has taken its place, as `deprecated` says");
                let note =
                    " in plans that use what has taken its place; `migrate` of this program makes them found again";
                let fix = format!("keep `{id}` in plans: they find its jobs as before");
                self.moves(id.to_owned(), what, Moves::of(id), note, fix);
            }
            (Some(was), Some(now)) if was != now => {
                self.harmless(id.to_owned(), format!("`{now}` has taken its place, and not `{was}`"));
            }
            (Some(_), None) => self.harmless(id.to_owned(), "it is not `deprecated` any more".to_owned()),
            _ => {}
        }
    }

    fn arguments(
        &mut self,
        of: &str,
        all: &Moves,
        was: &BTreeMap<String, LockedArg>,
        is: &BTreeMap<String, LockedArg>,
    ) {
        // An argument is the same one if it has the same name in the identity.
        let by_id = |args: &BTreeMap<String, LockedArg>| -> BTreeMap<String, (String, LockedArg)> {
            args.iter().map(|(name, arg)| (arg.identity_name(name), (name.clone(), arg.clone()))).collect()
        };
        let (was, is) = (by_id(was), by_id(is));
        let added: Vec<_> = is.iter().filter(|(id, _)| !was.contains_key(*id)).collect();
        let mut renamed = Vec::new();
        for (id, (name, old)) in &was {
            let at = format!("{of}.{name}");
            if let Some((now, new)) = is.get(id) {
                if now != name {
                    self.harmless(at.clone(), format!("it is called `{now}` now, and `{id}` in the identity"));
                }
                self.argument(&Pair { at: &at, name, all, old, new });
                continue;
            }
            let declared = added.iter().find(|(_, (_, new))| new.renamed_from.contains(name));
            if let Some((new_id, (now, new))) = declared {
                renamed.push((*new_id).clone());
                let what = format!("it is called `{now}` now, as `renamed_from` says");
                if old.left_out && new.left_out {
                    self.harmless(at.clone(), what);
                } else {
                    let fix = format!("write `#[param(id = \"{id}\")]` instead of `renamed_from`");
                    self.moves(at.clone(), what, all.clone(), DECLARED, fix);
                }
                self.argument(&Pair { at: &at, name, all, old, new });
                continue;
            }
            let twin = added.iter().find(|(new_id, (_, new))| {
                !renamed.contains(*new_id)
                    && new.renamed_from.is_empty()
                    && self.relation(&Ty::of(&old.ty), &Ty::of(&new.ty)) == Relation::Same
                    && new.default == old.default
            });
            if let Some((new_id, (now, new))) = twin {
                renamed.push((*new_id).clone());
                let what = format!("the argument is gone, and `{now}` of the same type is new");
                if old.left_out && new.left_out {
                    self.harmless(at, what);
                } else {
                    let fix = format!(
                        "if it was renamed, write `#[param(id = \"{id}\")]` on `{now}`, or `#[param(renamed_from = \
                         \"{name}\")]` and run `migrate`"
                    );
                    self.moves(at, what, all.clone(), "", fix);
                }
            } else if old.left_out {
                self.harmless(at, "the argument is gone; it was not in the identity".to_owned());
            } else {
                let (moves, what) = match (&old.default, old.ignore_default) {
                    (Some(default), true) => (
                        all.with(name, default, false),
                        "the argument is gone; it was in the identity unless at its default",
                    ),
                    _ if matches!(Ty::of(&old.ty), Ty::Optional(_)) => (
                        all.with(name, "null", false),
                        "the argument is gone; it was in the identity where it was given",
                    ),
                    _ => (all.clone(), "the argument is gone"),
                };
                let fix = "keep the argument, even if nothing reads it any more".to_owned();
                self.moves(at, what.to_owned(), moves, "", fix);
            }
        }
        for (id, (name, new)) in added {
            if renamed.contains(id) {
                continue;
            }
            let at = format!("{of}.{name}");
            if new.left_out {
                self.harmless(at, "a new argument, not in the identity".to_owned());
            } else if new.ignore_default {
                self.harmless(at, "a new argument, not in the identity at its default".to_owned());
            } else if new.default.is_none() && new.ty.starts_with("optional ") {
                self.harmless(at, "a new optional argument, not in the identity unless it is given".to_owned());
            } else if new.default.is_some() {
                let what = "a new argument, in the identity also at its default".to_owned();
                self.moves(at, what, all.clone(), "", new.ignoring_default());
            } else {
                let fix =
                    "give it the value that finished jobs had as a default, `#[param(default = …, ignore_default)]`, \
                           make it an `Option`, or write `#[param(ignored)]` if it changes no result"
                        .to_owned();
                self.moves(at, "a new required argument".to_owned(), all.clone(), "", fix);
            }
        }
    }
}

impl Changes<'_> {
    /// A type of before, with the names that its parts have today.
    pub(super) fn today(&self, ty: &str) -> String {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
        let mut out = String::new();
        for part in ty.split_inclusive(|c| !is_name(c)) {
            let name = part.trim_end_matches(|c| !is_name(c));
            out.push_str(self.renamed.get(name).map_or(name, String::as_str));
            out.push_str(&part[name.len()..]);
        }
        out
    }
}

impl LockedArg {
    /// The name that enters the identity.
    pub(super) fn identity_name(&self, name: &str) -> String {
        self.id.clone().unwrap_or_else(|| name.to_owned())
    }
}
