//! Writes the code: one file for each thing that is generated.

mod arg;
mod args_struct;
mod attribute;
mod builder;
mod config_impl;
mod family;
mod keys;
mod main_fn;
mod member;
mod program;
mod schema;
mod symbolic;
mod variants;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Item, Meta};

pub(crate) use arg::arg;
pub(crate) use attribute::{Attribute, attribute};
pub(crate) use main_fn::main_fn;

use crate::errors::Errors;
use crate::model::{Body, Model};
use crate::options::Site;
use crate::parse::Options;

/// What `#[config]` or `#[task]` adds to the struct or enum `item`, which carries the options in `#[__xpm(…)]`.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    let code = match syn::parse2::<Item>(item) {
        Ok(item) => expand_item(&item, &errors),
        Err(error) => {
            errors.add(error);
            TokenStream::new()
        }
    };
    let errors = errors.finish();
    quote!(#errors #code)
}

fn expand_item(item: &Item, errors: &Errors) -> TokenStream {
    let attrs = match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        _ => &Vec::new(),
    };
    let mut options = Options::default();
    let mut site = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("__xpm")) {
        let Ok(Meta::List(list)) = attr.parse_args::<Meta>() else { continue };
        let here = match item {
            _ if list.path.is_ident("task") => Site::Task,
            Item::Enum(_) => Site::Enum,
            _ => Site::Struct,
        };
        site = Some(here);
        options.read(list.tokens, here, errors);
    }
    let Some(model) = Model::of(item, site.unwrap_or(Site::Struct), &options, errors) else {
        return TokenStream::new();
    };
    let shared = config_impl::config_impl(&model);
    let own = match &model.body {
        Body::Struct(body) => {
            let args = args_struct::args_struct(&model, body);
            let builder = builder::of_struct(&model, body);
            quote!(#args #builder)
        }
        Body::Enum(body) => variants::variants(&model, body),
    };
    let program = model.program.as_ref().map(|program| program::program(&model, program));
    quote!(#shared #own #program)
}

/// What keeps a user's lints from speaking about code that is not theirs. A crate that forbids one of these cannot use
/// the attributes: lints that are often forbidden are not here, and generated items have documentation and `Debug`.
fn allow() -> TokenStream {
    quote! {
        #[allow(
            dead_code, deprecated, non_camel_case_types, non_snake_case, private_bounds, private_interfaces, unreachable_pub,
            unused_qualifications, clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction,
        )]
    }
}

/// What the compiler says to a plan that still uses the type, if it is deprecated.
fn deprecation(model: &Model) -> Option<TokenStream> {
    let by = model.deprecated.as_ref()?;
    let note = format!(
        "`{}` is kept for jobs that are done: write `{}`, and `myexp xpm migrate`, of this program, makes them found as that",
        model.ident.unraw(),
        by.to_token_stream().to_string().replace(' ', "")
    );
    Some(quote!(#[deprecated(note = #note)]))
}

/// `impls`, with lints off and names of their own.
fn apart(impls: &TokenStream) -> TokenStream {
    let allow = allow();
    quote! {
        #allow
        const _: () = { #impls };
    }
}
