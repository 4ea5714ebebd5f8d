//! The schema, as the expression that builds it, and the types that arguments have in generated code.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, LitStr};

use crate::model::{Argument, Body, Model, Needs, Role};

/// The expression of the type's schema.
pub(crate) fn schema(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let name = ident.unraw().to_string();
    let kind = match (&model.body, model.is_task) {
        (Body::Enum(_), _) => quote!(Family),
        (Body::Struct(_), true) => quote!(Task),
        (Body::Struct(_), false) => quote!(Config),
    };
    // `line!` gives the line of its own tokens: these are the name's.
    let line = quote_spanned!(ident.span()=> ::core::line!());
    let id = model.id.as_ref().map(|id| quote!(.id_is(#id)));
    let older = older(&model.renamed_from);
    let version = model.version.map(|version| quote!(.version_is(#version)));
    let help = (!model.help.is_empty()).then_some(&model.help).map(|help| quote!(.help_is(#help)));
    let validated = model.validate.as_ref().map(|_| quote!(.is_validated()));
    let resources = resources(&model.needs);
    let resumable = model.resumable.then(|| quote!(.is_resumable()));
    let program = model.program.as_ref().map(|program| {
        let words = &program.words;
        quote!(.program_is(&[#(#words),*]))
    });
    let transient = model.transient.as_ref().map(|files| {
        let transient = if files == "remove" { quote!(Removed) } else { quote!(Kept) };
        quote!(.transient_is(::xpm::__private::Transient::#transient))
    });
    let partials = model.partials.iter().map(|partial| {
        let (name, except) = (&partial.name, partial.except.iter().map(|name| name.unraw().to_string()));
        quote!(::xpm::__private::Partial { name: #name, except: &[#(#except),*] })
    });
    let partials = (!model.partials.is_empty()).then(|| quote!(.partials_are(&[#(#partials),*])));
    let body = match &model.body {
        Body::Struct(body) => {
            let arguments = body.arguments.iter().map(argument);
            quote!(.arguments_are(::std::vec![#(#arguments),*]))
        }
        Body::Enum(body) => {
            let variants = body.variants.iter().map(|variant| {
                let (name, help) = (variant.ident.unraw().to_string(), &variant.help);
                let arguments = variant.arguments.iter().map(argument);
                quote!(::xpm::__private::VariantSchema::new(#name, #help, ::std::vec![#(#arguments),*]))
            });
            quote!(.variants_are(::std::vec![#(#variants),*]))
        }
    };
    quote! {
        ::xpm::__private::TypeSchema::new(
            ::xpm::__private::TypeKind::#kind,
            ::core::module_path!(),
            #name,
            ::xpm::__private::Place { file: ::core::file!(), line: #line },
        ) #id #older #version #help #validated #resources #resumable #transient #partials #program #body
    }
}

/// The names that a type or an argument had before.
fn older(names: &[LitStr]) -> Option<TokenStream> {
    (!names.is_empty()).then(|| quote!(.renamed_from(&[#(#names),*])))
}

fn resources(needs: &Needs) -> Option<TokenStream> {
    let Needs { cpus, memory, gpus, time } = needs;
    let given = [
        cpus.map(|cpus| quote!(.cpus(#cpus))),
        memory.as_ref().map(|memory| quote!(.memory(#memory))),
        gpus.map(|gpus| quote!(.gpus(#gpus))),
        time.as_ref().map(|time| quote!(.time(#time))),
    ];
    let given: TokenStream = given.into_iter().flatten().collect();
    (!given.is_empty()).then(|| quote!(.resources_are(::xpm::__private::Resources::new() #given)))
}

/// What makes the compiler refuse a text that is no amount, on the text.
pub(crate) fn check_resources(needs: &Needs) -> TokenStream {
    let memory = needs.memory.as_ref().map(|text| (text.span(), quote!(#text, "")));
    let time = needs.time.as_ref().map(|text| (text.span(), quote!("", #text)));
    let check = |(span, texts)| quote_spanned!(span=> const _: () = ::xpm::__private::check_resources(#texts););
    memory.into_iter().chain(time).map(check).collect()
}

fn argument(argument: &Argument) -> TokenStream {
    let (name, ty) = (&argument.name, schema_ty(argument));
    let help = (!argument.help.is_empty()).then_some(&argument.help).map(|help| quote!(.help(#help)));
    let default = argument.default.as_ref().map(|default| {
        let value = default_value(argument, default);
        quote!(.default(|| #value))
    });
    let ignore_default = argument.ignore_default.then(|| quote!(.ignore_default()));
    let ignored = argument.ignored.then(|| quote!(.ignored()));
    let id = argument.id.as_ref().map(|id| quote!(.id(#id)));
    let older = older(&argument.renamed_from);
    let job_path = match &argument.role {
        Role::JobPath(path) => Some(quote!(.job_path(#path))),
        Role::Plain | Role::Json => None,
    };
    quote!(::xpm::__private::ArgSchema::new(#name, #ty) #help #default #ignore_default #ignored #id #older #job_path)
}

fn default_value(argument: &Argument, default: &Expr) -> TokenStream {
    let (ty, arg) = (&argument.ty, arg_ty(argument));
    let given = match &argument.role {
        // Nothing says what an empty list is a list of, unless it is of the type of the field itself.
        Role::Plain if says_no_type(default) => quote_spanned! {default.span()=>
            ::xpm::__private::Arg::<#arg>::of(<#ty as ::xpm::__private::Argument>::to_value(&{
                let value: #ty = #default;
                value
            }))
        },
        _ => quote!(#default),
    };
    quote_spanned!(default.span()=> ::xpm::__private::default_value::<#arg, _>(#given))
}

/// `vec![]`, `[]`, `Vec::new()`, `Default::default()`, `None` and the like.
fn says_no_type(default: &Expr) -> bool {
    const CONTAINERS: [&str; 8] =
        ["Default", "Vec", "HashMap", "BTreeMap", "IndexMap", "HashSet", "BTreeSet", "IndexSet"];
    match default {
        Expr::Array(array) => array.elems.is_empty(),
        Expr::Macro(call) => call.mac.path.is_ident("vec") && call.mac.tokens.is_empty(),
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "None"),
        Expr::Call(call) if call.args.is_empty() => match &*call.func {
            Expr::Path(path) => {
                let container = path.path.segments.iter().rev().nth(1);
                container.is_some_and(|name| CONTAINERS.iter().any(|container| name.ident == container))
            }
            _ => false,
        },
        _ => false,
    }
}

fn schema_ty(argument: &Argument) -> TokenStream {
    let ty = &argument.ty;
    match (&argument.role, &argument.optional) {
        (Role::Json, Some(item)) => quote_spanned!(item.span()=> ::xpm::__private::Json::<#item>::optional_ty()),
        (Role::Json, None) => quote_spanned!(ty.span()=> ::xpm::__private::json_ty::<#ty>()),
        (Role::Plain | Role::JobPath(_), _) => {
            let argument = as_argument(argument);
            quote!(#argument::ty())
        }
    }
}

/// `<Type as Argument>`, from the first to the last token of the type: an error then marks all of it.
pub(crate) fn as_argument(argument: &Argument) -> TokenStream {
    let ty = &argument.ty;
    let last = ty.to_token_stream().into_iter().last().map_or_else(|| ty.span(), |token| token.span());
    let open = quote_spanned!(ty.span()=> <);
    let close = quote_spanned!(last=> as ::xpm::__private::Argument>);
    quote!(#open #ty #close)
}

/// The type parameter of the argument's `Arg`.
pub(crate) fn arg_ty(argument: &Argument) -> TokenStream {
    let ty = &argument.ty;
    match (&argument.role, &argument.optional) {
        (Role::Json, Some(item)) => quote!(::core::option::Option<::xpm::__private::Json<#item>>),
        (Role::Json, None) => quote!(::xpm::__private::Json<#ty>),
        (Role::Plain | Role::JobPath(_), _) => quote!(#ty),
    }
}

/// The bound of what is given to a setter: an error that it is not met also shows the field.
pub(crate) fn into_arg(argument: &Argument, given: &TokenStream) -> TokenStream {
    quote_spanned!(argument.span()=> ::xpm::__private::IntoArg<#given, __M>)
}

/// What an optional argument is optionally.
pub(crate) fn item_ty(argument: &Argument) -> Option<TokenStream> {
    let item = argument.optional.as_ref()?;
    Some(match argument.role {
        Role::Json => quote!(::xpm::__private::Json<#item>),
        Role::Plain | Role::JobPath(_) => quote!(#item),
    })
}
