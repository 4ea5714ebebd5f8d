//! A task that an external program does: its `impl Task`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use syn::spanned::Spanned as _;

use super::apart;
use crate::model::{Model, Program};

/// The `impl Task` that runs the program.
pub(crate) fn program(model: &Model, program: &Program) -> TokenStream {
    let ident = &model.ident;
    let Program { words, arguments, output, span } = program;
    let arguments = match arguments.as_str() {
        "json" => quote!(Json),
        "none" => quote!(None),
        _ => quote!(Flags),
    };
    let output = output.as_ref().map_or_else(|| quote!(::xpm::__private::ProgramValue), |ty| quote!(#ty));
    // On the type, which has to be a serde type.
    let run = quote_spanned!(output.span()=> ::xpm::__private::run_program::<#output>);
    // On the option, so that a second `impl Task` is told as one of this.
    let head = quote_spanned!(*span=> impl ::xpm::__private::Task for #ident);
    apart(&quote! {
        #head {
            type Output = #output;

            fn execute(
                &self,
                job: &::xpm::__private::JobContext,
            ) -> ::core::result::Result<Self::Output, ::xpm::Error> {
                const PROGRAM: &::xpm::__private::Program = &::xpm::__private::Program {
                    words: &[#(#words),*],
                    arguments: ::xpm::__private::ProgramArguments::#arguments,
                    folder: ::core::option_env!("CARGO_MANIFEST_DIR"),
                };
                #run(PROGRAM, job)
            }
        }
    })
}
