//! `#[xpm::main]`: a first statement in `main`, which runs a single job if that is what the binary was started for.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, parse_quote};

use crate::errors::Errors;

/// Expands `#[xpm::main] fn main() { … }`.
pub(crate) fn main_fn(options: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    let expanded = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(mut main) => {
            if !options.is_empty() {
                errors.on(options, "`#[xpm::main]` takes no options");
            }
            check(&main, &errors);
            // What is wrong is reported above; a plain `main` keeps the compiler from reporting it in its own words.
            main.sig.asyncness = None;
            main.sig.inputs.clear();
            main.block.stmts.insert(0, parse_quote!(::xpm::__private::dispatch();));
            quote!(#main)
        }
        Err(_) => {
            errors.at(
                proc_macro2::Span::call_site(),
                "`#[xpm::main]` goes on the function `main`: `fn main() -> xpm::Result<()> { … }`",
            );
            item
        }
    };
    let errors = errors.finish();
    quote!(#expanded #errors)
}

fn check(main: &ItemFn, errors: &Errors) {
    if let Some(asyncness) = main.sig.asyncness {
        errors.on(
            asyncness,
            "`main` is not async: write `fn main()`, and give the plan to `run_async`: \
             `xpm::experiment(…).run_async(async |xp| { … })`",
        );
    }
    if !main.sig.inputs.is_empty() {
        errors.on(&main.sig.inputs, "`main` takes no arguments: the command line is in `std::env::args_os()`");
    }
    if !main.sig.generics.params.is_empty() {
        errors.on(&main.sig.generics, "`main` is not generic");
    }
}
