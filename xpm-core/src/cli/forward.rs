//! [`Forward`]: one argument on a user's own command line.

use std::fmt;
use std::marker::PhantomData;

use clap::{ArgMatches, Command, Error};

use super::assemble::Assembler;
use super::flag;
use super::flags::{Layers, augment, read_layers};
use super::{layers, takers};
use crate::config::{Arg, ArgPath, IntoArg, Leads, Registry};
use crate::value::Value;

/// One argument of a configuration or a task as a flag, flattened into your own `#[derive(clap::Parser)]`:
/// `Forward<arg!(Rank.depth)>` is `--depth`, `Forward<arg!(Rank.depth as "ranking-depth")>` is `--ranking-depth`,
/// `Forward<arg!(Rank.model.k1)>` is `--model.k1`.
///
/// What is parsed is given where the argument is expected: `Rank::config().depth(cli.depth)`. Not given, it leaves the
/// argument as it is without the setter; an argument without a default is a required flag. An `Option<T>` goes to
/// `.limit(…)` and to `.maybe_limit(…)` alike. How each type is written is told at [`Flags`](super::Flags); where the command has
/// one, `--config` and `--set` give the argument too, by the name of its flag.
pub struct Forward<P> {
    value: Value,
    given: bool,
    path: PhantomData<fn() -> P>,
}

impl<P> Forward<P> {
    /// Whether it was given on the command line.
    pub fn is_given(&self) -> bool {
        self.given
    }
}

impl<P: ArgPath> clap::FromArgMatches for Forward<P> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::read(matches, None)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let new = Self::read(matches, Some(&self.value))?;
        if new.given {
            *self = new;
        }
        Ok(())
    }
}

impl<P: ArgPath> Forward<P> {
    /// What this command line gives; what it does not say is as `before`.
    fn read(matches: &ArgMatches, before: Option<&Value>) -> Result<Self, Error> {
        let named = P::named();
        let arg = named.schema();
        let flags = flag::of_argument(arg, &named.name);
        let givens = read_layers(&flags, &[(named.name.clone(), arg.ty.clone())], matches)?;
        let before = before.filter(|value| !matches!(value, Value::Nothing)).cloned();
        let default = before.or_else(|| arg.has_default().then(|| arg.initial()));
        let value = Assembler::new(&flags, &givens).argument(
            &named.name,
            &arg.ty,
            default.as_ref(),
            arg.required(),
            |value, reader| match Registry::get().and_then(|registry| registry.entry(named.of.id())) {
                Ok(entry) => (entry.check_argument)(named.index, value, reader),
                Err(_) => Ok(()),
            },
        )?;
        let given = givens.any(&named.name);
        Ok(Self { value: value.unwrap_or_else(|| arg.initial()), given, path: PhantomData })
    }
}

impl<P: ArgPath> clap::Args for Forward<P> {
    fn group_id() -> Option<clap::Id> {
        Some(takers::of_forward(&P::named()).into())
    }

    fn augment_args(command: Command) -> Command {
        add::<P>(command, false)
    }

    fn augment_args_for_update(command: Command) -> Command {
        add::<P>(command, true)
    }
}

fn add<P: ArgPath>(command: Command, update: bool) -> Command {
    let named = P::named();
    let flags = flag::of_argument(named.schema(), &named.name);
    augment(command, &flags, takers::of_forward(&named), Layers::None, update).defer(layers::add)
}

/// How a flag is given to the setter of its argument.
#[derive(Debug)]
pub struct ByFlag<V>(PhantomData<fn() -> V>);

#[diagnostic::do_not_recommend]
impl<T, P: ArgPath + Leads<T, V>, V> IntoArg<T, ByFlag<V>> for Forward<P> {
    fn into_arg(self) -> Arg<T> {
        (&self).into_arg()
    }
}

#[diagnostic::do_not_recommend]
impl<T, P: ArgPath + Leads<T, V>, V> IntoArg<T, ByFlag<V>> for &Forward<P> {
    fn into_arg(self) -> Arg<T> {
        match &self.value {
            Value::Nothing => Arg::absent(|| {
                let flag = P::named().name.replace('_', "-");
                format!(
                    "it needs a value, and `--{flag}` was not given: give it one of its own where the flag is absent"
                )
            }),
            value => Arg::of(value.clone()),
        }
    }
}

impl<P> Clone for Forward<P> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), given: self.given, path: PhantomData }
    }
}

/// The value, as in tags and tables.
impl<P> fmt::Display for Forward<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<P> fmt::Debug for Forward<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
