//! The schema of one argument, and the list of a type's arguments.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use super::Type;
use crate::value::Value;

/// What an argument is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// In the identity.
    Argument,
    /// `#[param(ignored)]`: set by the plan, never in the identity.
    Ignored,
    /// `#[param(path = "…")]`: a file of the job's own folder, never set by the plan.
    JobPath(&'static str),
}

/// What the schema says of one argument.
pub struct ArgSchema {
    /// The argument's name.
    pub name: &'static str,
    /// The name that enters the identity: the argument's own unless `#[param(id = "…")]` gives an older one.
    pub identity_name: &'static str,
    /// The names that it had before: `migrate` finds it by them in the arguments of finished jobs.
    pub renamed_from: &'static [&'static str],
    /// Its doc comment.
    pub help: &'static str,
    /// Its type.
    pub ty: Type,
    /// What it is for.
    pub role: Role,
    /// `#[param(ignore_default)]`.
    pub ignore_default: bool,
    default: Option<fn() -> Value>,
    default_encoding: OnceLock<Option<Vec<u8>>>,
}

impl ArgSchema {
    /// An argument that takes part in the identity and has no default.
    pub fn new(name: &'static str, ty: Type) -> Self {
        Self {
            name,
            identity_name: name,
            renamed_from: &[],
            help: "",
            ty,
            role: Role::Argument,
            ignore_default: false,
            default: None,
            default_encoding: OnceLock::new(),
        }
    }

    /// Gives the name that enters the identity.
    #[must_use]
    pub fn id(mut self, name: &'static str) -> Self {
        self.identity_name = name;
        self
    }

    /// Gives the names that it had before.
    #[must_use]
    pub fn renamed_from(mut self, names: &'static [&'static str]) -> Self {
        self.renamed_from = names;
        self
    }

    /// Gives the doc comment.
    #[must_use]
    pub fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    /// Gives the default.
    #[must_use]
    pub fn default(mut self, value: fn() -> Value) -> Self {
        self.default = Some(value);
        self
    }

    /// Leaves the argument out of the identity while it equals its default.
    #[must_use]
    pub fn ignore_default(mut self) -> Self {
        self.ignore_default = true;
        self
    }

    /// Leaves the argument out of the identity.
    #[must_use]
    pub fn ignored(mut self) -> Self {
        self.role = Role::Ignored;
        self
    }

    /// Makes it a file of the job's own folder.
    #[must_use]
    pub fn job_path(mut self, name: &'static str) -> Self {
        self.role = Role::JobPath(name);
        self
    }

    /// Whether a default is declared.
    pub fn has_default(&self) -> bool {
        self.default.is_some()
    }

    /// Whether the plan must set it.
    pub fn required(&self) -> bool {
        !self.has_default() && !self.ty.is_option() && !matches!(self.role, Role::JobPath(_))
    }

    /// The value it has when the plan does not set it: its default, or nothing for an option and a job path.
    pub fn initial(&self) -> Value {
        match self.default {
            Some(default) => default(),
            None if self.required() => Value::Refused("it is not set".into()),
            None => Value::Nothing,
        }
    }

    /// The names that it may have in what older builds have written, its own first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name, self.identity_name].into_iter().chain(self.renamed_from.iter().copied())
    }

    /// Whether `encoding` is that of the default.
    pub(crate) fn is_default(&self, encoding: &[u8], encode: impl FnOnce(&Value) -> Option<Vec<u8>>) -> bool {
        let default = self.default_encoding.get_or_init(|| self.default.and_then(|default| encode(&default())));
        default.as_deref() == Some(encoding)
    }
}

impl fmt::Debug for ArgSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

/// The arguments of a type or variant, in the order of declaration.
#[derive(Debug, Default)]
pub struct ArgList {
    args: Vec<ArgSchema>,
    by_identity_name: Vec<usize>,
}

impl ArgList {
    pub(super) fn new(args: Vec<ArgSchema>) -> Self {
        let mut by_identity_name: Vec<usize> = (0..args.len()).collect();
        by_identity_name.sort_by_key(|&i| args[i].identity_name.as_bytes());
        Self { args, by_identity_name }
    }

    /// The places of the arguments in the order in which they enter the identity.
    pub(crate) fn in_identity_order(&self) -> &[usize] {
        &self.by_identity_name
    }
}

impl Deref for ArgList {
    type Target = [ArgSchema];

    fn deref(&self) -> &[ArgSchema] {
        &self.args
    }
}
