//! Who takes what `--set`, `--config` and `--sweep` give: the `Flags`, `Sweep`s and `Forward`s of a command.
//!
//! Each of them enters a group of flags, by whose name its arguments are found again when all flags of the command are known. What
//! is read behind a flag is looked up among these same arguments, so that nothing is taken that nobody gets.

use clap::Command;

use super::flag::{ID, roots_of};
use super::given::resolve;
use crate::config::{NamedArgument, Registry};
use crate::schema::{Type, TypeSchema};

const FLAGS: &str = "xpm:flags:";
const SWEEP: &str = "xpm:sweep:";
const FORWARD: &str = "xpm:forward:";

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Taker {
    roots: Vec<(String, Type)>,
    /// The dotted names of its flags.
    known: Vec<String>,
    /// Whether it adds `--set` and `--config`: a `Forward` only reads them.
    pub(crate) settable: bool,
    /// Whether it is a `Sweep`.
    pub(crate) sweeps: bool,
}

impl Taker {
    /// Whether `path` is an argument of it.
    pub(crate) fn takes(&self, path: &str) -> bool {
        resolve(&self.roots, path).is_some()
    }

    /// Whether its argument's own name is below `path`, as that of `Forward<arg!(Rank.model.k1)>` is below `model`.
    pub(crate) fn is_below(&self, path: &str) -> bool {
        self.roots.iter().any(|(root, _)| {
            root.match_indices('.').any(|(end, _)| resolve(&[(root[..end].to_owned(), Type::Nothing)], path).is_some())
        })
    }

    /// The dotted names of its flags.
    pub(crate) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }
}

/// The group of the flags of a type.
pub(crate) fn of_flags(schema: &TypeSchema) -> String {
    format!("{FLAGS}{}", schema.id())
}

/// The group of the flags of a type that is swept.
pub(crate) fn of_sweep(schema: &TypeSchema) -> String {
    format!("{SWEEP}{}", schema.id())
}

/// The group of the flags of one argument.
pub(crate) fn of_forward(named: &NamedArgument) -> String {
    format!("{FORWARD}{}:{}:{}", named.index, named.of.id(), named.name)
}

/// All of a command. None where the types of the program cannot be used together, which whoever reads values tells.
pub(crate) fn of_command(command: &Command) -> Vec<Taker> {
    let Ok(registry) = Registry::get() else { return Vec::new() };
    let takers = command.get_groups().filter_map(|group| {
        let known = group.get_args().filter_map(|id| id.as_str().strip_prefix(ID).map(str::to_owned)).collect();
        let id = group.get_id().as_str();
        let taker = |roots, settable, sweeps| Some(Taker { roots, known, settable, sweeps });
        if let Some(id) = id.strip_prefix(FLAGS) {
            return taker(roots_of(registry.entry(id).ok()?.schema), true, false);
        }
        if let Some(id) = id.strip_prefix(SWEEP) {
            return taker(roots_of(registry.entry(id).ok()?.schema), true, true);
        }
        let mut parts = id.strip_prefix(FORWARD)?.splitn(3, ':');
        let (index, of, name) = (parts.next()?.parse::<usize>().ok()?, parts.next()?, parts.next()?);
        let schema = (registry.entry(of).ok()?.schema)();
        taker(vec![(name.to_owned(), schema.arguments(None).get(index)?.ty.clone())], false, false)
    });
    takers.collect()
}
