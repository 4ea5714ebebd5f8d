//! The attributes as they are written: on a struct or an enum they add the derive, on a trait and an `impl` they work
//! themselves. Whatever is wrong, the item is given back.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser as _};
use syn::{Item, Token, Visibility};

use super::{family, member};
use crate::errors::Errors;

/// Which attribute it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Config,
    Task,
}

/// Expands `#[config(options)] item` or `#[task(options)] item`.
pub(crate) fn attribute(attribute: Attribute, options: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    let item = without_second(item, &errors);
    if takes_derive(item.clone()) {
        let errors = errors.finish();
        let options = match attribute {
            Attribute::Config => quote!(config(#options)),
            Attribute::Task => quote!(task(#options)),
        };
        return quote! {
            #[derive(::xpm::__private::ConfigDerive)]
            #[__xpm(#options)]
            #item
            #errors
        };
    }
    let expanded = match (attribute, syn::parse2::<Item>(item.clone())) {
        (_, Err(error)) => {
            errors.add(error);
            item
        }
        (Attribute::Config, Ok(Item::Trait(item))) => {
            no_options(options, "an open family (a trait)", &errors);
            family::family(item, &errors)
        }
        (Attribute::Config, Ok(Item::Impl(item))) => {
            no_options(options, "an `impl`", &errors);
            member::member(&item, &errors)
        }
        (Attribute::Config, Ok(_)) => {
            errors.on(
                first_line(&item),
                "`#[config]` goes on a struct, an enum, a trait, or an `impl` of a trait that has `#[config]`",
            );
            item
        }
        (Attribute::Task, Ok(_)) => {
            errors.on(
                first_line(&item),
                "`#[task]` goes on the struct that holds the task's arguments; what it does is in `impl Task for …`, without attribute",
            );
            item
        }
    };
    let errors = errors.finish();
    quote!(#expanded #errors)
}

/// The item without a second `#[config]` or `#[task]`, which would make everything twice.
fn without_second(item: TokenStream, errors: &Errors) -> TokenStream {
    let parser = |input: ParseStream<'_>| {
        let attrs = input.call(syn::Attribute::parse_outer)?;
        let rest = input.parse::<TokenStream>()?;
        let (second, attrs): (Vec<_>, Vec<_>) = attrs.into_iter().partition(|attr| is_ours(attr.path()));
        for attr in second {
            errors.on(
                attr,
                "`#[config]` and `#[task]` exclude each other, and each goes on an item once: remove this one",
            );
        }
        Ok(quote!(#(#attrs)* #rest))
    };
    parser.parse2(item.clone()).unwrap_or(item)
}

/// `config`, `task`, `xpm::config` or `xpm::task`.
fn is_ours(path: &syn::Path) -> bool {
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [name] | ["xpm", name] => name == "config" || name == "task",
        _ => false,
    }
}

/// Whether the item is a struct, an enum or a union, as far as can be seen without parsing it.
fn takes_derive(item: TokenStream) -> bool {
    let parser = |input: ParseStream<'_>| {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let is_union = input.peek(Token![union]) && !input.peek2(Token![!]) && !input.peek2(Token![::]);
        let found = input.peek(Token![struct]) || input.peek(Token![enum]) || is_union;
        input.parse::<TokenStream>()?;
        Ok(found)
    };
    parser.parse2(item).unwrap_or(false)
}

fn no_options(options: TokenStream, what: &str, errors: &Errors) {
    if !options.is_empty() {
        errors.on(options, format!("`#[config]` on {what} takes no options: it has no id of its own"));
    }
}

/// The item up to its body.
fn first_line(item: &TokenStream) -> TokenStream {
    let is_body = |token: &proc_macro2::TokenTree| matches!(token, proc_macro2::TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace);
    item.clone().into_iter().take_while(|token| !is_body(token)).collect()
}
