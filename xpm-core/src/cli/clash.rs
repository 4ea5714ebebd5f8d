//! Flags of one name on one command line. Clap finds them in debug builds only, and elsewhere gives both one value or one of them none.

use clap::{Arg, Command};

/// What the ids of everything begin with that is ours.
const OURS: &str = "xpm";

/// Sees to it that no flag of ours is called as another flag of the command.
///
/// # Panics
/// If one is, as clap does: the program is wrong, whatever is given to it.
pub(crate) fn refuse(command: &Command) {
    let args: Vec<_> = command.get_arguments().collect();
    for (i, one) in args.iter().enumerate() {
        for other in &args[..i] {
            if !is_ours(one) && !is_ours(other) {
                continue;
            }
            let shared = names(one).find(|name| names(other).any(|taken| taken == *name));
            if shared.is_some() || one.get_id() == other.get_id() {
                let name = shared.or(one.get_long()).unwrap_or_default();
                panic!("two flags of `{}` are called `--{name}`: {WAY_OUT}", command.get_name());
            }
        }
    }
}

/// The same, for the flags that clap adds itself when all others are known.
///
/// # Panics
/// As [`refuse`].
pub(crate) fn refuse_claps(command: &Command) {
    let version = command.get_version().is_some() || command.get_long_version().is_some();
    let added = [
        ("help", !command.is_disable_help_flag_set(), "disable_help_flag"),
        ("version", version && !command.is_disable_version_flag_set(), "disable_version_flag"),
    ];
    for (name, _, disable) in added.into_iter().filter(|(_, is_added, _)| *is_added) {
        if command.get_arguments().any(|arg| is_ours(arg) && names(arg).any(|taken| taken == name)) {
            panic!(
                "`--{name}` of `{}` is the flag of an argument, and clap's own: {WAY_OUT}, \
                 or go without clap's with `#[command({disable} = true)]`",
                command.get_name()
            );
        }
    }
}

const WAY_OUT: &str =
    "give the flag of an argument a name of its own, with `Forward<arg!(Type.argument as \"another-name\")>`";

fn is_ours(arg: &Arg) -> bool {
    arg.get_id().as_str().starts_with(OURS)
}

/// All long names of a flag, hidden or not.
pub(super) fn names(arg: &Arg) -> impl Iterator<Item = &str> {
    arg.get_long().into_iter().chain(arg.get_all_aliases().into_iter().flatten())
}
