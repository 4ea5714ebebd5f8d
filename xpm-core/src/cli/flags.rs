//! [`Flags`]: every argument of a configuration on a user's own command line.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use clap::{ArgGroup, ArgMatches, Command, Error};

use super::assemble::{Assembler, NoJobs};
use super::flag::{self, Flag};
use super::given::Givens;
use super::problem::Problem;
use super::sources::{CONFIG, SET, SWEEP, SWEEP_FILE};
use super::{clash, layers, takers};
use crate::config::{ArgStruct, Complete, ConfigType, Configure, HasTags, ReadError, Reader, Submitted, Symbolic};
use crate::schema::{Type, TypeKind, TypeSchema};
use crate::value::{Node, Tags, Value};

/// Every argument of the configuration `C` as a flag, flattened into your own `#[derive(clap::Parser)]`.
///
/// Type, help, default and possible values come from the configuration; arguments of nested configurations are
/// dotted, `--model.k1`. What is parsed is given where a `C` is expected, and is an argument struct as `C::config()…build()`
/// gives one: `Rank::config().model(cli.model)`, or for a task `cli.rank.submit(xp)`.
///
/// | argument | flag |
/// |---|---|
/// | required, without a default | required |
/// | `bool` | `--delta`, `--delta=false`; `--no-delta` if the default is true |
/// | `Option<T>` | not required; of a configuration, `--model` alone gives it with its defaults |
/// | `Vec`, set, array | `--xs 1 --xs 2`, or all as JSON, `--xs '[1, 2]'` |
/// | map | `--weights a=1 --weights b=2` |
/// | tuple | `--range 1,5` |
/// | `Duration` | `--timeout 1h30m` |
/// | enum | `--loss huber --loss.delta 2` |
/// | open family | `--scorer ir.bm25 --scorer.k1 1.2`; also by the last part of the id |
/// | list of configurations | each as JSON, `--layers '{"units": 32}'` |
/// | `#[param(json)]` | JSON |
/// | a task | a finished job of it: its identity |
///
/// `Option<Flags<C>>` is `None` if none of its flags is on the command line, as in clap, also if a layer gives something of it.
///
/// `--config FILE` takes values from a TOML, YAML or JSON file and is stronger than flags, `--set model.k1=1.2` is stronger than
/// both; a flag that gives way is told. They are called `--xpm-config` and `--xpm-set` where you have flags of
/// these names yourself.
pub struct Flags<C: ConfigType> {
    args: C::Args,
}

impl<C: ConfigType> Flags<C> {
    /// The value itself.
    ///
    /// # Errors
    /// If it holds a job, whose arguments are known in a workspace only.
    pub fn value(&self) -> Result<C, ReadError> {
        Reader::new(&NoJobs, std::path::Path::new("")).config(&self.args.node())
    }
}

impl<C: ConfigType> clap::FromArgMatches for Flags<C> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let node = parse(C::schema, matches, None)?;
        Ok(Self { args: C::Args::from_slots(node.variant(), node.slots().to_vec()) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let node = parse(C::schema, matches, Some(&self.args.node()))?;
        self.args = C::Args::from_slots(node.variant(), node.slots().to_vec());
        Ok(())
    }
}

impl<C: ConfigType> clap::Args for Flags<C> {
    fn group_id() -> Option<clap::Id> {
        Some(takers::of_flags(C::schema()).into())
    }

    fn augment_args(command: Command) -> Command {
        add::<C>(command, false)
    }

    fn augment_args_for_update(command: Command) -> Command {
        add::<C>(command, true)
    }
}

fn add<C: ConfigType>(command: Command, update: bool) -> Command {
    let (flags, group) = (flag::of_type(C::schema), takers::of_flags(C::schema()));
    augment(command, &flags, group, Layers::Settings, update).defer(layers::add)
}

/// What the flags of a command may be given by instead.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layers {
    /// Nothing.
    None,
    /// `--set` and `--config`.
    Settings,
    /// These, `--sweep` and `--sweep-file`.
    Sweep,
}

impl Layers {
    fn ids(self) -> &'static [&'static str] {
        match self {
            Layers::None => &[],
            Layers::Settings => &[SET, CONFIG],
            Layers::Sweep => &[SET, CONFIG, SWEEP, SWEEP_FILE],
        }
    }
}

/// Adds flags to a command, and the group that tells whose they are.
///
/// # Panics
/// If one is called as another flag that is there.
pub(crate) fn augment(mut command: Command, flags: &[Flag], group: String, layers: Layers, update: bool) -> Command {
    for flag in flags {
        command = command.arg(flag.to_arg(layers.ids(), update));
        let negative = flag.to_negative().filter(|negative| {
            let name = negative.get_long();
            // An argument of that name goes before it.
            !flags.iter().any(|other| Some(&other.name()[..]) == name)
        });
        if let Some(negative) = negative {
            command = command.arg(negative);
        }
    }
    clash::refuse(&command);
    if flags.is_empty() {
        return command;
    }
    let group = ArgGroup::new(group).args(flags.iter().map(Flag::id)).multiple(true);
    command.group(match layers {
        // What is swept is given, too.
        Layers::Sweep => group.args([SWEEP, SWEEP_FILE]),
        Layers::None | Layers::Settings => group,
    })
}

/// The configuration that flags and layers give; what they do not say is as in `base`, if there is one.
pub(crate) fn parse(
    of: fn() -> &'static TypeSchema,
    matches: &ArgMatches,
    base: Option<&Arc<Node>>,
) -> Result<Arc<Node>, Error> {
    let flags = flag::of_type(of);
    let givens = read_layers(&flags, &flag::roots_of(of), matches)?;
    Ok(assemble(of, &flags, &givens, base)?)
}

/// What flags and the layers above them give.
pub(crate) fn read_layers(flags: &[Flag], roots: &[(String, Type)], matches: &ArgMatches) -> Result<Givens, Error> {
    let mut givens = Givens::of_flags(flags, matches);
    tell(&givens.add_layers(roots, matches)?);
    Ok(givens)
}

/// The configuration that all this gives.
pub(crate) fn assemble(
    of: fn() -> &'static TypeSchema,
    flags: &[Flag],
    givens: &Givens,
    base: Option<&Arc<Node>>,
) -> Result<Arc<Node>, Problem> {
    let schema = of();
    let assembler = Assembler::new(flags, givens);
    if schema.kind() != TypeKind::Family {
        return assembler.structure(schema, base.map(|node| &**node));
    }
    let (root, ty) = (flag::root_name(schema), Type::Config(of));
    let base = base.map(|node| Value::Config(Arc::clone(node)));
    let value = assembler.argument(&root, &ty, base.as_ref(), true, |value, reader| {
        let entry = crate::config::Registry::get().and_then(|registry| registry.entry(schema.id()));
        match (entry, value) {
            (Ok(entry), Value::Config(node)) => (entry.check)(node, reader),
            _ => Ok(()),
        }
    })?;
    match value.or(base) {
        Some(Value::Config(node)) => Ok(node),
        _ => Err(Problem::Other(format!("expected a {}", schema.id()))),
    }
}

#[expect(clippy::print_stderr, reason = "a command line says on standard error what it does with what it was given")]
pub(super) fn tell(messages: &[String]) {
    for message in messages {
        eprintln!("warning: {message}");
    }
}

impl<C: ConfigType> Deref for Flags<C> {
    type Target = C::Args;

    fn deref(&self) -> &C::Args {
        &self.args
    }
}

impl<C: ConfigType> Configure for Flags<C> {
    type Built = C::Args;

    fn into_args(self) -> C::Args {
        self.args
    }

    fn args(&self) -> &C::Args {
        &self.args
    }

    fn args_mut(&mut self) -> &mut C::Args {
        &mut self.args
    }
}

impl<C: ConfigType> Complete for Flags<C> {}

impl<C: ConfigType> Symbolic for Flags<C>
where
    for<'a> &'a C::Args: Symbolic<Target = C, Form = Submitted>,
{
    type Target = C;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Config(self.args.node())
    }
}

impl<C: ConfigType> Symbolic for &Flags<C>
where
    for<'a> &'a C::Args: Symbolic<Target = C, Form = Submitted>,
{
    type Target = C;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Config(self.args.node())
    }
}

impl<C: ConfigType> HasTags for Flags<C> {
    fn all_tags(&self) -> Tags {
        self.args.node().tags().to_map()
    }
}

impl<C: ConfigType> Clone for Flags<C> {
    fn clone(&self) -> Self {
        Self { args: self.args.clone() }
    }
}

impl<C: ConfigType> fmt::Debug for Flags<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.args.node(), f)
    }
}
