//! What has changed of one argument.

use super::LockedArg;
use super::changes::{Changes, DECLARED, Moves};
use super::defaults::Seen;
use super::relation::Relation;
use super::types::Ty;

/// An argument of before and of today.
pub(super) struct Pair<'a> {
    /// Where: `ir.bm25.k1`.
    pub(super) at: &'a str,
    /// The name that it had.
    pub(super) name: &'a str,
    /// The jobs that have it.
    pub(super) all: &'a Moves,
    pub(super) old: &'a LockedArg,
    pub(super) new: &'a LockedArg,
}

impl Pair<'_> {
    fn was_optional(&self) -> bool {
        matches!(Ty::of(&self.old.ty), Ty::Optional(_))
    }

    fn types(&self) -> String {
        format!("the type was {}, and is {} now", self.old.ty, self.new.ty)
    }

    /// The jobs in which the argument is `None`.
    fn none(&self) -> Moves {
        self.all.with(self.name, "null", true)
    }
}

impl Changes<'_> {
    pub(super) fn argument(&mut self, pair: &Pair<'_>) {
        match (pair.old.left_out, pair.new.left_out) {
            (true, true) => self.left_out(pair),
            (false, false) => {
                let relation = self.relation(&Ty::of(&pair.old.ty), &Ty::of(&pair.new.ty));
                self.type_of(pair, relation);
                // The defaults of two types cannot be compared, and what has one has moved.
                if matches!(relation, Relation::Same | Relation::Narrower | Relation::Json) {
                    self.default_of(pair);
                }
            }
            _ => self.part_taken(pair),
        }
    }

    /// It was in no identity, and is in none.
    fn left_out(&mut self, pair: &Pair<'_>) {
        let at = pair.at.to_owned();
        match (&pair.old.file, &pair.new.file) {
            (Some(was), Some(is)) if was != is => {
                let what = format!("the file was `{was}`, and is `{is}` now");
                let fix = format!("write `#[param(path = {was:?})]` again, or raise the type's `version`");
                self.moves(at, what, Moves { file: true, ..pair.all.clone() }, "", fix);
            }
            _ if (LockedArg { file: pair.new.file.clone(), ..pair.old.clone() }) != *pair.new => {
                self.harmless(at, "it has changed, and is not in the identity".to_owned());
            }
            _ => {}
        }
    }

    /// It is in the identity since, or not any more.
    fn part_taken(&mut self, pair: &Pair<'_>) {
        let (old, new) = (pair.old, pair.new);
        let (was, is) = (Ty::of(&old.ty), Ty::of(&new.ty));
        let (what, fix) = match (was.is_path(), is.is_path()) {
            (false, true) => {
                (format!("{}: a path is not in the identity", pair.types()), format!("keep the type ({})", old.ty))
            }
            (true, false) if !new.left_out => {
                (format!("{}: a path was not in the identity", pair.types()), format!("keep the type ({})", old.ty))
            }
            _ if new.left_out => ("it is not in the identity any more".to_owned(), "take `ignored` away".to_owned()),
            _ => ("it was not in the identity, and is now".to_owned(), "write `#[param(ignored)]`".to_owned()),
        };
        let note = if self.relation(&was, &is) == Relation::Same { DECLARED } else { "" };
        self.moves(pair.at.to_owned(), what, pair.all.clone(), note, fix);
    }

    fn type_of(&mut self, pair: &Pair<'_>, relation: Relation) {
        let (at, all, what) = (pair.at.to_owned(), pair.all.clone(), pair.types());
        let keep = format!("keep the type ({})", pair.old.ty);
        match relation {
            Relation::Other => {
                let fix = format!("{keep}; for another meaning, add an argument with a new name");
                self.moves(at, what, all, "", fix);
            }
            Relation::Narrower => {
                let moves = Moves { too_fine: Some(pair.name.to_owned()), ..all };
                let note = ", where the value is no `f32` (0.1 is one, 0.123456789 is not)";
                self.moves(at, format!("{what}: values have fewer digits"), moves, note, keep);
            }
            Relation::Json => {
                let note = ", where the value looks otherwise as JSON now";
                self.moves(at, format!("{what}: the identity holds what values look like as JSON"), all, note, keep);
            }
            Relation::Replaced => self.moves(at, format!("{what}, as `deprecated` says"), all, DECLARED, keep),
            Relation::Same if pair.was_optional() && !matches!(Ty::of(&pair.new.ty), Ty::Optional(_)) => {
                self.moves(at, what, pair.none(), "", "keep the `Option`".to_owned());
            }
            Relation::Same if self.today(&pair.old.ty) != pair.new.ty => {
                self.harmless(at, format!("{what}: the same in the identity"));
            }
            Relation::Same => {}
        }
    }

    fn default_of(&mut self, pair: &Pair<'_>) {
        let Pair { name, all, old, new, .. } = pair;
        let at = || pair.at.to_owned();
        let seen = |lock| Seen { lock, today: self.new, renamed: &self.renamed };
        let same = seen(self.old).default(old) == seen(self.new).default(new);
        let keep = old.keeping_default();
        match (old.ignore_default, new.ignore_default, old.default.as_deref(), new.default.as_deref()) {
            (false, true, was, Some(default)) => {
                if was.is_none() && pair.was_optional() {
                    let what = format!("`None` was not in the identity, and its default {default} is not now");
                    let note = "; worse, results without a value would be taken for those of the default";
                    let fix = "take the default away, or raise the type's `version`".to_owned();
                    self.moves(at(), what, pair.none(), note, fix);
                }
                let what = "`ignore_default` is new: at its default it is not in the identity any more".to_owned();
                let fix = "take `ignore_default` away".to_owned();
                self.moves(at(), what, all.with(name, default, true), DECLARED, fix);
            }
            (true, false, Some(default), None) if pair.was_optional() => {
                let what = format!("its default {default} was not in the identity, and `None` is not now");
                let note = "; worse, results of the default would be taken for those without a value";
                let fix = format!("{keep} with `ignore_default`, or raise the type's `version`");
                self.moves(at(), what, all.with(name, default, true), note, fix);
                let what = "`None` was in the identity, and is not now".to_owned();
                self.moves(at(), what, pair.none(), "", format!("{keep} with `ignore_default`"));
            }
            (true, false, Some(default), _) => {
                let what = "`ignore_default` is gone: it is in the identity at its default too".to_owned();
                let fix = "write `ignore_default` again".to_owned();
                self.moves(at(), what, all.with(name, default, true), DECLARED, fix);
            }
            (_, _, was, Some(_)) if same && was != new.default.as_deref() => {
                self.harmless(at(), "the default has changed, and is the same in the identity".to_owned());
            }
            (true, true, Some(was), Some(is)) if !same => {
                let what = format!("the default was {was}, and is {is} now, with `ignore_default`");
                let note = "; worse, results of the old default would be taken for those of the new one";
                let fix = format!("{keep} and set the new value in plans, or raise the type's `version`");
                self.moves(at(), what, all.with(name, was, true), note, fix);
            }
            (false, false, Some(was), Some(is)) if !same => {
                let what = format!("the default was {was}, and is {is} now");
                let note = " for plans that leave it at its default: they would run again";
                self.moves(
                    at(),
                    what,
                    all.with(name, was, true),
                    note,
                    format!("{keep} and set the new value in plans"),
                );
            }
            (_, _, Some(was), None) if pair.was_optional() => {
                let what = format!("it has no default any more; it was {was}: `None` is not in the identity now");
                self.moves(at(), what, pair.none(), "", keep);
            }
            (_, _, Some(was), None) => {
                self.harmless(at(), format!("it has no default any more; it was {was}, and plans set it now"));
            }
            (_, _, None, Some(is)) if !new.ignore_default => {
                let what = format!("it has the default {is} now");
                if pair.was_optional() {
                    let fix = "take the default away: `None` with a default is in the identity".to_owned();
                    self.moves(at(), what, pair.none(), "", fix);
                } else {
                    self.harmless(at(), what);
                }
            }
            _ => {}
        }
    }
}
