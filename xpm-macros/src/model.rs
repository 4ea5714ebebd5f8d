//! What an item means: its type options, arguments and variants, with every name that will be generated.
//!
//! A model is made even of an item with mistakes, as long as its shape is right: what uses it then still compiles, and
//! only the mistakes are reported.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, Field, Fields, Index, Item, ItemEnum, ItemStruct, LitStr, Member, Path, Type, Visibility};

use crate::check;
use crate::errors::Errors;
use crate::names::{method_name, snake_case};
use crate::options::Site;
use crate::parse::{self, Options};
use crate::partial::{self, Partial};
use crate::types::{inside_option, without_self};

/// A struct or an enum with `#[config]` or `#[task]`.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) help: String,
    pub(crate) is_task: bool,
    pub(crate) id: Option<LitStr>,
    /// The ids that it had before.
    pub(crate) renamed_from: Vec<LitStr>,
    /// The type that has taken its place.
    pub(crate) deprecated: Option<Type>,
    pub(crate) version: Option<u64>,
    pub(crate) validate: Option<Path>,
    pub(crate) needs: Needs,
    /// Whether the folder of a job is kept between attempts.
    pub(crate) resumable: bool,
    /// Whether its jobs run only if something needs them: nothing, or what is to become of their files.
    pub(crate) transient: Option<String>,
    /// The folders that jobs share if they differ in some arguments only.
    pub(crate) partials: Vec<Partial>,
    /// The program that does the task's work, instead of an `impl Task`.
    pub(crate) program: Option<Program>,
    pub(crate) body: Body,
}

/// A program that does a task's work.
pub(crate) struct Program {
    /// Where it is declared.
    pub(crate) span: Span,
    /// The program, and what always stands on its command line.
    pub(crate) words: Vec<LitStr>,
    /// The type of what it gives; any JSON if nothing is said.
    pub(crate) output: Option<Type>,
    /// `flags`, `json` or `none`.
    pub(crate) arguments: String,
}

/// What one job of a task needs by default.
pub(crate) struct Needs {
    pub(crate) cpus: Option<u32>,
    pub(crate) memory: Option<LitStr>,
    pub(crate) gpus: Option<u32>,
    pub(crate) time: Option<LitStr>,
}

/// What a model is made of.
pub(crate) enum Body {
    Struct(StructBody),
    Enum(EnumBody),
}

impl Body {
    /// The arguments of a struct.
    fn arguments(&self) -> &[Argument] {
        match self {
            Self::Struct(body) => &body.arguments,
            Self::Enum(_) => &[],
        }
    }
}

/// A configuration or a task.
pub(crate) struct StructBody {
    /// The argument struct.
    pub(crate) args: Ident,
    pub(crate) builder: Ident,
    pub(crate) arguments: Vec<Argument>,
}

/// A closed family.
pub(crate) struct EnumBody {
    /// What `config()` returns.
    pub(crate) chooser: Ident,
    pub(crate) variants: Vec<Variant>,
}

/// One variant of a closed family.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) help: String,
    /// What chooses it on the chooser.
    pub(crate) method: Ident,
    pub(crate) builder: Ident,
    pub(crate) arguments: Vec<Argument>,
}

/// One argument: a field.
pub(crate) struct Argument {
    pub(crate) member: Member,
    /// The name in the schema.
    pub(crate) name: String,
    /// The setter, and the field of the argument struct.
    pub(crate) setter: Ident,
    pub(crate) help: String,
    /// The field's type, `Self` spelled out.
    pub(crate) ty: Type,
    /// What the `Option` is of, if the type is one.
    pub(crate) optional: Option<Type>,
    pub(crate) role: Role,
    pub(crate) default: Option<Expr>,
    pub(crate) ignore_default: bool,
    pub(crate) ignored: bool,
    /// The older name, which enters the identity.
    pub(crate) id: Option<LitStr>,
    /// The names that it had before.
    pub(crate) renamed_from: Vec<LitStr>,
}

/// How an argument comes in.
pub(crate) enum Role {
    /// As a value of an argument type.
    Plain,
    /// As any serde value.
    Json,
    /// As a file of the job's own folder, never set by the plan.
    JobPath(LitStr),
}

impl Model {
    /// What `item` means; nothing if its shape is wrong.
    pub(crate) fn of(item: &Item, site: Site, options: &Options, errors: &Errors) -> Option<Self> {
        if !check::shape(item, site, errors) {
            return None;
        }
        let (ident, vis, attrs, body) = match item {
            Item::Struct(item) => {
                (&item.ident, &item.vis, &item.attrs, Body::Struct(struct_body(item, options, errors)))
            }
            Item::Enum(item) => (&item.ident, &item.vis, &item.attrs, Body::Enum(enum_body(item, options, errors))),
            _ => return None,
        };
        let id = options.text("id");
        if let Some(id) = &id {
            check::type_id("id", id, errors);
        }
        let (renamed_from, deprecated) = (options.texts("renamed_from"), options.ty("deprecated"));
        check::older_ids(&renamed_from, id.as_ref(), errors);
        check::deprecated(deprecated.as_ref(), ident, errors);
        Some(Self {
            ident: ident.clone(),
            vis: vis.clone(),
            help: parse::help(attrs),
            is_task: site == Site::Task,
            id,
            renamed_from,
            deprecated,
            version: options.number("version"),
            validate: options.path("validate"),
            needs: needs(options, errors),
            resumable: options.get("resumable").is_some(),
            transient: options.choice("transient"),
            partials: partial::check(options.partials(), body.arguments(), errors),
            program: program(options, errors),
            body,
        })
    }
}

fn needs(options: &Options, errors: &Errors) -> Needs {
    let amount = |name| options.text(name).filter(|text| check::amount(name, text, errors));
    Needs { cpus: options.count("cpus"), memory: amount("memory"), gpus: options.count("gpus"), time: amount("time") }
}

fn program(options: &Options, errors: &Errors) -> Option<Program> {
    check::program(options, errors);
    let given = options.get("program")?;
    let arguments = options.name("arguments").map_or_else(|| "flags".to_owned(), |name| name.to_string());
    // With mistakes in its words it still is a program: nobody is told to write an `impl Task`.
    let words = options.words("program").unwrap_or_default();
    Some(Program { span: given.key.span(), words, output: options.ty("output"), arguments })
}

fn struct_body(item: &ItemStruct, options: &Options, errors: &Errors) -> StructBody {
    let ident = &item.ident;
    StructBody {
        args: options.name("args").unwrap_or_else(|| format_ident!("{}Config", ident.unraw(), span = ident.span())),
        builder: options
            .name("builder")
            .unwrap_or_else(|| format_ident!("{}Builder", ident.unraw(), span = ident.span())),
        arguments: arguments(&item.fields, ident, errors),
    }
}

fn enum_body(item: &ItemEnum, options: &Options, errors: &Errors) -> EnumBody {
    let ident = &item.ident;
    let snakes: Vec<_> = item.variants.iter().map(|variant| snake_case(&variant.ident.unraw().to_string())).collect();
    let variants = item.variants.iter().zip(&snakes).map(|(variant, snake)| {
        for attr in variant.attrs.iter().filter(|attr| attr.path().is_ident("param")) {
            errors.on(attr, "`#[param(…)]` goes on an argument, which is a field of this variant");
        }
        // Two variants that differ in case only keep their own spelling.
        let unique = snakes.iter().filter(|other| *other == snake).count() == 1;
        let own = variant.ident.unraw().to_string();
        Variant {
            method: method_name(if unique { snake } else { &own }, variant.ident.span()),
            builder: format_ident!("{}{}Builder", ident.unraw(), variant.ident.unraw(), span = variant.ident.span()),
            help: parse::help(&variant.attrs),
            arguments: arguments(&variant.fields, ident, errors),
            ident: variant.ident.clone(),
        }
    });
    let variants = variants.collect();
    EnumBody {
        chooser: options
            .name("builder")
            .unwrap_or_else(|| format_ident!("{}Variants", ident.unraw(), span = ident.span())),
        variants,
    }
}

fn arguments(fields: &Fields, of: &Ident, errors: &Errors) -> Vec<Argument> {
    let arguments = fields.iter().enumerate().map(|(number, field)| argument(number, field, of, errors));
    let arguments: Vec<_> = arguments.collect();
    check::arguments(&arguments, errors);
    arguments
}

fn argument(number: usize, field: &Field, of: &Ident, errors: &Errors) -> Argument {
    let options = parse::params(&field.attrs, errors);
    check::param(&options, errors);
    check::field_type(&field.ty, errors);
    let ty = without_self(&field.ty, of);
    let (member, name, setter) = match &field.ident {
        Some(ident) => (Member::Named(ident.clone()), ident.unraw().to_string(), ident.clone()),
        None => {
            let member = Member::Unnamed(Index { index: number as u32, span: Span::call_site() });
            (member, number.to_string(), format_ident!("_{number}"))
        }
    };
    let role = match (options.get("path"), options.text("path")) {
        (Some(_), Some(path)) => {
            check::job_path(&path, errors);
            Role::JobPath(path)
        }
        (Some(given), None) => Role::JobPath(LitStr::new("refused", given.key.span())),
        (None, _) if options.get("json").is_some() => Role::Json,
        (None, _) => Role::Plain,
    };
    let optional = inside_option(&ty);
    let default = options.value("default");
    let default = default.filter(|default| optional.is_none() || check::optional_default(default, errors));
    Argument {
        member,
        name,
        setter,
        help: parse::help(&field.attrs),
        optional,
        ty,
        role,
        default,
        ignore_default: options.get("ignore_default").is_some(),
        ignored: options.get("ignored").is_some(),
        id: options.text("id"),
        renamed_from: options.texts("renamed_from"),
    }
}

impl Argument {
    /// Whether the plan can set it.
    pub(crate) fn settable(&self) -> bool {
        !matches!(self.role, Role::JobPath(_))
    }

    /// Whether the plan must set it.
    pub(crate) fn required(&self) -> bool {
        self.settable() && self.default.is_none() && self.optional.is_none()
    }

    /// Whether it has a second setter, `maybe_…`: an optional argument, unless an argument has that name.
    pub(crate) fn takes_maybe(&self, among: &[Argument]) -> bool {
        let taken = || among.iter().any(|other| other.name == format!("maybe_{}", self.name));
        self.optional.is_some() && !taken()
    }

    /// Where it is declared.
    pub(crate) fn span(&self) -> Span {
        match &self.member {
            Member::Named(name) => name.span(),
            Member::Unnamed(_) => self.ty.span(),
        }
    }
}
