//! What cannot be, and what to write instead. Each check reports what it finds and lets the others go on.

use std::collections::HashMap;

use quote::ToTokens as _;
use syn::{Expr, Fields, Generics, Ident, Item, LitStr, Type};

use crate::errors::Errors;
use crate::model::{Argument, Role};
use crate::options::{CONFLICTS, Site};
use crate::parse::Options;

/// Whether the item is a struct with named fields, a unit struct or an enum, without generics.
pub(crate) fn shape(item: &Item, site: Site, errors: &Errors) -> bool {
    match item {
        Item::Struct(item) => {
            let named = match &item.fields {
                Fields::Named(_) | Fields::Unit => true,
                Fields::Unnamed(fields) => {
                    let message = format!(
                        "arguments have names: write `struct {} {{ name: Type, … }}` instead of a tuple struct",
                        item.ident
                    );
                    errors.on(fields, message);
                    false
                }
            };
            no_generics(&item.generics, &item.ident, errors) && named
        }
        Item::Enum(item) => {
            if site == Site::Task {
                errors.on(
                    &item.ident,
                    format!(
                        "a task is a struct: write `#[task] struct {0}Task {{ what: {0} }}` with `#[config]` on this enum",
                        item.ident
                    ),
                );
            }
            if item.variants.is_empty() {
                errors.on(&item.ident, format!("no value of `{}` can exist: give it a variant", item.ident));
            }
            no_generics(&item.generics, &item.ident, errors) && !item.variants.is_empty() && site != Site::Task
        }
        Item::Union(item) => {
            errors.on(&item.ident, "a union has no arguments: write a struct, or an enum for alternatives");
            false
        }
        other => {
            errors.on(other, "a configuration is a struct or an enum");
            false
        }
    }
}

fn no_generics(generics: &Generics, ident: &Ident, errors: &Errors) -> bool {
    if generics.lifetimes().next().is_some() {
        let message = format!(
            "`{ident}` borrows: arguments are owned, write for instance `String` instead of `&str`, and no lifetime"
        );
        errors.on(generics, message);
    } else if !generics.params.is_empty() {
        let message = format!(
            "`{ident}` is generic, and one id can stand for one type only: write the type out, or let it vary as an \
             argument, with an enum or with `Box<dyn Trait>` (`#[config]` goes on both)"
        );
        errors.on(generics, message);
    }
    generics.params.is_empty()
}

/// Checks that `id`, given with `option`, can name a folder: what `xpm_core::ids::check_type_id` asks.
pub(crate) fn type_id(option: &str, id: &LitStr, errors: &Errors) {
    let text = id.value();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let why = if text.is_empty() {
        "it is empty"
    } else if text.len() > 200 {
        "it is longer than 200 bytes"
    } else if !text.chars().all(allowed) {
        "it may hold `A-Z a-z 0-9 _ - .` only"
    } else if text.contains("..") {
        "it holds `..`"
    } else if text.starts_with('.') || text.ends_with('.') {
        "it begins or ends with a dot"
    } else {
        return;
    };
    let mut mend: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).take(60).collect();
    while mend.contains("..") {
        mend = mend.replace("..", ".");
    }
    let mend = mend.trim_matches(['.', '-']);
    let mend = if mend.is_empty() { "my.type" } else { mend };
    errors.on(id, format!("an id names a folder, and {why}; write for instance `{option} = \"{mend}\"`"));
}

/// Checks the ids that a type had before.
pub(crate) fn older_ids(older: &[LitStr], id: Option<&LitStr>, errors: &Errors) {
    for (place, text) in older.iter().enumerate() {
        type_id("renamed_from", text, errors);
        if id.is_some_and(|id| id.value() == text.value()) {
            errors.on(text, "this is the id that the type has: `renamed_from` takes the ones that it had before");
        } else if older[..place].iter().any(|other| other.value() == text.value()) {
            errors.on(text, format!("`{}` is given twice", text.value()));
        }
    }
}

/// Checks the type that is to take the place of the type `ident`.
pub(crate) fn deprecated(by: Option<&Type>, ident: &Ident, errors: &Errors) {
    if let Some(Type::Path(path)) = by
        && (path.path.is_ident(ident) || path.path.is_ident("Self"))
    {
        let message = format!(
            "`{ident}` cannot take its own place: name the type that finished jobs are to be found as, and write \
             `impl From<{ident}> for …` beside it"
        );
        errors.on(path, message);
    }
}

/// Checks that an amount is given; whether it is one is checked by `xpm_core::schema::check_resources`.
pub(crate) fn amount(name: &str, text: &LitStr, errors: &Errors) -> bool {
    let given = !text.value().is_empty();
    if !given {
        errors.on(text, format!("`{name}` is empty: leave it out, or say how much"));
    }
    given
}

/// Checks the options of a program against each other.
pub(crate) fn program(options: &Options, errors: &Errors) {
    if options.get("program").is_none() {
        for name in ["output", "arguments"] {
            if let Some(given) = options.get(name) {
                let message = format!(
                    "`{name}` says something of an external program, and there is none: write \
                     `program = [\"python3\", \"train.py\"]` beside it, or say it in `impl Task for …`"
                );
                errors.at(given.key.span(), message);
            }
        }
        return;
    }
    let words = options.words("program").unwrap_or_default();
    if let [word] = &words[..]
        && word.value().contains(char::is_whitespace)
    {
        let parts: Vec<_> = word.value().split_whitespace().map(|part| format!("{part:?}")).collect();
        errors.on(word, format!("each word is a text of its own: write `program = [{}]`", parts.join(", ")));
    } else if words.first().is_some_and(|word| word.value().is_empty()) {
        errors.on(&words[0], "the name of the program is empty");
    }
    for word in words.iter().filter(|word| word.value().contains('\0')) {
        errors.on(word, "a word of a command line holds no zero byte");
    }
    if let Some(args) = options.get("args")
        && options.name("args").is_some_and(|name| ["flags", "json", "none"].iter().any(|one| name == one))
    {
        let message = "`args` names the argument struct; how the program gets its arguments is \
                       `arguments = flags`, `arguments = json` or `arguments = none`";
        errors.at(args.key.span(), message);
    }
}

/// The files of a job's folder that xpm writes itself.
const OWN_FILES: [&str; 5] = ["params.json", "status.json", "stdout.log", "stderr.log", ".xpm"];

/// Checks that `path` is a file inside the job's folder, and none of xpm's own.
pub(crate) fn job_path(path: &LitStr, errors: &Errors) {
    let text = path.value();
    let mut parts = text.split('/');
    let first = parts.clone().next().unwrap_or_default();
    let message = if text.is_empty() {
        "a path names a file of the job's folder, and this one is empty: write for instance `path = \"weights.bin\"`"
            .to_owned()
    } else if text.starts_with('/') || text.contains('\\') || text.contains('\0') || text.chars().nth(1) == Some(':') {
        let name = text.rsplit(['/', '\\']).find(|name| !name.is_empty()).unwrap_or("weights.bin");
        format!("a path lies inside the job's folder: write `path = \"{name}\"`, without what is above")
    } else if parts.any(|part| part.is_empty() || part == "." || part == "..") {
        let kept: Vec<_> = text.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let kept = if kept.is_empty() { "weights.bin".to_owned() } else { kept.join("/") };
        format!("a path stays inside the job's folder, without `.`, `..` and empty parts: write `path = \"{kept}\"`")
    } else if OWN_FILES.contains(&first) {
        format!("`{first}` in a job's folder is xpm's own: write another name")
    } else {
        return;
    };
    errors.on(path, message);
}

/// Checks the options of one argument against each other.
pub(crate) fn param(options: &Options, errors: &Errors) {
    for conflict in CONFLICTS {
        let [one, other] = conflict.pair;
        if let (Some(one), Some(other)) = (options.get(one), options.get(other)) {
            let message = format!("`{}` and `{}` exclude each other: {}", one.spec.name, other.spec.name, conflict.why);
            errors.at(other.key.span(), message);
        }
    }
    if let Some(given) = options.get("ignore_default")
        && options.get("default").is_none()
        && options.get("path").is_none()
    {
        errors.at(given.key.span(), "`ignore_default` needs a default: `#[param(default = 10, ignore_default)]`");
    }
    if let Some(id) = options.text("id")
        && id.value().is_empty()
    {
        errors.on(&id, "the older name of an argument is not empty: `#[param(id = \"older_name\")]`");
    }
}

/// Checks what can be seen of a field's type.
pub(crate) fn field_type(ty: &Type, errors: &Errors) {
    if let Type::Reference(reference) = ty {
        let owned = match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "`String`",
            Type::Path(path) if path.path.is_ident("Path") => "`PathBuf`",
            Type::Slice(_) => "`Vec<_>`",
            _ => "the type without `&`, or `Arc<_>` of it",
        };
        errors.on(ty, format!("an argument is owned: write {owned}"));
    }
}

/// Checks the default of an argument that is written as an `Option`: a bare number or text is the likely mistake.
pub(crate) fn optional_default(default: &Expr, errors: &Errors) -> bool {
    let value = match default {
        Expr::Unary(negative) => &*negative.expr,
        value => value,
    };
    let bare = matches!(value, Expr::Lit(_));
    if bare {
        let written = default.to_token_stream();
        errors.on(default, format!("this argument is an `Option`: write `default = Some({written})`"));
    }
    !bare
}

/// Checks the arguments of a type against each other.
pub(crate) fn arguments(arguments: &[Argument], errors: &Errors) {
    let mut ids: HashMap<String, &Argument> = HashMap::new();
    let mut files: HashMap<String, &Argument> = HashMap::new();
    for argument in arguments {
        if let Role::JobPath(path) = &argument.role
            && let Some(other) = files.insert(path.value(), argument)
        {
            errors.on(path, format!("`{}` and `{}` are one file: give each its own", other.name, argument.name));
        }
        let Some(id) = &argument.id else { continue };
        let name = id.value();
        if others(arguments, argument).any(|other| other.name == name) {
            // Records of jobs have the names of fields: one from before the rename has this one.
            let message = format!(
                "`{name}` is the name of another argument, and the record of an older job would be read as that one's: \
                 give that argument another field name"
            );
            errors.on(id, message);
        } else if let Some(other) = ids.insert(name.clone(), argument) {
            let message = format!(
                "`{}` and `{}` are both `{name}` in the identity: give one of them another `#[param(id = \"…\")]`",
                other.name, argument.name
            );
            errors.on(id, message);
        }
    }
    older_names(arguments, errors);
}

/// The other arguments than `argument`.
fn others<'a>(arguments: &'a [Argument], argument: &'a Argument) -> impl Iterator<Item = &'a Argument> {
    arguments.iter().filter(move |other| !std::ptr::eq(*other, argument))
}

/// Checks the names that arguments had before: each belonged to one of them.
fn older_names(arguments: &[Argument], errors: &Errors) {
    let mut older: HashMap<String, &Argument> = HashMap::new();
    for argument in arguments {
        for text in &argument.renamed_from {
            let name = text.value();
            let has_id = |other: &&Argument| other.id.as_ref().is_some_and(|id| id.value() == name);
            if name.is_empty() {
                errors.on(text, "an older name is not empty: `#[param(renamed_from = \"older_name\")]`");
            } else if let Some(other) = arguments.iter().find(|other| other.name == name) {
                let whose = if std::ptr::eq(other, argument) { "the name that it has" } else { "another argument" };
                errors.on(text, format!("`{name}` is {whose}: `renamed_from` takes names that are gone"));
            } else if let Some(other) =
                others(arguments, argument).find(has_id).or(older.insert(name.clone(), argument))
            {
                let message = format!("`{}` and `{}` cannot both have been `{name}`", other.name, argument.name);
                errors.on(text, message);
            }
        }
    }
}
