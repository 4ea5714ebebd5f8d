//! The flags of a type, as data and as arguments of [`clap`].

use std::any::TypeId;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ValueHint};

use super::json::settable;
use super::shape::{Alternative, Shape, kebab, shape};
use super::{doc, text};
use crate::schema::{ArgList, ArgSchema, Type, TypeKind, TypeSchema};
use crate::value::{Node, Value};

/// One flag.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    /// The argument that it sets, dotted; what `--set` and files call it.
    pub(crate) path: String,
    /// Its type, inside an `Option`.
    ty: Type,
    /// Other types that it has with other choices.
    others: Vec<Type>,
    help: String,
    default: Vec<String>,
    required: bool,
    pub(crate) kind: Kind,
    heading: Option<String>,
    /// What is to be chosen for it to be given: `--loss huber`.
    with: Vec<String>,
}

/// How often it is given, and what follows it.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// One value.
    One,
    /// A boolean: nothing, or a value behind `=`.
    Switch,
    /// A value each time it is given.
    Many,
    /// The name of what is chosen.
    Choice(Vec<PossibleValue>),
    /// Nothing: the optional configuration of this name is given, with its defaults.
    Present,
}

/// What the ids of our arguments begin with, so that they meet none of the user's.
pub(crate) const ID: &str = "xpm:";

impl Flag {
    /// Its id for clap.
    pub(crate) fn id(&self) -> String {
        format!("{ID}{}", self.path)
    }

    /// The id of `--no-…`, if it has that.
    pub(crate) fn negative(&self) -> Option<String> {
        let on = matches!(self.kind, Kind::Switch) && self.default.first().is_some_and(|text| text == "true");
        on.then(|| format!("xpm-no:{}", self.path))
    }

    /// `max-depth`.
    pub(crate) fn name(&self) -> String {
        self.path.replace('_', "-")
    }

    /// `--depth <N>`, as clap writes it.
    pub(crate) fn usage(&self) -> String {
        match self.kind {
            Kind::Switch | Kind::Present => format!("--{}", self.name()),
            _ => format!("--{} <{}>", self.name(), self.value_name()),
        }
    }

    /// Its type, inside an `Option`; none if that depends on what is chosen.
    pub(crate) fn only_type(&self) -> Option<&Type> {
        self.others.is_empty().then_some(&self.ty)
    }

    fn types(&self) -> impl Iterator<Item = &Type> {
        std::iter::once(&self.ty).chain(&self.others)
    }

    fn value_name(&self) -> String {
        if matches!(self.kind, Kind::Choice(_)) {
            return self.path.rsplit('.').next().unwrap_or_default().to_uppercase().replace('-', "_");
        }
        let mut names: Vec<String> = Vec::new();
        for ty in self.types() {
            let name = match (&self.kind, ty) {
                (Kind::Many, Type::List(item) | Type::Set(item)) => one_name(item),
                (_, ty) => one_name(ty),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join("|")
    }

    /// The argument for clap; what is required may also come from one of these arguments.
    pub(crate) fn to_arg(&self, instead: &[&'static str], update: bool) -> Arg {
        let name = self.name();
        let mut arg = Arg::new(self.id()).long(name.clone()).value_name(self.value_name());
        if name != self.path {
            arg = arg.alias(self.path.clone());
        }
        let (short, long) = self.helps();
        arg = arg.help(short);
        if let Some(long) = long {
            arg = arg.long_help(long);
        }
        if let Some(heading) = &self.heading {
            arg = arg.help_heading(heading.clone());
        }
        if self.required && !update {
            arg = match instead {
                [] => arg.required(true),
                instead => arg.required_unless_present_any(instead.iter().copied()),
            };
        }
        if !self.default.is_empty() {
            let empty = self.default.iter().all(String::is_empty);
            let off = matches!(self.kind, Kind::Switch);
            arg = arg.default_values(self.default.clone()).hide_default_value(empty || off);
        }
        match &self.kind {
            Kind::One | Kind::Many => {
                if self.types().all(|ty| matches!(item(ty), Type::Path)) {
                    arg = arg.value_hint(ValueHint::AnyPath);
                }
                // `-1`, `-0.5` and `-1=2` are values.
                arg = arg.allow_hyphen_values(self.types().any(|ty| numeric(item(ty))));
                arg = arg.allow_negative_numbers(self.types().any(|ty| matches!(item(ty), Type::Json(_))));
                arg.action(if matches!(self.kind, Kind::Many) { ArgAction::Append } else { ArgAction::Set })
            }
            Kind::Switch => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(PossibleValuesParser::new(["true", "false"]))
                .hide_possible_values(true),
            Kind::Choice(values) => arg.value_parser(PossibleValuesParser::new(values.clone())),
            Kind::Present => arg.action(ArgAction::SetTrue),
        }
    }

    /// The argument for `--no-…`.
    pub(crate) fn to_negative(&self) -> Option<Arg> {
        let mut arg = Arg::new(self.negative()?)
            .long(format!("no-{}", self.name()))
            .action(ArgAction::SetTrue)
            .overrides_with(self.id())
            .help(format!("Turns --{} off", self.name()));
        if let Some(heading) = &self.heading {
            arg = arg.help_heading(heading.clone());
        }
        Some(arg)
    }

    /// The help of one line, and the long one if there is more.
    fn helps(&self) -> (String, Option<String>) {
        let text = doc::laid_out(&self.help);
        let (first, rest) = text.split_at(text.find('\n').unwrap_or(text.len()));
        let mut first = first.strip_suffix('.').unwrap_or(first).to_owned();
        let mut notes = Vec::new();
        if let [with] = &self.with[..] {
            notes.push(format!("with {with}"));
        } else if !self.with.is_empty() {
            notes.push(format!("with {}", self.with.join(" or ")));
        }
        match &self.kind {
            Kind::Many => {
                if let [names] = &self.types().filter_map(|ty| words(item(ty))).collect::<Vec<_>>()[..] {
                    notes.push(format!("possible values: {}", names.join(", ")));
                }
                notes.push("may be repeated".to_owned());
            }
            Kind::Switch if self.default.first().is_some_and(|text| text == "true") => {
                notes.push("default: true".to_owned());
            }
            _ => {}
        }
        if self.required {
            notes.push("required".to_owned());
        }
        if !notes.is_empty() {
            let gap = if first.is_empty() { "" } else { " " };
            first.push_str(&format!("{gap}[{}]", notes.join(", ")));
        }
        let long = (!rest.is_empty()).then(|| format!("{first}{rest}"));
        (first, long)
    }
}

fn item(ty: &Type) -> &Type {
    match ty {
        Type::List(item) | Type::Set(item) | Type::Option(item) => item,
        other => other,
    }
}

/// Whether what begins with a minus may be a value of the type.
fn numeric(ty: &Type) -> bool {
    match ty {
        // `-1s` is none, which is told better than that there is no such flag.
        Type::Int(_) | Type::Float(_) | Type::Tuple(_) | Type::Duration => true,
        Type::Map(item, _) | Type::Option(item) => numeric(item),
        _ => false,
    }
}

/// The names of an enum of which nothing but the name is given.
fn words(ty: &Type) -> Option<Vec<String>> {
    let Shape::Choice(alternatives) = shape(ty) else { return None };
    let bare = !alternatives.is_empty() && alternatives.iter().all(|alternative| alternative.arguments().is_empty());
    bare.then(|| alternatives.into_iter().map(|alternative| alternative.name).collect())
}

fn one_name(ty: &Type) -> String {
    match ty {
        Type::Nothing | Type::Json(_) | Type::List(_) | Type::Set(_) => "JSON".to_owned(),
        Type::Bool => "BOOL".to_owned(),
        Type::Int(_) => "N".to_owned(),
        Type::Float(_) => "X".to_owned(),
        Type::Str => "TEXT".to_owned(),
        Type::Char => "CHAR".to_owned(),
        Type::Duration => "DURATION".to_owned(),
        Type::Path => "PATH".to_owned(),
        Type::Option(item) => one_name(item),
        Type::Map(key, item) => match (&**key, &**item) {
            (Type::Str, _) => format!("KEY={}", one_name(item)),
            (key, item) => format!("{}={}", one_name(key), one_name(item)),
        },
        Type::Tuple(items) => items.iter().map(one_name).collect::<Vec<_>>().join(","),
        Type::Config(schema) if schema().kind() == TypeKind::Task => "JOB".to_owned(),
        Type::Config(_) if words(ty).is_some() => "NAME".to_owned(),
        Type::Config(_) | Type::Family(_) => "JSON".to_owned(),
    }
}

/// The arguments that the flags of a type are for.
pub(crate) fn roots_of(of: fn() -> &'static TypeSchema) -> Vec<(String, Type)> {
    let schema = of();
    match schema.kind() {
        TypeKind::Family => vec![(root_name(schema), Type::Config(of))],
        _ => schema.arguments(None).iter().map(|arg| (arg.name.to_owned(), arg.ty.clone())).collect(),
    }
}

/// The flags of every argument of a type; of a closed family, those that choose a variant.
pub(crate) fn of_type(of: fn() -> &'static TypeSchema) -> Vec<Flag> {
    let (mut found, schema) = (Collector::default(), of());
    match schema.kind() {
        TypeKind::Family => found.value(&Type::Config(of), &root_name(schema), schema.help(), None, true),
        TypeKind::Config | TypeKind::Task => {
            found.within.push(Within::Type(schema));
            found.arguments(schema.arguments(None), "", None, true);
        }
    }
    found.flags
}

/// The flags of one argument, under this name.
pub(crate) fn of_argument(arg: &ArgSchema, name: &str) -> Vec<Flag> {
    let mut found = Collector::default();
    let default = arg.has_default().then(|| arg.initial());
    found.value(&arg.ty, name, arg.help, default.as_ref(), arg.required());
    found.flags
}

/// What the flag of a closed family itself is called.
pub(crate) fn root_name(schema: &TypeSchema) -> String {
    kebab(schema.rust_path().rsplit("::").next().unwrap_or_default())
}

#[derive(Default)]
struct Collector {
    flags: Vec<Flag>,
    heading: Option<String>,
    with: Vec<String>,
    /// The types and families above, so that one that holds itself is not followed for ever.
    within: Vec<Within>,
    /// Whether a family is above that is within itself.
    repeated: bool,
}

/// A type or an open family above.
#[derive(PartialEq)]
enum Within {
    /// By where its schema is.
    Type(*const TypeSchema),
    Family(TypeId),
}

impl Within {
    /// What `ty` is to be looked for as.
    fn of(ty: &Type) -> Option<Self> {
        match ty {
            Type::Config(schema) => Some(Self::Type(schema())),
            Type::Family(family) => Some(Self::Family((family.id)())),
            _ => None,
        }
    }
}

impl Collector {
    /// The arguments of a configuration whose defaults are those of `base`, if there is one.
    fn arguments(&mut self, args: &ArgList, prefix: &str, base: Option<&Node>, required: bool) {
        for (index, arg) in args.iter().enumerate().filter(|(_, arg)| settable(arg)) {
            let path = if prefix.is_empty() { arg.name.to_owned() } else { format!("{prefix}.{}", arg.name) };
            let default = match base {
                Some(node) => Some(node.slots()[index].value.clone()),
                None => arg.has_default().then(|| arg.initial()),
            };
            self.value(&arg.ty, &path, arg.help, default.as_ref(), required && arg.required() && base.is_none());
        }
    }

    fn value(&mut self, ty: &Type, path: &str, help: &str, default: Option<&Value>, required: bool) {
        let (ty, optional) = match ty {
            Type::Option(item) => (&**item, true),
            other => (other, false),
        };
        let required = required && !optional;
        let within = Within::of(ty);
        let again = within.as_ref().is_some_and(|own| self.within.contains(own));
        let kind = match (ty, shape(ty)) {
            (Type::Nothing, _) => return,
            (_, Shape::Struct(schema)) if !again => {
                if optional {
                    self.push(path, ty, help, None, false, Kind::Present);
                }
                return self.structure(schema, path, help, default, required);
            }
            // A family within itself has flags once more, as what wraps another member asks for; below, it is JSON.
            (_, Shape::Choice(alternatives)) if !(again && self.repeated) => {
                let values = alternatives.iter().map(|alternative| {
                    let value = PossibleValue::new(alternative.name.clone()).aliases(alternative.aliases.clone());
                    match alternative.help.lines().next() {
                        Some(help) => value.help(help.to_owned()),
                        None => value,
                    }
                });
                let chosen = default.and_then(node_of);
                let chosen = chosen.and_then(|node| alternatives.iter().find(|alternative| alternative.is_of(node)));
                let text = chosen.map(|alternative| Value::Str(alternative.name.as_str().into()));
                self.push(path, ty, help, text.as_ref(), required, Kind::Choice(values.collect()));
                let outer = self.repeated;
                self.repeated |= again;
                self.within.extend(within);
                self.alternatives(&alternatives, path, default);
                self.within.pop();
                self.repeated = outer;
                return;
            }
            (Type::Bool, _) => Kind::Switch,
            (Type::List(_) | Type::Set(_) | Type::Map(..), _) => Kind::Many,
            _ => Kind::One,
        };
        // Without a value, a boolean is off.
        let required = required && !matches!(kind, Kind::Switch);
        self.push(path, ty, help, default, required, kind);
    }

    fn push(&mut self, path: &str, ty: &Type, help: &str, default: Option<&Value>, required: bool, kind: Kind) {
        self.flags.push(Flag {
            path: path.to_owned(),
            ty: ty.clone(),
            others: Vec::new(),
            help: help.to_owned(),
            default: default.map(text::show).unwrap_or_default(),
            required,
            kind,
            heading: self.heading.clone(),
            with: self.with.clone(),
        });
    }

    fn structure(
        &mut self,
        schema: &'static TypeSchema,
        path: &str,
        help: &str,
        default: Option<&Value>,
        required: bool,
    ) {
        let about = if help.is_empty() { schema.help() } else { help };
        let about = about.lines().next().unwrap_or_default();
        let about = about.strip_suffix('.').unwrap_or(about);
        let heading =
            if about.is_empty() { path.replace('_', "-") } else { format!("{}: {about}", path.replace('_', "-")) };
        let outer = self.heading.replace(heading);
        self.within.push(Within::Type(schema));
        self.arguments(schema.arguments(None), path, default.and_then(node_of), required);
        self.within.pop();
        self.heading = outer;
    }

    /// The arguments of everything that may be chosen; arguments of one name share a flag.
    fn alternatives(&mut self, alternatives: &[Alternative], path: &str, default: Option<&Value>) {
        for alternative in alternatives {
            let member = Within::Type(alternative.schema);
            if self.within.len() > MAX_DEPTH || alternative.variant.is_none() && self.within.contains(&member) {
                continue;
            }
            let begin = self.flags.len();
            let outer =
                std::mem::replace(&mut self.with, vec![format!("--{} {}", path.replace('_', "-"), alternative.name)]);
            let base = default.and_then(node_of).filter(|node| alternative.is_of(node));
            self.within.push(member);
            self.arguments(alternative.arguments(), path, base, false);
            self.within.pop();
            self.with = outer;
            for flag in self.flags.split_off(begin) {
                match self.flags.iter_mut().find(|known| known.path == flag.path) {
                    Some(known) => known.merge(flag),
                    None => self.flags.push(flag),
                }
            }
        }
    }
}

/// How many types and families above are too many for a choice to have flags for what is chosen: those are given as JSON.
const MAX_DEPTH: usize = 12;

impl Flag {
    /// An argument of the same name of another alternative: its type may differ, and is known when one is chosen.
    fn merge(&mut self, other: Self) {
        self.with.extend(other.with);
        if self.default != other.default {
            self.default.clear();
        }
        if self.help != other.help && !other.help.is_empty() {
            let gap = if self.help.is_empty() { "" } else { "; " };
            self.help = format!("{}{gap}{}", self.help.trim_end_matches('.'), other.help);
        }
        for ty in std::iter::once(other.ty).chain(other.others) {
            if !self.types().any(|own| own.to_string() == ty.to_string()) {
                self.others.push(ty);
            }
        }
        let all_lists = matches!(self.kind, Kind::Many) && matches!(other.kind, Kind::Many);
        if !self.others.is_empty() && !all_lists {
            self.kind = Kind::One;
        }
    }
}

/// The node of a configuration, below marks.
pub(super) fn node_of(value: &Value) -> Option<&Node> {
    match value.unmarked() {
        Value::Config(node) | Value::Produced(_, node) => Some(node),
        _ => None,
    }
}
