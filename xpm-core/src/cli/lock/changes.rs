//! What differs between two locks, what that does to identities, and what avoids it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Lock, LockedArg, LockedType};

/// One difference.
#[derive(Debug)]
pub(crate) struct Change {
    /// Where: `ir.bm25.k1`.
    pub(crate) at: String,
    pub(crate) what: String,
    /// Which jobs get another identity; none if it is harmless.
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
}

/// What is said of a change that the types declare.
const DECLARED: &str = "; `migrate` of this program makes them found again";

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

struct Changes<'l> {
    found: Vec<Change>,
    /// The ids of types by those that they had before.
    renamed: BTreeMap<String, String>,
    old: &'l Lock,
    new: &'l Lock,
}

impl Moves {
    fn of(id: &str) -> Self {
        Self { type_id: id.to_owned(), ..Self::default() }
    }

    fn with(&self, argument: &str, value: &str, equal: bool) -> Self {
        Self { value: Some((argument.to_owned(), value.to_owned(), equal)), ..self.clone() }
    }
}

impl Changes<'_> {
    fn harmless(&mut self, at: String, what: String) {
        self.found.push(Change { at, what, moves: None, note: "", fix: String::new() });
    }

    fn moves(&mut self, at: String, what: String, moves: Moves, note: &'static str, fix: String) {
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
                self.argument(&at, name, all, old, new);
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
                self.argument(&at, name, all, old, new);
                continue;
            }
            let twin = added.iter().find(|(new_id, (_, new))| {
                !renamed.contains(*new_id)
                    && new.renamed_from.is_empty()
                    && class(&new.ty) == class(&self.today(&old.ty))
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
            } else if let Some(default) = &new.default {
                let fix = format!("write `#[param(default = {default}, ignore_default)]`");
                self.moves(at, "a new argument, in the identity also at its default".to_owned(), all.clone(), "", fix);
            } else {
                let fix =
                    "give it the value that finished jobs had as a default, `#[param(default = …, ignore_default)]`, \
                           make it an `Option`, or write `#[param(ignored)]` if it changes no result"
                        .to_owned();
                self.moves(at, "a new required argument".to_owned(), all.clone(), "", fix);
            }
        }
    }

    fn argument(&mut self, at: &str, name: &str, all: &Moves, old: &LockedArg, new: &LockedArg) {
        let at = || at.to_owned();
        if old.left_out != new.left_out {
            let (what, fix) = match new.left_out {
                true => ("it is not in the identity any more", "take `ignored` away, and keep the type"),
                false => ("it was not in the identity, and is now", "write `#[param(ignored)]`, or keep the path type"),
            };
            return self.moves(at(), what.to_owned(), all.clone(), "", fix.to_owned());
        }
        if old.left_out {
            if old != new {
                self.harmless(at(), "it has changed, and is not in the identity".to_owned());
            }
            return;
        }
        let was_ty = self.today(&old.ty);
        if !self.is_same_class(&was_ty, &new.ty) {
            let what = format!("the type was {}, and is {} now", old.ty, new.ty);
            let fix = format!("keep the type ({}); for another meaning, add an argument with a new name", old.ty);
            self.moves(at(), what, all.clone(), "", fix);
        } else if old.ty.starts_with("optional ") && !new.ty.starts_with("optional ") {
            let what = format!("the type was {}, and is {} now", old.ty, new.ty);
            self.moves(at(), what, all.with(name, "null", true), "", "keep the `Option`".to_owned());
        } else if was_ty != new.ty {
            self.harmless(at(), format!("the type was {}, and is {} now: the same in the identity", old.ty, new.ty));
        }
        let defaults = (self.plain(&old.default, self.old), self.plain(&new.default, self.new));
        if old.default != new.default && defaults.0 == defaults.1 {
            self.harmless(at(), "the default has changed, and is the same in the identity".to_owned());
        }
        match (old.ignore_default, new.ignore_default, &defaults.0, &defaults.1) {
            (false, true, was, Some(default)) => {
                if was.is_none() && old.ty.starts_with("optional ") {
                    let what = format!("`None` was not in the identity, and its default {default} is not now");
                    let note = "; worse, results without a value would be taken for those of the default";
                    let fix = "take the default away, or raise the type's `version`".to_owned();
                    self.moves(at(), what, all.with(name, "null", true), note, fix);
                }
                let what = "`ignore_default` is new: at its default it is not in the identity any more".to_owned();
                self.moves(at(), what, all.with(name, default, true), "", "take `ignore_default` away".to_owned());
            }
            (true, false, Some(default), _) => {
                let what = "`ignore_default` is gone: it is in the identity at its default too".to_owned();
                self.moves(at(), what, all.with(name, default, true), "", "write `ignore_default` again".to_owned());
            }
            (true, true, Some(was), Some(is)) if was != is => {
                let what = format!("the default was {was}, and is {is} now, with `ignore_default`");
                let note = "; worse, results of the old default would be taken for those of the new one";
                let fix =
                    format!("keep `default = {was}` and set the new value in plans, or raise the type's `version`");
                self.moves(at(), what, all.with(name, was, true), note, fix);
            }
            (false, false, Some(was), Some(is)) if was != is => {
                let what = format!("the default was {was}, and is {is} now");
                let note = " for plans that leave it at its default: they would run again";
                let fix = format!("keep `default = {was}` and set the new value in plans");
                self.moves(at(), what, all.with(name, was, true), note, fix);
            }
            (_, _, Some(was), None) if old.ty.starts_with("optional ") => {
                let what = format!("it has no default any more; it was {was}: `None` is not in the identity now");
                let fix = format!("keep `default = {was}`");
                self.moves(at(), what, all.with(name, "null", true), "", fix);
            }
            (_, _, Some(was), None) => {
                self.harmless(at(), format!("it has no default any more; it was {was}, and plans set it now"));
            }
            (_, _, None, Some(is)) if !new.ignore_default => {
                let moves = old.ty.starts_with("optional ").then(|| all.with(name, "null", true));
                let what = format!("it has the default {is} now");
                match moves {
                    Some(moves) => {
                        let fix = "take the default away: `None` with a default is in the identity".to_owned();
                        self.moves(at(), what, moves, "", fix);
                    }
                    None => self.harmless(at(), what),
                }
            }
            _ => {}
        }
    }
}

impl Changes<'_> {
    /// A type of before, with the names that its parts have today.
    fn today(&self, ty: &str) -> String {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
        let mut out = String::new();
        for part in ty.split_inclusive(|c| !is_name(c)) {
            let name = part.trim_end_matches(|c| !is_name(c));
            out.push_str(self.renamed.get(name).map_or(name, String::as_str));
            out.push_str(&part[name.len()..]);
        }
        out
    }

    /// Whether values of the two types have one identity. A member of an open family has it in that too.
    fn is_same_class(&self, was: &str, is: &str) -> bool {
        let parts = |ty: &str| -> Vec<String> {
            class(ty).replace("any ", "any·").split([' ', ',', '(', ')']).map(str::to_owned).collect()
        };
        let (was, is) = (parts(was), parts(is));
        let is_member = |was: &str, is: &str| {
            let members = is.strip_prefix("any·").and_then(|family| self.new.members.get(family));
            members.is_some_and(|members| members.contains(was))
        };
        let same = |(was, is): (&String, &String)| was == is || is_member(was, is);
        was.len() == is.len() && was.iter().zip(&is).all(same)
    }
}

impl Changes<'_> {
    /// A default as it is in the identity: without the members of configurations that are left out, types by their names of today.
    fn plain(&self, default: &Option<String>, lock: &Lock) -> Option<String> {
        let default = default.as_ref()?;
        let Ok(mut json) = serde_json::from_str(default) else { return Some(default.clone()) };
        self.strip(&mut json, lock);
        Some(json.to_string())
    }

    fn strip(&self, json: &mut Json, lock: &Lock) {
        match json {
            Json::Array(items) => items.iter_mut().for_each(|item| self.strip(item, lock)),
            Json::Object(members) => {
                let ty = members.get("type").and_then(Json::as_str).and_then(|id| lock.types.get(id));
                let left_out = |name: &str| ty.and_then(|ty| ty.args.get(name)).is_some_and(|arg| arg.left_out);
                let gone: Vec<_> = members.keys().filter(|name| left_out(name)).cloned().collect();
                gone.iter().for_each(|name| drop(members.remove(name)));
                if let Some(Json::String(name)) = members.get_mut("type")
                    && let Some(now) = self.renamed.get(name)
                {
                    name.clone_from(now);
                }
                members.values_mut().for_each(|item| self.strip(item, lock));
            }
            _ => {}
        }
    }
}

impl LockedArg {
    /// The name that enters the identity.
    pub(super) fn identity_name(&self, name: &str) -> String {
        self.id.clone().unwrap_or_else(|| name.to_owned())
    }
}

/// The type as the identity sees it: without widths and the names of serde types, and a value in an option is the value.
fn class(ty: &str) -> String {
    let mut class = ty.to_owned();
    for kind in ["integer", "float", "JSON"] {
        while let Some(at) = class.find(&format!("{kind} (")) {
            let begin = at + kind.len();
            class.replace_range(begin..begin + parenthesis(&class[begin..]), "");
        }
    }
    class.replace("optional ", "").replace("character", "string")
}

/// The length of a blank and the parenthesis behind it.
fn parenthesis(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_apart_as_the_identity_does() {
        for (ty, expected) in [
            ("integer (u8)", "integer"),
            ("optional float (f64)", "float"),
            ("map from character to list of integer (u8)", "map from string to list of integer"),
            ("tuple (integer (u8), JSON (a::B<(u8, i8)>), boolean)", "tuple (integer, JSON, boolean)"),
            ("JSON (a::B", "JSON"),
        ] {
            assert_eq!(class(ty), expected);
        }
    }
}
